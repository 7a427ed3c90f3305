"""Record batches that no reader can read: they stop nothing, stand in the lake as one line each, and are proved."""

import hashlib
import json
import random
import struct
import time
from datetime import timedelta
from pathlib import Path

import pytest
from driver import spoil_lake
from driver.batch import ATTRIBUTES_AT, COUNT_AT, HEAD_SIZE, produce_batch, produce_bytes, record_batch, rewrite_batch
from driver.codecs import CODECS
from driver.past_hours import event, this_hour

VIOLATION = 20
RSS_MAX = 400 << 20
# Values of 30 MB that fit are kept with their bytes: one of each partition waits while others are written.
RSS_MAX_OF_LARGE_VALUES = 700 << 20
MEGABYTE = 1_000_000
AT = this_hour() - timedelta(minutes=30)


def events(count: int, seed: int) -> list[bytes]:
    chance = random.Random(seed)
    return [event(chance, AT) for _ in range(count)]


class Topic:
    """Batches in the partitions of a world's topic. Partition 0 gets those that cannot be read."""

    def __init__(self, world):
        self.world = world
        self.kept = 0
        self.end = [0, 0, 0]
        world.services.kafka.create_topic(world.topic, 3, {"max.message.bytes": "20000000"})

    def put(self, partition: int, values: list[bytes], codec: str | None = None) -> int:
        """Returns the batch's first offset."""
        first = self.end[partition]
        records = [(None, value, []) for value in values]
        produce_bytes(self.world.services.kafka_address, self.world.topic, partition, records, codec=codec)
        self.end[partition] += len(values)
        return first

    def events(self, partition: int, count: int, codec: str | None = None) -> int:
        first = self.put(partition, events(count, seed=1000 * partition + self.end[partition]), codec)
        self.kept += count
        return first

    def spoil(self, first: int, count: int, change, checksum: bool = True) -> None:
        """The batch of `count` events at `first` in partition 0."""
        rewrite_batch(self.folder, first, change, checksum)
        self.kept -= count

    @property
    def folder(self) -> Path:
        return self.world.services.partition_folder(self.world.topic, 0)

    def others(self) -> None:
        for partition in (1, 2):
            self.events(partition, 20)


@pytest.fixture
def topic(world):
    return Topic(world)


def prove(topic: Topic, ranges: dict[int, tuple[int, str]]) -> None:
    """The whole chain is proved, and has these batches of partition 0: first offset -> offsets, code."""
    world = topic.world
    sunk = world.catch_up("--batch-records", 5)
    told = {one["first"]: (one["end"] - one["first"], one["reason"]) for one in sunk.events("sink.batch.unreadable")}
    assert told == ranges, str(sunk)
    report = world.prove()
    assert report["rejected"] == len(ranges)
    assert world.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS") == [[topic.kept]]
    found = world.rows("SELECT kafka_offset, error_code, raw_base64 FROM BRONZE.REJECTED_EVENTS ORDER BY kafka_offset")
    assert found == [[first, code, None] for first, (_, code) in sorted(ranges.items())]
    assert all(one["lag"] == 0 for one in world.status())


def peak_of(running, timeout: float):
    """Waits for its end. What it finished with, and the most memory that it had."""
    deadline, peak = time.monotonic() + timeout, 0
    while running.is_running() and time.monotonic() < deadline:
        try:
            for line in Path(f"/proc/{running.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    peak = int(line.split()[1]) << 10
        except (FileNotFoundError, ProcessLookupError):
            break
        time.sleep(0.02)
    return running.wait(max(1, deadline - time.monotonic())), peak


def prove_within(topic: Topic, rss_max: int, timeout: float = 240) -> list[str]:
    """Sink, load and verify, each within `rss_max`. Returns the codes of all rejected rows."""
    world = topic.world
    for command in (
        ["sink", "--until-caught-up"],
        ["load", "--max-reject-ratio", "1"],
        ["verify", "--allow-pending"],
    ):
        finished, peak = peak_of(world.start(*command), timeout)
        assert finished.code == 0, str(finished)
        assert peak <= rss_max, f"{command[0]} had {peak >> 20} MiB"
    assert world.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS") == [[topic.kept]]
    return [row[0] for row in world.rows("SELECT error_code FROM BRONZE.REJECTED_EVENTS ORDER BY kafka_offset")]


@pytest.mark.parametrize(
    "codec", [codec if codec == "gzip" else pytest.param(codec, marks=pytest.mark.wide) for codec in CODECS]
)
def test_batches_that_grow_too_large_are_one_line_each_wherever_they_are(topic, codec):
    bomb = [b"{" + b" " * 40 * MEGABYTE + b"}", b"small"]
    ranges = {}
    for part in ("bad", "good", "bad", "bad", "good", "bad"):
        if part == "good":
            topic.events(0, 3, codec)
        else:
            ranges[topic.put(0, bomb, codec)] = (2, "batch_too_large")
        topic.others()
    prove(topic, ranges)


def flip(batch: bytearray) -> None:
    """The compressed bytes, all of them."""
    for at in range(HEAD_SIZE, len(batch)):
        batch[at] ^= 0x5A


@pytest.mark.parametrize("codec", CODECS)
def test_batches_with_damaged_bytes_are_one_line_each_wherever_they_are(topic, codec):
    firsts = {}
    for index, part in enumerate(["bad", "good", "bad", "bad", "good", "bad"]):
        count = 1 + 3 * index
        first = topic.events(0, count, codec)
        if part == "bad":
            firsts[first] = count
        topic.others()
    for first, count in firsts.items():
        topic.spoil(first, count, flip)
    prove(topic, {first: (count, "batch_undecodable") for first, count in firsts.items()})


def set_codec(number: int):
    def change(batch: bytearray) -> None:
        batch[ATTRIBUTES_AT + 1] = number

    return change


def one_more(batch: bytearray) -> None:
    [count] = struct.unpack_from(">i", batch, COUNT_AT)
    struct.pack_into(">i", batch, COUNT_AT, count + 1)


def shorter_record(batch: bytearray) -> None:
    """The first record says that it ends earlier than it does."""
    batch[HEAD_SIZE] -= 2


DAMAGES = {
    "batch_bad_checksum": (flip, False),
    "batch_unknown_codec": (set_codec(7), True),
    "batch_malformed": (one_more, True),
}


def test_every_other_damage_has_its_code(topic):
    ranges = {}
    for code, (change, checksum) in DAMAGES.items():
        topic.events(0, 4)
        first = topic.events(0, 200)
        ranges[first] = (200, code)
        topic.spoil(first, 200, change, checksum)
    first = topic.events(0, 5)
    ranges[first] = (5, "batch_malformed")
    topic.spoil(first, 5, shorter_record)
    topic.events(0, 4)
    topic.others()
    prove(topic, ranges)


def test_what_a_decoder_takes_for_a_whole_is_no_whole(topic):
    """A gzip stream that ends between two records: no decoder finds fault with it."""
    whole = record_batch([(None, value, []) for value in events(4, seed=9)], codec="gzip")
    part = record_batch([(None, value, []) for value in events(2, seed=9)], codec="gzip")
    first = topic.put(0, events(4, seed=9), "gzip")
    assert len(part) < len(whole)

    def cut(batch: bytearray) -> None:
        # What follows the end of a gzip stream is not looked at.
        batch[HEAD_SIZE : len(part)] = part[HEAD_SIZE:]

    rewrite_batch(topic.folder, first, cut)
    topic.events(0, 3)
    prove(topic, {first: (4, "batch_malformed")})


def test_a_batch_that_decays_after_it_was_read_is_no_violation(topic):
    """The lake has its records, and the log can no longer say otherwise. What the code of a decayed batch is does not
    matter either."""
    first = topic.events(0, 6, "gzip")
    topic.others()
    before = rewrite_batch(topic.folder, first, lambda batch: None)
    topic.world.catch_up()
    rewrite_batch(topic.folder, first, flip)
    report = topic.world.prove()
    assert report["kept"] == topic.kept
    assert any("no longer be read" in note for note in report["notes"]), report
    rewrite_batch(topic.folder, first, lambda batch: batch.__setitem__(slice(None), before))
    assert "no longer" not in json.dumps(topic.world.prove()["notes"])


def test_a_batch_whose_damage_changes_stays_proved(topic):
    first = topic.events(0, 6, "gzip")
    topic.others()
    topic.spoil(first, 6, flip)
    topic.world.catch_up()
    rewrite_batch(topic.folder, first, set_codec(6), checksum=False)
    topic.world.prove()
    # And the sink goes on behind it.
    topic.events(0, 2)
    topic.world.catch_up()
    topic.world.prove()


def test_a_batch_that_the_log_can_read_is_wrongly_rejected(topic):
    first = topic.events(0, 6, "gzip")
    topic.others()
    before = rewrite_batch(topic.folder, first, flip)
    topic.world.catch_up()
    rewrite_batch(topic.folder, first, lambda batch: batch.__setitem__(slice(None), before))
    topic.world.must("load")
    done = topic.world.run("verify", "--allow-pending")
    assert done.code == VIOLATION and "wrongly rejected" in done.out, str(done)
    # A sink that starts again does not stop for it.
    topic.events(0, 2)
    topic.world.catch_up()


def rewrite_object(lake: Path, change) -> None:
    """Changes the text of the one object of partition 0, with metadata that are right for it."""
    [chain] = [one for one in spoil_lake.chains(lake) if one.partition == 0]
    [(key, metadata)] = chain.objects
    body = change((lake / key).read_bytes())
    lines = body.splitlines()
    rejected = [json.loads(line) for line in lines if b'"_error"' in line]
    first = min(one["_kafka_offset"] for one in rejected)
    last = max(one.get("_kafka_last_offset", one["_kafka_offset"]) for one in rejected)
    metadata |= {
        "records": str(len(lines)),
        "rejected": str(len(rejected)),
        "sha256": hashlib.sha256(body).hexdigest(),
        "last-line-sha256": hashlib.sha256(lines[-1]).hexdigest(),
        "first-rejected": str(first),
        "last-rejected": str(last),
    }
    spoil_lake.write(lake / key, body)
    spoil_lake.write_metadata(lake, key, metadata)


def swap(before: bytes, after: bytes):
    def change(body: bytes) -> bytes:
        assert before in body
        return body.replace(before, after)

    return change


def without_last_kept(body: bytes) -> bytes:
    """The line of the batch begins one offset earlier, in place of the record there."""
    lines = body.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if b"_kafka_last_offset" in line)
    lines[at] = lines[at].replace(b'"_kafka_offset":3,', b'"_kafka_offset":2,')
    del lines[at - 1]
    return b"".join(lines)


def also_first_behind(body: bytes) -> bytes:
    lines = body.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if b"_kafka_last_offset" in line)
    lines[at] = lines[at].replace(b'"_kafka_last_offset":7,', b'"_kafka_last_offset":8,')
    del lines[at + 1]
    return b"".join(lines)


CHANGES = {
    "begins later": swap(b'"_kafka_offset":3,', b'"_kafka_offset":4,'),
    "ends earlier": swap(b'"_kafka_last_offset":7,', b'"_kafka_last_offset":6,'),
    "begins earlier": without_last_kept,
    "ends later": also_first_behind,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_line_of_other_offsets_than_the_log_refuses_is_a_violation(topic, name):
    world = topic.world
    lake = world.folder / "lake"
    world.env["SPOTIFY_LAKE"] = str(lake)
    topic.events(0, 3, "gzip")
    first = topic.events(0, 5, "gzip")
    topic.events(0, 3, "gzip")
    topic.spoil(first, 5, flip)
    # All in one object, so that its text alone says where the batch is.
    world.must("sink", "--until-caught-up", "--compression", "none")
    world.must("warehouse", "init")
    world.must("verify", "--allow-pending")
    rewrite_object(lake, CHANGES[name])
    done = world.run("verify", "--allow-pending")
    assert done.code == VIOLATION, str(done)
    assert "wrongly rejected" in done.out or "missing from the lake" in done.out, str(done)


def test_a_batch_of_240_megabytes_needs_no_memory(topic):
    topic.put(0, [b"a" * 240 * MEGABYTE], "gzip")
    topic.events(0, 5)
    topic.others()
    assert prove_within(topic, RSS_MAX) == ["batch_too_large"]


@pytest.mark.long
def test_250_batches_of_60_megabytes_in_one_fetch_need_no_memory(topic):
    batch = record_batch([(None, b"a" * 60 * MEGABYTE, [])], codec="zstd")
    assert len(batch) < 8192
    for _ in range(250):
        produce_batch(topic.world.services.kafka_address, topic.world.topic, 0, batch)
    topic.end[0] += 250
    topic.events(0, 5)
    topic.others()
    assert prove_within(topic, RSS_MAX) == ["batch_too_large"] * 250


@pytest.mark.long
@pytest.mark.wide
def test_large_values_that_fit_need_no_memory_each(topic):
    """They are kept with their bytes, which are more than any of them has in the log."""
    value = b"a" * 30 * MEGABYTE
    batch = record_batch([(None, value, [])], codec="zstd")
    for partition in (0, 1, 2):
        for _ in range(8):
            produce_batch(topic.world.services.kafka_address, topic.world.topic, partition, batch)
        topic.end[partition] += 8
    topic.others()
    assert prove_within(topic, RSS_MAX_OF_LARGE_VALUES) == ["line_too_large"] * 24


@pytest.mark.long
def test_a_batch_of_too_many_records_is_one_line(topic):
    """A record takes hundreds of bytes where it is read, however small it is."""
    batch = record_batch([(None, b"", [])] * 300_000, codec="zstd")
    produce_batch(topic.world.services.kafka_address, topic.world.topic, 0, batch)
    topic.end[0] += 300_000
    topic.events(0, 5)
    topic.others()
    prove(topic, {0: (300_000, "batch_too_large")})
