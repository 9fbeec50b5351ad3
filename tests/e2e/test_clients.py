"""skopeo, crane and oras: what each pushes, the others pull, to the byte and to the digest."""

import json
import os
import shutil
import unittest

from harness import BerthTestCase, run_tool
from registry import IMAGE_INDEX, IMAGE_MANIFEST, Image, digest_of, dump, index_of, pull_blob, pull_image, pull_manifest, push_image, put_manifest

IMAGE_NAMES = {"org.opencontainers.image.ref.name": "it"}


def write_layout(folder, blobs, top, media_type):
    """An OCI image layout with `top` under the name "it"."""
    os.makedirs(os.path.join(folder, "blobs", "sha256"))
    for data in [*blobs, top]:
        with open(os.path.join(folder, "blobs", "sha256", digest_of(data).split(":")[1]), "wb") as file:
            file.write(data)
    with open(os.path.join(folder, "oci-layout"), "w", encoding="ascii") as file:
        file.write('{"imageLayoutVersion":"1.0.0"}')
    with open(os.path.join(folder, "index.json"), "wb") as file:
        file.write(dump({"schemaVersion": 2, "manifests": [
            {"mediaType": media_type, "digest": digest_of(top), "size": len(top), "annotations": IMAGE_NAMES}]}))


def read_layout(folder):
    """Digest of the one thing in a layout; every blob of it is checked against its name."""
    for name in os.listdir(os.path.join(folder, "blobs", "sha256")):
        with open(os.path.join(folder, "blobs", "sha256", name), "rb") as file:
            if digest_of(file.read()) != "sha256:" + name:
                raise AssertionError(f"{folder}: wrong bytes under {name}")
    with open(os.path.join(folder, "index.json"), encoding="utf-8") as file:
        manifests = json.load(file)["manifests"]
    assert len(manifests) == 1, manifests
    return manifests[0]["digest"]


class ClientCase(BerthTestCase):
    time_limit = 180
    tool = ""

    def setUp(self):
        super().setUp()
        self.assertIsNotNone(shutil.which(self.tool), f"{self.tool} is not installed; deploy/dev setup does it")
        self.two = [(Image("for amd64", real_layers=True), "amd64"), (Image("for arm64", architecture="arm64", real_layers=True), "arm64")]
        self.index = index_of(self.two)
        self.image = self.two[0][0]
        for folder in ("docker", ".docker"):  # skopeo looks at home
            self.daemon.write_docker_config(self.path(folder))

    def path(self, name):
        return os.path.join(self.folder, name)

    def ref(self, rest):
        return f"{self.daemon.authority}/{rest}"

    def call(self, *arguments):
        environment = {**os.environ, "HOME": self.folder, "XDG_RUNTIME_DIR": self.folder, "DOCKER_CONFIG": self.path("docker")}
        if self.scheme == "https":
            environment["SSL_CERT_FILE"] = self.daemon.certificate
        return run_tool([self.tool, *arguments], env=environment, cwd=self.folder).strip()

    def write_index_layout(self, name):
        blobs = [blob for image, _ in self.two for blob in [*image.blobs, image.manifest]]
        write_layout(self.path(name), blobs, self.index, IMAGE_INDEX)

    def push_two(self, repository, tag):
        """The index and both images, by our own requests."""
        for image, _ in self.two:
            push_image(self.client, repository, image)
        self.assert_status(put_manifest(self.client, repository, tag, self.index, IMAGE_INDEX), 201)


class Skopeo(ClientCase):
    tool = "skopeo"
    orgs = ("skopeo",)

    def verify(self, option):
        return [f"--{option}={'true' if self.scheme == 'https' else 'false'}"]

    def copy(self, source, destination, *options):
        self.call("--insecure-policy", "copy", *self.verify("src-tls-verify"), *self.verify("dest-tls-verify"), *options, source, destination)

    def inspect(self, rest):
        return json.loads(self.call("inspect", *self.verify("tls-verify"), "docker://" + self.ref(rest)))

    def test_oci_layout_there_and_back(self):
        write_layout(self.path("in"), self.image.blobs, self.image.manifest, IMAGE_MANIFEST)
        self.copy(f"oci:{self.path('in')}:it", "docker://" + self.ref("skopeo/image:1"), "--preserve-digests")
        self.assertEqual(pull_image(self.client, "skopeo/image", "1"), self.image.digest)
        self.copy("docker://" + self.ref("skopeo/image:1"), f"oci:{self.path('out')}:it", "--preserve-digests")
        self.assertEqual(read_layout(self.path("out")), self.image.digest)
        seen = self.inspect("skopeo/image:1")
        self.assertEqual((seen["Digest"], seen["RepoTags"], seen["Labels"]), (self.image.digest, ["1"], {"seed": "for amd64"}))

    def test_dir_and_docker_archive(self):
        push_image(self.client, "skopeo/source", self.image, "1")
        source = "docker://" + self.ref("skopeo/source:1")
        self.copy(source, "dir:" + self.path("dir"))
        self.copy("dir:" + self.path("dir"), "docker://" + self.ref("skopeo/from-dir:1"))
        self.assertEqual(pull_image(self.client, "skopeo/from-dir", "1"), self.image.digest)
        self.copy(source, "docker-archive:" + self.path("archive.tar") + ":some/name:1")
        self.copy("docker-archive:" + self.path("archive.tar"), "docker://" + self.ref("skopeo/from-archive:1"))
        # The archive is Docker's format: another manifest, compressed layers, the same file systems in the same order.
        body, digest = pull_manifest(self.client, "skopeo/from-archive", "1")
        self.assertEqual(pull_image(self.client, "skopeo/from-archive", digest), digest)
        self.assertEqual(json.loads(body)["mediaType"], "application/vnd.docker.distribution.manifest.v2+json")
        config = json.loads(pull_blob(self.client, "skopeo/from-archive", json.loads(body)["config"]["digest"]))
        self.assertEqual(config["rootfs"]["diff_ids"], self.image.diff_ids)

    def test_multi_architecture_index(self):
        self.write_index_layout("in")
        self.copy(f"oci:{self.path('in')}:it", "docker://" + self.ref("skopeo/multi:1"), "--all", "--preserve-digests")
        self.assertEqual(pull_image(self.client, "skopeo/multi", "1"), digest_of(self.index))
        self.copy("docker://" + self.ref("skopeo/multi:1"), "docker://" + self.ref("skopeo/elsewhere/multi:2"), "--all", "--preserve-digests")
        self.assertEqual(pull_image(self.client, "skopeo/elsewhere/multi", "2"), digest_of(self.index))
        self.copy("docker://" + self.ref(f"skopeo/elsewhere/multi@{digest_of(self.index)}"), f"oci:{self.path('out')}:it", "--all", "--preserve-digests")
        self.assertEqual(read_layout(self.path("out")), digest_of(self.index))

    def test_list_and_delete(self):
        for tag in ("b", "a", "c"):
            push_image(self.client, "skopeo/tags", Image(tag), tag)
        listed = json.loads(self.call("list-tags", *self.verify("tls-verify"), "docker://" + self.ref("skopeo/tags")))
        self.assertEqual(listed["Tags"], ["a", "b", "c"])
        self.call("delete", *self.verify("tls-verify"), "docker://" + self.ref("skopeo/tags:b"))
        self.assert_oci_error(self.client.get("/v2/skopeo/tags/manifests/b"), 404, "MANIFEST_UNKNOWN")


class Crane(ClientCase):
    tool = "crane"
    orgs = ("crane",)

    def test_push_pull_copy_and_lists(self):
        write_layout(self.path("in"), self.image.blobs, self.image.manifest, IMAGE_MANIFEST)
        self.call("push", self.path("in"), self.ref("crane/image:1"))
        self.assertEqual(pull_image(self.client, "crane/image", "1"), self.image.digest)
        self.assertEqual(self.call("digest", self.ref("crane/image:1")), self.image.digest)
        self.assertEqual(self.call("manifest", self.ref("crane/image:1")).encode(), self.image.manifest)
        self.assertEqual(json.loads(self.call("config", self.ref("crane/image:1"))), json.loads(self.image.config))
        self.call("pull", "--format=oci", self.ref("crane/image:1"), self.path("out"))
        self.assertEqual(read_layout(self.path("out")), self.image.digest)
        self.call("validate", "--remote", self.ref("crane/image:1"))

        self.call("copy", self.ref("crane/image:1"), self.ref("crane/copy:2"))
        self.call("tag", self.ref("crane/copy:2"), "stable")
        self.assertEqual(pull_image(self.client, "crane/copy", "stable"), self.image.digest)
        self.assertEqual(self.call("ls", self.ref("crane/copy")).split(), ["2", "stable"])
        self.assertEqual(self.call("catalog", self.daemon.authority).split(), ["crane/copy", "crane/image"])
        blob = self.call("blob", self.ref("crane/copy@" + digest_of(self.image.config)))
        self.assertEqual(blob.encode(), self.image.config)

        self.call("delete", self.ref(f"crane/copy@{self.image.digest}"))
        self.assert_oci_error(self.client.get("/v2/crane/copy/manifests/stable"), 404, "MANIFEST_UNKNOWN")
        self.assertEqual(pull_image(self.client, "crane/image", "1"), self.image.digest)

    def test_tarball_of_a_pull_pushes_again(self):
        push_image(self.client, "crane/source", self.image, "1")
        self.call("pull", self.ref("crane/source:1"), self.path("image.tar"))
        self.call("push", self.path("image.tar"), self.ref("crane/again:1"))
        digest = self.call("digest", self.ref("crane/again:1"))
        self.assertEqual(pull_image(self.client, "crane/again", "1"), digest)

    def test_index_of_two_images(self):
        for image, architecture in self.two:
            push_image(self.client, "crane/parts", image, architecture)
        self.call("index", "append", "-m", self.ref("crane/parts:amd64"), "-m", self.ref("crane/parts:arm64"), "-t", self.ref("crane/multi:1"))
        body, digest = pull_manifest(self.client, "crane/multi", "1")
        self.assertEqual(pull_image(self.client, "crane/multi", digest), digest)
        children = json.loads(body)["manifests"]
        self.assertEqual([child["digest"] for child in children], [image.digest for image, _ in self.two])
        self.assertEqual([child["platform"]["architecture"] for child in children], ["amd64", "arm64"])
        self.assertEqual(self.call("digest", "--platform=linux/arm64", self.ref("crane/multi:1")), self.two[1][0].digest)
        self.call("copy", self.ref("crane/multi:1"), self.ref("crane/multi-copy:1"))
        self.assertEqual(pull_image(self.client, "crane/multi-copy", "1"), digest)


class Oras(ClientCase):
    tool = "oras"
    orgs = ("oras",)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)

    def read(self, *names):
        with open(self.path(os.path.join(*names)), "rb") as file:
            return file.read()

    def oras(self, command, *arguments):
        return self.call(*command.split(), *self.way(), *arguments)

    def way(self, prefix=""):
        return [f"--{prefix}plain-http"] if self.scheme == "http" else []

    def test_artifact_with_two_files(self):
        weights, card = os.urandom(300_000), b"# A model\n"
        self.write("weights.bin", weights)
        self.write("README.md", card)
        self.oras("push", "--artifact-type", "application/vnd.example.model", self.ref("oras/model:1"), "weights.bin:application/vnd.example.weights",
                  "README.md:text/markdown")
        pull_image(self.client, "oras/model", "1")
        self.oras("pull", "-o", self.path("pulled"), self.ref("oras/model:1"))
        self.assertEqual((self.read("pulled", "weights.bin"), self.read("pulled", "README.md")), (weights, card))
        self.assertEqual(self.oras("repo tags", self.ref("oras/model")).split(), ["1"])
        self.assertEqual(self.oras("repo ls", self.daemon.authority).split(), ["oras/model"])
        fetched = json.loads(self.oras("manifest fetch", self.ref("oras/model:1")))
        self.assertEqual(fetched["artifactType"], "application/vnd.example.model")

    def test_referrers_are_found_and_pulled(self):
        push_image(self.client, "oras/image", self.image, "1")
        for number, kind in enumerate(("application/vnd.example.sbom", "application/vnd.example.signature", "application/vnd.example.sbom")):
            self.write(f"note{number}.json", dump({"number": number}))
            self.oras("attach", "--artifact-type", kind, "--annotation", f"number={number}", self.ref("oras/image:1"), f"note{number}.json:application/json")
        found = json.loads(self.oras("discover", "--format", "json", self.ref("oras/image:1")))["manifests"]
        self.assertEqual(sorted(m["artifactType"] for m in found),
                         ["application/vnd.example.sbom", "application/vnd.example.sbom", "application/vnd.example.signature"])
        self.assertEqual(sorted(m["annotations"]["number"] for m in found), ["0", "1", "2"])
        # It was the referrers API that answered, not the fallback tag.
        self.assertEqual(self.client.get("/v2/oras/image/tags/list").json()["tags"], ["1"])
        signed = json.loads(self.oras("discover", "--format", "json", "--artifact-type", "application/vnd.example.signature", self.ref("oras/image:1")))
        self.assertEqual([m["annotations"]["number"] for m in signed["manifests"]], ["1"])
        self.oras("pull", "-o", self.path("signature"), self.ref("oras/image@" + signed["manifests"][0]["digest"]))
        self.assertEqual(json.loads(self.read("signature", "note1.json")), {"number": 1})

    def test_copy_takes_the_whole_graph(self):
        self.push_two("oras/multi", "1")
        self.write("sbom.json", b"{}")
        self.oras("attach", "--artifact-type", "application/vnd.example.sbom", self.ref("oras/multi:1"), "sbom.json:application/json")
        self.call("cp", *self.way("from-"), *self.way("to-"), "--recursive", self.ref("oras/multi:1"), self.ref("oras/elsewhere:2"))
        self.assertEqual(pull_image(self.client, "oras/elsewhere", "2"), digest_of(self.index))
        found = self.client.get("/v2/oras/elsewhere/referrers/" + digest_of(self.index)).json()
        self.assertEqual([m["artifactType"] for m in found["manifests"]], ["application/vnd.example.sbom"])

    def test_blobs_and_manifests_one_by_one(self):
        self.write("blob", b"some bytes")
        self.oras("blob push", self.ref("oras/raw@" + digest_of(b"some bytes")), self.path("blob"))
        self.oras("blob fetch", "--output", self.path("back"), self.ref("oras/raw@" + digest_of(b"some bytes")))
        self.assertEqual(self.read("back"), b"some bytes")
        self.oras("blob delete", "--force", self.ref("oras/raw@" + digest_of(b"some bytes")))
        self.assert_oci_error(self.client.get("/v2/oras/raw/blobs/" + digest_of(b"some bytes")), 404, "BLOB_UNKNOWN")


# The same over TLS, with the daemon's own certificate as the one that they trust.


class SkopeoTls(Skopeo):
    scheme = "https"


class CraneTls(Crane):
    scheme = "https"


class OrasTls(Oras):
    scheme = "https"


if __name__ == "__main__":
    unittest.main()
