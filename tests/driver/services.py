"""A real Kafka and a real S3 server, started and stopped by the product's own `spotify-services`."""

from __future__ import annotations

import functools
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from driver import log
from driver.process import GUARD_SECONDS

if TYPE_CHECKING:
    from driver.kafka import Kafka
    from driver.s3 import S3

# Brokers of tests live for seconds to minutes: a quick start is worth more to them than the best machine code.
LIGHT_JAVA = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"}


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


# A developer's own profile, and the machine's own role, are none of a test's.
WITHOUT_AWS = {
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def clean_environment() -> dict[str, str]:
    """Ours without anything that would set the program under test, but for its log, which tests read."""
    prefixes = ("AWS_", "KAFKA_", "OPENLINEAGE_", "S3_", "SERVE_", "SINK_", "SNOWFLAKE_", "SPOTIFY_", "SDP_")
    return (
        {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
        | log.ENVIRONMENT
        | WITHOUT_AWS
    )


class Servers:
    """Somebody's Kafka and S3 server, which have `kafka_address`, `s3_endpoint`, `credentials` and `deps`.

    Clients are imported when they are asked for: Airflow's environment, where the tests of the DAGs run, has none."""

    @functools.cached_property
    def kafka(self) -> Kafka:
        from driver.kafka import Kafka

        return Kafka(self.kafka_address)

    @functools.cached_property
    def s3(self) -> S3:
        from driver.s3 import S3

        keys = self.credentials
        return S3(self.s3_endpoint, keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])

    def limit_client(self, client_id: str, bytes_a_second: int) -> None:
        """A quota of the broker for what clients of this id read. No client library sets one, but Kafka's own tool."""
        what = ["--entity-type", "clients", "--entity-name", client_id]
        subprocess.run(
            [
                *["java", *LIGHT_JAVA["JDK_JAVA_OPTIONS"].split(), "-cp", f"{self.deps}/kafka/libs/*"],
                *["kafka.admin.ConfigCommand", "--bootstrap-server", self.kafka_address, "--alter", *what],
                *["--add-config", f"consumer_byte_rate={bytes_a_second}"],
            ],
            check=True,
            capture_output=True,
            timeout=GUARD_SECONDS,
        )


class Services(Servers):
    """Servers of the product's own, with all they have in `folder`. Who calls up() calls down()."""

    def __init__(
        self, binary: Path, deps: Path, folder: Path, s3_server: str = "minio", java: dict[str, str] = LIGHT_JAVA
    ):
        kafka, controller, s3, console = free_ports(4)
        self.binary, self.deps, self.data = binary, deps, folder
        self._java = java
        self.kafka_address = f"127.0.0.1:{kafka}"
        self.s3_endpoint = f"http://127.0.0.1:{s3}"
        self._ports = [
            "--kafka-port",
            kafka,
            "--kafka-controller-port",
            controller,
            "--s3-port",
            s3,
            "--s3-console-port",
            console,
            "--s3",
            s3_server,
        ]

    def partition_folder(self, topic: str, partition: int) -> Path:
        """Where the broker keeps its segments."""
        return self.data / "kafka" / f"{topic}-{partition}"

    @property
    def program(self) -> Path:
        """What starts and stops them; it stands beside the product's binary."""
        return self.binary.with_name("spotify-services")

    def _call(self, part: str, *arguments) -> subprocess.CompletedProcess:
        command = [str(self.program), part, "--data", str(self.data), *map(str, arguments)]
        return subprocess.run(
            command,
            env=clean_environment() | self._java,
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )

    def call_up(self) -> subprocess.CompletedProcess:
        return self._call("up", "--deps", self.deps, *self._ports)

    def call_status(self) -> subprocess.CompletedProcess:
        return self._call("status")

    def up(self) -> None:
        """Starts what does not run."""
        done = self.call_up()
        assert done.returncode == 0, f"spotify-services up ended with {done.returncode}:\n{done.stdout}{done.stderr}"

    def down(self) -> None:
        """Stops what runs, by the process ids that up() wrote down."""
        self._call("down")

    def pid(self, role: str) -> int:
        """Of `kafka` or `s3`, as up() wrote it down."""
        record = dict(
            line.split("=", 1) for line in (self.data / f"{role}.pid").read_text().splitlines() if "=" in line
        )
        return int(record["pid"])

    def kill(self, role: str) -> None:
        """SIGKILL for `kafka` or `s3`; up() starts it again on the data it left."""
        os.kill(self.pid(role), signal.SIGKILL)

    @property
    def credentials(self) -> dict[str, str]:
        lines = (self.data / "credentials.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)
