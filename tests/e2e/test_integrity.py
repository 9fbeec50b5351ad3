"""Damage on the disk (acceptance B3.6): found by the scrub and by `berth verify`, never served as good, healed by a push."""

import json
import os
import random
import shutil
import sqlite3
import unittest

from harness import BINARY, SOAK, BerthTestCase, run_tool, wait_until
from registry import ACCEPT_ALL, Image, digest_of, expect, pull_blob, pull_image, push_blob, push_image, random_bytes

BLOBS = 100
SEED = os.environ.get("BERTH_SEED") or str(random.SystemRandom().randrange(1 << 32))


def blob_path(directory, digest):
    algorithm, text = digest.split(":")
    return os.path.join(directory, "blobs", algorithm, text[:2], text)


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))


def verify(directory):
    """(exit status, report)"""
    done = run_tool([BINARY, "verify", "--json", "--data", directory], check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr.decode()


class Damage(BerthTestCase):
    orgs = ("damage",)

    def metric(self, name):
        text = self.client.get("/metrics").body.decode()
        return next((float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name + " ")), None)


class FlippedBytes(Damage):
    arguments = ("--log-level", "warning")
    environment = {"BERTH_SCRUB_RATE": "1GiB", "BERTH_SCRUB_INTERVAL": "1s"}

    def test_a_hundred_flipped_bytes(self):
        choices = random.Random(SEED)
        contents = [random_bytes(f"flip/{n}", choices.choice([1, 100, 5000, 300_000])) for n in range(BLOBS)]
        contents = list({digest_of(data): data for data in contents}.values())
        digests = [push_blob(self.client, "damage/flip", data) for data in contents]
        whole = push_image(self.client, "damage/whole", Image("whole"), "1")
        for digest, data in zip(digests, contents):
            flip(blob_path(self.daemon.directory, digest), choices.randrange(len(data)))

        # Beside the daemon, verify finds what the scrub has not yet taken away; together they find all of it.
        status, report = verify(self.daemon.directory)
        self.assertEqual(status, 1, report)
        self.assertEqual({f["subject"] for f in report["findings"]}, set(digests))
        wait_until(lambda: self.metric("berth_damaged_blobs") == len(digests), 30, "the scrub found all of them")

        for digest in digests:
            for method in ("GET", "HEAD"):
                answer = self.client.request(method, f"/v2/damage/flip/blobs/{digest}")
                self.assertEqual(answer.status, 500, f"{method} {digest}: {answer!r}")
            self.assert_oci_error(self.client.get(f"/v2/damage/flip/blobs/{digest}", {"Range": "bytes=0-0"}), 500, "UNKNOWN")
            self.assertFalse(os.path.exists(blob_path(self.daemon.directory, digest)))
        self.assertEqual(len(os.listdir(os.path.join(self.daemon.directory, "quarantine"))), len(digests))
        self.assertEqual(pull_image(self.client, "damage/whole", "1"), whole)
        health = self.client.get("/healthz")
        self.assertEqual(health.status, 503)
        self.assertEqual([name for name, check in health.json()["checks"].items() if not check["good"]], ["content"], health)

        # A mount brings no damage along; the client is told to upload.
        mount = self.client.post(f"/v2/damage/other/blobs/uploads/?mount={digests[0]}&from=damage/flip")
        self.assertEqual(mount.status, 202, mount)

        # Known after a restart too.
        self.client.close()
        self.daemon.restart()
        self.assertEqual(self.client.head(f"/v2/damage/flip/blobs/{digests[0]}").status, 500)
        for digest, data in zip(digests, contents):
            push_blob(self.client, "damage/flip", data)
            self.assertEqual(pull_blob(self.client, "damage/flip", digest), data)
        self.assertEqual(self.client.get("/healthz").status, 200)
        self.assertEqual(self.metric("berth_damaged_blobs"), 0)
        self.assertEqual(os.listdir(os.path.join(self.daemon.directory, "quarantine")), [])
        self.client.close()
        self.daemon.stop()
        self.assertEqual(verify(self.daemon.directory)[0], 0)


class FlippedDatabase(Damage):
    environment = {"BERTH_SCRUB_RATE": "0"}
    time_limit = 300

    def test_a_damaged_manifest_is_refused_and_healed_by_a_push(self):
        image = Image("manifest", layers=1)
        push_image(self.client, "damage/app", image, "1")
        self.client.close()
        self.daemon.stop()
        with sqlite3.connect(os.path.join(self.daemon.directory, "catalog.sqlite")) as database:
            damaged = image.manifest.replace(b"schemaVersion", b"schemaVersiom")
            database.execute("UPDATE manifest_bytes SET bytes = ?", (damaged,))
        database.close()
        status, report = verify(self.daemon.directory)
        self.assertEqual((status, {f["kind"] for f in report["findings"]}), (1, {"manifest"}))
        self.daemon.start()
        for reference in ("1", image.digest):
            self.assert_oci_error(self.client.get(f"/v2/damage/app/manifests/{reference}", ACCEPT_ALL), 500, "UNKNOWN")
        push_image(self.client, "damage/app", image, "1")
        self.assertEqual(pull_image(self.client, "damage/app", "1"), image.digest)
        self.assertEqual(verify(self.daemon.directory)[0], 0)

    def test_flipped_pages_are_refused_or_found_and_never_served(self):
        """Bytes anywhere in the database: the daemon refuses to start, answers an error or "unknown", or the right bytes. Not others."""
        images = {f"damage/r{n}": Image(f"page/{n}", layers=2) for n in range(30)}
        for repository, image in images.items():
            push_image(self.client, repository, image, "1", "2")
        self.client.close()
        self.daemon.stop()
        path = os.path.join(self.daemon.directory, "catalog.sqlite")
        kept = path + ".kept"
        shutil.copy(path, kept)
        keys = os.path.join(self.daemon.directory, "keys")
        shutil.copytree(keys, keys + ".kept")  # the audit log's head belongs to the catalog
        choices, unseen = random.Random(SEED), []
        print(f"BERTH_SEED={SEED}", flush=True)
        for _ in range(200 if SOAK else 10):
            shutil.copy(kept, path)
            shutil.copytree(keys + ".kept", keys, dirs_exist_ok=True)
            at = [choices.randrange(os.path.getsize(path)) for _ in range(20)]
            for position in at:
                flip(path, position)
            status, report = verify(self.daemon.directory)
            self.assertIn(status, (0, 1, 5), report)
            served = self.what_is_served(images)
            if served and status == 0:
                unseen.append((at, served))
            for suffix in ("-wal", "-shm"):
                if os.path.exists(path + suffix):
                    os.unlink(path + suffix)
        self.assertEqual(unseen, [])
        shutil.copy(kept, path)
        os.unlink(kept)
        shutil.rmtree(keys)
        os.rename(keys + ".kept", keys)
        self.assertEqual(verify(self.daemon.directory)[0], 0)

    def what_is_served(self, images):
        """What is answered otherwise than it should be, errors of the server excepted."""
        try:
            self.daemon.start()
        except AssertionError:
            self.daemon.kill()
            return []
        wrong, client = [], self.daemon.client()
        for repository, image in images.items():
            for reference in ("1", "2", image.digest):
                answer = client.get(f"/v2/{repository}/manifests/{reference}", ACCEPT_ALL)
                if answer.status == 200:
                    said = answer.header("Docker-Content-Digest")
                    self.assertEqual(digest_of(answer.body), said, "wrong bytes")  # never, whatever else is wrong
                    if answer.header("Content-Type") != image.media_type:
                        wrong.append(f"{repository}:{reference} has the type {answer.header('Content-Type')}")
                    if answer.body != image.manifest:
                        wrong.append(f"{repository}:{reference} is another manifest")
                elif answer.status < 500 and not (self.daemon.accounts and answer.status == 401):  # the key's own row may be what was flipped
                    wrong.append(f"{repository}:{reference} answers {answer.status}")
        client.close()
        self.daemon.kill()
        return wrong


class Verify(Damage):
    def test_beside_a_daemon_and_without_one(self):
        push_image(self.client, "damage/app", Image("verify"), "1")
        for _ in range(2):
            status, report = verify(self.daemon.directory)
            self.assertEqual(status, 0, report)
            self.assertEqual((report["clean"], report["manifests"], report["blobs"]), (True, 1, 3))
            self.client.close()
            self.daemon.stop()
        text = run_tool([BINARY, "verify", "--data", self.daemon.directory])
        self.assertIn("1 manifests and 3 blobs", text)
        self.assertIn("0 findings", text)

    def test_it_says_what_it_cannot_do(self):
        for directory in (self.folder, os.path.join(self.folder, "nowhere")):
            done = run_tool([BINARY, "verify", "--data", directory], check=False)
            self.assertEqual(done.returncode, 5, done)
            self.assertIn(b"no data directory", done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "nowhere")))


class ReadOnly(BerthTestCase):
    orgs = ("ro",)

    def test_the_setting_refuses_pushes_and_deletes_and_nothing_else(self):
        image = Image("read-only")
        push_image(self.client, "ro/app", image, "1")
        location = expect(self.client.post("/v2/ro/app/blobs/uploads/"), 202).header("Location")
        self.client.close()
        self.daemon.stop()
        self.daemon.environment["BERTH_READ_ONLY"] = "true"
        self.daemon.start()
        digest = digest_of(image.blobs[0])
        for method, target in (("POST", "/v2/ro/app/blobs/uploads/"), ("POST", f"/v2/ro/new/blobs/uploads/?mount={digest}&from=ro/app"), ("PATCH", location),
                               ("PUT", location), ("DELETE", location), ("PUT", "/v2/ro/app/manifests/2"), ("DELETE", "/v2/ro/app/manifests/1"),
                               ("DELETE", f"/v2/ro/app/blobs/{digest}")):
            answer = self.client.request(method, target, b"x" if method in ("PUT", "PATCH") else None)
            self.assert_oci_error(answer, 503, "DENIED")
            self.assertIn("read-only", answer.json()["errors"][0]["message"])
        self.assertEqual(pull_image(self.client, "ro/app", "1"), image.digest)
        self.assertEqual(self.client.get(location).status, 204)
        health = self.client.get("/healthz")
        self.assertEqual((health.status, health.json()["mode"]), (200, "read-only"))
        self.assertIn("berth_read_only 1", self.client.get("/metrics").body.decode())
        self.client.close()
        self.daemon.stop()
        del self.daemon.environment["BERTH_READ_ONLY"]
        self.daemon.start()
        push_image(self.client, "ro/app", Image("more"), "2")
        self.assertEqual(self.client.get("/healthz").json()["mode"], "read-write")


if __name__ == "__main__":
    unittest.main()
