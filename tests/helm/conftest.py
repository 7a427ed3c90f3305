"""Fixtures of the chart's tests: schemas of Kubernetes, and the program that containers run."""

from pathlib import Path

import pytest
from chart import VERSIONS, write_schemas

pytest_plugins = ["driver.fixtures"]


@pytest.fixture(scope="session")
def schemas(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("schemas")
    return {version: write_schemas(version, folder) for version in VERSIONS}
