"""attacks   a row of bench.py: what another client notices of a peer that attacks over HTTP/2, connection after connection.

p99 of GETs of a manifest at a fixed rate, over 16 connections of HTTP/1.1, quiet and beside each attack in turn. The daemon has one event
loop and is pinned to core 0, so that the attack and the client always share a loop; the clients are on core 1.
"""

import os
import statistics

import h2_attacks
from pinned import Pinned
from registry import Image, push_blob, push_image

RATE = 4_000
MIB = 1 << 20


def measure_attacks(bench, folder, rounds, seconds, out):
    daemon = Pinned(os.path.join(folder, "attacks"), accounts=bench.Berth.with_accounts, orgs=("attack",))
    try:
        daemon.start()
        client = daemon.client()
        push_image(client, "attack/a", Image("attack"), "1")
        digest = push_blob(client, "attack/a", os.urandom(8 * MIB))
        client.close()
        url = daemon.url + "/v2/attack/a/manifests/1"

        def pulls():
            """p99 in microseconds."""
            return bench.latencies([url], RATE, seconds, daemon.authorization_option)[0] * 1000

        print(f"\nattacks over HTTP/2 beside pulls (p99 of pulls in us at {RATE}/s; goal < 3 x)", flush=True)
        for attack in h2_attacks.ATTACKS:
            quiet, beside, connections = [], [], 0
            for _ in range(rounds):
                quiet.append(pulls())
                with h2_attacks.Attacker(attack, daemon.port, digest, daemon.authorization_fields, core=int(bench.CLIENT_CORE)) as attacker:
                    beside.append(pulls())
                connections += len(attacker.outcomes)
            ratios = [b / a for a, b in zip(quiet, beside)]
            print(f"  {attack.__name__:<24}{bench.spread(quiet)} -> {bench.spread(beside)}   {bench.spread(ratios)} x   {connections / rounds / seconds:.0f} connections/s", flush=True)
            out.append({"row": "attacks, " + attack.__name__, "unit": "us", "goal": "< 3 x", "rate": RATE, "quiet": quiet, "beside": beside, "ratios": ratios})
        worst = max(out[-len(h2_attacks.ATTACKS):], key=lambda row: statistics.median(row["ratios"]))
        print(f"  the worst is {worst['row'].split(', ')[1]}: {bench.spread(worst['ratios'])} x", flush=True)
    finally:
        daemon.kill()


ROWS = {"attacks": measure_attacks}
