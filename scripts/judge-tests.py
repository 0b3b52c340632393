"""Judge a test run from its JUnit report: `judge-tests.py COLLECTED REPORT STATUS`.

Every test that was collected must have run and passed: fewer, or a skip of any kind, is a failure, whatever pytest
itself returned. Prints the counts, ending with one line `N passed, M failed`.
"""

from __future__ import annotations

import sys
from xml.etree import ElementTree


def main(collected: int, report: str, status: int) -> int:
    suites = ElementTree.parse(report).getroot().iter("testsuite")
    ran = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for suite in suites:
        for name in ran:
            ran[name] += int(suite.get(name, "0"))
    failed = ran["failures"] + ran["errors"]
    passed = ran["tests"] - failed - ran["skipped"]
    print(f"collected {collected}, ran {ran['tests']}, passed {passed}, failed {failed}, skipped {ran['skipped']}")
    problems = [
        text
        for wrong, text in (
            (status != 0, f"pytest returned {status}"),
            (collected == 0, "nothing was collected"),
            (passed != collected, f"{collected - passed} of those collected did not pass"),
            (ran["skipped"] > 0, f"{ran['skipped']} were skipped or expected to fail"),
        )
        if wrong
    ]
    for problem in problems:
        print(f"FAILED: {problem}")
    print(f"{passed} passed, {failed} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
