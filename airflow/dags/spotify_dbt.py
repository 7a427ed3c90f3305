"""Bronze to marts, whenever bronze was loaded: dbt's models and tests on what is new, then the proof.

dbt works on the objects that are missing from its own ledger (docs/decisions/0007). The next run therefore makes up for
one that failed or was killed, and a run with nothing new changes nothing.
"""

from __future__ import annotations

import pipeline_cli as pipeline
from airflow.sdk import Asset, Param, dag, task

MARTS = Asset("spotify_marts")


@dag(
    schedule=[Asset("spotify_bronze")],
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    default_args=pipeline.task_defaults(),
    params={
        "full_refresh": Param(
            False, type="boolean", description="Builds all tables again, as after a change of a model."
        ),
    },
    tags=["spotify"],
    doc_md=__doc__,
)
def spotify_dbt():
    @task(pool=pipeline.warehouse_pool())
    def dbt_build(ti=None, params=None) -> dict:
        """Every model and test is a line of the log; a failed test is named with how many rows it found."""
        refresh = ["--full-refresh"] if params["full_refresh"] else []
        return pipeline.call(
            "transform",
            "--verbose",
            "--json",
            *refresh,
            accept=(0, pipeline.TOO_MANY_REJECTED),
            extra_environment=pipeline.lineage_environment(ti),
        )

    @task(pool=pipeline.warehouse_pool(), outlets=[MARTS])
    def verify() -> dict:
        """Accounts for every offset from the log to each cell of the marts. What later runs will load is not a
        violation. Whoever waits for the asset `spotify_marts` finds them proved."""
        report = pipeline.call("verify", "--json", "--allow-pending")
        return {name: report[name] for name in ("proved", "kept", "duplicates", "rejected")}

    dbt_build() >> verify()


spotify_dbt()
