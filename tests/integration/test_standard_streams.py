"""Standard streams that are closed harm nothing, and output that nobody could take is not a success."""

import os
import shlex
import subprocess

import pytest
from driver.commands import whole_commands
from driver.fixtures import the_binary
from driver.process import GUARD_SECONDS
from driver.services import clean_environment, free_ports

# One finished run that all lines look at, on one worker.
pytestmark = pytest.mark.xdist_group("command-lines")

CANNOT_WRITE = 73
PIPELINE, SERVICES = the_binary(), the_binary().with_name("spotify-services")

# {data}: the data folder of a run that is over; {tmp}: an empty folder; {dead}: brokers that are not there.
LINES = {
    PIPELINE: {
        "run": "--events 50 --data {tmp}/d",
        "init": "{dead} --lake {tmp}/lake",
        "simulate": "--events 1 {dead}",
        "import": "spotify {tmp}/none {dead}",
        "forget": "ada --data {data}",
        "sink": "{dead} --outage-ms 500 --lake {tmp}/lake",
        "extract": "--lake {data}/lake --warehouse {tmp}/spotify_db.duckdb --stage-dir {tmp}/out --json",
        "load": "--lake {data}/lake --warehouse {tmp}/spotify_db.duckdb --json",
        "transform": "--warehouse {tmp}/copy/warehouse/spotify_db.duckdb --work-dir {tmp}/work --json",
        "verify": "--data {data} --json",
        "pipeline": "--lake {data}/lake --warehouse {tmp}/spotify_db.duckdb --published none",
        "freshness": "--warehouse {tmp}/copy/warehouse/spotify_db.duckdb --work-dir {tmp}/work --json",
        "publish": "--warehouse {tmp}/copy/warehouse/spotify_db.duckdb",
        "rejected list": "--warehouse {data}/warehouse/spotify_db.duckdb",
        "rejected show": "--warehouse {data}/warehouse/spotify_db.duckdb",
        "rejected rejudge": "--warehouse {tmp}/copy/warehouse/spotify_db.duckdb --work-dir {tmp}/work --json",
        "lake upgrade": "{dead} --lake {data}/lake --json",
        "lake repair": "bronze/none.json --reason why {dead} --lake {data}/lake",
        "lake repairs": "--lake {data}/lake",
        "map check": "listenbrainz",
        "sql": "-c 'SELECT * FROM MART.TOP_SONGS' --data {data}",
        "marts": "--data {data}",
        "serve": "--data {data} --listen 192.0.2.1:0",
        "warehouse init": "--warehouse {tmp}/spotify_db.duckdb",
        "status": "{dead} --lake {data}/lake",
        "top": "{dead} --lake {data}/lake",
        "tap log": "{dead}",
        "tap lake": "--lake {data}/lake --objects 1",
        "tap rejected": "--warehouse {data}/warehouse/spotify_db.duckdb",
        "doctor": "{dead} --lake {data}/lake --warehouse {data}/warehouse/spotify_db.duckdb",
        "doctor stack": "",
        "schema": "",
        "config show": "",
        "completion": "",
        "man": "",
        "version": "",
    },
    SERVICES: {
        "up": "--data {tmp}/s --deps {tmp}/none",
        "down": "--data {tmp}/s",
        "status": "--data {tmp}/s",
    },
}
# Their seconds are dbt's, which `rejected rejudge` runs as `transform` does.
SLOW = {"run", "transform", "freshness", "rejected rejudge"}
VARIANTS = {"rejected rejudge"}
ALL = (0, 1, 2)


def line(program, command, *more, wide=False):
    wide = wide or command in VARIANTS
    return pytest.param(program, command, *more, marks=[pytest.mark.wide] if wide else [])


def every_line(without=()):
    return [line(program, command) for program, lines in LINES.items() for command in lines if command not in without]


def every_closing():
    """All three; and one alone, which is a variant."""
    commands = [(program, command) for program, lines in LINES.items() for command in lines]
    return [line(*one, ALL) for one in commands] + [
        line(*one, (stream,), wide=True) for one in commands if one[1] not in SLOW for stream in ALL
    ]


def test_every_command_has_a_line():
    for program, lines in LINES.items():
        assert {" ".join(command) for command in whole_commands(program)} == set(lines)


class Caller:
    def __init__(self, deps, data, folder):
        self._env = clean_environment() | {"SDP_DEPS_DIR": str(deps)}
        self._data, self._folder, self._dead = data, folder, f"127.0.0.1:{free_ports(1)[0]}"

    def __call__(self, program, words, closed=(), stdout=subprocess.PIPE):
        """In a folder of its own, so that each call meets the same."""
        tmp = self._folder / f"{len(list(self._folder.iterdir()))}"
        tmp.mkdir()
        if "{tmp}/copy" in words:
            subprocess.run(["cp", "-a", self._data, tmp / "copy"], check=True)
        places = {
            "data": self._data,
            "tmp": tmp,
            "dead": f"--bootstrap-servers {self._dead} --kafka-call-timeout-ms 500",
        }

        def close():
            for descriptor in closed:
                os.close(descriptor)

        done = subprocess.run(
            [program, *shlex.split(words.format(**places))],
            env=self._env,
            cwd=tmp,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=GUARD_SECONDS,
            preexec_fn=close,  # Only system calls.
            check=False,
        )
        for file in [*tmp.rglob("*.duckdb"), *self._data.rglob("*.duckdb")]:
            assert file.read_bytes()[8:12] == b"DUCK", f"{words} wrote into {file}"
        for file in [*tmp.rglob(".lock"), *self._data.rglob(".lock")]:
            assert file.is_dir() or file.read_text().isdigit() or file.read_text() == "", f"{words} wrote into {file}"
        return done


@pytest.fixture
def call(deps, finished_run, tmp_path):
    return Caller(deps, finished_run, tmp_path)


@pytest.mark.parametrize(
    ("program", "command", "closed"), every_closing(), ids=lambda value: str(getattr(value, "name", value))
)
def test_closed_streams_change_nothing_but_what_is_read(call, program, command, closed):
    """What is closed is opened on /dev/null first: the next file would get its number, and the messages meant for it."""
    words = f"{command} {LINES[program][command]}"
    wanted = call(program, words).returncode
    assert wanted in (0, 10, 69, 78)
    assert call(program, words, closed=closed).returncode == wanted


@pytest.mark.parametrize(
    ("program", "command"),
    every_line(without={"run"}),
    ids=lambda value: getattr(value, "name", value),
)
def test_output_that_a_full_disk_refuses_is_named(call, program, command):
    words = f"{command} {LINES[program][command]}"
    usual = call(program, words)
    with open("/dev/full", "wb") as full:
        refused = call(program, words, stdout=full)
    if not usual.stdout:
        assert refused.returncode == usual.returncode
        return
    assert refused.returncode == (usual.returncode or CANNOT_WRITE)
    assert "standard output" in refused.stderr


@pytest.mark.parametrize("words", ["--help", "--version", "sink --help", "config show --help", "", "run --help"])
def test_help_that_a_full_disk_refuses_is_named(call, words):
    usual = call(PIPELINE, words)
    with open("/dev/full", "wb") as full:
        refused = call(PIPELINE, words, stdout=full)
    assert usual.stdout
    assert refused.returncode == (usual.returncode or CANNOT_WRITE)
    assert "standard output" in refused.stderr


def test_a_run_whose_result_a_full_disk_refuses_is_no_success(call):
    with open("/dev/full", "wb") as full:
        refused = call(PIPELINE, "run --events 50 --data {tmp}/d", stdout=full)
    assert refused.returncode == CANNOT_WRITE
    assert "standard output" in refused.stderr


def test_a_folder_that_vanished_is_an_error_and_no_crash(binary, tmp_path):
    """The working folder is gone, so paths in it have no meaning."""
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'rmdir "{gone}" && exec "{binary}" load --lake lake'
    done = subprocess.run(
        ["bash", "-c", script],
        env=clean_environment(),
        cwd=gone,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    assert 0 < done.returncode < 128, done
    assert done.stderr.startswith("{") or "error" in done.stderr
