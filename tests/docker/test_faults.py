"""What the stack comes back from: processes killed, containers taken down, Kafka on ZooKeeper."""

import pytest
from driver import log
from stack import BASE, HOST, HOST_ZOOKEEPER, ZOOKEEPER, until

pytestmark = pytest.mark.whole


def test_every_container_comes_back_after_a_kill(new_stack):
    stack = new_stack()
    stack.up(profile="demo")
    for service in ("sink", "simulator", "loader", "kafka", "minio", "sink"):
        count = stack.container(service)["RestartCount"]
        stack.kill_process(service)
        stack.await_restart(service, count)
        print(f"{service} was killed and is healthy again")
    until("all are healthy", 240, lambda: set(stack.states().values()) == {"healthy", "exited (0)"})
    stack.stop_simulator()
    report = stack.prove()
    print(report)
    assert report["kept"] > 1000 and report["rejected"] == 0


def test_volumes_keep_everything_over_down_and_up(new_stack):
    stack = new_stack()
    stack.up(profile="demo")
    stack.stop_simulator()
    before = stack.prove()["kept"]
    stack.down(volumes=False)
    assert not stack.compose("ps", "--all", "--quiet").stdout.split()
    stack.up("kafka", "minio", "sink", profile="demo")
    assert stack.prove()["kept"] == before > 500
    stack.up(profile="demo")
    stack.stop_simulator()
    assert stack.prove()["kept"] > before


def test_three_sinks_share_the_partitions(new_stack, tmp_path):
    # In the network of the machine three of them cannot have one port.
    deaf = tmp_path / "deaf.yml"
    deaf.write_text(
        'services: { sink: { environment: { SPOTIFY_METRICS_LISTEN: "" }, healthcheck: { disable: true } } }\n'
    )
    stack = new_stack(files=(BASE, HOST, deaf))
    stack.up("--scale", "sink=3", profile="demo")
    sinks = stack.compose("ps", "--quiet", "sink").stdout.split()
    assert len(sinks) == 3

    def busy() -> int:
        logs = [stack.engine.docker("logs", name).stderr for name in sinks]
        return sum(bool(log.events(text, "sink.object.uploaded")) for text in logs)

    until("more than one sink has uploaded", 120, lambda: busy() > 1)
    acked = stack.stop_simulator()
    assert stack.prove()["kept"] == acked


def test_the_same_stack_runs_on_zookeeper(new_stack, builder, copied_parts):
    copied_parts("kafka-zookeeper")
    stack = new_stack(files=(BASE, ZOOKEEPER, HOST, HOST_ZOOKEEPER))
    stack.compose("build", "kafka")
    stack.up(profile="demo")
    states = stack.states()
    print(states)
    assert states["zookeeper"] == states["kafka"] == states["sink"] == "healthy"
    for service in ("zookeeper", "kafka"):
        count = stack.container(service)["RestartCount"]
        stack.kill_process(service)
        stack.await_restart(service, count)
    stack.stop_simulator()
    assert stack.prove()["kept"] > 500
