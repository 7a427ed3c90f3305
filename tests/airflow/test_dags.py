"""The DAG files by themselves: they import cleanly and quickly, and are what the documents say."""

import importlib
import subprocess
import sys
import warnings

import pytest
from conftest import DAGS


@pytest.fixture(scope="module")
def dag_bag():
    from airflow.dag_processing.dagbag import DagBag

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        bag = DagBag(DAGS)
    bag.seen_warnings = [str(warning.message) for warning in seen]
    return bag


def test_every_file_imports_without_an_error(dag_bag):
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dags) == {"spotify_minio_to_snowflake_bronze", "spotify_dbt", "spotify_freshness"}


def test_no_file_uses_what_is_deprecated(dag_bag):
    assert dag_bag.captured_warnings == {}
    assert dag_bag.seen_warnings == []


@pytest.mark.parametrize("name", ["spotify_minio_to_snowflake_bronze", "spotify_dbt", "spotify_freshness"])
def test_every_file_is_parsed_within_a_second(name, say):
    """Of processor time, Airflow's own imports included: tests share the machine with others."""
    script = (
        f"import time; started = time.process_time(); import airflow.sdk; own = time.process_time()\n"
        f"import {name}; ended = time.process_time()\n"
        f"print(own - started, ended - own)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=DAGS, capture_output=True, text=True, check=True)
    airflow_s, file_s = map(float, done.stdout.strip().splitlines()[-1].split())
    say(f"{name}: parsed in {file_s * 1000:.0f} ms, after {airflow_s * 1000:.0f} ms of Airflow's own imports")
    assert file_s < 1


def test_bronze_extracts_then_loads_one_run_at_a_time(dag_bag):
    dag = dag_bag.dags["spotify_minio_to_snowflake_bronze"]
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "wait_for_hour": {"stage"},
        "stage": {"extract_task", "remove_stage"},
        "extract_task": {"load_task", "nothing_left_out"},
        "load_task": {"nothing_left_out", "remove_stage"},
        "nothing_left_out": set(),
        "remove_stage": set(),
    }
    assert [task.task_id for task in dag.tasks if task.is_setup] == ["stage"]
    assert [task.task_id for task in dag.tasks if task.is_teardown] == ["remove_stage"]
    assert dag.max_active_runs == 1
    assert [outlet.name for outlet in dag.get_task("load_task").outlets] == ["spotify_bronze"]


def test_dbt_follows_bronze_and_ends_with_the_proof(dag_bag):
    dag = dag_bag.dags["spotify_dbt"]
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {"dbt_build": {"verify"}, "verify": set()}
    assert dag.max_active_runs == 1
    assert [asset.name for asset in dag.timetable.asset_condition.objects] == ["spotify_bronze"]
    assert [outlet.name for outlet in dag.get_task("verify").outlets] == ["spotify_marts"]


def test_freshness_is_measured_every_hour_whatever_arrives(dag_bag):
    dag = dag_bag.dags["spotify_freshness"]
    assert [task.task_id for task in dag.tasks] == ["source_freshness"]
    assert (dag.max_active_runs, dag.catchup) == (1, False)
    assert (dag.timetable.expression, str(dag.timetable.timezone)) == ("50 * * * *", "UTC")


def test_every_task_is_tried_again_with_growing_pauses(dag_bag):
    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            assert task.retries == 5, task.task_id
            assert task.retry_exponential_backoff, task.task_id


def test_no_task_runs_without_a_limit_of_time(dag_bag):
    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            assert task.execution_timeout.total_seconds() == 7200, task.task_id


def test_tasks_that_open_the_warehouse_take_turns(monkeypatch):
    import spotify_freshness
    import spotify_minio_to_snowflake_bronze

    import spotify_dbt

    monkeypatch.setenv("SPOTIFY_WAREHOUSE_POOL", "one_writer")
    pools = {}
    for module in (spotify_minio_to_snowflake_bronze, spotify_dbt, spotify_freshness):
        dag = getattr(importlib.reload(module), module.__name__)()
        pools |= {task.task_id: task.pool for task in dag.tasks}
    assert {name for name, pool in pools.items() if pool == "one_writer"} == {
        "extract_task",
        "load_task",
        "dbt_build",
        "verify",
        "source_freshness",
    }


@pytest.mark.parametrize(
    ("start", "catchup", "first"),
    [
        (None, False, "2026-01-01T00:00:00+00:00"),
        ("2026-02-15T17", True, "2026-02-15T17:00:00+00:00"),
        ("2026-02-15T17:00+05:30", True, "2026-02-15T11:30:00+00:00"),
    ],
)
def test_a_set_start_brings_every_hour_since(monkeypatch, start, catchup, first):
    import spotify_minio_to_snowflake_bronze as module

    if start:
        monkeypatch.setenv("SPOTIFY_DAG_START", start)
    dag = importlib.reload(module).spotify_minio_to_snowflake_bronze()
    assert (dag.catchup, dag.start_date.isoformat()) == (catchup, first)
