"""What the simulator sends besides good events becomes what its labels and its oracle say."""

import base64
import json
import os
import re
import resource
import signal
from collections import Counter

import pytest
from driver.process import wait_until
from driver.world import World
from test_bad_input import with_keys

# One worker has the topic of all classes.
pytestmark = pytest.mark.xdist_group("faults")
DATA_ERROR, CANNOT_WRITE, MISCONFIGURED = 65, 73, 78
START = ("--start", "2026-02-15T00:00:00Z")
# The sink's limit, so that records which pass it are small.
LIMIT = ("--value-bytes-max", 3000)
QUIET_BROKER = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}

# Class -> fate, who rejects it, reason, and the fields that may have it: the table of docs/formats/faults.md in other words.
REQUIRED = {
    "event_id", "event_type", "user_id", "song_id", "song_name", "artist_name", "device_type", "country", "timestamp",
}  # fmt: skip
INTEGERS = {"position_ms", "duration_ms", "schema_version"}
KEPT = ("kept", None, None, {None})
DUPLICATE = ("duplicate", None, None, {None})


def silver(reason: str, fields: set[str]):
    return "rejected", "silver", reason, fields


def sink(reason: str):
    return "rejected", "sink", reason, {None}


CLASSES = {
    "retry": DUPLICATE,
    "changed_body": DUPLICATE,
    "unknown_field": KEPT,
    "microseconds": KEPT,
    "schema_versions": KEPT,
    "skew": KEPT,
    "late": KEPT,
    "out_of_order": KEPT,
    "missing_field": silver("missing_field", REQUIRED),
    "null_field": silver("missing_field", REQUIRED),
    "wrong_type": silver("wrong_type", REQUIRED | INTEGERS | {"session_id", "app_version"}),
    "empty_text": silver("empty_text", {"song_name", "artist_name"}),
    "bad_uuid": silver("bad_uuid", {"event_id", "user_id", "song_id"}),
    "unknown_event_type": silver("unknown_event_type", {"event_type"}),
    "unknown_device_type": silver("unknown_device_type", {"device_type"}),
    "bad_country": silver("bad_country", {"country"}),
    "bad_timestamp": silver("bad_timestamp", {"timestamp"}),
    "future_date": silver("bad_timestamp", {"timestamp"}),
    "ancient_date": silver("bad_timestamp", {"timestamp"}),
    "out_of_range": silver("out_of_range", INTEGERS),
    "null_value": sink("tombstone"),
    "empty_value": sink("empty_value"),
    "not_utf8": sink("not_utf8"),
    "too_deep": sink("too_deep"),
    "malformed_json": sink("not_json"),
    "not_object": sink("not_object"),
    "reserved_member": sink("reserved_member"),
    "nul_character": sink("nul_character"),
    "oversize": sink("too_large"),
}
EVENTS_ALONE = 100

# Every record of the warehouse: its key, what silver made of it, and the id of its event where it has one.
FATES = (
    f"SELECT kafka_key, 'kept', NULL, NULL, NULL, event_id FROM {with_keys('SPOTIFY_SILVER')} UNION ALL "
    f"SELECT kafka_key, 'duplicate', NULL, NULL, NULL, event_id FROM {with_keys('SPOTIFY_DUPLICATES')} UNION ALL "
    f"SELECT kafka_key, 'rejected', rejected_by, reason, field, NULL FROM {with_keys('SPOTIFY_REJECTED')}"
)

# Where it is, and the same.
PLACES = " UNION ALL ".join(
    f"SELECT kafka_partition, kafka_offset, {fate} FROM TRANSFORM.{table}"
    for table, fate in {
        "SPOTIFY_SILVER": "'kept', NULL, NULL, NULL",
        "SPOTIFY_DUPLICATES": "'duplicate', NULL, NULL, NULL",
        "SPOTIFY_REJECTED": "'rejected', rejected_by, reason, field",
    }.items()
)


def assert_labels_lead_to_their_records(labels: list[dict], rows: list[list], topic: str) -> None:
    at = {(partition, offset): fate for partition, offset, *fate in rows}
    for label in labels:
        assert label["topic"] == topic
        wanted = [label[name] for name in ("fate", "rejected_by", "reason", "field")]
        assert at.get((label["partition"], label["offset"])) == (None if label["fate"] == "aborted" else wanted), label


def labels_of(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def records_of(labels: list[dict]) -> list[dict]:
    """One label a record, of those that have several."""
    return list({label["record"]: label for label in labels}.values())


def counted(labels: list[dict]) -> Counter:
    """Records by what must become of them, events without a fault left out."""
    return Counter(
        (label["fate"], label["rejected_by"], label["reason"], label["field"]) for label in records_of(labels)
    )


def test_every_class_at_once_ends_as_labels_and_oracle_say(world):
    labels_path, oracle_path = world.folder / "labels.ndjson", world.folder / "oracle.json"
    events = 3000
    world.simulate(
        events,
        *LIMIT,
        "--days",
        28,
        "--users",
        500,
        "--fault",
        "all=0.02",
        "--labels",
        labels_path,
        "--oracle",
        oracle_path,
    )
    world.catch_up(*LIMIT)
    report = world.prove(*LIMIT, "--oracle", oracle_path)

    labels = labels_of(labels_path)
    assert {label["class"] for label in labels} == set(CLASSES)
    for label in labels:
        fate, by, reason, fields = CLASSES[label["class"]]
        assert (label["fate"], label["rejected_by"], label["reason"]) == (fate, by, reason), label
        assert label["field"] in fields, label
    wanted = counted(labels)
    duplicates = sum(count for (fate, *_), count in wanted.items() if fate == "duplicate")
    rejected = sum(count for (fate, *_), count in wanted.items() if fate == "rejected")
    assert (report["kept"], report["duplicates"], report["rejected"]) == (events, duplicates, rejected)
    assert world.acked == events + duplicates + rejected
    # One thing is wrong with each.
    assert report["faults"] == rejected

    found = world.rows(FATES)
    assert Counter(tuple(row[1:5]) for row in found if row[1] != "kept") == Counter(
        {what: count for what, count in wanted.items() if what[0] != "kept"}
    )
    assert_labels_lead_to_their_records(labels, world.rows(PLACES), world.topic)
    kept_ids = {row[5] for row in found if row[1] == "kept"}
    assert {label["event_id"] for label in labels if label["fate"] != "rejected"} <= kept_ids


@pytest.fixture(scope="module")
def each_alone(services, tmp_path_factory):
    """A simulation for each class, all into one topic, and one way through the pipeline. Another seed has other listeners, so
    that the key of a record says which class it is of: its labels, and the fates of its records."""
    world = World(services, tmp_path_factory.mktemp("faults"), "faults-alone")
    world.env["SPOTIFY_MAX_REJECT_RATIO"] = "0.9"
    labels = {}
    oracle = ("--oracle", world.folder / "oracle.json")
    for seed, name in enumerate(CLASSES, 1):
        path = world.folder / f"{name}.ndjson"
        goes_on = ("--continue-oracle",) if labels else ()
        world.simulate(
            EVENTS_ALONE, *LIMIT, *START, "--seed", seed, "--fault", f"{name}=0.3", "--labels", path, *oracle, *goes_on
        )
        labels[name] = labels_of(path)
    world.catch_up(*LIMIT)
    report = world.prove(*LIMIT, *oracle)
    fates: dict[str, list] = {}
    for key, *fate in world.rows(FATES):
        fates.setdefault(key, []).append(tuple(fate))
    world.close()
    return labels, fates, report


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_alone_becomes_what_its_row_says(each_alone, name):
    labels, fates, _ = each_alone
    mine = labels[name]
    fate, by, reason, fields = CLASSES[name]
    assert len(mine) > 5
    for label in mine:
        assert label["class"] == name
        assert (label["fate"], label["rejected_by"], label["reason"]) == (fate, by, reason)
        assert label["field"] in fields
    # Listeners who have no faulty record are in no label; their events are kept.
    found = [one for key in {label["key"] for label in mine} for one in fates[key]]
    not_kept = Counter(one[:4] for one in found if one[0] != "kept")
    assert not_kept == (counted(mine) if fate != "kept" else Counter())
    if fate != "rejected":
        assert {label["event_id"] for label in mine} <= {one[4] for one in found if one[0] == "kept"}


def test_each_class_sent_what_the_proof_counts(each_alone):
    labels, _, report = each_alone
    fates = Counter(label["fate"] for mine in labels.values() for label in records_of(mine))
    assert report["kept"] == EVENTS_ALONE * len(CLASSES)
    assert (report["duplicates"], report["rejected"]) == (fates["duplicate"], fates["rejected"])


def test_a_run_with_every_fault_is_proved(embedded):
    labels = embedded.folder / "labels.ndjson"
    arguments = ("--fault", "all=0.02", "--mix", "realistic", "--oracle", "--labels", labels)
    finished = embedded.must_prove(2000, *arguments, "--transactions", 0.7, "--aborted", 0.5)
    assert re.search("oracle", finished.out), str(finished)
    assert {label["class"] for label in labels_of(labels)} == {*CLASSES, "aborted"}
    assert_labels_lead_to_their_records(labels_of(labels), embedded.rows(PLACES), "spotify-events")
    assert embedded.rows("SELECT count(*) FROM TRANSFORM.SPOTIFY_SILVER") == [[2000]]
    [[reasons]] = embedded.rows("SELECT count(DISTINCT reason) FROM TRANSFORM.SPOTIFY_REJECTED")
    assert reasons == len({reason for _, _, reason, _ in CLASSES.values() if reason})


# Duplicates, and the event that is kept of the same id, by the load that each came with.
OTHER_LOADS = """
SELECT count(*) FROM TRANSFORM.SPOTIFY_DUPLICATES d
JOIN TRANSFORM.SPOTIFY_SILVER s ON s.event_id = d.event_id
JOIN BRONZE.SPOTIFY_EVENTS a ON (a.topic_id, a.kafka_partition, a.kafka_offset) = (d.topic_id, d.kafka_partition, d.kafka_offset)
JOIN BRONZE.SPOTIFY_EVENTS b ON (b.topic_id, b.kafka_partition, b.kafka_offset) = (s.topic_id, s.kafka_partition, s.kafka_offset)
WHERE a.loaded_at <> b.loaded_at
"""


def test_every_class_over_several_loads_and_a_topic_that_is_created_again(world):
    """Devices that were offline for up to 48 hours, and repetitions that a later load has than their event."""
    oracle = ("--oracle", world.folder / "oracle.ndjson")
    of_listeners = ["--fault", "skew=0.3", "--fault", "schema_versions=0.3", "--users", 20]
    faults = ["--fault", "all=0.02", "--fault", "late=0.05", "--fault", "retry=0.4", *of_listeners, *LIMIT]
    first = (*faults, "--mix", "listeners", *START, "--labels", world.folder / "labels.ndjson")
    simulator = world.start_simulator(500, *first, *oracle)
    sink = world.start_sink(*LIMIT)
    for _ in range(3):
        world.wait_for_objects(len(world.objects()) + 12)
        world.must("load")
    world.stop_simulator(simulator)
    assert sink.stop(60).code == 0
    world.catch_up(*LIMIT)
    world.must("load")
    world.transform()
    labels = labels_of(world.folder / "labels.ndjson")
    assert {label["class"] for label in labels} == set(CLASSES)
    [[across_loads]] = world.rows(OTHER_LOADS)
    assert across_loads > 0

    world.services.kafka.delete_topic(world.topic)
    wait_until(lambda: world.run("status").code == DATA_ERROR, 30, "the topic to be gone", 0.5)
    second = (*faults, "--seed", 2, "--mix", "realistic", "--start", "2026-02-16T12:00:00Z")
    world.simulate(2000, *second, *oracle, "--continue-oracle")
    world.catch_up(*LIMIT)
    report = world.prove(*LIMIT, *oracle)
    assert report["kept"] + report["duplicates"] + report["rejected"] == world.acked
    [[topics]] = world.rows("SELECT count(DISTINCT topic_id) FROM BRONZE.SPOTIFY_EVENTS")
    assert topics == 2
    told = [json.loads(line) for line in oracle[1].read_text().splitlines()]
    late = [line["late"] for line in told if isinstance(line, dict) and "late" in line]
    assert max(one["hours"] for one in late) > 24


def test_lines_in_place_of_kafka(world):
    arguments = ("--events", 500, *START, *LIMIT, "--fault", "all=0.05")
    path, labels = world.folder / "events.ndjson", world.folder / "labels.ndjson"
    world.must("simulate", *arguments, "--output", path, "--labels", labels, env=QUIET_BROKER)
    # A line is a record's place.
    assert {(label["topic"], label["partition"], label["offset"]) for label in labels_of(labels)} == {(None,) * 3}
    # What a variable says of topics is for commands that have one.
    of_topics = {"SIMULATOR_TRANSACTIONS": "1", "SIMULATOR_TOPIC_BY_TYPE": "true"}
    printed = world.must("simulate", *arguments, "--output", "-", env=QUIET_BROKER | of_topics)
    assert printed.out.encode() == path.read_bytes()

    lines = path.read_bytes().decode().splitlines()
    raw = [json.loads(line)["_raw"] for line in lines if line.startswith('{"_raw"')]
    assert None in raw
    assert any(text and b"\xff" in base64.b64decode(text) for text in raw)
    world.simulate(*arguments[1:])
    assert len(lines) == world.acked

    refused = world.run("simulate", "--events", 1, "--output", path, "--topic", "other")
    assert refused.code == MISCONFIGURED
    assert "--topic" in refused.failure["message"]
    full = world.run("simulate", "--events", 1, "--output", "/dev/full", env=QUIET_BROKER)
    assert full.code == CANNOT_WRITE
    assert "/dev/full" in full.failure["message"]


def test_labels_that_cannot_be_written_end_the_simulation(world):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))

    labels = world.folder / "labels.ndjson"
    arguments = ("--events", 5000, "--fault", "retry=1", "--labels")
    finished = world.run("simulate", *arguments, labels, prepare=limit)
    assert finished.code == CANNOT_WRITE, str(finished)
    assert str(labels) in finished.failure["message"]
    assert not labels.exists()
    nowhere = world.run("simulate", *arguments, world.folder / "missing" / "labels", env=QUIET_BROKER)
    assert nowhere.code == CANNOT_WRITE
    assert nowhere.out == ""


@pytest.mark.parametrize("flag", ["--labels", "--oracle"])
def test_what_is_no_file_is_not_replaced(world, flag):
    place = world.folder / "place"
    os.mkfifo(place)
    arguments = ("simulate", "--events", 5, "--output", world.folder / "events.ndjson", flag)
    refused = world.run(*arguments, place, env=QUIET_BROKER)
    assert refused.code == CANNOT_WRITE, str(refused)
    assert str(place) in refused.failure["message"]
    assert place.is_fifo()
    # Neither is an empty folder.
    place.unlink()
    place.mkdir()
    assert world.run(*arguments, place, env=QUIET_BROKER).code == CANNOT_WRITE
    assert place.is_dir()


@pytest.mark.parametrize(
    ("one", "other"), [("--labels", "--oracle"), ("--output", "--labels"), ("--output", "--control")]
)
def test_two_flags_do_not_name_the_same_file(world, one, other):
    place = world.folder / "place"
    place.write_text("{}")
    link = world.folder / "link"
    link.symlink_to(place)
    # Of two flags with the same name the last one counts.
    refused = world.run("simulate", "--events", 5, "--output", "-", one, place, other, link, env=QUIET_BROKER)
    assert refused.code == MISCONFIGURED, str(refused)
    assert {one, other} <= set(refused.failure["message"].split())
    assert place.read_text() == "{}"


def test_a_control_file_steers_a_simulation_that_runs(world):
    control, path = world.folder / "control.json", world.folder / "events.ndjson"
    simulator = world.start("simulate", "--rate", 50, "--output", path, "--control", control, env=QUIET_BROKER)
    wait_until(lambda: path.exists() and path.stat().st_size > 0, 5, "the first lines")
    assert b"_raw" not in path.read_bytes()
    control.write_text('{"rate": 400, "faults": {"null_value": 1}}')
    wait_until(lambda: b'{"_raw":null}' in path.read_bytes(), 10, "tombstones")
    control.write_text('{"rate": "fast"}')
    wait_until(lambda: simulator.events("simulate.control.refused"), 10, "a refusal")
    size = path.stat().st_size
    wait_until(lambda: path.stat().st_size > size, 5, "more lines by the old values")
    control.write_text('{"faults": {"all": 0}}')
    wait_until(lambda: len(simulator.events("simulate.steered")) == 2, 10, "the second change")
    finished = simulator.stop(30)
    assert finished.code == 0, str(finished)
    [said] = finished.events("simulate.control.refused")
    assert said["message"] == "rate is not a number"
    assert [said["message"] for said in finished.events("simulate.steered")] == [
        "rate 400, faults null_value=1",
        "rate 400, faults none",
    ]


def test_of_a_simulation_that_is_stopped_everything_is_in_oracle_labels_and_log(world):
    labels_path, oracle = world.folder / "labels.ndjson", ("--oracle", world.folder / "oracle.ndjson")
    faults = ("--fault", "late=0.05", "--fault", "retry=0.1", *LIMIT)
    simulator = world.start_simulator(1000, "--mix", "listeners", *faults, "--labels", labels_path, *oracle)
    unfinished = world.folder / "labels.ndjson.new"
    wait_until(lambda: unfinished.exists() and unfinished.stat().st_size, 60, "labels")
    world.stop_simulator(simulator)
    labels = labels_of(labels_path)
    assert {label["class"] for label in labels} == {"late", "retry"}
    world.simulate(500, "--seed", 2, *faults, *oracle, "--continue-oracle")
    world.catch_up(*LIMIT)
    report = world.prove(*LIMIT, *oracle)
    assert report["kept"] + report["duplicates"] == world.acked


def test_records_of_aborted_transactions_are_in_no_mart_and_the_sink_accounts_for_their_offsets(world):
    labels_path, oracle = world.folder / "labels.ndjson", ("--oracle", world.folder / "oracle.ndjson")
    transactions = ("--transactions", 0.7, "--aborted", 0.5)
    world.simulate(2000, *LIMIT, "--fault", "all=0.01", *transactions, "--labels", labels_path, *oracle)
    labels = labels_of(labels_path)
    aborted = [label for label in labels if label["class"] == "aborted"]
    assert len(aborted) > 100
    assert {label["fate"] for label in aborted} == {"aborted"}
    # Markers are offsets, too.
    world.catch_up(*LIMIT)
    partitions = world.status()
    assert sum(one["log_end"] for one in partitions) > world.acked + len(aborted)
    assert [one["lag"] for one in partitions] == [0, 0, 0]
    report = world.prove(*LIMIT, *oracle)
    assert report["kept"] == 2000
    assert report["kept"] + report["duplicates"] + report["rejected"] == world.acked
    assert_labels_lead_to_their_records(labels, world.rows(PLACES), world.topic)
    # What was aborted was sent again, and is what readers are given.
    ids = {label["event_id"] for label in aborted if label["event_id"]}
    known = {row[5] for row in world.rows(FATES) if row[5]}
    rejected = {label["event_id"] for label in labels if label["fate"] == "rejected"}
    assert ids - rejected <= known


def test_transactions_are_refused_where_there_are_none(world):
    lines = world.run("simulate", "--events", 1, "--output", "-", "--transactions", 1, env=QUIET_BROKER)
    assert (lines.code, "--transactions" in lines.failure["message"]) == (MISCONFIGURED, True), str(lines)
    share = world.run("simulate", "--events", 1, "--aborted", 0.5, env=QUIET_BROKER)
    assert (share.code, "--transactions" in share.failure["message"]) == (MISCONFIGURED, True), str(share)


def test_an_oracle_of_a_simulation_that_was_steered_is_not_gone_on_with_for_that_reason(world):
    control, oracle = world.folder / "control.json", world.folder / "oracle.ndjson"
    lines = ("--output", world.folder / "events.ndjson", "--oracle", oracle)
    simulator = world.start("simulate", "--rate", 300, *lines, "--control", control, env=QUIET_BROKER)
    wait_until((world.folder / "events.ndjson").exists, 20, "the first lines")
    control.write_text('{"faults": {"retry": 1}}')
    wait_until(lambda: simulator.events("simulate.steered"), 20, "the change")
    assert simulator.stop(30).code == 0
    again = world.run("simulate", "--events", 1, *lines, "--seed", 2, "--continue-oracle", env=QUIET_BROKER)
    assert again.code == MISCONFIGURED, str(again)
    assert "--control" in again.failure["message"] and "version" not in again.failure["message"], str(again)


def test_a_class_that_is_none_is_refused_with_the_nearest(world):
    finished = world.run("simulate", "--fault", "retri=0.1", "--output", "-")
    assert finished.code == MISCONFIGURED
    assert "did you mean retry?" in finished.failure["message"]
    assert world.run("simulate", "--output", "-", env={"SIMULATOR_FAULTS": "retry=2"}).code == MISCONFIGURED
