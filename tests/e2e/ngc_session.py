"""Runs calls of NVIDIA's own client: one JSON line in, {"call": "users.list", "arguments": {…}}, one out, {"value": …} or {"error": …, "message": …}.

Runs under the Python that has ngcsdk; test_ngc_accounts.py starts it. The client is a black box here: only its public calls are made.
"""

import json
import sys

answers, sys.stdout = sys.stdout, sys.stderr  # the client prints for people

from ngcsdk import Client  # noqa: E402


def plain(value):
    if hasattr(value, "toDict"):
        return plain(value.toDict())
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return [plain(one) for one in value]


def run(client, call, arguments):
    target = client
    for name in call.split("."):
        target = getattr(target, name)
    return plain(target(**arguments))


def main():
    client = Client()
    for line in sys.stdin:
        wanted = json.loads(line)
        try:
            answer = {"value": run(client, wanted["call"], wanted["arguments"])}
        except Exception as failure:  # noqa: BLE001 - told to the test
            answer = {"error": type(failure).__name__, "message": str(failure)}
        print(json.dumps(answer), file=answers, flush=True)


main()
