"""Fixtures of the chart's tests: schemas of Kubernetes, and the program that containers run."""

import os
from pathlib import Path

import pytest
from chart import ROOT, VERSIONS, write_schemas


@pytest.fixture(scope="session")
def schemas(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("schemas")
    return {version: write_schemas(version, folder) for version in VERSIONS}


@pytest.fixture(scope="session")
def binary() -> Path:
    path = Path(os.environ.get("SDP_BINARY", ROOT / "build" / "release" / "spotify-pipeline")).resolve()
    assert path.exists(), f"no binary at {path}; build it: make build"
    return path
