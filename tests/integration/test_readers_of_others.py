"""Commands that only read, by a user who owns nothing of the data folder: they work where all may read, and otherwise name what they
may not read. They write nothing, and prove nothing that they have not read.

The test is root. Without the capabilities that open everything, root is a user like others to a folder of somebody else."""

import json
import os
import shlex
import shutil
import subprocess
import urllib.request

import pytest
from driver.process import GUARD_SECONDS
from driver.served import value_of
from driver.services import clean_environment, free_ports
from test_readers import snapshot

pytestmark = pytest.mark.xdist_group("command-lines")

UNAUTHORIZED = 77
OWNER = 65534
POWERS = "-dac_override,-dac_read_search,-fowner,-chown,-fsetid"
OTHERS = ["setpriv", f"--bounding-set={POWERS}", f"--inh-caps={POWERS}", "--"]
DEAD = "--bootstrap-servers {dead} --kafka-call-timeout-ms 500"
# How each ends where all may read everything, and where nobody else may read anything.
LINES = {
    "verify --data {data} --json": 0,
    f"status {DEAD} --lake {{data}}/lake": None,
    "tap lake --lake {data}/lake": 0,
    "tap rejected --warehouse {data}/warehouse/spotify_db.duckdb": 0,
    "rejected list --warehouse {data}/warehouse/spotify_db.duckdb": 0,
    "sql --data {data} -c 'SELECT count(*) FROM MART.TOP_SONGS'": 0,
    "marts --data {data}": 0,
    "marts top_songs --data {data}": 0,
    "lake repairs --lake {data}/lake": 0,
    f"doctor {DEAD} --lake {{data}}/lake --warehouse {{data}}/warehouse/spotify_db.duckdb": None,
    "config show run --data {data}": 0,
}


@pytest.fixture(scope="module")
def shared(finished_run, tmp_path_factory):
    """A copy that belongs to somebody else."""
    data = tmp_path_factory.mktemp("others") / "data"
    shutil.copytree(finished_run, data, symlinks=True)
    for path in [data, *data.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
        os.lchown(path, OWNER, OWNER)
    return data


def ask(binary, deps, folder, data, line: str) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line.format(data=data, dead=f"127.0.0.1:{free_ports(1)[0]}"))
    return subprocess.run(
        [*OTHERS, binary, *words],
        env=clean_environment() | {"SDP_DEPS_DIR": str(deps)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )


def test_the_test_is_a_user_like_others(shared):
    """Otherwise the tests below show nothing."""
    touched = subprocess.run([*OTHERS, "touch", shared / "mine"], capture_output=True, check=False)
    assert touched.returncode != 0 and not (shared / "mine").exists()


@pytest.mark.parametrize("line", LINES)
def test_what_all_may_read_is_read_and_left_as_it_is(binary, deps, shared, tmp_path, line):
    before = snapshot(shared)
    done = ask(binary, deps, tmp_path, shared, line)
    assert LINES[line] is None or done.returncode == LINES[line], done
    assert "Permission denied" not in done.stderr, done
    if line.startswith("verify"):
        assert json.loads(done.stdout)["proved"] is True
    assert snapshot(shared) == before


WRITERS = (
    "run --data {data} --events 10",
    "transform --warehouse {data}/warehouse/spotify_db.duckdb --work-dir {data}/transform",
    "freshness --warehouse {data}/warehouse/spotify_db.duckdb --work-dir {data}/transform",
)


# A file of settings is not in there; status asks the log before it looks at the lake.
@pytest.mark.parametrize("line", [*(line for line in LINES if not line.startswith(("config", "status"))), *WRITERS])
def test_what_nobody_else_may_read_is_named(binary, deps, shared, tmp_path, line):
    shared.chmod(0o700)
    try:
        done = ask(binary, deps, tmp_path, shared, line)
    finally:
        shared.chmod(0o755)
    assert done.returncode not in (0, 1, 20), done
    assert str(shared) in done.stdout + done.stderr and "Permission denied" in done.stdout + done.stderr, done
    assert "proved" not in done.stdout


def test_pages_say_that_they_may_not_be_looked_into(binary, shared, tmp_path):
    published = shared / "warehouse" / "published"
    words = [*OTHERS, binary, "serve", "--listen", "127.0.0.1:0", "--data", shared]
    with subprocess.Popen(
        words, env=clean_environment(), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            url = server.stdout.readline().strip()
            told = {}
            for mode in (0o755, 0o700):
                published.chmod(mode)
                with urllib.request.urlopen(f"{url}data/current.js", timeout=GUARD_SECONDS) as answer:
                    told[mode] = value_of(answer.read().decode())
        finally:
            published.chmod(0o755)
            server.terminate()
    assert told[0o755]["message"] is None and len(told[0o755]["publications"]) == 1
    assert told[0o700]["publications"] == []
    assert told[0o700]["message"].startswith(f"The user of this server may not look into {published}. "), told


@pytest.mark.parametrize("hidden", ["lake", "log", "warehouse", "warehouse/published"])
def test_a_part_that_may_not_be_read_is_named_and_never_proved(binary, deps, shared, tmp_path, hidden):
    part = shared / hidden
    part.chmod(0o700)
    try:
        done = ask(binary, deps, tmp_path, shared, "verify --data {data} --json")
        asked = ask(binary, deps, tmp_path, shared, "sql --data {data} -c 'SELECT count(*) FROM MART.TOP_SONGS'")
    finally:
        part.chmod(0o755)
    if hidden == "warehouse/published":
        assert done.returncode == 0, done
    else:
        assert done.returncode not in (0, 1, 20) and "proved" not in done.stdout, done
        assert str(part) in done.stderr and "Permission denied" in done.stderr, done
    assert (asked.returncode == 0) == (not hidden.startswith("warehouse")), asked
    if asked.returncode:
        assert str(part) in asked.stderr and "Permission denied" in asked.stderr, asked
