"""`run` in one process on one folder: held by one at a time, stopped or killed at any moment, and gone on with."""

import datetime
import os
import random
import re
import signal
import subprocess
import time

import pytest
from driver import parsed
from driver.embedded import EVENTS
from driver.process import GUARD_SECONDS, Running, wait_until
from driver.services import clean_environment

MISCONFIGURED = 78
# Of the values of a simulation, about half have more.
MIDDLE_BYTES = 316
# A run of so many takes long enough to be killed at any of its stages.
EVENTS_TO_KILL = 40_000


def test_a_second_run_adds_to_the_marts_of_the_first(embedded):
    told = embedded.must_prove().out
    # Before the proof one line of what lies outside it; and publishing has no events a second.
    [line] = [line for line in told.splitlines() if line.startswith("outside the proof: ")]
    assert re.fullmatch(r"outside the proof: \d+ things, which `verify` names and docs/formats/proof.md explains", line)
    [publish] = [line for line in told.splitlines() if line.startswith("  publish ")]
    assert re.fullmatch(r"  publish +[\d.]+ +the marts, for readers *", publish)
    rows, counted = embedded.counts()
    assert rows == EVENTS
    embedded.must_prove()
    rows_again, counted_again = embedded.counts()
    assert rows_again == 2 * EVENTS
    assert counted_again > counted
    report = embedded.verify()
    assert report["offsets"] == report["offsets_against_log"] == 2 * EVENTS


def test_a_run_has_dbt_read_the_project_while_it_makes_events(embedded, program_deps, monkeypatch):
    monkeypatch.delenv(parsed.SHARED, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(embedded.folder / "cache"))
    embedded.deps = program_deps
    work = embedded.data / "transform"
    started = time.time()
    embedded.must_prove()
    noted, built = (work / name for name in ("parse.log", "transform.log"))
    assert started < noted.stat().st_mtime <= built.stat().st_mtime
    first = noted.stat().st_mtime
    embedded.must_prove()
    assert noted.stat().st_mtime == first, "the project was read already"
    embedded.data = embedded.folder / "other"
    embedded.must_prove()
    assert not (embedded.data / "transform" / "parse.log").exists(), "it was read for another folder"


@pytest.mark.parametrize("folder", [b"data\xff", b"\xc3/data"])
def test_a_folder_that_dbt_could_not_read_is_refused_before_any_event(binary, deps, tmp_path, folder):
    """As --data, and as the folder in which one is."""
    path = os.fsencode(tmp_path) + b"/" + folder
    os.makedirs(path)
    for asked, where in ((path, tmp_path), ("data", path)):
        run = [binary, "run", "--events", "10", "--data", asked]
        env = clean_environment() | {"SDP_DEPS_DIR": str(deps)}
        done = subprocess.run(run, env=env, cwd=where, capture_output=True, timeout=GUARD_SECONDS, check=False)
        assert done.returncode == MISCONFIGURED, done
        assert b"is not UTF-8" in done.stderr
    assert not [name for _, _, names in os.walk(path) for name in names if b"spotify_events" in name]


def days_of(embedded) -> list[datetime.date]:
    days = embedded.rows("SELECT DISTINCT day FROM MART.USER_ENGAGEMENT ORDER BY day")
    return [datetime.date.fromisoformat(day) for [day] in days]


def test_a_run_spreads_its_events_over_the_last_four_weeks(embedded):
    """Of their own times; they arrive now, so that the lake has no more hours and objects than without."""
    embedded.must_prove()
    days = days_of(embedded)
    assert len(days) in (28, 29), days  # a span that begins in the middle of a day touches one more
    assert days[-1] - days[0] == datetime.timedelta(len(days) - 1), "a day is missing"
    assert days[-1] <= datetime.datetime.now(datetime.UTC).date()
    [[hours, weekdays]] = embedded.rows(
        "SELECT count(DISTINCT extract(hour FROM hour)), count(DISTINCT dayofweek(day)) FROM MART.COUNTRY_DEVICE_HOURLY"
    )
    assert (hours, weekdays) == (24, 7)
    [[arrival_hours]] = embedded.rows("SELECT count(*) FROM MART.PIPELINE_HOURS")
    assert arrival_hours <= 2


def test_with_days_0_the_events_of_a_run_are_those_of_the_last_minute(embedded):
    embedded.must_prove(EVENTS, "--days", 0)
    assert len(days_of(embedded)) <= 2
    [[within_a_minute]] = embedded.rows(
        "SELECT max(timestamp) - min(timestamp) < INTERVAL 1 MINUTE FROM TRANSFORM.SPOTIFY_SILVER"
    )
    assert within_a_minute


def test_a_folder_in_use_is_refused_by_naming_its_holder(embedded):
    first = embedded.start("--events", 0, "--rate", 2000)
    wait_until(
        lambda: (embedded.data / ".lock").exists() and (embedded.data / ".lock").read_text(), 20, "the first run"
    )
    second = embedded.run(100)
    assert second.code == 75, str(second)
    assert str(first.pid) in second.failure["message"] and str(embedded.data) in second.failure["message"]
    first.send(signal.SIGINT)
    assert first.wait(30, promised=True).code == 130
    embedded.must_prove()


def test_an_interrupted_run_exits_130_and_the_next_one_goes_on(embedded):
    durable = 0
    for _ in range(2):
        running = embedded.start("--events", 0, "--rate", 5000)
        time.sleep(2.5)
        running.send(signal.SIGINT)
        finished = running.wait(30)
        assert finished.code == 130, str(finished)
        [sunk] = finished.events("sink.finished")
        durable += sunk["records_durable"]
    assert durable > 0
    embedded.must_prove(1000)
    rows, counted = embedded.counts()
    assert rows == durable + 1000
    embedded.must_prove(1000)
    assert embedded.counts()[0] == rows + 1000
    assert embedded.counts()[1] > counted


def stage_of(running: Running) -> str:
    if running.events("transform.started"):
        return "transform or later"
    if running.events("load.planned"):
        return "load"
    return "simulate and sink"


@pytest.mark.long
def test_a_run_killed_at_random_moments_goes_on_with_all_that_was_durable(embedded, fault_cycles, say):
    chance = random.Random(10)
    moments: dict[str, int] = {}
    kills = max(6, fault_cycles // 15)
    for _ in range(kills):
        # One in three takes a moment of the simulation, the others any moment of the whole run.
        endless = chance.random() < 0.34
        running = embedded.start("--events", 0 if endless else EVENTS_TO_KILL, *(("--rate", 20_000) if endless else ()))
        time.sleep(chance.uniform(0.1, 2 if endless else 8))
        if not running.is_running():
            assert running.finished().code == 0, str(running.finished())
            continue
        moment = stage_of(running)
        running.kill()
        moments[moment] = moments.get(moment, 0) + 1
    last = embedded.must_prove()
    lost = sum(
        int(end) - int(first)
        for first, end in re.findall(
            r"offsets \[(\d+), (\d+)\) were in the memory of a killed run and died with it", last.out
        )
    )
    rows, _ = embedded.counts()
    [[events]] = embedded.rows(
        "SELECT count(DISTINCT json_extract_string(payload, '$.event_id')) FROM BRONZE.SPOTIFY_EVENTS"
    )
    assert rows == events == embedded.verify()["offsets"]
    say(
        f"{sum(moments.values())} kills of run, by stage {moments}: {rows} events proved; the witness names {lost} that "
        "were in no more than the killed processes' memory"
    )
    assert sum(moments.values()) >= kills // 2


def test_a_run_killed_while_dbt_works_leaves_nobody_who_holds_the_warehouse(embedded, program_deps):
    embedded.deps = program_deps
    running = embedded.start("--events", EVENTS)
    wait_until(lambda: running.events("transform.started"), 60, "dbt to begin")
    time.sleep(1)
    running.kill()
    embedded.must_prove()
    assert embedded.counts()[0] == 2 * EVENTS


def test_what_is_exported_for_other_projects_changes_nothing(embedded):
    """DBT_EMPTY alone had dbt build marts without a row, and succeed."""
    of_others = {
        "DBT_EMPTY": "true",
        "DBT_RESOURCE_TYPES": "seed",
        "DBT_TARGET": "theirs",
        "PYTHONHOME": "/nonexistent",
    }
    finished = embedded.run(300, env=of_others)
    assert finished.code == 0, str(finished)
    [[rows]] = embedded.rows("SELECT count(*) FROM TRANSFORM.SPOTIFY_SILVER")
    assert rows == 300


def test_a_run_with_another_limit_of_values_is_proved(embedded):
    """What the sink takes for too large its own proof does, too."""
    finished = embedded.run(300, "--value-bytes-max", MIDDLE_BYTES, "--max-reject-ratio", 1)
    assert finished.code == 0, str(finished)
    [[rejected]] = embedded.rows("SELECT count(*) FROM BRONZE.REJECTED_EVENTS WHERE error_code = 'too_large'")
    assert 0 < rejected < 300


def test_a_folder_that_duckdb_would_not_find_is_refused_before_any_work(embedded):
    embedded.data = embedded.folder / "what?"
    finished = embedded.run(300)
    assert finished.code == MISCONFIGURED, str(finished)
    assert "?" in finished.failure["message"]
    assert not (embedded.data / "lake").exists()
