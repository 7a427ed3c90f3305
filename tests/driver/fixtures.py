"""Fixtures and hooks that the tests of several folders share: their conftest.py names it in `pytest_plugins`."""

import os
import shlex
import sys
import tempfile
from pathlib import Path

import pytest

from driver.services import Services
from driver.shared import EMULATOR_ARGUMENTS, GivenServices, SharedServers, are_given
from driver.snowflake import Emulator

ROOT = Path(__file__).resolve().parents[2]
FIGURES, ALONE = "figures", "alone"


def the_binary() -> Path:
    path = Path(os.environ.get("SDP_BINARY", ROOT / "build" / "release" / "spotify-pipeline")).resolve()
    assert path.exists(), f"no binary at {path}; build it: make build"
    return path


def the_deps() -> Path:
    return Path(os.environ.get("SDP_DEPS_DIR", ROOT / ".deps")).absolute()


class ServersOfWorkers:
    """Where pytest has workers and nobody gave servers: started before them, ended after them."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sdp-test-services-")
        self._servers = SharedServers(the_binary(), the_deps(), Path(self._folder.name) / "shared")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self):
        os.environ.update(self._servers.up())

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self):
        self._servers.down()
        self._folder.cleanup()


def pytest_configure(config):
    has_workers = bool(config.getoption("numprocesses", None)) and not hasattr(config, "workerinput")
    if has_workers and not are_given() and not config.option.collectonly:
        config.pluginmanager.register(ServersOfWorkers(), "servers-of-workers")


def pytest_collection_modifyitems(items):
    """What takes long starts first, so that no worker is left with it alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure says how to run the test alone, in its report and in JUnit's property `alone`."""
    report = yield
    if report.failed:
        told = (ALONE, alone(item))
        report.sections.append(told)
        # JUnit's file takes the properties that the last report of a test has, that of its end.
        for properties in (item.user_properties, report.user_properties):
            if told not in properties:
                properties.append(told)
    return report


def alone(item) -> str:
    """From the root of the checkout."""
    ini = Path(item.config.inipath).relative_to(ROOT)
    links = [link for link in (ROOT / ".deps").glob("venv-*") if link.resolve() == Path(sys.prefix).resolve()]
    python = links[0].relative_to(ROOT) / "bin/python" if links else Path(sys.executable)
    return shlex.join([str(python), "-B", "-m", "pytest", "-c", str(ini), f"{ini.parent}/{item.nodeid}"])


def pytest_terminal_summary(terminalreporter):
    """Figures that tests noted, whichever worker ran them."""
    told = [
        f"{report.nodeid}: {value}"
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call"
        for name, value in report.user_properties
        if name == FIGURES
    ]
    if told:
        terminalreporter.section("figures")
        for line in told:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def binary() -> Path:
    return the_binary()


@pytest.fixture(scope="session")
def deps() -> Path:
    return Path(os.environ.get("SDP_TEST_DEPS", the_deps()))


@pytest.fixture(scope="session")
def program_deps() -> Path:
    """Where dbt is the program itself, which every build loads; for tests of how it starts and is ended."""
    return the_deps()


@pytest.fixture(scope="session")
def services(binary, deps, tmp_path_factory):
    """A Kafka and an S3 server that all tests share; nobody may stop them."""
    if are_given():
        yield GivenServices(binary, deps)
        return
    own = Services(binary, deps, tmp_path_factory.mktemp("services"))
    try:
        own.up()
        yield own
    finally:
        own.down()


@pytest.fixture(scope="session")
def emulator(deps, tmp_path_factory):
    """Snowflake's emulator, which lets go of a killed loader's transaction after half a second."""
    if are_given():
        yield Emulator(deps, int(os.environ["SDP_TEST_EMULATOR"]))
        return
    own = Emulator.start(deps, tmp_path_factory.mktemp("snowflake"), *EMULATOR_ARGUMENTS)
    yield own
    own.end()


@pytest.fixture
def say(request):
    """Notes a line of figures, which is shown at the end also when the test passes."""
    return lambda line: request.node.user_properties.append((FIGURES, line))
