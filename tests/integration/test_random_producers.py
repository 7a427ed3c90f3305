"""Producers that are random in all they may do to a topic, on a real Kafka with real codecs: whatever they did, each record that
a reader is given is one line, each batch that nobody can read is one line, and all of it is proved.

`make soak` draws more topics (SDP_PRODUCER_SEEDS). The same on the log in the process: `log_memory_test`.
"""

import json
import os
import random
import struct
import time

import pytest
from driver.batch import ATTRIBUTES_AT, COUNT_AT, HEAD_SIZE, produce_bytes, rewrite_batch
from driver.codecs import CODECS
from driver.past_hours import event, this_hour

SEEDS = int(os.environ.get("SDP_PRODUCER_SEEDS", "10"))
PARTITIONS = 3
STEPS = 30
DAY_MS = 86_400_000
ANY_TIME = str((1 << 63) - 1)


def flip(batch: bytearray) -> None:
    for at in range(HEAD_SIZE, len(batch)):
        batch[at] ^= 0x5A


def take_unknown_codec(batch: bytearray) -> None:
    batch[ATTRIBUTES_AT + 1] = 7


def promise_one_more(batch: bytearray) -> None:
    [count] = struct.unpack_from(">i", batch, COUNT_AT)
    struct.pack_into(">i", batch, COUNT_AT, count + 1)


# How, and whether the checksum is that of what is there then.
DAMAGES = [(flip, False), (take_unknown_codec, True), (promise_one_more, True)]


class RandomTopic:
    def __init__(self, world, seed: int):
        self.world, self.chance = world, random.Random(seed)
        self.kafka = world.services.kafka
        self.lines = 0
        self.has_lake = False
        self.did: list[str] = []
        settings = {
            "message.timestamp.type": self.chance.choice(["CreateTime", "LogAppendTime"]),
            "message.timestamp.before.max.ms": ANY_TIME,
            "message.timestamp.after.max.ms": ANY_TIME,
            # Records of long ago are not deleted because of their time.
            "retention.ms": "-1",
        }
        self.kafka.create_topic(world.topic, PARTITIONS, settings)
        self.sent = [self.new_event()]
        # The lake keeps the compression of its first sink.
        self.compression = self.chance.choice(["none", "gzip", "zstd"])

    def run(self) -> None:
        for _ in range(STEPS):
            step = self.chance.choices(
                [self.plain, self.committed, self.aborted, self.unreadable, self.sink, self.deleted],
                [10, 3, 3, 4, 2, 1],
            )[0]
            self.did.append(step.__name__)
            step()
        self.sink()

    # --- what producers do ---

    def plain(self) -> None:
        records = [self.record() for _ in range(self.chance.randint(1, 20))]
        self.send(self.partition(), records, self.chance.choice([None, *CODECS]))
        self.lines += len(records)

    def committed(self) -> None:
        values = self.events()
        self.kafka.commit(self.world.topic, self.partition(), values, self.time())
        self.lines += len(values)

    def aborted(self) -> None:
        self.kafka.abort(self.world.topic, self.partition(), self.events(), self.time())

    def unreadable(self) -> None:
        partition = self.partition()
        records = [(None, value, []) for value in self.events()]
        # Markers of transactions come when they come, so only the broker tells where the batch begins.
        first = self.send(partition, records, self.chance.choice(list(CODECS)))
        change, checksum = self.chance.choice(DAMAGES)
        rewrite_batch(self.world.services.partition_folder(self.world.topic, partition), first, change, checksum)
        self.lines += 1

    # --- what others do ---

    def sink(self) -> None:
        size = self.chance.choice([1, 7, 1000])
        self.world.catch_up("--batch-records", size, "--compression", self.compression)
        self.has_lake = True

    def deleted(self) -> None:
        """Retention, of what the lake has."""
        if not self.has_lake:
            return
        at = {one["partition"]: one["lake_end"] for one in self.world.status() if one["lake_end"] > 0}
        if at:
            self.kafka.delete_records(self.world.topic, at)

    # --- draws ---

    def partition(self) -> int:
        return self.chance.randrange(PARTITIONS)

    def send(self, partition: int, records: list, codec: str | None) -> int:
        return produce_bytes(self.kafka.address, self.world.topic, partition, records, self.time(), codec)

    def time(self) -> int:
        now = int(time.time() * 1000)
        return self.chance.choice([now, now, now - 400 * DAY_MS, now + 400 * DAY_MS, now * 1000, 0])

    def new_event(self) -> bytes:
        return event(self.chance, this_hour())

    def events(self) -> list[bytes]:
        self.sent += [self.new_event() for _ in range(self.chance.randint(1, 5))]
        return self.sent[-self.chance.randint(1, 5) :]

    def record(self):
        key = self.chance.choice([None, b"", self.chance.randbytes(9), b"user"])
        headers = [(self.chance.randbytes(self.chance.randrange(4)), self.chance.choice([None, b"", b"\0x"]))]
        value = self.chance.choice([self.some_event, self.some_event, self.some_event, self.odd_value])()
        return key, value, headers * self.chance.randrange(3)

    def some_event(self) -> bytes:
        return self.chance.choice(self.sent) if self.chance.random() < 0.2 else self.events()[-1]

    def odd_value(self) -> bytes | None:
        return self.chance.choice(
            [
                None,
                b"",
                b"[]",
                b"null",
                b'{"a":1,"a":2}',
                b'{"event_id":null}',
                b'{"_kafka_offset":7}',
                b"[" * 3000,
                b'{"x":"\\ud800"}',
                b"\xef\xbb\xbf{}",
                self.sent[0][:-1],
                self.sent[0] + b"\n" + self.sent[0],
                self.chance.randbytes(40),
            ]
        )


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_whatever_producers_did_is_in_the_lake_once_and_proved(world, seed):
    world.env["KAFKA_PARTITIONS"] = str(PARTITIONS)
    topic = RandomTopic(world, seed)
    topic.run()
    assert all(one["lag"] == 0 for one in world.status()), topic.did
    world.must("load", "--max-reject-ratio", 1)
    report = json.loads(world.must("verify", "--json", "--allow-pending", "--max-reject-ratio", 1).out)
    assert report["proved"] is True, (topic.did, report)
    [[kept]] = world.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS")
    [[rejected]] = world.rows("SELECT count(*) FROM BRONZE.REJECTED_EVENTS")
    assert kept + rejected == topic.lines, topic.did
