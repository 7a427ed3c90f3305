"""The simulator counted its own events, by no SQL and from no byte that went through the pipeline."""

import json

import pytest

SONG_COLUMNS = ["song_id", "song_name", "artist_name", "total_plays", "total_skips"]
ENGAGEMENT_COLUMNS = ["user_id", "device_type", "country", "total_plays", "total_skips", "playlist_adds", "day"]


def cells(rows: list[dict], columns: list[str]) -> list[list[str]]:
    return sorted([str(row[column]) for column in columns] for row in rows)


def mart(world, name: str, columns: list[str]) -> list[list[str]]:
    return sorted([str(cell) for cell in row] for row in world.rows(f"SELECT {', '.join(columns)} FROM MART.{name}"))


@pytest.mark.parametrize(
    ("profile", "compression", "days"), [("seed", "none", 0), ("seed", "gzip", 28), ("realistic", "zstd", 28)]
)
def test_marts_equal_the_simulators_oracle_cell_by_cell(world, profile, compression, days):
    oracle_path = world.folder / "oracle.json"
    world.simulate(30_000, "--profile", profile, "--days", days, "--oracle", oracle_path)
    world.catch_up("--compression", compression, "--batch-records", 5000)
    world.prove_exactly_what_was_acked()

    oracle = json.loads(oracle_path.read_text())
    assert oracle["events"] == 30_000
    days_seen = {row["day"] for row in oracle["user_engagement"]}
    assert len(days_seen) > 20 if days else len(days_seen) <= 2, days_seen
    assert mart(world, "TOP_SONGS", SONG_COLUMNS) == cells(oracle["top_songs"], SONG_COLUMNS)
    assert mart(world, "USER_ENGAGEMENT", ENGAGEMENT_COLUMNS) == cells(oracle["user_engagement"], ENGAGEMENT_COLUMNS)
