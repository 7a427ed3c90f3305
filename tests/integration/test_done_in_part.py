"""One damaged object keeps its own chain back and nothing else; who calls the stages learns it once, at the end."""

import json
import shutil
import subprocess

import pytest
from driver.process import GUARD_SECONDS
from driver.services import clean_environment

IN_PART, UNAVAILABLE = 21, 69


def call(binary, *words, code: int):
    done = subprocess.run(
        [binary, *map(str, words)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout or "null"), done.stderr


@pytest.fixture
def damaged(finished_run, tmp_path):
    """A lake in which one object has lost its metadata, as by a tool that copies only bodies. And the object's name."""
    lake = tmp_path / "lake"
    shutil.copytree(finished_run / "lake", lake)
    sidecar = min((lake / ".meta").rglob("*_t*_p*_o*.json*"))
    sidecar.unlink()
    return lake, str(sidecar.relative_to(lake / ".meta"))


def test_extract_copies_the_other_chains(binary, finished_run, damaged, tmp_path):
    lake, name = damaged
    warehouse = tmp_path / "spotify_db.duckdb"
    said, errors = call(
        binary,
        "extract",
        "--json",
        "--lake",
        lake,
        "--warehouse",
        warehouse,
        "--stage-dir",
        tmp_path / "stage",
        code=IN_PART,
    )
    assert said["problems"] == 1 and said["objects"] > 0
    assert name in errors
    loaded, _ = call(binary, "load", "--json", "--lake", tmp_path / "stage", "--warehouse", warehouse, code=0)
    assert loaded["objects"] == said["objects"]


def test_load_takes_the_other_chains_and_says_so_until_it_is_repaired(binary, finished_run, damaged, tmp_path):
    lake, name = damaged
    words = ["load", "--json", "--lake", lake, "--warehouse", tmp_path / "spotify_db.duckdb"]
    first, errors = call(binary, *words, code=IN_PART)
    assert first["problems"] == 1 and first["rows"] > 0
    assert name in errors
    again, errors = call(binary, *words, code=IN_PART)
    assert again["rows"] == 0 and name in errors
    shutil.copy(finished_run / "lake" / ".meta" / name, lake / ".meta" / name)
    repaired, _ = call(binary, *words, code=0)
    assert repaired["rows"] + first["rows"] == 600


def test_a_build_that_takes_longer_than_it_may_is_ended_and_done_by_the_next(
    binary, program_deps, finished_run, tmp_path
):
    data = tmp_path / "data"
    shutil.copytree(finished_run, data, symlinks=True)
    line = ("transform", "--warehouse", data / "warehouse" / "spotify_db.duckdb", "--work-dir", tmp_path / "work")
    line = (*line, "--deps", program_deps, "--full-refresh", "--json")
    # Less than dbt takes to read the project.
    _, said = call(binary, *line, "--dbt-timeout", 1, code=UNAVAILABLE)
    assert "--dbt-timeout" in said
    call(binary, *line, code=0)
    report, _ = call(binary, "verify", "--data", data, "--json", code=0)
    assert report["proved"] is True
