"""The profile airflow: its components healthy, the DAGs run by the API as a person would by the UI, the marts proved."""

import json
import urllib.error
import urllib.request

import pytest
from dashboard import FEW_OBJECTS, Dashboard
from driver.fixtures import the_binary
from stack import until

pytestmark = pytest.mark.whole

LIMIT_S = 420


class Api:
    def __init__(self, stack):
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.url = f"http://127.0.0.1:{stack.settings['AIRFLOW_PORT']}"
        shown = stack.compose("run", "--rm", "--no-TTY", "secrets", "show").stdout.splitlines()
        known = dict(line.split("=", 1) for line in shown)
        login = {"username": known["AIRFLOW_ADMIN_USER"], "password": known["AIRFLOW_ADMIN_PASSWORD"]}
        self.token = None
        self.token = self.ask("/auth/token", login)["access_token"]

    def ask(self, path, body=None):
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {self.token}"} if self.token else {}
        )
        data = None if body is None else json.dumps(body).encode()
        with self.opener.open(urllib.request.Request(self.url + path, data, headers), timeout=30) as answer:
            return json.load(answer)

    def runs(self, dag):
        return self.ask(f"/api/v2/dags/{dag}/dagRuns")["dag_runs"]

    def is_due(self, dag):
        """Whether an asset was updated for which the scheduler has not made the DAG's run yet."""
        try:
            return bool(self.ask(f"/api/v2/dags/{dag}/assets/queuedEvents")["queued_events"])
        except urllib.error.HTTPError as error:
            if error.code == 404:  # Airflow's answer where nothing is queued.
                return False
            raise

    def await_success(self, dag):
        def all_ended():
            # Before the runs: what is due no more has its run by now.
            if self.is_due(dag):
                return False
            runs = self.runs(dag)
            assert not [run for run in runs if run["state"] == "failed"], runs
            return runs and all(run["state"] == "success" for run in runs)

        until(f"{dag} has run", LIMIT_S, all_ended)


def test_airflow_loads_and_proves(new_stack, copied_parts, tmp_path):
    copied_parts("airflow")
    stack = new_stack(**FEW_OBJECTS)
    stack.build("postgres", "airflow-init")
    stack.up(profile="core")
    acked = stack.stop_simulator()
    stack.await_lake()
    stack.up(profile="airflow")
    states = stack.states()
    print(states)
    components = ("api-server", "scheduler", "dag-processor", "triggerer")
    assert {states[f"airflow-{name}"] for name in components} == {"healthy"}

    asked = stack.doctor(the_binary(), "core,airflow")
    checks = json.loads(asked.stdout)["checks"]
    assert asked.returncode == 0, checks
    assert [one["check"] for one in checks] == ["kafka", "minio", "console", "airflow", "dashboard"]

    # The first marts come by themselves, and starting again asks for no others.
    dashboard = Dashboard(stack)
    assert dashboard.assert_result_is_the_lakes() == acked
    assert dashboard.status_without_token("/data/current.js") == 401
    answering = {one["name"] for one in dashboard.value("services")["services"] if one["answers"]}
    assert answering == {"MinIO", "Airflow"}
    api = Api(stack)
    first = [run["dag_run_id"] for run in api.runs("spotify_minio_to_snowflake_bronze") if run["run_type"] == "manual"]
    assert first == ["first_load"]
    # Without --wait, which takes the end of a container without a health check for a failure.
    stack.compose("up", "airflow-init", profile="airflow")
    assert stack.states()["airflow-init"] == "exited (0)"

    # As tools/stack_next tells a person who wants newer ones.
    stack.compose("exec", "airflow-scheduler", "start", "dags", "trigger", "spotify_minio_to_snowflake_bronze")
    api.await_success("spotify_minio_to_snowflake_bronze")
    api.await_success("spotify_dbt")
    report = json.loads(stack.pipeline("verify", "--json").stdout)
    assert report["proved"] and report["kept"] == acked
    stack.compose(
        "cp", "airflow-scheduler:/data/warehouse/published/current/spotify_db.duckdb", tmp_path / "marts.duckdb"
    )
    assert (tmp_path / "marts.duckdb").read_bytes()[8:12] == b"DUCK"

    for service in (
        "postgres",
        "airflow-scheduler",
        "airflow-triggerer",
        "airflow-dag-processor",
        "airflow-api-server",
    ):
        count = stack.container(service)["RestartCount"]
        stack.kill_process(service)
        stack.await_restart(service, count)
