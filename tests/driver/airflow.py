"""A real Airflow for tests, by `spotify-services up airflow`; the tests speak REST to it, as a person's client would."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path

from driver.process import wait_until
from driver.services import free_ports
from driver.world import World

UP_SECONDS_MAX = 600
RUN_SECONDS_MAX = 150
OVER = ("success", "failed")


class Airflow:
    def __init__(self, world: World, deps: Path, start: datetime):
        """Every hour since `start` gets a run."""
        self.world, self.deps = world, deps
        self.data = world.services.data
        self.port, self._postgres_port = free_ports(2)
        self._token: str | None = None
        self._env = world.env | {
            "SPOTIFY_TASK_RETRY_S": "2",
            "SPOTIFY_DAG_START": start.strftime("%Y-%m-%dT%H"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def _call(self, *arguments) -> subprocess.CompletedProcess:
        command = [str(self.world.services.program), *map(str, arguments), "--data", str(self.data)]
        return subprocess.run(
            command,
            env=self._env,
            cwd=self.world.folder,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS_MAX,
            check=False,
        )

    def up(self) -> subprocess.CompletedProcess:
        """Starts what does not run."""
        done = self._call(
            "up", "airflow", "--deps", self.deps, "--airflow-port", self.port, "--postgres-port", self._postgres_port
        )
        said = f"{done.stdout}{done.stderr}"
        assert done.returncode == 0, f"spotify-services up airflow ended with {done.returncode}:\n{said}"
        return done

    def down(self) -> None:
        self._call("down", "airflow")

    def pid(self, role: str) -> int:
        lines = (self.data / f"{role}.pid").read_text().splitlines()
        return int(dict(line.split("=", 1) for line in lines if "=" in line)["pid"])

    def kill_scheduler(self) -> None:
        """Without waiting for its end: who calls `up` next must not take the dying one for a running one."""
        os.kill(self.pid("airflow-scheduler"), signal.SIGKILL)

    # --- REST ---

    def _ask(self, path: str, body: dict | None = None, token: str | None = None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", "Accept": "application/json"},
        )
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.loads(answer.read())

    @property
    def password(self) -> str:
        return json.loads((self.data / "airflow" / "passwords.json").read_text())["admin"]

    def ask(self, path: str, body: dict | None = None):
        if self._token is None:
            self._token = self._ask("/auth/token", {"username": "admin", "password": self.password})["access_token"]
        return self._ask(f"/api/v2{path}", body, self._token)

    def is_refused(self, password: str) -> bool:
        try:
            self._ask("/auth/token", {"username": "admin", "password": password})
        except urllib.error.HTTPError as error:
            return error.code == 401
        return False

    # --- runs ---

    def wait_for_dags(self, *names: str) -> None:
        wait_until(lambda: {dag["dag_id"] for dag in self.ask("/dags")["dags"]} == set(names), 180, f"DAGs {names}", 1)

    def trigger(self, dag: str) -> str:
        return self.ask(f"/dags/{dag}/dagRuns", {"logical_date": None})["dag_run_id"]

    def backfill(self, dag: str, first: datetime, last: datetime) -> int:
        """Runs the intervals from the one that starts at `first` to that at `last`, done ones once more."""
        return self.ask(
            "/backfills",
            {
                "dag_id": dag,
                "from_date": first.isoformat(),
                "to_date": last.isoformat(),
                "reprocess_behavior": "completed",
                "max_active_runs": 2,
            },
        )["id"]

    def wait_for_backfill(self, number: int) -> None:
        wait_until(lambda: self.ask(f"/backfills/{number}")["completed_at"], RUN_SECONDS_MAX, f"backfill {number}", 0.5)

    def scheduled_run(self, dag: str, hour: datetime) -> str:
        """The run of this hour, as soon as there is one."""

        def find() -> str | None:
            return next(
                (
                    run["dag_run_id"]
                    for run in self.runs(dag)
                    if run["run_type"] == "scheduled" and datetime.fromisoformat(run["data_interval_start"]) == hour
                ),
                None,
            )

        return wait_until(find, 120, f"the run of {hour}", 0.5)

    def runs(self, dag: str) -> list[dict]:
        return self.ask(f"/dags/{dag}/dagRuns?limit=100&order_by=-run_after")["dag_runs"]

    def run(self, dag: str, run: str) -> dict:
        return self.ask(f"/dags/{dag}/dagRuns/{quote(run)}")

    def state(self, dag: str, run: str) -> str:
        return self.run(dag, run)["state"]

    def tasks(self, dag: str, run: str) -> dict[str, dict]:
        answer = self.ask(f"/dags/{dag}/dagRuns/{quote(run)}/taskInstances")
        return {task["task_id"]: task for task in answer["task_instances"]}

    def result(self, dag: str, run: str, task: str) -> dict:
        value = self.ask(f"/dags/{dag}/dagRuns/{quote(run)}/taskInstances/{task}/xcomEntries/return_value")["value"]
        return json.loads(value) if isinstance(value, str) else value

    def log(self, dag: str, run: str, task: str, attempt: int = 1) -> str:
        return json.dumps(self.ask(f"/dags/{dag}/dagRuns/{quote(run)}/taskInstances/{task}/logs/{attempt}"))

    def wait_for_run(self, dag: str, run: str) -> float:
        """Until it is over, which must be in success. Seconds it took."""
        started = time.monotonic()
        state = wait_until(lambda: (now := self.state(dag, run)) in OVER and now, RUN_SECONDS_MAX, f"{dag} {run}", 0.5)
        assert state == "success", f"{dag} {run}: {self.describe(dag, run)}"
        return time.monotonic() - started

    def wait_for_quiet(self) -> None:
        """Until nothing runs or is due any more, and no run has failed."""
        dags = ("spotify_minio_to_snowflake_bronze", "spotify_dbt")

        def are_over() -> bool:
            return all(run["state"] in OVER for dag in dags for run in self.runs(dag))

        def is_quiet() -> bool:
            # When runs are over, their events are queued or have become runs; when none is queued, all are runs.
            return are_over() and not any(map(self.has_queued_events, dags)) and are_over()

        wait_until(is_quiet, RUN_SECONDS_MAX, "all runs to be over", 0.5)
        for dag in dags:
            for run in self.runs(dag):
                assert run["state"] == "success", self.describe(dag, run["dag_run_id"])

    def has_queued_events(self, dag: str) -> bool:
        """Whether an asset was updated for which the scheduler has not made the DAG's run yet."""
        try:
            return self.ask(f"/dags/{dag}/assets/queuedEvents")["total_entries"] > 0
        except urllib.error.HTTPError as error:
            # Airflow's answer when there is none.
            if error.code == 404:
                return False
            raise

    def describe(self, dag: str, run: str) -> str:
        return "\n".join(
            f"{name}: {task['state']}\n{self.log(dag, run, name, max(task['try_number'], 1))[-3000:]}"
            for name, task in self.tasks(dag, run).items()
        )


def quote(text: str) -> str:
    return urllib.request.quote(text, safe="")
