"""Bronze to marts, whenever bronze was loaded: dbt's models and tests on what is new, then the proof.

dbt works on the objects that are missing from its own ledger (docs/decisions/0007). The next run therefore makes up for
one that failed or was killed, and a run with nothing new changes nothing.
"""

from __future__ import annotations

import os
from datetime import timedelta

import pipeline_cli as pipeline
from airflow.sdk import Asset, dag, task

RETRIES = {
    "retries": int(os.environ.get("SPOTIFY_TASK_RETRIES", "5")),
    "retry_delay": timedelta(seconds=float(os.environ.get("SPOTIFY_TASK_RETRY_S", "15"))),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
}


@dag(
    schedule=[Asset("spotify_bronze")],
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=RETRIES,
    tags=["spotify"],
    doc_md=__doc__,
)
def spotify_dbt():
    @task
    def dbt_build(ti=None) -> dict:
        """Every model and test is a line of the log; a failed test is named with how many rows it found."""
        return pipeline.call("transform", "--verbose", "--json", extra_environment=pipeline.lineage_environment(ti))

    @task
    def verify() -> dict:
        """Accounts for every offset from the log to each cell of the marts. What later runs will load is not a
        violation."""
        report = pipeline.call("verify", "--json", "--allow-pending")
        return {name: report[name] for name in ("proved", "kept", "duplicates", "rejected")}

    dbt_build() >> verify()


spotify_dbt()
