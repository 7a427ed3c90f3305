"""dbt typed by a person in spotify_dbt, with no variable set, on the warehouse that `make run` left beside it."""

import shutil
import subprocess

import pytest
from driver.fixtures import ROOT
from driver.process import GUARD_SECONDS
from driver.services import clean_environment


@pytest.fixture
def dbt(proved, program_deps):
    project = proved.folder / "spotify_dbt"
    shutil.copytree(ROOT / "spotify_dbt", project, ignore=shutil.ignore_patterns("target", "logs", ".user.yml"))

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [program_deps / "venv-dbt" / "bin" / "dbt", *arguments],
            cwd=project,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"dbt {arguments} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


def test_what_a_person_types_works_at_first_and_again(proved, dbt):
    """First before dbt ever ran on this warehouse, by `load` alone; then where everything is done."""
    warehouse = proved.data / "warehouse" / "spotify_db.duckdb"
    before = proved.counts()
    warehouse.unlink()
    places = {"SPOTIFY_LAKE": str(proved.data / "lake"), "SPOTIFY_WAREHOUSE": str(warehouse)}
    subprocess.run(
        [proved.binary, "load"],
        env=clean_environment() | places,
        check=True,
        capture_output=True,
        timeout=GUARD_SECONDS,
    )
    for command in ("build", "run"):
        assert "Completed successfully" in dbt(command)
        assert proved.counts() == before
        assert proved.verify()["proved"]
