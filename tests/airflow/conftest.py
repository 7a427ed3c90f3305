"""Fixtures of the tests of Airflow's side. They run in Airflow's own environment."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from driver.snowflake import Emulator

pytest_plugins = ["driver.fixtures"]

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "airflow" / "dags"

# Before anything imports Airflow, which otherwise makes a home in the user's folder.
HOME = tempfile.TemporaryDirectory(prefix="sdp-airflow-home-")
os.environ.update(
    {
        "AIRFLOW_HOME": HOME.name,
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
)
OF_THE_PIPELINE = ("AWS_", "KAFKA_", "OPENLINEAGE_", "S3_", "SNOWFLAKE_", "SPOTIFY_")
for name in [name for name in os.environ if name.startswith(OF_THE_PIPELINE)]:
    del os.environ[name]


@pytest.fixture
def emulator(deps, tmp_path):
    """Of Snowflake."""
    server = Emulator.start(deps, tmp_path)
    yield server
    server.end()


@pytest.fixture(scope="session")
def database():
    """Airflow's own, for `dag.test()`."""
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)


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
