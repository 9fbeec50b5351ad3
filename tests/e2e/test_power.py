"""Power cuts under load, on ext4 and XFS (acceptance B3.2): what was acknowledged is there afterwards, whole.

Clients push images; what they were told is kept outside. After some acknowledgements, within milliseconds of the last one, the power goes.
The file system recovers, the daemon starts on it, and every acknowledged tag, manifest and blob is pulled and compared; `berth verify`
must be clean. One cut on each file system in CI, 25 on each with BERTH_SOAK=1. The negative control turns every sync into a no-op and
must lose something, or this test would prove nothing.
"""

import os
import random
import threading
import time
import unittest

import power
from harness import BINARY, SOAK, BerthTestCase, Daemon, run_threads, run_tool, with_query
from registry import ACCEPT_ALL, OCTETS, Image, digest_of, pull_image, push_image

CUTS = 25 if SOAK else 1
WRITERS = 4
NO_SYNC = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync,sync_file_range,syncfs",
           "-e", "inject=fsync,fdatasync,sync_file_range,syncfs:retval=0", "--"]


class SyncsNothing(Daemon):
    """The real binary under a tracer that answers its syncs itself."""

    prefix = NO_SYNC


class Acked:
    """What clients were told, kept where no power cut reaches."""

    def __init__(self):
        self.images, self.lock, self.at = {}, threading.Lock(), 0

    def add(self, repository, tag, image):
        with self.lock:
            self.images[(repository, tag)] = image
            self.at = time.monotonic()


class Power(BerthTestCase):
    autostart = False
    time_limit = 3 * 3600 if SOAK else 300
    orgs = ("broken", "power")

    def setUp(self):
        super().setUp()
        lacks = power.missing()
        self.assertEqual(lacks, [], "the power cannot be cut on this machine; deploy/dev setup installs the packages")

    def make_disk(self, kind, number):
        folder = os.path.join(self.folder, f"{kind}{number}")
        os.mkdir(folder)
        disk = power.Disk(folder, kind)
        self.addCleanup(disk.clear)
        return disk

    def write_until_cut(self, disk, daemon, acked, wanted):
        """Pushes until `wanted` images were acknowledged, then cuts the power. Seconds from the last answer to the cut."""
        cut, enough = threading.Event(), threading.Event()

        def write(number):
            client = daemon.client(timeout=20)
            count = 0
            while not cut.is_set():
                count += 1
                image = Image(f"{disk.folder}/{number}/{count}", layers=2, layer_size=random.choice([100, 5000, 200_000]))
                try:
                    push_image(client, f"power/w{number}", image, f"t{count}", "latest")
                except Exception:
                    if cut.is_set():
                        return  # a dead disk: errors are what it must answer
                    raise
                if cut.is_set():
                    return  # perhaps answered after the cut, by a daemon that nobody will see again
                acked.add(f"power/w{number}", f"t{count}", image)
                if len(acked.images) >= wanted:
                    enough.set()
            client.close()

        def cutter():
            came = enough.wait(120)
            cut.set()
            self.assertTrue(came, f"only {len(acked.images)} pushes came through")
            self.between = time.monotonic() - acked.at
            disk.cut()

        run_threads([cutter] + [lambda n=number: write(n) for number in range(WRITERS)])

    def daemon_on(self, disk, daemon_class=Daemon):
        daemon = daemon_class(os.path.join(disk.mount_point, "data"), ["--log-level", "warning"], {"BERTH_DISK_RESERVE": "0", "BERTH_DISK_RESERVE_PERCENT": "0"}, accounts=self.accounts, orgs=self.orgs)
        daemon.log_path = os.path.join(disk.folder, "berth.log")
        self.addCleanup(daemon.kill)
        return daemon

    def lose_power(self, kind, number, daemon_class=Daemon):
        """One cut; the daemon runs again afterwards on what is left. (daemon, what was acknowledged, disk)"""
        disk = self.make_disk(kind, number)
        disk.power_on()
        daemon = self.daemon_on(disk, daemon_class)
        daemon.start()
        acked = Acked()
        self.write_until_cut(disk, daemon, acked, random.randint(20, 60))
        daemon.kill()
        disk.clear()
        disk.recover()
        return self.daemon_on(disk), acked, disk

    def losses(self, daemon, acked):
        """What was acknowledged and is not there, one line each."""
        lost = []
        try:
            daemon.start()
        except AssertionError as refused:
            return [f"does not start: {refused}"]
        client = daemon.client()
        for (repository, tag), image in sorted(acked.images.items(), key=lambda item: item[0]):
            try:
                digest = pull_image(client, repository, tag)
                if digest != image.digest:
                    lost.append(f"{repository}:{tag} is {digest}")
            except (AssertionError, OSError) as wrong:
                lost.append(f"{repository}:{tag}: {str(wrong)[:200]}")
        client.close()
        daemon.stop()
        return lost

    def survive(self, kind):
        total = 0
        for number in range(CUTS):
            daemon, acked, disk = self.lose_power(kind, number)
            self.assertEqual(self.losses(daemon, acked), [], f"cut {number} on {kind}\n{daemon.logs()[-3000:]}")
            done = run_tool([BINARY, "verify", "--data", daemon.directory], check=False)
            self.assertEqual(done.returncode, 0, (done.stdout + done.stderr).decode())
            total += len(acked.images)
            print(f"{kind}: cut {number + 1}, {len(acked.images)} images acknowledged, the last {self.between * 1000:.1f} ms before", flush=True)
            disk.clear()
        self.assertGreater(total, CUTS * 15)

    def test_ext4(self):
        self.survive("ext4")

    def test_xfs(self):
        self.survive("xfs")

    def test_a_drive_that_breaks_down(self):
        """Writes fail one after the other, the file system gives up; pushes are refused, nothing acknowledged is lost or called damaged."""
        for kind in ("ext4", "xfs"):
            with self.subTest(kind):
                self.break_drive(kind)

    def break_drive(self, kind):
        disk = self.make_disk(kind, "broken")
        disk.power_on()
        daemon = self.daemon_on(disk)
        daemon.start()
        client, images = daemon.client(), {}
        for number in range(10):
            images[f"t{number}"] = Image(f"broken/{kind}/{number}", layers=1)
            push_image(client, "broken/app", images[f"t{number}"], f"t{number}")
        disk.break_down()
        for number in range(5):
            refused = client.post(with_query("/v2/broken/app/blobs/uploads/", digest=digest_of(b"x%d" % number)), b"x%d" % number, OCTETS)
            self.assertIn(refused.status, (500, 503, 507), refused)
        health = client.get("/healthz")
        self.assertEqual(health.status, 503, health)
        self.assertTrue(health.json()["checks"]["content"]["good"], health)
        for tag, image in images.items():
            answer = client.get(f"/v2/broken/app/manifests/{tag}", ACCEPT_ALL)
            if answer.status == 200:
                self.assertEqual(answer.body, image.manifest)
            else:
                self.assertIn(answer.status, (500, 503), answer)
        client.close()
        daemon.kill()
        disk.cut()
        os.unlink(disk.trigger)
        disk.clear()
        disk.recover()
        again = self.daemon_on(disk)
        acked = Acked()
        for tag, image in images.items():
            acked.add("broken/app", tag, image)
        self.assertEqual(self.losses(again, acked), [])
        self.assertEqual(run_tool([BINARY, "verify", "--data", again.directory], check=False).returncode, 0)

    def test_without_syncs_something_is_lost(self):
        """The negative control: the same with syncs that do nothing."""
        daemon, acked, _ = self.lose_power("ext4", "control", SyncsNothing)
        lost = self.losses(daemon, acked)
        print(f"without syncs: {len(lost)} of {len(acked.images)} images lost", flush=True)
        self.assertNotEqual(lost, [], "nothing was lost although nothing was synced: this test cannot see a loss")


if __name__ == "__main__":
    unittest.main()
