"""`transform` with nothing to do does not start dbt, and says so; whatever there may be to do, it starts it."""

import json
import shutil
import subprocess

import pytest
from driver.fixtures import ROOT
from driver.process import GUARD_SECONDS
from driver.services import clean_environment
from driver.warehouse import change


@pytest.fixture
def transform(proved, deps, program_deps):
    """Runs it on the finished warehouse by a copy of the project; the answer of --json."""
    project = proved.folder / "project"
    shutil.copytree(ROOT / "spotify_dbt", project, ignore=shutil.ignore_patterns("target", "logs", ".user.yml"))
    warehouse = proved.data / "warehouse" / "spotify_db.duckdb"
    environment = clean_environment() | {
        "SPOTIFY_WAREHOUSE": str(warehouse),
        "SPOTIFY_LAKE": str(proved.data / "lake"),
        "SDP_DEPS_DIR": str(deps),
    }

    def run(*arguments) -> dict:
        done = subprocess.run(
            [proved.binary, "transform", "--dbt-project", project, "--json", *arguments],
            env=environment,
            cwd=proved.folder,
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert ("transform.nothing_new" in done.stderr) != answer["built"], done.stderr
        return answer

    run.project, run.warehouse, run.deps = project, warehouse, program_deps
    assert run()["built"], "the run before was by another folder of work"
    return run


def change_warehouse(transform, sql: str) -> None:
    change(transform.deps, transform.warehouse, sql)


def edit(transform) -> None:
    model = transform.project / "models" / "gold" / "top_songs.sql"
    model.write_text(model.read_text(encoding="utf-8") + "-- as it was\n", encoding="utf-8")


def spoil_note(transform) -> None:
    [note] = transform.project.parent.rglob("last_build.json")
    note.write_text('{"format": 1, "project": 7}', encoding="utf-8")


TO_DO = {
    "a mart is gone": lambda of: change_warehouse(of, "DROP TABLE MART.TOP_SONGS"),
    "the project has changed": edit,
    "a batch was left open": lambda of: change_warehouse(
        of, "INSERT INTO TRANSFORM.TRANSFORM_PARTS VALUES ('open', 'a run', NULL, NULL, make_timestamp(0))"
    ),
    "another build closed a batch since": lambda of: change_warehouse(
        of, "UPDATE TRANSFORM.TRANSFORM_PARTS SET closed_at = closed_at + INTERVAL 1 SECOND"
    ),
    "the note says nothing": spoil_note,
}


def test_dbt_is_started_only_for_something_to_do(proved, transform):
    for what, happen in TO_DO.items():
        happen(transform)
        assert transform()["built"], what
    again = transform()
    assert (again["built"], again["models"]) == (False, 0)
    assert again["rejected"] is not None
    assert transform("--full-refresh")["built"]
    assert proved.verify()["proved"]


def test_what_was_loaded_since_is_built(proved, transform):
    proved.must_prove(200)
    assert transform()["built"]
    assert not transform()["built"]
