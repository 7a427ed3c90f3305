"""The script of the proof, without an engine: it is the neighbour of the loader, not its judge."""

import os
import shutil
import subprocess

import pytest
from driver.process import GUARD_SECONDS
from stack import ROOT


@pytest.fixture
def prove(tmp_path):
    """Runs the script beside a program that notes its arguments and does what the test says."""
    folder = tmp_path / "bin"
    folder.mkdir()
    shutil.copy(ROOT / "docker/pipeline/prove", folder)
    noted = tmp_path / "noted"

    def run(program: str, **environment) -> tuple[int, list[str], str]:
        noted.write_text("")
        # What it waits between two tries is not worth a test's time.
        for name, text in (("spotify-pipeline", f'echo "$@" >>{noted}\n{program}'), ("sleep", "exit 0")):
            (folder / name).write_text(f"#!/bin/bash\n{text}\n")
            (folder / name).chmod(0o755)
        done = subprocess.run(
            [folder / "prove", "--once"],
            env={"PATH": f"{folder}:{os.environ['PATH']}", **environment},
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        return done.returncode, noted.read_text().splitlines(), done.stderr

    return run


def test_a_proof_that_is_killed_says_which_limit_to_raise(prove):
    code, noted, said = prove("kill -9 $$")
    assert (code, noted) == (137, ["verify --allow-pending"])
    assert "PROOF_MEMORY" in said and "PROVERS=0" in said and "proof.enabled=false" in said


def test_a_proof_that_takes_too_long_is_ended(prove):
    code, _, said = prove("exec /bin/sleep 20", PROOF_TIMEOUT_S="1")
    assert code == 124
    assert "PROOF_TIMEOUT_S" in said


@pytest.mark.parametrize("outcome", [0, 20, 22, 69])
def test_it_ends_as_the_proof_does(prove, outcome):
    assert prove(f"exit {outcome}")[0] == outcome


def test_it_waits_while_another_has_the_warehouse(prove, tmp_path):
    busy_once = f"[[ -e {tmp_path}/free ]] || {{ touch {tmp_path}/free; exit 75; }}"
    code, noted, _ = prove(busy_once)
    assert (code, noted) == (0, ["verify --allow-pending"] * 2)
    assert prove("exit 75", IN_TURN_S="0")[0] == 75
