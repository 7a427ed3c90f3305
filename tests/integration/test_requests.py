"""What a lake's age costs: requests to the store, counted in front of it. `make soak` counts three years (SDP_LAKE_HOURS)."""

import json
import os
import secrets
import signal
import time
from datetime import timedelta

import pytest
from driver.old_lake import make_old_lake
from driver.past_hours import this_hour
from driver.process import wait_until
from driver.recording import RecordingProxy
from driver.services import Services
from driver.world import World

pytestmark = pytest.mark.xdist_group("requests")

HOURS = int(os.environ.get("SDP_LAKE_HOURS", "100"))
LOADED_SECONDS_MAX = 120 + HOURS // 10
PARTITIONS = 3
# One of them is for the overrides, of which there are none. Before it ends the sink looks what there is to close: it lists where
# chains begin, and the newest hour's folders; of each partition it asks for its begin and for the hours about now.
AT_A_START = 6 + 3 * PARTITIONS
TO_CLOSE = 5 + 4 * PARTITIONS
TWO_DAYS = 48 + 3
# Where one sink starts before a full hour and the other behind it: a folder more, and two markers of each partition.
AN_HOUR_ENDS = 1 + 2 * PARTITIONS
# Who shows a day of an old lake meets two days or three: their folders of hours, and their markers' names.
A_DAY_SHOWN = 5
A_LOOK = 11 + 3 * PARTITIONS
# Listings come in pages of a thousand names: of days, of events and of hours; and of all objects, where all are asked for.
PAGES_OF_DAYS = 2 * (HOURS // 24_000)
PAGES_OF_OBJECTS = (PARTITIONS - 1) * HOURS // 1000
LISTING = "list bronze/"
POLL_SECONDS_MAX = 2


class Lake:
    def __init__(self, world, hours: int):
        self.world = world
        self.proxy = RecordingProxy(world.services.s3_endpoint)
        world.env["KAFKA_PARTITIONS"] = str(PARTITIONS)
        # The last partition has no object: an event an hour goes to the first ones.
        now = this_hour()
        make_old_lake(world, {now - timedelta(hours=hour): PARTITIONS - 1 for hour in range(1, hours + 1)})
        assert self.is_closed(now - timedelta(hours=1)), "the last hour is complete"
        world.must("load", timeout=LOADED_SECONDS_MAX)
        # It is what a sink would have made.
        world.must("verify", "--allow-pending", timeout=LOADED_SECONDS_MAX)

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
def lakes(binary, deps, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lakes")
    # Its objects are files, which can be written in one go.
    services = Services(binary, deps, folder / "services", "versitygw")
    services.up()
    run = secrets.token_hex(3)
    made = [
        Lake(World(services, folder / name, f"{name}-{run}"), hours) for name, hours in (("young", 1), ("old", HOURS))
    ]
    yield made
    for lake in made:
        lake.proxy.close()
        lake.world.close()
    services.down()


def count(asked: dict[str, int]) -> int:
    return sum(asked.values())


def test_a_sink_starts_in_an_old_lake_as_in_a_new_one(lakes):
    before = this_hour()
    # The lakes' last hour is closed, which a sink does only after the grace.
    young, old = (lake.asks("sink", "--until-caught-up", "--hour-grace-ms", "1") for lake in lakes)
    slack = AN_HOUR_ENDS if this_hour() != before else 0
    assert count(young) <= AT_A_START + TO_CLOSE, young
    assert count(old) - count(young) <= TWO_DAYS + slack, f"{young}\n{old}"


def test_a_sink_that_goes_on_starts_with_few_requests(lakes):
    """Nothing is closed, so that only the start is counted: the partition without an object has one, too."""
    for lake in lakes:
        lake.proxy.requests.clear()
        sink = lake.world.start_sink(
            env={"S3_ENDPOINT": lake.proxy.endpoint, "SPOTIFY_TESTING_SINK_HOUR_CHECK_MS": "3600000"}
        )
        wait_until(lambda one=sink: len(one.events("sink.partition.assigned")) == PARTITIONS, 60, "the start")
        # What the log's first record and the last one of the chain lead to comes behind the assignment.
        time.sleep(5)
        asked = dict(lake.proxy.requests)
        assert sink.stop(60).code == 0
        assert count(asked) <= AT_A_START, asked


# `status --json` is what the DAG's sensor asks.
@pytest.mark.parametrize(
    "command",
    [
        ["status", "--json", "--hours", "1"],
        ["status", "--json"],
        ["load", "--complete-hours"],
        ["load"],
        ["extract", "--complete-hours", "--stage-dir", "stage"],
    ],
    ids=" ".join,
)
def test_what_runs_every_hour_asks_an_old_lake_no_more_than_a_new_one(lakes, command):
    young, old = (lake.asks(*command) for lake in lakes)
    print(count(young), count(old))
    more = {"status --json": A_DAY_SHOWN, "load": PAGES_OF_OBJECTS}.get(" ".join(command), 0)
    assert count(old) - count(young) <= more + PAGES_OF_DAYS, f"{young}\n{old}"


# As `serve --flow` does while a page is open.
def test_who_watches_an_old_lake_asks_no_more_a_look(lakes):
    for lake in lakes:
        lake.proxy.requests.clear()
        top = lake.world.start("top", "--every", 1, "--json", env={"S3_ENDPOINT": lake.proxy.endpoint})
        wait_until(lambda one=top: len(one.out.splitlines()) >= 4, 60, "four looks")
        done = top.stop(30, signal.SIGINT)
        assert done.code == 0
        looks = [json.loads(line) for line in done.out.splitlines()]
        asked = dict(lake.proxy.requests)
        assert count(asked) <= (len(looks) + 1) * (A_LOOK + A_DAY_SHOWN + PAGES_OF_DAYS), asked
        # What one of them counted is not counted again, and goes on.
        counted = [[hour["records_closed"] for hour in look["hours"]] for look in looks]
        assert [sum(one is not None for one in hours) for hours in counted] == [
            min(number, len(counted[0])) for number in range(1, len(looks) + 1)
        ]
        assert set(counted[-1][-min(4, len(counted[0])) :]) == {PARTITIONS - 1}, counted


@pytest.fixture
def slow_to_list(world):
    """Objects of events are listed in more time than a member of the group may take between two polls."""
    proxy = RecordingProxy(
        world.services.s3_endpoint, before=lambda asked: time.sleep(POLL_SECONDS_MAX + 4) if asked == LISTING else None
    )
    yield proxy
    proxy.close()


def test_a_listing_that_outlasts_the_poll_interval_is_taken_once(world, slow_to_list):
    """Without hints, as in a lake that was upgraded, two members begin with a listing, and lose their partitions meanwhile. It
    leaves hints, so that each goes on at the next try."""
    world.must("init")
    world.simulate(300)
    world.catch_up()
    for key in world.services.s3.list(world.bucket, "_pipeline/heads/"):
        world.services.s3.remove(world.bucket, key)
    world.simulate(300)
    members = [
        world.start_sink(
            "--session-timeout-ms",
            POLL_SECONDS_MAX * 1000,
            "--max-poll-interval-ms",
            POLL_SECONDS_MAX * 1000,
            env={"S3_ENDPOINT": slow_to_list.endpoint},
        )
        for _ in range(2)
    ]
    wait_until(lambda: all(one["lag"] == 0 for one in world.status()), 120, "all of the topic in the lake")
    for sink in members:
        assert sink.stop(60).code == 0
    assert slow_to_list.requests[LISTING] <= 4, slow_to_list.requests
    world.prove_up_to_bronze()
