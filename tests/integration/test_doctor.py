"""`doctor` on rights, clocks and versions, where they are as they should be and where they are not."""

import json
import re
import secrets
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from driver.commands import doctor_without_broker
from driver.process import GUARD_SECONDS
from driver.services import clean_environment, free_ports
from driver.slow_network import SlowNetwork
from driver.snowflake import Fault, OnSnowflake
from faulty import ALWAYS, cut
from test_kafka_rights import COMMANDS

UNHEALTHY = 10
# From these on it is told, and S3 servers refuse what is signed.
TOLD, REFUSED = 5, 15 * 60
HTTP_DATE = re.compile(rb"(?<=\r\nDate: )[^\r]{29}(?=\r\n)")
PACKAGES = ["dbt-core", "dbt-duckdb"]


def checks(finished) -> dict[str, dict]:
    answer = json.loads(finished.out)
    assert answer["schema_version"] == 1
    for check in answer["checks"]:
        assert list(check) == ["check", "ok", "warning", "message"], check
    return {one["check"]: one for one in answer["checks"]}


def is_good(check: dict) -> bool:
    return check["ok"] and not check["warning"]


def test_on_a_broker_without_rights_and_a_store_with_the_right_time_nothing_is_wrong(world):
    world.simulate(10)
    world.catch_up()
    told = checks(world.must("doctor", "--json"))
    assert all(is_good(one) for one in told.values()), told
    for command in COMMANDS:
        assert command in told["rights"]["message"], told["rights"]
    within = float(re.search(r"within (\d+\.\d) s of the store", told["clock"]["message"])[1])
    assert within < TOLD, told["clock"]


@pytest.fixture
def skewed(world):
    """Runs doctor with a store whose clock is off."""
    world.simulate(1)
    world.catch_up()
    networks = []

    def run(seconds: int):
        def change(data: bytes) -> bytes:
            off = datetime.now(UTC) + timedelta(seconds=seconds)
            return HTTP_DATE.sub(format_datetime(off, usegmt=True).encode(), data)

        [port] = free_ports(1)
        networks.append(SlowNetwork(port, int(world.services.s3_endpoint.rsplit(":", 1)[1]), 0, change))
        keys = world.services.credentials
        store = {"S3_ENDPOINT": f"http://127.0.0.1:{port}"}
        store |= {name: keys[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        return world.run("doctor", "--json", env=store)

    yield run
    for one in networks:
        one.close()


@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_clock_that_differs_from_the_stores_is_told_with_what_is_off(skewed, seconds):
    finished = skewed(seconds)
    assert finished.code == 0, str(finished)
    clock = checks(finished)["clock"]
    assert clock["ok"] and clock["warning"], clock
    off, side = re.search(r"clock is (\d+\.\d) s (behind|ahead of)", clock["message"]).groups()
    assert 55 < float(off) < 65 and side == ("behind" if seconds > 0 else "ahead of"), clock
    assert "delays" in clock["message"], clock


def test_a_clock_that_differs_so_much_that_requests_are_refused_fails(skewed):
    finished = skewed(REFUSED + 60)
    assert finished.code == UNHEALTHY, str(finished)
    told = checks(finished)
    assert not told["clock"]["ok"] and "refuse each request" in told["clock"]["message"], told["clock"]
    # This store looks at its own clock, which is right.
    assert told["lake"]["ok"], told["lake"]


def test_a_record_from_the_future_tells_that_a_clock_is_wrong(world):
    kafka = world.services.kafka
    kafka.create_topic(world.topic, 2, {"message.timestamp.after.max.ms": str(2**63 - 1)})
    kafka.produce(world.topic, [(None, b"{}")], 1, int((time.time() + 600) * 1000))
    log = checks(world.run("doctor", "--json"))["log"]
    assert log["ok"] and log["warning"], log
    ahead = float(re.search(r"newest record has a time (\d+\.\d) s ahead", log["message"])[1])
    assert 500 < ahead <= 600, log


def test_a_topic_that_is_not_there_is_one_finding_not_two(world):
    told = checks(world.run("doctor", "--json"))
    assert not told["log"]["ok"] and "does it exist" in told["log"]["message"], told["log"]
    assert told["rights"]["ok"] and world.topic in told["rights"]["message"], told["rights"]


def versions(done: subprocess.CompletedProcess) -> dict:
    [check] = [one for one in json.loads(done.stdout)["checks"] if one["check"] == "versions"]
    assert check["ok"], check
    return check


@pytest.fixture
def with_deps(binary, finished_run, monkeypatch):
    """Runs doctor with a folder of deps, on the warehouse of a run or a copy of it."""

    def run(deps, warehouse=finished_run / "warehouse" / "spotify_db.duckdb"):
        for name, value in clean_environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SDP_DEPS_DIR", str(deps))
        return versions(doctor_without_broker(binary, finished_run / "lake", warehouse))

    return run


def test_versions_are_those_that_are_installed(binary, program_deps, with_deps):
    """And none is older than what is tested: these are."""
    done = subprocess.run(
        [binary, "version", "--json"], capture_output=True, text=True, timeout=GUARD_SECONDS, check=True
    )
    ours = json.loads(done.stdout)
    told = with_deps(program_deps)
    assert not told["warning"], told
    for name, version in (
        ("spotify-pipeline", ours["version"]),
        ("librdkafka", ours["librdkafka"]),
        ("DuckDB", ours["duckdb"].removeprefix("v")),
    ):
        assert f"{name} {version}" in told["message"], told
    folders = {
        path.name.removesuffix(".dist-info")
        for path in (program_deps / "venv-dbt").glob("lib/python3*/site-packages/*")
    }
    for package in PACKAGES:
        [installed] = [name.partition("-")[2] for name in folders if name.startswith(f"{package.replace('-', '_')}-")]
        assert f"{package} {installed}" in told["message"], told
    assert re.search(r"storage version \d+, made by DuckDB \d", told["message"]), told


def test_what_is_older_than_tested_and_a_file_of_a_newer_duckdb_are_named(
    program_deps, with_deps, finished_run, tmp_path
):
    deps = tmp_path / "deps"
    deps.mkdir()
    for entry in program_deps.iterdir():
        if entry.name != "venv-dbt":
            (deps / entry.name).symlink_to(entry.resolve())
    packages = deps / "venv-dbt" / "lib" / "python3.11" / "site-packages"
    for name in ("dbt_core-1.0.0", "dbt_duckdb-99.0.0"):
        (packages / f"{name}.dist-info").mkdir(parents=True)
    warehouse = tmp_path / "spotify_db.duckdb"
    shutil.copy(finished_run / "warehouse" / "spotify_db.duckdb", warehouse)
    with open(warehouse, "r+b") as file:
        file.seek(52)
        file.write(b"v99.0.0\0")
    told = with_deps(deps, warehouse)
    assert told["warning"], told
    assert "dbt-core 1.0.0 (older than " in told["message"], told
    assert "dbt-duckdb 99.0.0;" in told["message"], told
    assert "made by DuckDB 99.0.0, which is newer than ours" in told["message"], told


def test_a_login_that_everybody_tries_first_is_named_and_never_shown(world):
    secret = "minio123"
    env = {"AWS_ACCESS_KEY_ID": "minio", "AWS_SECRET_ACCESS_KEY": secret}
    finished = world.run("doctor", "--json", env=env)
    logins = checks(finished)["logins"]
    assert logins["ok"] and logins["warning"] and "S3's key minio" in logins["message"], logins
    assert secret not in finished.out + finished.err


def test_one_client_asks_all_that_is_asked_of_the_brokers(world):
    world.simulate(1)
    world.catch_up()
    [port] = free_ports(1)
    network = SlowNetwork(port, int(world.services.kafka_address.rsplit(":", 1)[1]), 0)
    try:
        told = checks(world.must("doctor", "--json", env={"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{port}"}))
    finally:
        network.close()
    assert is_good(told["log"]) and is_good(told["rights"]), told
    # Brokers tell an address of their own, so that a client comes this way once.
    assert network.connections == 1


def test_one_login_asks_all_that_is_asked_of_snowflake(binary, deps, emulator, tmp_path):
    pipeline = OnSnowflake(binary, deps, tmp_path, emulator, f"D{secrets.token_hex(6).upper()}")
    pipeline.must("warehouse init")
    logins = {}
    for command in ("rejected list", "doctor --json --bootstrap-servers 127.0.0.1:1 --kafka-call-timeout-ms 500"):
        # It strikes nobody, and counts.
        login = Fault("login", cut, after=ALWAYS)
        finished = pipeline.run(command, env=pipeline.through(login))
        logins[command] = login.seen
    told = checks(finished)
    assert is_good(told["warehouse"]) and is_good(told["mapping"]), told
    assert re.search(r"within \d+\.\d s of Snowflake", told["clock"]["message"]), told["clock"]
    # As many as a command needs that opens it once.
    assert len(set(logins.values())) == 1 and min(logins.values()) > 0, logins
    pipeline.close()
