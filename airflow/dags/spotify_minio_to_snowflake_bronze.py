"""Lake to bronze: what the sink has made durable and the warehouse has not loaded.

A scheduled run waits until its hour is complete and loads all complete hours up to it; an hour that one run missed
comes with the next. A manual run loads everything that is in the lake by now, or what its parameter `hour` says; with
`wait_for_events` it waits until there is anything. The warehouse's own ledger makes loading exactly once, whatever is
repeated, killed or run twice.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pipeline_cli as pipeline
from airflow.sdk import (
    Asset,
    BaseSensorOperator,
    CronDataIntervalTimetable,
    Param,
    dag,
    get_current_context,
    setup,
    task,
    teardown,
)
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

BRONZE = Asset("spotify_bronze")

HOUR_WAIT_MAX = timedelta(minutes=15)
# Set: every hour since then gets a run. Not set: only the latest one does, which loads what is missing all the same.
START = os.environ.get("SPOTIFY_DAG_START")


def start_date() -> datetime:
    """A time without an offset is UTC."""
    if not START:
        return datetime(2026, 1, 1, tzinfo=UTC)
    start = datetime.fromisoformat(START)
    return start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)


def closed_hour() -> str | None:
    """The hour of a scheduled or backfill run, as `2026-02-15T17`. A manual run has the one of its parameter, or None: then
    it waits for no hour."""
    context = get_current_context()
    if context["dag_run"].run_type not in ("scheduled", "backfill"):
        return context["params"]["hour"]
    return context["data_interval_start"].strftime("%Y-%m-%dT%H")


def hour_options() -> list[str]:
    hour = closed_hour()
    return ["--complete-hours", "--to", hour] if hour else []


def stage_dir() -> Path:
    """One folder a run, below SPOTIFY_STAGE_DIR: shared storage where tasks run on several hosts."""
    run_id = get_current_context()["dag_run"].run_id
    name = "".join(c if c.isalnum() else "-" for c in run_id)
    return Path(pipeline.working_folder(), os.environ.get("SPOTIFY_STAGE_DIR", "data/stage"), name)


def is_to_be_loaded(hour: str | None) -> bool:
    """Whether the run's hour is complete in the lake. A run without one has nothing to wait for, unless it is to wait for
    the first events of all."""
    if hour is None:
        return not get_current_context()["params"]["wait_for_events"] or pipeline.lake_has_events()
    return pipeline.lake_hour_is_over(hour)


class LakeHourSensor(BaseSensorOperator):
    """Waits until what the run loads is in the lake. What does not come in time is left to a later run, so that a sink
    that stands still does not keep runs by hand waiting."""

    def poke(self, context) -> bool:
        hour = closed_hour()
        is_patient = datetime.now(UTC) - context["dag_run"].start_date < HOUR_WAIT_MAX
        try:
            if is_to_be_loaded(hour):
                return True
        except pipeline.PipelineError as error:
            # Before anything was ever sent there is no topic and no lake: what is new is waited for, too.
            print(error)
            if not is_patient:
                raise pipeline.as_task_failure(error) from None
        if not is_patient:
            missing = f"hour {hour} is still open" if hour else "the lake has no events yet"
            raise AirflowSkipException(f"{missing}; the next run loads it too")
        return False


@dag(
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=start_date(),
    catchup=START is not None,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=pipeline.task_defaults(),
    params={
        "hour": Param(
            None,
            type=["null", "string"],
            pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}$",
            description="Of a manual run: wait for this hour (UTC, like 2026-02-15T17) and load the complete hours up to it.",
        ),
        "wait_for_events": Param(
            False,
            type="boolean",
            description="Of a manual run without an hour: wait until the lake has any events, 15 minutes at most.",
        ),
    },
    tags=["spotify"],
    doc_md=__doc__,
)
def spotify_minio_to_snowflake_bronze():
    # In this mode no slot is held between looks.
    wait_for_hour = LakeHourSensor(task_id="wait_for_hour", mode="reschedule", poke_interval=15)

    @setup
    def stage() -> str:
        """The folder of this run's files."""
        return str(stage_dir())

    @task(pool=pipeline.warehouse_pool())
    def extract_task(folder: str) -> dict:
        """Copies the objects that are not in the warehouse yet to local files, each checked against its hash."""
        accept = (0, pipeline.IN_PART)
        return pipeline.call("extract", "--stage-dir", folder, "--json", *hour_options(), accept=accept)

    @task(pool=pipeline.warehouse_pool(), outlets=[BRONZE])
    def load_task(extracted: dict, *, outlet_events) -> dict:
        """Files to bronze, rows and ledger in one transaction. Where the files are not (another host, or they were
        loaded before), it loads from the lake itself: the ledger makes both the same."""
        stage = Path(extracted["stage_dir"])
        accept = (0, pipeline.IN_PART, pipeline.TOO_MANY_REJECTED)
        if stage.is_dir():
            loaded = pipeline.call("load", "--json", "--lake", str(stage), accept=accept)
        else:
            print(f"no files in {stage}: loading from the lake itself")
            loaded = pipeline.call("load", "--json", *hour_options(), accept=accept)
        outlet_events[BRONZE].extra = {name: loaded[name] for name in ("rows", "rejected", "objects")}
        return loaded

    @teardown
    def remove_stage(folder: str) -> None:
        """Also when the tasks before failed for the last time; what they staged can be copied again."""
        if Path(folder).exists():
            shutil.rmtree(folder)

    @task
    def nothing_left_out(extracted: dict, loaded: dict) -> None:
        """Fails the run, once, when a damaged object kept its chain from being copied or loaded. The tasks before name it;
        what was sound is in bronze and goes on to the marts."""
        problems = extracted.get("problems", 0) + loaded.get("problems", 0)
        if problems:
            raise AirflowFailException(
                f"chains that are not loaded to their end: {problems}; the logs of extract_task and load_task name the objects"
            )

    folder = stage()
    wait_for_hour >> folder
    extracted = extract_task(folder)
    loaded = load_task(extracted)
    loaded >> remove_stage(folder)
    nothing_left_out(extracted, loaded)


spotify_minio_to_snowflake_bronze()
