"""kill -9 of the sink at random moments, again and again, while events keep coming."""

import random
import threading
import time

import pytest
from driver.process import Running, wait_until
from driver.world import World

RATE = 2500


class Killer(threading.Thread):
    """Kills sinks of one world, starting another for each, and keeps `members` of them alive meanwhile."""

    def __init__(self, world: World, kills: int, members: int, seed: int):
        super().__init__()
        self.world, self.kills, self.members = world, kills, members
        self.random = random.Random(seed)
        self.sinks: list[Running] = []
        self.killed: list[Running] = []
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._kill_all()
        except BaseException as failure:  # pylint: disable=broad-except  Told by the test's own thread.
            self.failure = failure

    def _kill_all(self) -> None:
        simulator = self.world.start_simulator(RATE)
        alive = [self._start() for _ in range(self.members)]
        while len(self.killed) < self.kills:
            victim = self.random.choice(alive)
            self._wait_for_the_moment(victim)
            finished = victim.kill()
            assert finished.code == -9, str(finished)
            self.killed.append(victim)
            alive[alive.index(victim)] = self._start()
        self.world.stop_simulator(simulator)
        for sink in alive:
            # A process that has not come to its own code yet is ended by the signal itself.
            wait_until(lambda: sink.listening, 60, "a sink to listen")  # noqa: B023
            finished = sink.stop()
            assert finished.code == 0, str(finished)
        self.world.catch_up()

    def _start(self) -> Running:
        self.sinks.append(self.world.start_sink())
        return self.sinks[-1]

    def _wait_for_the_moment(self, victim: Running) -> None:
        """One in four dies while it starts or joins, the others while they read, cut and upload; some of these have
        uploaded already, however slow the machine is."""
        draw = self.random.random()
        if draw >= 0.25:
            wait_until(lambda: victim.partitions or not victim.is_running(), 60, "a sink to be given partitions")
        if draw >= 0.65:
            wait_until(lambda: victim.uploads or not victim.is_running(), 60, "a sink to upload")
        time.sleep(self.random.uniform(0, 1.2))

    def figures(self) -> dict[str, int]:
        """How varied the moments were. Objects that no sink announced were committed by sinks that died before they
        could say so, or before they had the answer: killed in the middle of an upload."""
        announced = {key for sink in self.world.started("sink") for key in sink.uploads}
        return {
            "kills": len(self.killed),
            "before any partition": sum(not sink.partitions for sink in self.killed),
            "before any upload": sum(bool(sink.partitions) and not sink.uploads for sink in self.killed),
            "after uploads": sum(bool(sink.uploads) for sink in self.killed),
            "mid-upload": len(set(self.world.objects()) - announced),
            "ranges adopted": sum(sink.adoptions for sink in self.sinks),
            "objects": len(self.world.objects()),
        }


@pytest.mark.long
def test_kills_of_the_sink_under_load_lose_and_double_nothing(services, new_world, fault_cycles, say):
    """Half of the kills hit a sink that works alone, half one of two that share a group. Both go on side by side."""
    killers = [
        Killer(new_world(services), fault_cycles // 2, members=1, seed=1),
        Killer(new_world(services), fault_cycles - fault_cycles // 2, members=2, seed=2),
    ]
    started = time.monotonic()
    for killer in killers:
        killer.start()
    for killer in killers:
        killer.join()
    for killer in killers:
        if killer.failure:
            raise killer.failure
    took = time.monotonic() - started

    total: dict[str, int] = {}
    for killer in killers:
        report = killer.world.prove_exactly_what_was_acked()
        assert report["offsets"] == report["offsets_against_log"] == killer.world.acked
        for name, count in killer.figures().items():
            total[name] = total.get(name, 0) + count
    events = sum(killer.world.acked for killer in killers)
    say(
        f"{fault_cycles} kills in {took:.0f} s under {events / took:.0f} events/s: {total}; {events} events proved, "
        "0 lost, 0 doubled"
    )
    assert total["kills"] == fault_cycles
    assert total["after uploads"] >= fault_cycles // 4
    assert total["before any partition"] + total["before any upload"] >= fault_cycles // 20
    assert fault_cycles < 100 or total["mid-upload"] > 0
