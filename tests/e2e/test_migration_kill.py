"""A migration of the real binary, killed at each of its system calls (acceptance B3.8): the next start finishes it, and nothing is lost.

The data is made in format 1, as the first migration file alone makes it, with an image in it. The daemon is then started under strace,
which kills it at the N-th call of each kind that changes the disk, until N is beyond what a start needs.
"""

import os
import re
import shutil
import sqlite3
import time
import unittest
import zlib

from harness import BINARY, ROOT, SOAK, BerthTestCase, run_tool
from registry import IMAGE_MANIFEST, Image, digest_of, pull_image, push_image

APPLICATION_ID = 0x42525448
CALLS = ("pwrite64", "fdatasync", "fsync", "rename", "unlink", "ftruncate")
STEP = 1 if SOAK else 7  # of the writes, which are many; of the rest every one


def make_format_1(directory, image, repository, tag):
    """A data directory as a daemon of format 1 left it, by a kill: the image is in the write-ahead log or the file, as it comes."""
    os.makedirs(directory, mode=0o700)
    for blob in image.blobs:
        name = digest_of(blob).split(":")[1]
        folder = os.path.join(directory, "blobs", "sha256", name[:2])
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "wb") as file:
            file.write(blob)
    now = int(time.time() * 1e6)
    database = sqlite3.connect(os.path.join(directory, "catalog.sqlite"), isolation_level=None)
    with open(os.path.join(ROOT, "schemas", "sql", "0001_registry.sql"), encoding="utf-8") as schema:
        database.executescript(schema.read())
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute("PRAGMA user_version = 1")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("INSERT INTO repositories (id, name, created_at) VALUES (1, ?, ?)", (repository, now))
    for blob in image.blobs:
        database.execute("INSERT INTO blobs VALUES (?, ?, ?, ?)", (digest_of(blob), len(blob), now, now))
        database.execute("INSERT INTO repository_blobs VALUES (1, ?, ?)", (digest_of(blob), now))
    database.execute("INSERT INTO manifests VALUES (1, 1, ?, ?, ?, 0, ?, ?, NULL, '', ?)",
                     (image.digest, IMAGE_MANIFEST, len(image.manifest), "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.config.v1+json", now))
    database.execute("INSERT INTO manifest_bytes VALUES (1, ?, ?)", (image.manifest, zlib.crc32(image.manifest)))
    for blob in image.blobs:
        media_type = "application/vnd.oci.image.config.v1+json" if blob is image.config else "application/vnd.oci.image.layer.v1.tar"
        database.execute("INSERT INTO manifest_references VALUES (1, ?, 0, 1, ?, ?)", (digest_of(blob), len(blob), media_type))
    database.execute("INSERT INTO tags VALUES (1, ?, 1, ?)", (tag, now))
    database.execute("INSERT INTO tag_history (repository_id, tag, action, after_digest, at, principal) VALUES (1, ?, 0, ?, ?, 'open')", (tag, image.digest, now))
    database.close()


class MigrationKill(BerthTestCase):
    autostart = False
    time_limit = 3600 if SOAK else 600

    def test_killed_at_each_step(self):
        image = Image("migration", layers=2)
        origin = os.path.join(self.folder, "origin")
        make_format_1(origin, image, "old/app", "v1")
        newest = len([name for name in os.listdir(os.path.join(ROOT, "schemas", "sql")) if name.endswith(".sql")])
        self.assertGreater(newest, 1)
        kills = 0
        for call in CALLS:
            number = 1
            while self.killed_at(origin, call, number, image, newest):
                kills += 1
                number += STEP if call == "pwrite64" else 1
        print(f"{kills} kills of a start that migrates format 1 to {newest}", flush=True)
        self.assertGreater(kills, 10)

    def killed_at(self, origin, call, number, image, newest):
        """Whether the start came so far as to be killed."""
        shutil.rmtree(self.daemon.directory, ignore_errors=True)
        shutil.copytree(origin, self.daemon.directory)
        # -D: the tracer stands aside, and the pid is the daemon's. All threads count for themselves; a start's work is the main one's.
        self.daemon.prefix = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"]
        try:
            self.daemon.start()
            struck = False
        except AssertionError as ended:
            self.assertRegex(str(ended), r"exit -9\)")
            struck = True
        self.daemon.kill()
        self.daemon.prefix = ()
        where = f"killed at {call} {number}"
        self.assertLess(self.daemon.start(), 15, where)
        client = self.daemon.client()
        self.assertEqual(pull_image(client, "old/app", "v1"), image.digest, where)
        push_image(client, "old/app", Image("new", layers=1), "v2")
        client.close()
        self.assertEqual(self.daemon.stop(), 0)
        done = run_tool([BINARY, "verify", "--data", self.daemon.directory], check=False)
        self.assertEqual(done.returncode, 0, f"{where}: {done.stdout.decode()}")
        self.check_files(newest, where)
        return struck

    def check_files(self, newest, where):
        """The format is the newest, and the copy from before, if it has its name, is whole."""
        with sqlite3.connect(os.path.join(self.daemon.directory, "catalog.sqlite")) as database:
            self.assertEqual(database.execute("PRAGMA user_version").fetchone(), (newest,), where)
        database.close()
        kept = [name for name in os.listdir(self.daemon.directory) if re.fullmatch(r"catalog\.sqlite\.before-\d+", name)]
        self.assertIn("catalog.sqlite.before-1", kept, where)
        for name in kept:
            copy = sqlite3.connect(os.path.join(self.daemon.directory, name))
            self.assertEqual(copy.execute("PRAGMA integrity_check").fetchall(), [("ok",)], f"{where}: {name}")
            self.assertEqual(copy.execute("PRAGMA user_version").fetchone(), (int(name.rsplit("-", 1)[1]),), where)
            copy.close()

    def test_a_newer_format_is_refused_and_left_as_it_is(self):
        make_format_1(self.daemon.directory, Image("newer"), "old/app", "v1")
        path = os.path.join(self.daemon.directory, "catalog.sqlite")
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 4711")
        database.close()
        for command in (("serve", "--open", "--listen", "127.0.0.1:0"), ("verify",), ("backup", os.path.join(self.folder, "backup"))):
            done = run_tool([BINARY, *command, "--data", self.daemon.directory], check=False)
            self.assertEqual(done.returncode, 5 if command == ("verify",) else 2, done)
            self.assertIn(b"4711", done.stderr)
        with sqlite3.connect(path) as database:
            self.assertEqual(database.execute("PRAGMA user_version").fetchone(), (4711,))
        database.close()


if __name__ == "__main__":
    unittest.main()
