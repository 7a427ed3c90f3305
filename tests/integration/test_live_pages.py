"""What pages are told while they are open: where the pipeline stands, what comes into the topic, what became of a record."""

import json
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from datetime import datetime
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
