"""docker push and docker pull with a real engine and an image that has a Debian root file system."""

import hashlib
import json
import os
import unittest

from engine import Engine, debian_root
from harness import BerthTestCase
from registry import pull_image


class Docker(BerthTestCase):
    time_limit = 800
    orgs = ("library", "team")

    def setUp(self):
        super().setUp()
        self.engine = Engine(os.path.join(self.folder, "docker"))
        self.addCleanup(self.engine.stop)
        self.engine.start()
        self.daemon.write_docker_config(self.engine.client_folder)

    def digest_in_engine(self, reference):
        """What the engine itself recorded for the repository of this reference."""
        found = json.loads(self.engine.docker("image", "inspect", reference))[0]["RepoDigests"]
        repository = reference.split("@")[0].rsplit(":", 1)[0]
        return next(name.split("@")[1] for name in found if name.startswith(repository + "@"))

    def files_of(self, reference):
        """{path: SHA-256} of a few real files of an image, read back out of a container of it."""
        container = self.engine.docker("create", reference, "/bin/true")
        result = {}
        for path in ("/etc/os-release", "/etc/debian_version", "/bin/bash", "/usr/bin/dpkg", "/etc/passwd"):
            target = os.path.join(self.folder, "copied")
            self.engine.docker("cp", "-L", f"{container}:{path}", target)
            with open(target, "rb") as file:
                result[path] = hashlib.sha256(file.read()).hexdigest()
            os.unlink(target)
        self.engine.docker("rm", container)
        return result

    def forget_images(self):
        # The engine refuses an image while another was made from it, and lists them in no order that helps: those left come in the next round.
        for _ in range(4):
            for image in dict.fromkeys(self.engine.docker("images", "--quiet", "--no-trunc").split()):
                try:
                    self.engine.docker("rmi", "--force", image)
                except AssertionError as refused:
                    self.assertIn("dependent child images", str(refused))
        self.assertEqual(self.engine.docker("images", "--quiet", "--all"), "")

    def test_push_and_pull_of_debian(self):
        name = f"{self.daemon.authority}/library/debian"
        image = self.engine.docker("import", "--change", 'CMD ["/bin/bash"]', debian_root(), f"{name}:12")
        before = self.files_of(f"{name}:12")
        pushed = self.engine.docker("push", f"{name}:12")
        digest = self.digest_in_engine(f"{name}:12")
        self.assertIn(digest, pushed)
        self.assertEqual(pull_image(self.client, "library/debian", "12"), digest)

        self.forget_images()
        self.assertIn(digest, self.engine.docker("pull", f"{name}:12"))
        self.assertEqual(self.digest_in_engine(f"{name}:12"), digest)
        self.assertEqual(json.loads(self.engine.docker("image", "inspect", f"{name}:12"))[0]["Id"], image)
        self.assertEqual(self.files_of(f"{name}:12"), before)

        self.forget_images()
        self.assertIn(digest, self.engine.docker("pull", f"{name}@{digest}"))
        self.assertEqual(self.files_of(f"{name}@{digest}"), before)

        # A second image on the same layer: only what is new travels; into a second repository the engine mounts from the first.
        container = self.engine.docker("create", f"{name}@{digest}", "/bin/true")
        with open(os.path.join(self.folder, "motd"), "w", encoding="ascii") as file:
            file.write("a second layer\n")
        self.engine.docker("cp", os.path.join(self.folder, "motd"), f"{container}:/etc/motd")
        second = self.engine.docker("commit", container, f"{name}:12-again")
        self.engine.docker("rm", container)
        self.assertIn("Layer already exists", self.engine.docker("push", f"{name}:12-again"))
        other = f"{self.daemon.authority}/team/debian-copy"
        self.engine.docker("tag", second, f"{other}:1")
        self.assertIn("Mounted from library/debian", self.engine.docker("push", f"{other}:1"))
        pull_image(self.client, "team/debian-copy", "1")

        # What was pushed outlives the daemon.
        self.daemon.restart()
        self.client.close()
        self.forget_images()
        self.assertIn(digest, self.engine.docker("pull", f"{name}:12"))
        self.assertEqual(self.files_of(f"{name}:12"), before)


if __name__ == "__main__":
    unittest.main()
