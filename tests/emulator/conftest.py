"""Servers to test, each a process of its own: fakesnow with the shim, and fakesnow as it is."""

import subprocess
import sys
import time
from pathlib import Path

import adbc_driver_snowflake.dbapi
import pytest
from wire import Wire

pytest_plugins = ["driver.fixtures"]

FOLDER = Path(__file__).resolve().parent
START_SECONDS_MAX = 60


class Server:
    def __init__(self, folder: Path, *arguments: str):
        ready = folder / "port"
        self.log = folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-B", FOLDER / "start.py", "--ready", ready, *arguments], stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not ready.exists():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
        self.port = int(ready.read_text())

    def wire(self, **names: str) -> Wire:
        return Wire(self.port, **names)

    def driver(self, **options: str):
        """A session by the driver that the pipeline loads."""
        known = {
            "username": "u",
            "password": "p",
            "adbc.snowflake.sql.account": "a",
            "adbc.snowflake.sql.uri.host": "127.0.0.1",
            "adbc.snowflake.sql.uri.port": str(self.port),
            "adbc.snowflake.sql.uri.protocol": "http",
        }
        return adbc_driver_snowflake.dbapi.connect(db_kwargs=known | options, autocommit=True)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)


@pytest.fixture(scope="session")
def start_server(tmp_path_factory):
    started: list[Server] = []

    def start(*arguments: str) -> Server:
        started.append(Server(tmp_path_factory.mktemp("emulator"), *arguments))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture(scope="session")
def shimmed(start_server) -> Server:
    return start_server("--idle-transaction-seconds", "0.5")


@pytest.fixture(scope="session")
def unmodified(start_server) -> Server:
    return start_server("--unmodified")


@pytest.fixture
def schema(request) -> str:
    """A schema that no other test uses."""
    return "S" + format(abs(hash(request.node.nodeid)), "x").upper()


@pytest.fixture
def wire(shimmed, schema):
    """A session in a schema of its own."""
    session = in_schema(shimmed, schema)
    yield session
    session.close()


@pytest.fixture
def other(shimmed, schema, wire):
    """A second session in the same schema."""
    session = in_schema(shimmed, schema)
    yield session
    session.close()


def in_schema(server: Server, schema: str) -> Wire:
    session = server.wire()
    session.must("CREATE DATABASE IF NOT EXISTS DB")
    session.must(f"CREATE SCHEMA IF NOT EXISTS DB.{schema}")
    session.must(f"USE SCHEMA DB.{schema}")
    return session


def run_sql(connection, sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@pytest.fixture
def sql():
    return run_sql
