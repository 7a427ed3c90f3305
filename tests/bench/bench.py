"""Measures the pipeline beside what people would use instead: `make bench` (QUICK=1: a look in minutes).

    bench.py [--quick] [--only PART...] --out FILE

Rounds of all cases follow each other, forwards and backwards in turn, so that what else the machine does is everybody's. Writes
what it measured as JSON; tools/benchmarks makes the page of it. With --only, what FILE says of the other parts stays. Ends with 1, and
writes nothing of that part, when a round left another number of events than were sent, or when `verify` does not prove one of ours."""

import argparse
import datetime
import functools
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import measure
from driver.kafka import Kafka
from driver.services import Services, clean_environment

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "tests/bench/peers"
PARTITIONS = 6
# The same for all sinks: below the 16 MiB at which ours ends an object, too.
RECORDS_AN_OBJECT = 30_000
RECORDS_A_SMALL_OBJECT = 10_000
BATCH = 1_000
START = "2026-02-15T00:00:00Z"
# A reader that comes to less than this part of what librdkafka reads alone was in trouble in that round.
SHARE_OF_BARE = 0.25
# kafka-python sends so many times fewer: it takes half a minute for what others send in two seconds.
SHARE_OF_SLOW = 10
BRONZE = ("BRONZE.SPOTIFY_EVENTS", "json_extract_string(payload, '$.event_id')")
OUR_SINKS = {
    "sink": ["--batch-records", RECORDS_AN_OBJECT],
    "sink, zstd": ["--batch-records", RECORDS_AN_OBJECT, "--compression", "zstd"],
    "sink, small": ["--batch-records", RECORDS_A_SMALL_OBJECT],
}
# What DuckDB reads each line as, and where the event id is then.
DUCKDB_READERS = {"read_ndjson_objects": ("text", "json ->> 'event_id'"), "read_json": ("typed", "event_id")}
PARTS = ["produce", "stages", "marts", "run", "batch"]


@dataclass(frozen=True)
class Size:
    rounds: int
    produced: int
    staged: int
    built: int
    run: int
    histories: tuple[int, ...]
    mixes: tuple[str, ...]


FULL = Size(5, 1_000_000, 1_000_000, 1_000_000, 1_000_000, (1_000_000, 4_000_000), ("seed", "realistic"))
QUICK = Size(3, 100_000, 300_000, 100_000, 100_000, (100_000,), ("seed",))


class NoResult(Exception):
    pass


class Bench:
    def __init__(self, services: Services, folder: Path, size: Size):
        self.services, self.folder, self.size = services, folder, size
        self.servers = (services.pid("kafka"), services.pid("s3"))
        self.deps = ROOT / ".deps"
        self.python = self.deps / "venv-bench/bin/python"
        self.bare = ROOT / "build/release/tests/bench/rdkafka_bench"
        self.groups: list[dict] = []
        self.started = time.monotonic()
        self._names = 0

    # --- running ---

    def kafka(self) -> Kafka:
        """A new client each time: one that stays writes of each topic that goes."""
        return Kafka(self.services.kafka_address)

    def say(self, line: str) -> None:
        print(f"bench: {time.monotonic() - self.started:6.0f} s  {line}", flush=True)

    def name(self) -> str:
        self._names += 1
        return f"bench-{self._names}"

    def env(self, topic: str, bucket: str, folder: Path) -> dict[str, str]:
        return (
            clean_environment()
            | self.services.credentials
            | {
                "KAFKA_BOOTSTRAP_SERVERS": self.services.kafka_address,
                "KAFKA_TOPIC": topic,
                "KAFKA_GROUP_ID": f"group-{bucket}",
                "KAFKA_PARTITIONS": str(PARTITIONS),
                "S3_ENDPOINT": self.services.s3_endpoint,
                "SPOTIFY_LAKE": f"s3://{bucket}",
                "SPOTIFY_SERVICES_DATA": str(self.services.data),
                "SPOTIFY_WAREHOUSE": str(folder / "warehouse/spotify_db.duckdb"),
                "SPOTIFY_TRANSFORM_DIR": str(folder / "transform"),
                "SDP_DEPS_DIR": str(self.deps),
                "SPOTIFY_LOG_LEVEL": "info",
            }
        )

    def take(self, env: dict[str, str], *arguments) -> measure.Taken:
        return measure.run(list(arguments), env, self.folder, self.servers)

    def ours(self, env: dict[str, str], *arguments) -> measure.Taken:
        return self.take(env, self.services.binary, *arguments)

    def counts(self, env: dict[str, str], *arguments) -> dict:
        return json.loads(self.take(env, self.python, "-B", ROOT / "tests/bench/counts.py", *arguments).out)

    def prove(self, env: dict[str, str], *arguments) -> measure.Taken:
        """verify must find nothing."""
        taken = self.ours(env, "verify", "--json", *arguments)
        report = json.loads(taken.out)
        if report["proved"] is not True:
            raise NoResult(f"verify does not prove it: {report['findings']}")
        return taken

    def must_have(self, what: str, found: dict, events: int) -> None:
        if (found["records"], found.get("ids", events)) != (events, events):
            raise NoResult(f"{what}: {events} events were sent, and this is what came of them: {found}")

    def group(self, name: str, events: int, cases: list[str], mix: str = "seed") -> dict:
        group = {"name": name, "mix": mix, "events": events, "made": today(), "commit": commit()}
        self.groups.append(group | {"load": round(os.getloadavg()[0], 1), "cases": {case: [] for case in cases}})
        return self.groups[-1]

    def note(self, group: dict, case: str, taken: measure.Taken, **more) -> None:
        group["cases"][case].append(taken.numbers() | more)
        self.say(f"{group['name']} {group['mix']}: {case}: {group['cases'][case][-1]}")

    def warm_up(self) -> None:
        """What servers do for the first who comes is in nobody's time."""
        topic = self.topic()
        self.ours(self.env(topic, "none", self.folder), "simulate", "--events", BATCH, "--quiet")
        for case in self.peer_sinks(topic):
            bucket = self.name()
            env = self.env(topic, bucket, self.folder)
            line, records = self.peer_sinks(topic)[case]
            self.take(env, *line, bucket, records)
            self.counts(env, "remove", bucket)
        self.kafka().delete_topic(topic)

    # --- from lines to the log ---

    def topic(self) -> str:
        name = self.name()
        self.kafka().create_topic(name, PARTITIONS, {"compression.type": "uncompressed"})
        return name

    def in_log(self, topic: str, env: dict[str, str]) -> dict:
        """Records, distinct event ids and bytes of a topic."""
        records, ids = map(int, self.take(env, self.bare, "ids", topic).out.split())
        size = sum(
            file.stat().st_size
            for partition in range(PARTITIONS)
            for file in self.services.partition_folder(topic, partition).glob("*.log")
        )
        return {"records": records, "ids": ids, "bytes": size}

    def produce(self) -> None:
        events = self.size.produced
        env = self.env("none", self.name(), self.folder)
        simulate = ["simulate", "--events", events, "--seed", 1, "--start", START, "--quiet"]
        made, lines, values, few = (self.folder / name for name in ("made.json", "lines.tsv", "values.json", "few.tsv"))
        self.ours(env, *simulate, "--output", made)
        with_keys(made, lines)
        for path, line in (
            (few, ["head", f"--lines={events // SHARE_OF_SLOW}", lines]),
            (values, ["cut", "--fields=2-", few]),
        ):
            with open(path, "wb") as file:
                subprocess.run(line, env=env, stdout=file, check=True, timeout=measure.GUARD_SECONDS)
        java = ["java", "-Xms256m", "-Xmx512m", "-cp", f"{self.deps}/kafka/libs/*"]
        properties = [
            *["acks=all", "enable.idempotence=true", "linger.ms=10", "compression.type=none"],
            *["buffer.memory=67108864", f"bootstrap.servers={self.services.kafka_address}"],
        ]
        cases = {
            "simulate": lambda topic: self.ours(env | {"KAFKA_TOPIC": topic}, *simulate),
            "librdkafka": lambda topic: self.take(env, self.bare, "produce", topic, lines),
            "confluent-kafka": lambda topic: self.peer(env, "produce_confluent.py", topic, lines),
            "kafka-python": lambda topic: self.peer(env, "produce_kafka_python.py", topic, few),
            "ProducerPerformance": lambda topic: self.take(
                env,
                *[*java, "org.apache.kafka.tools.ProducerPerformance", "--topic", topic, "--num-records", events],
                *["--throughput", -1, "--payload-file", values, "--producer-props", *properties],
            ),
        }
        group = self.group("produce", events, list(cases))
        for number in range(self.size.rounds):
            for case in in_turn(cases, number):
                topic = self.topic()
                taken = cases[case](topic)
                found = self.in_log(topic, env)
                sent = events // SHARE_OF_SLOW if case == "kafka-python" else events
                if case == "ProducerPerformance":  # It draws lines at random.
                    del found["ids"]
                self.must_have(case, found, sent)
                self.note(group, case, taken, written=found["bytes"], events=sent)
                self.kafka().delete_topic(topic)

    def peer(self, env: dict[str, str], program: str, *arguments) -> measure.Taken:
        return self.take(env, self.python, "-B", PEERS / "python" / program, *arguments)

    # --- from the log to the marts ---

    def stages(self, mix: str, rounds: int) -> None:
        events = self.size.staged
        topic = self.name()
        env = self.env(topic, self.name(), self.folder)
        self.ours(env, "simulate", "--events", events, "--mix", mix, "--days", 28, "--quiet")
        sinks = self.group("sink", events, ["librdkafka", *OUR_SINKS, *self.peer_sinks(topic)], mix)
        loads = self.group("load", events, ["load", *DUCKDB_READERS], mix)
        for number in range(rounds):
            for case in in_turn(sinks["cases"], number):
                if case == "librdkafka":
                    taken = self.take(self.env(topic, "none", self.folder), self.bare, "consume", topic)
                    self.must_have(case, {"records": int(taken.out)}, events)
                    self.note(sinks, case, taken, written=0)
                elif case in OUR_SINKS:
                    self.our_sink(sinks, loads, case, topic, number)
                else:
                    self.peer_sink(sinks, case, topic)
        self.kafka().delete_topic(topic)

    def our_sink(self, sinks: dict, loads: dict, case: str, topic: str, number: int) -> None:
        bucket = self.name()
        folder = self.folder / bucket
        env = self.env(topic, bucket, folder)
        taken = self.ours(env, "sink", "--until-caught-up", "--quiet", *OUR_SINKS[case])
        found = self.counts(env, "lake", bucket, "bronze/date=")
        self.must_have(case, found, sinks["events"])
        self.note(sinks, case, taken, written=found["bytes"], objects=found["objects"])
        if case == "sink":
            self.load(loads, env, bucket, folder, number)
        else:
            # Then bronze lacks everything, which is allowed, and the lake is compared with the log.
            self.ours(env, "warehouse", "init")
        self.prove(env, "--allow-pending")
        self.forget(env, bucket, folder)

    def load(self, group: dict, env: dict[str, str], bucket: str, folder: Path, number: int) -> None:
        warehouse = Path(env["SPOTIFY_WAREHOUSE"])
        for case in in_turn(group["cases"], number):
            if case == "load":
                taken = self.ours(env, "load", "--quiet")
                target, table, event_id = warehouse, *BRONZE
            else:
                target, table = folder / f"{case}.duckdb", "events"
                folder.mkdir(exist_ok=True)
                kind, event_id = DUCKDB_READERS[case]
                taken = self.peer(env, "load.py", bucket, "bronze/date=", target, kind)
            found = self.counts(env, "table", target, table, event_id)
            self.must_have(case, found, group["events"])
            self.note(group, case, taken, written=found["bytes"])

    def peer_sinks(self, topic: str) -> dict:
        go = [self.deps / "bench-go/sink", topic]
        python = [self.python, "-B", PEERS / "python/sink.py", topic]
        return {
            "Go": (go, RECORDS_AN_OBJECT),
            "Go, small": (go, RECORDS_A_SMALL_OBJECT),
            "Python": (python, RECORDS_AN_OBJECT),
        }

    def peer_sink(self, group: dict, case: str, topic: str) -> None:
        bucket = self.name()
        env = self.env(topic, bucket, self.folder)
        line, records = self.peer_sinks(topic)[case]
        taken = self.take(env, *line, bucket, records)
        found = self.counts(env, "lake", bucket, "")
        self.must_have(case, found, group["events"])
        self.note(group, case, taken, written=found["bytes"], objects=found["objects"])
        self.forget(env, bucket, self.folder / bucket)

    def forget(self, env: dict[str, str], bucket: str, folder: Path) -> None:
        self.counts(env, "remove", bucket)
        shutil.rmtree(folder, ignore_errors=True)

    # --- from bronze to marts ---

    def marts(self) -> None:
        topic = self.name()
        env = self.env(topic, self.name(), self.folder)
        self.ours(env, "simulate", "--events", self.size.built, "--days", 28, "--quiet")
        group = self.group("marts", self.size.built, ["transform", "verify"])
        for _ in range(self.size.rounds):
            bucket = self.name()
            folder = self.folder / bucket
            env = self.env(topic, bucket, folder)
            self.ours(env, "sink", "--until-caught-up", "--quiet")
            self.ours(env, "load", "--quiet")
            self.note(group, "transform", self.ours(env, "transform", "--quiet"))
            self.note(group, "verify", self.prove(env))
            self.forget(env, bucket, folder)
        self.kafka().delete_topic(topic)

    # --- all of it ---

    def whole_run(self, mix: str, rounds: int) -> None:
        group = self.group("run", self.size.run, ["run"], mix)
        for _ in range(rounds):
            folder = self.folder / self.name()
            env = self.env("spotify-events", "none", folder)
            for name in ("SPOTIFY_LAKE", "SPOTIFY_WAREHOUSE", "SPOTIFY_TRANSFORM_DIR"):
                del env[name]
            taken = self.ours(env, "run", "--events", self.size.run, "--mix", mix, "--data", folder, "--quiet")
            if "\nproved: " not in taken.out:
                raise NoResult(f"run does not prove what it made: {taken.out}")
            self.must_have(
                "run", self.counts(env, "table", folder / "warehouse/spotify_db.duckdb", *BRONZE), self.size.run
            )
            written = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
            self.note(group, "run", taken, written=written)
            shutil.rmtree(folder)

    def batches(self, history: int) -> None:
        topic, bucket = self.name(), self.name()
        folder = self.folder / bucket
        env = self.env(topic, bucket, folder)
        group = self.group(f"batch on {history}", BATCH, ["sink", "load", "transform", "transform again"])
        verified = self.group(f"proof of {history}", history, ["verify"])
        self.ours(env, "simulate", "--events", history, "--days", 28, "--quiet")
        sink = ["sink", "--until-caught-up", "--quiet", "--compression", "zstd"]
        for command in (sink, ["load", "--quiet"], ["transform", "--quiet"]):
            self.ours(env, *command)
        for number in range(self.size.rounds):
            self.ours(env, "simulate", "--events", BATCH, "--seed", number + 2, "--quiet")
            self.note(group, "sink", self.ours(env, *sink))
            self.note(group, "load", self.ours(env, "load", "--quiet"))
            self.note(group, "transform", self.ours(env, "transform", "--quiet"))
            self.note(group, "transform again", self.ours(env, "transform", "--quiet"))
            found = self.counts(env, "table", env["SPOTIFY_WAREHOUSE"], *BRONZE)
            self.must_have("batch", found, history + (number + 1) * BATCH)
        # Of every event since the first: it speaks for all batches.
        self.note(verified, "verify", self.prove(env))
        self.forget(env, bucket, folder)
        self.kafka().delete_topic(topic)


def with_keys(made: Path, lines: Path) -> None:
    """Lines of key, tab and value, in the order in which simulate sends them. A client that sends one partition after the
    other, as a reader is given them, finds the records of a request side by side in memory, and takes 0.6 of the CPU."""
    with open(made, "rb") as values, open(lines, "wb") as file:
        for value in values:
            file.write(json.loads(value)["user_id"].encode() + b"\t" + value)


def in_turn(cases, number: int) -> list[str]:
    return list(cases) if number % 2 == 0 else list(reversed(cases))


def judge(groups: list[dict]) -> None:
    """Marks the rounds of the Go sink that were in trouble."""
    for group in groups:
        if group["name"] != "sink":
            continue
        for case in ("Go", "Go, small"):
            for bare, one in zip(group["cases"]["librdkafka"], group["cases"][case], strict=True):
                one["counts"] = one["wall"] * SHARE_OF_BARE <= bare["wall"]


def machine() -> dict:
    info = Path("/proc/cpuinfo").read_text()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    model = next((line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")), "")
    return {"cores": os.cpu_count(), "processor": model or platform.machine(), "memory_gib": round(memory / (1 << 30))}


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


@functools.cache
def commit() -> str:
    line = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def steps(bench: Bench, names: list[str]) -> list:
    """What is measured, in order; what each of them measured is a result by itself."""
    size = bench.size
    by_mix = [(mix, size.rounds if number == 0 else 1) for number, mix in enumerate(size.mixes)]
    found = {
        "produce": [bench.produce],
        "stages": [functools.partial(bench.stages, *one) for one in by_mix],
        "marts": [bench.marts],
        "run": [functools.partial(bench.whole_run, *one) for one in by_mix],
        "batch": [functools.partial(bench.batches, history) for history in size.histories],
    }
    return [step for name in PARTS if name in names for step in found[name]]


def together(before: list[dict], now: list[dict]) -> list[dict]:
    """What was measured now, and of what was measured before the rest."""
    found = {(group["name"], group["mix"]): group for group in [*before, *now]}
    order = ["produce", "sink", "load", "marts", "run", "batch", "proof"]
    return sorted(found.values(), key=lambda group: (order.index(group["name"].split()[0]), group["mix"] != "seed"))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    before = {"groups": []}
    if options.only != PARTS and options.out.exists():
        before = json.loads(options.out.read_text())
        if before["rounds"] != size.rounds:
            sys.exit(f"bench: {options.out} has {before['rounds']} rounds, and {size.rounds} would be measured")
    result = {"version": 1, "quick": options.quick, "machine": machine(), "rounds": size.rounds}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sdp-bench-", dir=ROOT / "build") as name:
        services = Services(ROOT / "build/release/spotify-pipeline", ROOT / ".deps", Path(name) / "services", java={})
        try:
            services.up()
            bench = Bench(services, Path(name), size)
            bench.warm_up()
            for step in steps(bench, options.only):
                step()
                judge(bench.groups)
                groups = together(before["groups"], bench.groups)
                options.out.write_text(json.dumps(result | {"groups": groups}, indent=1) + "\n")
        except (NoResult, measure.Failed) as error:
            print(f"bench: no result: {error}", file=sys.stderr)
            return 1
        finally:
            services.down()
    bench.say(f"wrote {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
