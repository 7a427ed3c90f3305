"""Whatever stands in the topic, silver and marts on Snowflake's emulator are those of DuckDB, cell by cell, also after an increment."""

import json
import secrets
import uuid

import pytest
from driver.batch import produce_bytes
from test_bad_input import RAW, event, keyed_records, typed_records

NAMES = [
    'Don\'t "Stop"',
    "'; DROP TABLE MART.TOP_SONGS; --",
    "\U0001f3b5\U0001f468‍\U0001f469‍\U0001f467",
    "\u202eabc שלום",
    "back\\slash \\n \\u0041",
    "line\nbreak\ttab",
    "$1 :1 ? %s {{ this }}",
    "Ｆｕｌｌ　ｗｉｄｔｈ",
    "e\u0301 is not \u00e9",
    "x" * 3000,
]
TABLES = [
    "TRANSFORM.SPOTIFY_SILVER",
    "TRANSFORM.SPOTIFY_DUPLICATES",
    "TRANSFORM.SPOTIFY_REJECTED",
    "TRANSFORM.SPOTIFY_FAULTS",
    "MART.TOP_SONGS",
    "MART.USER_ENGAGEMENT",
    "MART.SONG_DAILY",
    "MART.ARTIST_DAILY",
    "MART.LISTENER_SESSIONS",
    "MART.COUNTRY_DEVICE_HOURLY",
    "MART.PIPELINE_HOURS",
    "MART.SONG_WINDOWS",
    "MART.SKIP_CURVE",
    "MART.LISTENING_BY_WEEKDAY",
    "MART.SONG_YEARS",
    "MART.ARTIST_YEARS",
    "MART.LISTENING_YEARS",
]
# When a warehouse loaded is its own affair.
OWN = {"LOADED_AT", "FIRST_LOADED_AT", "LAST_LOADED_AT"}


class OnSnowflake:
    """The world's lake in a database of the emulator."""

    def __init__(self, world, emulator):
        self.world, self.emulator, self.database = world, emulator, f"B{secrets.token_hex(6).upper()}"
        self.env = {
            "SPOTIFY_WAREHOUSE": "snowflake",
            "SNOWFLAKE_HOST": "127.0.0.1",
            "SNOWFLAKE_PORT": str(emulator.port),
            "SNOWFLAKE_PROTOCOL": "http",
            "SNOWFLAKE_ACCOUNT": "emulated",
            "SNOWFLAKE_USER": "pipeline",
            "SNOWFLAKE_PASSWORD": "not-checked-here",
            "SNOWFLAKE_DATABASE": self.database,
        }

    def rows(self, sql: str) -> list[list]:
        return self.emulator.query(self.database, sql)

    def prove(self) -> dict:
        self.world.must("load", env=self.env)
        self.world.must("transform", "--work-dir", self.world.folder / "transform-snowflake", env=self.env)
        finished = self.world.must("verify", "--json", env=self.env)
        return json.loads(finished.out)


def table(rows, name: str) -> tuple[list[str], list[list]]:
    schema, relation = name.split(".")
    columns = sorted(
        column.upper()
        for [column] in rows(
            "SELECT column_name FROM information_schema.columns "
            f"WHERE upper(table_schema) = '{schema}' AND upper(table_name) = '{relation}'"
        )
    )
    compared = [column for column in columns if column not in OWN]
    texts = ", ".join(f"CAST({column} AS VARCHAR)" for column in compared)
    return columns, sorted(rows(f"SELECT {texts} FROM {name}"), key=str)


def differing(world, snowflake) -> list[str]:
    found = []
    for name in TABLES:
        ours, theirs = table(world.rows, name), table(snowflake.rows, name)
        if ours[0] != theirs[0]:
            found.append(f"{name}: columns {ours[0]} and {theirs[0]}")
        elif ours[1] != theirs[1]:
            pairs = [pair for pair in zip(ours[1], theirs[1], strict=False) if pair[0] != pair[1]]
            found.append(
                f"{name}: {len(ours[1])} and {len(theirs[1])} rows, {len(pairs)} differ, the first: {pairs[:1]}"
            )
    return found


@pytest.fixture
def snowflake(world, emulator):
    return OnSnowflake(world, emulator)


@pytest.mark.long
def test_bad_records_and_hostile_names_end_in_the_same_cells(world, snowflake):
    one_partition = {"KAFKA_PARTITIONS": "1"}
    start = ("--mix", "realistic", "--start", "2026-02-14T20:00:00Z", "--duration", 40_000)
    world.must("simulate", "--events", 3000, "--seed", 1, *start, env=one_partition)
    kafka = world.services.kafka
    kafka.produce(world.topic, keyed_records())
    kafka.produce(world.topic, typed_records())
    produce_bytes(
        world.services.kafka_address,
        world.topic,
        0,
        [(key, value, []) for key, (value, _) in RAW.items()]
        + [(None, event(song_name=name, artist_name=name, song_id=str(uuid.uuid4())).encode(), []) for name in NAMES],
    )
    world.catch_up(env=one_partition)
    world.prove()
    assert snowflake.prove()["proved"] is True
    assert differing(world, snowflake) == []
    named = {name for [name] in snowflake.rows("SELECT SONG_NAME FROM MART.TOP_SONGS")}
    assert set(NAMES) <= named

    # Late events of days that are built, and the same events once more.
    world.must("simulate", "--events", 3500, "--seed", 1, *start, env=one_partition)
    world.must("simulate", "--events", 500, "--seed", 2, "--start", "2026-02-16T01:00:00Z", env=one_partition)
    world.catch_up(env=one_partition)
    world.prove()
    assert snowflake.prove()["proved"] is True
    assert differing(world, snowflake) == []
