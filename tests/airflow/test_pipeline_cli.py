"""How tasks call the command line: which failures are tried again, what a task leaves behind, which hours are over."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pipeline_cli
import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from conftest import DAGS
from driver.process import wait_until


def test_the_json_of_a_command_is_its_answer(stand_in):
    stand_in.says("echo progress >&2; echo '{\"rows\": 3}'")
    assert pipeline_cli.call("load", "--json") == {"rows": 3}
    assert stand_in.calls == ["load --json"]


def test_what_a_command_says_goes_to_the_log(stand_in, capfd):
    stand_in.says("echo 'load: 3 rows' >&2")
    pipeline_cli.call("load")
    assert "load: 3 rows" in capfd.readouterr().out


@pytest.mark.parametrize("code", [69, 75, 130, 143])
def test_temporary_exit_codes_are_tried_again(stand_in, code):
    stand_in.says(f"echo 'error: not now' >&2; exit {code}")
    with pytest.raises(AirflowException, match=f"exit code {code} .*not now") as raised:
        pipeline_cli.call("load")
    assert not isinstance(raised.value, AirflowFailException)


@pytest.mark.parametrize("code", [1, 2, 10, 20, 65, 73, 77, 78])
def test_all_other_exit_codes_fail_for_good(stand_in, code):
    stand_in.says(f"echo 'error: never' >&2; exit {code}")
    with pytest.raises(AirflowFailException, match=f"exit code {code} .*never"):
        pipeline_cli.call("load")


def test_a_command_that_was_killed_is_tried_again(stand_in):
    stand_in.says("kill -9 $$")
    with pytest.raises(AirflowException, match="killed by signal 9") as raised:
        pipeline_cli.call("load")
    assert not isinstance(raised.value, AirflowFailException)


def test_what_a_failed_command_found_is_shown(stand_in, capfd):
    stand_in.says('echo \'{"findings": ["row 17"]}\'; exit 20')
    with pytest.raises(AirflowFailException):
        pipeline_cli.call("verify")
    assert "row 17" in capfd.readouterr().out


def test_commands_do_not_see_the_secrets_of_airflow(stand_in, monkeypatch):
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://airflow:secret@127.0.0.1/postgres")
    monkeypatch.setenv("SPOTIFY_LAKE", "s3://spotify")
    stand_in.says('echo "{\\"secret\\": \\"$AIRFLOW__DATABASE__SQL_ALCHEMY_CONN\\", \\"lake\\": \\"$SPOTIFY_LAKE\\"}"')
    assert pipeline_cli.call("load") == {"secret": "", "lake": "s3://spotify"}


def test_commands_run_in_the_folder_of_the_person_who_started_airflow(stand_in, tmp_path):
    stand_in.says('echo "{\\"folder\\": \\"$PWD\\"}"')
    assert pipeline_cli.call("load") == {"folder": str(tmp_path)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_task_that_ends_takes_its_command_along(stand_in, tmp_path, number):
    pid_file = tmp_path / "pid"
    stand_in.says(f"echo $$ >{pid_file}.part; mv {pid_file}.part {pid_file}; exec sleep 60")
    # As Airflow does it: its signal handler raises in the task.
    script = (
        "import signal, sys, pipeline_cli\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))\n"
        "pipeline_cli.run('load')\n"
    )
    task = subprocess.Popen([sys.executable, "-c", script], cwd=DAGS)
    wait_until(pid_file.exists, 30, "the command to start")
    command = int(pid_file.read_text())
    task.send_signal(number)
    task.wait(30)
    wait_until(lambda: not is_running(command), 20, "the command to end with its task")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] != "Z"


HOURS = {
    "hours": [
        {"hour": "2026-02-15T16", "state": "complete"},
        {"hour": "2026-02-15T17", "state": "complete"},
        {"hour": "2026-02-15T18", "state": "open"},
    ]
}


@pytest.mark.parametrize(
    ("status", "hour", "is_over"),
    [
        (HOURS, "2026-02-15T17", True),
        (HOURS, "2026-02-15T18", False),
        (HOURS, "2026-02-15T19", False),
        (HOURS, "2026-02-15T15", True),
        ({"hours": []}, "2026-02-15T17", True),
        ({}, "2026-02-15T17", True),
    ],
)
def test_an_hour_is_over_when_it_is_complete_or_before_the_first(status, hour, is_over):
    assert pipeline_cli.hour_is_over(status, hour) is is_over


def test_a_lag_does_not_hide_the_hours(stand_in):
    stand_in.says('echo \'{"lag": 7, "hours": [{"hour": "2026-02-15T17", "state": "open"}]}\'; exit 10')
    assert pipeline_cli.lake_hour_is_over("2026-02-15T17") is False


def test_importing_takes_no_time():
    started = time.process_time()
    done = subprocess.run(
        [sys.executable, "-c", "import pipeline_cli, sys; assert 'airflow' not in sys.modules"], cwd=DAGS, check=False
    )
    assert done.returncode == 0
    assert time.process_time() - started < 1


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def failed_task() -> dict:
    task = SimpleNamespace(dag_id="spotify_dbt", task_id="verify", run_id="manual")
    return {"ti": task, "exception": AirflowFailException("exit code 20")}


def test_the_last_failure_of_a_task_is_posted(monkeypatch):
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.handle_request).start()
        monkeypatch.setenv("SPOTIFY_FAILURE_URL", f"http://127.0.0.1:{server.server_port}/secret-token")
        pipeline_cli.tell_failure(failed_task())
    assert server.told == {"dag": "spotify_dbt", "task": "verify", "run": "manual", "error": "exit code 20"}
    assert pipeline_cli.task_defaults()["on_failure_callback"] is pipeline_cli.tell_failure


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/secret-token", "no address, secret-token"])
def test_a_receiver_that_is_gone_is_said_without_its_address(monkeypatch, capfd, address):
    monkeypatch.setenv("SPOTIFY_FAILURE_URL", address)
    pipeline_cli.tell_failure(failed_task())
    said = capfd.readouterr().out
    assert "could not be posted" in said
    assert "secret-token" not in said


def test_the_address_for_failures_is_not_handed_to_commands(stand_in, monkeypatch):
    monkeypatch.setenv("SPOTIFY_FAILURE_URL", "http://127.0.0.1:1/secret-token")
    stand_in.says('echo "{\\"url\\": \\"$SPOTIFY_FAILURE_URL\\"}"')
    assert pipeline_cli.call("load") == {"url": ""}
