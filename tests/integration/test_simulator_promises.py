"""What a simulator of listeners must do, each by its name: measured in the lines that it writes, without any server."""

import hashlib
import itertools
import json
import math
import os
import re
import signal
import subprocess
import time
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from statistics import mean, median, pstdev

import pytest
from driver import log
from driver.process import GUARD_SECONDS, Running, wait_until
from driver.services import clean_environment
from test_faults import CLASSES

DOCS = Path(__file__).resolve().parents[2] / "docs"
MONDAY = "2026-03-02T00:00:00Z"
DAY = timedelta(days=1)
CANNOT_WRITE = 73
# Two countries eight hours apart, and much coming and going.
BEHAVIOUR = """\
[countries]
codes = ["SE", "JP"]
shares = [1, 1]
utc_minutes = [60, 540]

[listeners]
joining = 0.5
leaving = 0.4
"""


class Simulator:
    def __init__(self, binary: Path, folder: Path):
        self.binary, self.folder = binary, folder

    def run(self, *arguments, output="-", code: int = 0, env: dict | None = None) -> subprocess.CompletedProcess:
        line = [self.binary, "simulate", "--output", output, *arguments]
        done = subprocess.run(
            list(map(str, line)),
            env=clean_environment() | (env or {}),
            cwd=self.folder,
            capture_output=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        assert done.returncode == code, f"{line}: {done.returncode}\n{done.stderr.decode()}"
        return done

    def lines(self, *arguments) -> bytes:
        return self.run(*arguments).stdout

    def events(self, *arguments) -> list[dict]:
        return [read(line) for line in self.lines(*arguments).splitlines()]


def read(line: bytes) -> dict:
    """With `at`, a time, and `of`, who did it in which session."""
    event = json.loads(line)
    event["at"] = datetime.fromisoformat(event["timestamp"])
    event["of"] = (event["user_id"], event.get("session_id"))
    return event


@pytest.fixture(scope="module")
def simulator(binary, tmp_path_factory):
    return Simulator(binary, tmp_path_factory.mktemp("promises"))


@pytest.fixture(scope="module")
def month(simulator) -> list[dict]:
    """Thirty days of those who behave as measured."""
    behaviour = simulator.folder / "behaviour.toml"
    behaviour.write_text(BEHAVIOUR)
    span = ("--start", MONDAY, "--duration", 30 * 86_400)
    return simulator.events("--mix", "listeners", "--behaviour", behaviour, "--users", 70, "--seed", 4, *span)


@pytest.fixture(scope="module")
def sessions(month) -> list[list[dict]]:
    """In the order of their beginnings."""
    found = defaultdict(list)
    for event in month:
        found[event["of"]].append(event)
    return list(found.values())


@pytest.fixture(scope="module")
def songs(sessions) -> list[list[dict]]:
    """A play at the beginning of a song, with what follows until the next such play, which is the last element."""
    found = []
    for session in sessions:
        starts = [i for i, event in enumerate(session) if event["event_type"] == "play" and event["position_ms"] == 0]
        found += [session[a : b + 1] for a, b in itertools.pairwise(starts)]
    return found


def seconds(before: dict, after: dict) -> float:
    return (after["at"] - before["at"]).total_seconds()


def test_listeners_play_pause_skip_and_add_to_playlists(month):
    kinds = Counter(event["event_type"] for event in month)
    assert set(kinds) == {"play", "pause", "skip", "add_to_playlist"}
    assert kinds["play"] > kinds["skip"] > kinds["add_to_playlist"] > 0


def test_a_pause_needs_a_play(sessions):
    for session in sessions:
        song, is_playing = None, False
        for event in session:
            kind = event["event_type"]
            if kind == "play":
                assert not is_playing or event["position_ms"] == 0, "a song that plays is played on"
                song, is_playing = event["song_id"], True
                continue
            assert (song, is_playing) == (event["song_id"], True), f"{kind} of a song that does not play"
            is_playing = kind == "add_to_playlist"
        assert session[0]["event_type"] == "play"


def test_times_between_sessions_and_of_pauses_are_those_of_chance(sessions):
    pauses = [
        seconds(a, b)
        for session in sessions
        for a, b in itertools.pairwise(session)
        if a["event_type"] == "pause" and a["device_type"] == b["device_type"]
    ]
    # Exponential: the deviation is the mean, the median ln 2 of it.
    assert 35 < mean(pauses) < 55
    assert 0.85 < pstdev(pauses) / mean(pauses) < 1.15
    assert 0.6 < median(pauses) / mean(pauses) < 0.8
    ended: dict[str, dict] = {}
    gaps = []
    for session in sessions:
        user = session[0]["user_id"]
        if user in ended:
            gaps.append(seconds(ended[user], session[0]))
        ended[user] = session[-1]
    assert min(gaps) >= 0, "nobody is in two sessions"
    assert 0.7 < pstdev(gaps) / mean(gaps) < 1.6


def test_the_length_of_a_song_drives_the_next_event(songs):
    """Where nothing happens to it, the next one begins behind its end, or behind an advert."""
    waits = [seconds(song[0], song[1]) - song[0]["duration_ms"] / 1000 for song in songs if len(song) == 2]
    assert len(waits) > 1000
    assert all(0 <= wait < 1 or 30 <= wait < 31 for wait in waits)


def test_skips_come_early_in_a_song(songs):
    stops = [song[-2]["position_ms"] / 1000 for song in songs if song[-2]["event_type"] == "skip"]
    assert 0.40 < len(stops) / len(songs) < 0.58
    assert 0.18 < sum(stop <= 5 for stop in stops) / len(songs) < 0.30
    assert 0.28 < sum(stop <= 30 for stop in stops) / len(songs) < 0.42
    by_second = Counter(int(stop) for stop in stops)
    assert sum(by_second[i] for i in range(5)) > 2 * sum(by_second[i] for i in range(5, 10))


def test_popularity_is_skewed(simulator, month):
    plays = Counter(event["song_id"] for event in month if event["event_type"] == "play")
    total = sum(plays.values())
    assert sum(count for _, count in plays.most_common(100)) > 0.15 * total, "one song in a hundred"
    # By a law whose exponent can be chosen.
    shares = []
    for exponent in (0, 1, 2):
        arguments = ("--mix", "realistic", "--popularity", exponent, "--events", 4000, "--start", MONDAY)
        few = Counter(event["song_id"] for event in simulator.events(*arguments))
        shares.append(sum(count for _, count in few.most_common(10)) / 4000)
    assert shares[0] < 0.05 < shares[1] < 0.5 < shares[2]


def test_a_day_has_a_curve_by_country(sessions):
    begins = {country: [0] * 24 for country in ("SE", "JP")}
    week = {True: Counter(), False: Counter()}
    for session in sessions:
        first = session[0]
        begins[first["country"]][first["at"].hour] += 1
        local = first["at"] + timedelta(hours={"SE": 1, "JP": 9}[first["country"]])
        week[local.weekday() >= 5][local.hour] += 1

    def alike(hours: int) -> float:
        """How well one country's day fits the other's, so many hours later."""
        return sum(begins["SE"][(hour + hours) % 24] * begins["JP"][hour] for hour in range(24))

    best = max(range(24), key=alike)
    assert abs(best - 8) <= 1, [alike(hours) for hours in range(24)]
    for country in begins.values():
        assert max(country) > 2 * min(country)
    # Mornings belong to working days.
    share = {is_weekend: sum(hours[h] for h in (6, 7, 8)) / hours.total() for is_weekend, hours in week.items()}
    assert share[False] > 1.2 * share[True], share


def test_growth_churn_free_and_paid(month, songs):
    start = month[0]["at"].replace(hour=0, minute=0, second=0, microsecond=0)
    first, last = (
        {event["user_id"] for event in month if begin <= (event["at"] - start) / DAY < begin + 10} for begin in (0, 20)
    )
    assert len(last - first) > 10, "some joined"
    assert len(first - last) > 10, "some left"
    adverts = defaultdict(list)
    for song in songs:
        if len(song) == 2:
            adverts[song[0]["user_id"]].append(seconds(*song) - song[0]["duration_ms"] / 1000 >= 30)
    hears = [any(heard) for heard in adverts.values() if len(heard) > 20]
    assert 0.2 < sum(hears) / len(hears) < 0.95, "who does not pay hears adverts, and some pay"


def test_ab_tag_and_listener_types(month, sessions):
    arms = defaultdict(set)
    for event in month:
        arms[event["user_id"]].add(event["app_version"].endswith("+b"))
    assert all(len(one) == 1 for one in arms.values()), "nobody changes the arm"
    assert 0.3 < sum(True in one for one in arms.values()) / len(arms) < 0.7
    mornings = defaultdict(list)
    for session in sessions:
        local = session[0]["at"] + timedelta(hours={"SE": 1, "JP": 9}[session[0]["country"]])
        mornings[session[0]["user_id"]].append(4 <= local.hour < 10)
    shares = [mean(times) for times in mornings.values() if len(times) >= 25]
    assert max(shares) > 0.4 and min(shares) < 0.1, "early birds, and others"


@pytest.mark.parametrize("mix", ["seed", "realistic", "listeners"])
def test_same_seed_same_bytes(simulator, mix):
    arguments = ("--mix", mix, "--events", 2000, "--start", MONDAY, "--fault", "all=0.01", "--seed")
    first = simulator.lines(*arguments, 5)
    assert simulator.lines(*arguments, 5) == first
    assert simulator.lines(*arguments, 6) != first


# Of the unit tests (src/simulate/event_source_test.cc, listeners_source_test.cc), which other builds run, too.
GOLDEN = {
    "seed": (1_000, "2026-02-15T00:00:00Z", "28fdf153f87c1995ee91c2ff3fb5e871e360dc8e907b084635a232ff559cd678"),
    "realistic": (1_000, "2026-02-15T00:00:00Z", "a65f2b5ff27327a0f638b8fb90ff8433041be03f31c281f3c255c13eb83d6fad"),
    "listeners": (100_000, "2026-02-16T00:00:00Z", "8bc1ec19085b2ff7d2b09457565e38325b6a5b772b6e8cbc6f2866bbd7f88622"),
}
# A maths library that may not use them gives other last digits, as one of another machine does.
NO_FMA = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-FMA,-FMA_Usable,-FMA4"}


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("mix", GOLDEN)
def test_one_or_many_threads_another_build_and_no_fma_same_bytes(simulator, mix):
    events, start, golden = GOLDEN[mix]
    arguments = ("--mix", mix, "--seed", 1, "--start", start, "--events", events)
    for env in ({}, NO_FMA):
        for threads in (1, 2, 3, 8):
            lines = simulator.run(*arguments, "--threads", threads, env=env).stdout
            assert hashlib.sha256(lines).hexdigest() == golden, (env, threads)
    many = hashlib.sha256(simulator.lines(*arguments)).hexdigest()
    assert many == golden, "by as many as there are processors"


@pytest.mark.parametrize("mix", GOLDEN)
def test_threads_change_neither_faults_nor_labels_nor_the_oracle(simulator, tmp_path, mix):
    def left_by(threads: int) -> dict[str, str]:
        paths = {name: tmp_path / f"{name}-{threads}" for name in ("output", "labels", "oracle")}
        files = [word for name, path in paths.items() if name != "output" for word in (f"--{name}", path)]
        arguments = ("--mix", mix, "--seed", 7, "--start", MONDAY, "--fault", "all=0.01", "--value-bytes-max", 3000)
        simulator.run(*arguments, *files, "--events", 20_000, "--threads", threads, output=paths["output"])
        # A second run of the same listeners, which reads what the first one left.
        arguments = (*arguments[:5], "2026-04-06T00:00:00Z", *arguments[6:])
        simulator.run(
            *arguments, "--oracle", paths["oracle"], "--continue-oracle", "--events", 5_000, "--threads", threads
        )
        return {name: sha256_of(path) for name, path in paths.items()}

    one = left_by(1)
    for threads in (2, 3, 8):
        assert left_by(threads) == one, threads


@pytest.mark.parametrize("threads", [1, 3])
def test_a_stop_ends_all_threads_and_what_was_sent_can_be_told_again(simulator, tmp_path, threads):
    output, oracle, labels = (tmp_path / name for name in ("output", "oracle", "labels"))
    line = [simulator.binary, "simulate", "--output", output, "--oracle", oracle, "--labels", labels]
    line += ["--mix", "listeners", "--seed", 7, "--start", MONDAY, "--fault", "all=0.01", "--threads", threads]
    running = Running(line, clean_environment(), tmp_path, f"{threads}-threads")
    try:
        wait_until(lambda: output.exists() and output.stat().st_size > 3e6, 30, "the first lines")
        tasks = Path(f"/proc/{running.pid}/task").glob("*/comm")
        assert [name.read_text() for name in tasks].count("simulate-ahead\n") == threads - 1
        finished = running.stop(20, signal.SIGINT)
    finally:
        running.end()
    assert finished.code == 0, str(finished)
    lines = output.read_bytes().splitlines()
    [said] = finished.events("simulate.finished")
    assert said["acked"] == len(lines)
    numbers = [json.loads(label)["record"] for label in labels.read_text().splitlines()]
    assert numbers == sorted(numbers) and 0 < numbers[-1] < len(lines)
    # The same events are made by another number of threads: otherwise this is refused.
    more = ("--mix", "listeners", "--seed", 7, "--start", "2026-06-01T00:00:00Z", "--events", 100)
    simulator.run(*more, "--oracle", oracle, "--continue-oracle", "--threads", 4 - threads)


def test_backfill_and_wall_clock_and_speed(simulator):
    years = simulator.events("--events", 1000, "--start", "2021-01-01T00:00:00Z", "--duration", 5 * 365 * 86_400)
    assert {event["at"].year for event in years} == {2021, 2022, 2023, 2024, 2025}
    for pace in (("--rate", 100, "--events", 100), ("--speed", 3600, "--duration", 3600, "--events", 50)):
        started = time.monotonic()
        simulator.run("--start", MONDAY, *pace)
        assert time.monotonic() - started > 0.9
    # At the speed of the clock events happen when they are sent.
    now = simulator.events("--speed", 1, "--rate", 50, "--events", 20)
    assert abs((datetime.now(now[0]["at"].tzinfo) - now[-1]["at"]).total_seconds()) < 60


def test_late_and_out_of_order(simulator):
    arguments = ("--mix", "listeners", "--events", 5000, "--start", MONDAY, "--users", 100)
    for fault, at_least in (("late=0.01", timedelta(hours=5)), ("out_of_order=0.1", timedelta(0))):
        newest, behind = datetime.min, []
        for event in simulator.events(*arguments, "--fault", fault):
            at = event["at"].replace(tzinfo=None)
            behind.append(newest - at if newest > at else timedelta(0))
            newest = max(newest, at)
        assert sum(one > timedelta(0) for one in behind) > 100
        assert max(behind) > at_least
    assert simulator.events(*arguments) == sorted(simulator.events(*arguments), key=lambda event: event["at"])


@pytest.fixture(scope="module")
def faulty(simulator):
    """A simulation with all faults: its lines, its labels and the lines of its oracle."""
    labels, oracle = simulator.folder / "labels.ndjson", simulator.folder / "oracle.ndjson"
    arguments = ("--mix", "realistic", "--events", 3000, "--start", MONDAY, "--value-bytes-max", 3000)
    lines = simulator.lines(*arguments, "--fault", "all=0.05", "--labels", labels, "--oracle", oracle).splitlines()
    return lines, *([json.loads(line) for line in path.read_text().splitlines()] for path in (labels, oracle))


def test_each_fault_has_a_rate_and_a_label(faulty):
    lines, labels, _ = faulty
    classes = Counter(label["class"] for label in labels)
    assert set(classes) == set(CLASSES)
    for name, count in classes.items():
        if name not in ("late", "schema_versions", "skew"):
            assert 0.02 < count / 3000 < 0.09, (name, count)
    fates = Counter(fate for _, fate in {(label["record"], label["fate"]) for label in labels})
    assert len(lines) == 3000 + fates["duplicate"] + fates["rejected"]
    # A label says which line it is about.
    for label in labels:
        line = lines[label["record"]]
        if label["event_id"] and label["class"] in ("retry", "late", "unknown_field"):
            assert label["event_id"].encode() in line


def test_schema_evolves_midstream(simulator):
    span = ("--events", 3000, "--start", MONDAY, "--duration", 28 * 86_400)
    versions = defaultdict(list)
    for event in simulator.events(*span, "--fault", "schema_versions=1"):
        versions[event["user_id"]].append(event["schema_version"])
        assert ("shuffle" in event) == (event["schema_version"] >= 2)
    for seen in versions.values():
        assert seen == sorted(seen)
        assert seen[-1] == 3
    # And to what no reader understands.
    broken = simulator.lines(*span, "--fault", "wrong_type=0.1")
    assert 3200 < len(broken.splitlines()) < 3400


def test_key_acks_and_delivery_errors(simulator, faulty, tmp_path):
    _, labels, _ = faulty
    lines, *_ = faulty
    for label in labels:
        if label["class"] == "unknown_field":
            assert json.loads(lines[label["record"]])["user_id"] == label["key"], "the key is the listener"
    done = simulator.run("--events", 500)
    [finished] = log.events(done.stderr.decode(), "simulate.finished")
    assert finished["acked"] == 500
    simulator.run("--events", 500, output=str(tmp_path), code=CANNOT_WRITE)
    full = simulator.run("--events", 500, output="/dev/full", code=CANNOT_WRITE)
    [failed] = log.events(full.stderr.decode(), "command.failed")
    assert re.search(r"\d+ produced, 0 acked, 0 failed", failed["message"]), failed


def test_events_are_json_by_the_schema(month):
    schema = json.loads((DOCS / "formats" / "listening-event.schema.json").read_text())
    types = {"string": str, "integer": int}
    for event in month[:2000]:
        assert set(schema["required"]) <= event.keys()
        for name, rule in schema["properties"].items():
            if event.get(name) is None:
                continue
            kind = rule["type"] if isinstance(rule["type"], str) else rule["type"][0]
            assert isinstance(event[name], types[kind]), name
            assert re.fullmatch(rule.get("pattern", ".*"), str(event[name])), name
            assert event[name] in rule.get("enum", [event[name]]), name


def test_ground_truth_beside_the_stream(faulty):
    lines, labels, oracle = faulty
    [counts] = [line["counts"] for line in oracle if isinstance(line, dict) and "counts" in line]
    assert counts["kept"] == 3000
    assert len(lines) == counts["kept"] + counts["duplicates"] + counts["rejected"]
    not_kept = {label["record"] for label in labels if label["fate"] != "kept"}
    plays = Counter()
    for number, line in enumerate(lines):
        if number not in not_kept and json.loads(line)["event_type"] == "play":
            plays[json.loads(line)["song_id"]] += 1
    at = next(i for i, line in enumerate(oracle) if isinstance(line, dict) and line.get("table") == "MART.TOP_SONGS")
    rows = oracle[at + 1 : at + 1 + oracle[at]["rows"]]
    told = {row[oracle[at]["columns"].index("song_id")]: row[-2] for row in rows}
    assert oracle[at]["columns"][-2] == "total_plays"
    assert {song: count for song, count in told.items() if count} == dict(plays)


@pytest.mark.parametrize(("mix", "promised"), [("seed", 2e6), ("realistic", 1e6), ("listeners", 1e6)])
def test_throughput_is_published(simulator, mix, promised):
    """And that of this program is of its order."""
    page = (DOCS / "benchmarks.md").read_text()
    [figure] = re.findall(rf"\| `{mix}` \| [0-9.]+ \| ([0-9.]+) \|", page)
    rate = 1e6 * float(figure)
    assert rate >= promised
    done = simulator.run("--mix", mix, "--events", 200_000, output="/dev/null")
    [finished] = log.events(done.stderr.decode(), "simulate.finished")
    assert math.log10(promised / finished["per_second"]) < 2


def test_ten_million_listeners_fit_in_two_gigabytes(simulator):
    line = [simulator.binary, "simulate", "--output", "/dev/null", "--mix", "listeners"]
    line += ["--users", "10000000", "--events", "1000000"]
    with open(simulator.folder / "listeners.err", "wb") as err:
        process = subprocess.Popen(list(map(str, line)), env=clean_environment(), stdin=subprocess.DEVNULL, stderr=err)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    print(f"10,000,000 listeners: {used.ru_maxrss / 1e6:.2f} GB, {used.ru_utime:.1f} s")
    assert used.ru_maxrss * 1024 < 2e9
