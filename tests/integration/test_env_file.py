"""A `.env` in the working folder: ours is read as Docker Compose reads it, everybody else's is left alone."""

import json
import os
import subprocess

import pytest
from driver.process import GUARD_SECONDS
from driver.services import clean_environment

MISCONFIGURED = 78


def call(binary, folder, *words, env=None):
    return subprocess.run(
        [binary, *words],
        env=clean_environment() | (env or {}),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )


def group(binary, folder, env=None) -> tuple[str, str]:
    """The group's name, and where it comes from."""
    done = call(binary, folder, "config", "show", "--json", "sink", env=env)
    assert done.returncode == 0, done.stderr
    [one] = [one for one in json.loads(done.stdout)["settings"] if one["name"] == "kafka.group"]
    return one["value"], one["where"]


FOREIGN = {
    "several lines": b"KEY='-----BEGIN\nKAFKA_GROUP_ID=x\n-----END'\n",
    "an open quote": b"KEY='x\nOTHER=1\n",
    "no assignment": b"hello world\n[section]\n<xml/>\n",
    "UTF-16": "KEY=x\n".encode("utf-16"),
    "bytes": bytes(range(256)) * 4,
    "nothing": b"",
    "large": b"#" * (4 << 20),
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_somebody_elses_file_is_left_alone(binary, tmp_path, text, mode):
    (tmp_path / ".env").write_bytes(text)
    (tmp_path / ".env").chmod(mode)
    assert group(binary, tmp_path) == ("spotify-sink", "")


def test_what_is_no_file_is_left_alone(binary, tmp_path):
    folder, pipe, dangling = (tmp_path / name for name in ("folder", "pipe", "dangling"))
    for one in (folder, pipe, dangling):
        one.mkdir()
    (folder / ".env" / "bin").mkdir(parents=True)
    os.mkfifo(pipe / ".env")
    (dangling / ".env").symlink_to("nowhere")
    for one in (folder, pipe, dangling):
        assert group(binary, one) == ("spotify-sink", "")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KAFKA_GROUP_ID=t # a comment", "t"),
        ("KAFKA_GROUP_ID='t # none'", "t # none"),
        ('export KAFKA_GROUP_ID="t" # a comment', "t"),
        ("KAFKA_GROUP_ID: t", "t"),
        ("KAFKA_GROUP_ID=${GIVEN}", "given"),
        ("KAFKA_GROUP_ID=${ABSENT:-otherwise}", "otherwise"),
        ("KAFKA_GROUP_ID=${ABSENT-${GIVEN}}", "given"),
        ("BASE=a\nKAFKA_GROUP_ID=$BASE-b", "a-b"),
        ("KAFKA_GROUP_ID=a$$b", "a$b"),
        ("KAFKA_GROUP_ID='${GIVEN}'", "${GIVEN}"),
        ("\ufeffKAFKA_GROUP_ID=t\r", "t"),
    ],
)
def test_values_are_read_as_compose_reads_them(binary, tmp_path, line, value):
    (tmp_path / ".env").write_bytes(f"{line}\n".encode())
    (tmp_path / ".env").chmod(0o600)
    number = line.count("\n") + 1
    assert group(binary, tmp_path, env={"GIVEN": "given"}) == (value, f".env:{number} KAFKA_GROUP_ID")


@pytest.mark.parametrize("line", ["KAFKA_GROUP_ID='hunter2", "KAFKA_GROUP_ID='x' hunter2", "KAFKA_GROUP_ID=${hunter2"])
def test_a_line_of_ours_that_cannot_be_read_is_named(binary, tmp_path, line):
    (tmp_path / ".env").write_text(f"# ours\nKEY='x\n{line}\n")
    refused = call(binary, tmp_path, "config", "show")
    assert refused.returncode == MISCONFIGURED
    assert ".env:3: KAFKA_GROUP_ID" in refused.stderr
    assert "hunter2" not in refused.stderr


def test_a_wrong_value_is_named_by_its_line(binary, tmp_path):
    (tmp_path / ".env").write_text("\nSINK_BATCH_RECORDS=many\n")
    for words in (["sink"], ["config", "show", "sink"], ["config", "show"]):
        refused = call(binary, tmp_path, *words)
        assert refused.returncode == 2
        assert ".env:2 SINK_BATCH_RECORDS" in refused.stderr


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["sink", "--help"], ["config", "show", "--help"]])
def test_help_is_there_whatever_the_file_says(binary, tmp_path, words):
    (tmp_path / ".env").write_text("KAFKA_GROUP_ID='x\n")
    assert call(binary, tmp_path, *words).returncode == 0
    assert call(binary, tmp_path, "sink").returncode == MISCONFIGURED


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_file_of_another_user_is_refused(binary, tmp_path, kind):
    file = tmp_path / ".env"
    if kind == "link":
        (tmp_path / "elsewhere").write_text("KAFKA_GROUP_ID=t\n")
        file.symlink_to("elsewhere")
    else:
        file.write_text("KAFKA_GROUP_ID=t\n")
    os.chown(file, 12345, 12345, follow_symlinks=False)
    refused = call(binary, tmp_path, "config", "show")
    assert refused.returncode == MISCONFIGURED
    assert ".env" in refused.stderr and "another user" in refused.stderr


@pytest.mark.parametrize("mode", [0o602, 0o620, 0o666])
def test_a_file_that_others_can_write_is_refused(binary, tmp_path, mode):
    (tmp_path / ".env").write_text("KAFKA_GROUP_ID=t\n")
    (tmp_path / ".env").chmod(mode)
    refused = call(binary, tmp_path, "config", "show")
    assert refused.returncode == MISCONFIGURED
    assert "chmod go-w .env" in refused.stderr


def settings_that_name_programs(binary, folder) -> set[str]:
    """By the page that is made from the table."""
    page = call(binary, folder, "config", "page").stdout
    rows = [line.split("|") for line in page.splitlines() if "Not from a `.env` file" in line]
    return {row[2].split("`")[-2] for row in rows}


def test_a_file_names_no_program(binary, tmp_path):
    names = settings_that_name_programs(binary, tmp_path)
    assert {"SDP_DEPS_DIR", "SNOWFLAKE_ADBC_DRIVER", "SPOTIFY_DBT_PROJECT", "SPOTIFY_PIPELINE", "SPOTIFY_DAGS"} <= names
    for name in names:
        (tmp_path / ".env").write_text(f"{name}=/tmp/x\n")
        refused = call(binary, tmp_path, "config", "show")
        assert refused.returncode == MISCONFIGURED
        assert f".env:1: {name}" in refused.stderr


@pytest.mark.parametrize(
    "name", ["plugin.library.paths", "sasl.kerberos.kinit.cmd", "ssl.engine.location", "ssl.providers"]
)
def test_a_property_of_kafka_names_no_program(binary, tmp_path, name):
    (tmp_path / ".env").write_text(f"KAFKA_PROPERTIES={name}=/tmp/x\n")
    refused = call(binary, tmp_path, "status", "--bootstrap-servers", "127.0.0.1:1", "--lake", tmp_path)
    assert refused.returncode == MISCONFIGURED
    assert name in refused.stderr


def test_programs_of_a_folder_that_others_can_write_are_not_run(binary, deps, tmp_path, finished_run):
    """dbt is looked for in the working folder's .deps, too."""
    planted = tmp_path / ".deps" / "venv-dbt" / "bin" / "dbt"
    planted.parent.mkdir(parents=True)
    planted.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    planted.chmod(0o755)
    (tmp_path / ".deps").chmod(0o777)
    words = [
        "transform",
        "--warehouse",
        finished_run / "warehouse" / "spotify_db.duckdb",
        "--work-dir",
        tmp_path / "work",
    ]
    call(binary, tmp_path, *words)
    assert not (tmp_path / "was-run").exists()


def compose_value(deps, folder) -> str | None:
    """The group that Docker Compose takes from the folder's `.env`; None when it refuses the file."""
    (folder / "compose.yml").write_text("services: {one: {image: x, environment: {GROUP: '${KAFKA_GROUP_ID}'}}}\n")
    done = subprocess.run(
        [deps / "venv-docker" / "bin" / "docker-compose", "--file", "compose.yml", "config", "--format", "json"],
        env=clean_environment() | {"GIVEN": "given"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        return None
    return json.loads(done.stdout)["services"]["one"]["environment"]["GROUP"].replace("$$", "$")


LINES_OF_COMPOSE = [
    "KAFKA_GROUP_ID=a b  ",
    "KAFKA_GROUP_ID = a",
    "  KAFKA_GROUP_ID=a",
    "export  KAFKA_GROUP_ID=a",
    "KAFKA_GROUP_ID:a",
    "KAFKA_GROUP_ID=a#b",
    "KAFKA_GROUP_ID=a #b",
    "KAFKA_GROUP_ID=a # b # c",
    "KAFKA_GROUP_ID='a' # b",
    "KAFKA_GROUP_ID='a # b'",
    'KAFKA_GROUP_ID="a # b"',
    'KAFKA_GROUP_ID="a" # b "c"',
    "KAFKA_GROUP_ID='a\"b'",
    "KAFKA_GROUP_ID=a\"b'c",
    r"KAFKA_GROUP_ID='it\'s'",
    r"KAFKA_GROUP_ID='a\nb'",
    r'KAFKA_GROUP_ID="a\nb\tc\"d\\e\qf"',
    r'KAFKA_GROUP_ID="a\$GIVEN"',
    r"KAFKA_GROUP_ID=a\nb",
    "KAFKA_GROUP_ID='a\nb'",
    'KAFKA_GROUP_ID="a\nb"',
    "KAFKA_GROUP_ID=$GIVEN",
    "KAFKA_GROUP_ID=x${GIVEN}y",
    'KAFKA_GROUP_ID="x${GIVEN}y"',
    "KAFKA_GROUP_ID='x${GIVEN}y'",
    "KAFKA_GROUP_ID=${NONE:-a}",
    "KAFKA_GROUP_ID=${NONE-a}",
    "KAFKA_GROUP_ID=${GIVEN:-a}",
    "KAFKA_GROUP_ID=${GIVEN:+a}b",
    "KAFKA_GROUP_ID=${NONE:+a}b",
    "KAFKA_GROUP_ID=${GIVEN+a}b",
    "KAFKA_GROUP_ID=${NONE:-${GIVEN}}",
    "KAFKA_GROUP_ID=${NONE:-a-${GIVEN}-b}",
    "EMPTY=\nKAFKA_GROUP_ID=${EMPTY:-a}",
    "EMPTY=\nKAFKA_GROUP_ID=x${EMPTY-a}",
    "A=1\nB=${A}2\nKAFKA_GROUP_ID=${B}3",
    "KAFKA_GROUP_ID=a$$b",
    "KAFKA_GROUP_ID=${GIVEN:?why}",
    "KAFKA_GROUP_ID=a\r",
    "KAFKA_GROUP_ID='a'\r",
    "KAFKA_GROUP_ID=a\nKAFKA_GROUP_ID=b",
    "KAFKA_GROUP_ID=a=b",
    "KAFKA_GROUP_ID=ü♫",
    # What Compose refuses, too.
    "KAFKA_GROUP_ID='a",
    'KAFKA_GROUP_ID="a',
    "KAFKA_GROUP_ID=${GIVEN",
    "KAFKA_GROUP_ID=${NONE:?why}",
    "KAFKA_GROUP_ID=${}",
]


@pytest.mark.parametrize("text", LINES_OF_COMPOSE)
def test_docker_compose_takes_the_same_value_from_the_same_file(binary, deps, tmp_path, text):
    (tmp_path / ".env").write_text(f"{text}\n", newline="")
    (tmp_path / ".env").chmod(0o600)
    wanted = compose_value(deps, tmp_path)
    done = call(binary, tmp_path, "config", "show", "--json", "sink", env={"GIVEN": "given"})
    if wanted is None:
        assert done.returncode == MISCONFIGURED
    else:
        assert group(binary, tmp_path, env={"GIVEN": "given"})[0] == wanted
