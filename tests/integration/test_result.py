"""`--json` of commands that do something: one object when they end, however they end, with the members that the page lists."""

import json
import re
import signal

import pytest
from driver import parsed
from driver.commands import flags, whole_commands
from driver.fixtures import ROOT, the_binary
from driver.process import Finished, Running, wait_until
from driver.services import clean_environment

PROGRAMS = [the_binary(), the_binary().with_name("spotify-services")]
HERE = ("--listen", "127.0.0.1:0")
EVENTS = 300
MISCONFIGURED, USAGE = 78, 2
TYPES = {"text": str, "number": int, "truth": bool, "list": list}
ENVELOPE = ["schema_version", "command", "ok", "exit_code", "seconds", "error", "result"]


def listed() -> dict[str, dict[str, str]]:
    """The page's members of each command, with their types."""
    page = (ROOT / "docs" / "formats" / "result.md").read_text()
    members: dict[str, dict[str, str]] = {}
    for command, member, kind in re.findall(r"^\| `([^`]+)` \| `(\w+)` \| (\w+) \|", page, re.MULTILINE):
        members.setdefault(command, {})[member] = kind
    return members


def result_of(finished: Finished, command: str) -> dict:
    """All of standard output is one line; its envelope fits the end of the command, and its result the page."""
    assert finished.out.endswith("\n") and finished.out.count("\n") == 1, str(finished)
    told = json.loads(finished.out)
    assert list(told) == ENVELOPE
    assert (told["schema_version"], told["command"], told["exit_code"]) == (1, command, finished.code), told
    assert told["ok"] == (finished.code == 0) and 0 <= told["seconds"] <= finished.seconds
    failures = finished.events("command.failed")
    expected = {name: failures[0][name] for name in ("kind", "message")} if failures else None
    assert told["error"] == expected, str(finished)
    members = listed()[command]
    assert list(told["result"]) == list(members)
    for name, value in told["result"].items():
        assert value is None or type(value) is TYPES[members[name]], (name, value)
    return told["result"]


def test_every_command_has_an_object_of_its_own_or_this_one():
    """That those without --json are few and why is with the conventions."""
    for program in PROGRAMS:
        for command in whole_commands(program):
            if " ".join(command) in listed():
                assert "--json" in flags(program, command)
    assert set(listed()) <= {" ".join(command) for program in PROGRAMS for command in whole_commands(program)}


def test_what_fills_a_lake_tells_what_it_did(world):
    made = result_of(world.must("init", "--json"), "init")
    assert made == {
        "bucket": world.bucket,
        "bucket_created": True,
        "topic": world.topic,
        "topic_created": True,
        "partitions": 3,
    }
    again = result_of(world.must("init", "--json"), "init")
    assert (again["bucket_created"], again["topic_created"]) == (False, False)

    sent = result_of(world.must("simulate", "--events", EVENTS, "--json"), "simulate")
    assert (sent["output"], sent["topics"], sent["acked"]) == ("kafka", [world.topic], EVENTS)
    assert (sent["produced"], sent["aborted"], sent["stopped"], sent["oracle"]) == (EVENTS, 0, False, None)
    lines = world.folder / "lines"
    written = result_of(world.must("simulate", "--events", 5, "--output", lines, "--json"), "simulate")
    assert (written["output"], written["topics"], written["acked"]) == (str(lines), [], 5)
    refused = world.run("simulate", "--events", 5, "--output", "-", "--json")
    assert refused.code == MISCONFIGURED and "--json" in refused.failure["message"], str(refused)

    sunk = result_of(world.catch_up("--json"), "sink")
    assert (sunk["topic"], sunk["records_read"], sunk["records_durable"]) == (world.topic, EVENTS, EVENTS)
    assert sunk["objects_created"] == len(world.objects()) > 0
    assert sunk["bytes"] == sum(one.size for one in world.objects().values())
    assert (sunk["records_rejected"], sunk["objects_adopted"], sunk["outages"], sunk["bucket_created"]) == (
        0,
        0,
        0,
        False,
    )


def test_an_import_tells_what_it_sent(world):
    play = {
        "ts": "2024-01-01T00:00:00Z",
        "ms_played": 40_000,
        "spotify_track_uri": "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
        "master_metadata_track_name": "A",
        "master_metadata_album_artist_name": "B",
    }
    export = world.folder / "export.json"
    export.write_text(json.dumps([play]))
    told = result_of(world.must("import", "spotify", export, "--user", "ada", "--json"), "import")
    assert (told["path"], told["topic"], told["topic_created"]) == (str(export), world.topic, True)
    assert told["events"] == told["acked"] > 0 and told["folder"].endswith("ada"), told


def test_those_that_go_on_tell_at_their_end(world):
    world.must("init")
    sink = world.start_sink("--json")
    serve = world.start("serve", *HERE, "--flow", "--published", world.folder / "published", "--json")
    pipeline = world.start(
        "pipeline",
        *("--work-dir", world.folder / "transform", "--published", world.folder / "published"),
        "--json",
        env=parsed.environment(),
    )
    simulator = world.start("simulate", "--rate", "50", "--json")
    wait_until(lambda: pipeline.events("live.published"), 120, "the first marts")
    sent = result_of(simulator.stop(60), "simulate")
    assert sent["stopped"] and sent["acked"] > 0
    sunk = result_of(sink.stop(60), "sink")
    assert sunk["records_durable"] == sent["acked"]
    [listening] = serve.events("serve.listening")
    assert result_of(serve.stop(30, signal.SIGINT), "serve") == {"url": listening["url"], "flow": True}
    kept = result_of(pipeline.stop(120, signal.SIGINT), "pipeline")
    assert kept["published"] == str(world.folder / "published")
    published = pipeline.events("live.published")
    assert kept["publications"] == len(published) and kept["records"] == sum(one["records"] for one in published)
    assert kept["rounds"] >= kept["publications"] and kept["rounds_failed"] == 0


def test_a_run_tells_what_came_of_it(embedded):
    told = result_of(embedded.run(EVENTS, "--oracle", "--json"), "run")
    assert (told["records_durable"], told["rows"], told["rejected_by_sink"], told["proved"]) == (
        EVENTS,
        EVENTS,
        0,
        True,
    )
    assert told["data"] == str(embedded.data) and told["url"] is told["no_oracle"] is None
    for path in ("published", "report", "oracle"):
        assert (embedded.folder / told[path]).exists(), told
    assert told["objects_created"] > 0 and told["models"] > 0 and told["tests_passed"] > 0


def test_a_live_run_tells_at_its_end(embedded):
    running = embedded.start("--live", "--rate", 50, *HERE, "--json")
    wait_until(lambda: running.events("live.published"), 120, "the first marts")
    told = result_of(running.stop(180, signal.SIGINT), "run")
    [listening] = running.events("serve.listening")
    assert told["proved"] and told["url"] == listening["url"] and told["records_durable"] > 0


def test_a_warehouse_that_was_prepared_is_named(world):
    told = result_of(world.must("warehouse", "init", "--json"), "warehouse init")
    assert told["warehouse"].endswith(world.env["SPOTIFY_WAREHOUSE"])


def test_servers_that_were_stopped_are_named(tmp_path):
    line = [PROGRAMS[1], "down", "--data", tmp_path, "--json"]
    finished = Running(line, clean_environment(), tmp_path, "down").wait(60)
    assert result_of(finished, "down") == {"parts": ["kafka-s3", "airflow"]}


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("init", []),
        ("simulate", ["--events", "1"]),
        ("sink", ["--outage-ms", "1"]),
        ("run", ["--profile", "services"]),
    ],
)
def test_a_failure_is_told_with_what_was_done_by_then(world, command, line):
    dead = {
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "KAFKA_CALL_TIMEOUT_MS": "300",
    }
    finished = world.run(command, *line, "--json", env=dead)
    assert finished.code not in (0, USAGE), str(finished)
    told = result_of(finished, command)
    if command == "init":
        assert (told["bucket"], told["topic"]) == (world.bucket, None)


def test_a_setting_that_is_wrong_is_told_and_a_command_line_that_is_wrong_is_not(world):
    finished = world.run("init", "--json", env={"KAFKA_PARTITIONS": "many"})
    assert finished.code != 0
    assert set(result_of(finished, "init").values()) == {None}
    refused = world.run("init", "--json", "--no-such-flag")
    assert (refused.code, refused.out) == (USAGE, ""), str(refused)
