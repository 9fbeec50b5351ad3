"""Input that is too much, too deep, or not what it says (acceptance B3.21, B3.22, B3.23)."""

import json
import os
import random
import re
import time
import unittest

from harness import BerthTestCase, exchange_raw, status_of, with_query
from registry import (ACCEPT_ALL, DOCKER_MANIFEST, IMAGE_CONFIG, IMAGE_INDEX, IMAGE_MANIFEST, LAYER, OCTETS, Image, descriptor, digest_of, dump, expect,
                      pull_image, push_blob, push_image, put_manifest, start_upload)

MIB = 1 << 20
RSS_GROWTH = 20 * MIB
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"


def tree_of(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder) for at, folders, files in os.walk(folder) for name in folders + files)


class Limits(BerthTestCase):
    """B3.21: each is refused with the right status, and none costs memory."""

    orgs = ("limits",)

    def setUp(self):
        super().setUp()
        self.image = Image("limits")
        push_image(self.client, "limits/a", self.image, "1", "2")
        for _ in range(50):  # so that what is measured below is not the daemon's own first growth
            pull_image(self.client, "limits/a", "1")
        put_manifest(self.client, "limits/a", "big", dump({"schemaVersion": 2, "pad": "x" * (4 * MIB - 100)}))

    def peak_growth(self, action):
        with open(f"/proc/{self.daemon.process.pid}/clear_refs", "w", encoding="ascii") as reset:
            reset.write("5")  # VmHWM starts again from what is resident now
        before = self.daemon.rss()
        action()
        growth = self.daemon.peak_rss() - before
        self.assertLess(growth, RSS_GROWTH, f"grew by {growth / MIB:.1f} MiB")
        self.assertTrue(self.daemon.alive())
        self.assert_status(self.client.get("/readyz"), 200)

    def raw(self, text, body=b""):
        received = exchange_raw(self.daemon.port, text.replace("HOST\r\n", f"{self.daemon.authority}\r\n{self.daemon.authorization_line}").encode() + body, seconds=20)
        return status_of(received), received

    def assert_raw(self, statuses, text, body=b""):
        status, received = self.raw(text, body)
        self.assertIn(status, statuses, received[:2000])
        if status >= 400 and " /v2/" in text:
            document = json.loads(received.split(b"\r\n\r\n", 1)[1])
            self.assertTrue(document["errors"][0]["code"], document)

    def test_page_sizes(self):
        def ask():
            for target in ("/v2/limits/a/tags/list", "/v2/_catalog", "/v2/limits/a/referrers/" + self.image.digest):
                for number in ("1000000000", "4294967296", "9223372036854775807", "18446744073709551616", "9" * 400, ""):
                    self.assert_status(self.client.get(f"{target}?n={number}"), 200, 400)
                for number in ("-1", "1.5", "0x10", "abc", " 1"):
                    self.assert_oci_error(self.client.get(f"{target}?n={number.replace(' ', '%20')}"), 400)

        self.peak_growth(ask)
        self.assertEqual(self.client.get("/v2/limits/a/tags/list?n=1000000000").json()["tags"], ["1", "2"])
        self.assertEqual(self.client.get("/v2/limits/a/tags/list?n=0").json()["tags"] or [], [])

    def test_manifest_of_5_mib(self):
        body = dump({"schemaVersion": 2, "mediaType": IMAGE_MANIFEST, "annotations": {"pad": "x" * (5 * MIB)}})
        head = f"PUT /v2/limits/a/manifests/big HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nContent-Type: {IMAGE_MANIFEST}\r\n"

        def push():
            self.assert_raw((413,), f"{head}Content-Length: {len(body)}\r\n\r\n", body)
            self.assert_raw((413,), f"{head}Content-Length: {1 << 40}\r\n\r\n", body[:1000])
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 65536]), body[i:i + 65536]) for i in range(0, len(body), 65536))
            self.assert_raw((413,), f"{head}Transfer-Encoding: chunked\r\n\r\n", chunks + b"0\r\n\r\n")
            self.assert_raw((413,), f"{head}Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n")

        self.peak_growth(push)

    def test_manifest_of_4_mib_is_taken(self):
        document = json.loads(self.image.manifest)
        document["annotations"] = {"pad": ""}
        document["annotations"]["pad"] = "x" * (4 * MIB - len(dump(document)))
        body = dump(document)
        self.assertEqual(len(body), 4 * MIB)
        self.assert_status(put_manifest(self.client, "limits/a", "large", body), 201)
        self.assertEqual(self.client.get("/v2/limits/a/manifests/large", ACCEPT_ALL).body, body)
        self.assert_oci_error(put_manifest(self.client, "limits/a", "large", body + b" "), 413)

    def test_many_layers_and_deep_json(self):
        layer = json.dumps(descriptor(self.image.layers[0], LAYER), separators=(",", ":"))
        head = '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[' % (IMAGE_MANIFEST, json.dumps(descriptor(self.image.config, IMAGE_CONFIG)))
        bodies = {
            "100,000 layers": (head + ",".join([layer] * 100_000) + "]}", (413,)),
            "100,000 empty layers": (head + ",".join(["{}"] * 100_000) + "]}", (400,)),
            "100,000 numbers as layers": (head + ",".join(["0"] * 100_000) + "]}", (400,)),
            "depth 10,000 of arrays": ("[" * 10_000, (400,)),
            "depth 10,000, closed": ("[" * 10_000 + "]" * 10_000, (400,)),
            "depth 10,000 of objects": ('{"a":' * 10_000 + "1" + "}" * 10_000, (400,)),
            "depth 10,000 in an annotation": (head + ']},"annotations":{"a":' + "[" * 10_000 + "]" * 10_000 + "}}", (400,)),
            "2,000,000 empty arrays": ("[" + ",".join(["[]"] * 1_000_000) + "]", (400,)),
            "a long number": ('{"schemaVersion":' + "9" * 1_000_000 + "}", (400,)),
        }

        def push():
            for name, (body, statuses) in bodies.items():
                with self.subTest(name):
                    self.assert_oci_error(put_manifest(self.client, "limits/a", "x", body.encode()), statuses)

        self.peak_growth(push)

    def test_large_headers(self):
        def send():
            self.assert_raw((431,), "GET /v2/ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nX-Large: " + "x" * 65536 + "\r\n\r\n")
            self.assert_raw((431,), "GET /v2/ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n" + "".join(f"X-{n}: {n}\r\n" for n in range(5000)) + "\r\n")
            self.assert_raw((414, 431), "GET /v2/" + "a/" * 40_000 + "tags/list HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n")
            self.assert_raw((431,), "GET /v2/ HTTP/1.1\r\nHost: HOST\r\nX-Never-Ending: " + "x" * MIB)

        self.peak_growth(send)

    def test_many_ranges(self):
        data = b"r" * 2048
        digest = push_blob(self.client, "limits/a", data)
        target = f"/v2/limits/a/blobs/{digest}"

        def ask():
            many = "bytes=" + ",".join(["0-0"] * 10_000)
            self.assert_raw((431, 200), f"GET {target} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nRange: {many}\r\n\r\n")
            fitting = self.assert_status(self.client.get(target, {"Range": "bytes=" + ",".join(f"{n}-{n}" for n in range(2000))}), 200)
            self.assertEqual(fitting.body, data)
            for odd in ("bytes=0-" + "9" * 400, "bytes=-" + "9" * 400, "bytes=" + "9" * 400 + "-", "bytes=5-1", "bytes=a-b", "bytes=--1", "bites=0-1", "bytes=", "bytes=0-0-0"):
                self.assertIn(self.client.get(target, {"Range": odd}).status, (200, 206, 416), odd)

        self.peak_growth(ask)

    def test_many_parameters(self):
        def ask():
            self.assert_status(put_manifest(self.client, "limits/a", self.image.digest + "?" + "&".join(f"tag=t{n}" for n in range(10)), self.image.manifest), 201)
            crowd = "&".join(f"tag=t{n}" for n in range(3000))
            self.assert_raw((400, 414), f"PUT /v2/limits/a/manifests/{self.image.digest}?{crowd} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n"
                            f"Content-Type: {IMAGE_MANIFEST}\r\nContent-Length: {len(self.image.manifest)}\r\n\r\n", self.image.manifest)
            self.assert_status(self.client.get("/v2/limits/a/tags/list?" + "&".join(f"x{n}=1" for n in range(3000))), 200, 400)

        self.peak_growth(ask)


NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")
UPLOAD = re.compile(r"[0-9a-f]{32}")
EVIL = ["..", ".", "...", "../..", "..%2f..", "%2e%2e", "%2e%2e%2f", "%252e%252e", "%c0%ae%c0%ae", "%00", "a%00b", "%0d%0a", "%2f", "%5c", "..\\..", "\\",
        "a//b", "/a", "//", "a/./b", "a/../b", "~root", "$HOME", "`id`", "$(id)", "|id", ";id", "a b", "a%20b", "A", "aB", "LATEST", "a..b", "a.-b", "-a", "a-", ".a", "a.",
        "_a", "a___b", "a__", "é", "а", "a\u200b", "a\u202e", "\uff0e\uff0e", "ａ", "CON", "a:b", "a@b", "a,b", "a'b", 'a"b', "a<b>", "a*b", "a?b", "a#b", "a[b]", "a{b}",
        "\x7f", "%ff", "\u00ad", "catalog.sqlite", "../catalog.sqlite", "../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "blobs", "uploads/../x", "lock", "a" * 300,
        "a/" * 200 + "a", "0" * 129, "sha256:", "sha256:" + "0" * 63, "sha256:" + "0" * 65, "sha256:" + "G" * 64, "SHA256:" + "0" * 64, "sha256:" + "A" * 64,
        "sha256:../" + "0" * 61, "sha512:" + "0" * 64, "md5:" + "0" * 32, "sha256-" + "0" * 64, "sha256:sha256:" + "0" * 64, ":" * 10, "sha256:%2e%2e",
        "sha256:" + "0" * 32 + "/../" + "0" * 28, "0" * 32 + "/..", "../uploads", "0" * 31, "0" * 33, "F" * 32, "0" * 32 + "%00", "v2", "api", "hf", "ui", "no-org", "users"]
PLACES = [
    ("GET", "/v2/{}/manifests/latest", NAME), ("HEAD", "/v2/{}/manifests/latest", NAME), ("PUT", "/v2/{}/manifests/latest", NAME), ("DELETE", "/v2/{}/manifests/latest", NAME),
    ("POST", "/v2/{}/blobs/uploads/", NAME), ("GET", "/v2/{}/tags/list", NAME), ("GET", "/v2/{}/blobs/sha256:" + "0" * 64, NAME), ("GET", "/v2/{}/referrers/sha256:" + "0" * 64, NAME),
    ("GET", "/v2/limits/a/manifests/{}", TAG), ("PUT", "/v2/limits/a/manifests/{}", TAG), ("DELETE", "/v2/limits/a/manifests/{}", TAG),
    ("GET", "/v2/limits/a/blobs/{}", DIGEST), ("DELETE", "/v2/limits/a/blobs/{}", DIGEST), ("GET", "/v2/limits/a/referrers/{}", DIGEST),
    ("POST", "/v2/limits/a/blobs/uploads/?digest={}", DIGEST), ("POST", "/v2/limits/a/blobs/uploads/?mount={}&from=limits/a", DIGEST),
    ("POST", "/v2/limits/a/blobs/uploads/?mount=sha256:" + "0" * 64 + "&from={}", NAME),
    ("GET", "/v2/limits/a/blobs/uploads/{}", UPLOAD), ("PATCH", "/v2/limits/a/blobs/uploads/{}", UPLOAD), ("PUT", "/v2/limits/a/blobs/uploads/{}?digest=sha256:" + "0" * 64, UPLOAD),
    ("DELETE", "/v2/limits/a/blobs/uploads/{}", UPLOAD), ("GET", "/{}", None), ("GET", "/v2/../{}", None), ("PUT", "/v2/{}", None),
]


class Names(BerthTestCase):
    """B3.22: 5,000 names, references and paths that are none: 400 or 404, and nothing appears on the disk."""

    orgs = ("limits",)
    seed = os.environ.get("BERTH_SEED") or "names"
    count = 5000

    def variant(self, choices):
        text = choices.choice(EVIL)
        for _ in range(choices.choice([0, 0, 1, 1, 2])):
            other = choices.choice(EVIL + ["a", "b/c", "limits"])
            text = choices.choice([text + "/" + other, other + "/" + text, text + other, other + text])
        return text

    def requests(self):
        choices, seen = random.Random(self.seed), set()
        while len(seen) < self.count:
            method, template, valid = choices.choice(PLACES)
            text = self.variant(choices)
            # What is well-formed after all has another answer, and is another test's.
            if text in ("v2", "api", "ui", "users") and valid is None or len(text) > 6000:
                continue
            plain = text.split("?")[0].split("#")[0]
            if valid is not None and (valid.fullmatch(plain) or (valid is TAG and DIGEST.fullmatch(plain))) and plain.split("/")[0] not in ("v2", "api", "hf", "ui", "no-org", "users"):
                continue
            if (method, template, text) not in seen:
                seen.add((method, template, text))
                yield method, template.format(text), text

    def test_5000_names_that_are_none(self):
        push_image(self.client, "limits/a", Image("names"), "1")
        start_upload(self.client, "limits/a")
        before, outside = tree_of(self.daemon.directory), tree_of(self.folder)
        counts, wrong = {}, []
        began = time.monotonic()
        for method, target, _ in self.requests():
            raw = f"{method} {target} HTTP/1.1\r\nHost: {self.daemon.authority}\r\n{self.daemon.authorization_line}Connection: close\r\nContent-Type: {IMAGE_MANIFEST}\r\nContent-Length: 0\r\n\r\n"
            received = exchange_raw(self.daemon.port, raw.encode("utf-8", errors="surrogatepass"), seconds=10)
            status = status_of(received)
            counts[status] = counts.get(status, 0) + 1
            if status not in (400, 404) and not self.is_another_request(method, target, status):
                wrong.append((method, target[:200], status, received[:200]))
        print(f"names: {counts} in {time.monotonic() - began:.1f} s", flush=True)
        self.assertEqual(wrong[:20], [], f"{len(wrong)} wrong")
        self.assertEqual(tree_of(self.daemon.directory), before)
        self.assertEqual(tree_of(self.folder), outside)
        self.assertEqual(self.client.get("/v2/_catalog").json()["repositories"], ["limits/a"])
        self.assertTrue(self.daemon.alive())

    @staticmethod
    def is_another_request(method, target, status):
        """A variant with ? or # or / in it may be a request for something else that exists, with another method."""
        path = target.split("?")[0].split("#")[0]
        if status == 405:
            return True  # a route, but not with this method; nothing was done
        if status in (414, 431):
            return len(target) > 2000
        return status == 200 and method in ("GET", "HEAD") and path in ("/v2/", "/v2")


class Confusion(BerthTestCase):
    """B3.23: manifests that two readers would read differently, or that name what is not here."""

    orgs = ("limits",)

    def setUp(self):
        super().setUp()
        self.image = Image("confusion")
        push_image(self.client, "limits/c", self.image, "good")
        self.good = json.loads(self.image.manifest)
        self.index = {"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": [descriptor(self.image.manifest, IMAGE_MANIFEST)]}

    def refused(self, name, body, status=400, codes=("MANIFEST_INVALID",), media_type=IMAGE_MANIFEST, reference="bad"):
        with self.subTest(name):
            answer = put_manifest(self.client, "limits/c", reference, body if isinstance(body, bytes) else dump(body), media_type)
            self.assert_oci_error(answer, status, *codes)
            message = answer.json()["errors"][0]["message"]
            self.assertGreater(len(message), 10, message)
            self.assert_oci_error(self.client.get("/v2/limits/c/manifests/bad"), 404, "MANIFEST_UNKNOWN")

    def test_two_readings_of_one_document(self):
        good, index = self.good, self.index
        self.refused("manifests beside layers", {**good, "manifests": index["manifests"]})
        self.refused("layers beside manifests", {**index, "layers": good["layers"]}, media_type=IMAGE_INDEX)
        self.refused("config beside manifests", {**index, "config": good["config"]}, media_type=IMAGE_INDEX)
        self.refused("mediaType says index, Content-Type image", {**good, "mediaType": IMAGE_INDEX})
        self.refused("mediaType says image, Content-Type index", good, media_type=IMAGE_INDEX)
        self.refused("mediaType says image, Content-Type Docker", good, media_type=DOCKER_MANIFEST)
        self.refused("an index called an image, without mediaType", {"schemaVersion": 2, "manifests": index["manifests"]})
        self.refused("an image called an index, without mediaType", {k: v for k, v in good.items() if k != "mediaType"}, media_type=IMAGE_INDEX)
        text = self.image.manifest.decode()
        self.refused("two configs", text.replace('"layers":', '"config":' + json.dumps(good["config"]) + ',"layers":').encode())
        self.refused("two layers lists", text.replace('"layers":', '"layers":[],"layers":').encode())
        self.refused("two digests in a descriptor", text.replace('"size":', '"digest":"%s","size":' % digest_of(b"other"), 1).encode())
        self.refused("the same key, once escaped", text.replace('"layers":', '"\\u006cayers":[],"layers":').encode())
        self.refused("two keys in an annotation", dump({**good, "annotations": {"a": "1"}}).replace(b'"a":"1"', b'"a":"1","a":"2"'))

    def test_not_json_or_not_a_manifest(self):
        good, text = self.good, self.image.manifest
        for name, body in {
            "nothing": b"", "not JSON": b"hello", "a list": b"[]", "a number": b"1", "null": b"null", "an empty object": b"{}", "cut": text[:-1], "something after it": text + b"x",
            "two documents": text + text, "a byte order mark": b"\xef\xbb\xbf" + text, "UTF-16": text.decode().encode("utf-16"), "bad UTF-8": text.replace(b"linux", b"lin\xff\xfe"),
            "bad UTF-8 in an annotation": dump({**good, "annotations": {"a": "X"}}).replace(b'"X"', b'"\xc3\x28"'), "a comment": text.replace(b"{", b"{/**/", 1), "NaN": text.replace(b'"size":', b'"size":NaN,"x":', 1),
            "a trailing comma": text[:-1] + b",}", "single quotes": text.replace(b'"', b"'"),
        }.items():
            if name != "bad UTF-8":
                self.refused(name, body)

    def test_fields_of_the_wrong_form(self):
        good = self.good

        def changed(**change):
            return {**good, "config": {**good["config"], **change}}

        for name, body in {
            "schemaVersion 1": {**good, "schemaVersion": 1}, "schemaVersion text": {**good, "schemaVersion": "2"}, "schemaVersion 2.5": {**good, "schemaVersion": 2.5},
            "no schemaVersion": {k: v for k, v in good.items() if k != "schemaVersion"}, "no config": {k: v for k, v in good.items() if k != "config"}, "config null": {**good, "config": None},
            "layers an object": {**good, "layers": {}}, "layers of numbers": {**good, "layers": [1]}, "layers of null": {**good, "layers": [None]},
            "size negative": changed(size=-1), "size text": changed(size="1"), "size a fraction": changed(size=1.5), "size over 2^64": changed(size=2 ** 64), "no size": {**good, "config": {k: v for k, v in good["config"].items() if k != "size"}},
            "mediaType a number": {**good, "mediaType": 1}, "annotation a number": {**good, "annotations": {"a": 1}}, "annotations a list": {**good, "annotations": []},
            "subject text": {**good, "subject": "sha256:" + "0" * 64}, "artifactType a list": {**good, "artifactType": []},
        }.items():
            self.refused(name, body)
        for name, digest in {"digest upper case": good["config"]["digest"].upper(), "digest short": "sha256:00", "digest of md5": "md5:" + "0" * 32, "digest a path": "sha256:../../../etc/passwd",
                             "digest a number": 1, "digest with a space": good["config"]["digest"] + " "}.items():
            self.refused(name, changed(digest=digest), codes=("MANIFEST_INVALID", "DIGEST_INVALID"))

    def test_content_that_is_not_here(self):
        missing = descriptor(b"not here", LAYER)
        unknown = {"status": (400, 404), "codes": ("MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN")}
        self.refused("a missing layer", {**self.good, "layers": [*self.good["layers"], missing]}, **unknown)
        self.refused("a missing config", {**self.good, "config": {**missing, "mediaType": IMAGE_CONFIG}}, **unknown)
        self.refused("a missing child", {**self.index, "manifests": [descriptor(b"{}x", IMAGE_MANIFEST)]}, media_type=IMAGE_INDEX, **unknown)
        self.refused("a blob as a child", {**self.index, "manifests": [descriptor(self.image.config, IMAGE_MANIFEST)]}, media_type=IMAGE_INDEX, **unknown)
        # A blob of another repository is not here either (no look across repositories).
        elsewhere = push_blob(self.client, "limits/other", b"elsewhere")
        self.refused("a layer of another repository", {**self.good, "layers": [descriptor(b"elsewhere", LAYER)]}, **unknown)
        self.assert_oci_error(self.client.get(f"/v2/limits/c/blobs/{elsewhere}"), 404, "BLOB_UNKNOWN")
        answer = put_manifest(self.client, "limits/c", "bad", dump({**self.good, "layers": [missing]}))
        self.assertIn(missing["digest"], json.dumps(answer.json()))

    def test_loops_and_wrong_digests(self):
        # An index cannot name itself: it would have to know its own digest. What comes closest is naming one that is not here.
        self.refused("wrong digest in the path", self.good, reference="sha256:" + "0" * 64, codes=("DIGEST_INVALID",))
        self.refused("a space at the end changes the digest", self.image.manifest + b"  ", reference=self.image.digest, codes=("DIGEST_INVALID",))
        self.refused("sha512 in the path of other bytes", self.good, reference="sha512:" + "0" * 128, codes=("DIGEST_INVALID",))
        first = dump({**self.index, "annotations": {"level": "1"}})
        self.assert_status(put_manifest(self.client, "limits/c", digest_of(first), first, IMAGE_INDEX), 201)
        second = dump({**self.index, "manifests": [descriptor(first, IMAGE_INDEX)], "subject": descriptor(first, IMAGE_INDEX)})
        self.assert_status(put_manifest(self.client, "limits/c", "nested", second, IMAGE_INDEX), 201)

    def test_types_that_are_no_manifest(self):
        for media_type in ("application/json", "text/plain", "application/octet-stream", "application/vnd.unknown.manifest+json", "", "a/b/c", "application/vnd.oci.image.manifest.v2+json"):
            answer = self.client.put("/v2/limits/c/manifests/bad", self.image.manifest, {"Content-Type": media_type} if media_type else {})
            with self.subTest(media_type):
                # The document's own mediaType may speak for a missing or general type; a type that contradicts it may not.
                if answer.status == 201:
                    self.assertIn(media_type, ("", "application/json", "application/octet-stream"))
                    self.assertEqual(self.client.get("/v2/limits/c/manifests/bad").header("Content-Type"), IMAGE_MANIFEST)
                    self.assert_status(self.client.delete("/v2/limits/c/manifests/bad"), 202)
                else:
                    self.assert_oci_error(answer, (400, 415), "MANIFEST_INVALID")
        schema1 = dump({"schemaVersion": 1, "name": "a", "tag": "b", "architecture": "amd64", "fsLayers": [], "history": []})
        for media_type in (SCHEMA1, "application/vnd.docker.distribution.manifest.v1+json"):
            with self.subTest("schema 1 as " + media_type):
                answer = put_manifest(self.client, "limits/c", "bad", schema1, media_type)
                self.assert_oci_error(answer, 400, "MANIFEST_INVALID")
                self.assertIn("schema", answer.json()["errors"][0]["message"].lower())

    def test_type_and_bytes_stay_what_was_pushed(self):
        odd = json.dumps(self.good, indent=3, ensure_ascii=False).encode() + b"\n\n"
        self.assert_status(put_manifest(self.client, "limits/c", "odd", odd, IMAGE_MANIFEST + "; charset=utf-8"), 201)
        for accept in (None, "*/*", IMAGE_MANIFEST, DOCKER_MANIFEST, "text/html", IMAGE_INDEX):
            answer = self.assert_status(self.client.get("/v2/limits/c/manifests/odd", {"Accept": accept} if accept else {}), 200)
            self.assertEqual((answer.header("Content-Type"), answer.body), (IMAGE_MANIFEST, odd), accept)
        again = put_manifest(self.client, "limits/c", "odd", odd, DOCKER_MANIFEST)
        self.assert_oci_error(again, 400, "MANIFEST_INVALID")
        self.assertEqual(self.client.get("/v2/limits/c/manifests/odd").header("Content-Type"), IMAGE_MANIFEST)

    def test_uploads_that_lie(self):
        location = start_upload(self.client, "limits/c")
        self.assert_oci_error(self.client.put(with_query(location, digest=digest_of(b"a")), b"b", OCTETS), 400, "DIGEST_INVALID")
        self.assert_oci_error(self.client.get(f"/v2/limits/c/blobs/{digest_of(b'a')}"), 404, "BLOB_UNKNOWN")
        self.assert_oci_error(self.client.get(f"/v2/limits/c/blobs/{digest_of(b'b')}"), 404, "BLOB_UNKNOWN")
        self.assert_oci_error(self.client.post(f"/v2/limits/c/blobs/uploads/?digest={digest_of(b'a')}", b"b", OCTETS), 400, "DIGEST_INVALID")
        location = start_upload(self.client, "limits/c")
        self.assert_oci_error(self.client.put(location, b"b", OCTETS), 400, "DIGEST_INVALID")
        for value in ("5-9", "1-", "-1", "a-b", "0-99999999999999999999", "0-5"):
            answer = self.client.patch(location, b"b", {**OCTETS, "Content-Range": value})
            self.assertIn(answer.status, (400, 416), f"{value}: {answer}")
            self.assertTrue(answer.error_code())
        expect(self.client.patch(location, b"b", {**OCTETS, "Content-Range": "0-0"}), 202)
        expect(self.client.put(with_query(location, digest=digest_of(b"b")), b"", OCTETS), 201)


if __name__ == "__main__":
    unittest.main()
