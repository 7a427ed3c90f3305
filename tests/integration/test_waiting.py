"""Whoever waits for a server that does not answer says so within a second or two: for whom, and for how long at most."""

import json
import shlex
import socket
from pathlib import Path

import pytest
from driver.commands import whole_commands
from driver.fixtures import the_binary
from driver.process import Running, wait_until
from driver.services import clean_environment, free_ports

pytestmark = pytest.mark.xdist_group("command-lines")

PIPELINE = the_binary()
# A second, and the time in which this machine starts a program and looks at a clock.
TOLD_AFTER_S = 3
# {broker}, {store}, {snowflake}: servers that take connections and say nothing. {data}: a finished run. {tmp}: an empty folder.
BROKER = "--bootstrap-servers {broker}"
STORE = "--lake s3://spotify --s3-endpoint http://{store}"
DUCKDB = "--warehouse {tmp}/spotify_db.duckdb"
SNOWFLAKE = "--warehouse snowflake"
LINES = {
    "run": ["--profile services --events 10 --data {tmp}/served"],
    "init": [f"{BROKER} --lake {{tmp}}/lake", STORE],
    "simulate": [f"--events 1 {BROKER}", f"--rate 2 {BROKER}"],
    "import": [f"spotify {{tmp}}/export.json {BROKER}"],
    "sink": [f"{BROKER} --lake {{tmp}}/lake", f"{BROKER} {STORE}"],
    "extract": [f"{STORE} {DUCKDB} --stage-dir {{tmp}}/out"],
    "load": [f"{STORE} {DUCKDB}", f"--lake {{data}}/lake {SNOWFLAKE}"],
    "pipeline": [f"{STORE} {DUCKDB} --published {{tmp}}/published --work-dir {{tmp}}/work"],
    "publish": [f"{SNOWFLAKE} --published {{tmp}}/published --work-dir {{tmp}}/work"],
    "verify": [f"{BROKER} --lake {{data}}/lake --warehouse {{data}}/warehouse/spotify_db.duckdb"],
    "rejected list": [SNOWFLAKE],
    "rejected show": [SNOWFLAKE],
    "map check": [f"lastfm --topic t {BROKER}", f"lastfm {STORE}"],
    "lake upgrade": [f"{BROKER} {STORE}"],
    "lake repair": [f"bronze/none.json --reason why {BROKER} {STORE}"],
    "lake repairs": [STORE],
    "serve": [f"--flow --listen 127.0.0.1:0 {BROKER} --lake {{data}}/lake"],
    "status": [f"{BROKER} --lake {{data}}/lake"],
    "top": [f"{BROKER} --lake {{data}}/lake"],
    "tap log": [BROKER],
    "tap lake": [STORE],
    "tap rejected": [SNOWFLAKE],
    "doctor": [f"{BROKER} --lake {{data}}/lake {DUCKDB}", f"{BROKER} {STORE} {DUCKDB}"],
    "doctor stack": [""],
    "warehouse init": [SNOWFLAKE],
    "sql": [f"-c 'SELECT 1' {SNOWFLAKE}"],
    "marts": [SNOWFLAKE],
}
# They ask no server, or dbt does, which tells by itself how far it is.
ALONE = {
    "completion",
    "config show",
    "forget",
    "freshness",
    "man",
    "rejected rejudge",
    "schema",
    "transform",
    "version",
}


def test_every_command_has_a_line_or_asks_no_server():
    assert {" ".join(command) for command in whole_commands(PIPELINE)} == set(LINES) | ALONE
    assert not set(LINES) & ALONE


@pytest.fixture
def silent():
    """Servers that take connections and never answer."""
    made = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    yield dict(
        zip(("broker", "store", "snowflake"), (f"127.0.0.1:{one.getsockname()[1]}" for one in made), strict=True)
    )
    for one in made:
        one.close()


def environment(deps: Path, silent: dict[str, str]) -> dict[str, str]:
    return clean_environment() | {
        "SDP_DEPS_DIR": str(deps),
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "SNOWFLAKE_ACCOUNT": "acme-events",
        "SNOWFLAKE_USER": "NOBODY",
        "SNOWFLAKE_PASSWORD": "nothing",
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": silent["snowflake"].rpartition(":")[2],
        "SNOWFLAKE_PROTOCOL": "http",
        "KAFKA_PORT": silent["broker"].rpartition(":")[2],
    }


def prepare(folder: Path, silent: dict[str, str]) -> None:
    """What some lines find: an export, and where local servers are."""
    play = {
        "ts": "2024-01-01T00:00:00Z",
        "ms_played": 40_000,
        "spotify_track_uri": "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
    }
    names = {"master_metadata_track_name": "A", "master_metadata_album_artist_name": "B"}
    (folder / "export.json").write_text(json.dumps([play | names]))
    services = folder / "served" / "services"
    services.mkdir(parents=True)
    places = {"kafka": {"bootstrap_servers": silent["broker"]}, "s3": {"endpoint": f"http://{silent['store']}"}}
    (services / "endpoints.json").write_text(json.dumps({"schema_version": 1} | places))
    keys = services / "credentials.env"
    keys.touch(0o600)
    keys.write_text("AWS_ACCESS_KEY_ID=nobody\nAWS_SECRET_ACCESS_KEY=nothing\n")


@pytest.mark.parametrize(("command", "words"), [(name, words) for name, lines in LINES.items() for words in lines])
def test_it_is_told_who_is_waited_for_and_for_how_long(finished_run, deps, tmp_path, silent, command, words):
    prepare(tmp_path, silent)
    line = shlex.split(words.format(**silent, data=finished_run, tmp=tmp_path))
    running = Running([PIPELINE, *command.split(), *line], environment(deps, silent), tmp_path, "waiting")
    try:
        wait_until(lambda: running.events("waiting") or not running.is_running(), TOLD_AFTER_S, f"{command} to tell")
        assert running.events("waiting"), str(running.finished())
        [first, *_] = running.events("waiting")
    finally:
        running.end()
    assert any(address in first["of"] for address in silent.values()) or "Snowflake" in first["of"], first
    assert first["limit_s"] > 0 and first["message"], first
    # Told by the clock of the program, however long this test had to wait for its turn.
    assert 1 <= first["seconds"] < TOLD_AFTER_S, first


@pytest.mark.parametrize("command", ["simulate --events 1", "tap log", "status --lake {data}/lake"])
def test_where_nobody_listens_it_is_told_why(finished_run, deps, tmp_path, silent, command):
    dead = f"127.0.0.1:{free_ports(1)[0]}"
    line = shlex.split(command.format(data=finished_run))
    running = Running([PIPELINE, *line, "--bootstrap-servers", dead], environment(deps, silent), tmp_path, "refused")
    try:
        [first, *_] = wait_until(lambda: running.events("waiting"), TOLD_AFTER_S, f"{command} to tell")
    finally:
        running.end()
    assert dead in first["of"] and "refused" in first["message"], first
