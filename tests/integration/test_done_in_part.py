"""One damaged object keeps its own chain back and nothing else; who calls the stages learns it once, at the end."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from driver.services import clean_environment

IN_PART = 21
LOADER = Path(__file__).resolve().parents[2] / "docker" / "pipeline" / "load_and_transform"


def call(binary, *words, code: int):
    done = subprocess.run(
        [binary, *map(str, words)], env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout), done.stderr


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


def loader(folder: Path, **codes: int):
    """The containers' loader with a pipeline whose commands end with these codes; what it called."""
    stand_in = folder / "spotify-pipeline"
    cases = "".join(f"{command}) exit {code} ;; " for command, code in codes.items())
    stand_in.write_text(f'#!/bin/sh\necho "$1" >> {folder}/calls\ncase "$1" in {cases}esac\n')
    stand_in.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run([LOADER, "--once"], env=clean_environment() | {"PATH": path}, timeout=30, check=False)
    return done.returncode, (folder / "calls").read_text().split()


@pytest.mark.parametrize(
    ("codes", "code", "calls"),
    [
        ({}, 0, ["load", "transform", "verify"]),
        ({"load": IN_PART}, IN_PART, ["load", "transform", "verify"]),
        ({"load": IN_PART, "verify": 20}, 20, ["load", "transform", "verify"]),
        ({"load": IN_PART, "transform": 1}, 1, ["load", "transform"]),
        ({"load": 69}, 69, ["load"]),
        ({"transform": 22, "verify": 22}, 22, ["load", "transform", "verify"]),
        ({"load": IN_PART, "transform": 22}, IN_PART, ["load", "transform", "verify"]),
    ],
)
def test_the_loader_goes_on_after_a_load_in_part_and_ends_red(tmp_path, codes, code, calls):
    assert loader(tmp_path, **codes) == (code, calls)
