"""Disks fill up. What was durable stays, the message names the place, and room makes it go on."""

import json
import re
import time

import pytest
from driver.commands import doctor_without_broker
from driver.process import wait_until
from driver.warehouse import query
from test_import import extended_rows

CANNOT_WRITE, UNAVAILABLE, UNHEALTHY = 73, 69, 10
# What a warehouse of 24 MB does not hold.
EVENTS = 40_000


@pytest.mark.parametrize("megabytes", [24, *(pytest.param(other, marks=pytest.mark.wide) for other in (4, 18, 30))])
def test_a_run_on_a_full_disk_names_the_path_and_goes_on_when_there_is_room(embedded, small_disk, megabytes, say):
    """By size: the lake does not fit, or the lake fits and the warehouse does not."""
    disk = small_disk(embedded.data, megabytes)
    failed = embedded.run(EVENTS, prepare=disk.prepare)
    assert failed.code == CANNOT_WRITE, str(failed)
    error = failed.failure["message"]
    assert str(embedded.data) in error, error
    say(f"{megabytes} MB: {error[:160]}")

    disk.make_room()
    embedded.must_prove(EVENTS)
    rows, _ = embedded.counts()
    assert EVENTS <= rows <= 2 * EVENTS
    report = embedded.verify()
    assert report["offsets"] == rows


@pytest.mark.parametrize("megabytes", [1, pytest.param(6, marks=pytest.mark.wide)])
def test_an_import_on_a_full_disk_goes_on_when_there_is_room(embedded, small_disk, tmp_path, megabytes, say):
    """By size: the lake does not fit, or the lake fits and the warehouse does not. Each play is there once in the end."""
    export = tmp_path / "Streaming_History_Audio_2024_0.json"
    rows = extended_rows(6_000, 7, days=300)
    export.write_text(json.dumps(rows), encoding="utf-8")
    disk = small_disk(embedded.data, megabytes)
    failed = embedded.start("--import", export, prepare=disk.prepare).wait(180)
    assert failed.code == CANNOT_WRITE, str(failed)
    error = failed.failure["message"]
    assert str(embedded.data) in error, error
    say(f"{megabytes} MB: {error[:160]}")

    disk.make_room()
    done = embedded.start("--import", export).wait(180)
    assert done.code == 0, str(done)
    assert embedded.verify()["proved"] is True
    again = embedded.start("--import", export).wait(180)
    assert again.code == 0, str(again)
    [[plays, different]] = embedded.rows(
        "SELECT count(*), count(DISTINCT event_id) FROM TRANSFORM.SPOTIFY_SILVER WHERE event_type = 'play'"
    )
    assert plays == different == len({json.dumps(row, sort_keys=True) for row in rows})


def test_each_command_that_writes_names_the_full_disk_and_works_when_there_is_room(proved, small_disk, say):
    """The lake is elsewhere. Nothing that a command left half written is taken for something."""
    disk = small_disk(proved.folder / "disk", 96)
    assert disk.is_mounted, "mounting a tmpfs takes root"
    place = disk.path
    lake, warehouse = ["--lake", proved.data / "lake"], ["--warehouse", place / "new" / "spotify_db.duckdb"]
    lines = [
        ["extract", *lake, *warehouse, "--stage-dir", place / "stage"],
        ["warehouse", "init", "--warehouse", place / "empty" / "spotify_db.duckdb"],
        ["load", *lake, *warehouse],
        ["transform", *warehouse, "--work-dir", place / "work", "--published", "none"],
        ["publish", *warehouse, "--work-dir", place / "work", "--published", place / "published"],
        ["simulate", "--events", 3_000, "--output", place / "events.jsonl"],
        ["simulate", "--events", 3_000, "--output", "-", "--oracle", place / "oracle.ndjson"],
    ]
    for line in lines:
        filler = disk.fill()
        full = proved.start_as(*line).wait(120)
        filler.unlink()
        assert full.code == CANNOT_WRITE, str(full)
        error = full.failure["message"]
        assert str(place) in error and re.search(r"space|disk is full", error), error
        say(f"{line[0]}: {error[:120]}")
        with_room = proved.start_as(*line).wait(120)
        assert with_room.code == 0, str(with_room)
    [[rows]] = query(proved.deps, place / "new" / "spotify_db.duckdb", "SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS")
    assert rows == proved.events
    done = proved.start_as("verify", "--data", proved.data, *warehouse, "--json").wait(120)
    assert done.code == 0 and json.loads(done.out)["proved"] is True, str(done)


def test_a_sink_waits_for_room_on_the_s3_server_then_gives_up_and_goes_on_later(own_services, new_world, small_disk):
    services = own_services(start=False)
    disk = small_disk(services.data / "minio", 128)
    assert disk.is_mounted, "mounting a tmpfs takes root"
    services.up()
    world = new_world(services)
    world.simulate(20_000)
    world.catch_up()
    filler = disk.fill()
    world.simulate(20_000)
    failed = world.run("sink", "--until-caught-up", "--s3-retry-total-s", 5, timeout=90)
    assert failed.code == UNAVAILABLE, str(failed)
    error = failed.failure["message"]
    assert services.s3_endpoint in error and world.bucket in error, error
    assert re.search(r"full|space|disk", error, re.IGNORECASE), error

    # One that waits long enough needs nobody's help but room.
    patient = world.start_sink("--s3-retry-total-s", 60)
    time.sleep(3)
    assert patient.is_running()
    filler.unlink()
    wait_until(lambda: all(one["lag"] == 0 for one in world.status()), 60, "the sink to catch up", 0.5)
    assert patient.stop().code == 0
    world.prove_up_to_bronze()


def test_servers_without_room_say_so_leave_nothing_running_and_start_when_there_is_room(own_services, small_disk):
    services = own_services(start=False)
    disk = small_disk(services.data, 64)
    assert disk.is_mounted, "mounting a tmpfs takes root"
    filler = disk.fill()
    full = services.call_up()
    assert full.returncode == CANNOT_WRITE, full.stderr
    assert str(services.data) in full.stderr and "space" in full.stderr, full.stderr
    for role in ("kafka", "s3"):
        assert not (services.data / f"{role}.pid").exists()
    assert services.call_status().returncode == UNHEALTHY
    filler.unlink()
    disk.make_room()
    services.up()
    assert services.call_status().returncode == 0
    filler = disk.fill()
    services.down()
    assert services.call_status().returncode == UNHEALTHY


def test_doctor_says_where_there_is_little_room(binary, tmp_path, small_disk):
    disk = small_disk(tmp_path / "disk", 64)
    assert disk.is_mounted, "a disk of 64 MB takes root"
    warehouse = disk.path / "new" / "warehouse.duckdb"
    done = doctor_without_broker(binary, tmp_path / "lake", warehouse)
    [check] = [one for one in json.loads(done.stdout)["checks"] if one["check"] == "disk"]
    assert not check["ok"] and str(warehouse) in check["message"], check
    assert re.search(r"only 0\.0\d GiB are free", check["message"]), check
