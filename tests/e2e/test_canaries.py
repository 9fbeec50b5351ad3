"""Secrets in every input of the daemon, each of its own: in no log line, metric, error, audit row or file where it does not belong, and in no core."""

import base64
import json
import os
import signal
import sqlite3
import unittest
import urllib.parse

from harness import BINARY, run_tool, wait_until, with_query
from mail_server import MailServer
from registry import Image, digest_of, push_image
from test_accounts import AccountsCase, basic

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REFUSED = range(400, 500)


def spellings(secret):
    """The bytes that tell a secret: itself, in hex, and within base64, which has three forms of it."""
    raw = secret.encode()
    found = [raw, raw.hex().encode(), raw.hex().upper().encode()]
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + raw)
        found.append(encoded[(before * 8 + 5) // 6: (before + len(raw)) * 8 // 6])
    return found


def memory_of(pid):
    """What a process holds in memory that it can write to, piece by piece; for root."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            first, last = (int(number, 16) for number in span.split("-"))
            if rights.startswith("rw"):
                memory.seek(first)
                try:
                    yield memory.read(last - first)
                except OSError:
                    continue  # [vvar] and the like


class Everywhere(AccountsCase):
    time_limit = 240

    def setUp(self):
        super().setUp()
        self.canaries = {}
        self.answers = []  # (what was asked, its text, the names of secrets that it is there to tell)
        self.mail = MailServer(asks_password=True)
        self.addCleanup(self.mail.server_close)
        self.addCleanup(self.mail.shutdown)
        with open(os.path.join(self.folder, "smtp-password"), "w", encoding="ascii") as file:
            file.write(self.canary("smtp") + "\n")
        self.daemon.environment |= {
            "BERTH_REFUSAL_DELAY": "0s",  # dozens of them
            "BERTH_LOG_LEVEL": "trace", "BERTH_SMTP_URL": f"smtp://127.0.0.1:{self.mail.server_address[1]}", "BERTH_SMTP_FROM": "berth@example.com",
            "BERTH_SMTP_TLS": "never", "BERTH_SMTP_USER": "berth", "BERTH_SMTP_PASSWORD_FILE": os.path.join(self.folder, "smtp-password")}

    def canary(self, name):
        """A new secret of ours."""
        return self.keep(name, f"canary{name}" + os.urandom(9).hex())

    def keep(self, name, secret):
        """One that the daemon made."""
        assert name not in self.canaries and len(secret) > 12, (name, secret)
        self.canaries[name] = secret
        return secret

    def keep_key(self, name, answer):
        """Both spellings of a key share its 43 characters."""
        self.assertEqual(answer["key"][7:50], answer["nvapi"][6:49])
        self.keep(name, answer["key"][7:50])
        return answer["key"]

    def ask(self, method, target, body=None, headers=None, authorization=None, tells=()):
        client = self.daemon.client(authorization=authorization)
        answer = client.request(method, target, json.dumps(body).encode() if isinstance(body, dict) else body, headers or (JSON if isinstance(body, dict) else None))
        client.close()
        self.answers.append((f"{method} {target.split('?')[0]} {answer.status}", repr(answer.headers.items()) + answer.body.decode(errors="replace"), set(tells)))
        return answer

    def account(self, email, name, *roles):
        self.daemon.admin("user", "create", email, "--password-stdin", input=(self.canary(name) + "\n").encode())
        for role, place in roles:
            self.admin("role", "grant", email, role, place)

    # --- one of these for each kind of input ------------------------------------------------------------------------------------

    def passwords_and_keys_of_every_spelling(self):
        good = self.canaries["reader"]
        for number, target in enumerate(("/v2/", "/token?service=x", "/token?scope=repository:acme/app:pull", "/v2/acme/app/tags/list", "/api/v1/me", "/v2/orgs")):
            wrong = self.canary(f"wrong{number}")
            self.assertIn(self.ask("GET", target, authorization=basic("reader@example.com", wrong)).status, REFUSED)
            self.assertIn(self.ask("GET", target, authorization=basic(self.canary(f"user{number}"), wrong)).status, REFUSED)
            for scheme in ("Bearer", "ApiKey", "Digest", "Negotiate"):
                self.assertIn(self.ask("GET", target, authorization=f"{scheme} {self.canary(f'{scheme}{number}')}").status, REFUSED, (scheme, target))
            self.ask("GET", target, authorization=f"Bearer a.{self.canary(f'claims{number}')}.b")
            self.ask("GET", target, headers={"Authorization": [f"Bearer {self.canary(f'two{number}')}", f"Bearer {self.canary(f'third{number}')}"]})
            tells = ["token"] if target.startswith("/token") else []
            answer = self.ask("GET", target, authorization=basic("reader@example.com", good), tells=tells)
            self.assertIn(answer.status, (200, 404), target)
            for authorization in (basic("$oauthtoken", self.key), "Bearer " + self.key, "Bearer " + self.nvapi, "ApiKey " + self.key):
                self.assertIn(self.ask("GET", target, authorization=authorization, tells=tells).status, (200, 404), target)
        slip = self.keep("slip", self.key[7:49]) + ("a" if self.key[49:50] != "a" else "b") + self.key[50:]
        self.assert_status(self.ask("GET", "/v2/", authorization="Bearer berth_p" + slip), 401)

    def forms_and_queries_of_the_token_service(self):
        good = self.canaries["reader"]
        form = f"grant_type=password&username=reader%40example.com&password={good}&service=x&access_type=offline&client_id=x"
        made = self.assert_status(self.ask("POST", "/token", form.encode(), FORM, tells=["refresh", "access"]), 200).json()
        refresh = self.keep("refresh", made["refresh_token"].split(".")[2])
        self.keep("access", made["token"].split(".")[2])
        again = f"grant_type=refresh_token&refresh_token={made['refresh_token']}&service=x"
        self.assert_status(self.ask("POST", "/token", again.encode(), FORM, tells=["access"]), 200)
        self.assert_status(self.ask("GET", "/v2/", authorization="Bearer " + made["token"]), 200)
        self.assert_status(self.ask("GET", "/v2/", authorization="Bearer " + made["refresh_token"]), 401)
        self.ask("POST", "/token", f"grant_type=refresh_token&refresh_token={made['refresh_token'][:-20]}{self.canary('forged')}".encode(), FORM)
        self.ask("POST", "/token", f"grant_type=password&username={self.canary('formuser')}&password={self.canary('form')}".encode(), FORM)
        self.ask("POST", "/token", f"grant_type={self.canary('grant')}&client_secret={self.canary('client')}".encode(), FORM)
        self.ask("POST", "/token", f"grant_type=password&username=x&password=%zz{self.canary('broken')}".encode(), FORM)
        self.ask("POST", "/token", {"password": self.canary("jsonform")})
        self.ask("POST", "/v3/keys/get-caller-info", f"credentials={self.key}".encode(), FORM)
        self.ask("POST", "/v3/keys/get-caller-info", f"credentials={self.canary('caller')}".encode(), FORM)
        names = ("password", "token", "access_token", "refresh_token", "key", "apikey", "api_key", "client_secret", "_state", "credentials")
        for number, name in enumerate(names):
            for place in ("/token", "/v2/", "/v2/acme/app/tags/list", "/api/v1/invitation", "/nowhere"):
                secret = self.canaries.get(f"query{number}") or self.canary(f"query{number}")
                self.ask("GET", f"{place}?{name}={secret}")
        self.assertIsNotNone(refresh)

    def sessions(self):
        origin = {"Origin": self.daemon.url, **JSON}
        good = self.canaries["reader"]
        for body in ({"email": "reader@example.com", "password": self.canary("signin")}, {"email": self.canary("signinname"), "password": good},
                     {"email": "reader@example.com", "password": good, "unknown": self.canary("unknown")}, {"email": "reader@example.com", "password": [self.canary("list")]},
                     {"email": "reader@example.com", "password": self.canary("short")[:8]}):
            self.assertIn(self.ask("POST", "/api/v1/session", body, origin).status, REFUSED)
        self.ask("POST", "/api/v1/session", b'{"email":"reader@example.com","password":"' + self.canary("cut").encode(), origin)
        self.ask("POST", "/api/v1/session", {"email": "reader@example.com", "password": good}, {**JSON, "Origin": "http://elsewhere.example"})
        made = self.assert_status(self.ask("POST", "/api/v1/session", {"email": "reader@example.com", "password": good}, origin, tells=["session"]), 201)
        cookie = made.header("Set-Cookie").split(";")[0]
        self.keep("session", cookie.split("=", 1)[1])
        bearer = self.assert_status(self.ask("GET", "/api/v1/session", headers={"Cookie": cookie}, tells=["bearer"]), 200).json()["token"]
        self.keep("bearer", bearer.split(".")[2])
        for target in ("/v2/", "/api/v1/me", "/api/v1/session"):
            self.ask("GET", target, headers={"Cookie": cookie})
            self.ask("GET", target, headers={"Cookie": "berth_session=" + (self.canaries.get("cookie") or self.canary("cookie"))})
        self.ask("DELETE", "/api/v1/session", headers={"Cookie": cookie, "Origin": "http://elsewhere.example"})
        bearer = "Bearer " + bearer
        self.assert_status(self.ask("GET", "/api/v1/me", authorization=bearer), 200)
        made = self.ask("POST", "/api/v1/me/keys", {"org": "acme", "name": "laptop"}, authorization=bearer, tells=["laptop"])
        self.keep_key("laptop", self.assert_status(made, 201).json())
        rotated = self.ask("POST", f"/api/v1/me/keys/{made.json()['id']}/rotate", {"overlap": 60}, authorization=bearer, tells=["rotated"])
        self.keep_key("rotated", self.assert_status(rotated, 201).json())
        self.ask("POST", "/api/v1/me/keys", {"org": "acme", "name": "x", "password": self.canary("keybody")}, authorization=bearer)
        self.ask("GET", "/api/v1/me/keys", authorization=bearer)
        self.ask("GET", "/api/v1/me/sessions", authorization=bearer)
        fresh = self.canary("fresh")
        for old, new in ((self.canary("old"), fresh), (good, self.canary("bell") + "\7"), (good, fresh)):
            changed = self.ask("POST", "/api/v1/me/password", {"email": "reader@example.com", "password": old, "new_password": new})
        self.assert_status(changed, 204)
        self.assert_status(self.ask("GET", "/api/v1/session", headers={"Cookie": cookie}), 401)
        self.canaries["reader now"] = fresh

    def invitations(self):
        owner = basic("owner@example.com", self.canaries["owner"])
        for email in ("first@example.com", "second@example.com"):
            before = len(self.mail.given)
            sent = self.ask("POST", "/v3/orgs/acme/invitations", {"email": email, "roles": [{"name": "REGISTRY_READ"}]}, authorization=owner)
            self.assert_status(sent, 200)
            wait_until(lambda before=before: len(self.mail.given) > before, 20, "the mail server was asked")
        wait_until(lambda: self.mail.letters, 20, "a letter came")
        self.assertIn(self.canaries["smtp"], self.mail.given)
        text = base64.b64decode(self.mail.letters[0].replace(b"\r\n", b"\n").split(b"\n\n", 1)[1]).decode()
        link = urllib.parse.urlsplit(next(line.strip() for line in text.splitlines() if line.strip().startswith("http")))
        secret = self.keep("invitation", urllib.parse.parse_qs(link.query)["token"][0])
        target = f"{link.path}?{link.query}"
        self.assert_status(self.ask("GET", target), 200)
        self.ask("GET", target.replace(secret, self.canary("link")))
        self.ask("POST", target, {"name": "N", "password": self.canary("weak")[:9]})
        self.ask("POST", target, {"name": "N", "password": self.canaries["weak"], "more": self.canary("more")})
        self.assert_status(self.ask("POST", target, {"name": "N", "password": self.canary("accepted")}), 200)
        self.assert_status(self.ask("POST", target, {"name": "N", "password": self.canary("late")}), 404)

    def pushes(self):
        made = self.ask("POST", "/api/v1/orgs/acme/keys", {"name": "ci", "actions": ["registry:pull", "registry:push"]}, authorization="Bearer " + self.first["key"], tells=["service"])
        key = self.keep_key("service", self.assert_status(made, 201).json())
        begun = self.assert_status(self.ask("POST", "/v2/acme/app/blobs/uploads/", authorization="Bearer " + key), 202)
        location = urllib.parse.urlsplit(begun.header("Location"))
        target = location.path + ("?" + location.query if location.query else "")
        self.ask("PUT", with_query(target, digest=digest_of(b"x"), token=self.canary("upload")), b"x", authorization="Bearer " + key)
        self.ask("PUT", "/v2/acme/app/manifests/1", b'{"schemaVersion":2,"password":"' + self.canary("manifest").encode() + b'"', JSON, "Bearer " + key)

    def used_secrets_are_forgotten(self):
        """Passwords and keys that clients came with, in whichever field, are hardly ever in memory any more when they were used and others came by.

        Hardly: a parser's or a connection's buffer that was given back may lie there until it is used anew. What stays, and is not looked for here: tokens
        (answers are kept with them), links of invitations, keys in the answer that showed them once, and what was no credential where it stood. For all
        of that there is no core.
        """
        kinds = ("wrong", "user", "Bearer", "ApiKey", "Digest", "Negotiate", "form", "signin", "short", "fresh", "old", "accepted", "late", "beside", "slip", "key", "owner")
        names = [name for name in self.canaries if name.rstrip("0123456789").removesuffix("user").removesuffix("name") in (*kinds, "", "reader", "first key")]
        searched = {name: spellings(self.canaries[name]) for name in names}
        self.assertGreater(len(names), 40)

        def remembered():
            for number in range(20):  # others come by
                other = f"nobody{number:04}" + "x" * 24
                for authorization in (basic("reader@example.com", other), basic(other, other), "Bearer berth_p" + "x" * 49, "Bearer nvapi-" + "x" * 49):
                    client = self.daemon.client(authorization=authorization)
                    client.get("/v2/")
                    client.post("/token", f"grant_type=password&username={other}&password={other}&service=x&access_type=offline&client_id=x".encode(), FORM)
                    client.post("/api/v1/me/password", json.dumps({"email": "reader@example.com", "password": other, "new_password": other}).encode(), JSON)
                    client.close()
            pieces = list(memory_of(self.daemon.process.pid))
            return {name for name, forms in searched.items() for piece in pieces if any(form in piece for form in forms)}

        left = remembered()
        print(f"\nstill in memory: {len(left)} of {len(names)} {sorted(left)}", flush=True)
        self.assertLessEqual(len(left), len(names) // 10)

    # --- where they are looked for ------------------------------------------------------------------------------------------------

    def files_of(self, directory):
        for folder, _, names in os.walk(directory):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        yield os.path.relpath(path, directory), file.read()

    def places(self):
        """(name, bytes, names of secrets that belong there)"""
        yield "log", self.daemon.logs().encode(), set()
        yield "metrics", self.metrics, set()
        for asked, text, tells in self.answers:
            yield asked, text.encode(), tells
        database = sqlite3.connect(os.path.join(self.daemon.directory, "catalog.sqlite"))
        yield "audit rows", "\n".join(str(row) for row in database.execute("SELECT * FROM audit_events")).encode(), set()
        database.close()
        yield "audit export", self.export, set()
        for name, data in self.files_of(self.daemon.directory):
            yield name, data, {"first password", "first key"} if name == "first-admin.json" else {"ring", "chain"} if name.startswith("keys/") else set()
        run_tool([BINARY, "backup", os.path.join(self.folder, "backup"), "--data", self.daemon.directory])
        for name, data in self.files_of(os.path.join(self.folder, "backup")):
            yield "backup/" + name, data, {"ring", "chain"} if "keys/" in name else set()

    def test_secrets_are_nowhere(self):
        self.daemon.start()
        self.daemon.stop()
        self.first = self.first_admin()
        self.keep("first password", self.first["password"])
        self.keep("first key", self.first["key"][7:50])
        self.admin("org", "create", "acme")
        self.account("reader@example.com", "reader", ("REGISTRY_READ", "acme"))
        self.account("owner@example.com", "owner", ("ORG_OWNER", "acme"))
        made = self.admin("key", "create", "reader@example.com", "--org", "acme", "--name", "test")
        self.key, self.nvapi = self.keep_key("key", made), made["nvapi"]
        self.daemon.start()
        self.account("beside@example.com", "beside")  # through the running daemon
        self.admin("user", "demote", "beside@example.com")
        for part in (self.passwords_and_keys_of_every_spelling, self.forms_and_queries_of_the_token_service, self.sessions, self.invitations, self.pushes):
            part()
        self.used_secrets_are_forgotten()
        first = "Bearer " + self.first["key"]
        self.metrics = self.ask("GET", "/metrics").body
        self.export = self.assert_status(self.ask("GET", "/api/v1/audit/export", authorization=first), 200).body
        self.daemon.stop()
        for name, data in self.files_of(os.path.join(self.daemon.directory, "keys")):
            if name == "audit.key":
                self.keep("chain", data.decode("latin-1").strip())
            elif name == "tokens.json":
                for entry in json.loads(data)["keys"]:
                    self.keep("ring", entry["seed"])
        found, at_home = [], set()
        for place, data, belongs in self.places():
            for name, secret in self.canaries.items():
                if any(spelling in data for spelling in spellings(secret)):
                    if name in belongs:
                        at_home.add((name, place.split(" ")[0]))
                    else:
                        found.append(f"{name} in {place}")
        self.assertEqual(found, [])
        for name, place in (("first key", "first-admin.json"), ("ring", "keys/tokens.json"), ("chain", "keys/audit.key"), ("refresh", "POST"), ("session", "POST")):
            self.assertIn((name, place), at_home, "what is there is found")
        self.assertGreater(len(self.canaries), 100)
        print(f"\n{len(self.canaries)} secrets, {len(self.answers)} answers", flush=True)


class Cores(AccountsCase):
    """A crash leaves the daemon's memory nowhere, unless its operator wants that."""

    def crash(self, name, **environment):
        """Whether the kernel kept a core of a daemon that was given a password and a key, and what it left in the daemon's folder."""
        folder = os.path.join(self.folder, name)
        os.makedirs(folder)
        self.daemon.environment |= environment
        self.daemon.prefix = ("sh", "-c", 'ulimit -c unlimited && cd "$0" && exec "$@"', folder)
        self.daemon.start()
        for authorization in (basic("reader@example.com", "canary of a password"), "Bearer " + self.keys["reader"]):
            client = self.daemon.client(authorization=authorization)
            self.assertIn(client.get("/v2/").status, (200, 401))
            client.close()
        pid = self.daemon.process.pid
        os.kill(pid, signal.SIGABRT)
        _, status = os.waitpid(pid, 0)
        self.daemon.process.returncode = -signal.SIGABRT
        self.daemon.kill()
        self.assertTrue(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGABRT, status)
        return os.WCOREDUMP(status), os.listdir(folder)

    def test_there_is_none_by_default(self):
        self.prepare()
        self.daemon.stop()
        self.assertEqual(self.crash("forbidden"), (False, []))
        written, left = self.crash("allowed", BERTH_CORE_DUMPS="true")
        self.assertTrue(written, "a core where one is allowed: else the first half proves nothing")
        print(f"\nwith core_dumps: {left}", flush=True)

    def test_another_process_of_the_same_user_cannot_read_the_memory(self):
        """What the kernel asks before it lets a debugger in, or a reader of /proc/PID/mem, also says whose these files are (proc(5))."""
        self.prepare()
        self.daemon.stop()
        nobody = 65534
        for folder, folders, names in os.walk(self.daemon.directory):
            for name in [*folders, *names, "."]:
                os.chown(os.path.join(folder, name), nobody, nobody)
        os.chmod(self.folder, 0o755)
        for allowed in (False, True):
            self.daemon.environment["BERTH_CORE_DUMPS"] = "true" if allowed else "false"
            self.daemon.prefix = ("setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups", "--pdeathsig=keep")
            self.daemon.start()
            reader = ["setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups", "head", "-c", "1", f"/proc/{self.daemon.process.pid}/environ"]
            self.assertEqual(run_tool(reader, check=False).returncode == 0, allowed)
            push_image(self.as_key("pusher"), "acme/unprivileged", Image("unprivileged" + str(allowed)), "1")  # links a file by its /proc/self/fd
            self.daemon.stop()


if __name__ == "__main__":
    unittest.main()
