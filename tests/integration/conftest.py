"""Fixtures of the black-box tests: the binary, one pair of servers for the session, a world for each test."""

import os
import re
import secrets
import shutil
import subprocess

import pytest
from driver.browser import started_browser
from driver.embedded import Embedded
from driver.process import GUARD_SECONDS
from driver.services import Services, clean_environment
from driver.site import build_pages
from driver.small_disk import SmallDisk
from driver.world import World

pytest_plugins = ["driver.fixtures"]


@pytest.fixture(scope="session")
def fault_cycles() -> int:
    """How often the repeated faults strike; more in `make soak`."""
    return int(os.environ.get("SDP_FAULT_CYCLES", "20"))


@pytest.fixture(scope="session")
def promtool(deps):
    """Runs Prometheus's own tool, which must find nothing wrong; what it printed."""

    def run(*arguments) -> str:
        done = subprocess.run(
            [deps / "promtool" / "bin" / "promtool", *arguments],
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def browser():
    """One for all tests of a file."""
    with started_browser() as one:
        yield one


@pytest.fixture(scope="module")
def pages(deps, tmp_path_factory):
    """The pages without any data."""
    folder = tmp_path_factory.mktemp("pages")
    build_pages(deps, folder)
    return folder


@pytest.fixture
def own_services(binary, deps, tmp_path):
    """Makes servers that one test has for itself, to be killed, filled up or chosen."""
    made: list[Services] = []

    def make(s3_server: str = "minio", start: bool = True) -> Services:
        made.append(Services(binary, deps, tmp_path / f"services-{len(made)}", s3_server))
        if start:
            made[-1].up()
        return made[-1]

    yield make
    for one in made:
        one.down()


@pytest.fixture
def small_disk():
    made: list[SmallDisk] = []

    def make(path, megabytes: int) -> SmallDisk:
        made.append(SmallDisk(path, megabytes))
        return made[-1]

    yield make
    for disk in made:
        disk.remove()


@pytest.fixture(scope="session")
def finished_run(binary, deps, tmp_path_factory):
    """The data folder of a run of 600 events that is over. Tests that change it work on a copy."""
    folder = tmp_path_factory.mktemp("finished-run")
    command = [binary, "run", "--events", "600", "--data", folder]
    env = clean_environment() | {"SDP_DEPS_DIR": str(deps)}
    subprocess.run(command, env=env, cwd=folder, check=True, capture_output=True, timeout=GUARD_SECONDS)
    return folder


@pytest.fixture
def new_world(request, tmp_path):
    """Makes worlds on given servers."""
    made: list[World] = []
    test = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))[:40].strip("-")

    def make(on: Services) -> World:
        name = f"{test}-{secrets.token_hex(3)}"
        made.append(World(on, tmp_path / name, name))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def world(services, new_world) -> World:
    return new_world(services)


@pytest.fixture
def embedded(binary, deps, tmp_path):
    pipeline = Embedded(binary, deps, tmp_path)
    yield pipeline
    pipeline.close()


PROVED_EVENTS = 2_000


@pytest.fixture(scope="session")
def proved_data(binary, deps, tmp_path_factory):
    """What one run left, for tests that need a finished one and do not care about its way. Copied, never changed."""
    pipeline = Embedded(binary, deps, tmp_path_factory.mktemp("proved"))
    pipeline.must_prove(PROVED_EVENTS)
    return pipeline.data


@pytest.fixture
def proved(embedded, proved_data):
    """A folder with the data of a finished run of `events` events."""
    shutil.copytree(proved_data, embedded.data, symlinks=True)
    embedded.events = PROVED_EVENTS
    return embedded
