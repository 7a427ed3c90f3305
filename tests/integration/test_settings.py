"""Every setting of the table reaches the field where its value lives, by its flag and by its variable, and says so."""

import json
import re
import subprocess

import pytest
from driver.process import GUARD_SECONDS
from driver.services import clean_environment

TEXTS = {
    "output.log-level": "debug",
    "kafka.properties": "linger.ms=50",
    "simulation.faults": "retry=0.5",
    "simulation.start": "2026-02-15T17:52:36Z",
}


def show(binary, *words, env=None, folder=None):
    done = subprocess.run(
        [binary, "config", "show", "--json", *words],
        env=clean_environment() | (env or {}),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["settings"]


@pytest.fixture(scope="module")
def settings(binary, tmp_path_factory):
    return show(binary, folder=tmp_path_factory.mktemp("nothing"))


def another(setting) -> str:
    """A value that the setting takes and that is not its default."""
    values, default = setting["values"], setting["default"]
    if values == "true or false":
        return "true"
    if number := re.fullmatch(r"(-?[\d.]+) to ([\d.]+)", values):
        low, high = map(float, number.groups())
        middle = int(low + 1 if high - low > 1 else high)
        return str(middle if str(middle) != default else middle + 1)
    if values:
        return next(one for one in re.split(", | or ", values) if one != default)
    return TEXTS.get(setting["name"], "another")


def shown(found, setting):
    [one] = [one for one in found if one["name"] == setting["name"]]
    return one


def test_every_setting_with_a_variable_is_set_by_it(binary, settings, tmp_path):
    """All variables at once, then what each command makes of them."""
    wanted = {one["name"]: one for one in settings if one["variable"]}
    env = {one["variable"]: another(one) for one in wanted.values()} | {"SPOTIFY_ENV_FILE": ""}
    for one in show(binary, env=env, folder=tmp_path):
        if one["name"] not in wanted:
            continue
        assert one["origin"] == "environment" and one["where"] == one["variable"], one
        assert one["value"] == ("***" if one["secret"] else env[one["variable"]]), one


# What a command wants beside flags.
ARGUMENTS = {
    "lake repair": ["bronze/object.json"],
    "import": ["spotify", "export.zip"],
    "forget": ["ada"],
    "map check": ["mapping.toml"],
}


def test_every_setting_with_a_flag_is_set_by_it(binary, settings, tmp_path):
    by_command = {}
    for one in settings:
        for command in one["commands"]:
            by_command.setdefault(command, []).append(one)
    for command, own in by_command.items():
        words, given = command.split(), []
        for one in own:
            # `config show` takes these for itself.
            if (
                not one["flags"]
                or command.startswith("config")
                or one["name"].startswith("output.")
                or one["flags"] == "--json"
            ):
                continue
            flag = one["flags"].split(",")[-1]
            given.append(one)
            words += [flag] if one["values"] == "true or false" else [flag, another(one)]
        if not given:
            continue
        found = show(binary, *words, *ARGUMENTS.get(command, []), folder=tmp_path)
        for setting in given:
            one = shown(found, setting)
            assert one["origin"] == "flag" and one["value"] == another(setting), (command, one)


def test_a_line_of_the_file_is_an_origin(binary, tmp_path):
    (tmp_path / ".env").write_text("# ours\nKAFKA_TOPIC=from-file\nSINK_BATCH_RECORDS=7\n")
    found = show(binary, "sink", env={"SINK_BATCH_RECORDS": "8"}, folder=tmp_path)
    topic = shown(found, {"name": "kafka.topic"})
    assert (topic["value"], topic["origin"], topic["where"]) == ("from-file", "env file", ".env:2 KAFKA_TOPIC")
    records = shown(found, {"name": "sink.batch-records"})
    assert (records["value"], records["origin"]) == ("8", "environment")


def test_secrets_are_not_shown(binary, tmp_path):
    secrets = {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "KAFKA_SASL_PASSWORD", "SNOWFLAKE_PASSWORD"}
    for arguments in (["config", "show"], ["config", "show", "--json"], ["config", "show", "load"]):
        done = subprocess.run(
            [binary, *arguments],
            env=clean_environment() | dict.fromkeys(secrets, "hunter2"),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        assert done.returncode == 0
        assert "***" in done.stdout and "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("words", [["nonsense"], ["sink", "--no-such-flag"], ["sink", "--batch-records", "0"]])
def test_what_is_not_a_command_line_is_wrong_usage(binary, tmp_path, words):
    done = subprocess.run(
        [binary, "config", "show", *words],
        env=clean_environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    assert done.returncode == 2 and words[-1] in done.stderr + done.stdout


def test_help_does_not_show_the_timers_of_tests(binary):
    for command in ("sink", "load", "verify", "run"):
        done = subprocess.run(
            [binary, command, "--help"], capture_output=True, text=True, timeout=GUARD_SECONDS, check=True
        )
        assert "TESTING" not in done.stdout


def test_flags_that_would_do_nothing_are_not_there(binary):
    for words in (
        ["simulate", "--group", "g"],
        ["init", "--session-timeout-ms", "5000"],
        ["status", "--partitions", "3"],
        ["sink", "--partitions", "3"],
        ["sink", "--replication", "3"],
    ):
        done = subprocess.run(
            [binary, *words],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        assert done.returncode == 2 and words[1] in done.stderr, words


def test_the_file_that_a_variable_names_goes_before_the_one_in_the_folder(binary, tmp_path):
    (tmp_path / ".env").write_text("KAFKA_TOPIC=in-the-folder\n")
    (tmp_path / "named").write_text("KAFKA_TOPIC=named\n")
    found = show(binary, "sink", env={"SPOTIFY_ENV_FILE": "named"}, folder=tmp_path)
    assert shown(found, {"name": "kafka.topic"})["value"] == "named"


def test_status_and_sink_keep_to_their_settings(world):
    world.simulate(100)
    loud = world.catch_up()
    assert "Uploaded" in loud.out
    world.simulate(100)
    assert world.run("status").code == 10
    assert world.run("status", "--lag-max", 99).code == 10
    assert world.run("status", "--lag-max", 100).code == 0
    quiet = world.catch_up("--quiet")
    assert "Uploaded" not in quiet.out
    assert json.loads(world.must("status", "--json").out)["hours"] != []
    assert json.loads(world.must("status", "--json", "--hours", 0).out)["hours"] == []
