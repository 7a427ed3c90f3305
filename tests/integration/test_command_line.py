"""The command line as a person or a script meets it."""

import json
import re
import socket
import subprocess

import pytest
from driver.commands import commands, doctor_without_broker, whole_commands
from driver.fixtures import the_binary
from driver.process import GUARD_SECONDS


def call(binary, *arguments):
    return subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=GUARD_SECONDS, check=False)


COMMANDS = commands(the_binary())


def test_the_stages_are_commands():
    assert {"simulate", "sink", "extract", "load", "transform", "verify"} <= set(COMMANDS)


def test_bare_call_shows_examples_and_is_a_usage_error(binary):
    result = call(binary)
    assert result.returncode == 2
    assert "Examples:" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(binary, command):
    result = call(binary, command, "--help")
    assert result.returncode == 0
    assert "Usage" in result.stdout


@pytest.mark.parametrize("command", whole_commands(the_binary()), ids=" ".join)
def test_examples_of_a_command_come_before_its_flags(binary, command):
    """Somebody who looks for an example does not read dozens of settings first."""
    text = call(binary, *command, "--help").stdout
    examples = text.index("\nExamples:\n")
    assert " ".join(["spotify-pipeline", *command]) in text[examples : text.index("\n\n", examples)], text
    assert examples < re.search(r"^  -|^[A-Z][\w ]+:\n  -", text, re.MULTILINE).start(), text


@pytest.mark.parametrize("arguments", [["nonsense"], ["simulate", "--no-such-flag"], ["sink", "--batch-records", "0"]])
def test_wrong_usage_exits_2_and_says_what(binary, arguments):
    result = call(binary, *arguments)
    assert result.returncode == 2
    assert arguments[-1] in result.stderr or arguments[-2] in result.stderr


def test_what_is_not_expected_is_named_in_its_order(binary):
    result = call(binary, "sink", "first", "--second", "third")
    assert result.returncode == 2
    assert "not expected: first --second third\n" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["simulate", "--event", "5"], "--events"),
        (["sinc"], "sink"),
        (["sink", "--tpoic=x"], "--topic"),
        (["tap", "lgo"], "log"),
        (["tap", "log", "--hepl"], "--help"),
        (["rejected", "shwo", "--json"], "show"),
        (["tap", "log", "--form-beginning"], "--from-beginning"),
    ],
)
def test_a_mistyped_word_is_answered_with_what_may_be_meant(binary, arguments, meant):
    """And never taken for it."""
    result = call(binary, *arguments)
    assert result.returncode == 2
    assert f"did you mean {meant}?" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tap"], "tap is followed by log, lake or rejected\n"),
        (["config"], "config is followed by show\n"),
        (["help", "run"], "did you mean --help?\n"),
        (["run", "-d"], "not expected: -d\n"),
        (["run", "--events"], "--events needs a value\n"),
        (["run", "--events="], "--events: '' is not a whole number"),
        (["run", "--events=", "--quiet"], "--events: '' is not a whole number"),
        (["verify", "--strict=perhaps"], "--strict takes no value\n"),
        (["sink", "--topic", "my/topic"], "--topic: 'my/topic' is not the name of a topic"),
    ],
)
def test_wrong_usage_is_told_in_plain_words(binary, arguments, said):
    result = call(binary, *arguments)
    assert result.returncode == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    "brokers", ["kafka:0", "kafka:99999", "kafka:", "a b:9092", "http://kafka:9092", ":9092", ",,"]
)
def test_what_no_broker_can_be_is_refused_at_once(binary, brokers):
    result = call(binary, "tap", "log", "--bootstrap-servers", brokers)
    assert result.returncode == 78
    assert f"Kafka brokers '{brokers}': write them as HOST:PORT" in result.stderr


def test_a_group_needs_a_name(binary):
    result = call(binary, "sink", "--group", "")
    assert result.returncode == 78
    assert "--group: '' is not the name of a consumer group\n" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["up", "--s3-port", "9100"], ["status"]])
def test_services_is_a_usage_error_that_names_the_other_program(binary, arguments):
    result = call(binary, "services", *arguments)
    assert result.returncode == 2
    assert " ".join(["spotify-services", *arguments]) in result.stderr


@pytest.mark.parametrize("command", ["up", "down", "status"])
def test_the_servers_program_has_help_and_refuses_other_words(binary, command):
    program = binary.with_name("spotify-services")
    assert "Usage" in call(program, command, "--help").stdout
    result = call(program, command, "--no-such-flag")
    assert result.returncode == 2
    assert "--no-such-flag" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "flag"),
    [
        (["down", "--kafka-port=1"], 2, "--kafka-port"),
        (["down", "--deps=x"], 2, "--deps"),
        (["status", "--dags=x"], 2, "--dags"),
        (["up", "--airflow-port", "9999", "--deps", "none"], 78, "--airflow-port"),
        (["up", "airflow", "--s3-port", "9999", "--deps", "none"], 78, "--s3-port"),
    ],
)
def test_the_servers_program_refuses_flags_that_would_do_nothing(binary, tmp_path, arguments, code, flag):
    result = call(binary.with_name("spotify-services"), *arguments, "--data", tmp_path / "none")
    assert result.returncode == code
    assert flag in result.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_no_secret_has_a_flag(binary, command):
    text = call(binary, command, "--help").stdout
    assert "--password" not in text and "--secret" not in text and "--access-key" not in text


def test_version_is_readable_by_programs(binary):
    result = call(binary, "version", "--json")
    assert json.loads(result.stdout)["version"]


def test_schema_is_json(binary):
    assert json.loads(call(binary, "schema").stdout)["$schema"].startswith("https://json-schema.org/")


def test_verify_of_a_folder_without_a_run_says_so(binary, tmp_path):
    result = call(binary, "verify", "--data", tmp_path / "nothing")
    assert result.returncode not in (0, 20)
    assert "nothing" in result.stderr
    assert not (tmp_path / "nothing").exists()


def test_doctor_tells_each_check_as_it_ends(binary, tmp_path):
    """A broker that takes connections and says nothing holds up its own check alone."""
    places = ["--lake", tmp_path / "lake", "--warehouse", tmp_path / "warehouse.duckdb"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker = f"127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen(
            [
                binary,
                "doctor",
                "--bootstrap-servers",
                broker,
                "--kafka-call-timeout-ms",
                str(GUARD_SECONDS * 1000),
                *places,
            ],
            stdout=subprocess.PIPE,
            text=True,
        ) as running:
            try:
                told = [running.stdout.readline().split()[1] for _ in range(9)]
                before = ["limits", "disk", "versions", "logins", "transform", "warehouse", "mapping", "lake", "clock"]
                assert told == before
                assert running.poll() is None, "the log is asked last, and waited for"
            finally:
                running.kill()


def test_doctor_names_limits_that_are_too_low(binary, tmp_path):
    warehouse = tmp_path / "warehouse.duckdb"
    done = doctor_without_broker(binary, tmp_path / "lake", warehouse, ("prlimit", "--nofile=100", "--"))
    checks = {one["check"]: one for one in json.loads(done.stdout)["checks"]}
    assert done.returncode == 10 and not checks["limits"]["ok"], done
    assert "100 files" in checks["limits"]["message"] and "ulimit -n" in checks["limits"]["message"]
    assert checks["disk"]["ok"] and str(warehouse) in checks["disk"]["message"]


def test_doctor_makes_nothing(binary, tmp_path):
    done = doctor_without_broker(binary, tmp_path / "lake", tmp_path / "warehouse.duckdb")
    assert done.returncode == 10
    assert "lake" in done.stdout
    assert list(tmp_path.iterdir()) == []
