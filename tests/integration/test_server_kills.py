"""Servers are killed and come back on the data they left; whatever the sink does about it, nothing is lost."""

import random
import time

import pytest
from driver.process import Running, wait_until
from driver.services import Services
from driver.world import World

TEMPORARY = (69, 75)
# Kafka takes as much CPU to start as such a test needs, so they share servers of their own, on one worker.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("server-kills")]


@pytest.fixture(scope="module")
def shared(binary, deps, tmp_path_factory):
    one = Services(binary, deps, tmp_path_factory.mktemp("services"))
    yield one
    one.down()


@pytest.fixture
def mortal(shared):
    """Servers that run, and that may be killed."""
    shared.up()
    return shared


def still_running(world: World, sink: Running) -> tuple[Running, bool]:
    """The sink, or another in its place when it gave up with a code that says: later."""
    if sink.is_running():
        return sink, False
    ended = sink.finished()
    assert ended.code in TEMPORARY, str(ended)
    return world.start_sink(), True


@pytest.mark.parametrize("role", ["s3", "kafka"])
def test_a_server_killed_and_restarted_under_load_loses_and_doubles_nothing(mortal, new_world, role, fault_cycles, say):
    kills = max(1, fault_cycles // 50)
    services, world = mortal, new_world(mortal)
    chance = random.Random(role)
    simulator = world.start_simulator(2000)
    sink = world.start_sink()
    restarts = 0
    for _ in range(kills):
        sink, again = still_running(world, sink)
        restarts += again
        world.wait_for_objects(len(world.objects()) + 10, timeout=90)
        time.sleep(chance.uniform(0, 1))
        services.kill(role)
        time.sleep(chance.uniform(0.5, 4))
        services.up()
    sink, again = still_running(world, sink)
    restarts += again
    world.wait_for_objects(len(world.objects()) + 10, timeout=90)
    world.stop_simulator(simulator, timeout=150)
    finished = sink.stop(60)
    assert finished.code == 0, str(finished)
    world.catch_up()
    report = world.prove_exactly_what_was_acked()
    say(
        f"{kills} kills of {role}: sink survived {kills - restarts}, restarted {restarts}; {report['offsets']} events proved"
    )


def test_a_sink_gives_up_an_s3_server_that_stays_away_and_goes_on_later(mortal, new_world):
    services, world = mortal, new_world(mortal)
    simulator = world.start_simulator(1000)
    sink = world.start_sink("--s3-retry-total-s", 3)
    world.wait_for_objects(5)
    services.kill("s3")
    ended = sink.wait(60)
    assert ended.code == 69, str(ended)
    error = ended.failure["message"]
    assert services.s3_endpoint in error and world.bucket in error, error
    services.up()
    world.stop_simulator(simulator)
    world.catch_up()
    world.prove_up_to_bronze()


def test_a_sink_that_starts_before_its_broker_waits_for_it(mortal, new_world):
    services, world = mortal, new_world(mortal)
    world.simulate(500)
    services.kill("kafka")
    sink = world.start_sink("--until-caught-up")
    [begun] = wait_until(lambda: sink.events("sink.outage.begun"), 60, "the sink to notice")
    assert begun["limit_s"] == 300
    services.up()
    finished = sink.wait(120)
    assert finished.code == 0, str(finished)
    assert finished.events("sink.outage.over")
    world.prove_up_to_bronze()


def test_a_sink_gives_up_a_broker_that_stays_away_and_goes_on_later(mortal, new_world):
    services, world = mortal, new_world(mortal)
    world.simulate(3000)
    sink = world.start_sink("--outage-ms", 3000)
    world.wait_for_objects(3)
    services.kill("kafka")
    ended = sink.wait(60)
    assert ended.code == 69, str(ended)
    assert services.kafka_address in ended.failure["message"], str(ended)
    assert ended.events("sink.outage.begun") and ended.events("sink.outage.exceeded"), str(ended)
    services.up()
    world.simulate(1000)
    world.catch_up()
    world.prove_up_to_bronze()
