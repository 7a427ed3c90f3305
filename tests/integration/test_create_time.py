"""Topics with producers' time stamps, as Kafka makes every topic that nobody thought about: scheduled loads take them."""

import json
import random
import time
from datetime import timedelta

from driver.past_hours import event, this_hour
from driver.process import wait_until

HOUR_MS = 3_600_000


def test_hours_close_by_the_sinks_clock_whatever_producers_clocks_say(world):
    kafka = world.services.kafka
    # Brokers may be told to refuse times of the future; not all are.
    kafka.create_topic(world.topic, 3, {"message.timestamp.after.max.ms": str(2**63 - 1)})
    chance = random.Random(3)
    now_ms = int(time.time() * 1000)
    # One clock is an hour late, one is a year ahead, one is in 1980.
    for off_by in (-HOUR_MS, 9_000 * HOUR_MS, -(now_ms - 10 * 366 * 24 * HOUR_MS), -HOUR_MS):
        for partition in (0, 1):
            kafka.produce(world.topic, [(None, event(chance, this_hour()))] * 2, partition, now_ms + off_by)
    world.acked = 16
    sink = world.start_sink("--hour-grace-ms", 1)
    last = (this_hour() - timedelta(hours=1)).strftime("%Y-%m-%dT%H")

    def is_complete() -> bool:
        done = world.run("status", "--json")
        if done.code not in (0, 10):  # the sink has not made the bucket yet
            return False
        hours = json.loads(done.out)["hours"]
        return any(one["hour"] == last and one["state"] == "complete" for one in hours)

    wait_until(is_complete, 60, f"{last} to be complete", 0.5)
    assert sink.stop().code == 0
    loaded = json.loads(world.must("load", "--complete-hours", "--json").out)
    assert world.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS") == [[16]], loaded
    finished = world.must("verify", "--json", "--allow-pending")
    assert json.loads(finished.out)["proved"] is True
