#!/usr/bin/env python3
"""Adds up the JUnit files that the parts of `deploy/dev test` left, and ends with the line "N passed, N failed[, N skipped]".

Usage: summarise.py RESULTS_DIRECTORY (PART EXIT_STATUS SECONDS)...; exit 1 when anything failed or nothing ran. A part that ended
badly without naming a failed test (its build broke, say) counts as one failure.
"""

import os
import sys
import xml.etree.ElementTree as ElementTree


def read_part(path):
    """(passed, failed names, skipped names) of one file; nothing when it is missing or cut short."""
    passed, failed, skipped = 0, [], []
    try:
        cases = ElementTree.parse(path).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError):
        return passed, failed, skipped
    for case in cases:
        name = case.get("name", "?")
        if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
            failed.append(name)
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            skipped.append(name)
        else:
            passed += 1
    return passed, failed, skipped


def main():
    directory, rows = sys.argv[1], sys.argv[2:]
    total = [0, 0, 0]
    remarks = []
    print(f"{'part':<14}{'seconds':>8}{'passed':>8}{'failed':>8}{'skipped':>8}")
    for part, status, seconds in zip(rows[0::3], rows[1::3], rows[2::3]):
        passed, failed, skipped = read_part(os.path.join(directory, part + ".xml"))
        if status != "0" and not failed:
            failed = [f"(ended with status {status} and named no failed test; see above)"]
        elif passed + len(failed) == 0:
            failed = ["(ran no test)"]
        print(f"{part:<14}{seconds:>8}{passed:>8}{len(failed):>8}{len(skipped):>8}")
        remarks += [f"FAILED  {part}: {name}" for name in failed] + [f"skipped {part}: {name}" for name in skipped]
        total = [total[0] + passed, total[1] + len(failed), total[2] + len(skipped)]
    for remark in remarks:
        print(remark)
    print(f"{total[0]} passed, {total[1]} failed" + (f", {total[2]} skipped" if total[2] else ""))
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main())
