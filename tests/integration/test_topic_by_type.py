"""A topic for each type of event: `simulate --topic-by-type`, a sink and a lake for each, and one warehouse."""

import json
from collections import Counter
from pathlib import Path

TYPES = ("play", "pause", "skip", "add_to_playlist")
VIOLATION, MISCONFIGURED = 20, 78
LIMIT = ("--value-bytes-max", 3000)
SIMULATION = (
    *("--mix", "listeners", "--users", 200, "--seed", 7, "--start", "2026-02-15T06:00:00Z"),
    *("--fault", "all=0.01", *LIMIT),
)
EVENTS = 4000
# What these tell depends on the broker's clock, on objects, and on when dbt ran.
OF_THE_WAY = {"PIPELINE_HOURS", "LISTENER_HISTORY"}


def marts(world) -> dict[str, Counter]:
    """The rows of each."""
    names = world.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'MART'")
    rows = {name: world.rows(f"SELECT * FROM MART.{name}") for [name] in names if name.upper() not in OF_THE_WAY}
    rows["LISTENER_HISTORY"] = world.rows("SELECT user_id, country, device_type FROM MART.LISTENER_HISTORY")
    return {name: Counter(map(json.dumps, of_one)) for name, of_one in rows.items()}


def answers(oracle: Path) -> list[str]:
    """Without the settings of the run, and the digest that these are in."""
    return [line for line in oracle.read_text().splitlines() if not line.startswith(('{"run"', '{"end"'))]


def of_type(world, name: str) -> dict[str, str]:
    """A topic, a group and a lake of its own."""
    return {
        "KAFKA_TOPIC": f"{world.topic}-{name}",
        "KAFKA_GROUP_ID": f"{world.group}-{name}",
        "SPOTIFY_LAKE": f"{world.env['SPOTIFY_LAKE']}/{name}",
    }


def test_marts_of_a_topic_for_each_type_equal_those_of_one_topic(world, services, new_world):
    oracle = ("--oracle", world.folder / "oracle.ndjson")
    world.simulate(EVENTS, *SIMULATION, *oracle)
    world.catch_up(*LIMIT)
    assert world.prove(*LIMIT, *oracle)["kept"] == EVENTS

    several = new_world(services)
    told, labels = several.folder / "oracle.ndjson", several.folder / "labels.ndjson"
    several.simulate(EVENTS, *SIMULATION, "--topic-by-type", "--oracle", told, "--labels", labels)
    assert several.acked == world.acked
    for name in TYPES:
        env = of_type(several, name)
        several.catch_up(*LIMIT, env=env)
        several.must("load", "--add-lake", env=env)
    several.transform()
    assert marts(several) == marts(world)
    # Each lake by itself, and silver, marts and oracle by all of them.
    first, *others = (of_type(several, name) for name in TYPES)
    lakes = [word for other in others for word in ("--other-lake", other["SPOTIFY_LAKE"])]
    proof = ("verify", *LIMIT, "--oracle", told, "--json")
    report = json.loads(several.must(*proof, *lakes, env=first).out)
    assert report["proved"] is True and report["kept"] == EVENTS
    assert report["offsets"] == report["offsets_against_log"] == several.acked
    assert {one["stage"]: one["records"] for one in report["stages"]}["log"] == several.acked
    # What lies in a lake that was not named is not proved, and it is named.
    refused = several.run(*proof, *lakes[2:], env=first)
    assert refused.code == VIOLATION, str(refused)
    assert any(
        "--other-lake" in note and of_type(several, "pause")["KAFKA_TOPIC"] in note
        for note in json.loads(refused.out)["notes"]
    )
    twice = several.run(*proof, *lakes, "--other-lake", first["SPOTIFY_LAKE"], env=first)
    assert twice.code == MISCONFIGURED, str(twice)
    # A label leads to the record.
    places = {
        tuple(row) for row in several.rows("SELECT topic, kafka_partition, kafka_offset FROM BRONZE.SPOTIFY_EVENTS")
    }
    for label in map(json.loads, labels.read_text().splitlines()):
        is_there = (label["topic"], label["partition"], label["offset"]) in places
        assert is_there == (label["rejected_by"] != "sink"), label
    # Each has its own type; what was made of an event is where the event is.
    found = several.rows(
        "SELECT DISTINCT b.topic, s.event_type FROM TRANSFORM.SPOTIFY_SILVER s JOIN BRONZE.SPOTIFY_EVENTS b "
        "ON (b.topic_id, b.kafka_partition, b.kafka_offset) = (s.topic_id, s.kafka_partition, s.kafka_offset)"
    )
    assert {tuple(row) for row in found} == {(f"{several.topic}-{name}", name) for name in TYPES}
    # The oracle is the same, but for the line of the run.
    assert answers(told) == answers(world.folder / "oracle.ndjson")


def test_a_lake_takes_one_of_the_topics(world):
    world.simulate(200, "--topic-by-type")
    env = of_type(world, "play")
    world.catch_up(env=env)
    other = world.run("sink", "--until-caught-up", env=env | {"KAFKA_TOPIC": f"{world.topic}-skip"})
    assert other.code == MISCONFIGURED, str(other)
    assert f"{world.topic}-play" in other.failure["message"], str(other)


def test_lines_have_no_topics(world):
    refused = world.run("simulate", "--events", 1, "--output", "-", "--topic-by-type")
    assert (refused.code, "--topic-by-type" in refused.failure["message"]) == (MISCONFIGURED, True), str(refused)
