"""The programs for arm64 that `make arm64` builds, run by qemu. dbt is this machine's own."""

import secrets
import shlex
import shutil
import struct

import pytest
from driver.embedded import Embedded
from driver.fixtures import ROOT
from driver.process import Running
from driver.services import clean_environment
from driver.snowflake import OnSnowflake

pytestmark = pytest.mark.whole

EVENTS = 10_000
PROVED_EVENTS = 2_000  # Of the fixture proved_data.
MACHINE_AT, AARCH64 = 18, 183  # In the header of an ELF file.


@pytest.fixture
def emulated(deps, tmp_path):
    """Makes a script that runs one of the programs in the same process."""

    def make(name: str):
        program = ROOT / "build/arm64" / name
        assert program.exists(), f"no program at {program}; build it: make arm64"
        [machine] = struct.unpack_from("<H", program.read_bytes()[:64], MACHINE_AT)
        assert machine == AARCH64, f"{program} is for machine {machine}"
        script = tmp_path / name
        command = shlex.join(["qemu-aarch64-static", "-L", str(deps / "sysroot-arm64"), str(program)])
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        script.chmod(0o755)
        return script

    return make


@pytest.fixture
def pipeline(emulated, deps, tmp_path):
    one = Embedded(emulated("spotify-pipeline"), deps, tmp_path)
    yield one
    one.close()


@pytest.mark.long
def test_a_run_is_proved(pipeline):
    pipeline.must_prove(EVENTS)
    rows, counted = pipeline.counts()
    assert rows == EVENTS and counted > 0


def test_the_driver_of_snowflake_is_loaded_and_loads(emulated, deps, emulator, proved_data, tmp_path):
    theirs = tmp_path / "deps"
    theirs.mkdir()
    (theirs / "snowflake-driver").symlink_to((deps / "snowflake-driver-arm64").resolve())
    database = f"A{secrets.token_hex(6).upper()}"
    snowflake = OnSnowflake(emulated("spotify-pipeline"), theirs, tmp_path / "snowflake", emulator, database)
    shutil.copytree(proved_data, snowflake.data)
    snowflake.prove_up_to_bronze(PROVED_EVENTS)
    snowflake.close()


def test_the_local_servers_have_their_program(emulated, tmp_path):
    done = Running([emulated("spotify-services"), "--help"], clean_environment(), tmp_path, "services").wait(60)
    assert done.code == 0 and "spotify-services" in done.out, str(done)
