"""One Kafka, one S3 server and one emulator of Snowflake for a whole run of tests, however many processes it has.

tools/run_tests starts them, and so does pytest where it has workers (`-n`). Whoever starts them tells the others by the
environment, the C++ tests included:

    SDP_TEST_KAFKA     address of the broker
    SDP_TEST_S3        endpoint of the S3 server
    SDP_TEST_SERVICES  folder of these two, with the S3 server's keys in credentials.env
    SDP_TEST_EMULATOR  port of Snowflake's emulator
    SDP_TEST_DBT_PARSED  what dbt parsed in a first run
    SDP_TEST_DEPS      folder like .deps with a dbt that is loaded already

Each test has a topic, a group, a bucket and a database of its own there; nobody but the starter ends them.
"""

import contextlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from driver import parsed
from driver.embedded import Embedded
from driver.loaded_dbt import LoadedDbt
from driver.services import Services
from driver.snowflake import Emulator

# Of the servers that all tests wait for, where the kernel shares time out by session (man 7 sched): each would get one test's part.
SERVER_NICENESS = -6
# A killed loader's transaction is let go of after half a second.
EMULATOR_ARGUMENTS = ("--idle-transaction-seconds", "0.5")


class SharedServers:
    def __init__(self, binary: Path, deps: Path, folder: Path):
        self._services = Services(binary, deps, folder / "services")
        self._deps, self._folder = deps, folder
        self._emulator: Emulator | None = None
        self._dbt: LoadedDbt | None = None

    def up(self) -> dict[str, str]:
        """The environment that says where they are; endpoints.env in the folder says it, too."""
        # Left by a run that was killed.
        self._services.down()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        with ThreadPoolExecutor() as beside:
            others = [beside.submit(self._services.up), beside.submit(self._start_emulator)]
            kept = self._first_run()
            for one in others:
                one.result()
        for pid in (self._services.pid("kafka"), self._services.pid("s3"), self._emulator.pid):
            prefer(pid)
        environment = {
            "SDP_TEST_DEPS": str(self._dbt.deps),
            "SDP_TEST_KAFKA": self._services.kafka_address,
            "SDP_TEST_S3": self._services.s3_endpoint,
            "SDP_TEST_SERVICES": str(self._services.data),
            "SDP_TEST_EMULATOR": str(self._emulator.port),
            parsed.SHARED: str(kept),
        }
        lines = [f"{name}={value}\n" for name, value in environment.items()]
        (self._folder / "endpoints.env").write_text("".join(lines))
        return environment

    def _start_emulator(self) -> None:
        self._emulator = Emulator.start(self._deps, self._folder, *EMULATOR_ARGUMENTS)

    def _first_run(self) -> Path:
        """By dbt as it is. What it parsed is for all others, and its warehouse is built once more by the loaded dbt."""
        folder = self._folder / "first-run"
        folder.mkdir()
        first = Embedded(self._services.binary, self._deps, folder)
        done = first.run(1000, "--warehouse-memory", parsed.MEMORY)
        assert done.code == 0, str(done)
        project = str(Path(__file__).resolve().parents[2] / "spotify_dbt")
        kept = first.data / "transform" / "target" / "partial_parse.msgpack"
        # As `transform` sets it, or dbt would parse again.
        environment = {
            "DBT_PROJECT_DIR": project,
            "DBT_PROFILES_DIR": project,
            "DBT_TARGET_PATH": str(first.data / "loaded" / "target"),
            "DBT_LOG_PATH": str(first.data / "loaded" / "logs"),
            "DBT_PARTIAL_PARSE_FILE_PATH": str(kept),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_VERSION_CHECK": "false",
            "SDP_TRANSFORM_MEMORY": parsed.MEMORY,
            "SDP_WAREHOUSE_PATH": "spotify_db.duckdb",
        }
        self._dbt = LoadedDbt(self._deps, first.data / "warehouse", self._folder, environment)
        return kept

    def down(self) -> None:
        if self._dbt is not None:
            self._dbt.end()
        if self._emulator is not None:
            self._emulator.end()
        self._services.down()


def prefer(pid: int) -> None:
    """A server that leads a session of its own: whoever started the tests is not to be preferred. Only root may; without it tests
    take longer."""
    if os.getsid(pid) == pid:
        with contextlib.suppress(OSError):
            Path(f"/proc/{pid}/autogroup").write_text(str(SERVER_NICENESS))


class GivenServices(Services):
    """Those that the environment names."""

    def __init__(self, binary: Path, deps: Path):
        self.binary, self.deps = binary, deps
        self.data = Path(os.environ["SDP_TEST_SERVICES"])
        self.kafka_address, self.s3_endpoint = os.environ["SDP_TEST_KAFKA"], os.environ["SDP_TEST_S3"]

    def up(self) -> None:
        raise AssertionError("all tests share these servers; a test that starts or kills servers takes own_services")

    down = kill = up


def are_given() -> bool:
    return "SDP_TEST_SERVICES" in os.environ
