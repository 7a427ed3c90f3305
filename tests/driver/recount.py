"""The worksheets of the result, counted again from the lake's lines by nothing but Python (docs/formats/mart-tables.md)."""

from __future__ import annotations

import collections
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def lines_in(objects: Iterable[str]) -> list[dict]:
    """The lines of objects. Other files of a lake have none."""
    return [json.loads(line) for text in objects for line in text.splitlines() if "_kafka_offset" in line]


def each_once(lines: list[dict]) -> list[dict]:
    return list({line["event_id"]: line for line in lines}.values())


def texts(rows: list[list]) -> list[list[str | None]]:
    return [[None if cell is None else str(cell) for cell in row] for row in rows]


def recounted(events: list[dict]) -> dict[str, list[list[str | None]]]:
    """By the mart's name, its rows as texts, in no order."""
    by_song, names = collections.defaultdict(collections.Counter), {}
    by_listener = collections.defaultdict(collections.Counter)
    for event in events:
        song = event["song_id"].lower()
        names[song] = [event["song_name"], event["artist_name"]]
        by_song[song][event["event_type"]] += 1
        day = event["timestamp"][:10]
        by_listener[event["user_id"].lower(), event["device_type"], event["country"], day][event["event_type"]] += 1
    songs = [[song, *names[song], count["play"], count["skip"]] for song, count in by_song.items()]
    engagement = [
        [*key[:3], count["play"], count["skip"], count["add_to_playlist"], key[3]] for key, count in by_listener.items()
    ]
    return {"TOP_SONGS": texts(songs), "USER_ENGAGEMENT": texts(engagement)}
