#!/usr/bin/env python3
"""Adds up the tests in the JUnit reports of ctest and pytest and prints `N passed, N failed`.

A test program that uses GoogleTest counts by its own cases; any other, or one that ended without a summary, counts as
one. A test that was skipped counts as failed. Fails when a test failed or when no test ran.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

PASSED = re.compile(r"^\[  PASSED  \] (\d+) tests?\.", re.MULTILINE)
FAILED = re.compile(r"^\[  FAILED  \] (\d+) tests?, listed below", re.MULTILINE)


def is_of_ctest(testcase: ElementTree.Element) -> bool:
    """Only ctest writes a status; pytest marks what did not pass by an element."""
    return testcase.get("status") is not None


def count(testcase: ElementTree.Element) -> tuple[int, int]:
    if not is_of_ctest(testcase):
        return (0, 1) if any(testcase.find(bad) is not None for bad in ("failure", "error", "skipped")) else (1, 0)
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
