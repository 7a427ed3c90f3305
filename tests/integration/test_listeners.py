"""Mix `listeners`: its behaviour comes from one file, its events go all the way, and its bytes are those of any machine."""

import json
from collections import defaultdict

MISCONFIGURED = 78
EVENTS = 3_000
BEHAVIOUR = """\
[sessions]
per_day = 6

[countries]
codes = ["SE"]
shares = [1]
utc_minutes = [60]

[experiment]
share = 1
"""


def test_a_run_of_listeners_behaves_as_the_file_says_and_is_proved(embedded):
    file = embedded.folder / "listeners.toml"
    file.write_text(BEHAVIOUR)
    embedded.must_prove(
        10_000,
        "--mix",
        "listeners",
        "--behaviour",
        file,
        "--seed",
        5,
        "--start",
        "2026-02-16T00:00:00Z",
        "--users",
        200,
    )
    [[events, countries, arms]] = embedded.rows(
        "SELECT count(*), string_agg(DISTINCT country, ','), count(*) FILTER (app_version LIKE '%+b') "
        "FROM TRANSFORM.SPOTIFY_SILVER"
    )
    assert (events, countries, arms) == (10_000, "SE", 10_000)


def test_what_is_described_is_a_file_for_behaviour(world):
    file = world.folder / "listeners.toml"
    file.write_text(BEHAVIOUR)
    described = world.must("simulate", "--describe", "--behaviour", file).out
    assert "\nper_day = 6\n" in described and "Default: 1.7." in described
    again = world.folder / "again.toml"
    again.write_text(described)
    assert world.must("simulate", "--describe", "--behaviour", again).out == described


def test_a_fault_in_the_file_is_told_by_line_and_nearest_key(world):
    file = world.folder / "listeners.toml"
    for text, told in {
        "[sessions]\nper_days = 3\n": ":2: sessions.per_days is not a key; did you mean sessions.per_day?",
        "[sessions]\nper_day = 99\n": ":2: sessions.per_day is 99; it must be a number from 0.001 to 24",
        "[sessions\n": ":1: is not TOML: ",
    }.items():
        file.write_text(text)
        for arguments in (("--mix", "listeners"), ("--describe",)):
            finished = world.run("simulate", "--events", 1, "--behaviour", file, *arguments)
            assert finished.code == MISCONFIGURED and f"{file}{told}" in finished.err, str(finished)
    finished = world.run("simulate", "--describe", "--behaviour", world.folder / "none.toml")
    assert finished.code == MISCONFIGURED and "none.toml is not there" in finished.err, str(finished)


def test_bytes_depend_on_no_instruction_set(world):
    """A maths library that may not use FMA and AVX2 gives other last digits, as one of another machine does."""
    arguments = ("--mix", "listeners", "--seed", 3, "--start", "2026-02-16T00:00:00Z", "--events", EVENTS)
    without = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-FMA,-FMA_Usable,-FMA4"}
    for env in ({}, {}, without):
        world.must("simulate", *arguments, env=env)
    shown = world.must("tap", "log", "--from-beginning", "--json", "--records", 3 * EVENTS).out
    partitions = defaultdict(list)
    for line in shown.splitlines():
        record = json.loads(line)
        partitions[record["partition"]].append((record["offset"], record["value"]))
    assert sum(map(len, partitions.values())) == 3 * EVENTS
    for records in partitions.values():
        values = [value for _, value in sorted(records)]
        third = len(values) // 3
        assert values[:third] == values[third : 2 * third] == values[2 * third :]
