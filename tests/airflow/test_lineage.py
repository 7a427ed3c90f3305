"""OpenLineage: off unless a transport is set, and then every task tells a collector that it started and ended."""

import json
import os
import subprocess
import sys

import pytest
from conftest import DAGS
from driver.collector import Collector

SCRIPT = "import spotify_dbt; spotify_dbt.spotify_dbt().test()"


@pytest.fixture
def collector():
    made = Collector()
    yield made
    made.close()


def test_lineage_is_off_by_default():
    from airflow.providers.openlineage import conf

    assert conf.is_disabled()


def test_a_collector_hears_of_every_task(collector, stand_in, tmp_path):
    stand_in.says(
        f"env | grep ^OPENLINEAGE >>{tmp_path}/lineage\n"
        """echo '{"proved":true,"kept":1,"duplicates":0,"rejected":0}'"""
    )
    transport = json.dumps({"type": "http", "url": collector.url, "compression": None})
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path / "home"),
        "AIRFLOW__OPENLINEAGE__TRANSPORT": transport,
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "spotify",
    }
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=environment, check=True, capture_output=True)
    subprocess.run([sys.executable, "-B", "-c", SCRIPT], env=environment, cwd=DAGS, check=True, capture_output=True)
    told = {(event["job"]["namespace"], event["job"]["name"], event["eventType"]) for event in collector.events}
    assert told >= {
        ("spotify", f"spotify_dbt.{task}", kind) for task in ("dbt_build", "verify") for kind in ("START", "COMPLETE")
    }
    # dbt tells the same collector, as a child of its task.
    [run_id] = {
        event["run"]["runId"]
        for event in collector.events
        if event["job"]["name"] == "spotify_dbt.dbt_build" and event["eventType"] == "START"
    }
    handed_on = dict(line.split("=", 1) for line in (tmp_path / "lineage").read_text().splitlines())
    assert json.loads(handed_on.pop("OPENLINEAGE__TRANSPORT"))["url"] == collector.url
    assert handed_on == {
        "OPENLINEAGE_NAMESPACE": "spotify",
        "OPENLINEAGE_PARENT_ID": f"spotify/spotify_dbt.dbt_build/{run_id}",
    }
