"""TLS in earnest: certificates that change under load, what testssl.sh says, memory, and clients that speak it."""

import functools
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tarfile
import tempfile
import threading
import time
import unittest

from engine import Engine
from harness import BINARY, SOAK, BerthTestCase, Client, end_process, free_port, run_threads, run_tool, start_process, wait_until
from registry import IMAGE_MANIFEST, Image, digest_of, pull_image, push_image
from test_clients import ClientCase, read_layout, write_layout

MEGABYTE = 1_000_000


def make_certificate(folder, name):
    """Files of a certificate for 127.0.0.1 whose subject is `name`."""
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    run_tool(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90", "-subj", f"/CN={name}",
              "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key + ".new", "-out", cert + ".new"])
    os.replace(key + ".new", key)
    os.replace(cert + ".new", cert)
    return cert, key


@functools.cache
def trust_all():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class TlsCase(BerthTestCase):
    scheme = "https"

    def shown(self):
        """The certificate that a new connection is shown."""
        return ssl.get_server_certificate(("127.0.0.1", self.daemon.port))


class Reload(TlsCase):
    autostart = False
    orgs = ("load",)
    time_limit = 180

    def setUp(self):
        super().setUp()
        cert, key = make_certificate(self.folder, "first")
        self.daemon = self.make_daemon("data", ["--tls-cert", cert, "--tls-key", key])
        self.daemon.start()
        self.client = self.trusting_client()

    def trusting_client(self):
        return Client(self.daemon.port, authorization=self.daemon.authorization, tls=trust_all)

    def reload(self, subject):
        make_certificate(self.folder, subject)
        with open(os.path.join(self.folder, "cert.pem"), encoding="ascii") as file:
            expected = file.read().strip()
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.shown().strip() == expected, 10, f"the certificate of {subject} is shown")

    def test_under_load_no_request_is_lost(self):
        image = Image("load", layers=2)
        push_image(self.client, "load/image", image, "1")
        ended, counts = threading.Event(), [0, 0]

        def keep_asking():  # one connection for all
            client = self.trusting_client()
            while not ended.is_set():
                self.assertEqual(client.get("/v2/load/image/manifests/1", {"Accept": IMAGE_MANIFEST}).status, 200)
                counts[0] += 1

        def ask_anew():  # a handshake each
            while not ended.is_set():
                client = self.trusting_client()
                self.assertEqual(client.get("/v2/load/image/manifests/1", {"Accept": IMAGE_MANIFEST}).status, 200)
                client.close()
                counts[1] += 1

        def upload():  # one body over all reloads
            data = os.urandom(4 * MEGABYTE)
            client = self.trusting_client()

            def pieces():
                yield data[:MEGABYTE]
                ended.wait()
                yield data[MEGABYTE:]

            answer = client.request("POST", f"/v2/load/image/blobs/uploads/?digest={digest_of(data)}", pieces(),
                                    {"Content-Length": str(len(data)), "Content-Type": "application/octet-stream"})
            self.assertEqual(answer.status, 201)

        def change():
            try:
                for number in range(20):
                    self.reload(f"reload {number}")
            finally:
                ended.set()

        run_threads([keep_asking, keep_asking, ask_anew, ask_anew, upload, change])
        self.assertGreater(counts[0], 50)
        self.assertGreater(counts[1], 20)
        print(f"\n20 reloads: {counts[0]} requests on kept connections, {counts[1]} on new ones, none lost", flush=True)

    def test_files_that_are_no_good_change_nothing(self):
        before = self.shown()
        with open(os.path.join(self.folder, "cert.pem"), "w", encoding="ascii") as file:
            file.write("no certificate\n")
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "the certificate was not reloaded" in self.daemon.logs(), 10, "the failure is in the log")
        self.assertEqual(self.shown(), before)
        self.assert_status(self.client.get("/v2/"), 200)
        self.reload("repaired")


class Refusals(BerthTestCase):
    accounts = False
    autostart = False

    def refused(self, *arguments):
        done = run_tool([BINARY, "serve", "--open", "--data", os.path.join(self.folder, "data"), *arguments], check=False, seconds=20)
        self.assertEqual(done.returncode, 2, done)
        return done.stderr.decode()

    def test_what_does_not_fit_together_is_said(self):
        address = f"127.0.0.1:{free_port()}"
        self.assertIn("needs a certificate", self.refused("--listen", f"https://{address}"))
        self.assertIn("belong together", self.refused("--listen", address, "--tls-cert", "x"))
        self.assertIn("there is no certificate file /nowhere", self.refused("--listen", address, "--tls-cert", "/nowhere", "--tls-key", "/nowhere"))
        cert, _ = make_certificate(self.folder, "one")
        self.assertIn("no private key", self.refused("--listen", address, "--tls-cert", cert, "--tls-key", cert))
        self.assertIn("loopback addresses only", self.refused("--listen", "0.0.0.0:0", "--public-url", "https://registry.example"))


class Listeners(BerthTestCase):
    autostart = False

    def test_several_side_by_side_and_one_for_operators(self):
        secure, operations = free_port(), free_port()
        daemon = self.make_daemon("data", ["--listen", f"https://127.0.0.1:{secure}", "--ops-listen", f"http://127.0.0.1:{operations}", "--tls-self-signed"])
        daemon.scheme = "https"  # the first listener has no scheme of its own, and there is a certificate
        daemon.start()
        self.assertEqual(daemon._read_line(time.monotonic() + 5), f"berth: listening on https://127.0.0.1:{secure}")
        self.assertEqual(daemon._read_line(time.monotonic() + 5), f"berth: listening on http://127.0.0.1:{operations}")
        for client in (daemon.client(), Client(secure, authorization=daemon.authorization, tls=lambda: ssl.create_default_context(cafile=daemon.certificate))):
            self.assert_status(client.get("/v2/"), 200)
            self.assert_status(client.get("/metrics"), 404)
        probes = Client(operations)
        for path in ("/healthz", "/readyz", "/metrics"):
            self.assert_status(probes.get(path), 200)
        self.assert_status(probes.get("/v2/"), 404)


class PathPrefix(BerthTestCase):
    accounts = False
    autostart = False

    def test_what_clients_look_for_stays_at_the_root(self):
        daemon = self.make_daemon("data", ["--public-url", "https://example.com/tools/reg"])
        daemon.access = []
        daemon.start()
        with open(os.path.join(daemon.directory, "first-admin.json"), encoding="utf-8") as file:
            first = json.load(file)
        self.assertEqual(first["url"], f"{daemon.url}/tools/reg")
        client = daemon.client()
        self.assertEqual(self.assert_status(client.get("/v2/"), 401).header("WWW-Authenticate"), 'Bearer realm="https://example.com/token",service="example.com"')
        client = daemon.client(authorization=f"Bearer {first['key']}")
        for path in ("/v2/", "/token", "/.well-known/jwks.json"):
            self.assert_status(client.get(path), 200)
        for path in ("/api/v1/me", "/healthz", "/readyz", "/metrics", "/openapi.json"):
            self.assert_status(client.get("/tools/reg" + path), 200)
            self.assert_status(client.get(path), 404)


class Memory(TlsCase):
    arguments = ("--log-level", "warning")
    environment = {"BERTH_HANDSHAKE_TIMEOUT": "5s"}

    def test_handshakes_that_stall_cost_little_and_end(self):
        self.assert_status(self.client.get("/v2/"), 200)
        before = self.daemon.rss()
        half = []
        for _ in range(1000):
            connection = socket.create_connection(("127.0.0.1", self.daemon.port))
            connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            half.append(connection)
        self.addCleanup(lambda: [connection.close() for connection in half])
        began = time.monotonic()
        self.assert_status(self.daemon.client().get("/v2/"), 200)
        self.assertLess(time.monotonic() - began, 4)  # not behind them
        grown = self.daemon.rss() - before
        self.assertLess(grown, 20 * MEGABYTE)
        for connection in half:
            connection.settimeout(10)
            self.assertEqual(connection.recv(100), b"")
        print(f"\n1000 half handshakes: {grown / MEGABYTE:.1f} MB", flush=True)

    def test_idle_connections_cost_little(self):
        self.assert_status(self.client.get("/v2/"), 200)
        before = self.daemon.rss()
        clients = [self.daemon.client() for _ in range(300)]
        for client in clients:
            self.assert_status(client.get("/v2/"), 200)
        grown = self.daemon.rss() - before
        print(f"\n300 idle TLS connections: {grown / 300 / 1000:.1f} kB each, {self.daemon.rss() / MEGABYTE:.1f} MB in all", flush=True)
        self.assertLess(grown, 300 * 60_000)
        for client in clients:
            client.close()


class TestSsl(TlsCase):
    accounts = False
    time_limit = 600

    def test_nothing_old_and_nothing_weak(self):
        self.assertIsNotNone(shutil.which("testssl"), "testssl.sh is not installed; deploy/dev setup does it")
        report = os.path.join(self.folder, "testssl.json")
        subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "min", "--jsonfile", report, "--protocols", "--std",
                        "--server-defaults", "--server-preference", "--fs", "--vulnerable", f"127.0.0.1:{self.daemon.port}"],
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=580, check=False)
        with open(report, encoding="utf-8") as file:
            found = json.load(file)
        said = {row["id"]: row for row in found}
        for protocol in ("SSLv2", "SSLv3", "TLS1", "TLS1_1"):
            self.assertIn("not offered", said[protocol]["finding"], said[protocol])
        for protocol in ("TLS1_2", "TLS1_3"):
            self.assertIn("offered", said[protocol]["finding"], said[protocol])
        # That the certificate is of our own making is what the test is about, and not what it looks for.
        own = {"cert_chain_of_trust", "cert_trust", "cert_crlDistributionPoints", "cert_ocspURL", "cert_extlifeSpan", "cert_commonName", "cert_revocation",
               "OCSP_stapling", "DNS_CAArecord", "cert_validityPeriod", "cert_notAfter", "overall_grade", "grade_cap_reason_1", "cert_expirationStatus"}
        bad = [row for row in found if row["severity"] in ("LOW", "MEDIUM", "HIGH", "CRITICAL") and row["id"].split(" ")[0] not in own]
        self.assertEqual(bad, [])


class Podman(ClientCase):
    scheme = "https"
    tool = "podman"
    orgs = ("podman",)

    def podman(self, *arguments):
        return self.call("--root", self.path("storage"), "--runroot", self.path("run"), "--storage-driver", "vfs", *arguments)

    def test_push_and_pull(self):
        self.image = Image("for podman", real_layers=True)
        write_layout(self.path("in"), self.image.blobs, self.image.manifest, IMAGE_MANIFEST)
        with tarfile.open(self.path("in.tar"), "w") as archive:
            archive.add(self.path("in"), ".")
        self.podman("load", "-i", self.path("in.tar"))
        held = self.podman("images", "--quiet", "--no-trunc").split()[0]
        self.podman("push", held, self.ref("podman/image:1"))
        digest = pull_image(self.client, "podman/image", "1")
        self.podman("rmi", "--all", "--force")
        self.podman("pull", self.ref(f"podman/image@{digest}"))
        self.assertEqual(self.podman("images", "--quiet", "--no-trunc").split()[0], held)


class Docker(TlsCase):
    """The engine takes any certificate from 127.0.0.0/8; that it speaks TLS, and to the end, is what is seen here."""

    time_limit = 300
    orgs = ("docker",)

    def test_push_and_pull(self):
        engine = Engine(os.path.join(self.folder, "docker"))
        self.addCleanup(engine.stop)
        engine.start()
        self.daemon.write_docker_config(engine.client_folder)
        path = os.path.join(self.folder, "root.tar")
        with open(os.path.join(self.folder, "file"), "wb") as file:
            file.write(os.urandom(3 * MEGABYTE))
        with tarfile.open(path, "w") as archive:
            archive.add(os.path.join(self.folder, "file"), "file")
        name = f"{self.daemon.authority}/docker/image:1"
        image = engine.docker("import", path, name)
        engine.docker("push", name)
        pull_image(self.client, "docker/image", "1")
        engine.docker("rmi", "--force", image)
        engine.docker("pull", name)
        self.assertEqual(json.loads(engine.docker("image", "inspect", name))[0]["Id"], image)


class Helm(ClientCase):
    scheme = "https"
    tool = "helm"
    orgs = ("acme",)

    def test_chart_there_and_back(self):
        self.call("create", "chart")
        self.call("package", "chart")
        pushed = self.call("push", "chart-0.1.0.tgz", "oci://" + self.ref("acme"))
        self.assertNotIn("Error", pushed)
        digest = pull_image(self.client, "acme/chart", "0.1.0")
        os.mkdir(self.path("pulled"))
        self.call("pull", "oci://" + self.ref("acme/chart"), "--version", "0.1.0", "-d", self.path("pulled"))
        with open(self.path("chart-0.1.0.tgz"), "rb") as one, open(self.path("pulled/chart-0.1.0.tgz"), "rb") as other:
            self.assertEqual(one.read(), other.read())
        self.assertIn("name: chart", self.call("show", "chart", "oci://" + self.ref(f"acme/chart@{digest}")))


class Ctr(ClientCase):
    """containerd's own client, with a containerd of our own."""

    scheme = "https"
    tool = "ctr"
    orgs = ("ctr",)

    def setUp(self):
        super().setUp()
        self.run_folder = tempfile.mkdtemp(prefix="bc-", dir="/tmp")  # a socket's path may have 107 bytes
        self.addCleanup(shutil.rmtree, self.run_folder, True)
        with open(self.path("config.toml"), "w", encoding="ascii") as file:
            file.write('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
        with open(self.path("containerd.log"), "wb") as log:
            process = start_process(["containerd", "--config", self.path("config.toml"), "--root", self.path("root"), "--state", os.path.join(self.run_folder, "state"),
                                     "--address", self.socket()], stdout=log, stderr=log)
        self.addCleanup(end_process, process)
        wait_until(lambda: subprocess.run([self.tool, "-a", self.socket(), "version"], capture_output=True, check=False).returncode == 0, 30, "containerd answers")

        # For loopback addresses it takes http for granted, whatever certificates it is given.
        hosts = os.path.join(self.path("hosts"), self.daemon.authority)
        os.makedirs(hosts)
        with open(os.path.join(hosts, "hosts.toml"), "w", encoding="ascii") as file:
            file.write(f'[host."https://{self.daemon.authority}"]\n  ca = "{self.daemon.certificate}"\n')

    def socket(self):
        return os.path.join(self.run_folder, "sock")

    def ctr(self, *arguments):
        return self.call("-a", self.socket(), *arguments)

    def test_pull_and_push(self):
        push_image(self.client, "ctr/image", self.image, "1")
        way = ["--hosts-dir", self.path("hosts"), *(["--user", f"$oauthtoken:{self.daemon.key}"] if self.daemon.key else [])]
        self.ctr("images", "pull", *way, "--snapshotter", "native", self.ref("ctr/image:1"))
        self.assertIn(self.image.digest, self.ctr("images", "ls"))
        self.ctr("images", "tag", self.ref("ctr/image:1"), self.ref("ctr/copy:2"))
        self.ctr("images", "push", *way, self.ref("ctr/copy:2"))
        self.assertEqual(pull_image(self.client, "ctr/copy", "2"), self.image.digest)


@unittest.skipUnless(SOAK, "soak")
class Buildah(ClientCase):
    scheme = "https"
    tool = "buildah"
    orgs = ("buildah",)

    def buildah(self, *arguments):
        return self.call("--root", self.path("storage"), "--runroot", self.path("run"), "--storage-driver", "vfs", *arguments)

    def test_commit_push_and_pull(self):
        container = self.buildah("from", "scratch")
        with open(self.path("file"), "wb") as file:
            file.write(os.urandom(100_000))
        self.buildah("add", container, self.path("file"), "/file")
        self.buildah("commit", container, "made")
        self.buildah("push", "localhost/made", "docker://" + self.ref("buildah/image:1"))
        digest = pull_image(self.client, "buildah/image", "1")
        self.buildah("rmi", "--all", "--force")
        self.buildah("pull", "docker://" + self.ref(f"buildah/image@{digest}"))


@unittest.skipUnless(SOAK, "soak")
class Regctl(ClientCase):
    scheme = "https"
    tool = "regctl"
    orgs = ("regctl",)

    def test_copy_there_and_back(self):
        push_image(self.client, "regctl/source", self.image, "1")
        self.call("image", "copy", self.ref("regctl/source:1"), self.ref("regctl/copy:2"))
        self.assertEqual(pull_image(self.client, "regctl/copy", "2"), self.image.digest)
        self.assertEqual(self.call("manifest", "head", self.ref("regctl/copy:2")), self.image.digest)
        self.call("image", "copy", self.ref("regctl/copy:2"), "ocidir://" + self.path("out") + ":it")
        self.assertEqual(read_layout(self.path("out")), self.image.digest)
        self.assertEqual(self.call("tag", "ls", self.ref("regctl/copy")).split(), ["2"])


@unittest.skipUnless(SOAK, "soak")
class Cosign(ClientCase):
    scheme = "https"
    tool = "cosign"
    orgs = ("cosign",)

    def cosign(self, *arguments, **environment):
        environment = {**os.environ, "HOME": self.folder, "COSIGN_PASSWORD": "", "SSL_CERT_FILE": self.daemon.certificate, **environment}
        return run_tool([self.tool, *arguments], env=environment, cwd=self.folder)

    def test_signatures_as_tags_and_as_referrers(self):
        push_image(self.client, "cosign/image", self.image, "1")
        self.cosign("generate-key-pair")
        reference = self.ref(f"cosign/image@{self.image.digest}")
        self.cosign("sign", "--key", "cosign.key", "--tlog-upload=false", "--yes", reference)
        self.cosign("verify", "--key", "cosign.pub", "--insecure-ignore-tlog=true", reference)
        self.assertIn(self.image.digest.replace(":", "-") + ".sig", self.client.get("/v2/cosign/image/tags/list").json()["tags"])
        self.cosign("sign", "--key", "cosign.key", "--tlog-upload=false", "--yes", "--registry-referrers-mode=oci-1-1", reference, COSIGN_EXPERIMENTAL="1")
        self.cosign("verify", "--key", "cosign.pub", "--insecure-ignore-tlog=true", "--experimental-oci11", reference, COSIGN_EXPERIMENTAL="1")
        found = self.client.get(f"/v2/cosign/image/referrers/{self.image.digest}").json()["manifests"]
        self.assertEqual(len(found), 1, found)


if __name__ == "__main__":
    unittest.main()
