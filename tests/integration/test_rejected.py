"""A topic of unusable records is not a success, and says which records, for which reason, where."""

import json
import shutil
from pathlib import Path

import pytest
from driver import parsed
from driver.earlier_project import make_earlier
from test_bad_input import event

VIOLATION = 20
TOO_MANY_REJECTED = 22
PROJECT = Path(__file__).resolve().parents[2] / "spotify_dbt"

REQUIRED = [
    "event_id",
    "event_type",
    "user_id",
    "song_id",
    "song_name",
    "artist_name",
    "device_type",
    "country",
    "timestamp",
]
NOTHING = [("missing_field", field) for field in REQUIRED]
# What people send who have not read the schema, and all that is wrong with it.
UNUSABLE = {
    "no text": ("hello", "sink", [("not_json", None)]),
    "a list": ("[1]", "sink", [("not_object", None)]),
    "an empty object": ("{}", "silver", NOTHING),
    "another schema": ('{"userId":1,"track":"x"}', "silver", NOTHING),
    "no user": (event(user_id=...), "silver", [("missing_field", "user_id")]),
    "no user either": (
        event(user_id=None, position_ms=-1, app_version=7),
        "silver",
        [("missing_field", "user_id"), ("out_of_range", "position_ms"), ("wrong_type", "app_version")],
    ),
    "a bad country": (event(country="Germany"), "silver", [("bad_country", "country")]),
    "a local time": (
        event(timestamp="2026-02-15 17:52", device_type="tv"),
        "silver",
        [("unknown_device_type", "device_type"), ("bad_timestamp", "timestamp")],
    ),
}
FAULTS = sum(len(faults) for *_, faults in UNUSABLE.values())


def send(world, values) -> None:
    world.services.kafka.produce(world.topic, [(b"key", value.encode()) for value in values])


@pytest.fixture
def one_partition(world):
    world.services.kafka.create_topic(world.topic, 1, {"message.timestamp.type": "LogAppendTime"})
    return world


def transform(world, *more, code: int):
    finished = world.run("transform", "--work-dir", world.folder / "transform", *more, env=parsed.environment())
    assert finished.code == code, str(finished)
    return finished


def test_a_topic_of_unusable_events_is_no_success(one_partition):
    world = one_partition
    send(world, [value for value, *_ in UNUSABLE.values()])
    world.catch_up()
    loaded = world.must("load", "--json")
    assert [(one["reason"], one["events"]) for one in json.loads(loaded.out)["rejected_for"]] == [
        ("not_json", 1),
        ("not_object", 1),
    ]
    said = transform(world, code=TOO_MANY_REJECTED)
    # Where many records have one fault, the first is named.
    assert "missing_field" in said.out and f"{world.topic}/0/2" in said.out
    assert "out_of_range" in said.out and f"{world.topic}/0/5" in said.out
    assert "8 of 8 records are rejected" in said.failure["message"]
    proof = world.run("verify")
    assert proof.code == TOO_MANY_REJECTED, str(proof)
    # Everything was done: it is proved that they were rejected.
    assert "proved" in proof.out and "bad_country" in proof.out
    # Nothing kept is never fine, whatever ratio is.
    transform(world, "--max-reject-ratio", "1", code=TOO_MANY_REJECTED)

    send(world, [event()])
    world.catch_up()
    world.must("load")
    transform(world, code=TOO_MANY_REJECTED)
    transform(world, "--max-reject-ratio", "0.9", code=0)
    assert world.run("verify", "--max-reject-ratio", "0.9").code == 0


def test_a_load_of_nothing_but_rejected_lines_is_no_success(one_partition):
    world = one_partition
    send(world, ["hello", "world"])
    world.catch_up()
    loaded = world.run("load", "--json")
    assert loaded.code == TOO_MANY_REJECTED, str(loaded)
    assert json.loads(loaded.out)["rejected"] == 2
    # What was loaded before is nothing new.
    assert world.run("load").code == 0


def test_rejected_records_are_listed_and_shown(one_partition):
    world = one_partition
    assert world.run("rejected", "list").code == 78
    send(world, [*(value for value, *_ in UNUSABLE.values()), *(event() for _ in UNUSABLE)])
    world.catch_up()
    world.must("load")
    assert world.run("rejected", "list").code == 78
    transform(world, code=0)
    listed = json.loads(world.must("rejected", "list", "--json").out)
    assert (listed["rejected"], listed["faults"], listed["not_rejected"]) == (len(UNUSABLE), FAULTS, len(UNUSABLE))
    assert (
        f"{len(UNUSABLE)} of {2 * len(UNUSABLE)} records are rejected, for {FAULTS} faults"
        in world.must("rejected", "list").out
    )
    wanted: dict = {}
    for offset, (_, by, faults) in enumerate(UNUSABLE.values()):
        for reason, field in faults:
            count, sample = wanted.get((by, reason, field), (0, f"{world.topic}/0/{offset}"))
            wanted[by, reason, field] = (count + 1, sample)
    assert {
        (one["rejected_by"], one["reason"], one["field"]): (one["events"], one["sample"])
        for one in listed["rejected_for"]
    } == wanted

    shown = world.must("rejected", "show", "--json", "--reason", "missing_field", "--field", "user_id")
    rows = [json.loads(line) for line in shown.out.splitlines()]
    assert [row["position"] for row in rows] == [f"{world.topic}/0/{offset}" for offset in (2, 3, 4, 5)]
    assert rows[2]["payload"] == UNUSABLE["no user"][0]
    assert [(fault["reason"], fault["field"]) for fault in rows[3]["faults"]] == UNUSABLE["no user either"][2]
    # An event is shown for any of its faults, and with all of them; the limit counts events.
    [last] = world.must(
        "rejected", "show", "--json", "--field", "timestamp", "--reason", "bad_timestamp"
    ).out.splitlines()
    assert json.loads(last)["reason"] == "unknown_device_type"
    many = world.must("rejected", "show", "--json", "--limit", 5).out.splitlines()
    assert [len(json.loads(line)["faults"]) for line in many] == [1, 1, 9, 9, 1]
    [first] = world.must("rejected", "show", "--json", "--limit", 1).out.splitlines()
    assert json.loads(first)["raw_base64"] == "aGVsbG8="
    text = world.must("rejected", "show", "--reason", "bad_country").out
    assert "Germany" in text and "bad_country of country" in text
    # A tap has the newest first.
    newest = world.must("tap", "rejected", "--json", "--limit", 3).out.splitlines()
    assert [json.loads(line)["position"] for line in newest] == [f"{world.topic}/0/{offset}" for offset in (7, 6, 5)]
    [german] = world.must("tap", "rejected", "--json", "--grep", "Germany").out.splitlines()
    assert json.loads(german) in [
        json.loads(line) for line in world.must("rejected", "show", "--json").out.splitlines()
    ]
    # A reason is a text, whatever is in it.
    assert world.must("rejected", "show", "--reason", "x' OR '1'='1").out == ""


def test_what_an_earlier_version_rejected_is_pending_until_it_is_judged_again(one_partition, tmp_path):
    """A rule admits more now, and faults are listed. Nothing of it wants a full refresh."""
    world = one_partition
    valid = [event(), event(timestamp="2026-02-15T17:52:36.5+05:45"), event(timestamp="2026-02-15t17:52:36z")]
    send(world, [*valid, event(timestamp="2026-02-15T17:52:36+02:00", country="x", position_ms=-1), event()])
    world.catch_up()
    world.must("load")
    project = tmp_path / "spotify_dbt"
    shutil.copytree(PROJECT, project)
    make_earlier(project)
    transform(world, "--dbt-project", project, code=TOO_MANY_REJECTED)
    assert json.loads(world.must("rejected", "list", "--json").out)["rejected"] == 3

    before = json.loads(world.must("verify", "--json", "--allow-pending", "--max-reject-ratio", "1").out)
    assert (before["kept"], before["rejected"]) == (2, 3)
    assert {(found["kind"], found["total"], found["pending"]) for found in before["findings"]} == {
        ("event field whose rule admits more since the last closed batch", 1, True),
        ("refused by a rule that admits more now", 2, True),
        ("rejected by an earlier version, which listed no faults", 1, True),
    }
    assert world.run("verify", "--max-reject-ratio", "1").code == VIOLATION

    transform(world, code=0)
    after = json.loads(world.must("verify", "--json").out)
    assert (after["kept"], after["rejected"], after["faults"], after["findings"]) == (4, 1, 2, [])
    assert world.rows("SELECT CAST(timestamp AS VARCHAR) FROM TRANSFORM.SPOTIFY_SILVER ORDER BY kafka_offset") == [
        ["2026-02-15 17:52:36.123"],
        ["2026-02-15 12:07:36.5"],
        ["2026-02-15 17:52:36"],
        ["2026-02-15 17:52:36.123"],
    ]


def test_records_are_judged_again_by_a_rule_that_was_corrected(one_partition, tmp_path):
    """Their objects are of a closed batch, which a transform does not look at any more."""
    world = one_partition
    send(world, [event(country="UKR"), event(country="DEUTSCHLAND"), event(), event()])
    world.catch_up()
    world.must("load")
    transform(world, code=0)
    project = tmp_path / "spotify_dbt"
    shutil.copytree(PROJECT, project)
    rules = project / "macros" / "read_field.sql"
    rules.write_text(rules.read_text().replace("'[A-Z]{2}'", "'[A-Z]{2,3}'"))
    corrected = ["--dbt-project", project]

    def rejected() -> int:
        return json.loads(world.must("rejected", "list", "--json").out)["rejected"]

    transform(world, *corrected, code=0)
    assert rejected() == 2
    world.must("rejected", "rejudge", "--work-dir", world.folder / "transform", *corrected)
    assert rejected() == 1
    assert world.rows("SELECT count(*) FROM TRANSFORM.SPOTIFY_SILVER") == [[3]]
    assert world.rows("SELECT count(*) FROM TRANSFORM.TRANSFORM_LEDGER") == [[1]]
