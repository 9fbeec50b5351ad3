"""An HTTP/2 client that sends the frames that it is told, for attacks (h2_attacks.py) and for being slow (python3-hyperframe, python3-hpack).

What it is not: a client that keeps the protocol. It acknowledges SETTINGS and PING, since an attacker would too.
"""

import select
import socket
import sys
import time

if "/usr/lib/python3/dist-packages" not in sys.path:
    sys.path.append("/usr/lib/python3/dist-packages")  # Debian's, for a Python that is not

from hpack import Encoder  # noqa: E402
from hyperframe.frame import DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame  # noqa: E402

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def encode(encoder, fields):
    """A block that leaves the table alone."""
    return encoder.encode([(name, value, True) for name, value in fields], huffman=False)


class Peer:
    def __init__(self, port, settings=None, credential=()):
        self.credential = credential  # fields of every head
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.encoder = Encoder()
        self.received, self.owed = b"", b""
        self.sent, self.goaway, self.ended, self.resets = 0, None, False, 0
        self.statuses = {}
        self.socket.sendall(PREFACE + SettingsFrame(0, settings=settings or {}).serialize())
        self.socket.setblocking(False)

    def head(self, target="/v2/", method="GET", more=()):
        return encode(self.encoder, [(":method", method), (":scheme", "http"), (":authority", "h"), (":path", target), *self.credential, *more])

    def send(self, *frames):
        """Sends whole frames, reading what comes meanwhile. False when the connection has ended."""
        data, self.owed = self.owed + b"".join(frame.serialize() for frame in frames), b""
        self.sent += len(frames)
        deadline = time.monotonic() + 10
        while data and not self.ended and time.monotonic() < deadline:
            readable, writable, _ = select.select([self.socket], [self.socket], [], 1)
            if readable:
                self.read()
            if writable and not self.ended:
                try:
                    data = data[self.socket.send(data):]
                except BlockingIOError:
                    pass
                except OSError:
                    self.ended = True
        return not self.ended

    def read(self):
        try:
            piece = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self.ended = True
        self.received += piece
        while len(self.received) >= 9:
            frame, length = Frame.parse_frame_header(memoryview(self.received[:9]))
            if len(self.received) < 9 + length:
                break
            frame.parse_body(memoryview(self.received[9:9 + length]))
            self.received = self.received[9 + length:]
            if isinstance(frame, GoAwayFrame):
                self.goaway, self.why = frame.error_code, frame.additional_data
            elif isinstance(frame, RstStreamFrame):
                self.resets += 1
            elif isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
                self.owed += SettingsFrame(0, flags=["ACK"]).serialize()
            elif isinstance(frame, PingFrame) and "ACK" not in frame.flags:
                self.owed += PingFrame(0, flags=["ACK"], opaque_data=frame.opaque_data).serialize()

    def wait_end(self, seconds):
        """Reads until the connection ends; False when it does not within `seconds`."""
        deadline = time.monotonic() + seconds
        while not self.ended and time.monotonic() < deadline:
            if select.select([self.socket], [], [], 0.05)[0]:
                self.read()
        return self.ended

    def close(self):
        self.socket.close()
