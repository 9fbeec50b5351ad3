"""Accounts under load: rows of bench.py whose daemon asks everybody who they are.

tokens      tokens from a key on one core
passwords   pulls at half of what the daemon reaches, with and without a flood of wrong passwords beside them
grants      100,000 users, 1,000 organisations, 1,000,000 grants: the time of a decision, and the daemon's memory after every user came by

The daemon has one event loop and is pinned to core 0, the clients to core 1, as in all rows of reads.
"""

import base64
import binascii
import hashlib
import json
import os
import random
import re
import sqlite3
import statistics

from pinned import Pinned
from registry import Image, push_blob, push_image

USERS, ORGS, TEAMS, REPOSITORIES, GRANTS = 100_000, 1_000, 10, 20, 10  # teams and repositories of an organisation, grants of a user
PASSWORD = "correct horse battery"
CONNECTIONS = 16


class PinnedAccounts(Pinned):
    """With people of the row's own."""

    def __init__(self, folder, row):
        super().__init__(os.path.join(folder, "accounts-" + row), BERTH_TOKEN_LIFETIME="1h")
        self.access = []


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def small_world(daemon, known):
    """acme/app and a reader of it; `known` more accounts with passwords. Returns the reader's key."""
    daemon.start()
    daemon.stop()
    with open(os.path.join(daemon.directory, "first-admin.json"), encoding="utf-8") as file:
        owner = json.load(file)["key"]
    daemon.admin("org", "create", "acme")
    for name in ("reader", *(f"guessed{number}" for number in range(known))):
        daemon.admin("user", "create", f"{name}@example.com", "--password-stdin", input=(PASSWORD + "\n").encode())
    daemon.admin("role", "grant", "reader@example.com", "REGISTRY_READ", "acme")
    key = daemon.admin("key", "create", "reader@example.com", "--org", "acme", "--name", "bench")["key"]
    daemon.start()
    client = daemon.client(authorization="Bearer " + owner)
    push_image(client, "acme/app", Image("accounts", layers=2, layer_size=4096), "1")
    client.close()
    return owner, key


def token_of(daemon, key):
    client = daemon.client(authorization=basic("$oauthtoken", key))
    token = client.get("/token?service=bench&scope=repository:acme/app:pull").json()["token"]
    client.close()
    return token


def measure_tokens(bench, folder, rounds, seconds, out):
    daemon = PinnedAccounts(folder, "tokens")
    try:
        _, key = small_world(daemon, 0)
        target = daemon.url + "/token?service=bench&scope=repository:acme/app:pull"
        rates = []
        for _ in range(rounds):
            text = bench.output_of(bench.pinned("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-H", f"Authorization: {basic('$oauthtoken', key)}", target))
            if "Non-2xx" in text:
                raise RuntimeError(text)
            rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)))
    finally:
        daemon.kill()
    print(f"\ntokens from a key on one core: {bench.spread(rates)} 1/s (goal >= 5000)", flush=True)
    out.append({"row": "tokens from a key", "unit": "1/s", "goal": ">= 5000", "values": rates})


class Guesses:
    """A flood of wrong passwords as long as the block lasts, a little before it begins and after it ends."""

    seeds = 0

    def __init__(self, bench, port, guessers, rate, seconds):
        Guesses.seeds += 1
        self.bench = bench
        # Nicer than the client whose times are measured: they share a core, and it is the server that is to be slow or not.
        arguments = bench.pinned("nice", "-n", "19", os.path.join(bench.TOOLS, "account_client"), "guesses", port, guessers, rate, seconds + 1, Guesses.seeds)
        self.process = bench.start_process(arguments, stdout=bench.subprocess.PIPE)

    def result(self):
        text = self.process.communicate(timeout=120)[0]
        if self.process.returncode != 0:
            raise RuntimeError("the flood ended with a failure")
        return json.loads(text)


def measure_passwords(bench, folder, rounds, seconds, out):
    daemon = PinnedAccounts(folder, "passwords")
    try:
        owner, key = small_world(daemon, 50)
        client = daemon.client(authorization="Bearer " + owner)
        blobs = [push_blob(client, "acme/app", os.urandom(size)) for size in (4096, 65536)]
        client.close()
        # A manifest and a small blob are answered from memory, the larger one through a worker that asks who this is.
        paths = ["/v2/acme/app/manifests/1", *(f"/v2/acme/app/blobs/{digest}" for digest in blobs)]
        credential = "Bearer " + token_of(daemon, key)

        def most_pulls():
            """A second, as fast as it goes."""
            done = json.loads(bench.output_of(bench.pinned(os.path.join(bench.TOOLS, "account_client"), "pulls", daemon.port, credential, CONNECTIONS, seconds, *paths)))
            return done["requests"] / done["seconds"]

        def pulls(rate):
            """p99 in microseconds. One thread: many of one client would wait for each other on their one core, milliseconds at a time."""
            return bench.latencies([daemon.url + path for path in paths], int(rate), seconds, ["-H", f"Authorization: {credential}"])[0] * 1000

        most = statistics.median(most_pulls() for _ in range(3))
        print(f"\nwrong passwords beside pulls (p99 of pulls in us at {most / 2:.0f}/s, half of what it reaches; goal <= 2 x)", flush=True)
        for name, guessers, rate in (("100 guesses/s by 64 connections", 64, 100), ("as many as 64 connections can", 64, 0), ("as many as 1,000 connections can", 1000, 0)):
            quiet, flooded, floods = [], [], []
            for number in range(rounds):
                for which in ("quiet", "flooded") if number % 2 == 0 else ("flooded", "quiet"):
                    flood = Guesses(bench, daemon.port, guessers, rate, seconds) if which == "flooded" else None
                    (flooded if flood else quiet).append(pulls(most / 2))
                    if flood:
                        floods.append(flood.result())
            ratios = [a / b for a, b in zip(flooded, quiet)]
            print(f"  {name:<34}{bench.spread(quiet)} -> {bench.spread(flooded)}   {bench.spread(ratios)} x   guesses/s "
                  f"{bench.spread([f['requests'] / f['seconds'] for f in floods])}, compared {bench.spread([f['refused'] / f['seconds'] for f in floods])}", flush=True)
            out.append({"row": "wrong passwords, " + name, "unit": "us", "goal": "<= 2 x", "rate": most / 2, "quiet": quiet, "flooded": flooded, "ratios": ratios,
                        "floods": floods})
    finally:
        daemon.kill()


# --- grants ----------------------------------------------------------------------------------------------------------------------

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62(number, length):
    text = ""
    for _ in range(length):
        number, rest = divmod(number, 62)
        text = DIGITS[rest] + text
    return text


def make_key(source):
    """(the key as its owner has it, what is stored of it): CONTRACTS.md, Tokens and keys."""
    secret = base62(source.getrandbits(256), 43)
    body = "berth_p" + secret
    return body + base62(binascii.crc32(body.encode()), 6), hashlib.sha256(secret.encode()).hexdigest()


def many_grants(daemon, path, users):
    """Rows of everybody; a line "KEY REPOSITORY" for each user in the file `path`. Half of the grants are of organisations, half of teams."""
    daemon.start()
    daemon.stop()
    source = random.Random(1)
    database = sqlite3.connect(os.path.join(daemon.directory, "catalog.sqlite"))
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA cache_size = -500000")
    first_user, first_org, first_team = (database.execute(f"SELECT COALESCE(max(id), 0) + 1 FROM {table}").fetchone()[0] for table in ("users", "orgs", "teams"))

    def grants():
        for user in range(users):
            for number in range(GRANTS):
                org = (user * 7 + number * 101) % ORGS
                team = 0 if number % 2 == 0 else first_team + org * TEAMS + number
                yield first_user + user, first_org + org, team, 1 + number % 2

    keys = [make_key(source) for _ in range(users)]
    with database:
        database.executemany("INSERT INTO users (id, email, name, standing, rank, created_at) VALUES (?, ?, ?, 0, 0, 0)",
                             ((first_user + n, f"user{n:06}@example.com", f"User number {n}") for n in range(users)))
        database.executemany("INSERT INTO orgs (id, name, display_name, created_at) VALUES (?, ?, ?, 0)", ((first_org + n, f"org{n:04}", f"Organisation {n}") for n in range(ORGS)))
        database.executemany("INSERT INTO teams (id, org_id, name, description, created_at) VALUES (?, ?, ?, '', 0)",
                             ((first_team + n, first_org + n // TEAMS, f"team{n % TEAMS}") for n in range(ORGS * TEAMS)))
        database.executemany("INSERT INTO memberships (user_id, org_id, team_id, role, granted_at) VALUES (?, ?, ?, ?, 0)", grants())
        database.executemany("INSERT INTO repositories (name, created_at) VALUES (?, 0)", ((f"org{n // REPOSITORIES:04}/app{n % REPOSITORIES}",) for n in range(ORGS * REPOSITORIES)))
        database.executemany("INSERT INTO api_keys (kind, user_id, org_id, name, hash, actions, repositories, created_at) VALUES (0, ?, ?, 'laptop', ?, '', '', 0)",
                             ((first_user + n, first_org + (n * 7) % ORGS, stored) for n, (_, stored) in enumerate(keys)))
    count = database.execute("SELECT count(*) FROM memberships").fetchone()[0]
    database.close()
    with open(path, "w", encoding="ascii") as file:
        for number, (key, _) in enumerate(keys):
            file.write(f"{key} org{(number * 7) % ORGS:04}/app{source.randrange(REPOSITORIES)}\n")
    return count


def measure_grants(bench, folder, rounds, _, out, users=USERS):
    daemon = PinnedAccounts(folder, "grants")
    path = os.path.join(folder, "keys")
    try:
        count = many_grants(daemon, path, users)
        print(f"\n{users} users, {ORGS} organisations, {count} grants: microseconds of a decision, from the key in a request (goal <= 20)", flush=True)
        done = [json.loads(bench.output_of(bench.pinned(os.path.join(bench.TOOLS, "decision_bench"), daemon.directory, path, min(users, 15_000)))) for _ in range(rounds)]
        for what, meaning in (("first", "nobody was there before"), ("again", "the same users once more"), ("random", "any user, after everybody was there")):
            print(f"  {meaning:<38}" + ", ".join(f"{name} {bench.spread([one[what][name] for one in done])}" for name in ("mean", "p50", "p99")), flush=True)
        daemon.start()
        idle = daemon.rss()
        asked = json.loads(bench.output_of(bench.pinned(os.path.join(bench.TOOLS, "account_client"), "keys", daemon.port, path, CONNECTIONS)))
        after, peak = daemon.rss(), daemon.peak_rss()
        print(f"  memory: {idle / 1e6:.1f} MB at the start, {after / 1e6:.1f} MB after requests with {asked['requests']} keys ({asked['requests'] / asked['seconds']:.0f} a second), "
              f"peak {peak / 1e6:.1f} MB (goal <= 200)", flush=True)
        out.append({"row": "grants", "unit": "us", "goal": "<= 20", "values": done, "idle": idle, "after": after, "peak": peak, "keys": asked})
    finally:
        daemon.kill()


ROWS = {"tokens": measure_tokens, "passwords": measure_passwords, "grants": measure_grants}
