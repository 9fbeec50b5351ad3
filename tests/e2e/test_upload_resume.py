"""A large upload by curl that is cut, outlives kill -9 of the daemon, goes on where it stopped, and comes back equal.

200 MiB; 6 GiB with BERTH_SOAK=1.
"""

import hashlib
import os
import re
import subprocess
import unittest

from harness import SOAK, BerthTestCase, end_process, start_process, target_of, wait_until, with_query
from registry import OCTETS, expect, left_by_uploads, random_bytes, start_upload

MIB = 1 << 20
SIZE = 6 * 1024 * MIB if SOAK else 200 * MIB
FIRST = 8 * MIB
RATE = "400M" if SOAK else "60M"
RSS_LIMIT = 96 * MIB


class UploadResume(BerthTestCase):
    time_limit = 3600 if SOAK else 300
    orgs = ("big",)

    def make_blob(self):
        """The file and its digest. No two MiB of it are equal, so that a lost or doubled piece shows."""
        path, block, sha = os.path.join(self.folder, "blob"), random_bytes("upload", MIB), hashlib.sha256()
        with open(path, "wb") as file:
            for number in range(SIZE // MIB):
                piece = number.to_bytes(8, "big") + block[8:]
                sha.update(piece)
                file.write(piece)
        return path, "sha256:" + sha.hexdigest()

    def curl_patch(self, location, path, offset, rate):
        """curl that sends the file from `offset` to its end as one chunk, no faster than `rate` a second."""
        with open(path, "rb") as file:
            file.seek(offset)
            return start_process(
                ["curl", "-sS", "-X", "PATCH", "-T", "-", "--limit-rate", rate, "-o", "/dev/null", "-w", "%{http_code}", "-H", "Expect:",
                 *self.daemon.authorization_option, "-H", "Content-Type: application/octet-stream", "-H", f"Content-Range: {offset}-{SIZE - 1}", self.daemon.url + location],
                stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def offset(self, location):
        """(where the upload stands, where to go on) by GET status."""
        answer = expect(self.daemon.client().get(location), 204)
        match = re.fullmatch(r"0-(-?\d+)", answer.header("Range") or "")
        self.assertIsNotNone(match, repr(answer))
        return int(match.group(1)) + 1, target_of(answer.header("Location"))

    def wait_for_bytes(self, location, count):
        wait_until(lambda: self.offset(location)[0] >= count, 300 if SOAK else 60, f"{count} bytes arrived")

    def test_cut_kill_and_resume(self):
        path, digest = self.make_blob()
        location = start_upload(self.client, "big/blob")

        # What was answered 202 is there after kill -9, to the byte.
        with open(path, "rb") as file:
            answer = expect(self.client.patch(location, file.read(FIRST), {**OCTETS, "Content-Range": f"0-{FIRST - 1}"}), 202)
        self.assertEqual(answer.header("Range"), f"0-{FIRST - 1}")
        self.daemon.kill()
        self.daemon.start()
        offset, location = self.offset(target_of(answer.header("Location")))
        self.assertEqual(offset, FIRST)

        # curl is cut in the middle of its chunk: the connection ends, what came is kept.
        curl = self.curl_patch(location, path, FIRST, RATE)
        self.wait_for_bytes(location, SIZE // 4)
        self.assertIsNone(curl.poll(), "curl ended before it was cut")
        end_process(curl)
        offset = wait_until(lambda: self.settled_offset(location), 30, "the cut upload is at rest")
        self.assertTrue(SIZE // 4 <= offset < SIZE, offset)

        # Now the daemon itself dies while bytes flow.
        curl = self.curl_patch(location, path, offset, RATE)
        self.wait_for_bytes(location, SIZE // 2)
        self.daemon.kill()
        curl.communicate(timeout=30)
        end_process(curl)
        seconds = self.daemon.start()
        self.assertLess(seconds, 5)
        offset, location = self.offset(location)
        self.assertTrue(SIZE // 2 <= offset <= SIZE, offset)

        # A wrong offset is refused and changes nothing; the right one goes on to the end.
        wrong = self.daemon.client().patch(location, b"x" * 10, {**OCTETS, "Content-Range": f"{offset + 1}-{offset + 10}"})
        self.assert_oci_error(wrong, 416)
        self.assertEqual(self.offset(location)[0], offset)
        if offset < SIZE:
            curl = self.curl_patch(location, path, offset, "2G")
            status, errors = curl.communicate(timeout=900)
            end_process(curl)
            self.assertEqual((status, errors), (b"202", b""))
        self.assertEqual(self.offset(location)[0], SIZE)
        client = self.daemon.client(timeout=600)
        expect(client.put(with_query(location, digest=digest), b"", OCTETS), 201)

        self.assertEqual(self.pulled_digest(digest), digest)
        self.assert_oci_error(client.get(location), 404, "BLOB_UPLOAD_UNKNOWN")
        self.assertEqual(left_by_uploads(self.daemon.directory), [])
        self.assertLess(self.daemon.peak_rss(), RSS_LIMIT)
        self.daemon.restart()
        self.assertEqual(self.pulled_digest(digest), digest)

    def settled_offset(self, location):
        """The offset once no request writes to the session: an empty piece is then taken."""
        if self.daemon.client().patch(location, b"", OCTETS).status != 202:
            return None
        return self.offset(location)[0]

    def pulled_digest(self, digest):
        curl = start_process(["curl", "-sSf", *self.daemon.authorization_option, f"{self.daemon.url}/v2/big/blob/blobs/{digest}"], stdout=subprocess.PIPE)
        sha, size = hashlib.sha256(), 0
        while piece := curl.stdout.read(MIB):
            sha.update(piece)
            size += len(piece)
        curl.stdout.close()
        curl.wait(30)
        self.assertEqual((end_process(curl), size), (0, SIZE))
        return "sha256:" + sha.hexdigest()


if __name__ == "__main__":
    unittest.main()
