"""In what brokers compress a topic is set when it is created, and by default every client of Kafka can read it."""

import json

import pytest
from driver.batch import stored_compressions
from kafka import KafkaConsumer
from kafka.errors import UnsupportedCodecError

EVENTS = 2000
MISCONFIGURED = 78


def read_by_a_stock_client(world) -> list[dict]:
    consumer = KafkaConsumer(
        world.topic,
        bootstrap_servers=world.services.kafka_address,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=5000,
    )
    try:
        read = []
        for record in consumer:
            read.append(json.loads(record.value))
            if len(read) == EVENTS:
                break
        return read
    finally:
        consumer.close()


def kept(finished) -> list[tuple[str, str]]:
    return [(one["compression"], one["wanted"]) for one in finished.events("topic.compression_kept")]


def test_a_topic_of_ours_is_read_by_a_client_without_libraries(world):
    created = world.must("simulate", "--events", EVENTS)
    assert world.services.kafka.topic_settings(world.topic)["compression.type"] == "uncompressed"
    assert stored_compressions(world.services.kafka_address, world.topic, 3) == {"none"}
    assert kept(created) == []
    read = read_by_a_stock_client(world)
    assert len(read) == EVENTS
    assert len({event["event_id"] for event in read}) == EVENTS
    assert kept(world.must("init")) == []


def test_such_a_client_does_not_read_lz4(world):
    """What the default is for: without it, this is what a stock consumer meets."""
    world.must("simulate", "--events", EVENTS, "--topic-compression", "lz4")
    with pytest.raises(UnsupportedCodecError):
        read_by_a_stock_client(world)


@pytest.mark.parametrize("name", ["gzip", "snappy", "lz4", "zstd"])
def test_brokers_store_the_topic_as_it_is_set_and_the_chain_is_whole(world, name):
    world.env["KAFKA_TOPIC_COMPRESSION"] = name
    world.must("init")
    world.simulate(EVENTS)
    assert world.services.kafka.topic_settings(world.topic)["compression.type"] == name
    assert stored_compressions(world.services.kafka_address, world.topic, 3) == {name}
    world.catch_up()
    world.prove_up_to_bronze()


def test_where_producers_choose_ours_does_not_compress_unless_its_properties_say_so(world):
    world.env["KAFKA_TOPIC_COMPRESSION"] = "producer"
    world.must("simulate", "--events", EVENTS)
    assert world.services.kafka.topic_settings(world.topic)["compression.type"] == "producer"
    assert stored_compressions(world.services.kafka_address, world.topic, 3) == {"none"}
    world.must("simulate", "--events", EVENTS, "--kafka-property", "compression.type=zstd")
    assert stored_compressions(world.services.kafka_address, world.topic, 3) == {"none", "zstd"}


def test_a_topic_that_exists_keeps_its_compression_and_it_is_said_once(world):
    world.must("init", "--topic-compression", "zstd")
    again = world.must("init")
    assert kept(again) == [("zstd", "none")], str(again)
    simulated = world.must("simulate", "--events", EVENTS, "--topic-compression", "gzip")
    assert kept(simulated) == [("zstd", "gzip")], str(simulated)
    assert world.services.kafka.topic_settings(world.topic)["compression.type"] == "zstd"
    assert stored_compressions(world.services.kafka_address, world.topic, 3) == {"zstd"}


def test_a_flag_that_an_embedded_run_would_not_read_is_refused(world):
    refused = world.run("run", "--events", 10, "--topic-compression", "lz4")
    assert refused.code == MISCONFIGURED, str(refused)
    assert "--topic-compression has no effect" in str(refused)
