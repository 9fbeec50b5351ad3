"""What the hot reads cost, in instructions of the daemon: times are noise on a shared machine, these are not (docs/bench).

A request's cost is the difference between two runs under callgrind with different numbers of requests. The figures that were accepted stand in
tests/bench/instructions.json; after a change that is meant to cost more, write the new figure there and say why in the commit.
"""

import json
import os
import signal
import socket
import unittest

from harness import ROOT, BerthTestCase, Daemon
from registry import IMAGE_MANIFEST, Image, push_blob, push_image

ACCEPTED = os.path.join(ROOT, "tests", "bench", "instructions.json")
MARGIN = 1.10
# So many that what the daemon does every second beside them is little of it.
FEW, MANY = 300, 5300


class Valgrind(Daemon):
    def __init__(self, directory, profile):
        super().__init__(directory, arguments=["--log-level", "warning"])
        self.prefix = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}")


def exchange(connection, request, method):
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, body = answer.split(b"\r\n\r\n", 1)
    if not head.startswith(b"HTTP/1.1 200"):
        raise AssertionError(head)
    if method == "HEAD":
        return
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    while len(body) < length:
        body += connection.recv(65536)


class Instructions(BerthTestCase):
    autostart = False
    time_limit = 600

    def total(self, name, count):
        profile = os.path.join(self.folder, f"{name}.{count}")
        daemon = Valgrind(profile + ".data", profile)
        try:
            daemon.start()
            client = daemon.client()
            push_image(client, "a/b", Image("cost", layers=2, layer_size=4096), "1")
            blob = push_blob(client, "a/b", b"x" * 4096)
            client.close()
            method, target = {"manifest GET": ("GET", "/v2/a/b/manifests/1"), "blob HEAD": ("HEAD", f"/v2/a/b/blobs/{blob}")}[name]
            request = f"{method} {target} HTTP/1.1\r\nHost: {daemon.authority}\r\nAccept: {IMAGE_MANIFEST}\r\n\r\n".encode()
            with socket.create_connection(("127.0.0.1", daemon.port), timeout=60) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for _ in range(count):
                    exchange(connection, request, method)
            os.kill(daemon.process.pid, signal.SIGTERM)
            daemon.process.wait(60)
        finally:
            daemon.kill()
        with open(profile, encoding="ascii", errors="replace") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(("summary:", "totals:")))

    def test_hot_reads_cost_what_was_accepted(self):
        with open(ACCEPTED, encoding="ascii") as file:
            accepted = json.load(file)
        for name, most in accepted.items():
            with self.subTest(name):
                cost = (self.total(name, MANY) - self.total(name, FEW)) / (MANY - FEW)
                print(f"{name}: {cost:.0f} instructions, accepted {most}", end=" ", flush=True)
                self.assertLessEqual(cost, most * MARGIN)


if __name__ == "__main__":
    unittest.main()
