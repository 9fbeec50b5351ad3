"""The daemon as its operator meets it: start, refusals, health, metrics, logs, drain, exit codes."""

import json
import os
import socket
import subprocess
import unittest

from harness import BINARY, BerthTestCase, exchange_raw, run_tool, status_of, wait_until, with_query
from registry import OCTETS, Image, digest_of, expect, pull_blob, pull_image, push_blob, push_image, random_bytes, start_upload

EXIT_DONE, EXIT_NO, EXIT_USAGE = 0, 1, 2


class Operations(BerthTestCase):
    def run_berth(self, *arguments, environment=None):
        return run_tool([BINARY, *arguments], seconds=20, check=False, cwd=self.folder, env={**os.environ, **(environment or {})})

    def assert_refused(self, done, status, *words):
        said = done.stderr.decode()
        self.assertEqual(done.returncode, status, said)
        self.assertEqual(done.stdout, b"")
        for word in words:
            self.assertIn(word, said)


class Commands(Operations):
    accounts = False
    autostart = False

    def test_version(self):
        self.assertRegex(self.run_berth("version").stdout.decode(), r"\Aberth \d+\.\d+\.\d+\n\Z")
        self.assertEqual(list(json.loads(self.run_berth("version", "--json").stdout)), ["version"])

    def test_config_defaults_is_a_valid_file(self):
        defaults = self.run_berth("config", "defaults")
        self.assertEqual(defaults.returncode, EXIT_DONE)
        self.assertIn(b"listen:", defaults.stdout)
        path = os.path.join(self.folder, "berth.yaml")
        with open(path, "wb") as file:
            file.write(defaults.stdout)
        self.assertEqual(self.run_berth("config", "check", "--config", path).returncode, EXIT_DONE)

    def test_config_show_tells_value_and_source(self):
        path = os.path.join(self.folder, "berth.yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write("drain_timeout: 7s\nidle_timeout: 11s\nlog_level: warning\n")
        shown = json.loads(self.run_berth("config", "show", "--json", "--config", path, "--log-level", "error", environment={"BERTH_IDLE_TIMEOUT": "13s"}).stdout)
        for key, value, source in (("drain_timeout", "7s", "file"), ("idle_timeout", "13s", "environment"), ("log_level", "error", "command line"),
                                   ("log_format", "text", "default"), ("listen", "127.0.0.1:5000", "default")):
            self.assertEqual(shown[key], {"value": value, "source": source}, key)
        self.assertIn(b"13s", self.run_berth("config", "show", "--config", path, environment={"BERTH_IDLE_TIMEOUT": "13s"}).stdout)

    def test_config_check_says_what_is_wrong(self):
        path = os.path.join(self.folder, "berth.yaml")
        for text, word in (("drain_timeout: soon\n", "drain_timeout"), ("no_such_setting: 1\n", "no_such_setting"), ("listen: [\n", "")):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            self.assert_refused(self.run_berth("config", "check", "--config", path), EXIT_NO, word)
        self.assert_refused(self.run_berth("config", "check", environment={"BERTH_WORKER_THREADS": "none"}), EXIT_NO, "BERTH_WORKER_THREADS")

    def test_usage(self):
        for arguments in ((), ("nonsense",), ("serve", "--no-such-flag"), ("config",)):
            self.assertEqual(self.run_berth(*arguments).returncode, EXIT_USAGE, arguments)
        helped = self.run_berth("--help")
        self.assertEqual(helped.returncode, EXIT_DONE)
        self.assertIn(b"serve", helped.stdout)

    def test_serve_beyond_loopback_wants_to_know_its_name(self):
        self.assert_refused(self.run_berth("serve", "--data", "data", "--listen", "0.0.0.0:0"), EXIT_USAGE, "--public-url")
        self.assert_refused(self.run_berth("serve", "--data", "data", "--listen", "0.0.0.0:0", "--public-url", "registry"), EXIT_USAGE, "https://HOST")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "data")))

    def test_open_serves_loopback_only(self):
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:5000"):
            self.assert_refused(self.run_berth("serve", "--open", "--data", "data", "--listen", address), EXIT_USAGE, "--open", "loopback", address)

    def test_a_listener_that_cannot_be_bound_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            self.assert_refused(self.run_berth("serve", "--open", "--data", "data", "--listen", "127.0.0.1:" + port), EXIT_USAGE, port)

    def test_port_zero_and_two_listeners(self):
        process = subprocess.Popen([BINARY, "serve", "--open", "--data", os.path.join(self.folder, "two"), "--listen", "127.0.0.1:0", "--listen", "http://127.0.0.1:0"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        urls = [process.stdout.readline().decode().split()[-1] for _ in range(2)]
        for url in urls:
            self.assertEqual(status_of(exchange_raw(int(url.rsplit(":", 1)[1]), b"GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")), 200)
        process.terminate()
        self.assertEqual(process.wait(20), EXIT_DONE)


class Running(Operations):
    orgs = ("ops",)

    def test_health_and_readiness(self):
        self.assertEqual(self.client.get("/healthz").json()["status"], "good")
        self.assertEqual(self.client.get("/readyz").json()["status"], "ready")
        for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
            self.assert_status(self.client.head(path), 200)
        self.assertTrue(self.client.get("/openapi.json").json()["openapi"].startswith("3.1"))

    def test_metrics_count_what_happened(self):
        push_image(self.client, "ops/metrics", Image("metrics"), "1")
        self.assert_status(self.client.get("/v2/ops/metrics/manifests/none"), 404)
        answer = self.client.get("/metrics")
        self.assertTrue(answer.header("Content-Type").startswith("text/plain; version=0.0.4"), answer)
        text = answer.body.decode()
        samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        counted = {name: float(value) for name, value in samples.items() if name.startswith("berth_http_requests_total")}
        self.assertEqual([v for n, v in counted.items() if 'route="oci.manifest.put"' in n and 'status="201"' in n], [1.0], counted)
        self.assertEqual([v for n, v in counted.items() if 'route="oci.manifest.get"' in n and 'status="404"' in n], [1.0], counted)
        self.assertTrue(any(name.startswith("berth_build_info") for name in samples))
        self.assertNotIn("ops/metrics", text)

    def test_second_daemon_on_the_same_data_is_refused(self):
        done = self.run_berth("serve", "--open", "--data", self.daemon.directory, "--listen", "127.0.0.1:0")
        self.assertNotEqual(done.returncode, EXIT_DONE)
        self.assertEqual(done.stdout, b"")
        self.assertIn("another Berth uses the data directory", done.stderr.decode())
        self.assertTrue(os.path.exists(os.path.join(self.daemon.directory, "lock")))
        self.assert_status(self.client.get("/readyz"), 200)
        self.daemon.kill()
        self.daemon.start()  # the lock of a killed daemon holds nobody up

    def test_data_is_for_its_owner_alone(self):
        push_image(self.client, "ops/private", Image("private"), "1")
        for folder, folders, files in os.walk(self.daemon.directory):
            for name in folders + files:
                mode = os.stat(os.path.join(folder, name)).st_mode
                self.assertEqual(mode & 0o077, 0, os.path.join(folder, name))

    def test_orderly_end_and_start(self):
        digest = push_image(self.client, "ops/again", Image("again"), "1")
        self.client.close()
        self.assertEqual(self.daemon.stop(), EXIT_DONE)
        self.daemon.start()
        self.assertEqual(pull_image(self.client, "ops/again", "1"), digest)


class Drain(Operations):
    orgs = ("ops",)

    def refuses_connections(self):
        try:
            socket.create_connection(("127.0.0.1", self.daemon.port), timeout=1).close()
            return False
        except (ConnectionRefusedError, ConnectionResetError):  # reset: it stood in the listener's queue when that was closed
            return True

    def end_and_expect_exit_0(self):
        self.assertEqual(self.daemon.process.wait(20), EXIT_DONE)
        self.daemon.kill()

    def test_an_upload_in_progress_is_finished(self):
        data = random_bytes("drain", 1_500_000)
        location = with_query(start_upload(self.client, "ops/drain"), digest=digest_of(data))
        self.client.close()
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=30) as connection:
            connection.sendall(f"PUT {location} HTTP/1.1\r\nHost: {self.daemon.authority}\r\n{self.daemon.authorization_line}Content-Type: application/octet-stream\r\nContent-Length: {len(data)}\r\n\r\n".encode()
                               + data[:1_200_000])
            watcher = self.daemon.client()
            wait_until(lambda: watcher.get(location.split("?")[0]).header("Range") not in ("0-0", "0--1", None), 20, "the upload is under way")
            watcher.close()
            self.daemon.process.terminate()
            wait_until(self.refuses_connections, 10, "no new connections")
            connection.sendall(data[1_200_000:])
            received = b""
            while piece := connection.recv(65536):
                received += piece
        self.assertEqual(status_of(received), 201, received)
        self.end_and_expect_exit_0()
        self.daemon.start()
        self.assertEqual(pull_blob(self.client, "ops/drain", digest_of(data)), data)

    def test_a_download_in_progress_is_finished(self):
        data = random_bytes("download", 48 << 20)
        digest = push_blob(self.client, "ops/drain", data)
        self.client.close()
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=30) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            connection.sendall(f"GET /v2/ops/drain/blobs/{digest} HTTP/1.1\r\nHost: {self.daemon.authority}\r\n{self.daemon.authorization_line}\r\n".encode())
            received = bytearray(connection.recv(65536))
            self.daemon.process.terminate()
            wait_until(self.refuses_connections, 10, "no new connections")
            while piece := connection.recv(1 << 20):
                received += piece
        head, body = bytes(received).split(b"\r\n\r\n", 1)
        self.assertEqual(status_of(head), 200)
        self.assertEqual(digest_of(body), digest)
        self.end_and_expect_exit_0()

    def test_an_idle_connection_does_not_hold_the_end_up(self):
        self.assert_status(self.client.get("/v2/"), 200)
        with socket.create_connection(("127.0.0.1", self.daemon.port)):
            self.assertEqual(self.daemon.stop(seconds=5), EXIT_DONE)


class DrainTimeout(Drain):
    environment = {"BERTH_DRAIN_TIMEOUT": "1s"}

    test_an_upload_in_progress_is_finished = None
    test_a_download_in_progress_is_finished = None
    test_an_idle_connection_does_not_hold_the_end_up = None

    def test_a_request_that_never_ends_is_cut(self):
        location = start_upload(self.client, "ops/stuck")
        self.client.close()
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=30) as connection:
            connection.sendall(f"PATCH {location} HTTP/1.1\r\nHost: {self.daemon.authority}\r\n{self.daemon.authorization_line}Content-Type: application/octet-stream\r\nContent-Length: 3000000\r\n\r\n".encode()
                               + b"x" * 1_000_000)
            watcher = self.daemon.client()
            wait_until(lambda: watcher.get(location).header("Range") not in ("0-0", "0--1", None), 20, "the upload is under way")
            watcher.close()
            self.assertEqual(self.daemon.stop(seconds=10), EXIT_DONE)
        self.daemon.start()
        expect(self.daemon.client().get(location), 204)


class Logs(Operations):
    orgs = ("ops",)
    arguments = ("--log-level", "trace")
    secrets = {
        "Authorization": ["Basic Y2FuYXJ5LWJhc2ljOnNlY3JldA==", "Bearer canary-bearer-0123456789", "Bearer eyJhbGciOiJFZERTQSJ9.eyJjYW5hcnktand0IjoxfQ.c2ln"],
        "Cookie": ["session=canary-cookie-0123456789"],
        "X-Api-Key": ["berth_pCanaryKey0123456789abcdefghijklmnopqrstuvwxyz0123456", "nvapi-CanaryKey0123456789abcdefghijklmnopqrstuvwxyz0123456"],
        "User-Agent": ["agent berth_pCanaryAgent0123456789abcdefghijklmnopqrstuvwxyz01234"],
    }
    targets = ["/v2/?token=canary-query-0123456789", "/v2/a/tags/list?_state=canary-state-0123456789&n=1", "/v2/a/manifests/nvapi-CanaryTag0123456789abcdefghijklm",
               "/v2/?password=canary-password-0123456789", "/v2/a/blobs/uploads/?access_token=canary-access-0123456789"]
    canaries = ["Y2FuYXJ5", "eyJjYW5hcnktand0", "canary", "Canary"]

    def test_every_line_is_json_and_no_secret_is_in_it(self):
        request_ids = set()
        for name, values in self.secrets.items():
            for value in values:
                for method in ("GET", "POST"):
                    answer = self.client.request(method, "/v2/a/blobs/uploads/" if method == "POST" else "/v2/", headers={name: value})
                    request_ids.add(answer.header("X-Request-Id"))
        for target in self.targets:
            request_ids.add(self.client.get(target).header("X-Request-Id"))
        push_image(self.client, "ops/logs", Image("logs"), "1")
        forged = self.client.get('/v2/?n=1', {"User-Agent": 'x", "level": "forged\\u000a', "Referer": "y"})
        request_ids.add(forged.header("X-Request-Id"))
        for raw in (b"GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\nAuthorization: Basic Y2FuYXJ5LXJhdw==\r\n\r\n", b"GARBAGE canary\x00\xff\r\n\r\n",
                    b"GET /v2/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer canary-fold\r\n canary\r\n\r\n"):
            exchange_raw(self.daemon.port, raw, seconds=2)
        self.client.close()
        self.assertEqual(self.daemon.stop(), EXIT_DONE)

        lines = self.daemon.logs().splitlines()
        logged = set()
        for line in lines:
            event = json.loads(line)
            self.assertIsInstance(event, dict, line)
            self.assertNotEqual(event.get("level"), "forged", line)
            if event.get("event", event.get("message")) == "request":
                logged.add(event["request_id"])
            for canary in self.canaries:
                self.assertNotIn(canary, line)
        self.assertNotIn(None, request_ids)
        self.assertLessEqual(request_ids, logged)


if __name__ == "__main__":
    unittest.main()
