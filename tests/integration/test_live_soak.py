"""A live run for minutes, at a high rate, killed at random moments and started again at once: no round fails because of a kill, the
whole is proved in the end, and neither memory nor delays grow.

    SDP_LIVE_SECONDS, SDP_LIVE_RATE, SDP_LIVE_KILLS   how long, events a second, and how many kills
    SDP_LIVE_SEED                                     of the moments at which it is killed"""

import json
import os
import random
import re
import secrets
import signal
import statistics
import time
from datetime import datetime

import pytest
from driver.process import Running, wait_until
from driver.tree import is_there, processes_below, resident_bytes

SECONDS = float(os.environ.get("SDP_LIVE_SECONDS", "90"))
RATE = int(os.environ.get("SDP_LIVE_RATE", "2000"))
KILLS = int(os.environ.get("SDP_LIVE_KILLS", "5"))
SEED = int(os.environ.get("SDP_LIVE_SEED") or secrets.randbits(32))
LOOK_SECONDS = 1
# Of the last third's median to that of the second.
GROWTH_MAX = 1.3
# Rounds are a few seconds longer or shorter on any machine.
SLACK_SECONDS = 5
# After a kill nothing of the process is there.
GONE_SECONDS = 5


class Soak:
    def __init__(self, embedded):
        self.embedded = embedded
        self.memory: list[tuple[float, float]] = []
        self.delays: dict[str, list[dict]] = {}
        self.running = self.start()
        self.begun = time.monotonic()

    def start(self) -> Running:
        return self.embedded.start("--live", "--rate", RATE, "--listen", "127.0.0.1:0")

    def watch(self, until: float) -> None:
        """`until`: seconds from the begin."""
        while (at := time.monotonic() - self.begun) < until:
            assert self.running.is_running(), str(self.running.finished())
            self.memory.append((at, sum(map(resident_bytes, processes_below(self.running.pid)))))
            self.look_at_delays()
            time.sleep(min(LOOK_SECONDS, max(0, until - at)))

    def look_at_delays(self) -> None:
        current = self.embedded.data / "warehouse" / "published" / "current" / "snapshot.json"
        if current.exists():
            snapshot = json.loads(current.read_text())
            self.delays[snapshot["id"]] = snapshot["delays"]

    def kill(self) -> None:
        """The next one starts before what the killed one had started is gone."""
        below = processes_below(self.running.pid)
        self.running.kill()
        self.running = self.start()
        wait_until(lambda: not any(map(is_there, below)), GONE_SECONDS, "the killed run's processes to be gone")

    @property
    def behind(self) -> list[tuple[float, float]]:
        """Of each round, when it was published, and how many seconds its newest record had waited for that."""
        rounds = [one for running in self.embedded.started for one in running.events("live.published")]
        times = [datetime.fromisoformat(one["ts"]).timestamp() for one in rounds]
        return [(at - times[0], one["behind_s"]) for at, one in zip(times, rounds, strict=True)]


def thirds(points: list[tuple[float, float]]) -> tuple[float, float]:
    """The medians of the second third of the time and of the last one."""
    whole = points[-1][0]
    second = [value for at, value in points if whole / 3 <= at < whole * 2 / 3]
    last = [value for at, value in points if at >= whole * 2 / 3]
    return statistics.median(second), statistics.median(last)


def told_delays(soak: Soak) -> str:
    """The medians over all publications."""
    hops: dict[str, list[tuple[float, float]]] = {}
    for delays in soak.delays.values():
        for one in delays:
            hops.setdefault(one["to"], []).append((one["p50_seconds"], one["p99_seconds"]))
    return ", ".join(
        f"{to} p50 {statistics.median(p50 for p50, _ in found):.1f} s p99 {statistics.median(p99 for _, p99 in found):.1f} s"
        for to, found in hops.items()
    )


@pytest.mark.whole
@pytest.mark.long
def test_a_live_run_that_is_killed_again_and_again_is_proved_and_stays_as_it_is(embedded, say):
    chance = random.Random(SEED)
    kills = sorted(chance.uniform(0, SECONDS) for _ in range(KILLS))
    say(f"SDP_LIVE_SEED={SEED}: killed after {', '.join(f'{at:.1f}' for at in kills)} s")
    soak = Soak(embedded)
    for at in kills:
        soak.watch(at)
        soak.kill()
    soak.watch(SECONDS)
    # The last one may have been started a moment ago.
    wait_until(lambda: soak.running.events("live.published"), 60, "a round after the last kill")
    soak.look_at_delays()
    soak.running.send(signal.SIGINT)
    finished = soak.running.wait(120)
    assert finished.code == 0 and re.search(r"^proved: ", finished.out, re.MULTILINE), str(finished)

    rows, _ = embedded.counts()
    memory, behind = thirds(soak.memory), thirds(soak.behind)
    say(
        f"{RATE} events/s for {SECONDS:.0f} s, {KILLS} kills: {rows} rows proved in {len(soak.behind)} rounds; median of the second"
        f" and the last third: memory {memory[0] / 2**20:.0f} and {memory[1] / 2**20:.0f} MiB, behind {behind[0]:.1f} and"
        f" {behind[1]:.1f} s; {told_delays(soak)}"
    )
    failed = [one for running in embedded.started for one in running.events("live.round_failed")]
    assert not failed, failed
    assert memory[1] <= GROWTH_MAX * memory[0]
    assert behind[1] <= GROWTH_MAX * behind[0] + SLACK_SECONDS
    # Neither drafts of a killed process, nor the folders of its dbt.
    left = [path for path in embedded.data.rglob("*") if re.search(r"\.new(-|$)|\.draft$", path.name)]
    assert not left, left
