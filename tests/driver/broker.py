"""A Kafka broker of a test's own, with listeners as the test wants them."""

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from driver.process import GUARD_SECONDS, Running, wait_until
from driver.services import LIGHT_JAVA, clean_environment

START_SECONDS_MAX = 60
# One node that is its own controller. Who starts it adds `listeners`, what they are, and how to log in.
PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
log.dirs={folder}/kafka
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
message.max.bytes=4194304
"""


def is_listening(address: str) -> bool:
    host, port = address.rsplit(":", 1)
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except OSError:
        return False


class Broker:
    """Runs when constructed; `users` can log in by SCRAM-SHA-512. Whoever makes one closes it."""

    def __init__(
        self,
        deps: Path,
        folder: Path,
        controller: int,
        properties: str,
        is_up: Callable[[], bool],
        users: dict[str, str] | None = None,
    ):
        path = folder / "kafka.properties"
        path.write_text(PROPERTIES.format(folder=folder, controller=controller) + properties)
        java = ["java", "-Xmx512m", *LIGHT_JAVA["JDK_JAVA_OPTIONS"].split(), "-cp", f"{deps}/kafka/libs/*"]
        logins = [
            part
            for user, password in (users or {}).items()
            for part in ("--add-scram", f"SCRAM-SHA-512=[name={user},password={password}]")
        ]
        storage = ["kafka.tools.StorageTool", "format", "--cluster-id", "MkU3OEVBNTcwNTJENDM2Qk", "--config", path]
        subprocess.run([*java, *storage, *logins], check=True, capture_output=True, timeout=GUARD_SECONDS)
        self._server = Running([*java, "kafka.Kafka", path], clean_environment(), folder, "kafka")

        def answers() -> bool:
            assert self._server.is_running(), str(self._server.finished())
            return is_up()

        wait_until(answers, START_SECONDS_MAX, "the broker", 0.3)

    def close(self) -> None:
        self._server.end()
