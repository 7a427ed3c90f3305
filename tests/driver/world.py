"""One topic, group, bucket and warehouse that no other test knows, and the commands of the pipeline on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from driver import parsed
from driver.process import Finished, Running, wait_until
from driver.services import Services, clean_environment
from driver.warehouse import query

if TYPE_CHECKING:
    from driver.s3 import Listed

SESSION_TIMEOUT_MS = 1500
# Small objects and short waits: many commits, and so many moments to be killed in.
QUICK = {
    "--session-timeout-ms": SESSION_TIMEOUT_MS,
    "--batch-records": 200,
    "--batch-linger-ms": 300,
    "--batch-idle-ms": 150,
}


def quick(arguments: tuple) -> list:
    """The arguments, and of QUICK what they do not say otherwise."""
    return [*arguments, *(part for flag, value in QUICK.items() if flag not in arguments for part in (flag, value))]


class World:
    def __init__(self, services: Services, folder: Path, name: str):
        self.services = services
        self.folder = folder
        self.name = name
        self.bucket = f"lake-{name}"
        self.acked = 0
        self._started: list[Running] = []
        folder.mkdir(parents=True, exist_ok=True)
        self.env = clean_environment() | {
            "KAFKA_BOOTSTRAP_SERVERS": services.kafka_address,
            "KAFKA_TOPIC": f"events-{name}",
            "KAFKA_GROUP_ID": f"sink-{name}",
            "KAFKA_PARTITIONS": "3",
            "SPOTIFY_LAKE": f"s3://{self.bucket}",
            "S3_ENDPOINT": services.s3_endpoint,
            "SPOTIFY_SERVICES_DATA": str(services.data),
            "SPOTIFY_WAREHOUSE": str(folder / "warehouse" / "spotify_db.duckdb"),
            "SDP_DEPS_DIR": str(services.deps),
            # Whoever comes first to the topic creates it, but no sink does.
            "SINK_WAIT_TOPIC_S": "30",
        }

    @property
    def topic(self) -> str:
        return self.env["KAFKA_TOPIC"]

    @property
    def group(self) -> str:
        return self.env["KAFKA_GROUP_ID"]

    # --- processes ---

    def start(self, command: str, *arguments, env: dict[str, str] | None = None, prepare=None) -> Running:
        """`env` replaces settings of this world, for this one process."""
        line = [str(self.services.binary), command, *map(str, arguments)]
        running = Running(line, self.env | (env or {}), self.folder, f"{len(self._started):03}-{command}", prepare)
        self._started.append(running)
        return running

    def run(self, command: str, *arguments, timeout: float = 120, env=None, prepare=None) -> Finished:
        return self.start(command, *arguments, env=env, prepare=prepare).wait(timeout)

    def must(self, command: str, *arguments, timeout: float = 120, env=None) -> Finished:
        finished = self.run(command, *arguments, timeout=timeout, env=env)
        assert finished.code == 0, str(finished)
        return finished

    def started(self, command: str) -> list[Running]:
        return [running for running in self._started if running.arguments[1] == command]

    def close(self) -> None:
        for running in self._started:
            running.end()

    # --- stages ---

    def simulate(self, events: int, *arguments, timeout: float = 120) -> None:
        self.count_acked(self.must("simulate", "--events", events, *arguments, timeout=timeout))

    def start_simulator(self, rate: int, *arguments, env=None) -> Running:
        """Goes on until stop_simulator()."""
        return self.start("simulate", "--rate", rate, *arguments, env=env)

    def stop_simulator(self, simulator: Running, timeout: float = 60) -> None:
        finished = simulator.stop(timeout)
        assert finished.code == 0, str(finished)
        self.count_acked(finished)

    def count_acked(self, finished: Finished) -> None:
        [said] = finished.events("simulate.finished")
        self.acked += said["acked"]

    def start_sink(self, *arguments, env=None) -> Running:
        return self.start("sink", *quick(arguments), env=env)

    def catch_up(self, *arguments, timeout: float = 120, env=None) -> Finished:
        """A sink that makes everything in the topic durable and ends."""
        return self.must("sink", "--until-caught-up", *quick(arguments), timeout=timeout, env=env)

    def transform(self) -> Finished:
        return self.must("transform", "--work-dir", self.folder / "transform", env=parsed.environment())

    def prove(self, *arguments) -> dict:
        """load, transform, verify: everything must be accounted for. Returns verify's report."""
        self.must("load")
        self.transform()
        finished = self.run("verify", "--json", *arguments)
        assert finished.out, str(finished)
        report = json.loads(finished.out)
        assert finished.code == 0, f"{report['findings']}\n{finished}"
        assert report["proved"] is True, str(finished)
        return report

    def prove_up_to_bronze(self) -> dict:
        """What the sink and load can spoil, without dbt's seconds: every acked event once in lake and bronze."""
        self.must("load")
        finished = self.must("verify", "--json", "--allow-pending")
        report = json.loads(finished.out)
        assert report["proved"] is True, str(finished)
        self.assert_bronze_is_what_was_acked()
        return report

    def assert_bronze_is_what_was_acked(self) -> None:
        """As many rows as the simulator had acked, and no event twice."""
        [[rows, events]] = self.rows(
            "SELECT count(*), count(DISTINCT json_extract_string(payload, '$.event_id')) FROM BRONZE.SPOTIFY_EVENTS"
        )
        assert (rows, events) == (self.acked, self.acked)

    def prove_exactly_what_was_acked(self) -> dict:
        """Besides verify's own proof, up to the marts: what was acked, no more and no less."""
        report = self.prove()
        self.assert_bronze_is_what_was_acked()
        assert (report["kept"], report["duplicates"], report["rejected"]) == (self.acked, 0, 0)
        return report

    # --- looking from outside ---

    def rows(self, sql: str) -> list[list]:
        return query(self.services.deps, Path(self.env["SPOTIFY_WAREHOUSE"]), sql)

    def status(self) -> list[dict]:
        """Per partition: log_start, log_end, lake_end, committed, lag."""
        finished = self.run("status", "--json")
        assert finished.code in (0, 10), str(finished)
        return json.loads(finished.out)["partitions"]

    def objects(self) -> dict[str, Listed]:
        """The lake's objects of events, without its side objects; none while there is no bucket."""
        return self.services.s3.list(self.bucket, "bronze/date=")

    def wait_for_objects(self, more_than: int, timeout: float = 60, promised: bool = False) -> int:
        return wait_until(
            lambda: (count := len(self.objects())) > more_than and count,
            timeout,
            f"more than {more_than} objects",
            0.1,
            promised,
        )
