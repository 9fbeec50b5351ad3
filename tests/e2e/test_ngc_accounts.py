"""NVIDIA's own client, unchanged, against accounts: configure with both kinds of keys, organisations, teams, users, roles, invitations."""

import base64
import json
import os
import subprocess
import urllib.parse

from harness import start_process, wait_until
from mail_server import MailServer
from test_accounts import PASSWORD, AccountsCase, basic

HERE = os.path.dirname(os.path.abspath(__file__))


class Session:
    """The client in a process of its own, since it reads its settings once. NGC_CLI_API_URL must be https."""

    def __init__(self, url, certificate, home):
        environment = {name: value for name, value in os.environ.items() if not name.endswith(("_proxy", "_PROXY", "CA_BUNDLE"))}
        environment |= {"NGC_CLI_API_URL": url, "NGC_CLI_AUTH_URL": url, "NGC_CLI_HOME": home, "HOME": home, "REQUESTS_CA_BUNDLE": certificate}
        self.process = start_process(["ngcsdk-python", os.path.join(HERE, "ngc_session.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, env=environment, text=True)

    def ask(self, call, **arguments):
        self.process.stdin.write(json.dumps({"call": call, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the client ended at {call}"
        return json.loads(line)

    def __call__(self, call, **arguments):
        answer = self.ask(call, **arguments)
        assert "value" in answer, (call, answer)
        return answer["value"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


class NgcAccounts(AccountsCase):
    scheme = "https"
    time_limit = 120

    def setUp(self):
        super().setUp()
        self.daemon.start()
        self.daemon.stop()
        self.admin("org", "create", "acme")
        self.admin("team", "create", "acme/vision")
        self.user("owner@example.com", ("ORG_OWNER", "acme"))
        self.user("reader@example.com", ("REGISTRY_READ", "acme"))
        self.personal = self.admin("key", "create", "owner@example.com", "--org", "acme", "--name", "p")["nvapi"]
        self.legacy = self.admin("key", "create", "owner@example.com", "--kind", "legacy", "--name", "l")["key"]
        self.ids = {user["email"].split("@")[0]: user["id"] for user in self.admin("user", "list")}

    def session(self):
        session = Session(self.daemon.url, self.daemon.certificate, self.folder)
        self.addCleanup(session.close)
        return session

    def accept(self, link, body):
        client = self.daemon.client()
        parts = urllib.parse.urlsplit(link)
        answer = client.post(f"{parts.path}?{parts.query}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        client.close()
        return answer

    def walk(self, ngc):
        """What an owner does, with whichever key."""
        self.assertEqual([org["name"] for org in ngc("organization.organization.list")], ["acme"])
        self.assertEqual(ngc("organization.organization.info", org="acme")["displayName"], "acme")
        self.assertEqual(ngc("users.who", org="acme")["user"]["email"], "owner@example.com")
        self.assertEqual(ngc("users.update", name="Olga")["user"]["name"], "Olga")
        self.assertEqual(ngc("organization.team.create", name="audio", description="ears")["name"], "audio")
        self.assertEqual(ngc.ask("organization.team.create", name="audio", description="ears")["error"], "ResourceAlreadyExistsException")
        ngc("organization.team.update", name="audio", description="more ears")
        self.assertEqual(ngc("organization.team.info", name="audio")["description"], "more ears")
        self.assertEqual({team["name"] for team in ngc("organization.team.list")}, {"audio", "vision"})
        people = [user for page in ngc("users.list") for user in page]
        self.assertEqual({user["email"] for user in people}, {"owner@example.com", "reader@example.com"})
        reader = self.ids["reader"]
        self.assertEqual(ngc("users.info", user_id=str(reader))["user"]["email"], "reader@example.com")
        roles = lambda: ngc("users.info", user_id=str(reader))["user"]["roles"]  # noqa: E731
        ngc("users.update_roles", user_id=reader, add_roles=["REGISTRY_USER"])
        self.assertEqual(roles()[0]["orgRoles"], ["REGISTRY_READ", "REGISTRY_USER"])
        ngc("users.update_roles", user_id=reader, remove_roles=["REGISTRY_USER"])
        ngc("users.update_roles", user_id=reader, roles=["REGISTRY_ADMIN"])
        self.assertEqual(roles()[0]["orgRoles"], ["REGISTRY_ADMIN"])
        ngc("users.update_roles", user_id=reader, roles=["REGISTRY_READ"])
        ngc("users.add_to_team", user_id=reader, roles=["REGISTRY_USER"], team="audio")
        ngc("users.update_roles", user_id=reader, add_roles=["REGISTRY_READ"], team="audio")
        self.assertEqual([user["email"] for page in ngc("users.list", team="audio") for user in page], ["reader@example.com"])
        ngc("users.remove", user_id=reader, team="audio")
        refused = ngc.ask("users.remove", user_id=self.ids["owner"])
        self.assertIn("last ORG_OWNER", refused["message"])
        ngc("organization.team.remove", name="audio")
        self.assertEqual(ngc.ask("organization.team.info", name="audio")["error"], "ResourceNotFoundException")

    def test_legacy_and_personal_keys(self):
        self.daemon.start()
        for key in (self.legacy, self.personal):
            ngc = self.session()
            ngc("configure", api_key=key, org_name="acme", team_name="vision")
            ngc("configure", api_key=key, org_name="acme", team_name="no-team")
            self.walk(ngc)
        wrong = self.session()
        self.assertIn("error", wrong.ask("configure", api_key=self.personal[:-1] + ("a" if self.personal[-1] != "a" else "b"), org_name="acme"))
        self.assertIn("error", wrong.ask("configure", api_key=self.legacy, org_name="zeta"))

    def test_invitations_whose_link_goes_to_the_inviter(self):
        self.daemon.start()
        ngc = self.session()
        ngc("configure", api_key=self.personal, org_name="acme")
        ngc("users.create_invitation", email="new@example.com", roles=["REGISTRY_READ"], org_name="acme")
        ngc("users.create", email="other@example.com", name="Other", roles=["REGISTRY_USER"])
        pending = ngc("users.list_invitations")
        self.assertEqual(json.dumps(pending).count("new@example.com") >= 1, True)
        ngc("users.delete_invitation", invitation_email="other@example.com")
        owner = self.daemon.client(authorization=basic("owner@example.com", PASSWORD))
        (invitation,) = owner.get("/v2/org/acme/users/invitations").json()["invitations"]
        again = owner.get(f"/v2/org/acme/users/invitations/{invitation['id']}/resend-invitation-email")
        owner.close()
        link = self.assert_status(again, 200).json()["invitationLink"]
        self.assertTrue(link.startswith(self.daemon.url))
        self.assert_status(self.accept(link, {"name": "New", "password": PASSWORD}), 200)
        self.assert_status(self.accept(link, {"name": "New", "password": PASSWORD}), 404)
        people = [user for page in ngc("users.list") for user in page]
        self.assertIn("new@example.com", {user["email"] for user in people})
        self.daemon.stop()
        self.assertNotIn(link.split("token=")[1], self.daemon.logs())

    def test_invitations_by_mail(self):
        mail = MailServer()
        self.addCleanup(mail.server_close)
        self.addCleanup(mail.shutdown)
        self.daemon.environment |= {"BERTH_SMTP_URL": f"smtp://127.0.0.1:{mail.server_address[1]}", "BERTH_SMTP_FROM": "berth@example.com",
                                    "BERTH_SMTP_TLS": "never"}
        self.daemon.start()
        owner = self.daemon.client(authorization=basic("owner@example.com", PASSWORD))
        sent = owner.post("/v3/orgs/acme/invitations", json.dumps({"email": "new@example.com", "message": "Grüße", "roles": [{"name": "REGISTRY_READ"}]}).encode())
        owner.close()
        self.assertNotIn("invitationLink", self.assert_status(sent, 200).json())
        wait_until(lambda: mail.letters, 20, "no letter came")
        head, body = mail.letters[0].replace(b"\r\n", b"\n").split(b"\n\n", 1)
        self.assertIn(b"To: <new@example.com>", head)
        text = base64.b64decode(body).decode()
        self.assertIn("Grüße", text)
        link = next(line.strip() for line in text.splitlines() if line.strip().startswith("https://"))
        self.assert_status(self.accept(link, {"name": "New", "password": PASSWORD}), 200)
