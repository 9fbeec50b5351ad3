"""Two more clients that log in as test_accounts.py has others do it: helm with charts, and regctl (soak)."""

import os
import unittest

from harness import SOAK
from test_accounts import AccountsCase, ClientLogin
from test_clients import read_layout


class HelmLogin(ClientLogin, AccountsCase):
    """A chart's repository is named after the chart: what the others push as acme/mine is here the chart "mine" in acme."""

    tool = "helm"
    tag = "1.0.0"
    preserves_digests = False  # it makes the manifest, with a time in it

    def setUp(self):
        super().setUp()
        self.login("$oauthtoken", self.keys["pusher"])
        for repository in ("acme/public", "acme/private"):
            self.push(repository)
        self.logout()

    def login(self, user, password, check=True):
        return self.call("registry", "login", "--plain-http", "-u", user, "--password-stdin", self.daemon.authority, check=check, input=password.encode())

    def logout(self):
        self.call("registry", "logout", self.daemon.authority)

    def chart(self, name):
        """Path of a packed chart of that name."""
        folder = os.path.join(self.folder, "charts", name)
        if not os.path.exists(folder):
            os.makedirs(folder)
            with open(os.path.join(folder, "Chart.yaml"), "w", encoding="ascii") as file:
                file.write(f"apiVersion: v2\nname: {name}\nversion: {self.tag}\n")
            self.call("package", folder)
        return os.path.join(self.folder, f"{name}-{self.tag}.tgz")

    def push(self, repository, check=True):
        place, name = repository.rsplit("/", 1)
        return self.call("push", "--plain-http", self.chart(name), "oci://" + self.ref(place), check=check)

    def pull(self, repository, name, check=True):
        folder = os.path.join(self.folder, name)
        os.makedirs(folder, exist_ok=True)
        done = self.call("pull", "--plain-http", "oci://" + self.ref(repository), "--version", self.tag, "-d", folder, check=check)
        if check:
            packed = f"{repository.rsplit('/', 1)[1]}-{self.tag}.tgz"
            with open(os.path.join(folder, packed), "rb") as one, open(os.path.join(self.folder, packed), "rb") as other:
                self.assertEqual(one.read(), other.read())
        return done


@unittest.skipUnless(SOAK, "soak")
class RegctlLogin(ClientLogin, AccountsCase):
    tool = "regctl"

    def call(self, *arguments, check=True, **options):
        return super().call("--host", f"reg={self.daemon.authority},tls=disabled", *arguments, check=check, **options)

    def login(self, user, password, check=True):
        return self.call("registry", "login", "-u", user, "--pass-stdin", self.daemon.authority, check=check, input=password.encode())

    def logout(self):
        self.call("registry", "logout", self.daemon.authority)

    def push(self, repository, check=True):
        return self.call("image", "copy", f"ocidir://{self.folder}/in:it", self.ref(f"{repository}:{self.tag}"), check=check)

    def pull(self, repository, name, check=True):
        folder = os.path.join(self.folder, name)
        done = self.call("image", "copy", self.ref(f"{repository}:{self.tag}"), f"ocidir://{folder}:it", check=check)
        if check:
            self.assertEqual(read_layout(folder), self.image.digest)
        return done


if __name__ == "__main__":
    unittest.main()
