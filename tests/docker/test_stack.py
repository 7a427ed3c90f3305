"""The stack up and proved: what `make test` runs of it."""

import json
import time

from dashboard import FEW_OBJECTS, Dashboard
from driver.fixtures import the_binary
from driver.scrape import Endpoints

UNAUTHORIZED = 77
UNAUTHORIZED_HTTP = 401


def watched(stack, service: str) -> Endpoints:
    return Endpoints(int(stack.settings[f"TEST_{service.upper()}_PORT"]))


def test_stack_comes_up_healthy_and_its_marts_are_proved(new_stack):
    stack = new_stack(**FEW_OBJECTS)
    stack.up("dashboard", profile="demo")
    assert stack.states() == {"dashboard": "healthy", "secrets": "exited (0)"}
    dashboard = Dashboard(stack)
    nothing = dashboard.value("current")
    assert nothing["publications"] == [] and "Nothing is published" in nothing["message"]

    begun = time.monotonic()
    stack.up(profile="demo")
    states = stack.states()
    print(json.dumps(states))
    healthy = dict.fromkeys(("kafka", "minio", "simulator", "sink", "loader", "prover", "dashboard"), "healthy")
    assert states == {**healthy, "init": "exited (0)", "secrets": "exited (0)"}
    records = dashboard.assert_result_is_the_lakes()
    print(f"the dashboard shows {records} records as the lake has them after {time.monotonic() - begun:.0f} s")
    assert "<title>" in dashboard.page("result.html")
    for path in ("/", "/result.html", "/data/current.js", "/data/services.js", "/style.css"):
        assert dashboard.status_without_token(path) == UNAUTHORIZED_HTTP, path
    answering = {one["name"]: one["url"] for one in dashboard.value("services")["services"] if one["answers"]}
    assert answering == {"MinIO": f"http://127.0.0.1:{stack.settings['MINIO_CONSOLE_PORT']}"}
    mounts = {one["Destination"]: one["RW"] for one in stack.container("dashboard")["Mounts"]}
    assert mounts == {"/data": False, "/run/secrets": False}

    binary = the_binary()
    asked = stack.doctor(binary, "demo")
    checks = json.loads(asked.stdout)["checks"]
    assert asked.returncode == 0 and [one["check"] for one in checks] == ["kafka", "minio", "console", "dashboard"], (
        checks
    )
    secrets = stack.secrets()
    shown = "".join(f"{name}={value}\n" for name, value in {**secrets, "AIRFLOW_ADMIN_USER": "admin"}.items())
    refused = stack.doctor(binary, "demo", shown.replace(secrets["MINIO_ROOT_PASSWORD"], "wrong-password"))
    failed = [one["check"] for one in json.loads(refused.stdout)["checks"] if not one["ok"]]
    assert refused.returncode == UNAUTHORIZED and failed == ["minio", "console"], refused.stdout

    for service in states:
        one = stack.container(service)
        text = json.dumps(one)
        assert not [name for name, value in secrets.items() if value in text], service
        assert not one["HostConfig"]["Privileged"] and one["HostConfig"]["CapDrop"] == ["ALL"], service
        # What makes the secrets has no network instead.
        maker = service == "secrets"
        assert one["HostConfig"]["ReadonlyRootfs"] != maker and bool(one["HostConfig"]["CapAdd"]) == maker, service
        assert (one["HostConfig"]["NetworkMode"] == "none") == maker, service

    assert "\nproved: " in stack.logs("prover")
    samples = watched(stack, "loader").scrape()
    assert samples.get("round_failures") == 0 and samples.get("round_records_total") >= records
    assert watched(stack, "simulator").scrape().sum("simulate_acked_records_total") > 0
    # It ends by itself within its time, and not by SIGKILL after that.
    stack.compose("stop", "loader")
    assert stack.container("loader")["State"]["ExitCode"] == 0, stack.logs("loader")
    acked = stack.stop_simulator()
    report = stack.prove()
    print(f"{acked} events acknowledged, {report['kept']} kept")
    assert acked > 500
    assert report["kept"] == acked and report["duplicates"] == 0 and report["rejected"] == 0
    logs = "".join(stack.logs(service) for service in states)
    assert not [name for name, value in secrets.items() if value in logs]
