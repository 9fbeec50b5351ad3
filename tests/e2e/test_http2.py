"""HTTP/2 against peers that mean harm or are slow (acceptance B3.19, B3.20), with a client of our own on python3-hyperframe."""

import os
import shutil
import socket
import threading
import time
import unittest

import h2_attacks
import h2_peer
from harness import BerthTestCase, run_threads, run_tool, wait_until
from registry import Image, push_blob, push_image

MIB = 1 << 20
MOST_FRAMES = 2_000
RSS_GROWTH = 20 * MIB
MOST_MILLISECONDS = 100


def p99(times):
    return sorted(times)[int(len(times) * 0.99)]


class Attacks(BerthTestCase):
    """B3.19: each is ended within a second and 2,000 frames, costs less than 20 MB, and keeps nobody else waiting.

    What another client notices in detail is a measurement and no test: the row `attacks` of the bench.
    """

    time_limit = 240
    orgs = ("attack",)

    def setUp(self):
        super().setUp()
        push_image(self.client, "attack/a", Image("attack"), "1")
        self.digest = push_blob(self.client, "attack/a", os.urandom(8 * MIB))

    def measure(self, count):
        """Milliseconds of each of `count` requests by another client."""
        times = []
        for _ in range(count):
            began = time.perf_counter()
            self.assert_status(self.client.get("/v2/attack/a/manifests/1"), 200)
            times.append((time.perf_counter() - began) * 1000)
        return times

    def reset_peak(self):
        """VmHWM starts again from what is resident now, which is returned."""
        self.daemon.forget_peak_rss()
        return self.daemon.rss()

    def check(self, attack):
        arguments = (self.daemon.port, self.digest, self.daemon.authorization_fields)
        h2_attacks.run(attack, *arguments)  # the daemon's own first growth is not the attack's
        before = self.reset_peak()
        with h2_attacks.Attacker(attack, *arguments) as attacker:
            busy = p99(self.measure(1000))
        growth = self.daemon.peak_rss() - before
        outcomes = attacker.outcomes
        frames = max(outcome.frames for outcome in outcomes)
        seconds = max(outcome.seconds for outcome in outcomes)
        print(f"{attack.__name__}: {len(outcomes)} connections, at most {frames} frames and {seconds:.2f} s, GOAWAY { {outcome.goaway for outcome in outcomes} }, "
              f"RSS +{growth / MIB:.1f} MiB, p99 of another {busy:.2f} ms", flush=True)
        self.assertTrue(all(outcome.ended for outcome in outcomes), "a connection outlived its attack")
        self.assertLessEqual(frames, MOST_FRAMES)
        self.assertLess(seconds, h2_attacks.SECONDS_TO_END + 0.5)  # the client is an interpreter on the same two cores
        self.assertLess(growth, RSS_GROWTH)
        self.assertLess(busy, MOST_MILLISECONDS)
        self.assertTrue(self.daemon.alive())

    def test_attacks(self):
        for attack in h2_attacks.ATTACKS:
            with self.subTest(attack.__name__):
                self.check(attack)

    def test_pings_whose_answers_nobody_reads(self):
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=5) as deaf:
            deaf.sendall(h2_peer.PREFACE + h2_peer.SettingsFrame(0).serialize())
            frame = h2_attacks.ping(None, 0)[0].serialize()
            before = self.reset_peak()
            ends = time.monotonic() + 5
            with self.assertRaises(OSError):
                while time.monotonic() < ends:
                    deaf.sendall(frame * 1000)
            self.assertLess(self.daemon.peak_rss() - before, RSS_GROWTH)


class Slow(BerthTestCase):
    """B3.20 over HTTP/2 and HTTP/1: a thousand slow connections go, and an honest upload at 1 MB/s ends well beside them."""

    environment = {"BERTH_HEADER_TIMEOUT": "2s", "BERTH_BODY_WINDOW": "2s", "BERTH_WRITE_STALL_TIMEOUT": "2s", "BERTH_IDLE_TIMEOUT": "4s"}
    connections = 1000
    time_limit = 180
    orgs = ("slow",)

    def setUp(self):
        super().setUp()
        self.digest = push_blob(self.client, "slow/a", os.urandom(8 * MIB))
        self.body = os.path.join(self.folder, "body")
        with open(self.body, "wb") as out:
            out.write(os.urandom(6 * MIB))

    def upload(self, version):
        client = self.daemon.client()
        location = client.post("/v2/slow/a/blobs/uploads/").header("Location")
        client.close()
        status = run_tool(["curl", "-sS", version, "--limit-rate", "1M", "-T", self.body, "-X", "PATCH", "-H", "Content-Type: application/octet-stream",
                           "-H", "Expect:", *self.daemon.authorization_option, "-o", os.devnull, "-w", "%{http_code}", f"{self.daemon.url}{location}"], seconds=60)
        self.assertEqual(status, "202")

    def beside(self, opening, keep_alive=None):
        """Opens a thousand connections that say `opening` and then only `keep_alive`, each second; all of them go while uploads end."""
        began = time.monotonic()
        sockets = []
        for _ in range(self.connections):
            one = socket.create_connection(("127.0.0.1", self.daemon.port), timeout=10)
            one.sendall(opening)
            one.setblocking(False)
            sockets.append(one)
        stop = threading.Event()

        def trickle():
            while not stop.wait(1):
                for one in sockets:
                    try:
                        one.send(keep_alive)
                    except OSError:
                        pass

        if keep_alive:
            threading.Thread(target=trickle, daemon=True).start()
        times = []

        def others():
            while not stop.is_set():
                start = time.perf_counter()
                client = self.daemon.client()
                self.assert_status(client.get("/v2/"), 200)
                client.close()
                times.append(time.perf_counter() - start)
                time.sleep(0.01)

        beside = threading.Thread(target=others, daemon=True)
        beside.start()
        try:
            run_threads([lambda: self.upload("--http2-prior-knowledge"), lambda: self.upload("--http1.1")])
            wait_until(lambda: self.open_connections() <= 4, 20, "the slow connections are gone")
        finally:
            stop.set()
            beside.join()
            for one in sockets:
                one.close()
        print(f"{self.id()}: gone after {time.monotonic() - began:.1f} s, p99 of others {p99(times) * 1000:.1f} ms", flush=True)
        self.assertLess(p99(times), 1)
        self.assertTrue(self.daemon.alive())

    def open_connections(self):
        for line in self.client.get("/metrics").body.decode().splitlines():
            if line.startswith("berth_http_connections "):
                return float(line.split()[1])
        return 0

    def h2(self, *frames):
        return h2_peer.PREFACE + h2_peer.SettingsFrame(0).serialize() + b"".join(frame.serialize() for frame in frames)

    def block(self, target, method="GET", more=()):
        return h2_peer.encode(h2_peer.Encoder(), [(":method", method), (":scheme", "http"), (":authority", "h"), (":path", target), *self.daemon.authorization_fields, *more])

    def test_slow_headers(self):
        self.beside(self.h2(h2_peer.HeadersFrame(1, data=self.block("/v2/"), flags=["END_STREAM"])))

    def test_slow_headers_h1(self):
        self.beside(f"GET /v2/ HTTP/1.1\r\nHost: h\r\n{self.daemon.authorization_line}".encode(), b"X: y\r\n")

    def test_slow_bodies(self):
        head = h2_peer.HeadersFrame(1, data=self.block("/v2/slow/a/blobs/uploads/?digest=" + self.digest, "POST"), flags=["END_HEADERS"])
        self.beside(self.h2(head), h2_peer.DataFrame(1, data=b"x").serialize())

    def test_slow_bodies_h1(self):
        self.beside(f"POST /v2/slow/a/blobs/uploads/?digest={self.digest} HTTP/1.1\r\nHost: h\r\n{self.daemon.authorization_line}Content-Length: 8388608\r\n\r\n".encode(), b"x")

    def test_slow_reads(self):
        self.beside(self.h2(h2_peer.HeadersFrame(1, data=self.block(f"/v2/slow/a/blobs/{self.digest}"), flags=["END_HEADERS", "END_STREAM"])))

    def test_slow_reads_h1(self):
        self.beside(f"GET /v2/slow/a/blobs/{self.digest} HTTP/1.1\r\nHost: h\r\n{self.daemon.authorization_line}\r\n".encode())


class Load(BerthTestCase):
    """A thousand requests at once over ten connections, each answered (h2load)."""

    orgs = ("load",)

    def test_all_are_answered(self):
        push_image(self.client, "load/a", Image("load"), "1")
        self.assertIsNotNone(shutil.which("h2load"), "nghttp2-client is not installed; deploy/dev setup does it")
        said = run_tool(["h2load", "-n", "20000", "-c", "10", "-m", "100", *self.daemon.authorization_option, f"{self.daemon.url}/v2/load/a/manifests/1"])
        print(said, flush=True)
        self.assertIn("20000 succeeded, 0 failed", said)


if __name__ == "__main__":
    unittest.main()
