"""Fixtures of the container tests: one engine for the session, images built once, a stack for each test that asks."""

import fcntl
import os
import re
import subprocess
from pathlib import Path

import pytest
from engine import ROOT, Engine
from stack import SECRET_NAMES, Stack

pytest_plugins = ["driver.fixtures"]


@pytest.fixture(scope="session")
def engine():
    """What it builds is kept for the next run, in build/docker-engine or SDP_DOCKER_FOLDER."""
    one = Engine(Path(os.environ.get("SDP_DOCKER_FOLDER", ROOT / "build/docker-engine")))
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="session")
def copied_parts():
    """Brings what this checkout has built to where PARTS=copied looks for it, each part once."""
    done = set()
    # Another run in the same checkout would take them away from under a build; it waits.
    lock = open(ROOT / "build/docker-parts.lock", "w")  # noqa: SIM115  # Closed when the fixture ends.
    fcntl.flock(lock, fcntl.LOCK_EX)

    def copy(*parts: str, processor: str = "") -> None:
        missing = [part for part in parts if (processor, part) not in done]
        if missing:
            chosen = ["--for", processor] if processor else []
            subprocess.run([ROOT / "tools/docker_parts", *chosen, *missing], check=True)
        done.update((processor, part) for part in missing)

    yield copy
    lock.close()


@pytest.fixture(scope="session")
def builder(engine, copied_parts, tmp_path_factory):
    """A stack that nothing is started of: it has images built."""
    copied_parts("pipeline", "dbt", "kafka", "minio")
    canaries = {name: f"canary-{name.lower()}" for name in SECRET_NAMES}
    stack = Stack(engine, tmp_path_factory.mktemp("builder"), "builder", kept=canaries)
    stack.build("secrets", "init", "kafka", "minio", "loader")
    return stack


@pytest.fixture
def new_stack(request, builder, engine, tmp_path):
    """Makes stacks from the images that were built, and takes them down."""
    made: list[Stack] = []
    test = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))[:30].strip("-")

    def make(**settings) -> Stack:
        folder = tmp_path / f"stack-{len(made)}"
        folder.mkdir()
        made.append(Stack(engine, folder, f"{test}-{len(made)}", **settings))
        return made[-1]

    yield make
    for one in made:
        one.down()
