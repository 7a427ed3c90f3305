"""The emulator of Snowflake as a process, faults before it, and the pipeline's commands on a database of it."""

import json
import os
import subprocess
from pathlib import Path

from faulty import Fault, Proxy, refuse

from driver.process import GUARD_SECONDS, Finished, Running, wait_until
from driver.services import clean_environment

EMULATOR = Path(__file__).resolve().parents[1] / "emulator"
UNAUTHORIZED = 77
PASSWORD = "correct-horse-battery-staple"
ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from wire import Wire
print(json.dumps(Wire(int(sys.argv[2]), databaseName=sys.argv[3]).must(sys.argv[4]), default=str))
"""


class Emulator:
    """A database for each test keeps tests apart."""

    def __init__(self, deps: Path, port: int):
        """One that runs, and that somebody else ends."""
        self.python, self.port = deps / "venv-emulator" / "bin" / "python", port
        self._process: Running | None = None

    @classmethod
    def start(cls, deps: Path, folder: Path, *arguments) -> "Emulator":
        """Ends with end(), or with this process."""
        made, ready = cls(deps, 0), folder / "emulator-port"
        command = [made.python, "-B", EMULATOR / "start.py", "--ready", ready, *arguments]
        made._process = Running(command, clean_environment(), folder, "emulator", prepare=os.setsid)
        wait_until(lambda: ready.exists() or not made._process.is_running(), 60, "the emulator's port")
        assert ready.exists(), str(made._process.finished())
        made.port = int(ready.read_text())
        return made

    @property
    def pid(self) -> int:
        """Of one that start() started."""
        return self._process.pid

    def query(self, database: str, sql: str) -> list[list]:
        done = subprocess.run(
            [self.python, "-B", "-c", ASK, EMULATOR, str(self.port), database, sql],
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def end(self) -> None:
        if self._process is not None:
            self._process.end()


class OnSnowflake:
    """One data folder and one database."""

    def __init__(self, binary: Path, deps: Path, folder: Path, emulator: Emulator, database: str):
        self.emulator, self.database, self.data = emulator, database, folder / "data"
        self._binary, self._folder = binary, folder
        self._started: list[Running] = []
        self._proxies: list[Proxy] = []
        self.env = clean_environment() | {
            "SDP_DEPS_DIR": str(deps),
            "SPOTIFY_LAKE": str(self.data / "lake"),
            "SPOTIFY_WAREHOUSE": "snowflake",
            "SNOWFLAKE_HOST": "127.0.0.1",
            "SNOWFLAKE_PORT": str(emulator.port),
            "SNOWFLAKE_PROTOCOL": "http",
            "SNOWFLAKE_ACCOUNT": "acme-events",
            "SNOWFLAKE_USER": "PIPELINE",
            "SNOWFLAKE_PASSWORD": PASSWORD,
            "SNOWFLAKE_ROLE": "SPOTIFY_PIPELINE",
            "SNOWFLAKE_WAREHOUSE": "SPOTIFY_WH",
            "SNOWFLAKE_DATABASE": database,
        }
        folder.mkdir(parents=True, exist_ok=True)

    def through(self, *faults: Fault) -> dict[str, str]:
        """Settings that lead through a proxy with these faults. Without any, straight to the emulator."""
        self._proxies.append(Proxy(self.emulator.port, *faults))
        return {"SNOWFLAKE_PORT": str(self._proxies[-1].port)}

    @property
    def last_proxy(self) -> Proxy:
        return self._proxies[-1]

    def start(self, command: str, *arguments, env: dict[str, str] | None = None, prepare=None) -> Running:
        line = [str(self._binary), *command.split(), *map(str, arguments)]
        name = f"{len(self._started):03}-{command.split()[0]}"
        self._started.append(Running(line, self.env | (env or {}), self._folder, name, prepare))
        return self._started[-1]

    def run(self, command: str, *arguments, timeout: float = 60, env=None) -> Finished:
        return self.start(command, *arguments, env=env).wait(timeout)

    def must(self, command: str, *arguments, timeout: float = 60, env=None) -> Finished:
        finished = self.run(command, *arguments, timeout=timeout, env=env)
        assert finished.code == 0, str(finished)
        return finished

    def rows(self, sql: str) -> list[list]:
        return self.emulator.query(self.database, sql)

    def prove_up_to_bronze(self, events: int) -> None:
        """Each line of the lake once in bronze. Files of a load that failed stay on the stage for a day."""
        self.must("load")
        report = json.loads(self.must("verify", "--data", self.data, "--json", "--allow-pending").out)
        assert report["proved"] is True, report
        assert self.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS") == [[events]]

    def close(self) -> None:
        for running in self._started:
            running.end()
        for proxy in self._proxies:
            proxy.__exit__()


def fill_lake(binary: Path, deps: Path, folder: Path, events: int, object_records: int, *arguments) -> Path:
    """The data folder of a run that ended where a warehouse refused it: the lake is whole, nothing is loaded."""
    pipeline = OnSnowflake(binary, deps, folder, Emulator(deps, 0), "NOBODY")
    refusal = Fault("login", refuse("390100", "Incorrect username or password was specified."))
    settings = ("--events", events, "--batch-records", object_records, "--data", pipeline.data, *arguments)
    finished = pipeline.run("run", *settings, "--warehouse", "snowflake", env=pipeline.through(refusal))
    pipeline.close()
    assert finished.code == UNAUTHORIZED, str(finished)
    return pipeline.data
