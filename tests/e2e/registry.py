"""What an OCI client says to a registry, and small content to say it with. Every call checks what the specification promises."""

import gzip
import hashlib
import io
import json
import os
import random
import tarfile

from harness import target_of, with_query

IMAGE_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
IMAGE_INDEX = "application/vnd.oci.image.index.v1+json"
IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
LAYER_GZIP = LAYER + "+gzip"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
ACCEPT_ALL = {"Accept": ", ".join((IMAGE_MANIFEST, IMAGE_INDEX, DOCKER_MANIFEST, DOCKER_LIST))}
OCTETS = {"Content-Type": "application/octet-stream"}


def digest_of(data, algorithm="sha256"):
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def descriptor(data, media_type, **more):
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data), **more}


def dump(document):
    return json.dumps(document, separators=(",", ":")).encode()


def random_bytes(seed, size):
    return random.Random(seed).randbytes(size)


class Image:
    """Config, layers and manifest of an image; equal seeds make equal bytes."""

    def __init__(self, seed, layers=2, layer_size=2048, architecture="amd64", real_layers=False):
        contents = [random_bytes(f"{seed}/{n}", layer_size) for n in range(layers)]
        if real_layers:
            archives = [tar_of({f"layer{n}/file": data}) for n, data in enumerate(contents)]
            self.layers = [gzip.compress(archive, mtime=0) for archive in archives]
        else:
            archives = self.layers = contents
        self.diff_ids = [digest_of(archive) for archive in archives]
        self.config = dump({
            "architecture": architecture, "os": "linux", "config": {"Labels": {"seed": str(seed)}},
            "rootfs": {"type": "layers", "diff_ids": self.diff_ids}})
        self.manifest = dump({
            "schemaVersion": 2, "mediaType": IMAGE_MANIFEST, "config": descriptor(self.config, IMAGE_CONFIG),
            "layers": [descriptor(layer, LAYER_GZIP if real_layers else LAYER) for layer in self.layers]})
        self.digest = digest_of(self.manifest)
        self.media_type = IMAGE_MANIFEST
        self.blobs = [self.config, *self.layers]


def tar_of(files):
    """A tar of {path: bytes} with fixed times, so that it is the same each time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def index_of(images):
    """Bytes of an index over (Image, architecture) pairs."""
    return dump({"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": [
        descriptor(image.manifest, IMAGE_MANIFEST, platform={"os": "linux", "architecture": architecture}) for image, architecture in images]})


def artifact_manifest(artifact_type, subject=None, layers=(), annotations=None):
    document = {"schemaVersion": 2, "mediaType": IMAGE_MANIFEST, "artifactType": artifact_type,
                "config": descriptor(b"{}", EMPTY_TYPE), "layers": [descriptor(b, "application/octet-stream") for b in layers] or [descriptor(b"{}", EMPTY_TYPE)]}
    if subject is not None:
        document["subject"] = subject
    if annotations:
        document["annotations"] = annotations
    return dump(document)


def expect(response, *statuses):
    if response.status not in statuses:
        raise AssertionError(f"expected {' or '.join(map(str, statuses))}, got {response!r}")
    return response


def start_upload(client, repository):
    """POST; where the upload is (path and query)."""
    return target_of(expect(client.post(f"/v2/{repository}/blobs/uploads/"), 202).header("Location"))


def left_by_uploads(directory):
    """What uploads have left in a data directory, but for the folders that are kept for new ones."""
    uploads = os.path.join(directory, "uploads")
    return [name for name in os.listdir(uploads) if not (name.startswith("free-") and os.listdir(os.path.join(uploads, name)) == ["session"])]


def push_blob(client, repository, data, digest=None):
    """POST then PUT; its digest."""
    digest = digest or digest_of(data)
    location = start_upload(client, repository)
    done = expect(client.put(with_query(location, digest=digest), data, OCTETS), 201)
    if done.header("Docker-Content-Digest") not in (None, digest):
        raise AssertionError(f"another digest came back: {done!r}")
    return digest


def put_manifest(client, repository, reference, data, media_type=IMAGE_MANIFEST, headers=None):
    return client.put(f"/v2/{repository}/manifests/{reference}", data, {"Content-Type": media_type, **(headers or {})})


def push_image(client, repository, image, *tags):
    """Blobs, then the manifest by digest or under each tag; the manifest's digest."""
    for blob in image.blobs:
        push_blob(client, repository, blob)
    for reference in tags or (image.digest,):
        done = expect(put_manifest(client, repository, reference, image.manifest, image.media_type), 201)
        if done.header("Docker-Content-Digest") != image.digest:
            raise AssertionError(f"another digest came back: {done!r}")
    return image.digest


def pull_blob(client, repository, digest):
    body = expect(client.get(f"/v2/{repository}/blobs/{digest}"), 200).body
    if digest_of(body, digest.split(":")[0]) != digest:
        raise AssertionError(f"wrong bytes for {digest} in {repository}")
    return body


def pull_manifest(client, repository, reference):
    """(bytes, digest), the digest checked against the bytes and against the header."""
    answer = expect(client.get(f"/v2/{repository}/manifests/{reference}", ACCEPT_ALL), 200)
    said = answer.header("Docker-Content-Digest")
    if digest_of(answer.body, said.split(":")[0]) != said:
        raise AssertionError(f"wrong bytes for {repository} {reference}: {answer!r}")
    if ":" in reference and said != reference:
        raise AssertionError(f"asked for {reference}, got {said}")
    return answer.body, said


def pull_image(client, repository, reference):
    """Everything below a manifest, each digest checked; the manifest's digest."""
    body, digest = pull_manifest(client, repository, reference)
    document = json.loads(body)
    for child in document.get("manifests", ()):
        pull_image(client, repository, child["digest"])
    for part in [*document.get("layers", ()), *([document["config"]] if "config" in document else ())]:
        if len(pull_blob(client, repository, part["digest"])) != part["size"]:
            raise AssertionError(f"wrong size for {part}")
    return digest


def list_all(client, target, key):
    """Every name of a paged list, following Link."""
    names = []
    while target:
        answer = expect(client.get(target), 200)
        names += answer.json()[key] or []
        link = answer.header("Link")
        target = target_of(link.split(">")[0].lstrip("<")) if link else None
    return names
