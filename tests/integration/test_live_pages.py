"""What pages are told while they are open: where the pipeline stands, what comes into the topic, what became of a record."""

import json
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from driver.process import wait_until

HERE = ("--listen", "127.0.0.1:0")
# A first round of marts comes within it on a slow machine, too.
SECONDS_MAX = 240


class Stream:
    """Server-sent events, as a browser reads them."""

    def __init__(self, url: str, target: str):
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.hostname, parts.port, timeout=SECONDS_MAX)
        self._connection.request("GET", f"/live/{target}")
        self.answer = self._connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        assert self.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"

    def next(self, *names: str) -> dict:
        """The data of the next event of these names."""
        deadline = time.monotonic() + SECONDS_MAX
        while time.monotonic() < deadline:
            lines = {}
            for line in iter(lambda: self.answer.readline().decode().rstrip("\n"), ""):
                field, _, value = line.partition(": ")
                lines[field] = value
            if lines.get("event") in names:
                return json.loads(lines["data"])
        raise AssertionError(f"no event of {names}")

    def until(self, name: str, is_so) -> dict:
        deadline = time.monotonic() + SECONDS_MAX
        while not is_so(data := self.next(name)):
            assert time.monotonic() < deadline, data
        return data

    def close(self) -> None:
        self._connection.close()


@contextmanager
def listening(url: str, target: str):
    stream = Stream(url, target)
    try:
        yield stream
    finally:
        stream.close()


def ask(url: str, target: str, **parameters) -> dict:
    query = urllib.parse.urlencode(parameters)
    with urllib.request.urlopen(f"{url}live/{target}?{query}", timeout=SECONDS_MAX) as answer:
        return json.load(answer)


def address(running) -> str:
    [told] = wait_until(lambda: running.events("serve.listening"), 60, "the address of the pages")
    return told["url"]


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def stages(status: dict) -> dict[str, dict]:
    return {one["stage"]: one for one in status["stages"]}


def test_a_live_run_tells_where_it_stands_and_what_becomes_of_each_record(embedded):
    running = embedded.start("--live", "--rate", 50, *HERE)
    url = address(running)
    with listening(url, "status") as status, listening(url, "records") as records:
        assert status.next("history") == {"points": []}
        first = status.next("status")
        assert [one["stage"] for one in first["stages"]] == ["log", "lake", "bronze", "silver", "marts"]
        later = status.until("status", lambda told: (stages(told)["silver"]["count"] or 0) > 0)
        assert stages(later)["lake"]["count"] > (stages(first)["lake"]["count"] or 0)
        told = records.until("records", lambda told: told["records"])["records"][-1]
        with listening(url, "status") as second:
            assert len(second.next("history")["points"]) >= 2

    # What the page shows of it, and what it asks when somebody opens a record.
    seen = ask(url, "record", partition=told["partition"], offset=told["offset"])
    assert (seen["key"], seen["value"]) == (told["key"], told["value"])
    event = json.loads(told["value"])
    assert event["event_id"] in seen["fate_note"] and event["song_id"] in seen["fate_note"]

    def placed():
        found = ask(url, "record", partition=told["partition"], offset=told["offset"])
        return found if found["object"] and found["loaded"] else None

    found = wait_until(placed, 90, "the record to be loaded")
    assert found["object"]["first_offset"] <= told["offset"] <= found["object"]["last_offset"]
    hour = found["object"]["key"].split("date=")[1]
    in_hour = ask(url, "objects", hour=f"{hour[:10]}T{hour[16:18]}")
    [listed] = [one for one in in_hour["objects"] if one["key"] == found["object"]["key"]]
    assert (listed["first_offset"], listed["last_offset"]) == (
        found["object"]["first_offset"],
        found["object"]["last_offset"],
    )
    head = ask(url, "head", key=listed["key"])
    assert len(head["lines"]) == min(20, listed["records"])
    assert head["cut"] == (listed["records"] > 20)
    for answer in (found, in_hour, head):
        assert parse_time(answer["as_of"]) >= parse_time(told["time"])
    line = json.loads(head["lines"][0])
    assert (line["_kafka_partition"], line["_kafka_offset"]) == (listed["partition"], listed["first_offset"])
    running.send(signal.SIGINT)
    finished = running.wait(180)
    assert finished.code == 0, str(finished)


@pytest.fixture
def filled(world):
    world.must("init")
    world.simulate(300)
    world.catch_up()
    return world


@pytest.fixture
def served(filled, tmp_path):
    """The pages of a topic and a lake on servers."""
    running = filled.start("serve", *HERE, "--flow", "--published", tmp_path / "published")
    yield address(running)
    running.send(signal.SIGINT)
    assert running.wait(30).code == 0


def test_serve_looks_at_log_and_lake_when_it_is_told_to(served, filled):
    with listening(served, "status") as stream:
        told = stream.next("status")
    same = json.loads(filled.run("status", "--json").out)
    for part in ("topic", "lag", "partitions", "hours"):
        assert told[part] == same[part], part
    with listening(served, "records") as stream:
        records = stream.next("records")["records"]
    for one in records[:3]:
        seen = ask(served, "record", partition=one["partition"], offset=one["offset"])
        assert seen["object"]["first_offset"] <= one["offset"] <= seen["object"]["last_offset"]
        assert seen["loaded"] is None and "Nothing is published" in seen["loaded_note"]


def test_records_are_judged_by_the_limit_of_the_sink(filled, tmp_path):
    """What the sink rejects as too large is told so, and not what a sink with another limit would do."""
    codes = {}
    for limit in (100, 8_000_000):
        running = filled.start(
            "serve", *HERE, "--flow", "--published", tmp_path / "published", "--value-bytes-max", limit
        )
        with listening(address(running), "records") as stream:
            told = stream.next("records")["records"][0]
        seen = ask(address(running), "record", partition=told["partition"], offset=told["offset"])
        assert seen["code"] == told["code"]
        codes[limit] = told["code"]
        running.send(signal.SIGINT)
        assert running.wait(30).code == 0
    assert codes == {100: "too_large", 8_000_000: ""}


def test_filters_are_applied_before_the_sample_is_drawn(served):
    with listening(served, "records?partition=0") as stream:
        records = stream.next("records")["records"]
    assert {one["partition"] for one in records} == {0}
    one = records[0]
    with listening(served, f"records?text={one['key']}") as stream:
        wanted = stream.next("records")["records"]
    assert wanted and all(one["key"] in (two["key"], json.loads(two["value"]).get("user_id")) for two in wanted)


@pytest.mark.parametrize(
    ("target", "status", "said"),
    [
        ("record?partition=99&offset=0", 404, "has partitions 0 to"),
        ("record?partition=0&offset=99999999", 404, "has the offsets from"),
        ("objects?hour=yesterday", 404, "2026-02-15T17"),
        ("head?key=bronze/nothing", 404, "not the name of an object"),
        ("head?key=../../etc/passwd", 404, "not the name of an object"),
        ("records?partition=x", 400, "must be a number"),
        ("nothing", 404, "no such page"),
    ],
)
def test_what_is_not_there_is_said(served, target, status, said):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{served}live/{target}", timeout=SECONDS_MAX)
    assert refused.value.code == status
    assert said in refused.value.read().decode()


def test_flags_of_log_and_lake_need_flow(world):
    finished = world.run("serve", "--bootstrap-servers", "127.0.0.1:9092", *HERE)
    assert finished.code == 78
    assert "--bootstrap-servers" in finished.err and "--flow" in finished.err


def recounted(world) -> dict[str, int]:
    """By others' clients: what the log and the lake have."""
    bodies = [world.services.s3.get(world.bucket, key) for key in world.objects()]
    return {"log": sum(end - start for start, end in ends_of_log(world)), "lake": sum(map(count_lines, bodies))}


def count_lines(body: bytes) -> int:
    return len(body.splitlines())


def ends_of_log(world) -> list[tuple[int, int]]:
    kafka, partitions = world.services.kafka, int(world.env["KAFKA_PARTITIONS"])
    return [kafka.watermarks(world.topic, partition) for partition in range(partitions)]


def counts(status: dict) -> dict[str, int]:
    return {name: one["count"] for name, one in stages(status).items()}


def test_on_a_stopped_pipeline_every_number_is_that_of_a_recount(filled):
    filled.simulate(400)
    filled.catch_up()
    filled.must("load")
    filled.transform()
    published = filled.folder / "warehouse" / "published"
    running = filled.start("serve", *HERE, "--flow", "--published", published)
    url = address(running)
    with listening(url, "status") as stream:
        told = stream.next("status")
    [[bronze, silver, marts]] = filled.rows(
        "SELECT (SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS), (SELECT count(*) FROM TRANSFORM.SPOTIFY_SILVER),"
        " (SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'MART')"
    )
    assert counts(told) == recounted(filled) | {"bronze": bronze, "silver": silver, "marts": marts}
    assert all(not one["behind"] for one in told["stages"]), told["stages"]
    assert [(one["log_start"], one["log_end"]) for one in told["partitions"]] == ends_of_log(filled)
    assert all(one["lake_end"] == one["committed"] == one["log_end"] and one["lag"] == 0 for one in told["partitions"])

    # The page Lake: each object of each hour, and its first lines. The page Topic: each of the newest records.
    keys = filled.objects()
    shown = {}
    for hour in {f"{date[:10]}T{date[16:18]}" for date in (key.split("date=")[1] for key in keys)}:
        shown |= {one["key"]: one for one in ask(url, "objects", hour=hour)["objects"]}
    assert set(shown) == set(keys)
    for key, one in shown.items():
        lines = filled.services.s3.get(filled.bucket, key).splitlines()
        first, last = (json.loads(lines[at])["_kafka_offset"] for at in (0, -1))
        assert (one["records"], one["first_offset"], one["last_offset"]) == (len(lines), first, last)
    assert sum(one["records"] for one in shown.values()) == told["stages"][1]["count"]
    with listening(url, "records") as stream:
        records = stream.next("records")["records"]
    stored = {}
    for key in keys:
        for line in map(json.loads, filled.services.s3.get(filled.bucket, key).splitlines()):
            stored[line["_kafka_partition"], line["_kafka_offset"]] = line
    for one in records:
        line = stored[one["partition"], one["offset"]]
        assert {name: line[name] for name in json.loads(one["value"])} == json.loads(one["value"])
    running.send(signal.SIGINT)
    assert running.wait(30).code == 0


def test_while_it_works_numbers_lie_between_two_recounts(filled):
    sink = filled.start_sink()
    filled.start_simulator(200)
    running = filled.start("serve", *HERE, "--flow", "--published", filled.folder / "published")
    with listening(address(running), "status") as stream:
        first = stream.next("status")
        for _ in range(3):
            before = recounted(filled)
            asked = datetime.now(UTC)
            # One that was looked at after that.
            told = stream.until("status", lambda one, asked=asked: parse_time(one["at"]) > asked)
            told = stream.until("status", lambda one, last=told: one["at"] > last["at"])
            after = recounted(filled)
            for name in ("log", "lake"):
                assert before[name] <= counts(told)[name] <= after[name], (name, before, counts(told), after)
    assert counts(told)["log"] > counts(first)["log"], "nothing came"
    assert sink.is_running()
    running.send(signal.SIGINT)
    assert running.wait(30).code == 0
