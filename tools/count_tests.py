#!/usr/bin/env python3
"""Adds up the tests in ctest's JUnit reports and prints `N passed, N failed`.

A test program that uses GoogleTest counts by its own cases; any other, or one that ended without a summary, counts as
one. Fails when a test failed or when no test ran.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

PASSED = re.compile(r"^\[  PASSED  \] (\d+) tests?\.", re.MULTILINE)
FAILED = re.compile(r"^\[  FAILED  \] (\d+) tests?, listed below", re.MULTILINE)


def count(testcase: ElementTree.Element) -> tuple[int, int]:
    output = testcase.findtext("system-out") or ""
    passed = sum(int(number) for number in PASSED.findall(output))
    failed = sum(int(number) for number in FAILED.findall(output))
    if testcase.get("status") == "run":
        return (passed or 1, failed)
    return (passed, failed or 1)


def main(reports: list[str]) -> int:
    passed = failed = 0
    for report in reports:
        for testcase in ElementTree.parse(report).iter("testcase"):
            more_passed, more_failed = count(testcase)
            passed += more_passed
            failed += more_failed
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
