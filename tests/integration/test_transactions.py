"""Transactions leave offsets without a record: a marker behind each, and the records of those that were aborted. At the
end of a partition nothing is missing because of them."""

import json
import random
import threading
from datetime import timedelta

import pytest
from confluent_kafka import Consumer
from driver.past_hours import event, this_hour
from driver.process import wait_until
from driver.world import SESSION_TIMEOUT_MS

BEHIND, VIOLATION, AGAIN = 10, 20, 75
AT = this_hour() - timedelta(minutes=30)
AT_MS = int(AT.timestamp() * 1000)


def events(count: int, seed: int = 5) -> list[bytes]:
    chance = random.Random(seed)
    return [event(chance, AT) for _ in range(count)]


@pytest.fixture
def topic(world):
    """The topic has records of the last hour; what comes later is stamped by the broker."""
    world.services.kafka.create_topic(world.topic, 3, {"message.timestamp.type": "CreateTime"})
    return world.topic


def test_committed_and_aborted_transactions_at_the_end_are_neither_lag_nor_missing(world, topic):
    kafka = world.services.kafka
    kafka.commit(topic, 0, events(5), AT_MS)
    kafka.commit(topic, 1, events(7, seed=6), AT_MS)
    kafka.abort(topic, 1, events(2, seed=7), AT_MS)
    kafka.abort(topic, 2, events(3, seed=8), AT_MS)
    kafka.set_topic(topic, "message.timestamp.type", "LogAppendTime")
    world.acked = 12
    finished = world.catch_up()
    [sunk] = finished.events("sink.finished")
    assert sunk["records_durable"] == 12, str(finished)

    done = world.must("status", "--json")
    said = json.loads(done.out)
    assert said["lag"] == 0
    assert [one["log_end"] for one in said["partitions"]] == [6, 11, 4]
    assert [one["lake_end"] for one in said["partitions"]] == [5, 7, 0]
    # Lag tools see what is durable, too.
    assert [one["committed"] for one in said["partitions"]] == [6, 11, 4]

    report = world.prove_exactly_what_was_acked()
    assert report["proved"] is True
    hours = world.rows("SELECT records_expected, records, is_complete FROM MART.PIPELINE_HOURS")
    assert hours == [[12, 12, True]]


def test_offsets_without_a_record_between_objects_leave_the_hour_complete(world, topic):
    kafka = world.services.kafka
    for seed in range(4):
        kafka.commit(topic, 0, events(3, seed), AT_MS)
        kafka.abort(topic, 0, events(2, seed + 10), AT_MS)
    kafka.set_topic(topic, "message.timestamp.type", "LogAppendTime")
    world.acked = 12
    world.catch_up("--batch-records", 4)
    world.prove_exactly_what_was_acked()
    assert world.rows("SELECT records_expected, is_complete FROM MART.PIPELINE_HOURS") == [[12, True]]


def test_an_hour_closes_whose_partitions_end_in_what_transactions_leave(world, topic):
    kafka = world.services.kafka
    kafka.commit(topic, 0, events(5), AT_MS)
    kafka.abort(topic, 1, events(2, seed=7), AT_MS)
    kafka.set_topic(topic, "message.timestamp.type", "LogAppendTime")
    sink = world.start_sink("--hour-grace-ms", 1)
    hour = AT.strftime("%Y-%m-%dT%H")

    def is_complete() -> bool:
        done = world.run("status", "--json")
        if done.code not in (0, BEHIND):  # the sink has not made the bucket yet
            return False
        return any(one["hour"] == hour and one["state"] == "complete" for one in json.loads(done.out)["hours"])

    wait_until(is_complete, 60, f"{hour} to be complete", 0.5)
    assert sink.stop().code == 0
    world.must("load", "--complete-hours")
    assert world.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS") == [[5]]


def test_an_open_transaction_is_not_waited_for_and_what_is_missing_counts(world, topic):
    kafka = world.services.kafka
    kafka.commit(topic, 0, events(4), AT_MS)
    producer = kafka.begin(topic, 0, events(3, seed=9), AT_MS)
    world.catch_up()
    assert json.loads(world.must("status", "--json").out)["lag"] == 0
    producer.commit_transaction(30)
    done = world.run("status", "--json")
    assert done.code == BEHIND and json.loads(done.out)["lag"] > 0, str(done)
    world.must("load")
    assert world.run("verify").code == VIOLATION
    world.catch_up()
    assert json.loads(world.must("status", "--json").out)["lag"] == 0


def test_a_sink_under_a_quota_of_the_broker_goes_on_to_the_end(world):
    """The broker keeps an answer back for seconds, again and again."""
    client = f"slow-{world.name}"
    world.services.limit_client(client, bytes_a_second=50_000)
    # Many small batches, so that there are many answers to keep back; compressed, or the quota would take a minute.
    world.simulate(8000, "--rate", 3000, "--topic-compression", "lz4")
    properties = f"client.id={client};fetch.message.max.bytes=20000"
    finished = world.catch_up(env={"KAFKA_PROPERTIES": properties})
    [sunk] = finished.events("sink.finished")
    assert sunk["records_durable"] == 8000, str(finished)
    assert finished.seconds > 4, "the quota did not slow it"


class IdleMember:
    """A member of a group that takes its partitions and makes nothing of them durable."""

    def __init__(self, world):
        self._consumer = Consumer(
            {
                "bootstrap.servers": world.services.kafka_address,
                "group.id": world.group,
                "partition.assignment.strategy": "cooperative-sticky",
                "session.timeout.ms": 6000,
                "heartbeat.interval.ms": 500,
                "enable.auto.commit": False,
            }
        )
        self.partitions: set[int] = set()
        self._consumer.subscribe([world.topic], on_assign=self._assigned, on_revoke=self._revoked)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._poll)
        self._thread.start()

    def _assigned(self, consumer, partitions) -> None:
        self.partitions |= {one.partition for one in partitions}
        consumer.incremental_assign(partitions)

    def _revoked(self, consumer, partitions) -> None:
        self.partitions -= {one.partition for one in partitions}
        consumer.incremental_unassign(partitions)

    def _poll(self) -> None:
        while not self._ended.is_set():
            self._consumer.poll(0.1)

    def close(self) -> None:
        self._ended.set()
        self._thread.join(30)
        self._consumer.close()


def test_partitions_of_a_member_that_makes_nothing_durable_end_the_sink_in_75_and_are_named(world):
    world.simulate(600)
    idle = IdleMember(world)
    try:
        wait_until(lambda: len(idle.partitions) == 3, 30, "the member to have all partitions")
        started = world.start_sink("--until-caught-up")
        finished = started.wait(60)
        assert finished.code == AGAIN, str(finished)
        assert world.group in finished.failure["message"], str(finished)
        assert finished.seconds * 1000 > SESSION_TIMEOUT_MS
        # Its own part is durable.
        own = {one["partition"] for one in finished.events("sink.partition.assigned")}
        assert own and {one["partition"] for one in world.status() if one["lag"]} == {0, 1, 2} - own
    finally:
        idle.close()
    world.catch_up()
    world.prove_up_to_bronze()
