"""Fixtures of the black-box tests: the binary, one pair of servers for the session, a world for each test."""

import os
import re
import secrets

import pytest
from driver.embedded import Embedded
from driver.services import Services
from driver.world import World

pytest_plugins = ["driver.fixtures"]


@pytest.fixture(scope="session")
def fault_cycles() -> int:
    """How often the repeated faults strike; more for a long run by hand."""
    return int(os.environ.get("SDP_FAULT_CYCLES", "100"))


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
