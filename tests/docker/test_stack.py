"""The stack up and proved: what `make test` runs of it."""

import json

from driver.fixtures import the_binary

UNAUTHORIZED = 77


def test_stack_comes_up_healthy_and_its_marts_are_proved(new_stack):
    stack = new_stack()
    stack.up(profile="demo")
    states = stack.states()
    print(json.dumps(states))
    healthy = dict.fromkeys(("kafka", "minio", "simulator", "sink", "loader", "prover"), "healthy")
    assert states == {**healthy, "init": "exited (0)", "secrets": "exited (0)"}

    binary = the_binary()
    asked = stack.doctor(binary, "demo")
    checks = json.loads(asked.stdout)["checks"]
    assert asked.returncode == 0 and [one["check"] for one in checks] == ["kafka", "minio", "console"], checks
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
    acked = stack.stop_simulator()
    report = stack.prove()
    print(f"{acked} events acknowledged, {report['kept']} kept")
    assert acked > 500
    assert report["kept"] == acked and report["duplicates"] == 0 and report["rejected"] == 0
    logs = "".join(stack.logs(service) for service in states)
    assert not [name for name, value in secrets.items() if value in logs]
