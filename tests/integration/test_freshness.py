"""`freshness`: how old the newest loaded record is, by what dbt measures in the warehouse."""

import json

import pytest
from driver.warehouse import change, holding

UNHEALTHY, IN_USE = 10, 75
HOUR = 3600


class Measured:
    def __init__(self, finished):
        assert finished.code in (0, UNHEALTHY), str(finished)
        self.code = finished.code
        told = json.loads(finished.out)
        self.state = told["state"]
        [self.source] = told["sources"]


@pytest.fixture
def warehouse(proved):
    return proved.data / "warehouse" / "spotify_db.duckdb"


@pytest.fixture
def call(proved, warehouse):
    def run(*arguments, env=None):
        places = ["--warehouse", warehouse, "--work-dir", proved.data / "transform"]
        return proved.start_as("freshness", *places, *arguments, env=env).wait(120)

    return run


@pytest.fixture
def measure(call):
    return lambda *arguments, env=None: Measured(call("--json", *arguments, env=env))


@pytest.fixture
def age(proved, warehouse):
    """Makes all records older by so many hours."""

    def by(hours: int) -> None:
        ago = f"- INTERVAL {hours} HOUR"
        change(proved.deps, warehouse, f"UPDATE BRONZE.LOAD_LEDGER SET last_timestamp = last_timestamp {ago}")

    return by


def test_what_was_loaded_just_now_is_fresh(proved, measure, call):
    results = proved.data / "transform" / "target" / "run_results.json"
    before = results.read_bytes()
    fresh = measure()
    assert (fresh.code, fresh.state) == (0, "fresh")
    assert fresh.source["source"] == "bronze.load_ledger"
    assert 0 <= fresh.source["age_s"] < HOUR
    [[newest]] = proved.rows("SELECT strftime(max(last_timestamp), '%Y-%m-%dT%H:%M:%S') FROM BRONZE.LOAD_LEDGER")
    assert fresh.source["newest"].startswith(newest)
    assert (fresh.source["late_after_s"], fresh.source["stale_after_s"]) == (3 * HOUR, 12 * HOUR)
    # The page Runs still shows the build.
    assert results.read_bytes() == before
    header, _, line = call().out.splitlines()
    assert header.split()[:2] == ["SOURCE", "STATE"] and line.split()[:2] == ["bronze.load_ledger", "fresh"]


def test_records_that_grow_old_are_late_and_then_stale(measure, age):
    age(4)
    late = measure()
    assert (late.code, late.state) == (0, "late")
    assert 4 * HOUR <= late.source["age_s"] < 5 * HOUR
    age(9)
    stale = measure()
    assert (stale.code, stale.state) == (UNHEALTHY, "stale")
    patient = measure("--late-after", 20, env={"SPOTIFY_STALE_AFTER_H": "30"})
    assert (patient.code, patient.state) == (0, "fresh")
    assert (patient.source["late_after_s"], patient.source["stale_after_s"]) == (20 * HOUR, 30 * HOUR)
    assert measure("--stale-after", 14).state == "late"


def test_limits_that_are_empty_or_zero_are_those_of_the_project(measure, age):
    """As Compose passes them on, and as .env.example has them."""
    age(4)
    late = measure(env={"SPOTIFY_LATE_AFTER_H": "", "SPOTIFY_STALE_AFTER_H": "0"})
    assert late.state == "late"
    assert (late.source["late_after_s"], late.source["stale_after_s"]) == (3 * HOUR, 12 * HOUR)


def test_a_producers_clock_that_is_ahead_makes_nothing_fresh(proved, warehouse, measure):
    """A topic with CreateTime: the record says the year 2090, and was loaded thirteen hours ago."""
    change(
        proved.deps,
        warehouse,
        "UPDATE BRONZE.LOAD_LEDGER SET last_timestamp = TIMESTAMP '2090-01-01', loaded_at = loaded_at - INTERVAL 13 HOUR",
    )
    assert measure().state == "stale"


def test_before_the_first_load_there_is_nothing_to_measure(proved, warehouse, call, measure):
    """That is said, and no warehouse is made of it."""
    warehouse.unlink()
    asked = call()
    assert asked.code == UNHEALTHY
    assert asked.out == f"{warehouse}: nothing was loaded yet\n"
    assert json.loads(call("--json").out) == {"schema_version": 1, "state": "empty", "sources": []}
    assert not warehouse.exists()
    made = proved.start_as("warehouse", "init", "--warehouse", warehouse).wait(60)
    assert made.code == 0, str(made)
    empty = measure()
    assert (empty.code, empty.state) == (UNHEALTHY, "empty")
    assert empty.source["newest"] is None and empty.source["age_s"] is None


def test_a_warehouse_that_is_open_elsewhere_is_named(proved, warehouse, call):
    with holding(proved.deps, warehouse):
        held_up = call()
    assert held_up.code == IN_USE, str(held_up)
    assert str(warehouse) in held_up.err
