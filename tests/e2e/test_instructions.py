"""What the hot reads cost, in instructions of the daemon: times are noise on a shared machine, these are not (docs/bench).

A request's cost is the difference between two runs under callgrind with different numbers of requests. The figures that were accepted stand in
tests/bench/instructions.json; after a change that is meant to cost more, write the new figure there and say why in the commit. What a
credential may cost beside them is a share of the same request without accounts, on the thread that answers: a daemon with accounts has more
to do every second, however few requests come.
"""

import base64
import glob
import json
import os
import signal
import socket
import unittest

from harness import ROOT, BerthTestCase, Daemon
from registry import IMAGE_MANIFEST, Image, push_blob, push_image

ACCEPTED = os.path.join(ROOT, "tests", "bench", "instructions.json")
MARGIN = 1.10
# A manifest with a key or a token, against the same without accounts.
CREDENTIAL = 1.15
# So many that what the daemon does every second beside them is little of it.
FEW, MANY = 300, 20300


class Valgrind(Daemon):
    def __init__(self, directory, profile):
        super().__init__(directory, arguments=["--log-level", "warning"], environment={"BERTH_TOKEN_LIFETIME": "3600s"})
        self.prefix = ("valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={profile}")


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


# What is asked: its repository, with which credential of the first administrator, and how.
ASKED = {
    "manifest GET": ("a/b", None, "GET", "manifests/1"),
    "blob HEAD": ("a/b", None, "HEAD", "blobs/{blob}"),
    "manifest GET, key": ("main/b", "key", "GET", "manifests/1"),
    "manifest GET, token": ("main/b", "token", "GET", "manifests/1"),
}


class Instructions(BerthTestCase):
    accounts = False  # each request says by itself
    autostart = False
    time_limit = 900

    def start(self, daemon, repository, credential):
        """The Authorization of requests; None without accounts."""
        if credential is not None:
            daemon.access = []
        daemon.start()
        if credential is None:
            return None
        with open(os.path.join(daemon.directory, "first-admin.json"), encoding="utf-8") as file:
            key = json.load(file)["key"]
        if credential == "key":
            return f"Bearer {key}"
        basic = base64.b64encode(f"$oauthtoken:{key}".encode()).decode()
        client = daemon.client(authorization=f"Basic {basic}")
        answer = client.get(f"/token?service={daemon.authority}&scope=repository:{repository}:pull,push")
        client.close()
        return f"Bearer {json.loads(answer.body)['token']}"

    def totals(self, name, count):
        """Instructions of each thread, by its number."""
        repository, credential, method, what = ASKED[name]
        profile = os.path.join(self.folder, f"{name}.{count}".replace(" ", "_"))
        daemon = Valgrind(profile + ".data", profile)
        try:
            authorization = self.start(daemon, repository, credential)
            client = daemon.client(authorization=authorization)
            push_image(client, repository, Image("cost", layers=2, layer_size=4096), "1")
            blob = push_blob(client, repository, b"x" * 4096)
            client.close()
            fields = [f"Host: {daemon.authority}", f"Accept: {IMAGE_MANIFEST}", *([f"Authorization: {authorization}"] if authorization else [])]
            request = "\r\n".join([f"{method} /v2/{repository}/{what.format(blob=blob)} HTTP/1.1", *fields, "", ""]).encode()
            with socket.create_connection(("127.0.0.1", daemon.port), timeout=60) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for _ in range(count):
                    exchange(connection, request, method)
            os.kill(daemon.process.pid, signal.SIGTERM)
            daemon.process.wait(60)
        finally:
            daemon.kill()
        totals = {}
        for path in glob.glob(glob.escape(profile) + "-*"):
            with open(path, encoding="ascii", errors="replace") as file:
                totals[path.rsplit("-", 1)[1]] = next(int(line.split()[1]) for line in file if line.startswith(("summary:", "totals:")))
        return totals

    def costs(self, name):
        """What a request costs on all threads, and on the one that answers."""
        few, many = self.totals(name, FEW), self.totals(name, MANY)
        by_thread = [(many[thread] - few.get(thread, 0)) / (MANY - FEW) for thread in many]
        return sum(by_thread), max(by_thread)

    def test_hot_reads_cost_what_was_accepted(self):
        with open(ACCEPTED, encoding="ascii") as file:
            accepted = json.load(file)
        answering = {}
        for name, most in accepted.items():
            with self.subTest(name):
                cost, answering[name] = self.costs(name)
                print(f"{name}: {cost:.0f} instructions, {answering[name]:.0f} where it is answered, accepted {most}", end=" ", flush=True)
                self.assertLessEqual(cost, most * MARGIN)
                plain = answering.get(name.split(",")[0])
                if ASKED[name][1] is not None and plain is not None:
                    self.assertLessEqual(answering[name], plain * CREDENTIAL)


if __name__ == "__main__":
    unittest.main()
