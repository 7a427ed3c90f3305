"""Metrics and health: of a sink while it runs, and of commands that have ended, compared with the lake itself."""

import http.client
import json
import os
import re
import shutil
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from driver import parsed
from driver.process import Running, wait_until
from driver.scrape import Samples, Watched, check_by_promtool
from driver.services import clean_environment, free_ports
from driver.slow_network import SlowNetwork
from driver.world import World
from test_live_pages import address as address_of
from test_live_pages import listening

MISCONFIGURED, CANNOT_WRITE, UNAVAILABLE = 78, 73, 69
# Seconds: when an upload is late, and when that must be seen.
LATE, SEEN_WITHIN = 5, 10
SCRAPERS = 50
# What others write meanwhile.
DISK_MOVES_BY = 8 << 30
# As /proc/net/tcp has it.
LISTENS = "0A"
ROOT = Path(__file__).resolve().parents[2]
EVERYWHERE = ("--listen", "127.0.0.1:0")


def rows_of(command: str) -> set[str]:
    """The metrics that a command tells, by the page."""
    rows = re.findall(
        r"^\| `spotify_pipeline_(\w+)` .* \| ([^|]+) \|$", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE
    )
    return {name for name, commands in rows if f"`{command}`" in commands}


def watched_sink(world: World, *arguments, env=None) -> Watched:
    return Watched(world.start_sink(*EVERYWHERE, *arguments, env=env))


def is_caught_up(events: int):
    return lambda samples: samples.sum("sink_durable_offset") == events and samples.sum("sink_lag_records") == 0


def test_the_counters_of_a_sink_are_what_the_lake_has(world):
    world.services.kafka.create_topic(world.topic, 3)
    sink = watched_sink(world)
    world.simulate(2_000)
    world.services.kafka.produce(world.topic, [(b"k", b"no json"), (b"k", b"{"), (b"k", None)], partition=1)
    samples = sink.wait_for(is_caught_up(2_003), 60, "everything to be durable")

    objects = world.objects()
    bodies = {key: world.services.s3.get(world.bucket, key) for key in objects}
    lines = [json.loads(line) for body in bodies.values() for line in body.splitlines()]
    rejected = [line["_error"] for line in lines if "_error" in line]
    assert len(rejected) == 3
    assert samples.get("sink_records_total") == len(lines) == 2_003
    assert samples.get("sink_bytes_total") == sum(len(body) for body in bodies.values())
    assert samples.by("result", "sink_objects_total") == {"created": len(objects), "already_ours": 0, "adopted": 0}
    assert samples.by("code", "sink_rejected_records_total") == {code: rejected.count(code) for code in set(rejected)}
    assert samples.sum("sink_batches_total") == len(objects)
    cuts = [event["reason"] for event in sink.running.events("sink.object.uploaded")]
    assert {cut: count for cut, count in samples.by("cut", "sink_batches_total").items() if count} == {
        cut: cuts.count(cut) for cut in set(cuts)
    }
    assert samples.get("sink_upload_duration_seconds_count") == len(objects)
    assert samples.get("sink_records_read_total") >= 2_003
    assert (samples.get("sink_uploads_in_flight"), samples.get("sink_buffered_bytes")) == (0, 0)
    told = samples.by("partition", "sink_durable_offset")
    assert told == {str(one["partition"]): one["lake_end"] for one in world.status()}
    assert samples.by("partition", "sink_committed_offset") == told
    assert samples.get("sink_assigned_partitions") == 3

    assert sink.ask("/readyz") == (200, "ready\n")
    assert sink.ask("/healthz") == (200, "alive\n")
    check_by_promtool(world.services.deps, samples.text)
    # Nothing failed, so nothing was tried again.
    assert rows_of("sink") - samples.names == {"store_retries_total"}
    assert samples.names <= rows_of("sink")
    assert sink.running.stop().code == 0


def test_a_store_that_hangs_is_seen_within_ten_seconds(world):
    world.services.kafka.create_topic(world.topic, 1)
    [port] = free_ports(1)
    keys = world.services.credentials
    network = SlowNetwork(port, int(world.services.s3_endpoint.rsplit(":", 1)[1]), 0)
    try:
        sink = watched_sink(
            world,
            env={
                "S3_ENDPOINT": f"http://127.0.0.1:{port}",
                "AWS_ACCESS_KEY_ID": keys["AWS_ACCESS_KEY_ID"],
                "AWS_SECRET_ACCESS_KEY": keys["AWS_SECRET_ACCESS_KEY"],
            },
        )
        world.services.kafka.produce(world.topic, [(b"k", b'{"n":1}')] * 5)
        sink.wait_for(is_caught_up(5), 30, "the first object")
        wait_until(lambda: sink.ask("/readyz")[0] == 200, 10, "the sink to be ready")

        network.hang()
        world.services.kafka.produce(world.topic, [(b"k", b'{"n":2}')] * 5)
        asked = hung_at = time.monotonic()
        while (seen := sink.scrape()).get("sink_oldest_upload_seconds") <= LATE:
            asked = time.monotonic()
            time.sleep(0.2)
            assert asked < hung_at + 120, "the upload is not seen to be late"
        # However long this test had to wait for its turn between the last two looks.
        assert seen.get("sink_oldest_upload_seconds") < SEEN_WITHIN + time.monotonic() - asked
        assert (seen.get("sink_uploads_in_flight"), seen.get("sink_lag_records")) == (1, 5)
        status, why = sink.ask("/readyz")
        assert status == 503
        assert "store does not answer" in why
        # It lives, and a restart would help nobody.
        assert sink.ask("/healthz")[0] == 200
        # A partition whose batches wait is not read, and its lag grows all the same.
        for lag in (10, 15):
            world.services.kafka.produce(world.topic, [(b"k", b'{"n":3}')] * 5)
            sink.wait_for(lambda seen, lag=lag: seen.get("sink_lag_records") == lag, 30, f"a lag of {lag}")

        network.go_on()
        after = sink.wait_for(is_caught_up(20), 60, "the last object")
        assert after.get("sink_oldest_upload_seconds") == 0
        assert after.get("store_retries_total", operation="put") >= 1
        assert after.get("store_request_duration_seconds_count", operation="put", code="timeout") >= 1
        wait_until(lambda: sink.ask("/readyz")[0] == 200, 10, "the sink to be ready again")
        check_by_promtool(world.services.deps, after.text)
        assert sink.running.stop().code == 0
    finally:
        network.close()


def test_a_store_that_hangs_is_seen_in_log_status_and_flow_within_ten_seconds(world):
    world.services.kafka.create_topic(world.topic, 1)
    [port] = free_ports(1)
    keys = world.services.credentials
    network = SlowNetwork(port, int(world.services.s3_endpoint.rsplit(":", 1)[1]), 0)
    store = {"S3_ENDPOINT": f"http://127.0.0.1:{port}"}
    store |= {name: keys[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    try:
        sink = watched_sink(world, env=store)
        world.services.kafka.produce(world.topic, [(b"k", b'{"n":1}')] * 5)
        sink.wait_for(is_caught_up(5), 30, "the first object")
        pages = world.start("serve", "--flow", "--published", world.folder / "published", *EVERYWHERE, env=store)
        with listening(address_of(pages), "status") as flow:
            assert "error" not in flow.next("status")
            network.hang()
            hung_at = datetime.now(UTC)
            world.services.kafka.produce(world.topic, [(b"k", b'{"n":2}')] * 5)
            told = flow.until("status", lambda one: "error" in one)
        assert world.bucket in told["error"], told
        assert (datetime.fromisoformat(told["at"]) - hung_at).total_seconds() < SEEN_WITHIN, told
        status = world.start("status", env=store)
        for one in (sink.running, status):
            [first, *_] = wait_until(lambda one=one: one.events("waiting"), 30, "the log to tell")
            assert f":{port}" in first["of"] and first["seconds"] < SEEN_WITHIN, first
        network.go_on()
        sink.wait_for(is_caught_up(10), 60, "the last object")
        assert sink.running.stop().code == 0
    finally:
        network.close()


def test_a_sink_that_finds_no_broker_lives_and_is_not_ready(world):
    [dead] = free_ports(1)
    sink = watched_sink(world, "--kafka-call-timeout-ms", 500, env={"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{dead}"})
    down = sink.wait_for(lambda samples: samples.get("sink_outages_total") == 1, 30, "the outage to be counted")
    assert down.get("sink_log_up") == 0
    assert sink.ask("/readyz")[0] == 503
    assert sink.ask("/healthz")[0] == 200
    sink.running.stop()


def test_a_port_of_metrics_that_is_taken_is_named(world):
    world.services.kafka.create_topic(world.topic, 1)
    first = watched_sink(world)
    second = world.run("sink", "--listen", f"127.0.0.1:{first.port}")
    assert second.code == MISCONFIGURED
    assert f"127.0.0.1:{first.port}" in second.failure["message"]
    assert "--listen" in second.failure["message"]
    # It has touched nothing: neither the group nor the lake.
    assert not second.events("sink.listening")
    assert first.running.stop().code == 0


def test_a_probe_says_whether_a_sink_is_ready(world):
    world.services.kafka.create_topic(world.topic, 1)
    sink = watched_sink(world)
    wait_until(lambda: sink.ask("/readyz")[0] == 200, 30, "the sink to be ready")
    # As a container's health check, where the sink listens at every address.
    for address in (f"127.0.0.1:{sink.port}", f"0.0.0.0:{sink.port}"):
        healthy = world.run("sink", "--probe", env={"SPOTIFY_METRICS_LISTEN": address})
        assert healthy.code == 0 and "the sink is ready" in healthy.out, str(healthy)
    assert sink.running.stop().code == 0
    gone = world.run("sink", "--probe", "--listen", f"127.0.0.1:{sink.port}")
    assert gone.code == UNAVAILABLE and f"http://127.0.0.1:{sink.port}/readyz" in gone.failure["message"]
    unset = world.run("sink", "--probe")
    assert unset.code == MISCONFIGURED and "--listen" in unset.failure["message"]


def test_a_probe_says_why_a_sink_is_not_ready(world):
    [dead] = free_ports(1)
    sink = watched_sink(world, "--kafka-call-timeout-ms", 500, env={"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{dead}"})
    waits = world.run("sink", "--probe", "--listen", f"127.0.0.1:{sink.port}")
    assert waits.code == UNAVAILABLE and "HTTP 503: " in waits.failure["message"], str(waits)
    sink.running.stop()


def watched_pipeline(world: World, *arguments) -> Watched:
    places = ("--published", world.folder / "published", "--work-dir", world.folder / "transform")
    return Watched(world.start("pipeline", *EVERYWHERE, *places, *arguments, env=parsed.environment()))


def test_a_pipeline_tells_its_rounds_and_its_disks(world):
    world.must("init")
    world.simulate(300)
    world.catch_up()
    pipeline = watched_pipeline(world)
    samples = pipeline.wait_for(lambda one: one.get("round_records_total") == 300, 120, "the first round")
    [published] = pipeline.running.events("live.published")
    assert samples.get("round_failures") == 0
    assert samples.get("round_duration_seconds_count", result="done") >= 1
    assert samples.get("round_duration_seconds_count", result="failed") == 0
    assert abs(samples.get("round_behind_seconds") - published["behind_s"]) < 0.001
    assert time.time() - samples.get("round_last_success_timestamp_seconds") < 600
    for place in ("warehouse", "published", "work"):
        free = shutil.disk_usage(world.folder).free
        assert abs(samples.get("disk_free_bytes", place=place) - free) < DISK_MOVES_BY, place
    assert pipeline.ask("/readyz") == (200, "ready\n")
    assert pipeline.ask("/healthz") == (200, "alive\n")
    check_by_promtool(world.services.deps, samples.text)
    assert rows_of("pipeline") - samples.names == {"command_warehouse_seconds_total"}, "DuckDB is not paid for"
    assert samples.names <= rows_of("pipeline")
    healthy = world.run("pipeline", "--probe", "--listen", f"127.0.0.1:{pipeline.port}")
    assert healthy.code == 0 and "the pipeline is ready" in healthy.out, str(healthy)
    second = world.run("pipeline", "--listen", f"127.0.0.1:{pipeline.port}")
    assert second.code == MISCONFIGURED and f"127.0.0.1:{pipeline.port}" in second.failure["message"], str(second)
    assert pipeline.running.stop(60).code == 0


def test_without_the_setting_no_port_is_opened(world):
    world.services.kafka.create_topic(world.topic, 1)
    sink = world.start_sink()
    wait_until(lambda: sink.listening, 30, "the sink")
    assert not sink.events("monitor.listening")
    sockets = {os.readlink(link) for link in Path(f"/proc/{sink.pid}/fd").iterdir() if link.is_symlink()}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, _, _, state, *_, inode = line.split()[:10]
            assert state != LISTENS or f"socket:[{inode}]" not in sockets, line
    assert sink.stop().code == 0


def test_fifty_scrapers_and_a_slow_one_hold_up_nobody(world):
    world.services.kafka.create_topic(world.topic, 1)
    sink = watched_sink(world)
    slow = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=60)
    slow.connect()
    slow.sock.sendall(b"GET /metrics HT")
    answers: list[int] = []

    def scrape() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=60)
        for _ in range(5):
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            assert b"spotify_pipeline_build_info" in answer.read() or answer.status != 200
            answers.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=scrape) for _ in range(SCRAPERS)]
    for thread in threads:
        thread.start()
    world.services.kafka.produce(world.topic, [(b"k", b'{"n":1}')] * 100)
    for thread in threads:
        thread.join(60)
    assert answers == [200] * (SCRAPERS * 5)
    sink.wait_for(is_caught_up(100), 30, "everything to be durable")
    slow.close()
    assert sink.running.stop().code == 0


@pytest.fixture
def commands(binary, deps, tmp_path, finished_run):
    """Runs a command with a file of metrics; its exit code and what the file has then."""
    started: list[Running] = []

    def run(command: str, *arguments, file: str = "of.prom"):
        line = [binary, command, "--metrics-file", tmp_path / file, *arguments]
        env = clean_environment() | {"SDP_DEPS_DIR": str(deps)}
        started.append(Running(line, env, tmp_path, f"{len(started):03}-{command}"))
        finished = started[-1].wait(60)
        return finished, Samples((tmp_path / file).read_text() if (tmp_path / file).exists() else "")

    yield run
    for one in started:
        one.end()


def test_a_command_leaves_its_metrics_in_a_file_whether_it_succeeds_or_not(commands, deps, finished_run, tmp_path):
    lake = ["--lake", finished_run / "lake", "--warehouse", tmp_path / "warehouse" / "spotify_db.duckdb"]
    Path(tmp_path / "warehouse").mkdir()
    finished, first = commands("load", *lake)
    assert finished.code == 0, str(finished)
    [said] = finished.events("load.finished")
    assert first.get("command_exit_code", command="load") == 0
    assert first.get("command_records") == said["rows"] > 0
    assert first.get("command_objects") == said["objects"] > 0
    free = shutil.disk_usage(tmp_path).free
    assert abs(first.get("disk_free_bytes", command="load", place="warehouse") - free) < DISK_MOVES_BY
    assert first.get("command_warehouse_seconds_total") is None, "DuckDB is not paid for"
    assert 0 < first.get("command_duration_seconds") < finished.seconds
    succeeded_at = first.get("command_last_success_timestamp_seconds")
    assert succeeded_at == first.get("command_last_run_timestamp_seconds")
    check_by_promtool(deps, first.text)

    finished, failed = commands(
        "load", "--lake", tmp_path / "none", "--warehouse", tmp_path / "none" / "wrong_name.duckdb"
    )
    assert finished.code != 0
    assert failed.get("command_exit_code") == finished.code
    assert failed.get("command_last_run_timestamp_seconds") > succeeded_at
    assert failed.get("command_last_success_timestamp_seconds") == succeeded_at
    assert failed.get("command_records") is None
    check_by_promtool(deps, failed.text)


@pytest.mark.parametrize("command", ["simulate", "publish", "transform", "verify", "load"])
def test_each_command_that_ends_tells_what_the_page_says(command, commands, deps, finished_run, tmp_path):
    """All of them fail here, before they need anything, and say so."""
    line = {
        "simulate": ["--behaviour", tmp_path / "none.toml"],
        "publish": ["--published", "none"],
        "transform": ["--deps", tmp_path / "none"],
        "verify": ["--data", tmp_path / "none"],
        "load": ["--lake", tmp_path / "none", "--warehouse", tmp_path / "none" / "wrong_name.duckdb"],
    }[command]
    finished, samples = commands(command, *line)
    assert finished.code != 0
    assert samples.get("command_exit_code", command=command) == finished.code
    only_after_success = {"command_last_success_timestamp_seconds", "command_records", "command_objects"}
    only_on_snowflake = {"command_warehouse_seconds_total"}
    # Before it looks at its settings, it does not know where it would write.
    only_when_it_begins = {"disk_free_bytes"} if "disk_free_bytes" not in samples.names else set()
    # `simulate --listen` tells these.
    only_while_it_goes_on = {name for name in rows_of(command) if name.startswith(f"{command}_")}
    left_out = only_after_success | only_on_snowflake | only_when_it_begins | only_while_it_goes_on
    assert samples.names == rows_of(command) - left_out
    check_by_promtool(deps, samples.text)


def test_verify_tells_how_much_it_compared(commands, deps, finished_run):
    finished, samples = commands("verify", "--json", "--data", finished_run)
    assert finished.code == 0, str(finished)
    assert samples.get("command_records") == json.loads(finished.out)["offsets"] > 0
    assert rows_of("verify") == samples.names


def test_a_file_of_metrics_that_cannot_be_written_is_an_error(commands, finished_run, tmp_path):
    finished, _ = commands("verify", "--data", finished_run, file="none/of.prom")
    assert finished.code == CANNOT_WRITE
    assert "--metrics-file" in finished.failure["message"]
    # What failed anyway says only that.
    finished, _ = commands("verify", "--data", tmp_path / "none", file="none/of.prom")
    assert finished.code != CANNOT_WRITE
