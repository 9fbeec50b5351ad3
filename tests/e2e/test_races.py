"""Many clients at once on one thing: a tag, a digest, an upload session."""

import os
import socket
import threading
import unittest

from harness import BerthTestCase, run_threads, status_of, wait_until, with_query
from registry import OCTETS, Image, digest_of, expect, left_by_uploads, pull_blob, pull_image, push_blob, push_image, put_manifest, random_bytes, start_upload

WRITERS = 64


def blob_files(daemon):
    """Names of the files under blobs/."""
    return [name for _, _, names in os.walk(os.path.join(daemon.directory, "blobs")) for name in names]


class Races(BerthTestCase):
    time_limit = 150
    orgs = ("race",)

    def together(self, count, job):
        """job(number, client) in `count` threads that start at one moment; their results in order."""
        barrier, results = threading.Barrier(count), [None] * count

        def one(number):
            client = self.daemon.client(timeout=60)
            barrier.wait(30)
            results[number] = job(number, client)
            client.close()

        run_threads([lambda n=n: one(n) for n in range(count)])
        return results

    def test_64_writers_on_one_tag(self):
        images = [Image(f"writer {n}", layers=1, layer_size=64) for n in range(WRITERS)]
        for image in images:
            for blob in image.blobs:
                push_blob(self.client, "race/tag", blob)
        for _ in range(3):
            results = self.together(WRITERS, lambda n, client: put_manifest(client, "race/tag", "latest", images[n].manifest).status)
            self.assertEqual(results, [201] * WRITERS)
            self.assertIn(pull_image(self.client, "race/tag", "latest"), {image.digest for image in images})
        self.assertEqual(self.client.get("/v2/race/tag/tags/list").json()["tags"], ["latest"])
        for image in images:  # the losers are untagged, not gone
            pull_image(self.client, "race/tag", image.digest)

    def test_if_match_lets_one_win(self):
        images = [Image(f"conditional {n}", layers=1, layer_size=64) for n in range(33)]
        for image in images:
            push_image(self.client, "race/if", image)
        expect(put_manifest(self.client, "race/if", "latest", images[32].manifest), 201)
        condition = {"If-Match": f'"{images[32].digest}"'}
        results = self.together(32, lambda n, client: put_manifest(client, "race/if", "latest", images[n].manifest, headers=condition).status)
        self.assertEqual(sorted(results), [201] + [412] * 31)
        self.assertEqual(pull_image(self.client, "race/if", "latest"), images[results.index(201)].digest)
        absent = {"If-None-Match": "*"}
        results = self.together(32, lambda n, client: put_manifest(client, "race/if", "new", images[n].manifest, headers=absent).status)
        self.assertEqual(sorted(results), [201] + [412] * 31)
        self.assertEqual(pull_image(self.client, "race/if", "new"), images[results.index(201)].digest)

    def test_32_uploads_of_one_digest_half_aborted(self):
        data = random_bytes("one digest", 1 << 20)
        digest, before = digest_of(data), len(blob_files(self.daemon))

        def upload(number, client):
            repository = f"race/blob{number % 4}"
            location = start_upload(client, repository)
            if number % 2 == 0:
                return expect(client.put(with_query(location, digest=digest), data, OCTETS), 201).status
            head = f"PUT {with_query(location, digest=digest)} HTTP/1.1\r\nHost: {self.daemon.authority}\r\n{self.daemon.authorization_line}Content-Type: application/octet-stream\r\nContent-Length: {len(data)}\r\n\r\n"
            with socket.create_connection(("127.0.0.1", self.daemon.port)) as connection:
                connection.sendall(head.encode() + data[: len(data) // 2])
            return location

        results = self.together(32, upload)
        self.assertEqual(results[0::2], [201] * 16)
        self.assertEqual(len(blob_files(self.daemon)), before + 1)
        for number in range(0, 4, 2):
            self.assertEqual(pull_blob(self.client, f"race/blob{number}", digest), data)
        # The aborted sessions are still theirs: they can be cancelled (or are gone), and then nothing is left of them.
        for location in results[1::2]:
            wait_until(lambda target=location: self.client.delete(target).status in (204, 404), 30, "an aborted session can be cancelled")
        self.assertEqual(left_by_uploads(self.daemon.directory), [])
        self.assertEqual(len(blob_files(self.daemon)), before + 1)
        self.assertTrue(self.daemon.alive())

    def test_two_patches_on_one_session_at_once(self):
        data = [random_bytes("first", 200_000), random_bytes("second", 200_000)]
        for _ in range(20):
            location = start_upload(self.client, "race/patch")
            headers = {**OCTETS, "Content-Range": f"0-{len(data[0]) - 1}"}
            results = self.together(2, lambda n, client, at=location: client.patch(at, data[n], headers))
            accepted = [n for n in (0, 1) if results[n].status == 202]
            self.assertEqual(len(accepted), 1, results)
            self.assert_oci_error(results[1 - accepted[0]], (409, 416))
            done = self.client.put(with_query(location, digest=digest_of(data[accepted[0]])), b"", OCTETS)
            self.assertEqual(done.status, 201, repr(done))
            self.assertEqual(pull_blob(self.client, "race/patch", digest_of(data[accepted[0]])), data[accepted[0]])

    def test_second_patch_while_the_first_is_under_way(self):
        data = random_bytes("slow", 1_200_000)
        location = start_upload(self.client, "race/slow")
        head = f"PATCH {location} HTTP/1.1\r\nHost: {self.daemon.authority}\r\n{self.daemon.authorization_line}Content-Type: application/octet-stream\r\nContent-Length: {len(data)}\r\nContent-Range: 0-{len(data) - 1}\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=30) as first:
            first.sendall(head.encode() + data[:1_000_000])
            wait_until(lambda: (self.client.get(location).header("Range") or "0-0") not in ("0-0", "0--1"), 20, "bytes of the first have arrived")
            second = self.client.patch(location, data, {**OCTETS, "Content-Range": f"0-{len(data) - 1}"})
            self.assert_oci_error(second, (409, 416))
            finishing = self.client.put(with_query(location, digest=digest_of(data)), b"", OCTETS)
            self.assert_oci_error(finishing, (409, 416))
            first.sendall(data[1_000_000:])
            received = b""
            while piece := first.recv(65536):
                received += piece
        self.assertEqual(status_of(received), 202, received)
        expect(self.client.put(with_query(location, digest=digest_of(data)), b"", OCTETS), 201)
        self.assertEqual(pull_blob(self.client, "race/slow", digest_of(data)), data)

    def test_an_upload_belongs_to_its_repository(self):
        location = start_upload(self.client, "race/mine")
        theirs = location.replace("/race/mine/", "/race/theirs/")
        self.assertNotEqual(theirs, location)
        for method in ("GET", "PATCH", "PUT", "DELETE"):
            target = with_query(theirs, digest=digest_of(b"x")) if method == "PUT" else theirs
            self.assert_oci_error(self.client.request(method, target, b"x" if method in ("PATCH", "PUT") else None, OCTETS), 404, "BLOB_UPLOAD_UNKNOWN")
        expect(self.client.get(location), 204)


if __name__ == "__main__":
    unittest.main()
