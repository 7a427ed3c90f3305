"""Fixtures of the tests of Airflow's side. They run in Airflow's own environment."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "airflow" / "dags"
sys.path[:0] = [str(DAGS), str(ROOT / "tests" / "integration")]

# Before anything imports Airflow, which otherwise makes a home in the user's folder.
HOME = tempfile.TemporaryDirectory(prefix="sdp-airflow-home-")
os.environ.update({
    "AIRFLOW_HOME": HOME.name, "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False", "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False"})
for name in [name for name in os.environ if name.startswith(("SPOTIFY_", "KAFKA_", "S3_", "SNOWFLAKE_", "AWS_"))]:
    del os.environ[name]

from driver.process import wait_until  # noqa: E402  The path is set above.
from driver.services import Services  # noqa: E402
from driver.snowflake import Emulator  # noqa: E402


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
    """Kafka and an S3 server for all tests; nobody may stop them."""
    shared = Services(binary, deps, tmp_path_factory.mktemp("services"))
    shared.up()
    yield shared
    shared.down()


@pytest.fixture
def emulator(deps, tmp_path):
    """Of Snowflake."""
    server = Emulator(deps, tmp_path)
    yield server
    server.end()


@pytest.fixture(scope="session")
def database():
    """Airflow's own, for `dag.test()`."""
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)


@pytest.fixture
def say(capsys):
    """Shows a line of figures also when the test passes."""
    def show(line: str) -> None:
        with capsys.disabled():
            print(f"\n    {line}", flush=True)
    return show


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A program in place of the pipeline: a shell script that notes how it was called in `calls`."""
    class StandIn:
        calls_path = tmp_path / "calls"

        def __init__(self):
            self.path = tmp_path / "spotify-pipeline"
            self.says("exit 0")

        def says(self, body: str) -> None:
            self.path.write_text(f'#!/bin/sh\necho "$@" >>{self.calls_path}\n{body}\n')
            self.path.chmod(0o755)

        @property
        def calls(self) -> list[str]:
            return self.calls_path.read_text().splitlines() if self.calls_path.exists() else []

    monkeypatch.setenv("SPOTIFY_WORK_DIR", str(tmp_path))
    made = StandIn()
    monkeypatch.setenv("SPOTIFY_PIPELINE", str(made.path))
    return made


__all__ = ["wait_until"]
