"""Calls the pipeline's command line from tasks.

A task is a call of `spotify-pipeline`, which is set by the environment as for a person at a terminal: SPOTIFY_LAKE,
SPOTIFY_WAREHOUSE, KAFKA_BOOTSTRAP_SERVERS and so on, or a .env in the working folder. This module adds what an
orchestrator must know: which exit codes are worth another try, and that what outlives its task must end.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Mapping
from datetime import timedelta

TEMPORARY = {
    69: "a service was out of reach",
    75: "another process holds the warehouse",
    130: "it was interrupted",
    143: "it was terminated",
}
OUTPUT_BYTES_MAX = 16 * 1024 * 1024
SHOWN_CHARS_MAX = 64 * 1024
END_SECONDS_MAX = 60
TELL_SECONDS_MAX = 10


class PipelineError(Exception):
    """A call that failed. `temporary` ones are worth another try."""

    def __init__(self, command: str, code: int, message: str):
        self.code = code
        self.temporary = code in TEMPORARY or code < 0
        why = TEMPORARY.get(code) or (f"it was killed by signal {-code}" if code < 0 else "see docs/exit-codes.md")
        super().__init__(f"spotify-pipeline {command} ended with exit code {code} ({why}): {message}")


def task_defaults() -> dict:
    """What every task has: tries, a limit of time for each of them, and who hears of its last failure."""
    return {
        "retries": int(os.environ.get("SPOTIFY_TASK_RETRIES", "5")),
        "retry_delay": timedelta(seconds=float(os.environ.get("SPOTIFY_TASK_RETRY_S", "15"))),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(seconds=float(os.environ.get("SPOTIFY_TASK_TIMEOUT_S", "7200"))),
        "on_failure_callback": tell_failure,
    }


def warehouse_pool() -> str:
    """The pool of the tasks that open the warehouse. DuckDB lets one process write, so its pool has one slot."""
    return os.environ.get("SPOTIFY_WAREHOUSE_POOL", "default_pool")


def tell_failure(context: Mapping) -> None:
    """Posts a task's last failure to SPOTIFY_FAILURE_URL as JSON. A receiver that does not answer changes nothing. The
    address may hold a token, so that it is not printed."""
    url = os.environ.get("SPOTIFY_FAILURE_URL")
    if not url:
        return
    task = context["ti"]
    told = {"dag": task.dag_id, "task": task.task_id, "run": task.run_id, "error": str(context.get("exception", ""))}
    try:
        request = urllib.request.Request(url, json.dumps(told).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=TELL_SECONDS_MAX):
            print("the failure was posted to SPOTIFY_FAILURE_URL")
    except (OSError, ValueError) as error:
        print(f"the failure could not be posted to SPOTIFY_FAILURE_URL: {type(error).__name__}")


def environment() -> dict[str, str]:
    """Ours without what only Airflow needs to know: its database, its keys, who hears of failures."""
    own = ("AIRFLOW__", "_AIRFLOW", "SPOTIFY_FAILURE_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}


def working_folder() -> str:
    return os.environ.get("SPOTIFY_WORK_DIR") or os.getcwd()


def lineage_environment(task_instance) -> dict[str, str]:
    """What makes dbt tell the collector that Airflow tells, as a child of this task; {} while lineage is off."""
    from airflow.providers.openlineage import conf
    from airflow.providers.openlineage.plugins.macros import lineage_parent_id

    if conf.is_disabled():
        return {}
    told = {"OPENLINEAGE_NAMESPACE": conf.namespace(), "OPENLINEAGE_PARENT_ID": lineage_parent_id(task_instance)}
    if transport := conf.transport():
        told["OPENLINEAGE__TRANSPORT"] = json.dumps(transport)
    elif path := conf.config_path():
        told["OPENLINEAGE_CONFIG"] = path
    return told


def run(
    command: str, *arguments: str, accept: tuple[int, ...] = (0,), extra_environment: Mapping[str, str] | None = None
) -> tuple[int, dict]:
    """Exit code and the JSON object on standard output; {} where there is none. What the command says on standard
    error goes to the task's log as it comes. Raises PipelineError when the code is not in `accept`."""
    line = [os.environ.get("SPOTIFY_PIPELINE", "spotify-pipeline"), command, *arguments]
    if shutil.which("setpriv"):
        # A task that is killed takes its command along; a second one would find the warehouse held.
        line = ["setpriv", "--pdeathsig", "TERM", *line]
    with tempfile.TemporaryFile() as output:
        with subprocess.Popen(
            line,
            cwd=working_folder(),
            env=environment() | dict(extra_environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            last = ""
            try:
                for text in process.stderr:
                    last = text.rstrip() or last
                    print(text, end="", flush=True)
                code = process.wait()
            except BaseException:
                end(process)
                raise
        output.seek(0)
        said = output.read(OUTPUT_BYTES_MAX).decode(errors="replace")
    if code not in accept:
        if said:
            print(said[:SHOWN_CHARS_MAX])
        raise PipelineError(command, code, last)
    return code, json.loads(said) if said.lstrip().startswith("{") else {}


def end(process: subprocess.Popen) -> None:
    """The task is over: the command is asked to stop, as by a person's Ctrl-C, and later made to."""
    process.terminate()
    try:
        process.wait(END_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()


def as_task_failure(error: PipelineError) -> Exception:
    """What is temporary may be retried, all else fails the task permanently."""
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    return (AirflowException if error.temporary else AirflowFailException)(str(error))


# Done in part: what was sound was done, and what was not is named in the log and counted as `problems` in the result.
IN_PART = 21
# All is done, but too few of the records were events. `verify`, which comes last, ends with it, too.
TOO_MANY_REJECTED = 22


def call(
    command: str,
    *arguments: str,
    accept: tuple[int, ...] = (0,),
    extra_environment: Mapping[str, str] | None = None,
) -> dict:
    """run() for tasks."""
    try:
        return run(command, *arguments, accept=accept, extra_environment=extra_environment)[1]
    except PipelineError as error:
        raise as_task_failure(error) from None


def hour_is_over(status: Mapping, hour: str) -> bool:
    """Whether all that an hour (`2026-02-15T17`) will ever hold is in the lake, by `spotify-pipeline status --json`.
    Hours before the lake's first one are over: they hold nothing. With no hours at all there is nothing to wait for."""
    states = {entry["hour"]: entry["state"] for entry in status.get("hours", [])}
    if not states or hour < min(states):
        return True
    return states.get(hour) == "complete"


def lake_hour_is_over(hour: str) -> bool:
    """hour_is_over of the lake as it is now. Exit code 10 only says that the sink is behind."""
    return hour_is_over(run("status", "--json", accept=(0, 10))[1], hour)


def lake_has_events() -> bool:
    """Whether any hour of the lake holds an object."""
    return bool(run("status", "--json", accept=(0, 10))[1].get("hours"))
