"""kill -9 of the loader at random moments, on both warehouses: an object's rows and its ledger row come together or not."""

import json
import random
import secrets
import shutil
import time

import pytest
from driver.embedded import Embedded
from driver.snowflake import OnSnowflake

EVENTS, OBJECT_RECORDS, KILLS = 24_000, 40, 60


@pytest.fixture(scope="module")
def filled(binary, deps, tmp_path_factory):
    """A data folder with many small objects in its lake, and nothing loaded."""
    embedded = Embedded(binary, deps, tmp_path_factory.mktemp("lake"))
    finished = embedded.run(EVENTS, "--batch-records", OBJECT_RECORDS, "--partitions", 3)
    assert finished.code == 0, str(finished)
    shutil.rmtree(embedded.data / "warehouse")
    return embedded.data


@pytest.fixture
def lake(filled, tmp_path):
    return shutil.copytree(filled, tmp_path / "data")


class Target:
    """A warehouse that is empty at first, and the commands on it."""

    def __init__(self, pipeline: OnSnowflake, warehouse: str, data):
        self.pipeline, self.data = pipeline, data
        self.place = "snowflake" if warehouse == "snowflake" else str(data / "warehouse" / "spotify_db.duckdb")
        self.env = {"SPOTIFY_LAKE": str(data / "lake"), "SPOTIFY_WAREHOUSE": self.place}
        shutil.rmtree(data / "warehouse", ignore_errors=True)
        if warehouse == "snowflake":
            self.env["SNOWFLAKE_DATABASE"] = f"K{secrets.token_hex(6).upper()}"

    def loader(self, objects: int):
        return self.pipeline.start("load", "--transaction-objects", objects, env=self.env)

    def prove(self) -> int:
        """How many records bronze has, when each of them is right and no object is there in part."""
        finished = self.pipeline.run("verify", "--data", self.data, "--json", "--allow-pending", env=self.env)
        assert finished.code == 0, str(finished)
        stages = {stage["stage"]: stage for stage in json.loads(finished.out)["stages"]}
        return stages["bronze"]["records"]


@pytest.mark.long
@pytest.mark.parametrize(
    "warehouse, objects, latest_s", [("duckdb", 2, 0.6), ("snowflake", 10, 2.5)], ids=["duckdb", "snowflake"]
)
def test_a_loader_killed_at_random_moments_leaves_ledger_and_rows_exact(
    binary, deps, emulator, lake, tmp_path, say, warehouse, objects, latest_s
):
    pipeline = OnSnowflake(binary, deps, tmp_path / "loaders", emulator, "UNUSED")
    chance = random.Random(60)
    killed, rounds, partly = 0, 0, 0
    target = Target(pipeline, warehouse, lake)
    while killed < KILLS:
        loader = target.loader(objects)
        time.sleep(chance.uniform(0, latest_s))
        if loader.is_running():
            loader.kill()
            killed += 1
            if killed % 10 == 0:
                partly += 0 < target.prove() < EVENTS
            continue
        finished = loader.finished()
        assert finished.code == 0, str(finished)
        assert target.prove() == EVENTS
        rounds += 1
        target = Target(pipeline, warehouse, lake)
    last = target.loader(objects).wait(120)
    assert last.code == 0, str(last)
    assert target.prove() == EVENTS
    again = target.loader(objects).wait(60)
    assert "load: 0 rows and 0 rejected from 0 objects" in again.err, str(again)
    pipeline.close()
    say(
        f"{warehouse}: {killed} kills, {partly} of 6 looks found a part loaded, {rounds + 1} warehouses filled; rows and "
        "ledger exact each time"
    )
    assert partly > 0
