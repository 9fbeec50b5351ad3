"""A disk whose power can be cut, in a plain container: everything the drive had not been told to flush is gone.

An image file behind nbdkit's cache filter in write-back mode is the drive and its volatile cache; nbdfuse and a loop device make a block
device of it; a real file system lies on that. cut() kills nbdkit: its cache dies with it, and so does whatever the kernel still wanted to
write. Then the image alone is mounted again, and the file system recovers from its journal as after a real power cut.
Packages: nbdkit, libnbd-bin, fuse3, e2fsprogs, xfsprogs. Needs root, /dev/fuse and loop devices.
"""

import os
import shutil
import subprocess

from harness import end_process, run_tool, start_process, wait_until

IMAGE_BYTES = 512 << 20  # XFS wants 300 MB at least
TOOLS = ("nbdkit", "nbdfuse", "losetup", "mkfs.ext4", "mkfs.xfs", "mount", "umount")
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q"]}


def missing():
    """What this machine lacks for it, in words; empty when it has everything."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    lacks = [f"the program {tool}" for tool in TOOLS if shutil.which(tool, path=path) is None]
    if os.geteuid() != 0:
        lacks.append("root")
    lacks += [f"{device}" for device in ("/dev/fuse", "/dev/loop-control") if not os.path.exists(device)]
    return lacks


class Disk:
    """One image with a file system, powered or not."""

    def __init__(self, folder, kind):
        self.folder, self.kind = folder, kind
        self.image, self.socket = os.path.join(folder, "disk.img"), os.path.join(folder, "nbd.sock")
        self.device_folder, self.mount_point = os.path.join(folder, "device"), os.path.join(folder, "mounted")
        self.trigger = os.path.join(folder, "broken")  # while this file exists the drive answers everything with EIO
        self.drive = self.bridge = self.loop = None
        for path in (self.device_folder, self.mount_point):
            os.mkdir(path)
        with open(self.image, "wb") as image:
            image.truncate(IMAGE_BYTES)
        run_tool([*MAKE[kind], self.image])

    def power_on(self):
        """Mounted behind a volatile cache."""
        log = open(os.path.join(self.folder, "nbd.log"), "ab")
        try:
            self.drive = start_process(["nbdkit", "-f", "-U", self.socket, "--filter=error", "--filter=cache", "file", self.image, "cache=writeback",
                                        "error=EIO", "error-rate=100%", f"error-file={self.trigger}"], stdout=log, stderr=log)
            wait_until(lambda: os.path.exists(self.socket), 10, "nbdkit listens")
            device = os.path.join(self.device_folder, "disk")
            self.bridge = start_process(["nbdfuse", device, "--unix", self.socket], stdout=log, stderr=log)
            wait_until(lambda: os.path.exists(device), 10, "nbdfuse shows the device")
        finally:
            log.close()
        self._mount(device)

    def recover(self):
        """Mounted from the image alone, journal replayed."""
        self._mount(self.image)

    def _mount(self, device):
        self.loop = run_tool(["losetup", "-f", "--show", device]).strip()
        run_tool(["mount", "-t", self.kind, "-o", "noatime", self.loop, self.mount_point])

    def break_down(self):
        """From now on every read, write and flush that reaches the drive fails."""
        with open(self.trigger, "wb"):
            pass

    def cut(self):
        """The power goes: what was not flushed is lost."""
        self.drive.kill()
        end_process(self.drive)

    def clear(self):
        """Unmounts and takes the device apart, in whatever state it is."""
        if self.loop is not None:
            subprocess.run(["umount", "-l", self.mount_point], stdin=subprocess.DEVNULL, capture_output=True, check=False)
            subprocess.run(["losetup", "-d", self.loop], stdin=subprocess.DEVNULL, capture_output=True, check=False)
            loop, self.loop = self.loop, None
            wait_until(lambda: not self._backed(loop), 20, f"{loop} is free")
        for process in (self.bridge, self.drive):
            if process is not None:
                end_process(process)
        self.bridge = self.drive = None
        subprocess.run(["umount", "-l", self.device_folder], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    @staticmethod
    def _backed(loop):
        return os.path.exists(f"/sys/block/{os.path.basename(loop)}/loop/backing_file")
