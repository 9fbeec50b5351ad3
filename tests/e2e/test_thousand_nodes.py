"""A thousand nodes pull the same image at the same moment, as a cluster does that starts a job: all are served, and none starves."""

import asyncio
import statistics
import time
import unittest

from harness import BerthTestCase
from registry import Image, digest_of, push_image

NODES = 1000
ROUNDS = 4
MIB = 1 << 20


class Node:
    """One machine that pulls: a connection of its own, and when each of its pulls was whole."""

    def __init__(self, daemon, targets):
        self.port, self.targets = daemon.port, targets
        self.fields = f"Host: {daemon.authority}\r\n{daemon.authorization_line}Accept: */*\r\n"
        self.ends, self.refused = [], 0

    async def run(self, gate):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        await gate.wait()
        try:
            for _ in range(ROUNDS):
                for target, size in self.targets:
                    await self.get(reader, writer, target, size)
                self.ends.append(time.monotonic())
        finally:
            writer.close()

    async def get(self, reader, writer, target, size):
        while True:
            writer.write(f"GET {target} HTTP/1.1\r\n{self.fields}\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            status = int(head.split(" ", 2)[1])
            length = int(next(line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length:")))
            left = length
            while left:
                piece = await reader.read(min(left, MIB))
                if not piece:
                    raise AssertionError(f"{target} was cut {left} bytes before its end")
                left -= len(piece)
            if status in (429, 503) and "retry-after" in head.lower():  # told to wait: what a client then does
                self.refused += 1
                await asyncio.sleep(1)
                continue
            if status != 200 or length != size:
                raise AssertionError(f"{target}: {status} with {length} bytes, not 200 with {size}")
            return


class ThousandNodes(BerthTestCase):
    time_limit = 180
    orgs = ("cluster",)

    def test_all_are_served_and_none_starves(self):
        image = Image("cluster", layers=2, layer_size=128 * 1024)
        push_image(self.client, "cluster/job", image, "1")
        targets = [("/v2/cluster/job/manifests/1", len(image.manifest))]
        targets += [(f"/v2/cluster/job/blobs/{digest_of(data)}", len(data)) for data in image.blobs]
        nodes = [Node(self.daemon, targets) for _ in range(NODES)]

        async def all_at_once():
            gate = asyncio.Event()
            tasks = [asyncio.create_task(node.run(gate)) for node in nodes]
            await asyncio.sleep(0)
            began = time.monotonic()
            gate.set()
            await asyncio.gather(*tasks)
            return began

        began = asyncio.run(all_at_once())
        ends = sorted(node.ends[-1] - began for node in nodes)
        gaps = [later - sooner for node in nodes for sooner, later in zip([began, *node.ends], node.ends)]
        total = sum(size for _, size in targets) * NODES * ROUNDS
        print(f"{NODES} nodes x {ROUNDS} pulls of {sum(size for _, size in targets)} bytes in {ends[-1]:.1f} s ({total / ends[-1] / 1e6:.0f} MB/s), first node done after {ends[0]:.1f} s; "
              f"a pull took {statistics.median(gaps):.2f} s (median), {max(gaps):.2f} s at most; {sum(node.refused for node in nodes)} times told to wait; RSS {self.daemon.peak_rss() / MIB:.0f} MiB", flush=True)
        # Starving is to wait while others are served again and again: nobody needs more than three turns of the median for one of his.
        self.assertLess(max(gaps), 3 * statistics.median(gaps) + 1)
        self.assertLess(self.daemon.peak_rss(), 256 * MIB)


if __name__ == "__main__":
    unittest.main()
