"""One damaged object keeps its own chain back and nothing else; who calls the stages learns it once, at the end."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from driver.process import GUARD_SECONDS
from driver.services import clean_environment

IN_PART, UNAVAILABLE = 21, 69
SCRIPTS = Path(__file__).resolve().parents[2] / "docker" / "pipeline"


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


def round_of(script: str, folder: Path, *outcomes: dict[str, int]):
    """One round of a container's script: its exit code, and what it called of a pipeline whose commands end with these codes.
    Each command's later calls end as the later outcomes say."""
    for name, source in (("bin/" + script, script), ("lib/spotify/turns", "turns")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SCRIPTS / source, folder / name)
    codes = [
        f"{command}{call}) exit {code} ;; " for call, one in enumerate(outcomes, 1) for command, code in one.items()
    ]
    stand_in = folder / "bin" / "spotify-pipeline"
    stand_in.write_text(
        f'#!/bin/sh\necho "$1" >> {folder}/calls\ncase "$1$(grep -c "$1" {folder}/calls)" in {"".join(codes)}esac\n'
    )
    stand_in.chmod(0o755)
    env = clean_environment() | {"PATH": f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([folder / "bin" / script, "--once"], env=env, timeout=GUARD_SECONDS, check=False)
    return done.returncode, (folder / "calls").read_text().split()


@pytest.mark.parametrize(
    ("codes", "code", "calls"),
    [
        ({}, 0, ["load", "transform"]),
        ({"load": IN_PART}, IN_PART, ["load", "transform"]),
        ({"load": IN_PART, "transform": 1}, 1, ["load", "transform"]),
        ({"load": 69}, 69, ["load"]),
        ({"transform": 22}, 22, ["load", "transform"]),
        ({"load": IN_PART, "transform": 22}, IN_PART, ["load", "transform"]),
    ],
)
def test_the_loader_goes_on_after_a_load_in_part_and_ends_red(tmp_path, codes, code, calls):
    assert round_of("load_and_transform", tmp_path, codes) == (code, calls)


@pytest.mark.parametrize("code", [0, 20, 22, 69])
def test_the_prover_ends_as_the_proof_does(tmp_path, code):
    assert round_of("prove", tmp_path, {"verify": code}) == (code, ["verify"])


def test_loader_and_prover_wait_for_who_has_the_warehouse(tmp_path):
    assert round_of("prove", tmp_path / "prover", {"verify": 75}, {"verify": 20}) == (20, ["verify", "verify"])
    assert round_of("load_and_transform", tmp_path / "loader", {"load": 75}) == (0, ["load", "load", "transform"])


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
