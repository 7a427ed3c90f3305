"""Where the lake keeps what: events alone below bronze/, a place for every time stamp, ends of chains by offset."""

import json
import random
import shutil
import time
from pathlib import Path

import pytest
from driver import spoil_lake
from driver.past_hours import event, this_hour

GOLDEN = Path(__file__).parent / "made_with_layout_2" / "data-folder.tar.xz"
YEAR_MS = 366 * 24 * 3_600_000


def rows_below_bronze(embedded) -> int:
    [[rows]] = embedded.rows(f"SELECT count(*) FROM read_json('{embedded.data}/lake/bronze/**/*.json')")
    return rows


def test_everything_below_bronze_is_events(embedded):
    embedded.must_prove(600)
    spoil_lake.close_hours(embedded.data / "lake")
    assert embedded.verify()["proved"] is True
    assert rows_below_bronze(embedded) == 600
    names = {path.name for path in (embedded.data / "lake" / "bronze").rglob("*") if path.is_file()}
    assert all(name.startswith("spotify_events_") for name in names), names


@pytest.fixture
def golden(embedded):
    shutil.unpack_archive(GOLDEN, embedded.folder)
    return embedded


def test_a_lake_of_layout_2_is_proved_as_it_is_and_goes_on(golden):
    assert (golden.verify_made_earlier()["proved"], rows_below_bronze(golden)) == (True, 700)
    golden.must_prove(300)
    assert golden.verify()["kept"] == 1000
    assert rows_below_bronze(golden) == 1000


@pytest.fixture
def create_time(world):
    """A topic with producers' time stamps, of which the broker refuses none."""
    world.services.kafka.create_topic(world.topic, 1, {"message.timestamp.after.max.ms": str(2**63 - 1)})
    return world


def produce(world, count: int, ms: int) -> None:
    chance = random.Random(ms + world.acked)
    world.services.kafka.produce(world.topic, [(None, event(chance, this_hour()))] * count, 0, ms)
    world.acked += count


def test_times_that_tell_no_hour_share_objects_and_are_proved(create_time):
    world, now = create_time, int(time.time() * 1000)
    for round_ in range(20):
        for ms in (now * 1000 + round_ * 3_600_000_000, now * 1_000_000 + round_, 253_402_300_800_000 + round_, now):
            produce(world, 1, ms)
    world.catch_up("--batch-records", 40)
    objects = world.objects()
    assert len(objects) <= 5, sorted(objects)
    untimed = [key for key in objects if "__HIVE_DEFAULT_PARTITION__" in key]
    assert untimed, sorted(objects)
    assert not [key for key in objects if "date=9999" in key]
    world.must("load")
    assert json.loads(world.must("verify", "--json", "--allow-pending").out)["proved"] is True
    assert world.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS") == [[80]]


def test_a_clock_that_is_ahead_hides_no_later_object(create_time):
    world, now = create_time, int(time.time() * 1000)
    produce(world, 10, now + YEAR_MS)
    world.catch_up()
    for _ in range(3):
        produce(world, 10, now)
        world.catch_up()
    [partition] = world.status()
    assert (partition["lake_end"], partition["lag"]) == (40, 0)
    before = world.objects().keys()
    again = world.catch_up()
    assert again.events("sink.finished")[0]["objects"] == 0, str(again)
    assert world.objects().keys() == before
    world.must("load")
    assert world.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS") == [[40]]


def test_a_file_of_layout_1_in_a_lake_of_layout_2_is_refused(world):
    world.simulate(50)
    world.catch_up()
    layout = b'{"version":1,"format":"json-lines","compression":"none","partitioner":"broker-hour","topic":"t"}\n'
    world.services.s3.put(world.bucket, "bronze/_lake.json", layout, {}, "application/json")
    for command in (("sink", "--until-caught-up"), ("status",), ("load",)):
        done = world.run(*command)
        assert done.code == 78, str(done)
        assert "bronze/_lake.json" in done.err, str(done)
    assert world.run("verify", "--allow-pending").code == 20
