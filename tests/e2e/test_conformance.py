"""The distribution specification's own conformance suite, at 1.1 and at dev: no failure, no skip, nothing switched off unseen.

The suite ends with 0 when it cannot read its configuration, and calls an unsupported feature "Skip" and a passing run; so its exit
status alone proves nothing. What is read here are its results.yaml (one status per API and per kind of data) and junit.xml (one per check).
"""

import json
import os
import re
import shutil
import socket
import unittest
import xml.etree.ElementTree as ElementTree

from harness import BerthTestCase, end_process, free_port, run_tool, start_process, wait_until

# What the suite itself leaves off. "Blob push" is a node that no test of the suite reports to.
NEVER_RUN = set()
OFF_AT_1_1 = {"Blob upload cancel", "Manifest put with tag params", "Tag Param", "Tag Param sha512"}
SPARSE = {"Sparse Manifests"}
FEWEST_CHECKS = 650


def read_statuses(path):
    """{name: status} of the sections apis and data."""
    statuses, section = {}, None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            heading = re.fullmatch(r"(\w+):\s*", line)
            row = re.fullmatch(r"  (.+): (Unknown|Disabled|Skip|Pass|FAIL|Error)\s*", line)
            if heading:
                section = heading.group(1)
            elif row and section in ("apis", "data"):
                statuses[row.group(1)] = row.group(2)
    return statuses


def read_checks(path):
    """[(name, status)] of every single check; "off: X" for one that the configuration leaves out because of the API X."""
    checks = []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        left_out = re.search(r"skipping test:\s+api (.+) is disabled in the configuration", case.findtext("system-err") or "")
        checks.append((case.get("name"), f"off: {left_out.group(1)}" if left_out and case.get("status") == "skipped" else case.get("status")))
    return checks


class Conformance(BerthTestCase):
    time_limit = 240
    orgs = ("conformance",)

    def skipped(self):
        """What the suite may leave out after a first answer: {API: part of the names of its checks}."""
        # Its token is for the target alone, and the blob lies in another repository: an upload begins, as the specification lets it.
        return {"Blob anonymous mount": "/mount anonymous/"} if self.daemon.accounts else {}

    def registry(self):
        return self.daemon.authority

    def run_suite(self, version, off, settings=None):
        tool = shutil.which("conformance")
        self.assertIsNotNone(tool, "the conformance suite is not installed; deploy/dev setup does it")
        results = os.path.join(self.folder, "results")
        os.mkdir(results)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OCI_")}
        if self.daemon.accounts:
            environment |= {"OCI_USERNAME": "$oauthtoken", "OCI_PASSWORD": self.daemon.key}
        environment |= {"OCI_VERSION": version, "OCI_TLS": "disabled", "OCI_REGISTRY": self.registry(), "OCI_REPO1": "conformance/one",
                        "OCI_REPO2": "conformance/two", "OCI_RESULTS_DIR": results, **(settings or {})}
        done = run_tool([tool], seconds=200, check=False, env=environment, cwd=self.folder)
        said = (done.stdout + done.stderr).decode(errors="replace")
        self.assertTrue(os.path.exists(os.path.join(results, "results.yaml")), said)

        statuses = read_statuses(os.path.join(results, "results.yaml"))
        checks = read_checks(os.path.join(results, "junit.xml"))
        counts, skipped = {}, self.skipped()
        for _, status in checks:
            counts[status] = counts.get(status, 0) + 1
        print(f"conformance {version} {sorted(settings or ())}: {len(checks)} checks, {counts}", flush=True)
        allowed = {"passed", "disabled"} | {f"off: {name}" for name in off}
        wrong = [f"{name}: {status}" for name, status in statuses.items() if status != "Pass" and not (status == "Disabled" and name in off) and not (status == "Skip" and name in skipped)]
        wrong += [f"check {name}: {status}" for name, status in checks
                  if status not in allowed and not (status == "skipped" and any(part in name for part in skipped.values()))]
        self.assertEqual(wrong, [], said[-6000:])
        self.assertEqual({name for name, status in statuses.items() if status == "Disabled"}, off)
        self.assertEqual(done.returncode, 0, said[-4000:])
        self.assertGreaterEqual(len(checks), FEWEST_CHECKS)

    def test_version_1_1(self):
        self.run_suite("1.1", NEVER_RUN | OFF_AT_1_1 | SPARSE)

    def test_version_dev(self):
        self.run_suite("dev", NEVER_RUN | SPARSE)


class ConformanceWithAccounts(Conformance):
    """The same through logins: the suite asks for tokens with the first administrator's key."""

    accounts = True


class ConformanceSparse(Conformance):
    environment = {"BERTH_SPARSE_INDEXES": "true"}

    def test_version_1_1(self):
        self.run_suite("1.1", NEVER_RUN | OFF_AT_1_1, {"OCI_DATA_SPARSE": "true"})

    def test_version_dev(self):
        self.run_suite("dev", NEVER_RUN, {"OCI_DATA_SPARSE": "true"})


class ConformanceHttp2(Conformance):
    """The suite's client speaks no HTTP/2 in the clear, so nghttpx turns each of its requests into one."""

    def registry(self):
        self.assertIsNotNone(shutil.which("nghttpx"), "nghttp2-proxy is not installed; deploy/dev setup does it")
        port = free_port()
        log = open(os.path.join(self.folder, "nghttpx.log"), "wb")  # noqa: SIM115 - the process's own
        proxy = start_process(["nghttpx", f"--frontend=127.0.0.1,{port};no-tls", f"--backend=127.0.0.1,{self.daemon.port};;proto=h2", "--no-location-rewrite",
                               "--no-server-rewrite", "--no-via", "--workers=1", "--conf=/dev/null"], stdout=log, stderr=log)
        log.close()
        self.addCleanup(end_process, proxy)

        def accepts():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(accepts, 10, "nghttpx listens")
        return f"127.0.0.1:{port}"


class ConformanceTls(Conformance):
    """Go's client speaks HTTP/2 wherever TLS offers it."""

    scheme = "https"

    def run_suite(self, version, off, settings=None):
        super().run_suite(version, off, {"OCI_TLS": "enabled", "SSL_CERT_FILE": self.daemon.certificate, **(settings or {})})
        spoken = {json.loads(line).get("protocol") for line in self.daemon.logs().splitlines() if '"event":"request"' in line}
        self.assertEqual(spoken, {"HTTP/2"})


if __name__ == "__main__":
    unittest.main()
