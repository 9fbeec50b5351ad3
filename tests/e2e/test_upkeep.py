"""Collection and undo at the operator's hand: `berth admin gc`, `berth admin repo history|restore`, quarantine (issue 3, items 1 and 2)."""

import json
import os
import sqlite3
import unittest

from harness import BINARY, BerthTestCase, run_tool, wait_until
from registry import Image, digest_of, pull_image, push_blob, push_image

DONE, NO, USAGE = 0, 1, 2


class Admin(BerthTestCase):
    orgs = ("operator",)
    environment = {"BERTH_LEASE": "1s", "BERTH_GC_GRACE": "0s", "BERTH_GC_INTERVAL": "1h", "BERTH_UNDO_WINDOW": "1h"}

    def admin(self, *arguments, expect=DONE):
        done = run_tool([BINARY, "admin", *arguments, "--data", self.daemon.directory], check=False, env={**os.environ, **self.environment})
        self.assertEqual(done.returncode, expect, (done.stdout, done.stderr))
        return done

    def answer(self, *arguments):
        return json.loads(self.admin(*arguments, "--json").stdout)

    def test_what_nothing_needs_goes_when_the_operator_says_so(self):
        image = Image("kept")
        push_image(self.client, "operator/kept", image, "v1")
        push_blob(self.client, "operator/kept", b"nobody needs this")
        self.assertTrue(self.answer("gc", "--dry-run")["dry_run"])  # by the daemon
        self.daemon.stop()
        foreseen = wait_until(lambda: (answer := self.answer("gc", "--dry-run"))["blobs"] and answer, 20, "the lease is over")
        self.assertEqual((foreseen["blobs"], foreseen["first"][0]["digest"]), (1, digest_of(b"nobody needs this")))
        done = self.answer("gc")
        self.assertEqual((done["blobs"], done["removed"]["blobs"], done["more"]), (1, 1, False))
        self.assertIn("blobs: 0\n", self.admin("gc").stdout.decode())
        self.daemon.start()
        self.assertEqual(pull_image(self.client, "operator/kept", "v1"), image.digest)
        self.assertEqual(self.client.head(f"/v2/operator/kept/blobs/{digest_of(b'nobody needs this')}").status, 404)
        self.assertEqual(run_tool([BINARY, "verify", "--data", self.daemon.directory], check=False).returncode, DONE)

    def test_what_was_deleted_comes_back(self):
        image = Image("deleted")
        push_image(self.client, "operator/undo", image, "v1")
        self.assertEqual(self.client.delete(f"/v2/operator/undo/manifests/{image.digest}").status, 202)
        # All of it beside the daemon, which serves what came back at once.
        events = self.answer("repo", "history", "operator/undo")
        deletion = next(event for event in events if event["event"] == "manifest_deleted")
        self.assertTrue(deletion["restorable"])
        self.assertIn("manifest_deleted", self.admin("repo", "history", "operator/undo", "--limit", "5").stdout.decode())
        self.admin("repo", "restore", "operator/undo", "4711", expect=NO)
        self.admin("repo", "restore", "operator/undo", "none", expect=USAGE)
        self.admin("repo", "history", "operator/other", expect=NO)
        self.admin("repo", "history", "NOT A NAME", expect=USAGE)
        restored = self.answer("repo", "restore", "operator/undo", str(deletion["id"]))
        self.assertEqual((restored["digest"], restored["tags"]), (image.digest, ["v1"]))
        self.admin("repo", "restore", "operator/undo", str(deletion["id"]), expect=NO)
        self.assertEqual(pull_image(self.client, "operator/undo", "v1"), image.digest)


class Quarantine(BerthTestCase):
    orgs = ("quarantine",)
    environment = {"BERTH_LEASE": "1s", "BERTH_GC_GRACE": "0s", "BERTH_GC_INTERVAL": "1s", "BERTH_SCRUB_RATE": "1GiB", "BERTH_SCRUB_INTERVAL": "1s"}

    def test_damaged_bytes_go_with_their_blob(self):
        kept, dead = Image("quarantined"), b"damaged, and nobody needs it"
        push_image(self.client, "quarantine/app", kept, "v1")
        self.daemon.stop()
        # The lease of a minute outlasts the scrub; then there is none.
        self.daemon.environment["BERTH_LEASE"] = "60s"
        self.daemon.start()
        push_blob(self.client, "quarantine/app", dead)
        for content in (kept.layers[0], dead):
            hexadecimal = digest_of(content)[7:]
            with open(os.path.join(self.daemon.directory, "blobs", "sha256", hexadecimal[:2], hexadecimal), "r+b") as file:
                file.write(bytes([content[0] ^ 1]))
        folder = os.path.join(self.daemon.directory, "quarantine")
        wait_until(lambda: os.path.isdir(folder) and len(os.listdir(folder)) == 2, 30, "the scrub finds both")
        deleted = self.client.delete(f"/v2/quarantine/app/blobs/{digest_of(dead)}")
        self.assertEqual(deleted.status, 202)
        self.daemon.stop()
        self.daemon.environment["BERTH_LEASE"] = "1s"
        with sqlite3.connect(os.path.join(self.daemon.directory, "catalog.sqlite")) as database:
            database.execute("UPDATE blobs SET leased_until = 0")
            database.execute("UPDATE link_reviews SET due_at = 0")
        database.close()
        self.daemon.start()
        name = "sha256." + digest_of(kept.layers[0])[7:]
        wait_until(lambda: os.listdir(folder) == [name], 30, "the dead blob's bytes go, the needed one's stay")
        push_blob(self.client, "quarantine/app", kept.layers[0])
        wait_until(lambda: os.listdir(folder) == [], 30, "healed")
        self.assertEqual(pull_image(self.client, "quarantine/app", "v1"), kept.digest)
        self.assertEqual(self.client.get("/healthz").status, 200)


if __name__ == "__main__":
    unittest.main()
