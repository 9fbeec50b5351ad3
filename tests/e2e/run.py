#!/usr/bin/env python3
"""Runs the end-to-end tests, each module in a process of its own with a time limit, and writes one JUnit file.

Usage: run.py [--junit FILE] [--all-but MODULE]... [NAME...]; a NAME is test_x, test_x.Class or test_x.Class.test_y. Exit 1 on failure.
Inside a child: run.py --child FILE NAME
"""

import argparse
import glob
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
MODULE_SECONDS = 900
SOAK_SECONDS = 3 * 3600


class Recorder(unittest.TextTestResult):
    """Keeps one row per test: name, outcome, seconds, text."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.rows, self.started, self.broken = [], {}, {}

    def startTest(self, test):
        self.started[test.id()] = time.monotonic()
        super().startTest(test)

    def _fail(self, test, text):
        self.broken.setdefault(test.id(), []).append(text)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(test, self.errors[-1][1])
        if not isinstance(test, unittest.TestCase):  # setUpClass or the import
            self.rows.append([test.id(), "failed", 0, self.errors[-1][1]])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._fail(test, f"{subtest}\n" + self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.rows.append([test.id(), "skipped", 0, reason])

    def stopTest(self, test):
        super().stopTest(test)
        seconds = time.monotonic() - self.started[test.id()]
        if test.id() in self.broken:
            self.rows.append([test.id(), "failed", seconds, "\n".join(self.broken[test.id()])])
        elif not any(row[0] == test.id() for row in self.rows):
            self.rows.append([test.id(), "passed", seconds, ""])


def tests_of(suite):
    """Its tests; of a second run with accounts, those whose class does not settle by itself whether there are any."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        elif not os.environ.get("BERTH_E2E_ACCOUNTS") or getattr(test, "accounts", None) is None:
            yield test


def run_child(result_path, name):
    sys.path.insert(0, HERE)
    suite = unittest.TestSuite(tests_of(unittest.defaultTestLoader.loadTestsFromName(name)))
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Recorder)
    result = runner.run(suite)
    with open(result_path, "w", encoding="utf-8") as file:
        json.dump(result.rows, file)
    return 0


def run_module(name, seconds):
    """Rows of one module; a module that dies or never ends is a failure by its own name."""
    with tempfile.NamedTemporaryFile(suffix=".json") as result:
        child = subprocess.Popen([sys.executable, "-B", __file__, "--child", result.name, name], stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            child.wait(seconds)
            ended = f"ended with status {child.returncode}"
        except (subprocess.TimeoutExpired, KeyboardInterrupt) as reason:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if isinstance(reason, KeyboardInterrupt):
                raise
            ended = f"took longer than {seconds} s"
        try:
            return json.load(result)
        except ValueError:
            return [[name, "failed", seconds, ended]]


def write_junit(path, rows):
    suite = ElementTree.Element("testsuite", name="e2e", tests=str(len(rows)), failures=str(sum(r[1] == "failed" for r in rows)))
    for name, outcome, seconds, text in rows:
        case = ElementTree.SubElement(suite, "testcase", name=name, time=f"{seconds:.3f}")
        if outcome == "failed":
            ElementTree.SubElement(case, "failure").text = "".join(c for c in text if c >= " " or c in "\n\t")
        elif outcome == "skipped":
            ElementTree.SubElement(case, "skipped").text = text
    ElementTree.ElementTree(suite).write(path, encoding="unicode")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--junit")
    parser.add_argument("--child")
    parser.add_argument("--all-but", action="append", default=[])
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.child:
        return run_child(options.child, options.names[0])
    names = options.names or [os.path.basename(p)[:-3] for p in sorted(glob.glob(os.path.join(HERE, "test_*.py")))]
    rows = []
    for name in names:
        if name not in options.all_but:
            print(f"-- {name}", flush=True)
            rows += run_module(name, SOAK_SECONDS if os.environ.get("BERTH_SOAK") else MODULE_SECONDS)
    if options.junit:
        os.makedirs(os.path.dirname(options.junit), exist_ok=True)
        write_junit(options.junit, rows)
    failed = [row for row in rows if row[1] == "failed"]
    skipped = [row for row in rows if row[1] == "skipped"]
    for row in sorted(rows, key=lambda r: -r[2])[:10]:
        print(f"{row[2]:8.1f} s  {row[0]}")
    for row in failed:
        print(f"FAILED {row[0]}")
    print(f"e2e: {len(rows) - len(failed) - len(skipped)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
