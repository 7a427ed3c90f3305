"""Rules for Prometheus fire, once, for what a real command tells when things are as the rule says, and not before. Prometheus's own tool
does the evaluation: what was told goes on for as long as the rule waits."""

from __future__ import annotations

import copy
import json
import re
import secrets
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from driver import parsed
from driver.process import Running
from driver.scrape import PREFIX, Samples, Watched
from driver.services import clean_environment, free_ports
from driver.slow_network import SlowNetwork
from driver.snowflake import PASSWORD
from driver.warehouse import holding
from faulty import Fault, Proxy

RULES = Path(__file__).resolve().parents[2] / "deploy" / "monitoring" / "alerts.yml"
VIOLATION, TEMPORARY = 20, 75
# Longer than four hours of a day, when it is once a minute.
STATEMENT_SECONDS = 12
HERE = ("--listen", "127.0.0.1:0")
HUNG_SECONDS = 31
FAR = 1_000_000
# Two hours later as soon as a file is there.
CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(id, now);
  if (id == CLOCK_REALTIME && access(getenv("TWO_HOURS_LATER"), F_OK) == 0) now->tv_sec += 7200;
  return result;
}
"""
# From this minute on things are bad.
BAD = 10


class Told:
    """What was told, with the time at which it was."""

    def __init__(self, samples: Samples):
        self.at = time.time()
        self.lines = dict(
            line.rsplit(" ", 1) for line in samples.text.splitlines() if line and not line.startswith("#")
        )

    def with_value(self, name: str, value: float) -> Told:
        """The same but for one series."""
        other = copy.copy(self)
        [series] = [one for one in self.lines if one.startswith(f"{PREFIX}{name}{{")]
        other.lines = {**self.lines, series: str(value)}
        return other

    def at_minute(self, series: str, minute: int) -> float:
        """The clock of the evaluation begins at 0."""
        value = float(self.lines[series])
        name = series.partition("{")[0]
        return value - self.at + 60 * minute if name.endswith("_timestamp_seconds") else value


@pytest.fixture
def evaluate(promtool, tmp_path):
    def run(good: Told, bad: Told | None, fires: dict[int, list[str]], minutes: int, grows: bool = False) -> None:
        """`bad` is told from minute BAD on, None: nothing is. With `grows`, counters go on as they went from `good` to `bad`,
        once a minute. `fires`: what fires at which minute."""
        series = []
        for name in good.lines if bad is None else {**good.lines, **bad.lines}:
            values = []
            for minute in range(minutes):
                told = good if minute < BAD else bad
                if told is None or name not in told.lines:
                    values.append("_")
                elif grows and re.search(r"_(total|count|sum|bucket)($|\{)", name):
                    first, second = (float(one.lines.get(name, 0)) for one in (good, bad))
                    values.append(repr(first + (second - first) * minute))
                else:
                    # A time that was told stands still.
                    values.append(repr(told.at_minute(name, 0 if told is good else BAD)))
            series.append({"series": name, "values": " ".join(values)})
        asked = [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(names)],
            }
            for minute, names in fires.items()
        ]
        test = {"interval": "1m", "input_series": series, "promql_expr_test": asked}
        path = tmp_path / "alerts.json"
        path.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}))
        promtool("test", "rules", path)

    return run


def sink_of(world, *arguments, **environment) -> Watched:
    return Watched(world.start_sink(*HERE, *arguments, env=environment))


def is_durable(records: int):
    return lambda samples: samples.sum("sink_durable_offset") == records and samples.sum("sink_lag_records") == 0


@pytest.fixture
def start_through_network(world):
    """Starts a sink whose store can hang."""
    [port] = free_ports(1)
    network = SlowNetwork(port, int(world.services.s3_endpoint.rsplit(":", 1)[1]), 0)
    keys = world.services.credentials
    world.services.kafka.create_topic(world.topic, 1)

    def start(**environment) -> tuple[Watched, SlowNetwork]:
        store = {"S3_ENDPOINT": f"http://127.0.0.1:{port}"}
        store |= {name: keys[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        return sink_of(world, **store, **environment), network

    yield start
    network.close()


@pytest.mark.wide
def test_a_log_that_is_away(world, evaluate):
    world.services.kafka.create_topic(world.topic, 1)
    world.services.kafka.produce(world.topic, [(b"k", b'{"n":1}')] * 5)
    good = Told(sink_of(world).wait_for(is_durable(5), 60, "the first object"))
    [dead] = free_ports(1)
    away = sink_of(world, "--kafka-call-timeout-ms", 500, KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{dead}")
    bad = Told(away.wait_for(lambda samples: samples.get("sink_log_up") == 0, 60, "the outage"))
    evaluate(good, bad, {BAD: [], BAD + 3: ["SinkLogAway"]}, BAD + 5)


@pytest.mark.wide
def test_a_store_that_hangs(world, evaluate, start_through_network):
    """First the upload is late; after ten minutes nothing has become durable."""
    sink, network = start_through_network()
    world.services.kafka.produce(world.topic, [(b"k", b'{"n":1}')] * 5)
    good = Told(sink.wait_for(is_durable(5), 60, "the first object"))
    network.hang()
    world.services.kafka.produce(world.topic, [(b"k", b'{"n":2}')] * 5)
    bad = Told(
        sink.wait_for(
            lambda samples: samples.get("sink_oldest_upload_seconds") > HUNG_SECONDS, 120, "the upload to be late"
        )
    )
    hangs = ["SinkStoreHangs"]
    evaluate(good, bad, {BAD: [], BAD + 2: hangs, BAD + 20: [*hangs, "SinkNothingDurable"]}, BAD + 25)


@pytest.mark.wide
def test_a_sink_that_is_a_million_records_behind(world, evaluate):
    """It comes back to a topic that went on without it. Small objects give the scraper time to see it."""
    world.services.kafka.create_topic(world.topic, 1)
    world.services.kafka.produce(world.topic, [(b"k", b'{"n":1}')] * 5)
    sink = sink_of(world)
    good = Told(sink.wait_for(is_durable(5), 60, "the first object"))
    assert sink.running.stop(60).code == 0
    world.must("simulate", "--events", FAR + 50_000)
    back = sink_of(world)
    bad = Told(
        back.wait_for(
            lambda samples: samples.sum("sink_lag_records") > FAR and samples.get("sink_last_commit_timestamp_seconds"),
            60,
            "the lag to be told",
        )
    )
    behind = ["SinkFarBehind", "SinkNothingDurable"]
    evaluate(good, bad, {BAD + 9: [], BAD + 17: behind}, BAD + 20)
    not_so_far = bad.with_value("sink_lag_records", FAR)
    evaluate(good, not_so_far, {BAD + 17: ["SinkNothingDurable"]}, BAD + 20)


@pytest.mark.wide
def test_hours_that_are_over_and_stay_open(world, evaluate, start_through_network, tmp_path):
    """The store hangs, and two hours pass, by the clock that the sink is given."""
    source, library, moved = tmp_path / "clock.c", tmp_path / "clock.so", tmp_path / "moved"
    source.write_text(CLOCK)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    sink, network = start_through_network(LD_PRELOAD=str(library), TWO_HOURS_LATER=str(moved))
    world.services.kafka.produce(world.topic, [(b"k", b'{"n":1}')] * 5)
    good = Told(sink.wait_for(is_durable(5), 60, "the first object"))
    network.hang()
    moved.touch()
    bad = Told(sink.wait_for(lambda samples: samples.sum("sink_missing_hour_markers") > 1, 60, "hours to be over"))
    evaluate(good, bad, {BAD + 18: [], BAD + 22: ["HoursNotClosing"]}, BAD + 25)


@pytest.mark.wide
def test_a_topic_of_which_every_fifth_record_is_rejected(world, evaluate):
    world.services.kafka.create_topic(world.topic, 1)
    sink = sink_of(world)
    world.services.kafka.produce(world.topic, [(b"k", b'{"n":1}')] * 40 + [(b"k", b"no json")] * 10)
    good = Told(sink.wait_for(is_durable(50), 60, "the first object"))
    world.services.kafka.produce(world.topic, [(b"k", b'{"n":1}')] * 40 + [(b"k", b"no json")] * 10)
    bad = Told(sink.wait_for(is_durable(100), 60, "the second object"))
    # Of all that it has seen since its start, so that it is known after as long as the rule waits.
    evaluate(good, bad, {2: [], 40: ["SinkRejectsTooMuch"]}, 45, grows=True)
    fine = Told(sink.scrape())
    evaluate(fine, fine, {40: []}, 45)


@pytest.mark.wide
def test_a_sink_that_is_gone(world, evaluate):
    world.services.kafka.create_topic(world.topic, 1)
    world.services.kafka.produce(world.topic, [(b"k", b'{"n":1}')] * 5)
    good = Told(sink_of(world).wait_for(is_durable(5), 60, "the first object"))
    # A value counts for five minutes, and the rule waits as long.
    evaluate(good, None, {BAD: [], BAD + 12: ["NoSinkTells"]}, BAD + 15)


@pytest.mark.wide
def test_commands_that_do_not_succeed_and_a_proof_that_is_broken(binary, deps, finished_run, tmp_path, evaluate):
    data = tmp_path / "data"
    shutil.copytree(finished_run, data, symlinks=True)

    def told(command: str, *arguments) -> tuple[int, Told]:
        file = tmp_path / f"{command}.prom"
        env = clean_environment() | {"SDP_DEPS_DIR": str(deps)}
        running = Running([binary, command, "--metrics-file", file, *arguments], env, tmp_path, command)
        code = running.wait(60).code
        return code, Told(Samples(file.read_text()))

    # A sink tells, too, or its absence would be told.
    up = {'spotify_pipeline_sink_log_up{topic="t"}': "1"}
    code, good = told("verify", "--data", data)
    assert code == 0
    good.lines |= up
    evaluate(good, good, {5: [], 60: []}, 65)
    evaluate(good, good, {119: [], 130: ["NoSuccessFor"]}, 135)
    witness = min(data.rglob("*.witness"))
    witness.write_bytes(witness.read_bytes()[:-40])
    min((data / "lake" / "bronze").rglob("*_t*_p*_o*")).unlink()
    code, bad = told("verify", "--data", data)
    assert code == VIOLATION
    bad.lines |= up
    evaluate(good, bad, {BAD - 1: [], BAD + 1: ["ProofBroken"]}, BAD + 5)


# A sink tells, too, or its absence would be told.
UP = {'spotify_pipeline_sink_log_up{topic="t"}': "1"}


@pytest.fixture
def told_by(binary, deps, tmp_path):
    """What a command leaves in its file of metrics, and its exit code."""

    def run(command: str, *arguments, env: dict[str, str] | None = None) -> tuple[int, Told]:
        file = tmp_path / f"{command}.prom"
        line = [binary, command, "--metrics-file", file, *arguments]
        running = Running(line, clean_environment() | {"SDP_DEPS_DIR": str(deps)} | (env or {}), tmp_path, command)
        code = running.wait(60).code
        told = Told(Samples(file.read_text()))
        told.lines |= UP
        return code, told

    return run


@pytest.mark.wide
def test_a_disk_that_is_nearly_full(told_by, finished_run, small_disk, tmp_path, evaluate):
    disk = small_disk(tmp_path / "disk", 512)
    assert disk.is_mounted, "a disk of 512 MB takes root"
    lake = ("--lake", finished_run / "lake")
    code, good = told_by("load", *lake, "--warehouse", tmp_path / "roomy" / "spotify_db.duckdb")
    assert code == 0
    code, bad = told_by("load", *lake, "--warehouse", disk.path / "new" / "spotify_db.duckdb")
    assert code == 0, "half a gigabyte is enough for this load"
    evaluate(good, bad, {BAD + 3: [], BAD + 7: ["DiskNearlyFull"]}, BAD + 10)


@pytest.mark.wide
def test_a_warehouse_that_another_process_holds(told_by, finished_run, tmp_path, deps, evaluate):
    warehouse = tmp_path / "spotify_db.duckdb"
    lake = ("--lake", finished_run / "lake", "--warehouse", warehouse)
    code, good = told_by("load", *lake)
    assert code == 0
    with holding(deps, warehouse):
        code, bad = told_by("load", *lake)
    assert code == TEMPORARY
    evaluate(good, bad, {BAD + 5: [], BAD + 12: ["WarehouseHeld"]}, BAD + 15)


@pytest.mark.wide
def test_a_warehouse_that_is_paid_for_and_works_all_day(told_by, emulator, finished_run, evaluate):
    """A load of a second each minute costs little; one that waits for a slow statement costs more than four hours of a day."""
    env = {
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": str(emulator.port),
        "SNOWFLAKE_PROTOCOL": "http",
        "SNOWFLAKE_ACCOUNT": "acme-events",
        "SNOWFLAKE_USER": "PIPELINE",
        "SNOWFLAKE_PASSWORD": PASSWORD,
        "SNOWFLAKE_ROLE": "SPOTIFY_PIPELINE",
        "SNOWFLAKE_WAREHOUSE": "SPOTIFY_WH",
        "SNOWFLAKE_DATABASE": f"T{secrets.token_hex(6).upper()}",
    }

    def slowly(exchange) -> None:
        time.sleep(STATEMENT_SECONDS)
        exchange.answer(*exchange.forward())

    lake = ("--lake", finished_run / "lake", "--warehouse", "snowflake")
    code, _ = told_by("load", *lake, env=env)
    assert code == 0
    code, cheap = told_by("load", *lake, env=env)
    assert code == 0
    with Proxy(emulator.port, Fault("query", slowly, times=1)) as proxy:
        code, bad = told_by("load", *lake, env=env | {"SNOWFLAKE_PORT": str(proxy.port)})
    assert code == 0
    # The count goes on from run to run.
    [series] = [one for one in bad.lines if "warehouse_seconds_total" in one]
    assert float(bad.lines[series]) - float(cheap.lines[series]) >= STATEMENT_SECONDS
    day = 24 * 60
    evaluate(cheap, bad, {day + 30: ["NoSuccessFor", "WarehouseCosts"]}, day + 40, grows=True)


@pytest.mark.wide
def test_rounds_of_a_pipeline_that_fail(world, evaluate):
    """The store goes away; the marts that are published stay, and get old."""
    [port] = free_ports(1)
    network = SlowNetwork(port, int(world.services.s3_endpoint.rsplit(":", 1)[1]), 0)
    keys = world.services.credentials
    store = {"S3_ENDPOINT": f"http://127.0.0.1:{port}"}
    store |= {name: keys[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    try:
        world.simulate(20)
        world.catch_up()
        places = ("--published", world.folder / "published", "--work-dir", world.folder / "transform")
        env = store | parsed.environment()
        pipeline = Watched(world.start("pipeline", *HERE, "--s3-retry-total-s", 2, *places, env=env))
        good = Told(pipeline.wait_for(lambda one: one.get("round_last_success_timestamp_seconds"), 120, "a round"))
        network.cut(3600)
        bad = Told(pipeline.wait_for(lambda one: one.get("round_failures") == 1, 60, "a round that fails"))
        status, why = pipeline.ask("/readyz")
        assert status == 503 and "round failed" in why, why
        assert pipeline.ask("/healthz")[0] == 200
    finally:
        network.close()
    good.lines |= UP
    bad.lines |= UP
    evaluate(good, bad, {40: [], 50: ["NoNewMarts"]}, 55)
