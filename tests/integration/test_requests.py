"""What a lake's age costs: requests to the store, counted in front of it. `make soak` counts three years (SDP_LAKE_HOURS)."""

import json
import os
import secrets
from datetime import timedelta

import pytest
from driver.past_hours import make_topic_with_past, this_hour
from driver.process import wait_until
from driver.recording import RecordingProxy
from driver.world import World

pytestmark = pytest.mark.xdist_group("requests")

HOURS = int(os.environ.get("SDP_LAKE_HOURS", "100"))
# Hours are closed one after another, each by a put for each partition.
CLOSED_SECONDS_MAX = 1200 + HOURS // 5
PARTITIONS = 3
# One of them is for the overrides, of which there are none. Before it ends the sink looks what there is to close: at each
# partition's begin and newest hour, and where earlier lives of the topic may have left an hour open, which is two days back.
AT_A_START = 6 + 3 * PARTITIONS
TO_CLOSE = 1 + 7 * PARTITIONS
TWO_DAYS = 48 + 3


class Lake:
    def __init__(self, world, hours: int):
        self.world = world
        self.proxy = RecordingProxy(world.services.s3_endpoint)
        world.env["KAFKA_PARTITIONS"] = str(PARTITIONS)
        # The last partition has no object: an event an hour goes to the first ones.
        now = this_hour()
        make_topic_with_past(world, {now - timedelta(hours=hour): PARTITIONS - 1 for hour in range(1, hours + 1)})
        sink = world.start_sink()
        wait_until(lambda: self.is_closed(now - timedelta(hours=1)), CLOSED_SECONDS_MAX, "the last hour is complete")
        assert sink.stop(60).code == 0
        world.must("load", timeout=CLOSED_SECONDS_MAX)

    def is_closed(self, hour) -> bool:
        told = self.world.run("status", "--json", "--hours", 1)
        states = json.loads(told.out)["hours"] if told.code in (0, 10) else []
        return {"hour": hour.strftime("%Y-%m-%dT%H"), "state": "complete"}.items() <= (states or [{}])[-1].items()

    def asks(self, command: str, *arguments) -> dict[str, int]:
        """The requests of a command, by what is asked; all go through the proxy."""
        self.proxy.requests.clear()
        self.world.must(command, *arguments, env={"S3_ENDPOINT": self.proxy.endpoint})
        return dict(self.proxy.requests)


@pytest.fixture(scope="module")
def lakes(services, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lakes")
    run = secrets.token_hex(3)
    made = [
        Lake(World(services, folder / name, f"{name}-{run}"), hours) for name, hours in (("young", 1), ("old", HOURS))
    ]
    yield made
    for lake in made:
        lake.proxy.close()
        lake.world.close()


def count(asked: dict[str, int]) -> int:
    return sum(asked.values())


def test_a_sink_starts_in_an_old_lake_as_in_a_new_one(lakes):
    young, old = (lake.asks("sink", "--until-caught-up") for lake in lakes)
    assert count(young) <= AT_A_START + TO_CLOSE, young
    assert count(old) - count(young) <= TWO_DAYS, f"{young}\n{old}"


@pytest.mark.parametrize("command", [["status", "--json", "--hours", "1"], ["load", "--complete-hours"]])
def test_what_runs_every_hour_asks_an_old_lake_no_more_than_a_new_one(lakes, command):
    young, old = (lake.asks(*command) for lake in lakes)
    print(count(young), count(old))
    assert count(old) == count(young), f"{young}\n{old}"
