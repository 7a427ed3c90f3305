"""Measures what a topic's compression costs (docs/scaling.md): not a test, so run by hand, on a machine that does nothing else.

    .deps/venv-tools/bin/python -B tests/bench/measure_topic_compression.py [EVENTS]

Each round does each compression once: simulate, then sink, on a real Kafka and MinIO on this machine. Prints the table."""

import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from driver.services import Services  # noqa: E402  The path is set above.
from driver.world import World  # noqa: E402

COMPRESSIONS = ("none", "lz4", "zstd", "gzip")
ROUNDS = 3
SECONDS_MAX = 1200


def timed(world: World, *words) -> tuple[float, float]:
    """Seconds on the wall, and of CPU in the program."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    world.must(*words, timeout=SECONDS_MAX)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started, cpu


def measure(services: Services, folder: Path, name: str, compression: str, events: int) -> dict[str, float]:
    world = World(services, folder / name, name)
    world.must("init", "--topic-compression", compression)
    produced, producer_cpu = timed(world, "simulate", "--mix", "realistic", "--events", events, "--seed", 7)
    sunk, sink_cpu = timed(world, "sink", "--until-caught-up")
    stored = sum(
        path.stat().st_size
        for partition in range(int(world.env["KAFKA_PARTITIONS"]))
        for path in services.partition_folder(world.topic, partition).glob("*.log")
    )
    world.close()
    return {
        "produced": events / produced,
        "producer_cpu": producer_cpu * 1e6 / events,
        "sunk": events / sunk,
        "sink_cpu": sink_cpu * 1e6 / events,
        "bytes": stored / events,
    }


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    found: dict[str, list[dict[str, float]]] = {one: [] for one in COMPRESSIONS}
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as temporary:
        folder = Path(temporary)
        services = Services(ROOT / "build/release/spotify-pipeline", ROOT / ".deps", folder / "services")
        services.up()
        try:
            for number in range(ROUNDS):
                for one in COMPRESSIONS:
                    found[one].append(measure(services, folder, f"round-{number}-{one}", one, events))
        finally:
            services.down()
    print(
        "| topic | simulate: events/s | CPU s a million | sink: events/s | CPU s a million | bytes an event in the log |"
    )
    print("|---|---|---|---|---|---|")
    for one, rounds in found.items():
        middle = {name: statistics.median(round[name] for round in rounds) for name in rounds[0]}
        print(
            f"| {one} | {middle['produced']:,.0f} | {middle['producer_cpu']:.1f} | {middle['sunk']:,.0f} "
            f"| {middle['sink_cpu']:.1f} | {middle['bytes']:,.0f} |"
        )


if __name__ == "__main__":
    main()
