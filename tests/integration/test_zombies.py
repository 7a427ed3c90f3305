"""A sink that was stopped past its session time-out wakes up, and believes that its partitions are still its own."""

import random
import signal
import time

import pytest
from driver.process import Running, wait_until
from driver.world import SESSION_TIMEOUT_MS, World

REPETITIONS = 5


def stop_for_a_while(world: World, victim: Running, other: Running) -> dict:
    """SIGSTOP until the other has taken over and written; returns the lake as it stood just before the victim went on."""
    held = victim.partitions
    victim.send(signal.SIGSTOP)
    stopped_at = time.monotonic()
    before = len(world.objects())
    wait_until(lambda: held <= other.partitions, 60, f"the other to take over partitions {held}")
    world.wait_for_objects(before + 5)
    past = SESSION_TIMEOUT_MS / 1000 + 0.5 - (time.monotonic() - stopped_at)
    time.sleep(max(0, past))
    lake = world.objects()
    victim.send(signal.SIGCONT)
    return lake


@pytest.mark.long
def test_a_sink_stopped_past_its_session_overwrites_nothing_when_it_goes_on(world, fault_cycles, say):
    chance = random.Random(3)
    simulator = world.start_simulator(2500)
    sinks = [world.start_sink(), world.start_sink()]
    repetitions = max(REPETITIONS, fault_cycles // 20)
    seen: dict = {}
    for repetition in range(repetitions):
        wait_until(lambda: all(sink.partitions for sink in sinks), 60, "both sinks to have partitions")
        time.sleep(chance.uniform(0, 1))
        victim, other = chance.sample(sinks, 2)
        lake = stop_for_a_while(world, victim, other)
        seen |= {key: listed for key, listed in lake.items() if key not in seen}
        # What a zombie still sends it sends now.
        time.sleep(1)
        now = world.objects()
        changed = {key for key, listed in seen.items() if now.get(key) != listed}
        assert not changed, f"repetition {repetition}: objects changed: {changed}"
        assert all(sink.is_running() for sink in sinks)
    world.stop_simulator(simulator)
    for sink in sinks:
        finished = sink.stop()
        assert finished.code == 0, str(finished)
    world.catch_up()
    final = world.objects()
    assert {key: final[key] for key in seen} == seen
    world.prove_up_to_bronze()
    say(
        f"{repetitions} zombies: {len(seen)} objects unchanged, {sum(sink.adoptions for sink in sinks)} ranges adopted, "
        f"{sum(event['lost'] for sink in sinks for event in sink.events('sink.partition.revoked'))} partitions lost and noticed"
    )
