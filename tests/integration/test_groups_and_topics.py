"""The lake, not the group, says where to go on; a topic created again is another topic."""

import random
import re
import signal
import time
from datetime import timedelta

import pytest
from driver.past_hours import make_topic_with_past, this_hour
from driver.process import wait_until


def test_a_deleted_group_starts_anew_and_doubles_nothing(world):
    world.simulate(5000)
    world.catch_up()
    lake = world.objects()
    world.services.kafka.delete_group(world.group)
    again = world.catch_up()
    [sunk] = again.events("sink.finished")
    assert (sunk["records_durable"], sunk["objects"]) == (0, 0), str(again)
    assert world.objects() == lake

    world.simulate(2000)
    world.services.kafka.delete_group(world.group)
    world.catch_up()
    after = world.objects()
    assert {key: after[key] for key in lake} == lake
    world.prove_up_to_bronze()


def test_another_group_beside_the_first_doubles_nothing(world):
    simulator = world.start_simulator(2000)
    first = world.start_sink()
    world.wait_for_objects(3)
    # Both read everything, and meet at the same places all the time.
    second = world.start_sink(env={"KAFKA_GROUP_ID": f"{world.group}-other"})
    wait_until(lambda: second.uploads and second.adoptions + first.adoptions >= 3, 60, "the groups to meet")
    world.stop_simulator(simulator)
    for sink in (first, second):
        finished = sink.stop()
        assert finished.code == 0, str(finished)
    world.catch_up(env={"KAFKA_GROUP_ID": f"{world.group}-third"})
    world.prove_up_to_bronze()


def delete_topic(world) -> None:
    world.services.kafka.delete_topic(world.topic)
    wait_until(lambda: world.run("status").code == 65, 30, "the topic to be gone", 0.5)


def topic_ids(world) -> list:
    return world.rows("SELECT topic_id, count(*) FROM BRONZE.SPOTIFY_EVENTS GROUP BY 1 ORDER BY 2")


def test_a_topic_deleted_and_created_again_goes_on_with_new_chains(world):
    world.simulate(3000)
    world.catch_up()
    world.prove_exactly_what_was_acked()
    delete_topic(world)

    world.simulate(4000)
    world.catch_up()
    report = world.prove_exactly_what_was_acked()

    ids = topic_ids(world)
    assert [count for _, count in ids] == [3000, 4000]
    assert any("log no longer holds" in note and ids[0][0] in note for note in report["notes"]), report["notes"]
    assert report["offsets_against_log"] == 4000


def test_the_last_hour_of_a_topic_that_was_created_again_is_loaded_by_schedule(world):
    hour = this_hour() - timedelta(hours=1)
    make_topic_with_past(world, {hour: 30})
    # To this one the hour is not over yet.
    world.catch_up("--hour-grace-ms", 2 * 3_600_000)
    delete_topic(world)
    make_topic_with_past(world, {hour: 20})
    sink = world.start_sink("--hour-grace-ms", 1)
    # All partitions of the old life, and those of the new one.
    wait_until(lambda: len(sink.events("hours.past_closed")) == 3, 60, "the old life's last hour to be closed")
    wait_until(lambda: {one["partition"] for one in sink.events("hours.closed")} == {0, 1, 2}, 60, "the new one's")
    assert sink.stop().code == 0
    world.must("load", "--complete-hours")
    assert sorted(count for _, count in topic_ids(world)) == [20, 30]


def test_a_sink_that_runs_while_its_topic_is_created_again_files_nothing_under_the_old_id(world):
    world.simulate(3000)
    sink = world.start_sink()
    wait_until(lambda: sink.listening, 30, "the sink to have made its bucket")
    wait_until(lambda: all(one["lag"] == 0 for one in world.status()), 60, "the sink to catch up", 0.5)
    delete_topic(world)
    # More than the old topic ever had, so that the sink's positions exist in the new one too.
    world.simulate(9000)
    time.sleep(3)
    if sink.is_running():
        sink.stop()
    ended = sink.finished()
    assert ended.code in (0, 65, 69, 75), str(ended)
    world.catch_up()
    world.prove_up_to_bronze()
    assert [count for _, count in topic_ids(world)] == [3000, 9000]


def test_a_sink_that_stands_still_while_its_topic_is_created_again_files_nothing_under_the_old_id(world):
    """When it goes on, its positions exist in the new topic: no fetch fails that would tell."""
    world.simulate(3000)
    # What it is given then is cut at once.
    sink = world.start_sink("--session-timeout-ms", 30_000, "--batch-records", 100)
    wait_until(lambda: sink.listening, 30, "the sink to have made its bucket")
    wait_until(lambda: all(one["lag"] == 0 for one in world.status()), 60, "the sink to catch up", 0.5)
    sink.send(signal.SIGSTOP)
    delete_topic(world)
    world.simulate(9000)
    sink.send(signal.SIGCONT)
    ended = sink.wait(60)
    assert ended.code == 75, str(ended)
    assert "deleted and created again" in ended.failure["message"]
    world.catch_up()
    world.prove_up_to_bronze()
    assert [count for _, count in topic_ids(world)] == [3000, 9000]


@pytest.mark.parametrize("times", [3, pytest.param(12, marks=pytest.mark.wide)])
def test_a_topic_that_is_created_again_under_load_shares_no_chain_with_the_old_one(world, times, say):
    """Each life of the topic has more records at once than its predecessor, so that a sink's positions lie in its midst."""
    kafka, chance = world.services.kafka, random.Random(times)
    world.must("init", "--partitions", 2)
    load = ("--batch-records", 400, "--batch-linger-ms", 300, "--batch-idle-ms", 300)
    sink, ended = world.start_sink(*load), []
    for life in range(times + 1):
        if life:
            kafka.delete_topic(world.topic)
            time.sleep(chance.uniform(0.1, 0.5))
            wait_until(lambda: world.run("init", "--partitions", 2).code == 0, 30, "the topic to be created", 0.02)
        until, number = time.monotonic() + chance.uniform(0.8, 1.6), 0
        while time.monotonic() < until:
            # The first burst is the largest.
            burst = range(number, number + (3_000 * (life + 1) if number == 0 else 100))
            for partition in (0, 1):
                values = [(None, f'{{"life":{life},"n":{n}}}'.encode()) for n in burst]
                kafka.produce(world.topic, values, partition=partition)
            number = burst.stop
            if not sink.is_running():
                ended.append(sink.finished().code)
                sink = world.start_sink(*load)
            time.sleep(0.02)
    wait_until(lambda: sink.listening or not sink.is_running(), 30, "the last sink to begin")
    ended.append(sink.stop().code if sink.is_running() else sink.finished().code)
    world.catch_up()
    say(f"sinks ended with {ended}")
    assert set(ended) <= {0, 65, 69, 75}, ended

    world.must("load")
    lives = world.rows(
        """SELECT topic_id, json_extract(payload, '$.life')::INTEGER, kafka_partition, count(*),
           min(json_extract(payload, '$.n')::INTEGER), max(json_extract(payload, '$.n')::INTEGER)
           FROM BRONZE.SPOTIFY_EVENTS GROUP BY 1, 2, 3 ORDER BY 2, 3"""
    )
    chains = [(topic_id, partition) for topic_id, _, partition, *_ in lives]
    assert len(set(chains)) == len(chains), f"two topics in one chain: {lives}"
    # Each is a part from the topic's begin; of the last topic it is all.
    assert all((first, last + 1) == (0, rows) for *_, rows, first, last in lives), lives
    assert [row[2:4] for row in lives if row[1] == times] == [[0, number], [1, number]], lives


def test_a_sink_creates_no_topic_and_names_the_command_that_does(world):
    refused = world.run("sink", "--until-caught-up", "--wait-topic", 0)
    assert refused.code == 78, str(refused)
    assert world.topic in refused.failure["message"] and "spotify-pipeline init" in refused.failure["message"]
    assert world.run("status").code == 65, "the topic was created"

    waiting = world.start_sink("--wait-topic", 60)
    wait_until(lambda: waiting.events("sink.topic.waiting"), 30, "the sink to wait for its topic")
    world.must("init")
    wait_until(lambda: waiting.listening, 30, "the sink to find its topic")
    world.simulate(100)
    world.wait_for_objects(0)
    finished = waiting.stop()
    assert finished.code == 0, str(finished)
    world.catch_up()
    world.prove_up_to_bronze()


def test_partitions_that_are_added_are_read_within_half_a_minute(world):
    world.simulate(300)
    sink = world.start_sink("--kafka-metadata-refresh-ms", 2000)
    slow = world.start_sink(env={"KAFKA_GROUP_ID": f"{world.group}-by-default"})
    for one in (sink, slow):
        wait_until(lambda one=one: len(one.partitions) == 3, 30, "the sink to have the partitions that there are")
    kafka = world.services.kafka
    kafka.add_partitions(world.topic, 5)
    # As often as was asked, and within 30 s when nothing was asked.
    wait_until(lambda: len(sink.partitions) == 5, 12, "the sink to have the partitions that were added", promised=True)
    wait_until(lambda: sink.events("sink.partitions.added"), 12, "the sink to say so", promised=True)
    [said] = sink.events("sink.partitions.added")
    assert said["partitions"] == 5
    # Busy machines have PATIENCE, and still less than the five minutes after which librdkafka looks by itself.
    wait_until(lambda: len(slow.partitions) == 5, 20, "the other sink to have them, too")
    kafka.produce(world.topic, [(None, b'{"n":1}')], partition=4)
    wait_until(lambda: any("_p4_" in key for key in world.objects()), 30, "an object of an added partition")
    for one in (sink, slow):
        assert one.stop().code == 0


def test_offsets_that_the_log_deleted_unread_stop_the_sink_until_the_gap_is_acknowledged(world):
    world.simulate(3000)
    world.catch_up()
    world.simulate(3000)
    partition = max(world.status(), key=lambda one: one["lag"])
    first, lost_end = partition["lake_end"], partition["lake_end"] + partition["lag"] // 2
    world.services.kafka.delete_records(world.topic, {partition["partition"]: lost_end})

    refused = world.run("sink", "--until-caught-up")
    assert refused.code == 65, str(refused)
    assert refused.failure["kind"] == "data_gap", str(refused)
    error = refused.failure["message"]
    assert world.topic in error and f"[{first}, {lost_end})" in error and "--allow-gap" in error, error
    assert re.search(rf"\bp{partition['partition']}\b", error), error

    world.catch_up("--allow-gap")
    # Acknowledged once, it is not an obstacle any more.
    world.simulate(500)
    world.catch_up()
    world.acked -= lost_end - first
    report = world.prove_exactly_what_was_acked()
    assert any(f"[{first}, {lost_end})" in note and "lost" in note for note in report["notes"]), report["notes"]


def test_offsets_that_were_read_in_time_may_be_deleted(world):
    world.simulate(3000)
    world.catch_up()
    read = {one["partition"]: one["lake_end"] for one in world.status()}
    world.services.kafka.delete_records(world.topic, read)
    world.simulate(1000)
    world.catch_up()
    report = world.prove_up_to_bronze()
    assert report["offsets_against_log"] == 1000
