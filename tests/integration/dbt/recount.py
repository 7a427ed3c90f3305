"""An independent reading of docs/formats/event.md: what silver and the marts must hold for given rows of bronze.

Shares nothing with the dbt project but the document and its schema.
"""

import dataclasses
import datetime
import json
import pathlib
import re
from collections import Counter, defaultdict

SCHEMA = pathlib.Path(__file__).parents[3] / "docs" / "formats" / "listening-event.schema.json"
PROPERTIES = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]
REQUIRED = set(json.loads(SCHEMA.read_text(encoding="utf-8"))["required"])
# Which fields there are, the schema says; what their types mean is read below.
FIELDS = [(name, about["x-type"], name in REQUIRED) for name, about in PROPERTIES.items()]
CHOICES = {name: set(about["enum"]) for name, about in PROPERTIES.items() if "enum" in about}
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


@dataclasses.dataclass(frozen=True)
class Integer:
    """A JSON number without fraction and exponent, as it was written."""

    digits: str


class Fault(Exception):
    """The reason of a rejection."""


def parse(payload):
    """The payload's members; of equal names the first."""

    def first_wins(pairs):
        members = {}
        for name, value in pairs:
            members.setdefault(name, value)
        return members

    value = json.loads(payload, object_pairs_hook=first_wins, parse_int=Integer, parse_float=float)
    return value if isinstance(value, dict) else {}


def read_time(text):
    """`YYYY-MM-DD HH:MM:SS.ffffff` in UTC, cut to microseconds."""
    found = TIME.fullmatch(text)
    if not found:
        raise Fault("bad_timestamp")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    fraction, sign, offset_hours, offset_minutes = found.groups()[6:]
    offset = datetime.timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
    if int(offset_hours or 0) > 23 or int(offset_minutes or 0) > 59:
        raise Fault("bad_timestamp")
    try:
        there = datetime.datetime(year, month, day, hour, minute, second, int(((fraction or "") + "000000")[:6]))
        utc = there + offset if sign == "-" else there - offset
    except (ValueError, OverflowError):
        raise Fault("bad_timestamp") from None
    if not 2000 <= utc.year <= 2099:
        raise Fault("bad_timestamp")
    return utc.strftime("%Y-%m-%d %H:%M:%S.%f")


def read_value(name, kind, required, value):
    if kind == "integer":
        if not isinstance(value, Integer):
            raise Fault("wrong_type")
        if not 0 <= int(value.digits) <= 2**53 - 1:
            raise Fault("out_of_range")
        return str(int(value.digits))
    if not isinstance(value, str):
        raise Fault("wrong_type")
    if kind == "text":
        if required and value == "":
            raise Fault("empty_text")
        return value
    if kind == "uuid":
        if not UUID.fullmatch(value):
            raise Fault("bad_uuid")
        return value.lower()
    if kind == "country":
        if not re.fullmatch("[A-Z]{2}", value):
            raise Fault("bad_country")
        return value
    if kind == "time":
        return read_time(value)
    if value not in CHOICES[name]:
        raise Fault("unknown_" + name)
    return value


def judge(payload):
    """(columns, []) of a valid event, (None, [(reason, field), ...]) of another."""
    members = parse(payload)
    columns, faults = [], []
    for name, kind, required in FIELDS:
        value = members.get(name)
        try:
            if value is None:
                if required:
                    raise Fault("missing_field")
                columns.append(None)
            else:
                columns.append(read_value(name, kind, required, value))
        except Fault as fault:
            faults.append((str(fault), name))
    return (None, faults) if faults else (tuple(columns), [])


def recount(events, rejected):
    """`events`: (topic_id, partition, offset, payload); `rejected`: (topic_id, partition, offset, code, raw).

    Returns the tables as sorted lists of rows of texts.
    """
    kept, duplicates, refused, listed = {}, [], [], []
    for topic_id, partition, offset, payload in sorted(events, key=lambda row: (row[2], row[1], row[0])):
        columns, faults = judge(payload)
        place = (topic_id, str(partition), str(offset))
        if faults:
            refused.append((*place, "silver", *faults[0], payload, None))
            listed += [(*place, str(number), "silver", *fault) for number, fault in enumerate(faults, 1)]
        elif columns[0] in kept:
            duplicates.append((*place, columns[0], *kept[columns[0]][1]))
        else:
            kept[columns[0]] = (columns, place)
    for topic_id, partition, offset, code, raw in rejected:
        refused.append((topic_id, str(partition), str(offset), "sink", code, None, None, raw))
        listed.append((topic_id, str(partition), str(offset), "1", "sink", code, None))

    songs, users = defaultdict(lambda: ([], [], Counter())), defaultdict(Counter)
    for columns, _ in kept.values():
        _, event_type, user_id, song_id, song, artist, device, country, time = columns[:9]
        names, artists, counts = songs[song_id]
        names.append(song)
        artists.append(artist)
        counts[event_type] += 1
        users[user_id, device, country, time[:10]][event_type] += 1

    def smallest(texts):
        return min(texts, key=lambda text: text.encode())

    return {
        "transform.spotify_silver": [columns + place for columns, place in kept.values()],
        "transform.spotify_duplicates": duplicates,
        "transform.spotify_rejected": refused,
        "transform.spotify_faults": listed,
        "mart.top_songs": [
            (song_id, smallest(names), smallest(artists), str(counts["play"]), str(counts["skip"]))
            for song_id, (names, artists, counts) in songs.items()
        ],
        "mart.user_engagement": [
            (*key[:3], str(counts["play"]), str(counts["skip"]), str(counts["add_to_playlist"]), key[3])
            for key, counts in users.items()
        ],
    }
