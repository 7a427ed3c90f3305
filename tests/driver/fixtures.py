"""Fixtures that the tests of several folders share; a conftest.py imports those it wants."""

import os
from pathlib import Path

import pytest

from driver.services import Services

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def binary() -> Path:
    path = Path(os.environ.get("SDP_BINARY", ROOT / "build" / "release" / "spotify-pipeline")).resolve()
    assert path.exists(), f"no binary at {path}; build it: make build"
    return path


@pytest.fixture(scope="session")
def deps() -> Path:
    return Path(os.environ.get("SDP_DEPS_DIR", ROOT / ".deps")).absolute()


@pytest.fixture(scope="session")
def services(binary, deps, tmp_path_factory):
    """A Kafka and an S3 server that all tests share; nobody may stop them."""
    shared = Services(binary, deps, tmp_path_factory.mktemp("services"))
    shared.up()
    yield shared
    shared.down()


@pytest.fixture
def say(capsys):
    """Shows a line of figures also when the test passes."""

    def show(line: str) -> None:
        with capsys.disabled():
            print(f"\n    {line}", flush=True)

    return show
