"""Collection every second with grace 0 and a lease of two seconds, against everything that clients do (issue 3, done-when 1).

One minute; 30 with BERTH_SOAK=1. No broken image, no blob that is unknown after a 201, a HEAD 200 or a mount; children of kept indexes
and signatures of kept images stay.
"""

import json
import os
import random
import threading
import time
import unittest

from harness import SOAK, BerthTestCase, run_threads
from registry import digest_of

SECONDS = float(os.environ.get("BERTH_SOAK_SECONDS") or (1800 if SOAK else 60))
LEASE = 2
IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
REPOSITORIES = ["soak/a", "soak/b", "soak/c"]
# So many that most of them are needed by nobody for longer than a lease.
CONTENTS = [f"soak content {n} ".encode() * 20 for n in range(4000)]
TAGS = 40


def describe(media_type, content):
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


class Worker:
    """One client with its own connection and its own dice."""

    def __init__(self, test, seed):
        self.test, self.random = test, random.Random(seed)
        self.client = test.daemon.client(timeout=60)

    def request(self, method, target, body=None, headers=None):
        """Repeats what is answered 503: the daemon asks for it."""
        for _ in range(50):
            response = self.client.request(method, target, body, headers)
            if response.status != 503:
                return response
            time.sleep(0.05)
        raise AssertionError(f"503 again and again: {method} {target}")

    def provide(self, repository, content):
        """As clients do: HEAD, else mount, else push; what was answered is relied upon."""
        digest = digest_of(content)
        way = self.random.randrange(4)
        if way > 0:
            head = self.request("HEAD", f"/v2/{repository}/blobs/{digest}")
            if head.status == 200:
                return
        if way > 1:
            source = self.random.choice(REPOSITORIES)
            mount = self.request("POST", f"/v2/{repository}/blobs/uploads/?mount={digest}&from={source}")
            if mount.status == 201:
                return
            self.test.assert_status(mount, 202)
            self.request("DELETE", mount.header("Location"))
        self.test.assert_status(self.request("POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", content), 201)

    def put(self, repository, reference, media_type, document, began):
        body = json.dumps(document).encode()
        response = self.request("PUT", f"/v2/{repository}/manifests/{reference or digest_of(body)}", body, {"Content-Type": media_type})
        if time.monotonic() - began >= LEASE:
            return None  # a machine that stood still for a whole lease proves nothing
        self.test.assert_status(response, 201)
        return body

    def image(self, contents, extra=None):
        layers = [describe("application/vnd.oci.image.layer.v1.tar", content) for content in contents[1:]]
        return {"schemaVersion": 2, "mediaType": IMAGE, "config": describe("application/vnd.oci.image.config.v1+json", contents[0]), "layers": layers, **(extra or {})}

    def push(self):
        repository, began = self.random.choice(REPOSITORIES), time.monotonic()
        contents = [self.random.choice(CONTENTS) for _ in range(3)]
        for content in contents:
            self.provide(repository, content)
        kind = self.random.randrange(4)
        tag = f"t{self.random.randrange(TAGS)}"
        if kind < 2:
            body = self.put(repository, tag, IMAGE, self.image(contents), began)
            if body is not None and kind == 1:
                # A signature of it, by digest alone. Whoever finds the image under a tag finds the signature: an image that was gone
                # for good and came anew has another one.
                subject = describe(IMAGE, body)
                signature = self.image(contents, {"artifactType": "application/x.signature", "subject": subject, "annotations": {"n": str(began)}})
                self.test.signatures.pop((repository, subject["digest"]), None)
                signed = self.put(repository, None, IMAGE, signature, began)
                if signed is not None:
                    self.test.signatures[repository, subject["digest"]] = digest_of(signed)
        else:
            child = self.put(repository, None, IMAGE, self.image(contents), began)
            if child is not None:
                self.put(repository, tag, INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": [describe(IMAGE, child)]}, began)
        self.test.pushed += 1

    def pull(self, repository=None, reference=None, fail_late=False):
        repository = repository or self.random.choice(REPOSITORIES)
        reference = reference or f"t{self.random.randrange(TAGS)}"
        began = time.monotonic()
        response = self.request("GET", f"/v2/{repository}/manifests/{reference}")
        if response.status == 404:
            return
        self.test.assert_status(response, 200)
        self.check_signature(repository, digest_of(response.body), fail_late)
        document = response.json()
        for child in document.get("manifests", []):
            self.check(began, fail_late, self.request("GET", f"/v2/{repository}/manifests/{child['digest']}"), child["digest"])
            self.pull(repository, child["digest"], fail_late)
        for blob in ([document["config"]] if "config" in document else []) + document.get("layers", []):
            self.check(began, fail_late, self.request("GET", f"/v2/{repository}/blobs/{blob['digest']}"), blob["digest"])

    def check_signature(self, repository, subject, fail_late):
        signature = self.test.signatures.get((repository, subject))
        if not fail_late or signature is None:
            return
        listed = self.request("GET", f"/v2/{repository}/referrers/{subject}").json()["manifests"]
        self.test.assertIn(signature, [entry["digest"] for entry in listed])
        self.pull(repository, signature, fail_late)
        self.test.signed += 1

    def check(self, began, fail_late, response, digest):
        # A tag that moved lets its old image go, but not within a second.
        if time.monotonic() - began > 1 and not fail_late:
            return
        self.test.assert_status(response, 200)
        self.test.assertEqual(digest_of(response.body), digest)

    def delete_and_restore(self):
        repository = self.random.choice(REPOSITORIES)
        target = f"/v2/{repository}/manifests/t{self.random.randrange(TAGS)}"
        head = self.request("HEAD", target)
        if head.status != 200:
            return
        self.request("DELETE", f"/v2/{repository}/manifests/{head.header('Docker-Content-Digest')}")
        events = self.request("GET", f"/api/v1/repositories/{repository}/-/history?n=20")
        for event in events.json()["events"]:
            if event["restorable"] and event["event"] == "manifest_deleted":
                done = self.request("POST", f"/api/v1/repositories/{repository}/-/history/{event['id']}/restore")
                self.test.assert_status(done, 200, 409)
                return


class CollectionSoak(BerthTestCase):
    time_limit = SECONDS + 120
    orgs = ("soak",)
    arguments = ()
    environment = {
        "BERTH_LEASE": f"{LEASE}s",
        "BERTH_GC_GRACE": "0s",
        "BERTH_GC_INTERVAL": "1s",
        "BERTH_UNTAGGED_KEEP": "2s",
        "BERTH_UNDO_WINDOW": "2s",
        "BERTH_LOG_LEVEL": "warning",
        "BERTH_DISK_RESERVE": "0",
        "BERTH_DISK_RESERVE_PERCENT": "0",
    }

    def test_nothing_that_was_promised_is_collected(self):
        self.pushed, self.signed, self.signatures = 0, 0, {}
        until = time.monotonic() + SECONDS
        stop = threading.Event()

        def loop(seed, step):
            worker = Worker(self, seed)
            try:
                while time.monotonic() < until and not stop.is_set():
                    step(worker)
            except BaseException:
                stop.set()
                raise
            finally:
                worker.client.close()

        jobs = [lambda n=n: loop(n, Worker.push) for n in range(4)]
        jobs += [lambda n=n: loop(100 + n, Worker.pull) for n in range(2)]
        jobs += [lambda: loop(200, Worker.delete_and_restore)]
        run_threads(jobs)

        last = Worker(self, 300)
        for repository in REPOSITORIES:
            tags = last.request("GET", f"/v2/{repository}/tags/list").json()["tags"]
            for tag in tags:
                last.pull(repository, tag, fail_late=True)
        metrics = self.client.get("/metrics").body.decode()
        removed = [line for line in metrics.splitlines() if line.startswith('berth_gc_removed_total{kind="blob"}')]
        self.assertTrue(removed and float(removed[0].split()[-1]) > 0, "nothing was collected, so nothing was proven")
        self.assertEqual(self.client.get("/healthz").status, 200)
        self.assertGreater(self.signed, 0)
        print(f"{self.pushed} pushes, {self.signed} signatures, {removed[0].split()[-1]} blobs removed")


if __name__ == "__main__":
    unittest.main()
