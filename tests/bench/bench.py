#!/usr/bin/env python3
"""Berth beside nginx and distribution on this machine: interleaved rounds, medians with their spread, ratios pair by pair.

Usage: bench.py [--rounds N] [--out FILE] [--seconds S] [--accounts] [ROW...]     a ROW is a name, or a part of one, of the table below
Environment: BERTH_BINARY, BENCH_TOOLS (a folder with load_client, bare_receiver, account_client, decision_bench), DISTRIBUTION (the peer's binary; left out when missing).

--accounts puts accounts in front of Berth, whose clients then send a key with each request; its peers stay open to everybody.

How it measures. Reads are pinned: every server on core 0 with one event loop, every client on core 1. Pushes are not. Servers take turns within a
round, and the order turns from round to round. A ratio is the median of the ratios within the rounds. "null" is nginx against a second
nginx: what a ratio means nothing below. Server CPU is user + system of the process and its children, by the kernel's clock (10 ms).
"""

import argparse
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from harness import BINARY, Client, end_process, free_port, start_process, wait_until  # noqa: E402
import accounts  # noqa: E402
import attacks  # noqa: E402
import lists  # noqa: E402
from registry import IMAGE_MANIFEST, Image, push_blob, push_image  # noqa: E402

TOOLS = os.environ.get("BENCH_TOOLS") or os.path.dirname(BINARY)
DISTRIBUTION = os.environ.get("DISTRIBUTION") or ""
MIB = 1 << 20
LARGE = int(os.environ.get("BENCH_LARGE_MIB") or 954) * MIB  # 1 GB
RANGE = 64 * MIB
SERVER_CORE, CLIENT_CORE = "0", "1"
TICK = os.sysconf("SC_CLK_TCK")


# --- servers ---------------------------------------------------------------------------------------------------------------------


class Server:
    """A process under test. `plain` and `tls` are ports; `paths` says where it has the content of the reads."""

    pinned = True
    authorization = None  # the field's value, where one is asked for

    def __init__(self, name, folder, certificate=None):
        self.name, self.folder, self.certificate = name, os.path.join(folder, name), certificate
        self.plain, self.tls, self.h2c = free_port(), free_port() if certificate else None, None
        self.process, self.paths = None, {}
        os.makedirs(self.folder, exist_ok=True)

    def command(self):
        raise NotImplementedError

    def start(self):
        prefix = ["taskset", "-c", SERVER_CORE] if self.pinned else []
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = start_process([*prefix, *self.command()], stdout=log, stderr=log, env=self.environment())
        wait_until(self.answers, 30, f"{self.name} answers on port {self.plain}")

    def environment(self):
        return dict(os.environ)

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.plain)) == 0

    def stop(self):
        if self.process:
            end_process(self.process)

    def pids(self):
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False).stdout.split()
        return [self.process.pid, *map(int, children)]

    def cpu(self):
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK

    def memory(self, what):
        """VmHWM or VmRSS in MB, of the process and its children."""
        total = 0
        for pid in self.pids():
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                total += int(re.search(rf"{what}:\s+(\d+)", file.read()).group(1))
        return total / 1000

    def field_options(self):
        """What curl, wrk, ab and h2load are told to send."""
        return ["-H", f"Authorization: {self.authorization}"] if self.authorization else []

    def client(self):
        return Client(self.plain, authorization=self.authorization)

    def url(self, scheme):
        if scheme.startswith("tls"):
            return f"https://127.0.0.1:{self.tls}"
        return f"http://127.0.0.1:{(self.h2c if scheme == 'h2c' else None) or self.plain}"


class Berth(Server):
    memory_off = False  # no answers from memory
    with_accounts = False
    orgs = ("bench", "lists", "start")

    def start(self):
        super().start()
        if self.with_accounts and self.authorization is None:
            self.authorization = self.first_authorization()

    def first_authorization(self):
        """The first administrator's, once the organisations that the rows push to are there."""
        data = os.path.join(self.folder, "data")
        wait_until(lambda: self.admin_answers(data), 30, f"{self.name} answers `berth admin`")
        for org in self.orgs:
            output_of([BINARY, "admin", "org", "create", org, "--data", data])
        with open(os.path.join(data, "first-admin.json"), encoding="utf-8") as file:
            return "Bearer " + json.load(file)["key"]

    @staticmethod
    def admin_answers(data):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(os.path.join(data, "berth.sock")) == 0

    def command(self):
        listen = ["--listen", f"http://127.0.0.1:{self.plain}"]
        if self.certificate:
            listen += ["--listen", f"https://127.0.0.1:{self.tls}", "--tls-cert", self.certificate[0], "--tls-key", self.certificate[1]]
        return [BINARY, "serve", *([] if self.with_accounts else ["--open"]), "--data", os.path.join(self.folder, "data"), "--log-level", "warning", *listen]

    def environment(self):
        return {**os.environ, "BERTH_DISK_RESERVE": "0", "BERTH_SCRUB_RATE": "0", **({"BERTH_LOOP_THREADS": "1"} if self.pinned else {}),
                **({"BERTH_RECALL_MEMORY": "0"} if self.memory_off else {})}

    def blobs(self):
        return os.path.join(self.folder, "data", "blobs")


class Distribution(Server):
    def command(self):
        config = {
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": os.path.join(self.folder, "data")}, "cache": {"blobdescriptor": "inmemory"}, "delete": {"enabled": True}},
            "http": {"addr": f"127.0.0.1:{self.plain}"},
        }
        path = os.path.join(self.folder, "config.yml")
        with open(path, "w", encoding="ascii") as file:
            json.dump(config, file)  # JSON is YAML
        return [DISTRIBUTION, "serve", path]

    def environment(self):
        return {**os.environ, "OTEL_TRACES_EXPORTER": "none", **({"GOMAXPROCS": "1"} if self.pinned else {})}

    def blobs(self):
        return os.path.join(self.folder, "data", "docker", "registry", "v2", "blobs")


class Nginx(Server):
    def command(self):
        self.h2c = self.h2c or free_port()
        tls = ""
        if self.certificate:
            tls = f"listen 127.0.0.1:{self.tls} ssl http2; ssl_certificate {self.certificate[0]}; ssl_certificate_key {self.certificate[1]}; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:s:1m;"
        root = os.path.join(self.folder, "root")
        os.makedirs(root, exist_ok=True)
        config = f"""
daemon off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log; user root;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 600s; default_type application/octet-stream;
  client_body_temp_path {self.folder}/t1; proxy_temp_path {self.folder}/t2; fastcgi_temp_path {self.folder}/t3; uwsgi_temp_path {self.folder}/t4; scgi_temp_path {self.folder}/t5;
  http2_max_concurrent_streams 256;
  server {{ listen 127.0.0.1:{self.plain}; root {root}; }}
  server {{ listen 127.0.0.1:{self.h2c} http2; root {root}; }}
  {"server { " + tls + " root " + root + "; }" if tls else ""}
}}
"""
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(config)
        return ["nginx", "-c", path]

    def put(self, name, content):
        with open(os.path.join(self.folder, "root", name), "wb") as file:
            file.write(content)
        self.paths[name] = "/" + name


class Bare(Server):
    def command(self):
        os.makedirs(os.path.join(self.folder, "data"), exist_ok=True)
        return [os.path.join(TOOLS, "bare_receiver"), str(self.plain), os.path.join(self.folder, "data")]

    def blobs(self):
        return os.path.join(self.folder, "data")


def make_certificate(folder):
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


# --- clients ---------------------------------------------------------------------------------------------------------------------


def pinned(*arguments):
    return ["taskset", "-c", CLIENT_CORE, *map(str, arguments)]


def output_of(arguments, seconds=600, env=None):
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL, check=False, env=env)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def load_client(server, what, *arguments, where=pinned):
    environment = {**os.environ, **({"LOAD_AUTHORIZATION": server.authorization} if server.authorization else {})}
    return json.loads(output_of(where(os.path.join(TOOLS, "load_client"), what, server.plain, *arguments), env=environment))


def plainly(*arguments):
    return list(map(str, arguments))


def requests_per_second(server, path, scheme, seconds, method="GET"):
    """(requests a second, requests)."""
    url = server.url(scheme) + path
    if scheme in ("h1", "tls-h1") and method == "HEAD":  # wrk waits for a body
        text = output_of(pinned("ab", "-q", "-k", "-i", "-c", 16, "-t", seconds, "-n", 10_000_000, "-H", f"Accept: {IMAGE_MANIFEST}", *server.field_options(), url))
        if re.search(r"Non-2xx responses", text):
            raise RuntimeError(f"{url}: {text}")
        return float(re.search(r"Requests per second:\s+([\d.]+)", text).group(1)), int(re.search(r"Complete requests:\s+(\d+)", text).group(1))
    if scheme in ("h1", "tls-h1"):
        text = output_of(pinned("wrk", "-t1", "-c16", f"-d{seconds}s", "-H", f"Accept: {IMAGE_MANIFEST}", *server.field_options(), url))
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        if bad:
            raise RuntimeError(f"{url}: {bad.group(0)}")
        return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), int(re.search(r"(\d+) requests in", text).group(1))
    text = output_of(pinned("h2load", "-t1", "-c4", "-m16", "-D", seconds, "-H", f":method: {method}", *server.field_options(), url))
    if re.search(r"(\d+) 2xx", text).group(1) == "0" or not re.search(r", 0 failed, 0 errored", text):
        raise RuntimeError(f"{url}: {text}")
    count = int(re.search(r"(\d+) 2xx", text).group(1))
    return count / seconds, count


def bulk_by_curl(server, path, scheme):
    version = {"tls-h1": ["--http1.1"], "tls-h2": ["--http2"], "h2c": ["--http2-prior-knowledge"]}[scheme]
    began = time.perf_counter()
    output_of(pinned("curl", "-sSfk", *version, "-o", "/dev/null", *server.field_options(), server.url(scheme) + path))
    return time.perf_counter() - began


def latencies(urls, rate, seconds, options=()):
    """Percentile 99 in ms at a fixed rate of GETs of the URLs in turn, over 16 connections."""
    with tempfile.NamedTemporaryFile() as log:
        output_of(pinned("h2load", "--h1", "-t1", "-c16", f"--rps={rate // 16}", "-D", seconds, *options, f"--log-file={log.name}", *urls))
        times = sorted(int(line.split()[2]) for line in open(log.name, encoding="ascii") if line.strip())
    return times[int(len(times) * 0.99)] / 1000, len(times)


# --- rows ------------------------------------------------------------------------------------------------------------------------


class Row:
    """`measure(server, round)` returns (value, amount for the CPU figure)."""

    def __init__(self, name, unit, per, servers, measure, goal=""):
        self.name, self.unit, self.per, self.servers, self.measure, self.goal = name, unit, per, servers, measure, goal

    def run(self, rounds, world):
        results = {server.name: [] for server in self.servers}
        for number in range(rounds):
            turn = self.servers[number % len(self.servers):] + self.servers[: number % len(self.servers)]
            for server in turn:
                before = server.cpu()
                value, amount = self.measure(server, number)
                results[server.name].append((value, (server.cpu() - before) / amount if amount else 0))
        return results


def spread(values):
    return f"{statistics.median(values):.4g} [{min(values):.4g}–{max(values):.4g}]"


def ratio(results, a, b):
    return [x[0] / y[0] for x, y in zip(results[a], results[b]) if y[0]]


class World:
    def __init__(self, arguments):
        self.folder = tempfile.mkdtemp(prefix="berth-bench-", dir=os.environ.get("BENCH_FOLDER"))
        self.arguments = arguments
        self.certificate = make_certificate(self.folder)
        self.nginx, self.null = Nginx("nginx", self.folder, self.certificate), Nginx("null", self.folder, self.certificate)
        self.berth = Berth("berth", self.folder, self.certificate if arguments.tls else None)
        self.peers = [Distribution("distribution", self.folder)] if os.path.exists(DISTRIBUTION) else []
        self.readers = [self.nginx, self.null, self.berth, *self.peers]
        self.seed = int(time.time())

    def close(self):
        for server in self.readers:
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # The same bytes for everybody.
    def fill(self, large):
        for server in self.readers:
            server.start()
        image = Image("bench", layers=2, layer_size=4096)
        small = os.urandom(4096)
        for server in [self.berth, *self.peers]:
            client = server.client()
            push_image(client, "bench/small", image, "1")
            digest = push_blob(client, "bench/small", small)
            server.paths = {"manifest": "/v2/bench/small/manifests/1", "blob": f"/v2/bench/small/blobs/{digest}", "base": "/v2/"}
            if large:
                server.paths["large"] = f"/v2/bench/large/blobs/{self.push_large(server)}"
            client.close()
        for server in (self.nginx, self.null):
            server.put("manifest", image.manifest)
            server.put("blob", small)
            server.put("base", b"{}")
            if large:
                self.copy_large(server)

    def push_large(self, server):
        path = os.path.join(self.folder, "large")
        if not os.path.exists(path):
            with open(path, "wb") as file:
                block = os.urandom(MIB)
                for index in range(LARGE // MIB):
                    file.write(index.to_bytes(8, "big") + block[8:])
            self.large_digest = "sha256:" + output_of(["openssl", "dgst", "-sha256", "-r", path]).split()[0]
        location = output_of(["curl", "-sSf", *server.field_options(), "-X", "POST", "-o", "/dev/null", "-D", "-", f"http://127.0.0.1:{server.plain}/v2/bench/large/blobs/uploads/"])
        location = re.search(r"(?i)location: (\S+)", location).group(1)
        if location.startswith("/"):
            location = f"http://127.0.0.1:{server.plain}{location}"
        location += ("&" if "?" in location else "?") + "digest=" + self.large_digest
        output_of(["curl", "-sSf", *server.field_options(), "-X", "PUT", "-T", path, "-H", "Expect:", "-H", "Content-Type: application/octet-stream", location])
        return self.large_digest

    def copy_large(self, server):
        os.link(os.path.join(self.folder, "large"), os.path.join(server.folder, "root", "large"))
        server.paths["large"] = "/large"


def read_rows(world, seconds):
    schemes = ["h1"] + (["tls-h1", "tls-h2", "h2c"] if world.arguments.tls else [])
    plain_only = world.peers
    rows = []
    for scheme in schemes:
        servers = [world.nginx, world.null, world.berth] + (plain_only if scheme == "h1" else [])
        for name, path, method in (("manifest GET", "manifest", "GET"), ("manifest HEAD", "manifest", "HEAD"), ("blob HEAD", "blob", "HEAD"), ("blob GET 4 KiB", "blob", "GET"),
                                   ("GET /v2/", "base", "GET")):
            rows.append(Row(f"{name} {scheme}", "1/s", "request", servers,
                            lambda s, _, p=path, m=method, c=scheme: requests_per_second(s, s.paths[p], c, seconds, m), goal=">= 0.8 x nginx"))
    servers = [world.nginx, world.null, world.berth, *plain_only]
    rows.append(Row("manifest GET at 20,000/s, p99 h1", "ms", "request", [world.nginx, world.null, world.berth],
                    lambda s, _: latencies([s.url("h1") + s.paths["manifest"]], 20_000, seconds + 1, s.field_options()), goal="<= 1.5 x nginx"))

    def bulk(server, connections, repeats, *ranges):
        done = load_client(server, "pull", server.paths["large"], connections, repeats, *ranges)
        return done["bytes"] / done["seconds"] / 1e9, done["bytes"] / 1e9

    goal = ">= 0.95 x nginx, CPU <= 1.1 x"
    rows.append(Row("pull 1 GB h1", "GB/s", "GB", servers, lambda s, _: bulk(s, 1, 2), goal=goal))
    rows.append(Row("8 parallel pulls h1", "GB/s", "GB", servers, lambda s, _: bulk(s, 8, 1), goal=goal))
    rows.append(Row("64 MiB ranges, 8 connections h1", "GB/s", "GB", servers, lambda s, _: bulk(s, 8, 2, RANGE, LARGE), goal=goal))
    for scheme in schemes[1:]:
        rows.append(Row(f"pull 1 GB {scheme}", "GB/s", "GB", [world.nginx, world.null, world.berth],
                        lambda s, _, c=scheme: (LARGE / 1e9 / bulk_by_curl(s, s.paths["large"], c), LARGE / 1e9), goal="CPU <= 0.8 x nginx, >= 0.95 x"))
    return rows


def forget(folder):
    """Takes pushed data out of the page cache, or the order of the rounds decides (performance.md A2b)."""
    for directory, _, names in os.walk(folder):
        for name in names:
            try:
                file = os.open(os.path.join(directory, name), os.O_RDONLY)
            except OSError:
                continue
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def warm(folder, size):
    """Cold guest memory costs a push more than the push (performance.md A0)."""
    path = os.path.join(folder, "warm")
    with open(path, "wb") as file:
        for _ in range(size // MIB):
            file.write(b"\0" * MIB)
    os.unlink(path)


def push_rows(world):
    servers = [Bare("bare", world.folder), Berth("berth-push", world.folder)] + ([Distribution("distribution-push", world.folder)] if world.peers else [])
    for server in servers:
        server.pinned = False
    registries = servers[1:]

    def seed():
        world.seed += 1
        return world.seed

    def large(server, mode, connections):
        warm(world.folder, LARGE * connections)
        done = load_client(server, "push", "bench/push", mode, LARGE, connections, seed(), where=plainly)
        forget(server.blobs())
        return done["bytes"] / done["seconds"] / 1e9, done["bytes"] / 1e9

    def small(server, kind, count, connections):
        done = load_client(server, kind, f"bench/{kind}", count, connections, seed(), where=plainly)
        return done["requests"] / done["seconds"], done["requests"]

    rows = [
        Row("push 1 GB, PUT", "GB/s", "GB", servers, lambda s, _: large(s, "put", 1), goal=">= 0.9 x bare, >= 2.2 x distribution"),
        Row("push 1 GB, one streamed PATCH", "GB/s", "GB", servers, lambda s, _: large(s, "patch", 1), goal=">= 1.9 x distribution"),
        Row("push 1 GB, 16 MiB chunks", "GB/s", "GB", servers, lambda s, _: large(s, "chunks", 1), goal=">= 1.9 x distribution"),
        Row("4 parallel pushes of 1 GB", "GB/s", "GB", servers, lambda s, _: large(s, "put", 4), goal=">= 1.5 x distribution"),
    ]
    for connections in (1, 16):
        for kind, what, count in (("blobs", "blob push 4 KiB", 640), ("images", "image push", 320)):
            rows.append(Row(f"{what}, {connections} connection{'s' if connections > 1 else ''}", "1/s", "push", registries,
                            lambda s, _, k=kind, n=count, c=connections: small(s, k, n, c), goal=">= 6 x distribution"))
    return servers, rows


def measure_lists(world, wanted, seconds, rounds, out):
    """Any page of long lists beside distribution, and the last page beside the first."""
    kinds = [(name, where) for name, where in lists.pages(world.folder) if wanted(name)]
    if not kinds:
        return
    servers = [Berth("berth-lists", world.folder)] + ([Distribution("distribution-lists", world.folder)] if world.peers else [])
    servers[0].memory_off = True
    for server, fill in zip(servers, (lists.fill_berth, lists.fill_distribution)):
        server.start()
        client = server.client()
        fill(server, client)
        client.close()
    medians = {}
    for name, where in kinds:
        def measure(server, _, where=where, name=name):
            if server.name.startswith("distribution") and name.startswith("_catalog"):  # walks all of its folders for each page
                return lists.single(server, where, lambda *a: output_of(pinned(*a)))
            return lists.list_rate(server, where, seconds, lambda *a: output_of(pinned(*a)))

        row = Row(name, "1/s", "page", servers, measure, goal=">= 20 x distribution")
        results = row.run(rounds, world)
        medians[name] = statistics.median(v for v, _ in results["berth-lists"])
        print_row(row, results, out)
    for what in ("tags/list n=100", "_catalog n=100"):
        first, last = medians.get(what + ", first page"), medians.get(what + ", last page")
        if first and last:
            print(f"  {what}: the last page takes {first / last:.2f} x the first (goal <= 1.2)")
    for server in servers:
        server.stop()


def measure_start(world, rounds, out):
    server = Berth("berth-start", world.folder)
    server.start()
    server.stop()
    lists.fill_manifests(server)
    times = {kind: [lists.start_seconds(server, kind == "cold") for _ in range(rounds)] for kind in ("warm", "cold")}
    for kind, values in times.items():
        print(f"\nstart with 1,000,000 manifests, {kind} page cache: {spread(values)} s (goal <= 0.5)", flush=True)
    out.append({"row": "start with 1,000,000 manifests", "unit": "s", "goal": "<= 0.5", "values": times})


def memory_row(world):
    """Peak memory of one daemon under 8 pulls and 4 pushes of 1 GB at once, and its memory before."""
    server = Berth("berth-memory", world.folder)
    server.pinned = False
    server.start()
    try:
        idle = server.memory("VmRSS")
        digest = world.push_large(server)
        pulls = threading.Thread(target=lambda: load_client(server, "pull", f"/v2/bench/large/blobs/{digest}", 8, 3, where=plainly))
        pulls.start()
        load_client(server, "push", "bench/push", "put", LARGE, 4, world.seed + 1, where=plainly)
        pulls.join()
        return idle, server.memory("VmHWM")
    finally:
        server.stop()


# --- the report ------------------------------------------------------------------------------------------------------------------


def machine():
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="ascii") if line.startswith("model name")), "?")
    memory = int(re.search(r"MemTotal:\s+(\d+)", open("/proc/meminfo", encoding="ascii").read()).group(1)) / 1e6
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GB, Linux {platform.release()}"


def print_row(row, results, out):
    berth = next(name for name in results if name.startswith("berth"))
    line = {"row": row.name, "unit": row.unit, "goal": row.goal, "values": {n: [v for v, _ in r] for n, r in results.items()},
            "cpu": {n: [c for _, c in r] for n, r in results.items()}, "ratios": {}}
    print(f"\n{row.name}   ({row.unit}; goal {row.goal})")
    for name, rounds in results.items():
        values, cpu = [v for v, _ in rounds], statistics.median(c for _, c in rounds)
        factor = 1e6 if row.per != "GB" else 1
        against = ""
        if name != berth:
            ratios = ratio(results, berth, name)
            line["ratios"][name] = ratios
            against = f"   berth is {spread(ratios)} x"
        if name == "null":
            against = f"   null pair {spread(ratio(results, 'null', 'nginx'))}"
        print(f"  {name:<18}{spread(values):<34}CPU {cpu * factor:.3g} {'s/GB' if row.per == 'GB' else 'us/' + row.per}{against}", flush=True)
    out.append(line)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--out")
    parser.add_argument("--plain", dest="tls", action="store_false", help="no TLS and no HTTP/2")
    parser.add_argument("--accounts", action="store_true", help="Berth with accounts, its clients with a key")
    parser.add_argument("rows", nargs="*")
    arguments = parser.parse_args()
    Berth.with_accounts = arguments.accounts
    world, out = World(arguments), []
    wanted = lambda name: not arguments.rows or any(part in name for part in arguments.rows)  # noqa: E731
    try:
        print(f"{machine()}; {arguments.rounds} rounds; {subprocess.run([BINARY, 'version'], capture_output=True, text=True, check=True).stdout.strip()}", flush=True)
        reads = [row for row in read_rows(world, arguments.seconds) if wanted(row.name)]
        if reads:
            world.fill(any("pull" in row.name or "range" in row.name for row in reads))
            for row in reads:
                print_row(row, row.run(arguments.rounds, world), out)
            print(f"\npeak memory of the readers: " + ", ".join(f"{s.name} {s.memory('VmHWM'):.1f} MB" for s in world.readers))
            for server in world.readers:
                server.stop()
        servers, pushes = push_rows(world)
        pushes = [row for row in pushes if wanted(row.name)]
        if pushes:
            for server in servers:
                server.start()
            for row in pushes:
                print_row(row, row.run(arguments.rounds, world), out)
            print("\npeak memory of the pushed to: " + ", ".join(f"{s.name} {s.memory('VmHWM'):.1f} MB" for s in servers))
            for server in servers:
                server.stop()
        measure_lists(world, wanted, arguments.seconds, arguments.rounds, out)
        if wanted("start"):
            measure_start(world, arguments.rounds, out)
        if wanted("memory"):
            idle, peak = memory_row(world)
            print(f"\nmemory: idle {idle:.1f} MB (goal <= 20), peak under 8 pulls and 4 pushes of 1 GB {peak:.1f} MB (goal <= 64)")
            out.append({"row": "memory", "idle": idle, "peak": peak})
        for name, measure in {**attacks.ROWS, **accounts.ROWS}.items():
            if wanted(name):
                measure(sys.modules[__name__], world.folder, arguments.rounds, arguments.seconds, out)
        if arguments.out:
            with open(arguments.out, "w", encoding="ascii") as file:
                json.dump({"machine": machine(), "rounds": arguments.rounds, "rows": out}, file, indent=1)
    finally:
        world.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
