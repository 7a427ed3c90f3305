"""The stack up and proved: what `make test` runs of it."""

import json

from stack import SECRET_NAMES


def test_stack_comes_up_healthy_and_its_marts_are_proved(new_stack):
    stack = new_stack()
    stack.up(profile="demo")
    states = stack.states()
    print(json.dumps(states))
    healthy = dict.fromkeys(("kafka", "minio", "simulator", "sink", "loader", "prover"), "healthy")
    assert states == {**healthy, "init": "exited (0)"}

    for service in states:
        one = stack.container(service)
        text = json.dumps(one)
        assert not [name for name in SECRET_NAMES if stack.settings[name] in text], service
        assert one["HostConfig"]["ReadonlyRootfs"] and not one["HostConfig"]["Privileged"], service
        assert one["HostConfig"]["CapDrop"] == ["ALL"] and not one["HostConfig"]["CapAdd"], service

    assert "\nproved: " in stack.logs("prover")
    acked = stack.stop_simulator()
    report = stack.prove()
    print(f"{acked} events acknowledged, {report['kept']} kept")
    assert acked > 500
    assert report["kept"] == acked and report["duplicates"] == 0 and report["rejected"] == 0
    logs = "".join(stack.logs(service) for service in states)
    assert not [name for name in SECRET_NAMES if stack.settings[name] in logs]
