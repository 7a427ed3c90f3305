"""The scripts of loader and proof, without an engine: each is the other's neighbour, not its judge."""

import os
import shutil
import subprocess

import pytest
from driver.process import GUARD_SECONDS
from stack import ROOT


@pytest.fixture
def scripts(tmp_path):
    """Runs a script of the image beside a program that notes its arguments and does what the test says."""
    folder = tmp_path / "bin"
    library = tmp_path / "lib/spotify"
    folder.mkdir()
    library.mkdir(parents=True)
    for name in ("load_and_transform", "prove"):
        shutil.copy(ROOT / "docker/pipeline" / name, folder)
    shutil.copy(ROOT / "docker/pipeline/turns", library)
    noted = tmp_path / "noted"

    def run(script: str, program: str, *arguments: str, **environment) -> tuple[int, list[str], str]:
        noted.write_text("")
        # What it waits between two tries is not worth a test's time.
        for name, text in (("spotify-pipeline", f'echo "$@" >>{noted}\n{program}'), ("sleep", "exit 0")):
            (folder / name).write_text(f"#!/bin/bash\n{text}\n")
            (folder / name).chmod(0o755)
        done = subprocess.run(
            [folder / script, *(arguments or ["--once"])],
            env={"PATH": f"{folder}:{os.environ['PATH']}", **environment},
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        return done.returncode, noted.read_text().splitlines(), done.stderr

    return run


def test_the_loader_does_not_prove(scripts):
    code, noted, _ = scripts("load_and_transform", "exit 0")
    assert (code, noted) == (0, ["load", "transform"])


def test_the_first_round_waits_for_events_an_interval_at_most(scripts, tmp_path):
    """Marts of nothing would be shown for an interval. Where marts are published already, there is nothing to wait for."""
    empty, some = '{"lag":0,"hours":[]}', '{"lag":3,"hours":[{"hour":"2026-02-15T17"}]}'
    # Ends the loop with its first round.
    program = f"""
case $1 in
  status) if (($(grep -c status {tmp_path}/noted) < 3)); then echo '{empty}'; else echo '{some}'; fi; exit 10 ;;
  transform) kill -TERM $PPID ;;
esac"""

    def noted(**environment) -> list[str]:
        code, calls, _ = scripts("load_and_transform", program, "--for-ever", **environment)
        assert code == 0
        return calls

    assert noted() == ["status --json"] * 3 + ["load", "transform"]
    assert noted(LOADER_INTERVAL_S="0") == ["load", "transform"]
    (tmp_path / "published/current").mkdir(parents=True)
    assert noted(SPOTIFY_PUBLISHED=str(tmp_path / "published")) == ["load", "transform"]


def test_a_proof_that_is_killed_says_which_limit_to_raise(scripts):
    code, noted, said = scripts("prove", "kill -9 $$")
    assert (code, noted) == (137, ["verify --allow-pending"])
    assert "PROOF_MEMORY" in said and "PROVERS=0" in said and "proof.enabled=false" in said


def test_a_proof_that_takes_too_long_is_ended(scripts):
    code, _, said = scripts("prove", "exec /bin/sleep 20", PROOF_TIMEOUT_S="1")
    assert code == 124
    assert "PROOF_TIMEOUT_S" in said


def test_a_violation_is_the_proofs_exit_code(scripts):
    assert scripts("prove", "exit 20")[0] == 20


@pytest.mark.parametrize("script", ["load_and_transform", "prove"])
def test_each_waits_while_the_other_has_the_warehouse(scripts, script, tmp_path):
    busy_once = f"[[ -e {tmp_path}/free ]] || {{ touch {tmp_path}/free; exit 75; }}"
    code, noted, _ = scripts(script, busy_once)
    assert code == 0
    assert noted[0] == noted[1]
    assert scripts(script, "exit 75", IN_TURN_S="0")[0] == 75
