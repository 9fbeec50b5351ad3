"""Starts the real daemon, speaks to it, and leaves nothing behind.

What this is: Daemon (a process with its data directory and logs), Client (HTTP over one connection), BerthTestCase (a test with
a time limit and a daemon). What it is not: a model of the registry; that is registry.py.
Every process is started in here, is known by its pid, and dies with this one.
"""

import atexit
import base64
import ctypes
import http.client
import json
import os
import secrets
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("BERTH_BINARY") or os.path.join(ROOT, "build", "release", "berth")
CACHE = os.environ.get("BERTH_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "berth")
SOAK = bool(os.environ.get("BERTH_SOAK"))
# A second run: every test that does not settle it by itself has accounts in front, and speaks as the platform administrator.
WITH_ACCOUNTS = bool(os.environ.get("BERTH_E2E_ACCOUNTS"))
START_SECONDS = 15

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_living = set()


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def start_process(arguments, **options):
    """A child that is killed when this process ends, however that comes."""
    process = subprocess.Popen(arguments, preexec_fn=_die_with_parent, **{"stdin": subprocess.DEVNULL, **options})
    _living.add(process)
    return process


def end_process(process, seconds=10):
    """Ends one child: asked first, then killed. Returns its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    _living.discard(process)
    return process.returncode


@atexit.register
def _end_all():
    for process in list(_living):
        if process.poll() is None:
            process.kill()
        process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds, what):
    """Polls until `condition()` is true; its value. Fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def run_tool(arguments, seconds=120, check=True, **options):
    """Runs a client to its end. Its standard output as text; fails with everything it said."""
    if "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    done = subprocess.run(arguments, capture_output=True, timeout=seconds, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, arguments))}\nexit {done.returncode}\n{done.stdout.decode(errors='replace')}{done.stderr.decode(errors='replace')}")
    return done.stdout.decode(errors="replace") if check else done


class Daemon:
    """One `berth serve` on a port and a data directory that stay the same over restarts."""

    # What runs the binary: nothing, or a tracer that starts it as its own child's parent (strace -D), so that the pid is the daemon's.
    prefix = ()

    def __init__(self, directory, arguments=(), environment=None, log_format="json", scheme="http", accounts=None, orgs=()):
        self.directory = directory
        self.scheme = scheme
        self.arguments = [*(["--tls-self-signed"] if scheme == "https" and "--tls-cert" not in arguments else []), *arguments]
        self.accounts = WITH_ACCOUNTS if accounts is None else accounts  # clients that say nothing else are the platform administrator
        self.access = [] if self.accounts else ["--open"]  # a test with people of its own sets []
        self.orgs = orgs  # made at the first start; without accounts the first push makes them
        self.key = None  # of the platform administrator, once started
        self.environment = {**os.environ, **(environment or {})}
        self.log_format = log_format
        self.port = free_port()
        self.process = None
        self.log_path = directory.rstrip("/") + ".log"

    @property
    def authority(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"{self.scheme}://{self.authority}"

    @property
    def certificate(self):
        """Path of what clients must trust, with the daemon's own certificate."""
        return os.path.join(self.directory, "keys", "tls-self-signed.crt")

    def start(self):
        """Returns the seconds from the start of the process to its line "berth: listening on URL"."""
        began = time.monotonic()
        command = [*self.prefix, BINARY, "serve", *self.access, "--data", self.directory, "--listen", self.authority, "--log-format", self.log_format, *self.arguments]
        with open(self.log_path, "ab") as log:
            self.process = start_process(command, stdout=subprocess.PIPE, stderr=log, env=self.environment)
        line = self._read_line(began + START_SECONDS)
        if line != f"berth: listening on {self.url}":
            status = self._status_if_it_ends()
            self.kill()
            raise AssertionError(f"expected 'berth: listening on {self.url}', got {line!r} (exit {status})\n{self.logs()[-4000:]}")
        seconds = time.monotonic() - began
        if self.accounts:
            self._meet_administrator()
        return seconds

    def _meet_administrator(self):
        """Takes the key that the first start on this data left, and then makes the organisations that the test pushes to."""
        path = os.path.join(self.directory, "first-admin.json")
        if not os.path.exists(path):
            return  # out of a backup: the key is still the one from before
        with open(path, encoding="utf-8") as file:
            key = json.load(file)["key"]
        if key != self.key:
            self.key = key
            for org in set(self.orgs) - {org["name"] for org in self.admin("org", "list")}:
                self.admin("org", "create", org)

    @property
    def authorization(self):
        """The Authorization field of who says nothing else; None with --open."""
        return f"Bearer {self.key}" if self.key else None

    @property
    def authorization_line(self):
        """The same as a line of a raw request, or nothing."""
        return f"Authorization: {self.authorization}\r\n" if self.key else ""

    @property
    def authorization_option(self):
        """The same for curl and h2load, or nothing."""
        return ["-H", f"Authorization: {self.authorization}"] if self.key else []

    @property
    def authorization_fields(self):
        """The same as fields of HTTP/2, or none."""
        return [("authorization", self.authorization)] if self.key else []

    def write_docker_config(self, folder):
        """A config.json as `docker login` leaves it, which most clients read; with --open it signs nobody in."""
        os.makedirs(folder, exist_ok=True)
        signed_in = {self.authority: {"auth": base64.b64encode(f"$oauthtoken:{self.key}".encode()).decode()}} if self.key else {}
        with open(os.path.join(folder, "config.json"), "w", encoding="ascii") as file:
            json.dump({"auths": signed_in}, file)

    def _status_if_it_ends(self):
        try:
            return self.process.wait(3)
        except subprocess.TimeoutExpired:
            return None

    def _read_line(self, deadline):
        text, stream = b"", self.process.stdout.fileno()
        while not text.endswith(b"\n"):
            if not select.select([stream], [], [], max(0, deadline - time.monotonic()))[0]:
                break
            piece = os.read(stream, 1)  # no further than this line
            if not piece:
                break
            text += piece
        return text.decode(errors="replace").strip()

    def stop(self, seconds=20):
        """SIGTERM; the exit status. Fails when it does not end by itself."""
        process = self.process
        if process is None:
            return None
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still there {seconds} s after SIGTERM\n{self.logs()[-4000:]}") from None
        return self._forget()

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self._forget()

    def _forget(self):
        status = self.process.wait()
        self.process.stdout.close()
        _living.discard(self.process)
        self.process = None
        return status

    def restart(self):
        self.stop()
        return self.start()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def rss(self):
        """Resident bytes now (VmRSS)."""
        return self._memory("VmRSS")

    def peak_rss(self):
        return self._memory("VmHWM")

    def forget_peak_rss(self):
        """peak_rss() counts from here on (proc(5), clear_refs)."""
        with open(f"/proc/{self.process.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")

    def _memory(self, field):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            for line in lines:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
        raise AssertionError(f"no {field}")

    def logs(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def client(self, timeout=30, authorization=None):
        tls = (lambda: ssl.create_default_context(cafile=self.certificate)) if self.scheme == "https" else None
        return Client(self.port, timeout, (lambda: self.authorization) if authorization is None else authorization, tls)

    def admin(self, *arguments, check=True, **options):
        """`berth admin …` on the data, or through the daemon that uses it; its JSON."""
        done = run_tool([BINARY, "admin", *arguments, "--data", self.directory, "--json"], check=check, **options)
        return json.loads(done) if check else done


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        return self.headers.get(name)

    def json(self):
        return json.loads(self.body)

    def error_code(self):
        """The code of an OCI error body, which it must be."""
        document = self.json()
        errors = document["errors"]
        assert isinstance(errors, list) and errors and all(isinstance(e["code"], str) and isinstance(e["message"], str) for e in errors), document
        return errors[0]["code"]

    def __repr__(self):
        return f"{self.status} {dict(self.headers)} {self.body[:500]!r}"


class Client:
    """HTTP/1.1 over one kept connection, over TLS with a function that makes the context for it; reconnects when the server closed it between two requests. One thread.

    `authorization` is the field's value, or a function that says it at each request (None: no field)."""

    def __init__(self, port, timeout=30, authorization=None, tls=None):
        self.port, self.timeout, self.tls = port, timeout, tls
        self.authorization = authorization if callable(authorization) else lambda: authorization
        self.connection = None

    def request(self, method, target, body=None, headers=None):
        fresh = self.connection is None
        headers = headers or {}
        authorization = self.authorization()
        if authorization is not None:
            headers = {"Authorization": authorization, **headers}
        try:
            return self._once(method, target, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self.close()
            # A kept connection may have been closed by an idle server before these bytes came; a new one may not.
            if fresh:
                raise
            return self._once(method, target, body, headers)

    def _once(self, method, target, body, headers):
        if self.connection is None:
            if self.tls is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            else:
                self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=self.timeout, context=self.tls())
            self.connection.connect()
            self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers.items():
                for one in value if isinstance(value, list) else [value]:
                    self.connection.putheader(name, one)
            given = {name.lower() for name in headers}
            if not given & {"content-length", "transfer-encoding"} and (body is not None or method in ("POST", "PUT", "PATCH")):
                self.connection.putheader("Content-Length", str(len(body or b"")))
            self.connection.endheaders(body)
            answer = self.connection.getresponse()
            response = Response(answer.status, answer.headers, answer.read())
        except Exception:
            self.close()
            raise
        if answer.will_close:
            self.close()
        return response

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def get(self, target, headers=None):
        return self.request("GET", target, headers=headers)

    def head(self, target, headers=None):
        return self.request("HEAD", target, headers=headers)

    def put(self, target, body=b"", headers=None):
        return self.request("PUT", target, body, headers)

    def post(self, target, body=b"", headers=None):
        return self.request("POST", target, body, headers)

    def patch(self, target, body=b"", headers=None):
        return self.request("PATCH", target, body, headers)

    def delete(self, target, headers=None):
        return self.request("DELETE", target, headers=headers)


def exchange_raw(port, data, seconds=10, limit=1 << 20):
    """Sends bytes as they are; everything that comes back until the server closes, is silent for `seconds`, or `limit`."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was sent: what it answered counts
        try:
            while len(received) < limit:
                piece = connection.recv(65536)
                if not piece:
                    break
                received += piece
        except (socket.timeout, ConnectionResetError):
            pass
    return received


def status_of(raw):
    """The status code of a raw response, 0 when there is none."""
    words = raw.split(b" ", 2)
    return int(words[1]) if len(words) > 2 and words[0].startswith(b"HTTP/1.") and words[1].isdigit() else 0


def target_of(location):
    """Path and query of a Location, which may be relative or absolute."""
    parts = urllib.parse.urlsplit(location)
    return parts.path + ("?" + parts.query if parts.query else "")


def with_query(target, **values):
    return target + ("&" if "?" in target else "?") + urllib.parse.urlencode(values, safe=":")


def run_threads(jobs):
    """Runs each job in a thread of its own; fails with the first of their failures."""
    failures = []

    def guarded(job):
        try:
            job()
        except BaseException as failure:  # noqa: BLE001 - handed to the caller's thread
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


class TestTimeout(AssertionError):
    pass


class BerthTestCase(unittest.TestCase):
    """A test with a folder of its own that ends within `time_limit` seconds, and with a daemon unless `autostart` is off."""

    time_limit = 120
    autostart = True
    arguments = ()
    environment = {}
    scheme = "http"
    accounts = None  # WITH_ACCOUNTS; a class that says True or False is not run a second time
    orgs = ()  # the first parts of the names that the test pushes to

    def run(self, result=None):
        def on_alarm(*_):
            raise TestTimeout(f"took longer than {self.time_limit} s")

        previous = signal.signal(signal.SIGALRM, on_alarm)
        signal.setitimer(signal.ITIMER_REAL, self.time_limit)
        try:
            return super().run(result)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)

    def setUp(self):
        # No '_' as mkdtemp() would have it: some clients read a path as a name, in which not every one may be.
        self.folder = os.path.join(tempfile.gettempdir(), f"berth-e2e-{secrets.token_hex(6)}")
        os.mkdir(self.folder, 0o700)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.daemon = self.make_daemon("data")
        if self.autostart:
            self.daemon.start()
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)

    def make_daemon(self, name, arguments=None, environment=None):
        daemon = Daemon(os.path.join(self.folder, name), self.arguments if arguments is None else arguments,
                        self.environment if environment is None else environment, scheme=self.scheme, accounts=self.accounts, orgs=self.orgs)
        self.addCleanup(daemon.kill)
        return daemon

    def assert_status(self, response, *statuses):
        self.assertIn(response.status, statuses, repr(response))
        return response

    def assert_oci_error(self, response, status, *codes):
        """An error in the OCI dialect with one of these statuses and codes (no codes: any)."""
        self.assertIn(response.status, status if isinstance(status, tuple) else (status,), repr(response))
        self.assertEqual((response.header("Content-Type") or "").split(";")[0], "application/json", repr(response))
        code = response.error_code()
        if codes:
            self.assertIn(code, codes, repr(response))
        return code
