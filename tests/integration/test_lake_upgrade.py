"""`lake upgrade` brings a lake of layout 1 to layout 2: everything goes on, and the proof says the same."""

import json
import shutil
from pathlib import Path

import pytest
from driver.process import Running, wait_until
from driver.services import clean_environment

MADE_BY_0_1_0 = Path(__file__).parent / "made_by_0.1.0"
TEMPORARY, MISCONFIGURED, UNREACHABLE = 75, 78, 69
COUNTED = ("kept", "duplicates", "rejected")
MARTS = ("TOP_SONGS", "USER_ENGAGEMENT", "LISTENER_HISTORY")


def unpack(archive: str, folder: Path) -> None:
    shutil.unpack_archive(MADE_BY_0_1_0 / archive, folder)


def layout_1(topic: str) -> bytes:
    layout = {"version": 1, "format": "json-lines", "compression": "none", "partitioner": "broker-hour", "topic": topic}
    return json.dumps(layout, separators=(",", ":")).encode() + b"\n"


def files(lake: Path) -> dict[str, bytes]:
    """What is in a lake, without what the directory store keeps for itself."""
    return {
        str(path.relative_to(lake)): path.read_bytes()
        for folder in (lake / "bronze", lake / "_pipeline")
        for path in folder.rglob("*")
        if path.is_file()
    }


class Old:
    """A data folder that 0.1.0 made."""

    def __init__(self, embedded):
        unpack("data-folder.tar.xz", embedded.folder)
        self.embedded, self.lake = embedded, embedded.data / "lake"

    def upgrade(self, *arguments) -> dict:
        done = self.run(*arguments, "--sinks-stopped", "--json")
        assert done.code == 0, str(done)
        return json.loads(done.out)

    def run(self, *arguments):
        line = [str(self.embedded.binary), "lake", "upgrade", "--lake", str(self.lake), *map(str, arguments)]
        name = f"{len(self.embedded.started):03}-upgrade"
        self.embedded.started.append(Running(line, clean_environment(), self.embedded.folder, name))
        return self.embedded.started[-1].wait(60)

    def rows_below_bronze(self) -> int:
        [[rows]] = self.embedded.rows(f"SELECT count(*) FROM read_json('{self.lake}/bronze/**/*.json')")
        return rows

    def marts(self) -> dict[str, list]:
        return {mart: self.embedded.rows(f"SELECT * FROM MART.{mart} ORDER BY ALL") for mart in MARTS}


@pytest.fixture
def old(embedded):
    return Old(embedded)


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(old):
    before = files(old.lake)
    said = old.upgrade("--dry-run")
    assert (said["layout_before"], said["layout"], said["dry_run"]) == (1, 1, True)
    assert said["files"] > 0 and said["objects"] > 0 and said["copied"] == said["removed"] == 0
    assert files(old.lake) == before
    shown = old.run("--dry-run", "--sinks-stopped")
    assert "would be moved" in shown.out, str(shown)


def test_a_data_folder_is_upgraded_and_goes_on(old):
    before, marts, proof = files(old.lake), old.marts(), old.embedded.verify_made_earlier()
    said = old.upgrade()
    assert (said["layout_before"], said["layout"], said["removed"]) == (1, 2, said["files"])
    after = files(old.lake)
    moved = {
        name.replace("bronze/_closed/", "_pipeline/hours/").replace("bronze/_gaps/", "_pipeline/gaps/"): body
        for name, body in before.items()
        if not name.startswith(("bronze/_lake.json", "bronze/_probe"))
    }
    assert {name: after[name] for name in moved} == moved, "all of it, byte for byte"
    assert set(after) - set(moved) == {"_pipeline/lake.json", "_pipeline/upgrade.json"}
    assert not [name for name in after if name.startswith("bronze/_")]
    assert not list((old.lake / "bronze").glob("_*")), "folders that are empty now"
    report = old.embedded.verify_made_earlier()
    assert [report[part] for part in COUNTED] == [proof[part] for part in COUNTED]
    assert report["proved"] is True
    assert old.rows_below_bronze() == 2000
    assert old.marts() == marts
    old.embedded.must_prove(500)
    assert old.embedded.verify()["kept"] == 2500
    history = old.marts()["LISTENER_HISTORY"]
    assert [row for row in marts["LISTENER_HISTORY"] if row not in history] == []
    assert old.upgrade()["layout_before"] == 2
    assert files(old.lake)["_pipeline/upgrade.json"] == after["_pipeline/upgrade.json"]


def test_a_lake_is_whole_where_an_upgrade_was_stopped(old, tmp_path):
    """Before the switch and behind it: proved as it is, it goes on, and the next run finishes."""
    before = tmp_path / "before"
    shutil.copytree(old.lake, before)
    old.upgrade()
    upgraded = tmp_path / "upgraded"
    shutil.copytree(old.lake, upgraded)

    def stopped(start: Path, others: Path, *names: str) -> None:
        """The lake is `start`, with some of the names of `others`."""
        shutil.rmtree(old.lake)
        shutil.copytree(start, old.lake)
        for name in names:
            for place in (Path(), Path(".meta")):
                if (others / place / name).is_dir():
                    shutil.copytree(others / place / name, old.lake / place / name, dirs_exist_ok=True)
                elif (others / place / name).exists():
                    (old.lake / place / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(others / place / name, old.lake / place / name)

    stopped(before, upgraded, "_pipeline/hours", "_pipeline/upgrade.json")
    report = old.embedded.verify_made_earlier()
    assert (report["proved"], report["kept"]) == (True, 2000)
    assert any("lake upgrade" in note for note in report["notes"]), report["notes"]
    old.embedded.must_prove(100)
    assert (old.lake / "bronze" / "_lake.json").exists() and not (old.lake / "_pipeline" / "lake.json").exists()
    assert old.upgrade()["layout_before"] == 1
    assert old.embedded.verify()["kept"] == 2100

    # Behind the switch, with the file of the layout not written and nothing removed.
    stopped(upgraded, before, "bronze/_closed", "bronze/_probe")
    (old.lake / "_pipeline" / "lake.json").unlink()
    done = old.run("--dry-run", "--sinks-stopped")
    assert (done.code, "would be removed" in done.out) == (0, True), str(done)
    assert old.upgrade()["removed"] > 0
    assert not (old.lake / "bronze" / "_closed").exists()
    assert (old.lake / "_pipeline" / "lake.json").read_bytes() == (upgraded / "_pipeline" / "lake.json").read_bytes()


def test_without_a_word_about_sinks_a_lake_is_left_as_it_is(old):
    before = files(old.lake)
    done = old.run("--bootstrap-servers", "127.0.0.1:1", "--kafka-call-timeout-ms", 500)
    assert done.code == UNREACHABLE, str(done)
    assert "--sinks-stopped" in done.err
    assert files(old.lake) == before


def test_what_an_upgrade_record_must_say_is_proved(old):
    old.upgrade()
    path = old.lake / "_pipeline" / "upgrade.json"
    whole = json.loads(path.read_text())
    assert whole["chains"], whole
    for change in ({"end": 1}, {"end": whole["chains"][0]["end"] + 1}, {"partition": 77}):
        spoilt = {**whole, "chains": [{**whole["chains"][0], **change}, *whole["chains"][1:]]}
        path.write_text(json.dumps(spoilt))
        finished = old.embedded.start("--json", command="verify").wait(120)
        assert finished.code == 20, f"{change}: {finished}"
    path.unlink()
    assert old.embedded.start("--json", command="verify").wait(120).code == 20


@pytest.fixture(
    params=[pytest.param("", id="bucket"), pytest.param("/lakes/first", id="prefix", marks=pytest.mark.wide)]
)
def layout_1_world(world, request):
    """A world whose sinks find a lake of layout 1, in a bucket or below a prefix."""
    world.env["SPOTIFY_LAKE"] = f"s3://{world.bucket}{request.param}"
    world.prefix = f"{request.param.removeprefix('/')}/" if request.param else ""
    world.services.s3.put(
        world.bucket, f"{world.prefix}bronze/_lake.json", layout_1(world.topic), {}, "application/json"
    )
    return world


def names(world) -> set[str]:
    return {key.removeprefix(world.prefix) for key in world.services.s3.list(world.bucket)}


def upgrade(world, *arguments):
    return world.run("lake", "upgrade", *arguments)


def test_a_lake_that_a_sink_writes_to_is_refused_then_upgraded_and_goes_on(layout_1_world):
    world = layout_1_world
    world.simulate(400)
    sink = world.start_sink()
    wait_until(lambda: sink.uploads, 60, "an object")
    before = names(world)
    assert any(name.startswith("bronze/_probe") for name in before)
    refused = upgrade(world)
    assert refused.code == TEMPORARY, str(refused)
    assert world.group in refused.err
    assert "_pipeline/upgrade.json" not in names(world)
    assert sink.stop().code == 0
    world.catch_up()
    world.prove()
    done = upgrade(world)
    assert done.code == 0, str(done)
    assert {name for name in names(world) if not name.startswith("bronze/date=")} >= {
        "_pipeline/lake.json",
        "_pipeline/upgrade.json",
    }
    assert not [name for name in names(world) if name.startswith("bronze/_")]
    world.simulate(300)
    world.catch_up()
    assert [partition["lag"] for partition in world.status()] == [0, 0, 0]
    world.prove_exactly_what_was_acked()
    assert world.acked == 700


def test_a_sink_that_was_not_stopped_ends_before_it_writes_again(layout_1_world):
    world = layout_1_world
    world.simulate(300)
    sink = world.start_sink()
    wait_until(lambda: sum(p["lag"] for p in world.status()) == 0, 60, "the sink to come to the end")
    done = upgrade(world, "--sinks-stopped")
    assert done.code == 0, str(done)
    before = {name for name in names(world) if name.startswith("bronze/")}
    world.simulate(300)
    ended = sink.wait(60)
    assert ended.code == MISCONFIGURED, str(ended)
    assert "layout 2" in ended.failure["message"]
    assert {name for name in names(world) if name.startswith("bronze/")} == before, "it wrote nothing"
    world.catch_up()
    world.prove_exactly_what_was_acked()


def test_a_lake_on_s3_that_0_1_0_made_is_upgraded_and_loaded(world):
    """Its topic is gone, and its warehouse has not loaded all of it."""
    unpack("s3-lake.tar.xz", world.folder)
    lake = world.folder / "s3"
    for key, properties in json.loads((lake / "metadata.json").read_text()).items():
        world.services.s3.put(world.bucket, key, (lake / "lake" / key).read_bytes(), **properties)
    world.env["SPOTIFY_WAREHOUSE"] = str(lake / "warehouse" / "spotify_db.duckdb")
    said = json.loads(world.must("lake", "upgrade", "--json").out)
    assert said["removed"] == said["files"] > 0
    world.must("init")
    world.must("load")
    world.transform()
    report = json.loads(world.must("verify", "--json").out)
    assert (report["proved"], report["kept"], report["rejected"]) == (True, 1100, 3)


def test_times_that_tell_no_hour_are_not_written_again_by_a_sink_of_the_upgraded_lake(layout_1_world):
    """Layout 1 filed them at its ends of time; a hint that stands before them leads on to them."""
    world = layout_1_world
    wild = 253_402_300_800_000 + 5
    world.services.kafka.create_topic(world.topic, 1, {"message.timestamp.after.max.ms": str(2**63 - 1)})
    head = None
    for _ in range(3):
        world.services.kafka.produce(world.topic, [(None, b'{"n":1}')] * 10, 0, wild)
        world.catch_up()
        [key] = [key for key in world.services.s3.list(world.bucket) if "_pipeline/heads/" in key]
        head = head or world.services.s3.get(world.bucket, key)
    assert upgrade(world).code == 0
    objects = {name for name in names(world) if name.startswith("bronze/")}
    assert len(objects) == 3
    world.services.s3.put(world.bucket, key, head, {}, "application/json")
    world.catch_up()
    assert {name for name in names(world) if name.startswith("bronze/")} == objects
    world.services.kafka.produce(world.topic, [(None, b'{"n":1}')] * 10, 0, wild)
    world.catch_up()
    added = {name for name in names(world) if name.startswith("bronze/")} - objects
    assert len(added) == 1 and "__HIVE_DEFAULT_PARTITION__" in added.pop()
    world.must("load")
    assert json.loads(world.must("verify", "--json", "--allow-pending").out)["proved"] is True


def test_what_is_no_lake_of_layout_1_is_said(world, tmp_path):
    nothing = world.run("lake", "upgrade", "--lake", tmp_path / "none", "--sinks-stopped")
    assert nothing.code == MISCONFIGURED, str(nothing)
    world.simulate(50)
    world.catch_up()
    before = world.services.s3.list(world.bucket)
    assert "nothing to do" in world.must("lake", "upgrade").out
    assert world.services.s3.list(world.bucket) == before
