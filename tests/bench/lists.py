"""Long lists, and a start with a large catalog: rows of bench.py that need their content written straight to where each server keeps it.

Berth's rows go into its catalog while no daemon runs; distribution's names are folders. Answers from memory are off (BERTH_RECALL_MEMORY=0): a page
that was asked for before must cost what any page costs.
"""

import hashlib
import os
import re
import sqlite3
import subprocess
import time

from harness import end_process
from registry import IMAGE_MANIFEST, Image, push_image

REPOSITORIES, TAGS, MANIFESTS = 100_000, 10_000, 1_000_000


def change(server, action):
    """action(database) on a stopped Berth's catalog."""
    database = sqlite3.connect(os.path.join(server.folder, "data", "catalog.sqlite"))
    database.execute("PRAGMA synchronous = OFF")
    with database:
        action(database)
    database.close()


def repository(number):
    return f"lists/r{number:06}"


def tag(number):
    return f"t{number:05}"


def fill_berth(server, client):
    push_image(client, "lists/tags", Image("lists"), "first")
    server.stop()

    def rows(database):
        home, manifest = database.execute("SELECT r.id, m.id FROM repositories r JOIN manifests m ON m.repository_id = r.id WHERE r.name = 'lists/tags'").fetchone()
        database.executemany("INSERT INTO repositories (name, created_at) VALUES (?, 0)", ((repository(n),) for n in range(REPOSITORIES)))
        database.executemany("INSERT INTO tags (repository_id, name, manifest_id, updated_at) VALUES (?, ?, ?, 0)", ((home, tag(n), manifest) for n in range(TAGS)))
    change(server, rows)
    server.start()


def fill_distribution(server, client):
    image = Image("lists")
    push_image(client, "lists/tags", image, "first")
    root = os.path.join(server.folder, "data", "docker", "registry", "v2", "repositories")
    for number in range(REPOSITORIES):
        os.makedirs(os.path.join(root, repository(number), "_layers"))
    digest = "sha256:" + hashlib.sha256(image.manifest).hexdigest()
    for number in range(TAGS):
        folder = os.path.join(root, "lists", "tags", "_manifests", "tags", tag(number), "current")
        os.makedirs(folder)
        with open(os.path.join(folder, "link"), "w", encoding="ascii") as file:
            file.write(digest)


# A page behind a random entry, so that no two requests in a row are the same.
SCRIPT = """
local count, form = %d, "%s"
request = function()
  return wrk.format("GET", string.format(form, math.random(0, count - 1)))
end
"""


def script(folder, name, count, form):
    path = os.path.join(folder, name + ".lua")
    with open(path, "w", encoding="ascii") as file:
        file.write(SCRIPT % (count, form))
    return path


def pages(folder):
    """(row, path or wrk script) of every kind of page."""
    return [
        ("tags/list n=100 of 10,000, any page", script(folder, "tags", TAGS, "/v2/lists/tags/tags/list?n=100&last=t%05d")),
        ("tags/list n=100, first page", "/v2/lists/tags/tags/list?n=100"),
        ("tags/list n=100, last page", f"/v2/lists/tags/tags/list?n=100&last={tag(TAGS - 101)}"),
        ("_catalog n=100 of 100,000, any page", script(folder, "catalog", REPOSITORIES, "/v2/_catalog?n=100&last=lists/r%06d")),
        ("_catalog n=100, first page", "/v2/_catalog?n=100"),
        ("_catalog n=100, last page", f"/v2/_catalog?n=100&last={repository(REPOSITORIES - 101)}"),
    ]


def single(server, where, run):
    """(pages a second, pages) by one request: for a server that takes seconds for a page."""
    path = where if where.startswith("/v2/") else f"/v2/_catalog?n=100&last={repository(REPOSITORIES // 2)}"
    began = time.perf_counter()
    run("curl", "-sSf", "-m", "120", "-o", "/dev/null", *server.field_options(), server.url("h1") + path)
    return 1 / (time.perf_counter() - began), 1


def list_rate(server, where, seconds, run):
    """(pages a second, pages)."""
    path = [] if where.startswith("/v2/") else ["-s", where]
    text = run("wrk", "-t1", "-c8", f"-d{seconds}s", "--timeout", "60s", *server.field_options(), *path, server.url("h1") + (where if not path else ""))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if bad:
        raise RuntimeError(f"{server.name} {where}: {bad.group(0)}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), int(re.search(r"(\d+) requests in", text).group(1))


def fill_manifests(server):
    """A million manifests with a tag each; their bytes do not matter at a start."""
    def rows(database):
        names = sorted("sha256:" + hashlib.sha256(str(number).encode()).hexdigest() for number in range(MANIFESTS))
        home = database.execute("INSERT INTO repositories (name, created_at) VALUES ('start/many', 0)").lastrowid
        database.executemany(
            "INSERT INTO manifests (id, repository_id, digest, media_type, size, shape, artifact_type, config_media_type, annotations, pushed_at)"
            f" VALUES (?, ?, ?, '{IMAGE_MANIFEST}', 500, 0, '', '', '', 1)", ((10_000 + n, home, name) for n, name in enumerate(names)))
        database.executemany("INSERT INTO tags (repository_id, name, manifest_id, updated_at) VALUES (?, ?, ?, 0)",
                             ((home, f"t{n:08}", 10_000 + n) for n in range(MANIFESTS)))
    change(server, rows)


def start_seconds(server, cold):
    """From exec to the line that says it listens."""
    if cold:
        subprocess.run(["sync"], check=True)
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
            file.write("3")
    began = time.perf_counter()
    process = subprocess.Popen(server.command(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=server.environment())
    try:
        line = process.stdout.readline()
        took = time.perf_counter() - began
        if b"listening" not in line:
            raise RuntimeError(f"the daemon said {line!r}")
        return took
    finally:
        end_process(process)
