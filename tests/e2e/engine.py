"""A Docker engine of our own (Debian's dockerd with its own folders and socket), and a Debian root file system to make an image of."""

import os
import shutil
import subprocess
import tempfile

from harness import CACHE, end_process, run_tool, start_process, wait_until

DOCKERD = "/usr/sbin/dockerd"
DOCKER = "/usr/bin/docker"  # Debian's; another client of another version may come first in PATH
SUITE = "bookworm"


class Engine:
    """dockerd without bridges and firewall rules, so that it runs in a container too; everything it keeps lies in `folder`."""

    def __init__(self, folder):
        self.folder = folder
        # A socket's path may have 107 bytes at most: keep it short whatever the temporary folder is called.
        self.run_folder = tempfile.mkdtemp(prefix="bd-", dir="/tmp")
        self.socket = f"unix://{self.run_folder}/sock"
        self.log_path = os.path.join(folder, "dockerd.log")
        self.client_folder = os.path.join(folder, "client")  # the client's config.json
        self.process = None

    def start(self):
        for program in (DOCKERD, DOCKER):
            if not os.access(program, os.X_OK):
                raise AssertionError(f"{program} is missing: Debian's docker.io is not installed (deploy/dev setup)")
        if os.geteuid() != 0:
            raise AssertionError("dockerd needs root: run as root or with sudo")
        os.makedirs(self.folder, exist_ok=True)
        with open(self.log_path, "wb") as log:
            self.process = start_process(
                [DOCKERD, "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs",
                 f"--data-root={self.folder}/data", f"--exec-root={self.run_folder}/exec", f"--pidfile={self.run_folder}/pid", "-H", self.socket,
                 "--max-concurrent-uploads=4"],
                stdout=log, stderr=log, env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        wait_until(self._ready, 60, "dockerd answers")

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"dockerd ended with status {self.process.returncode}; its log:\n{self.log()[-4000:]}")
        return subprocess.run([DOCKER, "-H", self.socket, "version"], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop(self):
        if self.process is not None:
            end_process(self.process, 30)
            self.process = None
        shutil.rmtree(self.run_folder, ignore_errors=True)

    def docker(self, *arguments, seconds=180):
        return run_tool([DOCKER, "--config", self.client_folder, "-H", self.socket, *arguments], seconds=seconds).strip()


def debian_root():
    """Path of a tar of a minimal Debian file system; made once by debootstrap and kept in the cache folder."""
    path = os.path.join(CACHE, "images", f"debian-{SUITE}-slim.tar")
    if os.path.exists(path):
        return path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="berth-debootstrap-") as root:
        for attempt in range(3):
            shutil.rmtree(root, ignore_errors=True)
            os.mkdir(root)
            made = run_tool(["debootstrap", "--variant=minbase", SUITE, root], seconds=600, check=False)
            if made.returncode == 0:
                break
        else:
            raise AssertionError("debootstrap failed three times:\n" + (made.stdout + made.stderr).decode(errors="replace")[-4000:])
        # What only costs time: the engine copies every file for every container.
        for waste in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man", "usr/share/zoneinfo"):
            shutil.rmtree(os.path.join(root, waste), ignore_errors=True)
        run_tool(["tar", "--numeric-owner", "--sort=name", "--one-file-system", "-C", root, "--exclude=./dev/*", "--exclude=./proc/*", "--exclude=./sys/*",
                  "-cf", path + ".part", "."], seconds=300)
        os.rename(path + ".part", path)
    return path
