"""The daemon of the rows that measure one core: one event loop, everything of it on core 0; the clients are on core 1."""

from harness import Daemon


class Pinned(Daemon):
    prefix = ("taskset", "-c", "0")

    def __init__(self, directory, accounts=None, orgs=(), **settings):
        quiet = {"BERTH_LOOP_THREADS": "1", "BERTH_LOG_LEVEL": "warning", "BERTH_DISK_RESERVE": "0", "BERTH_SCRUB_RATE": "0"}
        super().__init__(directory, environment={**quiet, **settings}, accounts=accounts, orgs=orgs)
