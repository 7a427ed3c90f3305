"""How old the newest record in bronze is, every hour, by dbt's own measure (`dbt source freshness`).

On a schedule of its own: when nothing arrives, no other DAG runs, and it is then that somebody must hear of it. A task that
fails says that the newest record is stale; while nothing was loaded yet there is nothing to measure.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pipeline_cli as pipeline
from airflow.sdk import CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

UNHEALTHY = 10


@dag(
    # The hour before was loaded at its beginning, and transformed.
    schedule=CronTriggerTimetable("50 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=pipeline.task_defaults(),
    tags=["spotify"],
    doc_md=__doc__,
)
def spotify_freshness():
    @task(pool=pipeline.warehouse_pool())
    def source_freshness() -> dict:
        """The limits are SPOTIFY_LATE_AFTER_H and SPOTIFY_STALE_AFTER_H, or those of spotify_dbt/models/sources.yml."""
        told = pipeline.call("freshness", "--verbose", "--json", accept=(0, UNHEALTHY))
        if told["state"] == "empty":
            raise AirflowSkipException("nothing was loaded yet")
        for source in told["sources"]:
            print(f"{source['source']}: {source['state']}, newest record {source['newest']}, {source['age_s']} s old")
        if told["state"] == "stale":
            raise AirflowFailException(
                "the newest record is older than SPOTIFY_STALE_AFTER_H allows: is the sink at work?"
            )
        return told

    source_freshness()


spotify_freshness()
