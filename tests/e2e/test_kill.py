"""SIGKILL at random moments under mixed load (acceptance B3.1).

A model outside the daemon knows what was acknowledged. After each restart, which takes less than 5 seconds and no manual step:
what was acknowledged is there and digest-true, what was deleted stays deleted, and a request that was under way may have happened
or not, but never half. 20 rounds; 200 with BERTH_SOAK=1; BERTH_SEED repeats a run's choices.
"""

import hashlib
import os
import random
import sqlite3
import threading
import time
import unittest

from harness import SOAK, BerthTestCase, run_threads
from registry import ACCEPT_ALL, IMAGE_MANIFEST, Image, digest_of, expect, list_all, push_blob, put_manifest

ROUNDS = 200 if SOAK else 20
WORKERS = 6
RESTART_SECONDS = 5
SAMPLE = 100  # of what was already checked after an earlier kill; the last check is of everything
SEED = os.environ.get("BERTH_SEED") or str(random.SystemRandom().randrange(1 << 32))
GONE = None


class Interrupted(Exception):
    """The daemon went away in the middle of a request."""


class Facts:
    """key → the set of values that it may have. One value: known. Several: requests under way when the daemon died."""

    def __init__(self):
        self.possible = {}
        self.touched = set()  # since the last check

    def set(self, key, value):
        self.possible[key] = {value}
        self.touched.add(key)

    def maybe(self, key, value):
        self.possible.setdefault(key, {GONE}).add(value)
        self.touched.add(key)

    def to_check(self, choices, everything):
        """What was touched since the last check, and some (or all) of the rest."""
        rest = sorted(self.possible.keys() - self.touched)
        keys = sorted(self.touched) + (rest if everything else choices.sample(rest, min(len(rest), SAMPLE)))
        self.touched = set()
        return [(key, self.possible[key]) for key in keys]

    def settle(self, key, value):
        self.possible[key] = {value}

    def known(self, key):
        values = self.possible.get(key, {GONE})
        return next(iter(values)) if len(values) == 1 else GONE


class Worker:
    """One client with repositories of its own, so that its requests are in one order that the model can follow."""

    def __init__(self, number, test):
        self.repository = f"kill/worker{number}"
        self.random = random.Random(f"{SEED}/{number}")
        self.test = test
        self.tags, self.manifests, self.blobs = Facts(), Facts(), Facts()
        self.images = {}
        self.made = 0
        self.requests = 0
        self.client = None

    # --- load -------------------------------------------------------------------------------------------------------
    def work(self, stop):
        self.client = self.test.daemon.client(timeout=20)
        try:
            while not stop.is_set():
                self.random.choices([self.push, self.move_tag, self.delete_tag, self.delete_manifest, self.delete_blob, self.read],
                                    [5, 3, 2, 1, 1, 4])[0]()
        except Interrupted:
            pass
        finally:
            self.client.close()

    def call(self, method, target, statuses, body=None, headers=None):
        """One request; Interrupted when the daemon is gone, a failure when it answers what it must not."""
        self.requests += 1
        try:
            answer = self.client.request(method, target, body, headers)
        except OSError as gone:
            raise Interrupted from gone
        except Exception as gone:  # http.client: an answer cut in the middle
            if type(gone).__module__ != "http.client":
                raise
            raise Interrupted from gone
        return expect(answer, *statuses)

    def push_blob(self, data):
        digest = digest_of(data)
        self.blobs.maybe(digest, digest)
        try:
            push_blob(self.client, self.repository, data, digest)
        except AssertionError:
            raise
        except Exception as gone:
            if isinstance(gone, OSError) or type(gone).__module__ == "http.client":
                raise Interrupted from gone
            raise
        self.blobs.set(digest, digest)

    def put(self, reference, image):
        tag = reference if reference != image.digest else None
        self.manifests.maybe(image.digest, image.digest)
        if tag:
            self.tags.maybe(tag, image.digest)
        self.call("PUT", f"/v2/{self.repository}/manifests/{reference}", (201,), image.manifest, {"Content-Type": IMAGE_MANIFEST})
        self.manifests.set(image.digest, image.digest)
        if tag:
            self.tags.set(tag, image.digest)

    def push(self):
        self.made += 1
        image = Image(f"{SEED}/{self.repository}/{self.made}", layers=self.random.randint(1, 4), layer_size=self.random.choice([10, 3000, 30_000]))
        self.images[image.digest] = image
        for blob in image.blobs:
            self.push_blob(blob)
        self.put(self.random.choice([image.digest, f"v{self.made % 10}", "latest"]), image)

    def present_manifests(self):
        return sorted(d for d in self.images if self.manifests.known(d))

    def move_tag(self):
        if present := self.present_manifests():
            self.put(self.random.choice(["latest", "stable", f"v{self.random.randint(0, 9)}"]), self.images[self.random.choice(present)])

    def delete_tag(self):
        if tags := sorted(t for t in self.tags.possible if self.tags.known(t)):
            tag = self.random.choice(tags)
            self.tags.maybe(tag, GONE)
            self.call("DELETE", f"/v2/{self.repository}/manifests/{tag}", (202,))
            self.tags.set(tag, GONE)

    def delete_manifest(self):
        if present := self.present_manifests():
            digest = self.random.choice(present)
            on_it = [t for t, values in self.tags.possible.items() if values == {digest}]
            for tag in on_it:
                self.tags.maybe(tag, GONE)
            self.manifests.maybe(digest, GONE)
            self.call("DELETE", f"/v2/{self.repository}/manifests/{digest}", (202,))
            self.manifests.set(digest, GONE)
            for tag in on_it:
                self.tags.set(tag, GONE)

    def delete_blob(self):
        """A blob that no manifest ever named."""
        data = self.random.randbytes(100)
        self.push_blob(data)
        digest = digest_of(data)
        if self.random.random() < 0.5:
            self.blobs.maybe(digest, GONE)
            self.call("DELETE", f"/v2/{self.repository}/blobs/{digest}", (202,))
            self.blobs.set(digest, GONE)

    def read(self):
        """What was acknowledged is visible to the next request, and bytes are never wrong."""
        if present := self.present_manifests():
            image = self.images[self.random.choice(present)]
            answer = self.call(self.random.choice(["GET", "HEAD"]), f"/v2/{self.repository}/manifests/{image.digest}", (200,), headers=ACCEPT_ALL)
            if answer.body and answer.body != image.manifest:
                raise AssertionError(f"wrong bytes for {image.digest}")
            blob = self.random.choice(image.blobs)
            if self.call("GET", f"/v2/{self.repository}/blobs/{digest_of(blob)}", (200,)).body != blob:
                raise AssertionError(f"wrong bytes for {digest_of(blob)}")

    # --- after the restart ------------------------------------------------------------------------------------------
    def check(self, everything=False):
        """Compares the daemon with the model, and narrows the model to what is."""
        self.client = self.test.daemon.client(timeout=20)
        self.check_content(self.blobs, "blobs", everything)
        self.check_content(self.manifests, "manifests", everything)
        self.check_tags()
        # A manifest that is there is whole: everything it names is there too.
        for digest in self.present_manifests():
            for blob in self.images[digest].blobs:
                if self.blobs.known(digest_of(blob)) is GONE:
                    raise AssertionError(f"{self.repository}: {digest} lacks its blob {digest_of(blob)}")
        self.client.close()

    def check_tags(self):
        listed = []
        if any(values != {GONE} for values in self.tags.possible.values()):
            answer = expect(self.client.get(f"/v2/{self.repository}/tags/list"), 200, 404)
            listed = (answer.json().get("tags") or []) if answer.status == 200 else []
        for tag, values in self.tags.to_check(self.random, everything=True):
            answer = expect(self.client.head(f"/v2/{self.repository}/manifests/{tag}", ACCEPT_ALL), 200, 404)
            now = answer.header("Docker-Content-Digest") if answer.status == 200 else GONE
            self.judge(f"tag {tag}", now, values, self.tags, tag)
            if (tag in listed) != (now is not GONE):
                raise AssertionError(f"{self.repository}: tag {tag} is {now}, but the list says {listed}")

    def check_content(self, facts, kind, everything):
        for digest, values in facts.to_check(self.random, everything):
            answer = expect(self.client.get(f"/v2/{self.repository}/{kind}/{digest}", ACCEPT_ALL), 200, 404)
            now = digest if answer.status == 200 else GONE
            if now and digest_of(answer.body) != digest:
                raise AssertionError(f"{self.repository}: wrong bytes for {kind} {digest}")
            self.judge(f"{kind} {digest}", now, values, facts, digest)

    def judge(self, what, now, values, facts, key):
        if now not in values:
            raise AssertionError(f"{self.repository}: {what} is {now}; acknowledged or under way: {values}")
        facts.settle(key, now)


class SharedTag:
    """A tag that many clients move at once. What stands after a crash must not be older than what was acknowledged before."""

    def __init__(self, test):
        self.test, self.writes, self.lock = test, [], threading.Lock()
        self.image = Image(f"{SEED}/shared", layers=1, layer_size=10)

    def manifest(self, number):
        return self.image.manifest.replace(b'"schemaVersion":2', b'"schemaVersion":2,"annotations":{"number":"%d"}' % number)

    def prepare(self):
        for blob in self.image.blobs:
            push_blob(self.test.client, "kill/shared", blob)

    def work(self, stop):
        client = self.test.daemon.client(timeout=20)
        while not stop.is_set():
            with self.lock:
                write = [time.monotonic(), None, self.manifest(len(self.writes))]
                self.writes.append(write)
            try:
                answer = put_manifest(client, "kill/shared", "latest", write[2])
            except Exception as gone:
                if isinstance(gone, OSError) or type(gone).__module__ == "http.client":
                    return
                raise
            expect(answer, 201)
            write[1] = time.monotonic()
        client.close()

    def check(self):
        answer = expect(self.test.daemon.client().get("/v2/kill/shared/manifests/latest", ACCEPT_ALL), 200, 404)
        acked = [w for w in self.writes if w[1]]
        if answer.status == 404:
            assert not acked, "the shared tag is gone though writes to it were acknowledged"
            return
        mine = next((w for w in self.writes if w[2] == answer.body), None)
        assert mine, "the shared tag names a manifest that nobody pushed"
        later = [w for w in acked if mine[1] and w[0] > mine[1]]
        assert not later, f"the shared tag is older than {len(later)} acknowledged writes"
        for write in acked[-20:]:
            expect(self.test.daemon.client().head(f"/v2/kill/shared/manifests/{digest_of(write[2])}", ACCEPT_ALL), 200)
        # What was not acknowledged and did not win may be there or not; it is of no further interest.
        self.writes = [[0, 0, mine[2]]]


class Kill(BerthTestCase):
    orgs = ("kill",)
    time_limit = 3 * 3600 if SOAK else 600

    def test_nothing_acknowledged_is_lost(self):
        print(f"BERTH_SEED={SEED}", flush=True)
        choices = random.Random(SEED)
        workers = [Worker(number, self) for number in range(WORKERS)]
        shared = SharedTag(self)
        shared.prepare()
        slowest = 0
        for number in range(ROUNDS):
            self.kill_under_load(workers, shared, choices.uniform(0.05, 1.5))
            slowest = max(slowest, self.start_and_be_ready())
            run_threads([lambda w=worker, last=number == ROUNDS - 1: w.check(everything=last) for worker in workers])
            shared.check()
            self.assertLess(slowest, RESTART_SECONDS, f"restart after round {number}")
        total = sum(worker.requests for worker in workers)
        print(f"{ROUNDS} kills, {total} requests, {sum(w.made for w in workers)} images, slowest restart {slowest:.2f} s", flush=True)
        self.assertGreater(total, ROUNDS * 20, "hardly any load")
        self.check_at_rest(workers)

    def kill_under_load(self, workers, shared, seconds):
        stop = threading.Event()

        def kill():
            time.sleep(seconds)
            self.daemon.process.kill()
            stop.set()

        run_threads([kill] + [lambda w=worker: w.work(stop) for worker in workers] + [lambda: shared.work(stop)] * 2)
        self.daemon.kill()

    def start_and_be_ready(self):
        began = time.monotonic()
        self.daemon.start()
        self.assert_status(self.daemon.client().get("/readyz"), 200)
        return time.monotonic() - began

    def check_at_rest(self, workers):
        """After an orderly end: the database is whole, every blob's file is what its name says, lists agree with the model."""
        client = self.daemon.client()
        for worker in workers:
            present = sorted(tag for tag in worker.tags.possible if worker.tags.known(tag))
            if present:
                self.assertEqual(list_all(client, f"/v2/{worker.repository}/tags/list?n=3", "tags"), present)
        self.assertEqual(self.daemon.stop(), 0)
        with sqlite3.connect(os.path.join(self.daemon.directory, "catalog.sqlite")) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        for folder, _, names in os.walk(os.path.join(self.daemon.directory, "blobs")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertEqual(hashlib.sha256(file.read()).hexdigest(), name)


if __name__ == "__main__":
    unittest.main()
