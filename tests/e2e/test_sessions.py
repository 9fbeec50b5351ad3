"""A browser's way through the daemon: the first sign-in, the change of the password, the cookie and its bearer, keys, signing out."""

import http.cookies
import json
import unittest

from test_accounts import PASSWORD, AccountsCase, basic

JSON = {"Content-Type": "application/json"}


class Browser:
    """Keeps cookies by their path, as browsers do, and says its Origin on every request that is no GET."""

    def __init__(self, daemon, origin=None):
        self.client = daemon.client()
        self.origin = origin or daemon.url
        self.cookies = {}

    def request(self, method, target, document=None, **headers):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if method != "GET":
            fields["Origin"] = self.origin
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items() if target.startswith(morsel["path"]))
        if cookie:
            fields["Cookie"] = cookie
        body = None
        if document is not None:
            fields.update(JSON)
            body = json.dumps(document).encode()
        response = self.client.request(method, target, body, fields)
        for name, morsel in http.cookies.SimpleCookie(response.header("Set-Cookie") or "").items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel
        return response

    def sign_in(self, email, password):
        return self.request("POST", "/api/v1/session", {"email": email, "password": password})

    def bearer(self):
        return "Bearer " + self.request("GET", "/api/v1/session").json()["token"]


class Sessions(AccountsCase):
    def test_from_the_first_sign_in_to_the_last_sign_out(self):
        self.daemon.start()
        first = self.first_admin()
        browser = Browser(self.daemon)
        refused = browser.sign_in(first["email"], first["password"])
        self.assertEqual((refused.status, refused.json()["code"]), (403, "password_must_change"))
        self.assertEqual(browser.cookies, {})
        self.assert_status(browser.request("POST", "/api/v1/me/password", {"email": first["email"], "password": first["password"], "new_password": PASSWORD}), 204)
        self.assert_status(browser.sign_in(first["email"], first["password"]), 401)
        self.assert_status(browser.sign_in(first["email"], PASSWORD), 201)
        morsel = browser.cookies["berth_session"]
        self.assertEqual((morsel["path"], morsel["samesite"], bool(morsel["httponly"]), bool(morsel["secure"])), ("/api/v1/session", "Strict", True, False))

        bearer = browser.bearer()
        me = self.daemon.client(authorization=bearer).get("/api/v1/me").json()
        self.assertEqual((me["user"]["email"], me["user"]["administrator"], me["orgs"][0]["name"]), (first["email"], True, first["org"]))
        made = browser.request("POST", "/api/v1/me/keys", {"org": first["org"], "name": "laptop", "expires_in": 3600}, Authorization=bearer)
        self.assert_status(made, 201)
        self.assert_status(self.daemon.client(authorization="Bearer " + made.json()["key"]).get("/v2/"), 200)

        stolen = "berth_session=" + morsel.value
        for target in ("/api/v1/me", "/v2/", "/api/v1/me/keys", "/v2/main/app/manifests/1"):
            self.assert_status(self.daemon.client().request("GET", target, None, {"Cookie": stolen}), 401)
        elsewhere = Browser(self.daemon, origin="http://elsewhere.example")
        elsewhere.cookies = dict(browser.cookies)
        self.assert_status(elsewhere.request("DELETE", "/api/v1/session"), 403)
        self.assert_status(elsewhere.sign_in(first["email"], PASSWORD), 403)

        self.daemon.restart()  # sessions are rows
        browser.client.close()
        self.assert_status(browser.request("GET", "/api/v1/session"), 200)
        self.assert_status(browser.request("DELETE", "/api/v1/session"), 204)
        self.assertEqual(browser.cookies, {})
        replay = self.daemon.client().request("GET", "/api/v1/session", None, {"Cookie": stolen})
        self.assert_status(replay, 401)
        self.assert_status(self.daemon.client(authorization=bearer).get("/api/v1/me"), 401)
        logs = self.daemon.logs()
        for secret in (PASSWORD, first["password"], morsel.value, bearer.split(".")[2], made.json()["key"]):
            self.assertNotIn(secret, logs)

    def test_the_machines_administrator_ends_sessions_at_once(self):
        self.daemon.start()
        self.admin("org", "create", "acme")
        self.user("ann@example.com", ("REGISTRY_USER", "main"))
        browser = Browser(self.daemon)
        self.assert_status(browser.sign_in("ann@example.com", PASSWORD), 201)
        bearer = browser.bearer()
        self.assert_status(self.daemon.client(authorization=bearer).get("/api/v1/me"), 200)
        self.admin("user", "disable", "ann@example.com")
        self.assert_status(browser.request("GET", "/api/v1/session"), 401)
        self.assert_status(self.daemon.client(authorization=bearer).get("/api/v1/me"), 401)
        self.admin("user", "enable", "ann@example.com")
        self.assert_status(browser.request("GET", "/api/v1/session"), 401)
        self.assert_status(self.daemon.client(authorization=basic("ann@example.com", PASSWORD)).get("/api/v1/me"), 200)


if __name__ == "__main__":
    unittest.main()
