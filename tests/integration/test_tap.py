"""`tap` shows records as they are, harms no terminal, and leaves the pipeline alone."""

import base64
import json
import signal
import subprocess

import pytest
from driver.batch import produce_batch, record_batch
from driver.process import wait_until

BAD_INPUT, MISCONFIGURED = 65, 78
# What may not reach a terminal, and bytes that are not text.
RECORDS = [
    (b"user", b'{"a":1}'),
    (b"esc\x1b[2J", b"bell\x07 csi\xc2\x9b31m"),
    (None, b"\xff\x00"),
    (b"tombstone", None),
    ("schlüssel".encode(), "東京 \u202e".encode()),
]


def lines(done) -> list[dict]:
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.fixture
def one_partition(world):
    world.services.kafka.create_topic(world.topic, 1, {"message.timestamp.type": "LogAppendTime"})
    return world


@pytest.fixture
def filled(one_partition):
    one_partition.services.kafka.produce(one_partition.topic, RECORDS)
    return one_partition


def tap_log(world, *arguments):
    return world.must("tap", "log", "--from-beginning", "--records", len(RECORDS), *arguments)


def test_records_are_shown_byte_by_byte(filled):
    found = lines(tap_log(filled, "--json"))
    assert [one["offset"] for one in found] == list(range(len(RECORDS)))
    assert {(one["topic"], one["partition"], one["schema_version"]) for one in found} == {(filled.topic, 0, 1)}
    assert all(one["append_time"].endswith("Z") for one in found)

    def told(one, name):
        return base64.b64decode(one[f"{name}_base64"]) if f"{name}_base64" in one else one[name] and one[name].encode()

    assert [(told(one, "key"), told(one, "value")) for one in found] == RECORDS


def test_control_characters_reach_no_terminal(filled):
    for form in ([], ["--json"]):
        text = tap_log(filled, *form).out
        assert all(c == "\n" or (c.isprintable() and c != "\u202e") for c in text), repr(text)
    plain = tap_log(filled).out.splitlines()
    assert plain[0].startswith(f"{filled.topic}/0/0 2") and plain[0].endswith(' user {"a":1}')
    assert plain[1].endswith(r"esc\x1b[2J bell\x07 csi\u009b31m")
    assert plain[2].endswith(r" - \xff\x00")
    assert plain[3].endswith(" tombstone null")
    assert plain[4].endswith(r" schlüssel 東京 \u202e")


def test_a_tap_starts_where_it_is_told(filled):
    def offsets(*arguments):
        return [one["offset"] for one in lines(filled.must("tap", "log", "--json", *arguments))]

    assert offsets("--offset", 3, "--records", 2) == [3, 4]
    assert offsets("--partition", 0, "--offset", 1, "--records", 1) == [1]
    assert offsets("--from-beginning", "--grep", "tombstone", "--records", 1) == [3]
    assert offsets("--from-beginning", "--grep", "csi", "--records", 1) == [1]
    for arguments, word in [
        (("--offset", 6), "from 0 up to 5"),
        (("--partition", 1), "has partitions 0 to 0"),
    ]:
        refused = filled.run("tap", "log", *arguments)
        assert refused.code == BAD_INPUT and word in refused.err, str(refused)
    assert filled.run("tap", "log", "--offset", 0, "--from-beginning").code == MISCONFIGURED


def test_a_tap_follows_the_topic_and_joins_nothing(filled):
    """What was there before is not shown; what comes is, at once, and Ctrl-C ends it well."""
    filled.must("init")
    tap = filled.start("tap", "log", "--json")
    sent = 0

    def shown():
        nonlocal sent
        filled.services.kafka.produce(filled.topic, [(b"n", str(sent).encode())])
        sent += 1
        return tap.out

    wait_until(shown, 60, "a record that came after the start", 0.5)
    assert {one["committed"] for one in filled.status()} == {None}
    done = tap.stop(30, signal.SIGINT)
    assert done.code == 0, str(done)
    values = [int(one["value"]) for one in lines(done)]
    assert values == list(range(values[0], values[-1] + 1)) and values[-1] < sent


def test_nobody_at_the_pipe_ends_a_tap_quietly(world):
    world.simulate(5_000)
    for command in ("tap log --from-beginning", "tap log --from-beginning --json"):
        done = subprocess.run(
            ["bash", "-c", f'set -o pipefail; "{world.services.binary}" {command} | head -1'],
            env=world.env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done
        assert len(done.stdout.splitlines()) == 1 and "error" not in done.stderr


def test_a_batch_that_nobody_can_read_is_named(one_partition):
    world = one_partition
    world.services.kafka.produce(world.topic, [(b"k", b"before")])
    produce_batch(
        world.services.kafka_address, world.topic, 0, record_batch([(None, bytes(60 << 20), [])], codec="zstd")
    )
    world.services.kafka.produce(world.topic, [(b"k", b"behind")])
    found = lines(world.must("tap", "log", "--from-beginning", "--json", "--records", 3))
    assert [one.get("value") for one in found] == ["before", None, "behind"]
    assert found[1]["unreadable"] == "batch_too_large" and found[1]["last_offset"] == 1


def stored_lines(world) -> list[str]:
    objects = sorted(world.objects())
    return [line for key in objects for line in world.services.s3.get(world.bucket, key).decode().splitlines()]


def test_the_lake_is_shown_line_by_line(world):
    world.simulate(60)
    world.catch_up("--batch-records", 10)
    keys = sorted(world.objects())
    wanted = stored_lines(world)
    assert len(wanted) == 60 and len(keys) >= 6
    assert sorted(world.must("tap", "lake", "--objects", 1000).out.splitlines()) == sorted(wanted)
    newest = world.must("tap", "lake", "--objects", 1).out.splitlines()
    assert newest == world.services.s3.get(world.bucket, keys[-1]).decode().splitlines()
    named = lines(world.must("tap", "lake", "--json", keys[0]))
    assert {one["object"] for one in named} == {keys[0]}
    assert [one["line"] for one in named] == [
        json.loads(line) for line in world.services.s3.get(world.bucket, keys[0]).decode().splitlines()
    ]
    user = json.loads(wanted[0])["user_id"]
    some = world.must("tap", "lake", "--objects", 1000, "--grep", user).out.splitlines()
    assert sorted(some) == sorted(line for line in wanted if user in line)
    assert len(world.must("tap", "lake", "--objects", 1000, "--records", 7).out.splitlines()) == 7


def test_an_object_that_is_none_is_refused(world):
    world.must("init")
    (world.folder / "empty").mkdir()
    for place, words in ((world.bucket, ()), (str(world.folder / "empty"), ("--lake", world.folder / "empty"))):
        empty = world.run("tap", "lake", *words)
        assert (empty.code, empty.out) == (MISCONFIGURED, ""), str(empty)
        assert place in empty.failure["message"] and "spotify-pipeline sink" in empty.failure["message"]
    for name in ("bronze/nothing.json", "_pipeline/lake.json", "../x"):
        refused = world.run("tap", "lake", name)
        assert refused.code == BAD_INPUT and name in refused.err, str(refused)
    assert world.run("tap", "lake", "bronze/a.json", "--follow").code == MISCONFIGURED


def test_the_lake_is_followed(world):
    world.simulate(30)
    world.catch_up()
    tap = world.start("tap", "lake", "--follow", "--objects", 1, "--json")
    wait_until(lambda: tap.out, 60, "the newest object", 0.2)
    world.simulate(30)
    world.catch_up()
    wait_until(lambda: len(tap.out.splitlines()) >= 30, 60, "the lines that came", 0.5)
    done = tap.stop(30, signal.SIGINT)
    assert done.code == 0, str(done)
    shown = [json.dumps(one["line"], sort_keys=True) for one in lines(done)]
    assert len(set(shown)) == len(shown)
    stored = {json.dumps(json.loads(line), sort_keys=True) for line in stored_lines(world)}
    # The older objects of the first thirty are not among the newest.
    assert set(shown) <= stored and 30 <= len(shown) <= 60
