"""Objects in a lake of a directory, as a sink of a topic of another life would have left them: records that no simulator makes."""

import base64
import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from driver import spoil_lake

TOPIC, TOPIC_ID = "spotify-events", "0f0e0d0c-0b0a-4908-8706-050403020100"


def event(number: int, at: datetime, **members) -> str:
    value = {
        "event_id": str(uuid.UUID(int=number)),
        "event_type": ("play", "skip", "pause", "add_to_playlist")[number % 4],
        "user_id": str(uuid.UUID(int=number % 3)),
        "song_id": str(uuid.UUID(int=number % 2)),
        "song_name": f"Song {number % 2}",
        "artist_name": "Artist",
        "device_type": "web",
        "country": "SE",
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    return json.dumps(value | members, separators=(",", ":"))


def odd_records(at: datetime) -> list[tuple[str, str]]:
    """Key and headers of each, as the line has them, and the members behind: of events, and of what a sink refuses."""
    raw = base64.b64encode(b"hello").decode()
    plain = '"_kafka_key":"a key"'
    return [
        (plain, event(1, at)[1:-1]),
        ('"_kafka_key":null', event(2, at)[1:-1]),
        ('"_kafka_key_base64":"/w=="', event(3, at, session_id="s", position_ms=5)[1:-1]),
        (plain + ',"_kafka_headers":[["trace","AQI="],["none",null]]', event(4, at, schema_version=1)[1:-1]),
        (plain, event(1, at)[1:-1]),
        (plain, event(2, at + timedelta(hours=1))[1:-1]),
        (plain, event(5, at, country="Sweden")[1:-1]),
        (plain, event(6, at, event_type="rewind")[1:-1]),
        (plain, ""),
        (plain, f'"_error":"not_json","_raw":"{raw}"'),
        ('"_kafka_key":null', '"_error":"tombstone","_raw":null'),
        (plain, '"_error":"empty_value","_raw":""'),
    ]


def put_odd_records(lake: Path) -> None:
    """Two objects of one chain."""
    at = datetime.now(UTC).replace(microsecond=123456) - timedelta(hours=2)
    for first in (0, 12):
        lines = []
        milliseconds = int(at.timestamp() * 1000)
        for offset, (head, members) in enumerate(odd_records(at), first):
            own = f'"_kafka_partition":0,"_kafka_offset":{offset},"_kafka_timestamp":{milliseconds},{head}'
            lines.append(f"{{{own}{',' if members else ''}{members}}}\n")
        put(lake, at, milliseconds, first, lines)


def put(lake: Path, at: datetime, milliseconds: int, first: int, lines: list[str]) -> None:
    body = "".join(lines).encode()
    key = f"bronze/date={at:%Y-%m-%d}/hour={at:%H}/spotify_events_{at:%Y-%m-%dT%H-%M-%S}_t{TOPIC_ID[:8]}_p0_o{first:020}.json"
    spoil_lake.write(lake / key, body)
    spoil_lake.write_metadata(
        lake,
        key,
        {
            "topic-name": TOPIC,
            "topic-id": TOPIC_ID,
            "partition": "0",
            "first-offset": str(first),
            "last-offset": str(first + len(lines) - 1),
            **spoil_lake.said_of([line.encode() for line in lines]),
            "first-timestamp-ms": str(milliseconds),
            "last-timestamp-ms": str(milliseconds),
            "sha256": hashlib.sha256(body).hexdigest(),
            "writer": "a sink of another time",
        },
    )
