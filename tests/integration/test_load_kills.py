"""kill -9 of the loader at random moments, on both warehouses: an object's rows and its ledger row come together or not."""

import json
import random
import secrets
import shutil
import time
from pathlib import Path

import pytest
from driver.snowflake import OnSnowflake, fill_lake

EVENTS, OBJECT_RECORDS = 6_000, 40
KILLS_A_LOOK = 5
KILLS_MIN, KILLS_MAX = 15, 60
MISCONFIGURED = 78
# A kill comes within this part of the time that a whole load takes here, so that several hit one warehouse.
LATEST = 0.5


@pytest.fixture(scope="module")
def filled(binary, deps, tmp_path_factory):
    """A data folder with many small objects in its lake, and nothing loaded."""
    return fill_lake(binary, deps, tmp_path_factory.mktemp("lake"), EVENTS, OBJECT_RECORDS, "--partitions", 3)


@pytest.fixture
def lake(filled, tmp_path):
    return shutil.copytree(filled, tmp_path / "data")


class Target:
    """A warehouse that is empty at first, and the commands on it."""

    def __init__(self, pipeline: OnSnowflake, warehouse: str, data):
        self.pipeline, self.data = pipeline, data
        self.made = False  # whether verify has seen it
        self.place = "snowflake" if warehouse == "snowflake" else str(data / "warehouse" / "spotify_db.duckdb")
        self.env = {"SPOTIFY_LAKE": str(data / "lake"), "SPOTIFY_WAREHOUSE": self.place}
        shutil.rmtree(data / "warehouse", ignore_errors=True)
        if warehouse == "snowflake":
            self.env["SNOWFLAKE_DATABASE"] = f"K{secrets.token_hex(6).upper()}"

    def loader(self, objects: int):
        return self.pipeline.start("load", "--transaction-objects", objects, env=self.env)

    def load_all(self, objects: int):
        finished = self.loader(objects).wait(120)
        assert finished.code == 0, str(finished)
        assert self.prove() == EVENTS
        return finished

    def prove(self) -> int:
        """How many records bronze has, when each of them is right and no object is there in part.

        A loader that was killed at its start has made no file or database. verify says so by 78 even with --allow-pending:
        pending is what a warehouse does not have yet, and a name of none may as well be a misspelt one."""
        finished = self.pipeline.run("verify", "--data", self.data, "--json", "--allow-pending", env=self.env)
        if not self.made and finished.code == MISCONFIGURED:
            assert self.place == "snowflake" or not Path(self.place).exists(), str(finished)
            return 0
        assert finished.code == 0, str(finished)
        self.made = True
        stages = {stage["stage"]: stage for stage in json.loads(finished.out)["stages"]}
        return stages["bronze"]["records"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("warehouse", "objects", "seed"),
    [
        pytest.param("duckdb", 2, 60, id="duckdb"),
        pytest.param("snowflake", 15, 61, id="snowflake", marks=pytest.mark.wide),
    ],
)
def test_a_loader_killed_at_random_moments_leaves_ledger_and_rows_exact(
    binary, deps, emulator, lake, tmp_path, fault_cycles, say, warehouse, objects, seed
):
    pipeline = OnSnowflake(binary, deps, tmp_path / "loaders", emulator, "UNUSED")
    kills = min(KILLS_MAX, max(KILLS_MIN, fault_cycles // 2))
    chance = random.Random(seed)
    killed, rounds, partly = 0, 0, 0
    whole_s = Target(pipeline, warehouse, lake).load_all(objects).seconds
    target = Target(pipeline, warehouse, lake)
    while killed < kills:
        loader = target.loader(objects)
        time.sleep(chance.uniform(0, LATEST * whole_s))
        if loader.is_running():
            loader.kill()
            killed += 1
            if killed % KILLS_A_LOOK == 0:
                partly += 0 < target.prove() < EVENTS
            continue
        finished = loader.finished()
        assert finished.code == 0, str(finished)
        assert target.prove() == EVENTS
        rounds += 1
        target = Target(pipeline, warehouse, lake)
    target.load_all(objects)
    again = target.loader(objects).wait(60)
    [loaded] = again.events("load.finished")
    assert (loaded["rows"], loaded["rejected"], loaded["objects"]) == (0, 0, 0), str(again)
    pipeline.close()
    say(
        f"{warehouse}: {killed} kills, {partly} of {kills // KILLS_A_LOOK} looks found a part loaded, "
        f"{rounds + 1} warehouses filled; rows and ledger exact each time"
    )
    assert partly > 0
