"""A real Airflow with all its processes on PostgreSQL, a real Kafka and S3 server: what a person sees who triggers the
first DAG, and what is left of repeats, kills and two at once."""

import os
import re
import signal
import subprocess
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pytest
from driver.airflow import Airflow
from driver.past_hours import make_topic_with_past, this_hour
from driver.process import wait_until
from driver.world import World

# One Airflow, on one worker.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("airflow")]

BRONZE = "spotify_minio_to_snowflake_bronze"
DBT = "spotify_dbt"
FRESHNESS = "spotify_freshness"
NOW = this_hour()
PAST = {NOW - timedelta(hours=2): 300, NOW - timedelta(hours=1): 200}
OPEN_EVENTS = 500
EVENTS = 5_000
MANY_EVENTS = 150_000


@pytest.fixture(scope="module")
def world(services):
    """Two hours that are over and one that is open, and a sink which goes on."""
    with tempfile.TemporaryDirectory(prefix="sdp-airflow-") as folder:
        made = World(services, Path(folder), "airflow")
        make_topic_with_past(made, PAST)
        made.simulate(OPEN_EVENTS)
        sink = made.start_sink(
            "--session-timeout-ms",
            10_000,
            "--batch-records",
            2_000,
            "--batch-linger-ms",
            1_000,
            "--hour-grace-ms",
            1_000,
        )
        make_durable(made)
        yield made
        sink.stop(timeout=120)
        made.close()


def make_durable(world) -> None:
    """Until the sink has put all that was sent."""
    wait_until(lambda: world.run("status").code == 0, 120, "the sink to catch up", 0.2)


@pytest.fixture(scope="module")
def started(world, deps):
    """Airflow, what `up` said, and how long that took."""
    airflow = Airflow(world, deps, min(PAST))
    began = time.monotonic()
    try:
        said = airflow.up()
        yield airflow, said.stdout + said.stderr, time.monotonic() - began
    finally:
        airflow.down()


@pytest.fixture(scope="module")
def airflow(started) -> Airflow:
    return started[0]


def ledger(world) -> list[list]:
    return world.rows("SELECT count(*), count(DISTINCT object_key) FROM BRONZE.LOAD_LEDGER")


def marts(world) -> list[list]:
    return world.rows("SELECT * FROM MART.TOP_SONGS ORDER BY ALL") + world.rows(
        "SELECT * FROM MART.USER_ENGAGEMENT ORDER BY ALL"
    )


def songs(world) -> list[list]:
    return world.rows("SELECT song_id, total_plays, total_skips FROM MART.TOP_SONGS ORDER BY ALL")


def recount(world) -> list[list]:
    """Plays and skips of each song, from bronze without dbt."""
    return world.rows("""
        SELECT payload->>'$.song_id', count(*) FILTER (payload->>'$.event_type' = 'play'),
               count(*) FILTER (payload->>'$.event_type' = 'skip')
        FROM BRONZE.SPOTIFY_EVENTS GROUP BY ALL HAVING count(*) FILTER (payload->>'$.event_type' IN ('play', 'skip')) > 0
        ORDER BY ALL""")


def load_process(world) -> int | None:
    """The `load` that a task of Airflow runs now."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if (
                words[:2] == [str(world.services.binary).encode(), b"load"]
                and (entry / "cwd").resolve() == world.folder.resolve()
            ):
                return int(entry.name)
        except OSError:
            continue
    return None


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def test_it_comes_up_healthy_with_its_dags_and_says_where(started, say):
    airflow, said, seconds = started
    say(f"spotify-services up airflow: {seconds:.1f} s")
    assert f"http://127.0.0.1:{airflow.port}" in said
    airflow.wait_for_dags(BRONZE, DBT, FRESHNESS)
    assert airflow.ask("/importErrors")["total_entries"] == 0


def test_no_secret_is_told_or_readable_by_others(started):
    airflow, said, _ = started
    home = airflow.data / "airflow"
    secrets = [*re.findall(r"=(\S+)", (home / "secrets.env").read_text()), airflow.password]
    assert len(secrets) == 5
    for path in (home / "secrets.env", home / "passwords.json"):
        assert path.stat().st_mode & 0o777 == 0o600
    told = said + "".join(path.read_text(errors="replace") for path in (airflow.data / "logs").iterdir())
    command_lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    for secret in secrets:
        assert secret not in told
        assert secret not in command_lines


def test_a_wrong_password_is_refused(airflow):
    assert airflow.is_refused("admin")
    assert not airflow.is_refused(airflow.password)


def test_all_of_it_listens_on_loopback_only(airflow):
    leaders = {
        airflow.pid(role)
        for role in (
            "postgres",
            "airflow-api-server",
            "airflow-scheduler",
            "airflow-dag-processor",
            "airflow-triggerer",
        )
    }
    listening = subprocess.run(["ss", "-H", "-ltnp"], capture_output=True, text=True, check=True).stdout
    addresses = [
        line.split()[3]
        for line in listening.splitlines()
        for pid in map(int, re.findall(r"pid=(\d+)", line))
        if session_of(pid) in leaders
    ]
    assert len(addresses) >= 2
    assert all(address.startswith("127.0.0.1:") for address in addresses), addresses


def session_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[3])


def test_a_scheduled_run_loads_its_complete_hour_and_nothing_else(airflow, world):
    for hour, events in PAST.items():
        run = airflow.scheduled_run(BRONZE, hour)
        airflow.wait_for_run(BRONZE, run)
        assert airflow.result(BRONZE, run, "load_task")["rows"] == events
    airflow.wait_for_quiet()
    by_hour = world.rows(
        "SELECT epoch_ms(date_trunc('hour', kafka_timestamp)) // 1000, count(*) "
        "FROM BRONZE.SPOTIFY_EVENTS GROUP BY 1 ORDER BY 1"
    )
    assert [row for row in by_hour if row[0] < NOW.timestamp()] == [[int(h.timestamp()), n] for h, n in PAST.items()]
    # What this hour has got is in the lake and stays there while it lasts.
    assert len(by_hour) == 2 or this_hour() > NOW
    proof = airflow.result(DBT, airflow.runs(DBT)[0]["dag_run_id"], "verify")
    assert proof["proved"] is True
    assert proof["kept"] == sum(n for _, n in by_hour)
    assert songs(world) == recount(world)


def test_triggering_the_first_dag_ends_in_proved_marts(airflow, world, say):
    world.simulate(EVENTS)
    make_durable(world)
    began = time.monotonic()
    run = airflow.trigger(BRONZE)
    seconds = airflow.wait_for_run(BRONZE, run)
    wait_until(
        lambda: any(
            r["state"] == "success" and r["run_after"] > airflow.run(BRONZE, run)["start_date"]
            for r in airflow.runs(DBT)
        ),
        180,
        "dbt after bronze",
        0.5,
    )
    say(f"bronze {seconds:.1f} s, to proved marts {time.monotonic() - began:.1f} s")
    airflow.wait_for_quiet()
    assert world.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS") == [[world.acked]]
    assert songs(world) == recount(world)
    proofs = [airflow.result(DBT, r["dag_run_id"], "verify") for r in airflow.runs(DBT)]
    assert {"proved": True, "kept": world.acked, "duplicates": 0, "rejected": 0} in proofs
    assert "load.finished" in airflow.log(BRONZE, run, "load_task")


@pytest.mark.whole
def test_repeats_of_all_kinds_leave_ledger_and_marts_as_they_are(airflow, world):
    before = ledger(world), marts(world)
    backfill = airflow.backfill(BRONZE, min(PAST), max(PAST))
    runs = [airflow.trigger(BRONZE), airflow.trigger(BRONZE)]
    for run in runs:
        airflow.wait_for_run(BRONZE, run)
        assert airflow.result(BRONZE, run, "load_task")["rows"] == 0
    airflow.wait_for_backfill(backfill)
    again = [run for run in airflow.runs(BRONZE) if run["run_type"] == "backfill"]
    assert len(again) == len(PAST)
    by_hand = [airflow.run(BRONZE, run) for run in runs]
    assert any(
        one["start_date"] < other["end_date"] and other["start_date"] < one["end_date"]
        for one in again
        for other in by_hand
    ), "no backfill ran beside another run"
    for run in again:
        assert airflow.result(BRONZE, run["dag_run_id"], "load_task")["rows"] == 0
    airflow.wait_for_quiet()
    assert (ledger(world), marts(world)) == before


@pytest.mark.wide
def test_a_task_that_is_killed_while_it_loads_is_tried_again(airflow, world):
    world.simulate(MANY_EVENTS)
    make_durable(world)
    run = airflow.trigger(BRONZE)
    load = wait_until(lambda: load_process(world), 120, "a task to load", 0.01)
    # setpriv became the load, so its parent is the task.
    os.kill(parent(load), signal.SIGKILL)
    airflow.wait_for_run(BRONZE, run)
    assert airflow.tasks(BRONZE, run)["load_task"]["try_number"] >= 2
    airflow.wait_for_quiet()
    [[objects, distinct]] = ledger(world)
    assert objects == distinct == len(world.objects())
    assert world.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS") == [[world.acked]]


@pytest.mark.whole
def test_a_scheduler_that_is_killed_mid_load_goes_on_after_its_restart(airflow, world):
    world.simulate(MANY_EVENTS)
    make_durable(world)
    run = airflow.trigger(BRONZE)
    wait_until(lambda: load_process(world), 120, "a task to load", 0.01)
    airflow.kill_scheduler()
    airflow.up()
    airflow.wait_for_run(BRONZE, run)
    airflow.wait_for_quiet()
    assert world.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS") == [[world.acked]]
    [[objects, distinct]] = ledger(world)
    assert objects == distinct == len(world.objects())
    assert songs(world) == recount(world)
    proofs = [airflow.result(DBT, r["dag_run_id"], "verify") for r in airflow.runs(DBT)]
    assert all(proof["proved"] for proof in proofs)
