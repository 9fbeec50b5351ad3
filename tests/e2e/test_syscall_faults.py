"""Every sync of the real binary fails once (acceptance B3.3), by strace on the running process; and its syncs fail for good.

For N = 1, 2, …: the N-th fsync or fdatasync of each thread answers EIO while an image is pushed, until N is beyond what a push needs. What
was answered 201 is there, also after kill -9; what was not is answered 5xx, is not visible, and comes through when it is tried again.
"""

import json
import os
import re
import subprocess
import time
import unittest

from harness import BINARY, BerthTestCase, end_process, run_tool, start_process, target_of, wait_until, with_query
from registry import IMAGE_MANIFEST, OCTETS, Image, digest_of, expect, pull_image, push_image, put_manifest

SYNCS = "fsync,fdatasync"
# One worker and one loop: strace counts calls thread by thread.
FEW_THREADS = {"BERTH_WORKER_THREADS": "1", "BERTH_LOOP_THREADS": "1", "BERTH_SCRUB_RATE": "0"}
RETRY_SECONDS = 15


class Tracer:
    """strace on every thread of a process, injecting a fault into its syncs."""

    def __init__(self, process, when, log):
        self.log = log
        self.process = start_process(["strace", "-f", "-o", log, "-e", f"trace={SYNCS}", "-e", f"inject={SYNCS}:error=EIO:when={when}", "-p", str(process.pid)],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # "Process N attached with M threads": from here on every call is seen.
        line = self.process.stderr.readline().decode()
        if "attached" not in line:
            self.detach()
            raise AssertionError(f"strace cannot attach to a process here: {line}")

    def detach(self):
        end_process(self.process)
        self.process.stderr.close()

    def struck(self):
        with open(self.log, encoding="utf-8", errors="replace") as lines:
            return sum("(INJECTED)" in line for line in lines)


class SyscallFaults(BerthTestCase):
    time_limit = 600
    orgs = ("fault",)
    environment = FEW_THREADS

    def steps(self, client, image, number):
        """A push as single requests, each as (what, call). A blob in chunks, one in a single request, a manifest under a tag."""
        config, layer = image.blobs[0], image.blobs[1]

        def chunked():
            begun = client.post("/v2/fault/app/blobs/uploads/")
            if begun.status != 202:
                return begun
            sent = client.patch(target_of(begun.header("Location")), layer, OCTETS)
            if sent.status != 202:
                return sent
            return client.put(with_query(target_of(sent.header("Location")), digest=digest_of(layer)), b"", OCTETS)

        return [("blob " + digest_of(config), lambda: client.post(with_query("/v2/fault/app/blobs/uploads/", digest=digest_of(config)), config, OCTETS)),
                ("blob " + digest_of(layer), chunked),
                (f"tag t{number}", lambda: put_manifest(client, "fault/app", f"t{number}", image.manifest))]

    def exists(self, client, what):
        kind, name = what.split(" ")
        target = f"/v2/fault/app/blobs/{name}" if kind == "blob" else f"/v2/fault/app/manifests/{name}"
        return expect(client.get(target, {"Accept": IMAGE_MANIFEST}), 200, 404).status == 200

    def push_with_fault(self, image, number):
        """Runs the steps while a fault waits; those that were acknowledged, and how often it struck."""
        client = self.daemon.client()
        tracer = Tracer(self.daemon.process, number, os.path.join(self.folder, f"strace{number}"))
        acked = []
        try:
            for what, call in self.steps(client, image, number):
                answer = call()
                if answer.status == 201:
                    acked.append(what)
                    continue
                # A manifest whose blob was refused is told so; everything else is the server's failure and says so.
                allowed = (500, 503, 404) if what.startswith("tag") else (500, 503)
                self.assertIn(answer.status, allowed, f"{what}: {answer!r}")
                self.assertTrue(answer.error_code())
                self.assertFalse(self.exists(client, what), f"{what} was refused and is visible")
        finally:
            tracer.detach()
            client.close()
        return acked, tracer.struck()

    def test_each_sync_fails_once(self):
        number, pushed = 1, []
        while True:
            image = Image(f"fault/{number}", layers=1, layer_size=5000)
            acked, struck = self.push_with_fault(image, number)
            client = self.daemon.client()
            for what in acked:
                self.assertTrue(self.exists(client, what), f"{what} was acknowledged and is gone")
            # The disk is well again: the same push comes through, without a restart.
            self.retry_until_done(client, image, number)
            if struck and len(acked) < 3:
                self.assertEqual(client.get("/healthz").status, 503, "a failed sync must show")
            client.close()
            self.daemon.kill()
            self.daemon.start()
            pushed.append((number, image))
            for earlier, its_image in pushed:
                self.assertEqual(pull_image(self.daemon.client(), "fault/app", f"t{earlier}"), its_image.digest)
            print(f"sync {number}: struck {struck} times, {len(acked)} of 3 steps acknowledged", flush=True)
            if struck == 0:
                break
            number += 1
        self.assertGreater(number, 3, "hardly any sync was hit")
        self.assertEqual(run_tool([BINARY, "verify", "--data", self.daemon.directory], check=False).returncode, 0)

    def retry_until_done(self, client, image, number):
        deadline = time.monotonic() + RETRY_SECONDS
        for what, call in self.steps(client, image, number):
            while (answer := call()).status != 201:
                self.assertIn(answer.status, (500, 503), f"{what}: {answer!r}")
                self.assertLess(time.monotonic(), deadline, f"{what} is still refused: {answer!r}")
                wait_until(lambda: client.get("/healthz").json()["mode"] == "read-write", RETRY_SECONDS, "the registry takes pushes again")

    def test_syncs_that_fail_for_good_make_it_read_only(self):
        kept = Image("fault/kept", layers=1)
        push_image(self.client, "fault/app", kept, "kept")
        tracer = Tracer(self.daemon.process, "1+", os.path.join(self.folder, "strace"))
        try:
            image = Image("fault/refused", layers=1)
            for blob in image.blobs:  # already there in another repository: only the catalog has something to sync
                self.assertIn(self.client.post(with_query("/v2/fault/app/blobs/uploads/", digest=digest_of(blob)), blob, OCTETS).status, (500, 503))
            self.assertIn(self.client.delete("/v2/fault/app/manifests/kept").status, (500, 503))
            wait_until(lambda: self.client.delete("/v2/fault/app/manifests/kept").status == 503, 10, "deletes are refused")
            refused = self.client.post("/v2/fault/app/blobs/uploads/")
            self.assert_oci_error(refused, 503, "DENIED")
            self.assertIn("read-only", refused.json()["errors"][0]["message"])
            self.assertIsNotNone(refused.header("Retry-After"))
            health = self.client.get("/healthz")
            self.assertEqual((health.status, health.json()["mode"]), (503, "read-only"))
            self.assertEqual(pull_image(self.client, "fault/app", "kept"), kept.digest)  # pulls go on
        finally:
            tracer.detach()
        self.assertGreater(tracer.struck(), 0)
        wait_until(lambda: self.client.get("/healthz").json()["mode"] == "read-write", 10, "it recovers by itself")
        push_image(self.client, "fault/app", image, "new")
        self.daemon.kill()
        self.daemon.start()
        for tag, its_image in (("kept", kept), ("new", image)):
            self.assertEqual(pull_image(self.daemon.client(), "fault/app", tag), its_image.digest)

    def test_a_start_whose_syncs_fail_is_refused_or_whole(self):
        kept = Image("fault/kept", layers=1)
        push_image(self.client, "fault/app", kept, "kept")
        for number in range(1, 30):
            self.daemon.kill()  # uncleanly, so that the next start has a log to move
            log = os.path.join(self.folder, f"start{number}")
            self.daemon.prefix = ["strace", "-D", "-f", "-qq", "-o", log, "-e", f"trace={SYNCS}", "-e", f"inject={SYNCS}:error=EIO:when={number}"]
            try:
                self.daemon.start()
                started = True
            except AssertionError as refused:
                started = False
                self.assertRegex(str(refused), r"exit 5\)")
            if started:
                self.assertEqual(pull_image(self.daemon.client(), "fault/app", "kept"), kept.digest)
                self.daemon.kill()
            self.daemon.prefix = ()
            self.daemon.start()
            self.assertEqual(pull_image(self.daemon.client(), "fault/app", "kept"), kept.digest)
            with open(log, encoding="utf-8", errors="replace") as lines:
                struck = len(re.findall(r"\(INJECTED\)", lines.read()))
            if struck == 0:
                break
        self.assertGreater(number, 2, "no sync at a start was hit")
        report = json.loads(run_tool([BINARY, "verify", "--json", "--data", self.daemon.directory]))
        self.assertEqual(report["findings"], [])


if __name__ == "__main__":
    unittest.main()
