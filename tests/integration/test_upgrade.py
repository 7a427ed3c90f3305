"""What an earlier version left behind is opened, continued and proved by this one; its history is kept."""

import json
import shutil
from pathlib import Path

import pytest

MADE_BY_0_1_0 = Path(__file__).parent / "made_by_0.1.0"
HISTORY = (
    "SELECT user_id, country, device_type, seen_at, dbt_valid_from, dbt_scd_id FROM MART.LISTENER_HISTORY ORDER BY ALL"
)


def unpack(archive: str, folder: Path) -> None:
    shutil.unpack_archive(MADE_BY_0_1_0 / archive, folder)


@pytest.fixture
def old_data(embedded):
    unpack("data-folder.tar.xz", embedded.folder)
    return embedded


@pytest.fixture
def old_lake(world):
    """The bucket of the world is as 0.1.0 left it, its warehouse has not loaded all of it, and its topic is gone."""
    unpack("s3-lake.tar.xz", world.folder)
    lake = world.folder / "s3"
    for key, properties in json.loads((lake / "metadata.json").read_text()).items():
        world.services.s3.put(world.bucket, key, (lake / "lake" / key).read_bytes(), **properties)
    world.env["SPOTIFY_WAREHOUSE"] = str(lake / "warehouse" / "spotify_db.duckdb")
    return world


# What no transform of that version made.
LATER_MARTS = [
    "MART.ARTIST_YEARS",
    "MART.LISTENING_BY_WEEKDAY",
    "MART.LISTENING_YEARS",
    "MART.SKIP_CURVE",
    "MART.SONG_WINDOWS",
    "MART.SONG_YEARS",
]


def test_a_data_folder_is_proved_as_it_is(old_data):
    report = old_data.verify_made_earlier()
    assert (report["proved"], report["kept"]) == (True, 2000)
    pending = [(one["kind"], one["named"]) for one in report["findings"] if one["pending"]]
    assert pending == [
        ("table not made yet", ["TRANSFORM.INT_HEARD_EVENTS"]),
        ("mart not made yet", LATER_MARTS),
    ]


def test_a_data_folder_goes_on_and_keeps_its_history(old_data):
    before = old_data.rows(HISTORY)
    old_data.must_prove(500)
    assert old_data.verify()["kept"] == 2500, "or a table of that version is still there"
    after = old_data.rows(HISTORY)
    assert len(before) == 201
    assert [row for row in before if row not in after] == []


def test_a_lake_on_s3_is_loaded_where_its_warehouse_stopped(old_lake):
    before = old_lake.rows(HISTORY)
    assert old_lake.rows("SELECT count(*) FROM BRONZE.LOAD_LEDGER") == [[18]]
    old_lake.must("init")
    old_lake.must("load")
    old_lake.transform()
    report = json.loads(old_lake.must("verify", "--json").out)
    assert (report["proved"], report["kept"], report["rejected"]) == (True, 1100, 3)
    after = old_lake.rows(HISTORY)
    assert before and [row for row in before if row not in after] == []


def test_a_lake_on_s3_is_continued_by_the_sink(old_lake):
    """A new topic of the old name starts new chains in the old layout. No other test uses that topic."""
    old_lake.env["KAFKA_TOPIC"] = "spotify-events"
    old_lake.simulate(300)
    old_lake.catch_up("--compression", "gzip")
    report = old_lake.prove()
    assert (report["kept"], report["rejected"]) == (1400, 3)
