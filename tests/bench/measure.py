#!/usr/bin/env python3
"""First numbers of the release binary on this machine: large pushes and pulls by curl, small requests over kept connections.

What is printed are medians of rounds with the spread, the daemon's CPU seconds and its peak memory. The comparison with other
servers, and the goals, are another program's.
"""

import hashlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

from harness import Daemon, run_threads, with_query  # noqa: E402
from registry import IMAGE_MANIFEST, Image, push_blob, push_image, start_upload  # noqa: E402

MIB = 1 << 20
LARGE = int(os.environ.get("BENCH_MIB") or 1024) * MIB
ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 5)
REQUESTS = 20_000
DEPTH = 32


def cpu_seconds(daemon):
    with open(f"/proc/{daemon.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(what, values, unit, cpu):
    values = sorted(values)
    print(f"{what:<44}{statistics.median(values):>10.1f} {unit:<6} [{values[0]:.1f} … {values[-1]:.1f}]  CPU {cpu:.2f} s a round", flush=True)


def measure(daemon, what, unit, amount, action):
    """`action(round)` does `amount` units; units a second over the rounds."""
    results, cpu = [], cpu_seconds(daemon)
    for number in range(ROUNDS):
        began = time.perf_counter()
        action(number)
        results.append(amount / (time.perf_counter() - began))
    report(what, results, unit, (cpu_seconds(daemon) - cpu) / ROUNDS)


def make_file(folder, number):
    """A large file of its own for each round, and its digest: pushes of known content would measure less."""
    path, sha, block = os.path.join(folder, f"large{number}"), hashlib.sha256(), os.urandom(MIB)
    with open(path, "wb") as file:
        for index in range(LARGE // MIB):
            piece = (number << 32 | index).to_bytes(8, "big") + block[8:]
            sha.update(piece)
            file.write(piece)
    return path, "sha256:" + sha.hexdigest()


def curl(*arguments):
    subprocess.run(["curl", "-sSf", "-o", "/dev/null", *arguments], check=True, stdin=subprocess.DEVNULL)


def pipelined(daemon, request, count):
    """`count` equal requests on one connection, DEPTH under way at a time."""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sent = answered = 0
        rest = b""
        while answered < count:
            if sent < count and sent - answered <= DEPTH // 2:
                more = min(DEPTH - (sent - answered), count - sent)
                connection.sendall(request * more)
                sent += more
            received = connection.recv(MIB)
            if not received:
                raise AssertionError("the connection ended")
            rest += received
            answered += rest.count(b"HTTP/1.1 200")
            rest = rest[-11:]  # a status line cut in two is counted with its other half


def get(daemon, method, target):
    return f"{method} {target} HTTP/1.1\r\nHost: {daemon.authority}\r\nAccept: {IMAGE_MANIFEST}\r\n\r\n".encode()


def large(daemon, folder):
    files = [make_file(folder, number) for number in range(ROUNDS)]
    client = daemon.client()

    def push(number):
        path, digest = files[number]
        location = with_query(start_upload(client, "bench/large"), digest=digest)
        curl("-X", "PUT", "-T", path, "-H", "Content-Type: application/octet-stream", "-H", "Expect:", daemon.url + location)

    measure(daemon, f"push {LARGE // MIB} MiB, POST and PUT, durable", "MiB/s", LARGE / MIB, push)
    measure(daemon, f"pull {LARGE // MIB} MiB", "MiB/s", LARGE / MIB, lambda n: curl(f"{daemon.url}/v2/bench/large/blobs/{files[n][1]}"))


def small(daemon):
    client = daemon.client()
    image = Image("bench", layers=2, layer_size=4096)
    push_image(client, "bench/small", image, "1")
    blob = push_blob(client, "bench/small", os.urandom(4096))
    for what, method, target in (("GET /v2/", "GET", "/v2/"), ("GET manifest by tag", "GET", "/v2/bench/small/manifests/1"), ("HEAD blob", "HEAD", f"/v2/bench/small/blobs/{blob}"),
                                 ("GET blob of 4 KiB", "GET", f"/v2/bench/small/blobs/{blob}")):
        request = get(daemon, method, target)
        measure(daemon, f"{what}, 1 connection, {DEPTH} deep", "1/s", REQUESTS, lambda _, r=request: pipelined(daemon, r, REQUESTS))
    for threads in (1, 16):
        def pushes(number, width=threads):
            def one(thread):
                own = daemon.client()
                for index in range(160 // width):
                    push_image(own, f"bench/push{thread}", Image(f"{number}/{width}/{thread}/{index}", layers=2, layer_size=4096), "latest")
                own.close()

            run_threads([lambda t=t: one(t) for t in range(width)])

        measure(daemon, f"push an image of 2 layers, {threads} connection(s)", "1/s", 160, pushes)


def main():
    folder = tempfile.mkdtemp(prefix="berth-bench-")
    daemon = Daemon(os.path.join(folder, "data"), arguments=["--log-level", "warning"])
    try:
        started = daemon.start()
        print(f"{os.cpu_count()} cores, {ROUNDS} rounds; ready after {started * 1000:.0f} ms, {daemon.rss() / MIB:.1f} MiB resident", flush=True)
        small(daemon)
        large(daemon, folder)
        print(f"peak memory {daemon.peak_rss() / MIB:.1f} MiB")
    finally:
        daemon.kill()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
