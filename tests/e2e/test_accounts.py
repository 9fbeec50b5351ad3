"""Accounts with real clients: the first start, logins, pushes to one's own organisation and nowhere else, public pulls whoever asks."""

import base64
import json
import os
import shutil
import stat
import unittest

from engine import Engine
from harness import BerthTestCase, run_tool, wait_until, with_query
from registry import IMAGE_MANIFEST, Image, digest_of, pull_image, push_image
from test_clients import read_layout, write_layout

PASSWORD = "correct horse battery"


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class AccountsCase(BerthTestCase):
    accounts = False  # but people of its own
    autostart = False
    time_limit = 180

    def setUp(self):
        super().setUp()
        self.daemon.access = []

    def first_admin(self):
        with open(os.path.join(self.daemon.directory, "first-admin.json"), encoding="utf-8") as file:
            return json.load(file)

    def admin(self, *arguments):
        return self.daemon.admin(*arguments)

    def user(self, email, *roles):
        """A user with PASSWORD and (role, place) pairs; a key of it in acme."""
        self.daemon.admin("user", "create", email, "--password-stdin", input=(PASSWORD + "\n").encode())
        for role, place in roles:
            self.admin("role", "grant", email, role, place)
        return self.admin("key", "create", email, "--org", "acme", "--name", "test")["key"]

    def prepare(self):
        """Two organisations: acme with a reader and a pusher, zeta with a pusher; acme/public is open to all."""
        self.daemon.start()
        self.daemon.stop()
        for org in ("acme", "zeta"):
            self.admin("org", "create", org)
        self.keys = {
            "reader": self.user("reader@example.com", ("REGISTRY_READ", "acme")),
            "pusher": self.user("pusher@example.com", ("REGISTRY_USER", "acme")),
            "foreign": self.user("foreign@example.com", ("REGISTRY_USER", "zeta")),
        }
        self.image = Image("accounts", real_layers=True)
        self.daemon.start()
        client = self.as_key("pusher")
        push_image(client, "acme/public", self.image, "1")
        push_image(client, "acme/private", self.image, "1")
        client.close()
        self.daemon.stop()
        self.admin("repo", "visibility", "acme/public", "public")
        self.daemon.start()

    def as_key(self, name):
        return self.daemon.client(authorization=basic("$oauthtoken", self.keys[name]))


class FirstStart(AccountsCase):
    def test_makes_an_administrator_once_and_tells_nobody_else(self):
        self.daemon.start()
        path = os.path.join(self.daemon.directory, "first-admin.json")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        first = self.first_admin()
        self.assertEqual(set(first), {"url", "email", "password", "key", "org"})
        self.assertEqual(first["url"], self.daemon.url)
        self.assertRegex(first["key"], r"^berth_p[0-9A-Za-z]{49}$")
        with_key = self.daemon.client(authorization="Bearer " + first["key"])
        self.assert_status(with_key.get("/v2/"), 200)
        push_image(with_key, first["org"] + "/app", Image("first"), "1")
        self.assert_oci_error(self.daemon.client(authorization=basic(first["email"], first["password"])).get("/v2/"), 401, "UNAUTHORIZED")
        self.assert_oci_error(self.client.get("/v2/"), 401, "UNAUTHORIZED")
        self.daemon.stop()
        for secret in (first["password"], first["key"]):
            self.assertNotIn(secret, self.daemon.logs())
        for folder, _, names in os.walk(self.daemon.directory):
            for name in names:
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) & 0o077, 0, name)
                if name != "first-admin.json":
                    with open(os.path.join(folder, name), "rb") as file:
                        self.assertNotIn(first["key"][7:50].encode(), file.read(), name)
        self.daemon.start()
        self.assertEqual(self.first_admin(), first)
        self.daemon.stop()
        self.daemon.admin("user", "password", first["email"], "--password-stdin", input=(PASSWORD + "\n").encode())
        self.daemon.start()
        self.assert_status(self.daemon.client(authorization=basic(first["email"], PASSWORD)).get("/v2/"), 200)

    def test_data_from_open_stays_and_becomes_the_administrators(self):
        self.daemon.access = ["--open"]
        self.daemon.start()
        image = Image("open")
        push_image(self.client, "acme/vision/app", image, "1")
        push_image(self.client, "alone", image, "1")
        self.daemon.stop()
        self.client.close()
        self.daemon.access = []
        self.daemon.start()
        self.assert_oci_error(self.client.get("/v2/acme/vision/app/manifests/1"), 401)
        owner = self.daemon.client(authorization="Bearer " + self.first_admin()["key"])
        for repository in ("acme/vision/app", "alone"):
            self.assertEqual(pull_image(owner, repository, "1"), image.digest)
        push_image(owner, "acme/vision/app", Image("more"), "2")
        self.daemon.stop()
        self.assertEqual({org["name"] for org in self.admin("org", "list")}, {"acme", "main"})
        self.assertEqual([team["name"] for team in self.admin("team", "list", "acme")], ["vision"])
        self.daemon.access = ["--open"]
        self.daemon.start()
        self.client.close()
        self.assertEqual(pull_image(self.client, "acme/vision/app", "1"), image.digest)

    def test_admin_works_beside_a_daemon_and_says_what_is_wrong(self):
        self.daemon.start()
        path = os.path.join(self.daemon.directory, "berth.sock")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        beside = self.refusals()
        users = self.admin("user", "list")
        self.admin("org", "create", "acme")
        key = self.user("ann@example.com", ("REGISTRY_USER", "main"))
        client = self.daemon.client(authorization=basic("ann@example.com", PASSWORD))
        self.assert_status(client.post("/v2/main/app/blobs/uploads/"), 202)
        self.admin("role", "revoke", "ann@example.com", "REGISTRY_USER", "main")
        self.assert_oci_error(client.post("/v2/main/app/blobs/uploads/"), 403, "DENIED")  # at once, not at the next start
        self.admin("user", "disable", "ann@example.com")
        self.assert_oci_error(self.daemon.client(authorization="Bearer " + key).get("/v2/"), 401, "UNAUTHORIZED")
        self.daemon.stop()
        self.assertFalse(os.path.exists(path))
        self.assertEqual(self.refusals(), beside)
        self.assertEqual(self.admin("user", "list")[: len(users)], users)
        self.assertNotIn(PASSWORD, self.daemon.logs())
        self.assertNotIn(key, self.daemon.logs())

    def refusals(self):
        said = []
        for arguments, code, word in ((["org", "create", "v2"], 2, b"reserved"), (["org", "create", "main"], 2, b"already"),
                                      (["user", "disable", "nobody@example.com"], 1, b"no user"), (["user", "create", "no-email"], 2, b"email"),
                                      (["role", "grant", "admin@localhost", "GOD", "main"], 2, b"REGISTRY_READ")):
            done = self.daemon.admin(*arguments, check=False)
            self.assertEqual((done.returncode, word in done.stderr), (code, True), (arguments, done.stderr))
            said.append(done.stderr)
        return said

    def test_a_socket_left_by_a_killed_daemon_is_in_nobodys_way(self):
        self.daemon.start()
        self.daemon.kill()
        self.assertTrue(os.path.exists(os.path.join(self.daemon.directory, "berth.sock")))
        self.assertEqual([org["name"] for org in self.admin("org", "list")], ["main"])
        self.daemon.start()
        self.assertEqual([org["name"] for org in self.admin("org", "list")], ["main"])

    def test_there_is_always_an_administrator(self):
        self.admin("user", "create", "ann@example.com")
        with self.assertRaisesRegex(AssertionError, "user promote"):
            self.daemon.start()
        self.admin("user", "promote", "ann@example.com")
        self.daemon.start()
        self.assertFalse(os.path.exists(os.path.join(self.daemon.directory, "first-admin.json")))
        self.daemon.stop()
        for verb in ("demote", "disable"):
            done = self.daemon.admin("user", verb, "ann@example.com", check=False)
            self.assertEqual((done.returncode, b"last platform administrator" in done.stderr), (2, True), done.stderr)


class Tokens(AccountsCase):
    def test_rights_end_with_the_next_start_and_logs_hold_no_secret(self):
        self.prepare()
        client = self.as_key("reader")
        self.assertEqual(pull_image(client, "acme/private", "1"), self.image.digest)
        self.assert_oci_error(client.post("/v2/acme/private/blobs/uploads/"), 403, "DENIED")
        token = client.get("/token?service=x&scope=repository:acme/private:pull").json()["token"]
        bearer = self.daemon.client(authorization="Bearer " + token)
        self.assertEqual(pull_image(bearer, "acme/private", "1"), self.image.digest)
        self.assert_oci_error(self.daemon.client(authorization=basic("reader@example.com", "not the password")).get("/v2/"), 401)
        self.assert_status(self.daemon.client(authorization=basic("reader@example.com", PASSWORD)).get("/v2/"), 200)
        self.daemon.stop()
        self.admin("role", "revoke", "reader@example.com", "REGISTRY_READ", "acme")
        self.daemon.start()
        for one in (client, bearer):
            one.close()
            self.assert_oci_error(one.get("/v2/acme/private/manifests/1"), 403, "DENIED")
        logs = self.daemon.logs()
        for secret in (PASSWORD, "not the password", token, token.split(".")[2], *self.keys.values()):
            self.assertNotIn(secret, logs)
        self.assertNotIn(base64.b64encode(f"reader@example.com:{PASSWORD}".encode()).decode(), logs)

    def test_canaries_come_up_nowhere(self):
        """Secrets in every place where a client may put one: in no log line, metric or error."""
        self.daemon.environment["BERTH_LOG_LEVEL"] = "debug"
        self.prepare()
        names = ("user", "password", "bearer", "apikey", "digest", "token", "refresh", "form", "broken", "cookie")
        canary = {name: f"canary{name}" + os.urandom(9).hex() for name in names}
        key = self.keys["pusher"][:-1] + ("a" if self.keys["pusher"][-1] != "a" else "b")  # a key with a slip
        said = []

        def ask(method, target, body=b"", **headers):
            client = self.daemon.client()
            response = client.request(method, target, body, {name.replace("_", "-"): value for name, value in headers.items()})
            said.append(repr(dict(response.headers)) + response.body.decode(errors="replace"))
            client.close()
            return response.status

        form = {"Content_Type": "application/x-www-form-urlencoded"}
        for target in ("/v2/", "/v2/acme/private/manifests/1", "/token?service=x", "/token?scope=repository:acme/private:pull"):
            self.assertEqual(ask("GET", target, Authorization=basic(canary["user"], canary["password"])), 401)
            for word in (f"Bearer {canary['bearer']}", f"Bearer {key}", f"ApiKey {canary['apikey']}", f"Digest {canary['digest']}",
                         basic("$oauthtoken", key), f"Basic {canary['broken']}", f"Bearer a.{canary['broken']}.b"):
                self.assertIn(ask("GET", target, Authorization=word, Cookie="session=" + canary["cookie"]), (200, 401))
        ask("GET", f"/token?service=x&client_id=x&password={canary['password']}&token={canary['token']}")
        ask("POST", "/token", f"grant_type=password&username=x&password={canary['form']}".encode(), **form)
        ask("POST", "/token", f"grant_type=refresh_token&refresh_token={canary['refresh']}".encode(), **form)
        ask("POST", "/token", f"grant_type={canary['form']}".encode(), **form)
        ask("POST", "/v2/acme/private/blobs/uploads/?_state=" + canary["token"], Authorization=basic("$oauthtoken", self.keys["pusher"]))
        metrics = self.daemon.client().get("/metrics").body.decode()
        self.daemon.stop()
        for name, secret in (*canary.items(), ("slip", key), *self.keys.items()):
            for place, text in (("log", self.daemon.logs()), ("metrics", metrics), ("answers", "".join(said))):
                self.assertFalse(secret in text, f"{name} in {place}")

    def test_a_slow_push_outlives_its_token(self):
        self.daemon.environment["BERTH_TOKEN_LIFETIME"] = "1s"
        self.prepare()
        token = self.as_key("pusher").get("/token?scope=repository:acme/slow:pull,push").json()["token"]
        client = self.daemon.client(authorization="Bearer " + token)
        location = self.assert_status(client.post("/v2/acme/slow/blobs/uploads/"), 202).header("Location")

        def over():
            return client.get("/v2/acme/slow/tags/list").status == 401

        wait_until(over, 10, "the token's time is over")
        self.assert_status(client.patch(location, b"late", {"Content-Type": "application/octet-stream"}), 202)
        self.assert_status(client.put(with_query(location, digest=digest_of(b"late"))), 201)
        self.assert_status(client.post("/v2/acme/slow/blobs/uploads/"), 401)

    def test_a_slow_push_does_not_outlive_its_rights(self):
        self.daemon.environment["BERTH_TOKEN_LIFETIME"] = "1s"
        self.prepare()
        def begin(email):
            key = self.admin("key", "create", email, "--org", "acme", "--name", "slow")
            asker = self.daemon.client(authorization=basic("$oauthtoken", key["key"]))
            token = asker.get("/token?scope=repository:acme/slow:pull,push").json()["token"]
            client = self.daemon.client(authorization="Bearer " + token)
            location = self.assert_status(client.post("/v2/acme/slow/blobs/uploads/"), 202).header("Location")
            location = self.assert_status(client.patch(location, b"half ", {"Content-Type": "application/octet-stream"}), 202).header("Location")
            return key["id"], client, location

        self.user("second@example.com", ("REGISTRY_USER", "acme"))
        key, of_key, its_location = begin("pusher@example.com")
        _, of_role, other_location = begin("second@example.com")
        for client in (of_key, of_role):
            wait_until(lambda client=client: client.get("/v2/acme/slow/tags/list").status == 401, 10, "the token's time is over")
        self.admin("key", "revoke", str(key))
        self.admin("role", "revoke", "second@example.com", "REGISTRY_USER", "acme")
        for client, location, status in ((of_key, its_location, 401), (of_role, other_location, 403)):
            self.assert_oci_error(client.patch(location, b"done", {"Content-Type": "application/octet-stream"}), status)
            self.assert_oci_error(client.put(with_query(location, digest=digest_of(b"half done"))), status)
            self.assert_oci_error(client.get(location), status)
        reader = self.as_key("reader")
        self.assert_oci_error(reader.get("/v2/acme/slow/blobs/" + digest_of(b"half done")), 404)


class ClientLogin:
    """What every client does; each subclass says how its tool logs in, pushes and pulls."""

    tool = ""
    tag = "1"
    preserves_digests = True

    def setUp(self):
        super().setUp()
        self.assertIsNotNone(shutil.which(self.tool), f"{self.tool} is not installed; deploy/dev setup does it")
        self.prepare()
        write_layout(os.path.join(self.folder, "in"), self.image.blobs, self.image.manifest, IMAGE_MANIFEST)

    def call(self, *arguments, check=True, **options):
        environment = {**os.environ, "HOME": self.folder, "XDG_RUNTIME_DIR": self.folder, "DOCKER_CONFIG": os.path.join(self.folder, "docker"),
                       "REGISTRY_AUTH_FILE": os.path.join(self.folder, "auth.json")}
        return run_tool([self.tool, *arguments], env=environment, cwd=self.folder, check=check, **options)

    def refused(self, done, *words):
        said = (done.stdout + done.stderr).decode(errors="replace")
        self.assertNotEqual(done.returncode, 0, said)
        for word in words:
            self.assertRegex(said, word)
        return said

    def ref(self, rest):
        return f"{self.daemon.authority}/{rest}"

    def test_it(self):
        self.login("pusher@example.com", PASSWORD)
        self.push("acme/mine")
        pushed = pull_image(self.as_key("pusher"), "acme/mine", self.tag)
        if self.preserves_digests:
            self.assertEqual(pushed, self.image.digest)
        said = self.refused(self.push("zeta/theirs", check=False), "(?i)denied|forbidden|403")
        self.assertNotIn("REGISTRY_", said, "who is no member is not told what would have helped")
        self.logout()
        self.pull("acme/public", "guest")
        self.refused(self.pull("acme/private", "no", check=False), "(?i)unauthorized|denied|authentication")
        self.login("$oauthtoken", self.keys["foreign"])
        self.pull("acme/public", "foreign")
        self.refused(self.pull("acme/private", "no", check=False), "(?i)denied|forbidden|403|unauthorized")
        self.logout()
        self.login("$oauthtoken", self.keys["reader"])
        self.pull("acme/private", "reader")
        self.refused(self.push("acme/other", check=False), "REGISTRY_USER")
        self.logout()
        self.refused(self.login("reader@example.com", "not the password", check=False), "(?i)unauthorized|not valid|401|incorrect|invalid")


class SkopeoLogin(ClientLogin, AccountsCase):
    tool = "skopeo"

    def login(self, user, password, check=True):
        return self.call("login", "--tls-verify=false", "-u", user, "--password-stdin", self.daemon.authority, check=check, input=password.encode())

    def logout(self):
        self.call("logout", self.daemon.authority)

    def push(self, repository, check=True):
        return self.call("--insecure-policy", "copy", "--preserve-digests", "--dest-tls-verify=false", f"oci:{self.folder}/in:it",
                         "docker://" + self.ref(repository + ":1"), check=check)

    def pull(self, repository, name, check=True):
        done = self.call("--insecure-policy", "copy", "--preserve-digests", "--src-tls-verify=false", "docker://" + self.ref(repository + ":1"),
                         f"oci:{self.folder}/{name}:it", check=check)
        if check:
            self.assertEqual(read_layout(os.path.join(self.folder, name)), self.image.digest)
        return done


class PodmanLogin(ClientLogin, AccountsCase):
    tool = "podman"
    preserves_digests = False  # it packs the layers anew

    def call(self, *arguments, check=True, **options):
        places = [f"--{name}={os.path.join(self.folder, 'podman-' + name)}" for name in ("root", "runroot", "tmpdir")]
        return super().call("--storage-driver=vfs", *places, *arguments, check=check, **options)

    def login(self, user, password, check=True):
        return self.call("login", "--tls-verify=false", "-u", user, "--password-stdin", self.daemon.authority, check=check, input=password.encode())

    def logout(self):
        self.call("logout", self.daemon.authority)

    def push(self, repository, check=True):
        here = self.call("pull", "-q", f"oci:{self.folder}/in:it").strip()
        return self.call("push", "--tls-verify=false", here, "docker://" + self.ref(repository + ":1"), check=check)

    def pull(self, repository, name, check=True):
        return self.call("pull", "--tls-verify=false", self.ref(repository + ":1"), check=check)


class CraneLogin(ClientLogin, AccountsCase):
    tool = "crane"

    def login(self, user, password, check=True):
        # crane's login only writes down: whether it is good shows at the first call.
        done = self.call("auth", "login", self.daemon.authority, "-u", user, "--password-stdin", check=check, input=password.encode())
        return done if check else self.call("ls", "--insecure", self.ref("acme/private"), check=False)

    def logout(self):
        self.call("auth", "logout", self.daemon.authority)

    def push(self, repository, check=True):
        return self.call("push", "--insecure", os.path.join(self.folder, "in"), self.ref(repository + ":1"), check=check)

    def pull(self, repository, name, check=True):
        done = self.call("digest", "--insecure", self.ref(repository + ":1"), check=check)
        if check:
            self.assertIn(self.image.digest, done)
            self.call("pull", "--insecure", "--format", "oci", self.ref(repository + ":1"), os.path.join(self.folder, name))
        return done


class OrasLogin(ClientLogin, AccountsCase):
    tool = "oras"

    def login(self, user, password, check=True):
        return self.call("login", "--plain-http", "-u", user, "--password-stdin", self.daemon.authority, check=check, input=password.encode())

    def logout(self):
        self.call("logout", self.daemon.authority)

    def push(self, repository, check=True):
        return self.call("cp", "--to-plain-http", "--from-oci-layout", os.path.join(self.folder, "in") + ":it", self.ref(repository + ":1"), check=check)

    def pull(self, repository, name, check=True):
        return self.call("cp", "--from-plain-http", "--to-oci-layout", self.ref(repository + ":1"), os.path.join(self.folder, name) + ":it", check=check)


class DockerLogin(AccountsCase):
    time_limit = 400

    def setUp(self):
        super().setUp()
        self.prepare()
        self.engine = Engine(os.path.join(self.folder, "docker"))
        self.addCleanup(self.engine.stop)
        self.engine.start()

    def refused(self, pattern, *arguments):
        with self.assertRaises(AssertionError) as caught:
            self.engine.docker(*arguments)
        self.assertRegex(str(caught.exception), pattern)

    def login(self, user, password):
        return self.engine.docker("login", "-u", user, "-p", password, self.daemon.authority)

    def test_it(self):
        docker, at = self.engine.docker, self.daemon.authority
        self.assertIn("Succeeded", self.login("pusher@example.com", PASSWORD))
        docker("pull", f"{at}/acme/private:1")
        docker("tag", f"{at}/acme/private:1", f"{at}/acme/mine:1")
        self.assertRegex(docker("push", f"{at}/acme/mine:1"), "digest: sha256:")
        docker("tag", f"{at}/acme/private:1", f"{at}/zeta/theirs:1")
        self.refused("denied", "push", f"{at}/zeta/theirs:1")
        docker("logout", at)
        docker("pull", f"{at}/acme/public:1")
        self.refused("denied|unauthorized", "pull", f"{at}/acme/mine:1")
        self.login("$oauthtoken", self.keys["foreign"])
        docker("pull", f"{at}/acme/public:1")
        self.refused("denied", "pull", f"{at}/acme/mine:1")
        self.login("$oauthtoken", self.keys["reader"])
        docker("tag", f"{at}/acme/mine:1", f"{at}/acme/other:1")
        self.refused("REGISTRY_USER", "push", f"{at}/acme/other:1")
        self.refused("unauthorized|not valid", "login", "-u", "reader@example.com", "-p", "not the password", at)


if __name__ == "__main__":
    unittest.main()
