#!/usr/bin/env python3
"""Measures the life of bytes on the real daemon (issue 3, goals).

Usage: collect.py [--kept 2000000] [--files 2000000] [--dead 100000] [--manifests 1000000] [--blobs 100000] [--windows 15] [PART...]
Parts: collect, dry-run, backup, latency; all of them by default. BERTH_BINARY names the daemon (default build/release/berth),
BERTH_E2E_ACCOUNTS puts accounts in front of it.

Rows are written straight into the catalog, through its own triggers, while no daemon runs. Dead blobs have 4 KiB each; kept ones, or
the first --files of them, have files of that size without blocks, since nobody reads them. Everything lies in one temporary folder (TMPDIR), which goes at the end.
"""

import argparse
import hashlib
import itertools
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from harness import BINARY, Daemon, run_threads, wait_until  # noqa: E402
from registry import Image, digest_of, push_image  # noqa: E402

LAYER = "application/vnd.oci.image.layer.v1.tar"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
SIZE = 4096
WARM = 1000  # pushes and pulls before memory is looked at
# No round by itself; bytes go as soon as their row did.
QUIET = {"BERTH_GC_INTERVAL": "300d", "BERTH_GC_GRACE": "0s", "BERTH_DISK_RESERVE": "0", "BERTH_DISK_RESERVE_PERCENT": "0", "BERTH_LOG_LEVEL": "warning",
         "BERTH_SCRUB_RATE": "0"}  # the files do not hold what their digests say


def digests(kind, count):
    """Sorted, so that filling the tables costs no walk through them."""
    return sorted("sha256:" + hashlib.sha256(f"{kind} {number}".encode()).hexdigest() for number in range(count))


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="berth-bench-")
        self.daemon = Daemon(os.path.join(self.folder, "data"), environment=QUIET, orgs=("bench",))
        self.daemon.start()
        self.daemon.stop()

    def close(self):
        self.daemon.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, **environment):
        self.daemon.environment.update(environment)
        self.daemon.start()
        return self.daemon.client(timeout=300)

    def change(self, action):
        """action(database) while no daemon runs."""
        database = sqlite3.connect(os.path.join(self.daemon.directory, "catalog.sqlite"))
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -500000")
        with database:
            database.execute("INSERT OR IGNORE INTO repositories (id, name, created_at) VALUES (1000, 'bench/kept', 0), (1001, 'bench/dead', 0)")
            action(database)
        database.close()

    def write_files(self, names, content):
        for digest in names:
            hexadecimal = digest[7:]
            folder = os.path.join(self.daemon.directory, "blobs", "sha256", hexadecimal[:2])
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, hexadecimal), "wb") as file:
                file.write(content) if content else file.truncate(SIZE)

    def add_blobs(self, names, repository, leased_until):
        def rows(database):
            database.executemany("INSERT INTO blobs (digest, size, created_at, leased_until) VALUES (?, ?, 0, ?)", ((d, SIZE, leased_until) for d in names))
            database.executemany("INSERT INTO repository_blobs (repository_id, digest, linked_at) VALUES (?, ?, 0)", ((repository, d) for d in names))
        self.change(rows)

    def add_dead(self, kind, count):
        names = digests(kind, count)
        self.add_blobs(names, 1001, int(time.time() * 1e6) - 1_000_000)
        self.write_files(names, b"x" * SIZE)

    def add_manifests(self, count, references):
        """Tagged manifests that name the blobs `references`, in the order of both."""
        def rows(database):
            names = digests("manifest", count)
            database.executemany(
                "INSERT INTO manifests (id, repository_id, digest, media_type, size, shape, artifact_type, config_media_type, subject_digest, annotations,"
                " pushed_at) VALUES (?, 1000, ?, ?, 500, 0, '', '', NULL, '', 1)", ((10_000 + n, d, IMAGE) for n, d in enumerate(names)))
            database.executemany("INSERT INTO tags (repository_id, name, manifest_id, updated_at) VALUES (1000, ?, ?, 0)",
                                 ((f"t{n:08}", 10_000 + n) for n in range(count)))
            share = max(len(references) // count, 1)
            database.executemany("INSERT INTO manifest_references (manifest_id, digest, role, repository_id, size, media_type) VALUES (?, ?, 0, 1000, ?, ?)",
                                 ((10_000 + min(n // share, count - 1), d, SIZE, LAYER) for n, d in enumerate(references)))
        self.change(rows)

    def count_files(self):
        return sum(len(names) for _, _, names in os.walk(os.path.join(self.daemon.directory, "blobs")))

    def removed(self, client):
        found = re.search(r'^berth_gc_removed_total\{kind="blob"\} (\S+)', client.get("/metrics").body.decode(), re.M)
        return int(float(found.group(1))) if found else 0

    # --- parts -------------------------------------------------------------------------------------------------------------------------

    def collect(self):
        options = self.options
        began = time.monotonic()
        kept = digests("kept", options.kept)
        self.add_blobs(kept, 1000, int(time.time() * 1e6) + 10**12)
        self.add_manifests(options.manifests, kept)
        files = kept[:options.files]
        self.write_files(files, b"")
        del kept
        self.add_dead("dead", options.dead)
        print(f"collect: filled in {time.monotonic() - began:.0f} s: {options.kept} blobs ({len(files)} with files) and {options.manifests} manifests kept, {options.dead} blobs dead", flush=True)
        # What a daemon needs that has done its work for a while: some pushes, pulls and removals.
        client = self.start(BERTH_GC_INTERVAL="1s", BERTH_GC_RATE="100")
        for n in range(WARM):
            content = f"warm {n} ".encode() * 400
            response = client.post(f"/v2/bench/warm/blobs/uploads/?digest={digest_of(content)}", content)
            assert response.status == 201, response
            client.get(f"/v2/bench/warm/blobs/{digest_of(content)}")
        warm = self.daemon.peak_rss()
        self.daemon.stop()
        left = self.count_files() - len(files) - WARM  # removal went on until the stop
        client = self.start(BERTH_GC_RATE="5000")
        before = self.daemon.rss()
        self.daemon.forget_peak_rss()
        began = time.monotonic()
        wait_until(lambda: self.removed(client) >= left, 600, "all dead blobs are gone")
        took = time.monotonic() - began
        print(f"collect: {left} of {options.dead} blobs in {took:.1f} s (goal 60), RSS {before >> 20} MiB at its start, at most {self.daemon.peak_rss() >> 20} MiB ; {warm >> 20} MiB after a thousand pushes and pulls beside slow collection (goal +10 MB)", flush=True)
        self.daemon.stop()
        self.daemon.environment["BERTH_GC_INTERVAL"] = "300d"

    def dry_run(self):
        if not self.has_manifests():
            self.add_manifests(self.options.manifests, [])
        # All manifests are asked about, as if each of them had just lost something.
        self.change(lambda database: database.execute("INSERT OR REPLACE INTO manifest_reviews SELECT id, 1 FROM manifests"))
        # By the command, so that no collector takes them away meanwhile; the first time brings the pages of the database into memory.
        times = []
        for _ in range(6):
            began = time.monotonic()
            done = subprocess.run([BINARY, "admin", "gc", "--dry-run", "--json", "--data", self.daemon.directory], check=True, capture_output=True, env=self.daemon.environment)
            times.append(time.monotonic() - began)
        print(f"dry-run: {json.loads(done.stdout)['reviewed']} rows in {statistics.median(times[1:]):.2f} s, {min(times):.2f} to {max(times):.2f} (goal 5)", flush=True)

    def has_manifests(self):
        found = []
        self.change(lambda database: found.append(database.execute("SELECT count(*) FROM manifests").fetchone()[0]))
        return found[0] >= self.options.manifests

    def backup(self):
        place = Bench(self.options)
        try:
            names = digests("backup", self.options.blobs)
            place.add_blobs(names, 1000, int(time.time() * 1e6) + 10**12)
            place.write_files(names, b"y" * SIZE)
            for what in ("first", "unchanged", "unchanged", "unchanged"):
                began = time.monotonic()
                subprocess.run([BINARY, "backup", os.path.join(place.folder, "backup"), "--data", place.daemon.directory], check=True, stdout=subprocess.DEVNULL)
                print(f"backup: {self.options.blobs} blobs, {what}: {time.monotonic() - began:.2f} s" + (" (goal 10)" if what == "unchanged" else ""), flush=True)
        finally:
            place.close()

    def latency(self):
        place = Bench(self.options)
        try:
            Latency(place, self.options).run()
        finally:
            place.close()


class Latency:
    """Clients push and pull at half of what they can; collection runs without pause in every second window."""

    THREADS = 4
    SECONDS = 5

    def __init__(self, bench, options):
        self.bench, self.windows = bench, options.windows
        self.number = itertools.count()

    def run(self):
        dead = self.windows * self.SECONDS * 3000
        self.bench.add_dead("dead", dead)
        client = self.bench.start()
        self.images = [Image(f"latency {n}") for n in range(20)]
        for n, image in enumerate(self.images):
            push_image(client, "bench/pulled", image, f"v{n}")
        full = len(self.window(0, 5))
        rate = full / 5 / 2
        print(f"latency: {rate:.0f} requests a second, half of what {self.THREADS} clients get; {dead} dead blobs", flush=True)
        sides = {False: [], True: []}
        for n in range(2 * self.windows):
            collecting = n % 2 == 1
            before = self.bench.removed(client)
            stop = threading.Event()
            collector = threading.Thread(target=self.collect, args=(stop,))
            if collecting:
                collector.start()
            times = sorted(self.window(rate, self.SECONDS))
            stop.set()
            if collecting:
                collector.join()
            sides[collecting].append((times[int(len(times) * 0.99)] * 1e3, times[len(times) // 2] * 1e3))
            self.removed = self.bench.removed(client) - before
            if collecting and self.removed < 1000:
                print("latency: nothing left to collect; fewer windows, or more dead blobs", flush=True)
                break
        off, on = ([p99 for p99, _ in sides[side]] for side in (False, True))
        halves = [statistics.median(p50 for _, p50 in sides[side]) for side in (False, True)]
        print(f"latency: p99 off {statistics.median(off):.2f} ms [{min(off):.2f} … {max(off):.2f}], on {statistics.median(on):.2f} ms "
              f"[{min(on):.2f} … {max(on):.2f}]: {statistics.median(on) / statistics.median(off):.2f}× (goal 1.5); p50 {halves[0]:.2f} and {halves[1]:.2f} ms; "
              f"{self.removed} blobs removed in the last window of {self.SECONDS} s", flush=True)

    def collect(self, stop):
        client = self.bench.daemon.client(timeout=60)
        while not stop.is_set():
            client.post("/api/v1/system/gc")
        client.close()

    def window(self, rate, seconds):
        """Seconds of every request; at `rate` a second over all clients, 0: as many as can be. Late requests count from their due time."""
        times, lock = [], threading.Lock()
        began = time.perf_counter()

        def client_loop(index):
            client, own = self.bench.daemon.client(timeout=60), []
            for n in itertools.count():
                due = began + (n * self.THREADS + index) / rate if rate else time.perf_counter()
                if due - began > seconds:
                    break
                pause = due - time.perf_counter()
                if pause > 0:
                    time.sleep(pause)
                self.request(client, n)
                own.append(time.perf_counter() - due)
            client.close()
            with lock:
                times.extend(own)

        run_threads([lambda n=n: client_loop(n) for n in range(self.THREADS)])
        return times

    def request(self, client, n):
        if n % 4 == 0:
            content = f"pushed {next(self.number)} ".encode() * 100
            response = client.post(f"/v2/bench/pushed/blobs/uploads/?digest=sha256:{hashlib.sha256(content).hexdigest()}", content)
            assert response.status == 201, response
            return
        index = n % len(self.images)
        target = f"manifests/v{index}" if n % 4 == 1 else f"blobs/{digest_of(self.images[index].blobs[n % 2])}"
        response = client.get(f"/v2/bench/pulled/{target}")
        assert response.status == 200, response


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("kept", 2_000_000), ("files", 2_000_000), ("dead", 100_000), ("manifests", 1_000_000), ("blobs", 100_000), ("windows", 15)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("parts", nargs="*", choices=["collect", "dry-run", "backup", "latency", []])
    options = parser.parse_args()
    bench = Bench(options)
    try:
        for part in options.parts or ["collect", "dry-run", "backup", "latency"]:
            getattr(bench, part.replace("-", "_"))()
    finally:
        bench.close()


if __name__ == "__main__":
    main()
