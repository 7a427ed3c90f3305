"""Measures what docs/scaling.md says: not a test, so named by hand.

    .deps/venv-tools/bin/python -B -m pytest -c tests/hosts/pytest.ini tests/hosts/measure_scaling.py

Writes docs/scaling/measured.json (or SDP_MEASURED). Then: tools/scaling --write."""

import json
import os
import resource
import statistics
import time
from pathlib import Path

from cluster import NODES, Cluster
from driver.process import Running
from driver.s3 import S3
from host_world import HostWorld

ROOT = Path(__file__).resolve().parents[2]
EVENTS = 4_000_000
PARTITIONS = 12
ROUNDS = 3
CASES = ((1, "none"), (2, "none"), (3, "none"), (1, "zstd"))
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(*running: Running) -> float:
    total = 0
    for one in running:
        fields = Path(f"/proc/{one.pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def cpu_of_ended() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Meter:
    """CPU seconds of brokers, S3 server and the programs that ended, between two points."""

    def __init__(self, cluster: Cluster):
        self.cluster = cluster
        self.start = self._now()
        self.started = time.time()

    def _now(self) -> dict[str, float]:
        return {
            "brokers": cpu_seconds(*(broker.process for broker in self.cluster.brokers.values())),
            "store": cpu_seconds(self.cluster.s3_process),
            "programs": cpu_of_ended(),
        }

    def per_million(self) -> dict[str, float]:
        now = self._now()
        return {name: (now[name] - self.start[name]) * 1e6 / EVENTS for name in now}


def middle_rate(s3: S3, bucket: str) -> tuple[float, int, int]:
    """Events a second between a sixth and five sixths of the way, and how many objects and bytes there are in all. Events are taken to be
    of one size."""
    objects = sorted((one.modified.timestamp(), one.size) for one in s3.list(bucket, "bronze/date=").values())
    total, sum_so_far, points = sum(size for _, size in objects), 0, []
    for at, size in objects:
        sum_so_far += size
        points.append((at, sum_so_far))
    first = next(point for point in points if point[1] >= total / 6)
    last = next(point for point in points if point[1] >= total * 5 / 6)
    return (last[1] - first[1]) / total * EVENTS / (last[0] - first[0]), len(objects), total


def one_round(world: HostWorld, sinks: int, compression: str, number: int) -> dict:
    name = f"{sinks}-{compression}-{number}"
    bucket = f"measured-{name}"
    world.env |= {"SPOTIFY_LAKE": f"s3://{bucket}", "KAFKA_GROUP_ID": f"measured-{name}"}
    meter = Meter(world.cluster)
    arguments = ["--until-caught-up", "--quiet", "--session-timeout-ms", 10_000, "--compression", compression]
    running = []
    for node in NODES[:sinks]:
        host = world.cluster.network.hosts[f"host{node}"]
        line = [str(part) for part in (world.services.binary, "sink", *arguments)]
        running.append(Running(line, world.env, world.folder, f"{name}-on-host{node}", host.enter))
    done = [sink.wait(300) for sink in running]
    seconds = time.time() - meter.started
    assert all(one.code == 0 for one in done), "\n".join(map(str, done))
    assert sum(event["records_durable"] for one in done for event in one.events("sink.finished")) == EVENTS
    rate, objects, size = middle_rate(world.cluster.s3, bucket)
    return meter.per_million() | {"rate": rate, "objects": objects, "bytes": size / EVENTS, "seconds": seconds}


def test_measure(cluster, tmp_path, say):
    world = HostWorld(cluster, tmp_path / "world", "measured")
    world.env["KAFKA_PARTITIONS"] = str(PARTITIONS)
    meter = Meter(cluster)
    world.simulate(EVENTS, "--mix", "realistic", timeout=600)
    produced = meter.per_million() | {"rate": EVENTS / (time.time() - meter.started)}
    log = sum(path.stat().st_size for path in cluster.folder.glob(f"broker-1/data/{world.topic}-*/*.log"))
    produced["bytes"] = log / EVENTS
    say(f"produced: {produced}")

    rounds: dict[tuple, list[dict]] = {case: [] for case in CASES}
    for number in range(ROUNDS):
        for case in CASES if number % 2 == 0 else reversed(CASES):
            rounds[case].append(one_round(world, *case, number))
            say(f"{case}: {rounds[case][-1]}")
    result = {
        "events": EVENTS,
        "partitions": PARTITIONS,
        "rounds": ROUNDS,
        "cores": os.cpu_count(),
        "brokers": len(NODES),
        "produced": produced,
        "sinks": {},
    }
    for (sinks, compression), done in rounds.items():
        medians = {name: statistics.median(one[name] for one in done) for name in done[0]}
        result["sinks"][f"{sinks} {compression}"] = medians | {"rates": sorted(round(one["rate"]) for one in done)}
    target = Path(os.environ.get("SDP_MEASURED", ROOT / "docs/scaling/measured.json"))
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, indent=1, default=float) + "\n")
