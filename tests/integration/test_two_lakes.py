"""A warehouse is one lake's, unless somebody says otherwise; what stands in README finds the right one by itself."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from driver.process import GUARD_SECONDS
from driver.services import clean_environment
from driver.warehouse import query

MISCONFIGURED = 78


class Pipeline:
    """Commands on folders below one that is empty at first."""

    def __init__(self, binary, deps, folder: Path):
        self.binary, self.deps, self.folder = binary, deps, folder
        self._env = clean_environment() | {"SDP_DEPS_DIR": str(deps)}

    def __call__(self, *words, code: int = 0) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [self.binary, *map(str, words)],
            env=self._env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def rows(self, warehouse: str) -> int:
        [[rows]] = query(self.deps, self.folder / warehouse, "SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS")
        return rows


@pytest.fixture
def pipeline(binary, deps, tmp_path):
    return Pipeline(binary, deps, tmp_path)


def load(lake: str, warehouse: str, *more) -> list:
    return ["load", "--json", "--lake", lake, "--warehouse", warehouse, *more]


def topic_ids(folder: Path) -> set[str]:
    """Of a lake's objects, as in their names."""
    return {re.search(r"_t([0-9a-f]{8})_", path.name)[1] for path in (folder / "bronze").rglob("*_t*_p*_o*.json")}


def test_a_second_lake_is_refused_until_it_is_added(pipeline):
    for name in ("a", "b"):
        pipeline("run", "--events", 300, "--data", name)
    warehouse = "a/warehouse/spotify_db.duckdb"
    refused = pipeline(*load("b/lake", warehouse), code=MISCONFIGURED)
    [ours], [others] = (topic_ids(pipeline.folder / name / "lake") for name in ("a", "b"))
    for word in (ours, others, "--add-lake", "--warehouse"):
        assert word in refused.stderr
    assert pipeline.rows(warehouse) == 300
    staged = ["extract", "--lake", "b/lake", "--warehouse", warehouse, "--stage-dir", "stage"]
    assert "--add-lake" in pipeline(*staged, code=MISCONFIGURED).stderr
    assert not (pipeline.folder / "stage").exists()

    assert json.loads(pipeline(*load("b/lake", warehouse, "--add-lake")).stdout)["rows"] == 300
    # From now on the warehouse knows both.
    for lake in ("a/lake", "b/lake"):
        assert json.loads(pipeline(*load(lake, warehouse)).stdout)["rows"] == 0
    assert pipeline.rows(warehouse) == 600


def test_a_stage_folder_is_known_by_the_lake_that_it_was_filled_from(pipeline):
    """Its objects may all be of a topic that is new in an old lake."""
    pipeline("run", "--events", 300, "--data", "a")
    warehouse = "other/spotify_db.duckdb"
    pipeline(*load("a/lake", warehouse))
    # Each embedded run has a topic with an id of its own.
    pipeline("run", "--events", 200, "--data", "a")
    pipeline("extract", "--lake", "a/lake", "--warehouse", warehouse, "--stage-dir", "stage")
    assert len(topic_ids(pipeline.folder / "stage")) == 1
    assert json.loads(pipeline(*load("stage", warehouse)).stdout)["rows"] == 200


def test_the_stages_one_by_one_end_proved_beside_an_embedded_run(world):
    """README's two ways, one after the other in one folder, with what the commands choose by themselves."""
    del world.env["SPOTIFY_WAREHOUSE"]
    world.must("run", "--events", 300)
    world.simulate(200)
    world.catch_up()
    world.must("load")
    world.must("transform")
    report = json.loads(world.must("verify", "--json").out)
    assert report["proved"] is True
    assert report["kept"] == 200
    assert (world.folder / "data" / "on-services" / "warehouse" / "spotify_db.duckdb").exists()


def test_a_warehouse_that_is_named_goes_before_that_of_the_folder(pipeline):
    """verify --data looks at the folder's own warehouse, or at the one that is named."""
    pipeline("run", "--events", 300, "--data", "a")
    assert "proved" in pipeline("verify", "--data", "a").stdout
    other = "other/spotify_db.duckdb"
    pipeline(*load("a/lake", other))
    report = json.loads(pipeline("verify", "--json", "--data", "a", "--warehouse", other, code=20).stdout)
    assert report["proved"] is False
    report = json.loads(pipeline("verify", "--json", "--data", "a", "--warehouse", other, "--allow-pending").stdout)
    assert report["proved"] is True
