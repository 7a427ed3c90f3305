"""`transform` with nothing to do does not start dbt, and says so; whatever there may be to do, it starts it."""

import json
import shutil
import subprocess

import pytest
from driver.fixtures import ROOT
from driver.process import GUARD_SECONDS
from driver.services import clean_environment


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


def change(transform, sql: str) -> None:
    program = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute(sys.argv[2])"
    python = transform.deps / "venv-dbt" / "bin" / "python"
    subprocess.run(
        [python, "-B", "-c", program, transform.warehouse, sql], check=True, capture_output=True, timeout=GUARD_SECONDS
    )


def test_the_second_time_dbt_is_not_started(proved, transform):
    again = transform()
    assert not again["built"]
    assert again["models"] == 0
    assert again["rejected"] is not None
    assert proved.verify()["proved"]


def test_what_was_loaded_since_is_built(proved, transform):
    proved.must_prove(200)
    assert transform()["built"]
    assert not transform()["built"]


def test_a_mart_that_is_gone_is_built(proved, transform):
    change(transform, "DROP TABLE MART.TOP_SONGS")
    assert transform()["built"]
    assert proved.verify()["proved"]


def test_a_changed_project_is_built(transform):
    model = transform.project / "models" / "gold" / "top_songs.sql"
    model.write_text(model.read_text(encoding="utf-8") + "-- as it was\n", encoding="utf-8")
    assert transform()["built"]
    assert not transform()["built"]


def test_a_batch_that_was_left_open_is_built(transform):
    change(
        transform,
        "INSERT INTO TRANSFORM.TRANSFORM_PARTS VALUES ('open', 'a run', NULL, NULL, make_timestamp(0))",
    )
    assert transform()["built"]
    assert not transform()["built"]


def test_a_batch_that_another_build_closed_since_is_not_taken_for_ours(transform):
    change(transform, "UPDATE TRANSFORM.TRANSFORM_PARTS SET closed_at = closed_at + INTERVAL 1 SECOND")
    assert transform()["built"]


def test_a_full_refresh_is_always_done(transform):
    assert transform("--full-refresh")["built"]


def test_a_note_that_says_nothing_is_no_note(proved, transform):
    [note] = proved.folder.rglob("last_build.json")
    note.write_text('{"format": 1, "project": 7}', encoding="utf-8")
    assert transform()["built"]
    assert not transform()["built"]
