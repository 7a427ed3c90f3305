"""Commands that only read change nothing: no file, folder, bucket, object, topic or table."""

import hashlib
import json
import os
import shlex
import shutil
import subprocess

import pytest
from driver.commands import whole_commands
from driver.fixtures import the_binary
from driver.process import GUARD_SECONDS
from driver.services import clean_environment, free_ports

pytestmark = pytest.mark.xdist_group("command-lines")

PIPELINE, SERVICES = the_binary(), the_binary().with_name("spotify-services")

# {data}: a copy of the data folder of a run that is over; {none}: a folder that is not there; {dead}: where nobody listens.
LINES = {
    "verify": [
        "--data {data}",
        "--data {none}",
        "--data {data} --warehouse {none}/spotify_db.duckdb",
        "--bootstrap-servers {dead} --kafka-call-timeout-ms 500 --lake {none}/lake --warehouse {none}/spotify_db.duckdb",
    ],
    "status": [
        "--bootstrap-servers {dead} --kafka-call-timeout-ms 500 --lake {data}/lake",
        "--bootstrap-servers {dead} --kafka-call-timeout-ms 500 --lake {none}/lake",
    ],
    "top": [
        "--bootstrap-servers {dead} --kafka-call-timeout-ms 500 --lake {data}/lake",
        "--bootstrap-servers {dead} --kafka-call-timeout-ms 500 --lake {none}/lake",
    ],
    "tap log": [
        "--bootstrap-servers {dead} --kafka-call-timeout-ms 500",
        "--bootstrap-servers {dead} --kafka-call-timeout-ms 500 --from-beginning --json",
    ],
    "tap lake": ["--lake {data}/lake", "--lake {data}/lake --objects 1000 --json", "--lake {none}/lake"],
    "tap rejected": ["--data {data}", "--warehouse {none}/spotify_db.duckdb"],
    "doctor": [
        "--bootstrap-servers {dead} --kafka-call-timeout-ms 500 --lake {data}/lake --warehouse {data}/warehouse/spotify_db.duckdb",
        "--bootstrap-servers {dead} --kafka-call-timeout-ms 500 --lake {none}/lake --warehouse {none}/spotify_db.duckdb",
        "--bootstrap-servers {dead} --kafka-call-timeout-ms 500 --services-data {none}",
    ],
    "doctor stack": ["", "--json --secrets {none}/secrets"],
    "rejected list": ["--data {data}", "--warehouse {none}/spotify_db.duckdb"],
    "rejected show": ["--warehouse {data}/warehouse/spotify_db.duckdb", "--warehouse {none}/spotify_db.duckdb"],
    "map check": [
        "listenbrainz",
        "{none}/m.toml",
        "listenbrainz --lake {data}/lake --records 1000",
        "listenbrainz --lake {none}/lake",
        "listenbrainz --topic none --bootstrap-servers {dead} --kafka-call-timeout-ms 500",
    ],
    "sql": [
        "--data {data} -c 'SELECT * FROM MART.TOP_SONGS'",
        "--data {data} -c 'DROP TABLE MART.TOP_SONGS'",
        "--data {none} -c 'SELECT 1'",
    ],
    "marts": ["--data {data}", "top_songs --data {data}", "--warehouse {none}/spotify_db.duckdb"],
    # It serves until it is asked to stop; what it refuses at its start is enough here, and test_serve.py looks at the rest.
    "serve": ["--data {none} --listen 192.0.2.1:0", "--data {data} --listen 0.0.0.0:0"],
    "lake repairs": ["--lake {data}/lake", "--lake {none}/lake"],
    "schema": [""],
    "config show": ["", "run --data {none}"],
    "completion": ["", "zsh"],
    "version": [""],
}
SERVICES_LINES = {"status": ["--data {none}", "--data {data}"]}


def every_line():
    return [
        (program, f"{command} {words}")
        for program, lines in ((PIPELINE, LINES), (SERVICES, SERVICES_LINES))
        for command, all_words in lines.items()
        for words in all_words
    ]


def snapshot(folder):
    """Every name below a folder with what it is and when it was written. A name that came and went leaves its folder's
    time."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        status = path.lstat()
        text = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_mtime_ns, status.st_ino, text)
    return found


def test_every_reader_has_a_line():
    """The program says itself which commands only read."""
    assert {" ".join(command) for command in whole_commands(PIPELINE, only_readers=True)} == set(LINES)
    assert {" ".join(command) for command in whole_commands(SERVICES, only_readers=True)} == set(SERVICES_LINES)


@pytest.mark.parametrize(("program", "line"), every_line(), ids=lambda value: getattr(value, "name", value))
def test_a_reader_leaves_every_folder_as_it_is(finished_run, tmp_path, program, line):
    data = tmp_path / "data"
    shutil.copytree(finished_run, data, symlinks=True)
    # What a writer would sweep away: the rest of one that crashed.
    (data / "lake" / ".tmp").mkdir(exist_ok=True)
    (data / "lake" / ".tmp" / "abandoned").write_text("half")
    os.utime(data / "lake" / ".tmp" / "abandoned", (0, 0))
    here = tmp_path / "here"
    here.mkdir()
    places = {"data": data, "none": tmp_path / "none", "dead": f"127.0.0.1:{free_ports(1)[0]}"}
    before = snapshot(tmp_path)
    subprocess.run(
        [program, *shlex.split(line.format(**places))],
        env=clean_environment(),
        cwd=here,
        capture_output=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    assert snapshot(tmp_path) == before


def test_a_reader_makes_no_topic_bucket_or_warehouse(world):
    """On servers that have nothing of what is asked for."""
    # Tests beside this one make topics, too, but not of this name.
    assert world.topic not in world.services.kafka.metadata().topics
    for command in ("status", "doctor", "verify"):
        assert world.run(command, "--s3-retry-total-s", 3).code != 0
    assert world.run("map", "check", "lastfm", "--topic", world.topic).code == 65
    assert world.run("map", "check", "lastfm", "--lake", world.env["SPOTIFY_LAKE"]).code not in (0, 21)
    assert world.topic not in world.services.kafka.metadata().topics
    assert not world.services.s3.has_bucket(world.bucket)
    assert not (world.folder / "warehouse").exists()


def test_a_reader_changes_nothing_on_servers_that_have_it_all(world):
    world.simulate(300)
    world.catch_up()
    world.must("load")
    world.transform()
    objects = world.services.s3.list(world.bucket)
    files = snapshot(world.folder / "warehouse")
    for command in ("status", "doctor"):
        world.must(command)
    for place in (("--topic", world.topic), ("--lake", world.env["SPOTIFY_LAKE"])):
        assert world.run("map", "check", "lastfm", *place).code == 21
    assert json.loads(world.must("verify", "--json").out)["proved"] is True
    assert world.services.s3.list(world.bucket) == objects
    assert snapshot(world.folder / "warehouse") == files


def test_extract_leaves_a_warehouse_that_is_not_there_to_the_load(finished_run, tmp_path):
    """It reads the ledger, and where there is none everything is new."""
    warehouse = tmp_path / "warehouse" / "spotify_db.duckdb"
    line = [
        "extract",
        "--lake",
        finished_run / "lake",
        "--warehouse",
        warehouse,
        "--stage-dir",
        tmp_path / "stage",
        "--json",
    ]
    done = subprocess.run(
        [PIPELINE, *line], env=clean_environment(), capture_output=True, text=True, timeout=GUARD_SECONDS, check=True
    )
    assert json.loads(done.stdout)["objects"] > 0
    assert not warehouse.parent.exists()
