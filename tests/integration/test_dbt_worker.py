"""dbt that stays loaded: it does for each call what dbt itself would, and leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from driver.fixtures import ROOT
from driver.process import GUARD_SECONDS, wait_until

WORKER = ROOT / "src/transform/dbt_worker.py"
# As the worker, but with another limit in its first life, and with a call that takes long.
SHORT_LIVED = """
import sys, time
sys.path.insert(0, {folder!r})
import dbt_worker
dbt_worker.CALLS_MAX = 2
run_dbt = dbt_worker.run_dbt
dbt_worker.run_dbt = lambda: time.sleep(600) if sys.argv[1] == "sleep" else run_dbt()
dbt_worker.serve({address!r}, "duckdb", dbt_worker.listening({address!r}))
"""


@pytest.fixture
def python(program_deps):
    return program_deps / "venv-dbt/bin/python"


@pytest.fixture
def worker(python, tmp_path):
    address = tmp_path / "s"
    program = SHORT_LIVED.format(folder=str(WORKER.parent), address=str(address))
    with open(tmp_path / "worker.log", "wb") as log:
        one = subprocess.Popen([python, "-c", program], stdout=log, stderr=log)
    one.address = address
    yield one
    one.kill()
    one.wait()


@pytest.fixture
def call(python, worker, tmp_path):
    def start(*arguments, folder=tmp_path, **environment):
        return subprocess.Popen(
            [python, "-ISB", WORKER, "call", worker.address, *arguments],
            cwd=folder,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def forks(worker) -> int:
    """Its children but Python's own, which is there from the start."""
    return len(Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()) - 1


def test_calls_are_answered_also_by_the_process_after_the_last(call, worker):
    for _ in range(5):
        out, err = call("build", "--help").communicate(timeout=GUARD_SECONDS)
        assert "dbt build" in out, err
    assert worker.poll() is None


def test_a_call_ends_as_dbt_does(call, tmp_path):
    wrong = call("no-such-command")
    _, err = wrong.communicate(timeout=GUARD_SECONDS)
    assert wrong.returncode == 2 and "no-such-command" in err
    # In the caller's folder, with its environment.
    lost = call("parse", DBT_PROFILES_DIR=str(ROOT / "spotify_dbt"), DBT_PROJECT_DIR=str(tmp_path / "none"))
    out, err = lost.communicate(timeout=GUARD_SECONDS)
    assert lost.returncode == 2 and "none" in out + err


def told(out: str) -> list[str]:
    """Without times and what is counted by threads."""
    return sorted(re.sub(r"^[\d:]+ +|\d+(\.\d+)?s\b|\d+(\.\d+)? seconds", "", line) for line in out.splitlines())


def compiled(target: Path) -> dict[str, str]:
    """Each model and test as SQL, with any run's id."""
    own = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    return {
        str(one.relative_to(target)): re.sub(own, "ID", one.read_text()) for one in target.rglob("compiled/**/*.sql")
    }


def test_it_compiles_and_says_what_dbt_does(call, proved, program_deps):
    """The third call, in the worker's second life, takes what the second one kept; the fourth is a fork of it."""
    warehouse, target, kept = proved.data / "warehouse", proved.folder / "target", proved.folder / "kept.code"

    def settings(name: str) -> dict[str, str]:
        return {
            "DBT_PROJECT_DIR": str(ROOT / "spotify_dbt"),
            "DBT_PROFILES_DIR": str(ROOT / "spotify_dbt"),
            "DBT_TARGET_PATH": str(target / name),
            "DBT_LOG_PATH": str(target / name),
            "DBT_USE_COLORS": "false",
            "SDP_WAREHOUSE_PATH": "spotify_db.duckdb",
        }

    def nodes_of(name: str) -> set[str]:
        """In which order they are parsed differs."""
        return set(json.loads((target / name / "manifest.json").read_text())["nodes"])

    written = []
    for arguments in (["parse"], ["compile"], ["compile"], ["compile"]):
        one = call(*arguments, folder=warehouse, SDP_DBT_COMPILED=str(kept), **settings("worker"))
        out, err = one.communicate(timeout=GUARD_SECONDS)
        written.append(kept.exists() and kept.stat().st_ino)
    assert written == [False, written[1], written[1], written[1]] and written[1], "nothing is compiled twice"
    assert kept.stat().st_mode & 0o777 == 0o600
    for arguments in (["parse"], ["compile"]):
        plain = subprocess.run(
            [program_deps / "venv-dbt/bin/dbt", *arguments],
            cwd=warehouse,
            env=os.environ | settings("plain"),
            capture_output=True,
            text=True,
            check=True,
            timeout=GUARD_SECONDS,
        )
    assert len(compiled(target / "plain")) > 40
    assert compiled(target / "worker") == compiled(target / "plain")
    assert told(out) == told(plain.stdout), err

    # A build writes its manifest once, at its end; one that fails before it ends, then.
    (target / "worker" / "manifest.json").unlink()
    nowhere = settings("worker") | {"SDP_WAREHOUSE_PATH": "none/none.duckdb"}
    failed = call("build", folder=warehouse, **nowhere)
    failed.communicate(timeout=GUARD_SECONDS)
    assert failed.returncode != 0
    assert nodes_of("worker") == nodes_of("plain")


KEEP = """
import sys
sys.path.insert(0, {folder!r})
from dbt_worker import Compiled
one, other = Compiled(), Compiled()
one.once("text", lambda: compile("40 + 2", "text", "eval"))
one.keep(sys.argv[1])
if sys.argv[2] == "other":
    Compiled._versions = staticmethod(lambda: b"of another dbt\\n")
elif sys.argv[2] != "same":
    text = bytearray(open(sys.argv[1], "rb").read())
    text[-1 if sys.argv[2] == "last" else 0] ^= 1
    open(sys.argv[1], "wb").write(text)
other.take(sys.argv[1])
print(eval(other.once("text", lambda: "'made again'")))
"""


@pytest.mark.parametrize(
    ("changed", "result"), [("same", "42"), ("last", "made again"), ("first", "made again"), ("other", "made again")]
)
def test_of_what_was_kept_only_the_same_is_taken(changed, result, python, tmp_path):
    program = KEEP.format(folder=str(WORKER.parent))
    command = [python, "-c", program, tmp_path / "kept.code", changed]
    assert subprocess.check_output(command, text=True, timeout=GUARD_SECONDS).strip() == result


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_caller_asked_for_ends_with_it(number, call, worker):
    call("build", "--help").communicate(timeout=GUARD_SECONDS)
    waits = call("sleep")
    wait_until(lambda: forks(worker) == 1, GUARD_SECONDS, "the call to be under way")
    waits.send_signal(number)
    waits.communicate(timeout=GUARD_SECONDS)
    assert waits.returncode != 0
    wait_until(lambda: forks(worker) == 0, GUARD_SECONDS, "what it asked for to end")
    assert worker.poll() is None


IMPATIENT = """
import sys
sys.path.insert(0, {folder!r})
import dbt_worker
dbt_worker.CONNECT_SECONDS_MAX = 0
dbt_worker.call({address!r}, [])
"""


def test_without_a_worker_a_call_says_so(python, tmp_path):
    program = IMPATIENT.format(folder=str(WORKER.parent), address=str(tmp_path / "none"))
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False, timeout=GUARD_SECONDS)
    assert done.returncode == 3 and "no worker of dbt answers" in done.stderr
