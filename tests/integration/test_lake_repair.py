"""`lake repair`: an object that is damaged, or that overlaps others, is ignored from then on; what is lost with it is named."""

import hashlib
import json
import random
import shutil
import time
from datetime import UTC, datetime

import pytest
from driver import spoil_lake
from driver.embedded import Embedded
from driver.process import Running, wait_until
from driver.services import clean_environment

PARTIAL, DATA_ERROR, NOT_PROVED, TEMPORARY, MISCONFIGURED = 21, 65, 20, 75, 78
IGNORE = ("--reason", "a test", "--apply")


def first_of(key: str) -> int:
    return int(key.rsplit("_o", 1)[1].split(".")[0])


def findings(report: dict) -> dict[str, list[str]]:
    """What breaks the proof."""
    return {finding["kind"]: finding["named"] for finding in report["findings"] if not finding["pending"]}


class Folder:
    """The finished run's lake, in a directory, and the commands on it."""

    def __init__(self, embedded):
        self.embedded, self.lake = embedded, embedded.data / "lake"
        self.fresh = embedded.folder / "fresh" / "spotify_db.duckdb"

    def start(self, *words) -> Running:
        env = clean_environment() | {"SDP_DEPS_DIR": str(self.embedded.deps)}
        name = f"{len(self.embedded.started):03}-{words[0]}"
        line = [str(self.embedded.binary), *map(str, words)]
        self.embedded.started.append(Running(line, env, self.embedded.folder, name))
        return self.embedded.started[-1]

    def run(self, *words):
        return self.start(*words).wait(120)

    def repair(self, key: str, *arguments):
        return self.run("lake", "repair", key, "--lake", self.lake, "--sinks-stopped", *arguments)

    def verify(self, code: int, *arguments) -> dict:
        done = self.run("verify", "--data", self.embedded.data, "--json", *arguments)
        assert done.code == code, str(done)
        return json.loads(done.out)

    def load(self):
        """Into a warehouse that has nothing yet."""
        shutil.rmtree(self.fresh.parent, ignore_errors=True)
        return self.run("load", "--lake", self.lake, "--warehouse", self.fresh)

    def overrides(self) -> list:
        return sorted((self.lake / "_pipeline" / "overrides").rglob("*.json"))

    def middle(self) -> tuple[str, dict]:
        """An object that is neither the first nor the last one of its chain."""
        chain = next(chain for chain in spoil_lake.chains(self.lake) if len(chain.objects) > 2)
        return chain.objects[1]


@pytest.fixture(scope="module")
def made(binary, deps, tmp_path_factory):
    made = Embedded(binary, deps, tmp_path_factory.mktemp("made"))
    done = made.run(1500, "--compression", "none", "--batch-records", 100)
    assert done.code == 0, str(done)
    yield made.data
    made.close()


@pytest.fixture
def folder(made, embedded):
    shutil.copytree(made, embedded.data, symlinks=True)
    return Folder(embedded)


def test_an_overlap_is_repaired_and_proved(folder):
    """Nothing else can repair it: objects are never removed."""
    stray = spoil_lake.put_stray(folder.lake)
    assert "overlapping object" in findings(folder.verify(NOT_PROVED))
    assert folder.load().code == PARTIAL
    before = spoil_lake.keys(folder.lake)

    told = folder.repair(stray, "--reason", "a test")
    assert told.code == 0, str(told)
    assert "nothing is written" in told.out and "nothing is missing from the lake" in told.out
    assert spoil_lake.keys(folder.lake) == before
    assert folder.load().code == PARTIAL

    done = json.loads(folder.repair(stray, *IGNORE, "--json").out)
    assert (done["dry_run"], done["missing"], done["fetched"]) == (False, [], [])
    assert len(done["covering"]) == 1
    assert set(spoil_lake.keys(folder.lake)) - set(before) == {
        f"_pipeline/overrides/{stray.removeprefix('bronze/')}.json"
    }
    loaded = folder.load()
    assert loaded.code == 0, str(loaded)
    report = folder.verify(0)
    assert report["proved"] is True and report["exceptions"] == []
    assert f"object {stray} is ignored: a test" in report["notes"]
    folder.embedded.must_prove(300)

    listed = json.loads(folder.run("lake", "repairs", "--lake", folder.lake, "--json").out)
    assert [(one["object"], one["reason"]) for one in listed["ignored"]] == [(stray, "a test")]
    assert stray in folder.run("lake", "repairs", "--lake", folder.lake).out


def test_an_object_is_ignored_once_and_for_one_reason(folder):
    stray = spoil_lake.put_stray(folder.lake)
    assert folder.repair(stray, *IGNORE).code == 0
    [override] = folder.overrides()
    before = override.read_bytes()
    assert json.loads(before)["reason"] == "a test"
    again = json.loads(folder.repair(stray, *IGNORE, "--json").out)
    assert again["was_ignored"] is True
    refused = folder.repair(stray, "--reason", "another", "--apply")
    assert refused.code == MISCONFIGURED, str(refused)
    assert "a test" in refused.err
    assert folder.repair(stray, "--reason", "two\nlines").code == MISCONFIGURED
    assert override.read_bytes() == before


def test_nonsense_is_refused(folder, tmp_path):
    [key, _] = folder.middle()
    for object_key, message in (
        ("_pipeline/lake.json", "not the name of an object"),
        (key.replace("_o00", "_o01"), "there is no object"),
    ):
        refused = folder.repair(object_key, *IGNORE)
        assert refused.code == MISCONFIGURED, str(refused)
        assert message in refused.err
    refused = folder.run("lake", "repair", key, "--lake", tmp_path / "none", "--sinks-stopped", *IGNORE)
    assert refused.code == MISCONFIGURED, str(refused)
    assert folder.overrides() == []


def test_a_lake_of_layout_1_is_to_be_upgraded_first(folder):
    [key, _] = folder.middle()
    layout = json.loads((folder.lake / "_pipeline" / "lake.json").read_text()) | {"version": 1}
    shutil.rmtree(folder.lake / "_pipeline")
    spoil_lake.put_json(folder.lake / "bronze" / "_lake.json", layout)
    refused = folder.repair(key, *IGNORE)
    assert refused.code == MISCONFIGURED, str(refused)
    assert "lake upgrade" in refused.err


def test_an_object_without_metadata_is_passed_over_and_what_it_had_is_named(folder):
    [key, metadata] = folder.middle()
    (folder.lake / ".meta" / key).unlink()
    assert folder.load().code == PARTIAL
    done = json.loads(folder.repair(key, *IGNORE, "--json").out)
    first, end = int(metadata["first-offset"]), int(metadata["last-offset"]) + 1
    assert done["missing"] == [{"first_offset": first, "next_offset": end}]
    loaded = folder.load()
    assert loaded.code == 0, str(loaded)
    # The run's witness still has the records.
    report = folder.verify(NOT_PROVED, "--warehouse", folder.fresh, "--allow-pending")
    assert f"[{first}, {end})" in findings(report)["missing from the lake"][0]
    shutil.rmtree(folder.embedded.data / "log")
    report = folder.verify(0, "--warehouse", folder.fresh, "--allow-pending")
    assert len(report["exceptions"]) == 1 and f"offsets [{first}, {end})" in report["exceptions"][0]
    assert "a test" in report["exceptions"][0]
    folder.verify(NOT_PROVED, "--warehouse", folder.fresh, "--allow-pending", "--strict")


def test_rows_of_an_ignored_object_stay_and_are_named(folder):
    [key, metadata] = folder.middle()
    warehouse = folder.embedded.data / "warehouse" / "spotify_db.duckdb"
    told = folder.repair(key, "--reason", "a test", "--warehouse", warehouse)
    assert "has loaded the object" in told.out, str(told)
    done = json.loads(folder.repair(key, *IGNORE, "--warehouse", warehouse, "--json").out)
    assert done["loaded"] is True
    rows = folder.embedded.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS")
    assert folder.run("load", "--lake", folder.lake, "--warehouse", warehouse).code == 0
    assert folder.embedded.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS") == rows
    found = findings(folder.verify(NOT_PROVED))
    assert key in found["ignored object that is loaded"][0]
    assert f"[{metadata['first-offset']}, {int(metadata['last-offset']) + 1})" in found["row of an ignored object"][0]


def test_what_is_extracted_goes_without_the_object(folder):
    [key, _] = folder.middle()
    assert folder.repair(key, *IGNORE).code == 0
    stage = folder.embedded.folder / "stage"
    extracted = folder.run("extract", "--lake", folder.lake, "--warehouse", folder.fresh, "--stage-dir", stage)
    assert extracted.code == 0, str(extracted)
    assert not (stage / key).exists()
    loaded = folder.run("load", "--lake", stage, "--warehouse", folder.fresh)
    assert loaded.code == 0, str(loaded)


@pytest.mark.parametrize("text", ["", '{"version":2}', "other"])
def test_an_override_that_cannot_be_read_is_named_and_its_object_left_out(folder, text):
    [key, _] = folder.middle()
    assert folder.repair(key, *IGNORE).code == 0
    [override] = folder.overrides()
    if text == "other":
        text = override.read_text().replace('"partition":', '"partition":1')
    spoil_lake.write(override, text.encode())
    assert override.name in findings(folder.verify(NOT_PROVED))["bad override"][0]
    loaded = folder.load()
    assert loaded.code == PARTIAL, str(loaded)
    assert override.name in loaded.err
    extracted = folder.run(
        "extract", "--lake", folder.lake, "--warehouse", folder.embedded.folder / "none.duckdb", "--stage-dir", "out"
    )
    assert not (folder.embedded.folder / "out" / key).exists(), str(extracted)
    refused = folder.repair(key, *IGNORE)
    assert refused.code == MISCONFIGURED and "cannot be read" in refused.err
    listed = folder.run("lake", "repairs", "--lake", folder.lake)
    assert listed.code == DATA_ERROR and override.name in listed.err


def test_a_forged_override_is_named(folder):
    """It would let a hole pass that was never decided on."""
    [key, metadata] = folder.middle()
    assert folder.repair(key, *IGNORE).code == 0
    [override] = folder.overrides()
    value = json.loads(override.read_text())
    last = int(metadata["last-offset"])
    for change in ({"last_offset": last + 50}, {"bytes": value["bytes"] + 1}, {"next_offset": value["first_offset"]}):
        spoil_lake.put_json(override, value | change)
        assert "bad override" in findings(folder.verify(NOT_PROVED)), change
    spoil_lake.put_json(override, value)
    for place in (folder.lake, folder.lake / ".meta"):
        (place / key).unlink()
    assert "there is no such object" in findings(folder.verify(NOT_PROVED))["bad override"][0]


def test_two_repairs_at_once(folder):
    stray = spoil_lake.put_stray(folder.lake)
    words = ["lake", "repair", stray, "--lake", folder.lake, "--sinks-stopped", "--apply", "--json", "--reason"]
    same = [folder.start(*words, "a test") for _ in range(4)]
    others = [folder.start(*words, f"reason {number}") for number in range(4)]
    codes = [one.wait(60).code for one in same + others]
    assert set(codes) <= {0, MISCONFIGURED} and 0 in codes
    [override] = folder.overrides()
    reason = json.loads(override.read_text())["reason"]
    assert codes == ([0] * 4 if reason == "a test" else [MISCONFIGURED] * 4) + [
        0 if reason == f"reason {number}" else MISCONFIGURED for number in range(4)
    ]
    folder.verify(0)


def test_a_repair_that_is_killed_was_done_or_not(folder):
    stray = spoil_lake.put_stray(folder.lake)
    random.seed(50)
    for _ in range(12):
        repair = folder.start("lake", "repair", stray, "--lake", folder.lake, "--sinks-stopped", *IGNORE)
        time.sleep(random.uniform(0, 0.06))
        repair.end()
        report = folder.verify(0 if folder.overrides() else NOT_PROVED)
        assert "bad override" not in findings(report)
    assert folder.repair(stray, *IGNORE).code == 0
    folder.verify(0)


# --- on S3 and Kafka, with sinks ---


class Bucket:
    """A chain of one partition, which a sink has written to a bucket."""

    def __init__(self, world):
        world.env["KAFKA_PARTITIONS"] = "1"
        self.world, self.s3 = world, world.services.s3
        world.simulate(900)
        world.catch_up()

    def chain(self) -> list[str]:
        return sorted(self.world.objects(), key=first_of)

    def metadata(self, key: str) -> dict[str, str]:
        return self.s3.metadata(self.world.bucket, key)

    def put_again(self, key: str, of: str, metadata: dict[str, str]) -> None:
        body = self.s3.get(self.world.bucket, of)
        self.s3.put(self.world.bucket, key, body, metadata, "application/x-ndjson")

    def lose_metadata(self, key: str) -> None:
        self.put_again(key, key, {})

    def lose_hint(self) -> None:
        for key in self.s3.list(self.world.bucket, "_pipeline/heads/"):
            self.s3.remove(self.world.bucket, key)

    def repair(self, key: str, *arguments):
        return self.world.run("lake", "repair", key, *arguments)

    def verify(self, code: int) -> dict:
        done = self.world.run("verify", "--json", "--allow-pending")
        assert done.code == code, str(done)
        return json.loads(done.out)

    def go_on(self, events: int) -> None:
        self.world.simulate(events)
        self.world.catch_up()


@pytest.fixture
def bucket(world):
    return Bucket(world)


def test_a_stray_object_at_the_end_lets_the_chain_end_where_it_did(bucket):
    """A sink that takes it for the end of the chain would leave out what it claims; ignored, that is fetched."""
    world = bucket.world
    sink = world.start_sink()
    wait_until(lambda: sink.events("sink.partition.assigned"), 60, "a sink that owns the partition")
    last = bucket.chain()[-1]
    said = bucket.metadata(last)
    first, end = int(said["first-offset"]), int(said["last-offset"]) + 1
    middle = (first + end) // 2
    stray = last.replace(f"_o{first:020}", f"_o{middle:020}")
    bucket.put_again(stray, last, said | {"first-offset": str(middle), "last-offset": str(end + 149)})
    refused = bucket.repair(stray, *IGNORE)
    assert refused.code == TEMPORARY, str(refused)
    assert world.group in refused.err
    assert sink.stop().code == 0

    bucket.lose_hint()
    world.simulate(150)
    assert world.status()[0]["lake_end"] == end + 150
    told = bucket.repair(stray, "--reason", "a test")
    assert f"sinks fetch offsets [{end}, {end + 150}) from the log, which has them" in told.out, str(told)
    done = bucket.repair(stray, *IGNORE)
    assert done.code == 0, str(done)
    assert world.status()[0]["lake_end"] == end
    world.catch_up()
    world.prove_exactly_what_was_acked()


def test_a_damaged_object_of_the_middle_is_passed_over_while_a_sink_runs(bucket):
    world = bucket.world
    damaged = bucket.chain()[1]
    said = bucket.metadata(damaged)
    first, end = int(said["first-offset"]), int(said["last-offset"]) + 1
    bucket.lose_metadata(damaged)
    assert world.run("load").code == PARTIAL
    sink = world.start_sink()
    wait_until(lambda: sink.events("sink.partition.assigned"), 60, "a sink that owns the partition")
    told = bucket.repair(damaged, "--reason", "a test")
    assert f"the log still has [{first}, {end})" in told.out, str(told)
    assert "no sink fetches them again" in told.out
    assert bucket.repair(damaged, *IGNORE).code == 0
    world.simulate(300)
    wait_until(lambda: world.status()[0]["lag"] == 0, 60, "the sink to come to the end")
    assert sink.stop().code == 0
    world.must("load")
    report = bucket.verify(NOT_PROVED)
    assert list(findings(report)) == ["missing from the lake"]
    assert f"[{first}, {end})" in findings(report)["missing from the lake"][0]
    world.services.kafka.delete_records(world.topic, {0: end})
    report = bucket.verify(0)
    assert [f"offsets [{first}, {end})" in one for one in report["exceptions"]] == [True]
    bucket.go_on(100)
    world.must("load")
    bucket.verify(0)


def test_a_damaged_object_at_the_end_lets_sinks_start_again(bucket):
    """Its place is taken for ever, so the chain goes on behind it."""
    world = bucket.world
    damaged = bucket.chain()[-1]
    said = bucket.metadata(damaged)
    first, end = int(said["first-offset"]), int(said["last-offset"]) + 1
    bucket.lose_metadata(damaged)
    world.simulate(200)
    assert world.run("sink", "--until-caught-up").code == DATA_ERROR
    done = json.loads(bucket.repair(damaged, *IGNORE, "--json").out)
    assert done["missing"] == done["missing_in_log"] == [{"first_offset": first, "next_offset": end}]
    world.catch_up()
    assert first_of(bucket.chain()[bucket.chain().index(damaged) + 1]) == end
    world.must("load")
    assert list(findings(bucket.verify(NOT_PROVED))) == ["missing from the lake"]
    world.services.kafka.delete_records(world.topic, {0: end})
    assert len(bucket.verify(0)["exceptions"]) == 1


def put_overlap(bucket) -> tuple[str, int, int]:
    """The last object is gone, and what it had is only in one that begins inside the object before it. Its name, and the offsets
    that it alone has."""
    before, last = bucket.chain()[-2:]
    lines = [
        line for key in (before, last) for line in bucket.s3.get(bucket.world.bucket, key).splitlines(keepends=True)
    ]
    first, middle = first_of(last), (first_of(before) + first_of(last)) // 2
    lines = [line for line in lines if json.loads(line)["_kafka_offset"] >= middle]
    times = [str(json.loads(line)["_kafka_timestamp"]) for line in (lines[0], lines[-1])]
    said = {name: value for name, value in bucket.metadata(last).items() if not name.endswith("-rejected")}
    at = datetime.fromtimestamp(int(times[0]) / 1000, UTC)
    place = last.rsplit("_t", 1)[1].replace(f"_o{first:020}", f"_o{middle:020}")
    stray = f"bronze/date={at:%Y-%m-%d}/hour={at:%H}/spotify_events_{at:%Y-%m-%dT%H-%M-%S}_t{place}"
    bucket.s3.put(
        bucket.world.bucket,
        stray,
        b"".join(lines),
        said
        | {"first-offset": str(middle), "first-timestamp-ms": times[0], "last-timestamp-ms": times[1]}
        | {"sha256": hashlib.sha256(b"".join(lines)).hexdigest()}
        | spoil_lake.said_of(lines),
        "application/x-ndjson",
    )
    bucket.s3.remove(bucket.world.bucket, last)
    bucket.lose_hint()
    return stray, first, int(said["last-offset"]) + 1


def test_what_only_a_stray_object_has_goes_on_being_used(bucket):
    """Ignored as a whole, it would take with it what neither the log nor another object has."""
    world = bucket.world
    stray, first, end = put_overlap(bucket)
    world.services.kafka.delete_records(world.topic, {0: end})
    assert world.run("load").code == PARTIAL
    assert "overlapping object" in findings(bucket.verify(NOT_PROVED))
    use = ("--use", f"{first},{end}")

    told = bucket.repair(stray, "--reason", "a test")
    assert f"offsets [{first}, {end}) from the log, which has only none" in told.out, str(told)
    told = bucket.repair(stray, "--reason", "a test", *use)
    assert "nothing is missing from the lake" in told.out and "go on being used" in told.out, str(told)
    assert world.status()[0]["lake_end"] == end
    for words, said in (
        (("--use", f"{first - 1},{end}"), "are in"),
        (("--use", f"{first},{end + 1}"), "must lie in it"),
        (("--use", "7"), "two offsets"),
    ):
        refused = bucket.repair(stray, *IGNORE, *words)
        assert refused.code == MISCONFIGURED and said in refused.err, str(refused)

    before = set(bucket.s3.list(world.bucket))
    done = json.loads(bucket.repair(stray, *IGNORE, *use, "--json").out)
    assert (done["missing"], done["fetched"]) == ([], [])
    override = f"_pipeline/overrides/{stray.removeprefix('bronze/')}.json"
    assert set(bucket.s3.list(world.bucket)) - before == {done["used_in"], override}
    assert bucket.repair(stray, *IGNORE, *use).code == 0
    other = bucket.repair(stray, *IGNORE)
    assert other.code == MISCONFIGURED and "go on being used" in other.err

    # status, sink, extract, load and verify.
    assert world.status()[0]["lake_end"] == end
    world.simulate(100)
    world.catch_up()
    assert world.status()[0]["lag"] == 0
    world.must("extract", "--stage-dir", "stage")
    assert (world.folder / "stage" / done["used_in"]).exists()
    assert not (world.folder / "stage" / stray).exists()
    world.prove_exactly_what_was_acked()
    assert bucket.verify(0)["exceptions"] == []
    # What it says is compared with the lake.
    bucket.s3.remove(world.bucket, done["used_in"])
    assert done["used_in"] in json.dumps(findings(bucket.verify(NOT_PROVED))["bad override"])


def test_a_closed_hour_that_lists_a_stray_object_is_loaded_with_what_is_used_of_it(folder):
    stray = spoil_lake.put_stray(folder.lake)
    chain = next(one for one in spoil_lake.chains(folder.lake) if stray in dict(one.objects))
    whole, metadata = chain.objects[0]
    # Behind these offsets only the stray object has any from now on.
    first, end = first_of(stray) + 3, int(metadata["last-offset"]) + 1
    lines = [
        line
        for line in (folder.lake / whole).read_bytes().splitlines(keepends=True)
        if json.loads(line)["_kafka_offset"] < first
    ]
    spoil_lake.write(folder.lake / whole, b"".join(lines))
    said = {"last-offset": str(first - 1), "sha256": hashlib.sha256(b"".join(lines)).hexdigest()}
    said["last-timestamp-ms"] = str(json.loads(lines[-1])["_kafka_timestamp"])
    spoil_lake.write_metadata(folder.lake, whole, metadata | said | spoil_lake.said_of(lines))
    spoil_lake.close_hours(folder.lake)
    # Partitions without an object begin later.
    begins = folder.lake / "_pipeline" / "hours" / "begin"
    for partition in set(range(chain.partition + 6)) - {one.partition for one in spoil_lake.chains(folder.lake)}:
        begin = {"version": 1, "topic_id": chain.topic_id, "partition": partition, "hour": "2999-01-01T00"}
        spoil_lake.put_json(begins / f"t{chain.topic_id[:8]}_p{partition}.json", begin)
    done = folder.repair(stray, *IGNORE, "--use", f"{first},{end}")
    assert done.code == 0, str(done)
    complete = folder.run("load", "--lake", folder.lake, "--warehouse", folder.fresh, "--complete-hours")
    assert complete.code == 0, str(complete)
    loaded = folder.run("load", "--lake", folder.lake, "--warehouse", folder.fresh, "--json")
    assert json.loads(loaded.out)["objects"] == 0, f"all of it is of complete hours: {complete}\n{loaded}"


def test_a_sink_does_not_guess_what_an_override_says_that_it_cannot_read(bucket):
    world = bucket.world
    damaged = bucket.chain()[-1]
    key = f"_pipeline/overrides/{damaged.removeprefix('bronze/')}.json"
    bucket.s3.put(world.bucket, key, b"{}", {}, "application/json")
    for words in (["sink", "--until-caught-up"], ["status"]):
        refused = world.run(*words)
        assert refused.code == DATA_ERROR, str(refused)
        assert key in refused.err
