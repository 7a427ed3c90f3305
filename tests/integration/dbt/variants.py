"""Tests that show by more what others show by less: CI runs them, and `make test` does not. SDP_DBT_VARIANTS (all; none) says which."""

import os
import unittest

ARE_RUN = os.environ.get("SDP_DBT_VARIANTS") == "all"


def wide(test):
    test.is_wide = True
    return test


def load_tests(loader, tests, pattern):
    """Of a module that has this name: what unittest runs when it is given no names."""
    kept = unittest.TestSuite()
    for of_class in tests:
        for test in of_class:
            if ARE_RUN or not hasattr(getattr(test, test._testMethodName), "is_wide"):
                kept.addTest(test)
    return kept
