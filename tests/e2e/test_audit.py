"""The audit log of a real daemon: acts that leave their lines, damage that verify finds, and secrets that are nowhere."""

import base64
import glob
import json
import os
import sqlite3
import unittest

from harness import BINARY, run_tool, wait_until
from registry import IMAGE_MANIFEST, Image, push_image
from test_accounts import PASSWORD, AccountsCase, basic

JSON = {"Content-Type": "application/json"}


class AuditCase(AccountsCase):
    def setUp(self):
        super().setUp()
        self.prepare()
        self.admin_client = self.daemon.client(authorization="Bearer " + self.first_admin()["key"])

    def events(self, **filters):
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        answer = self.admin_client.get("/api/v1/audit?n=1000&" + query)
        self.assert_status(answer, 200)
        return answer.json()["events"]

    def wait_for(self, **filters):
        wait_until(lambda: self.events(**filters), 5, f"an event {filters}")
        return self.events(**filters)

    def verify(self, *more):
        """Exit code and report of `berth verify`."""
        done = run_tool([BINARY, "verify", "--data", self.daemon.directory, "--json", *more], check=False)
        return done.returncode, json.loads(done.stdout)


class Acts(AuditCase):
    def test_leave_their_lines(self):
        pusher = self.as_key("pusher")
        push_image(pusher, "acme/audited", Image("audit-1"), "1")
        moved = Image("audit-2")
        push_image(pusher, "acme/audited", moved, "1")
        reader = self.as_key("reader")
        refused = reader.delete(f"/v2/acme/audited/manifests/{moved.digest}")
        self.assert_status(refused, 403)
        mine = [event["kind"] for event in self.events(subject="repository:acme/audited", outcome="done")]
        self.assertEqual(mine, ["tag.moved", "tag.created"])
        move = self.events(kind="tag.moved", subject="repository:acme/audited")[0]
        self.assertEqual((move["org"], move["address"], move["outcome"]), ("acme", "127.0.0.1", "done"))
        self.assertEqual(move["detail"]["tag"], "1")
        self.assertEqual(move["detail"]["after"], moved.digest)
        self.assertRegex(move["request_id"], "^[0-9a-f]{32}$")
        self.assertNotEqual(move["key"], 0)
        told = self.wait_for(kind="access.refused", org="acme")[0]
        self.assertEqual((told["outcome"], told["subject"]), ("refused", "repository:acme/audited"))
        self.assertEqual(told["detail"]["action"], "registry:delete")
        self.assertEqual(told["request_id"], refused.header("X-Request-Id"))
        wrong = self.daemon.client(authorization=basic("reader@example.com", "not this password"))
        self.assert_status(wrong.get("/v2/"), 401)
        signed = self.wait_for(kind="sign_in", outcome="refused")[0]
        self.assertEqual(signed["detail"]["reason"], "wrong")
        self.assertRegex(signed["subject"], "^user:[0-9]+$")
        by_machine = self.events(kind="role.granted", org="zeta")[0]
        self.assertRegex(by_machine["principal"], "^machine:")
        # A challenge is no event.
        before = len(self.events(kind="access.refused")) + len(self.events(kind="sign_in"))
        self.assert_status(self.daemon.client().get("/v2/acme/private/tags/list"), 401)
        self.assertEqual(len(self.events(kind="access.refused")) + len(self.events(kind="sign_in")), before)

    def test_are_exported_and_verified(self):
        push_image(self.as_key("pusher"), "acme/audited", Image("audit-3"), "1")
        answer = self.admin_client.get("/api/v1/audit/export")
        self.assert_status(answer, 200)
        lines = [json.loads(line) for line in answer.body.decode().splitlines()]
        self.assertEqual([line["seq"] for line in lines[:-1]], list(range(1, len(lines))))
        head = lines[-1]["head"]
        status, report = self.verify("--audit-head", f"{head['count']}:{head['hash']}")
        self.assertEqual((status, report["findings"]), (0, []))
        self.assertGreaterEqual(report["audit_rows"], head["count"])

    def test_survive_a_kill(self):
        push_image(self.as_key("pusher"), "acme/audited", Image("audit-4"), "1")
        self.daemon.kill()
        status, report = self.verify()
        self.assertEqual((status, report["findings"]), (0, []))
        self.daemon.start()
        self.admin_client = self.daemon.client(authorization="Bearer " + self.first_admin()["key"])
        self.assertEqual(len(self.events(kind="tag.created", subject="repository:acme/audited")), 1)
        self.assertEqual(self.verify()[0], 0)


class Damage(AuditCase):
    def test_is_found(self):
        self.daemon.stop()
        path = os.path.join(self.daemon.directory, "catalog.sqlite")
        for change, words in (
                ("UPDATE audit_events SET principal = 'user:1' WHERE seq = 3", "row 3 does not fit"),
                ("DELETE FROM audit_events WHERE seq = 3", "row 3 is missing"),
                ("DELETE FROM audit_events WHERE seq > (SELECT max(seq) - 2 FROM audit_events)", "cut off"),
        ):
            with self.subTest(change):
                with open(path, "rb") as file:
                    kept = file.read()
                database = sqlite3.connect(path)
                database.execute(change)
                database.commit()
                database.close()
                status, report = self.verify()
                self.assertEqual(status, 1)
                self.assertTrue(any(words in finding["message"] for finding in report["findings"]), report)
                for suffix in ("-wal", "-shm"):
                    if os.path.exists(path + suffix):
                        os.unlink(path + suffix)
                with open(path, "wb") as file:
                    file.write(kept)
        self.assertEqual(self.verify()[0], 0)


class Canaries(AuditCase):
    """Issue 6, row 5: secrets in every input are in no audit row, log, metric or error."""

    def test_are_nowhere(self):
        key = "berth_p" + "Canary0" * 7  # looks like a key, and is none
        word = "canary-pass-phrase-1"
        answers = []

        def say(method, target, body=None, headers=None, authorization=None):
            client = self.daemon.client(authorization=authorization)
            answers.append(client.request(method, target, body, headers))
            client.close()

        for user, password in ((key, "x"), ("reader@example.com", key), ("reader@example.com", word), (word, word), (word + "@example.com", key)):
            say("GET", "/v2/", authorization=basic(user, password))
            say("GET", "/token?scope=repository:acme/private:pull", authorization=basic(user, password))
            form = f"grant_type=password&username={user}&password={password}".encode()
            say("POST", "/token", form, {"Content-Type": "application/x-www-form-urlencoded"})
        for bearer in (key, "eyJhbGciOiJub25lIn0.eyJjYW5hcnkiOiJDYW5hcnkwIn0.Canary0Canary0", "nvapi-" + "Canary0" * 7):
            say("GET", "/v2/acme/private/tags/list", authorization="Bearer " + bearer)
        refresh = b"grant_type=refresh_token&refresh_token=" + key.encode()
        say("POST", "/token", refresh, {"Content-Type": "application/x-www-form-urlencoded"})
        say("GET", f"/v2/acme/private/manifests/{key}", authorization=basic("x", self.keys["reader"]))
        say("PUT", f"/v2/acme/private/manifests/{key}", Image("canary").manifest, {"Content-Type": IMAGE_MANIFEST},
            authorization=basic("x", self.keys["reader"]))
        say("GET", f"/api/v1/audit?token={key}&password={key}&subject={key}", authorization="Bearer " + self.first_admin()["key"])
        owner = "Bearer " + self.keys["pusher"]
        say("POST", "/api/v1/me/keys", json.dumps({"org": "acme", "name": key, "password": word}).encode(), JSON, authorization=owner)
        say("POST", "/api/v1/me/keys", json.dumps({"org": "acme", "name": key}).encode(), JSON, authorization=owner)
        say("POST", "/api/v1/me/password", json.dumps({"email": "reader@example.com", "password": word, "new_password": word + word}).encode(), JSON)
        say("GET", "/v2/", headers={"Cookie": "session=" + key, "X-Forwarded-For": key})
        # A tag that is a key is somebody's mistake: it is stored, as every tag is, and told without it.
        client = self.as_key("pusher")
        push_image(client, "acme/slip", Image("slip"), key)
        client.close()
        metrics = self.admin_client.get("/metrics").body.decode()
        self.daemon.stop()
        self.daemon.admin("user", "create", "canary@example.com", "--name", key, "--password-stdin", input=(word + "\n").encode())
        database = sqlite3.connect(os.path.join(self.daemon.directory, "catalog.sqlite"))
        rows = "\n".join(str(row) for row in database.execute("SELECT * FROM audit_events"))
        database.close()
        self.assertIn("[redacted]", rows)
        errors = "\n".join(answer.body.decode("utf-8", "replace") for answer in answers if answer.status >= 400)
        places = {"audit rows": rows, "log": self.daemon.logs(), "metrics": metrics}
        secrets = ("Canary0Canary0", word, base64.b64encode(word.encode()).decode()[:20], PASSWORD, *self.keys.values())
        for place, text in places.items():
            for secret in secrets:
                self.assertNotIn(secret, text, place)
        for secret in (word, PASSWORD, *self.keys.values()):
            self.assertNotIn(secret, errors)
        self.assertEqual(glob.glob(os.path.join(self.daemon.directory, "core*")), [])


if __name__ == "__main__":
    unittest.main()
