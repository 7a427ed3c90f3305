"""`pipeline` killed, stopped, and stopped twice at random moments, and started again at once while records come: no round fails because
of it, and the marts are those of all records in the end."""

import json
import os
import random
import secrets
import signal
import time

import pytest
from driver import parsed
from driver.process import wait_until
from driver.tree import is_there, processes_below

SEED = int(os.environ.get("SDP_KILL_SEED") or secrets.randbits(32))
KILLS_MIN, KILLS_MAX = 4, 40
RATE = 300
# A round on a machine of its own takes less.
LATEST_SECONDS = 12
ENDED_AT_ONCE = 130
GONE_SECONDS = 5


def start(world):
    work = ("--work-dir", world.folder / "transform", "--published", world.folder / "published")
    return world.start("pipeline", *work, env=parsed.environment())


def end(running, how: str, chance: random.Random) -> list[int]:
    """What is left of it to go, of which the next one does not know."""
    below = processes_below(running.pid)
    if how == "kill":
        running.kill()
        return below
    running.send(signal.SIGINT)
    if how == "stop":
        assert running.wait(60).code == 0, str(running.finished())
        return []
    time.sleep(chance.uniform(0, 0.5))
    if running.is_running():
        os.kill(running.pid, signal.SIGINT)
    assert running.wait(10, promised=True).code in (0, ENDED_AT_ONCE), str(running.finished())
    return below


@pytest.mark.long
def test_one_that_is_ended_at_random_moments_comes_to_the_marts_of_all_records(world, fault_cycles, say):
    chance = random.Random(SEED)
    kills = min(KILLS_MAX, max(KILLS_MIN, fault_cycles // 5))
    world.must("init")
    sink = world.start_sink()
    simulator = world.start_simulator(RATE)
    ends = []
    running = start(world)
    for _ in range(kills):
        after = chance.uniform(0, LATEST_SECONDS)
        how = chance.choice(["kill", "kill", "stop", "stop twice"])
        ends.append(f"{how} after {after:.1f} s")
        time.sleep(after)
        below = end(running, how, chance)
        running = start(world)
        wait_until(lambda: not any(map(is_there, below)), GONE_SECONDS, "what it had started to be gone")  # noqa: B023
    say(f"SDP_KILL_SEED={SEED}: {', '.join(ends)}")
    world.stop_simulator(simulator)
    current = world.folder / "published" / "current" / "snapshot.json"

    def has_all() -> bool:
        assert running.is_running(), str(running.finished())
        return current.exists() and json.loads(current.read_text())["ledger"]["records"] == world.acked

    wait_until(has_all, 120, "the marts of all records")
    assert sink.stop(60).code == 0
    running.send(signal.SIGINT)
    assert running.wait(60).code == 0, str(running.finished())
    failed = [one for started in world.started("pipeline") for one in started.events("live.round_failed")]
    assert not failed, failed
    report = json.loads(world.must("verify", "--json").out)
    assert (report["proved"], report["kept"]) == (True, world.acked)
