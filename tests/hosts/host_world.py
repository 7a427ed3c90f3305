"""A topic, bucket and warehouse on the three hosts, with a sink on each host; everything else runs on the host `clients`."""

import itertools
import re
from pathlib import Path

from cluster import NODES, Cluster
from driver.process import Finished, Running, wait_until
from driver.s3 import Listed
from driver.world import World, quick

# Long enough for three brokers and three sinks that share two cores not to be taken for dead.
SESSION_TIMEOUT_MS = 3000
RATE = 1000
PARTITIONS = 6


class HostWorld(World):
    def __init__(self, cluster: Cluster, folder: Path, name: str):
        super().__init__(cluster, folder, name)
        self.cluster = cluster
        self.env |= cluster.credentials | {"KAFKA_PARTITIONS": str(PARTITIONS), "KAFKA_REPLICATION": str(len(NODES))}
        self.sinks: dict[int, Running] = {}

    def catch_up(self, *arguments, timeout: float = 120, env=None) -> Finished:
        return super().catch_up("--session-timeout-ms", SESSION_TIMEOUT_MS, *arguments, timeout=timeout, env=env)

    def start_sink_on(self, node: int, *arguments, binary: Path | None = None) -> Running:
        line = [
            binary or self.services.binary,
            "sink",
            *quick(("--session-timeout-ms", SESSION_TIMEOUT_MS, *arguments)),
        ]
        host = self.cluster.network.hosts[f"host{node}"]
        sink = Running(
            [str(part) for part in line],
            self.env,
            self.folder,
            f"{len(self._started):03}-sink-on-host{node}",
            host.enter,
        )
        self._started.append(sink)
        self.sinks[node] = sink
        return sink

    def start_all(self) -> Running:
        """A simulator, and a sink on each host that has partitions. Returns the simulator.

        Each sink cuts otherwise, so that two at one place do not happen to write the same object."""
        simulator = self.start_simulator(RATE)
        for node in NODES:
            self.start_sink_on(node, "--batch-records", 150 + 10 * node)
        self.wait_until_shared()
        self.wait_for_objects(PARTITIONS)
        return simulator

    def wait_until_shared(self, timeout: float = 60) -> None:
        """Every sink has partitions, and each partition one sink."""

        def shared() -> bool:
            for sink in self.sinks.values():
                assert sink.is_running(), str(sink.finished())
            held = [sink.partitions for sink in self.sinks.values()]
            return all(held) and sum(map(len, held)) == PARTITIONS and set.union(*held) == set(range(PARTITIONS))

        wait_until(shared, timeout, f"{len(self.sinks)} sinks to share the partitions", 0.1)

    def stop_all(self, simulator: Running) -> None:
        self.stop_simulator(simulator, timeout=150)
        for node, sink in self.sinks.items():
            finished = sink.stop(60)
            assert finished.code == 0, f"on host{node}: {finished}"
        self.catch_up()

    @property
    def adoptions(self) -> int:
        return sum(sink.adoptions for sink in self.started("sink"))

    def wait_for_more(self, count: int, timeout: float = 90) -> int:
        """So many more objects; returns how many there are then."""
        return self.wait_for_objects(len(self.objects()) + count, timeout)

    def longest_pause(self, since: float) -> float:
        """The longest time without a new object in one partition, in seconds, after a point of time."""
        points: dict[int, list[float]] = {}
        for key, listed in self.objects().items():
            at = listed.modified.timestamp()
            points.setdefault(int(re.search(r"_p(\d+)_", key)[1]), []).append(at)
        pauses = []
        for times in map(sorted, points.values()):
            pauses += [later - earlier for earlier, later in itertools.pairwise(times) if later >= since]
        return max(pauses)


def changed(before: dict[str, Listed], now: dict[str, Listed]) -> set[str]:
    """Objects that were overwritten, or are gone."""
    return {key for key, listed in before.items() if now.get(key) != listed}
