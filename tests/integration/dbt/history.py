"""A random history of the log, from a seed: lake objects in chains, and the batches in which they are loaded.

Small, and full of what makes increments differ from a whole: late events, duplicates across objects, partitions and topic
ids (the kept row often comes in a later batch), rejected rows, objects of nothing else, days that become empty again,
sessions without id, plays that nothing ends, clocks that are weeks and years ahead.
"""

import dataclasses
import datetime
import itertools
import json
import random
import uuid

PARTITIONS = 3
DAYS = 6
# Histories of different seeds have no topic, day, listener, song or event in common: many fit into one warehouse.
APART = datetime.timedelta(days=60)
FIRST_DAY = datetime.datetime(2026, 2, 10)
DUPLICATES = 0.15
LATE = 0.15
NO_EVENT = 0.06
NO_JSON = 0.03
SONGS = [("Ünder", "Ä & B", 31_000), ("Zebra", "Ä & B", 180_000), ("zebra", "C", 29_000), ("a'b\"; --", "C", 240_000)]


@dataclasses.dataclass(frozen=True)
class Row:
    offset: int
    arrived: datetime.datetime
    payload: str | None
    error_code: str | None = None


@dataclasses.dataclass(frozen=True)
class LakeObject:
    key: str
    topic_id: str
    partition: int
    rows: tuple[Row, ...]


def iso(time):
    return time.isoformat(timespec="milliseconds") + "Z"


class Writer:
    """Draws payloads; remembers them, to send some again."""

    def __init__(self, rng, first_day):
        self.rng = rng
        self.first_day = first_day
        self.users = [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(5)]
        self.songs = [str(uuid.UUID(int=rng.getrandbits(128))) for _ in SONGS]
        self.sent = []

    def event(self, arrived):
        rng = self.rng
        song = rng.randrange(len(SONGS))
        title, artist, duration = SONGS[song]
        late = datetime.timedelta(milliseconds=rng.randrange(400))
        if rng.random() < LATE:
            late = datetime.timedelta(minutes=rng.randrange(-90, 60 * 24 * 3))
        event = {
            "event_id": str(uuid.UUID(int=rng.getrandbits(128))),
            "event_type": rng.choice(["play", "play", "pause", "skip", "add_to_playlist"]),
            "user_id": rng.choice(self.users),
            "song_id": self.songs[song],
            "song_name": title if rng.random() < 0.9 else title.upper(),
            "artist_name": artist,
            "device_type": rng.choice(["mobile", "desktop", "web"]),
            "country": rng.choice(["CA", "DE"]),
            "timestamp": iso(arrived - late),
            "session_id": rng.choice(["s1", "s2", None]),
            "position_ms": rng.choice([0, 0, 5_000, 29_999, 30_000, 170_000, None]),
            "duration_ms": rng.choice([duration, duration, duration, None]),
            "schema_version": 1,
        }
        return {name: value for name, value in event.items() if value is not None}

    def again(self):
        """A second delivery; mostly of the same event, sometimes of another under its id."""
        event = dict(self.rng.choice(self.sent))
        if self.rng.random() < 0.4:
            event["timestamp"] = iso(self.first_day + datetime.timedelta(minutes=self.rng.randrange(60 * 24 * DAYS)))
            event["user_id"] = self.rng.choice(self.users)
            event["event_type"] = self.rng.choice(["play", "skip"])
        if self.rng.random() < 0.2:
            event["event_id"] = event["event_id"].upper()
        return event

    def payload(self, arrived):
        if self.sent and self.rng.random() < DUPLICATES:
            return json.dumps(self.again(), ensure_ascii=False)
        event = self.event(arrived)
        if self.rng.random() < NO_EVENT:
            event |= self.rng.choice(
                [{"country": "UKR"}, {"user_id": 7}, {"song_name": ""}, {"timestamp": "2026-02-30T00:00:00Z"}]
            )
        else:
            self.sent.append(event)
        return json.dumps(event, ensure_ascii=False)


def row(rng, writer, offset, arrived):
    if rng.random() < NO_JSON:
        return Row(offset, arrived, None, "not_json")
    return Row(offset, arrived, writer.payload(arrived))


def chain(rng, writer, topic_id, partition, count):
    """The objects of one partition of one topic id."""
    rows, arrived = [], writer.first_day + datetime.timedelta(hours=rng.randrange(12))
    for offset in range(count):
        arrived += datetime.timedelta(seconds=rng.expovariate(1 / (DAYS * 86_400 / count)))
        arrived = arrived.replace(microsecond=arrived.microsecond // 1000 * 1000)
        rows.append(row(rng, writer, offset, arrived))
    while rows:
        size = rng.choice([1, 2, 5, 10, 20])
        taken, rows = tuple(rows[:size]), rows[size:]
        first = taken[0]
        yield LakeObject(
            f"bronze/date={first.arrived:%Y-%m-%d}/hour={first.arrived:%H}/spotify_events_{first.arrived:%Y-%m-%dT%H-%M-%S}"
            f"_t{topic_id[:8]}_p{partition}_o{first.offset:020}.json",
            topic_id,
            partition,
            taken,
        )


def lone_day(rng, writer, topic_id):
    """An event alone on its day, and the row that takes its place on another day: the day becomes empty, and
    another hour has one kept event less, although nothing new arrived in it."""
    arrived = writer.first_day + datetime.timedelta(days=DAYS + 30)
    alone = writer.event(arrived) | {"timestamp": iso(writer.first_day - datetime.timedelta(days=10))}
    winner = alone | {"timestamp": iso(writer.first_day), "user_id": rng.choice(writer.users)}
    earlier = arrived - datetime.timedelta(days=10)
    loser_object = LakeObject(f"bronze/{topic_id}_p8", topic_id, 8, (Row(1000, arrived, json.dumps(alone)),))
    winner_object = LakeObject(f"bronze/{topic_id}_p9", topic_id, 9, (Row(0, earlier, json.dumps(winner)),))
    return loser_object, winner_object


def clocks_ahead(writer, topic_id):
    """Two plays that did not happen yet: one by weeks, one by twenty years."""
    arrived = writer.first_day + datetime.timedelta(days=DAYS)
    events = [writer.event(arrived) | {"event_type": "play"} for _ in range(2)]
    events[0]["timestamp"] = iso(arrived + datetime.timedelta(days=40))
    events[1]["timestamp"] = iso(arrived + datetime.timedelta(days=365 * 20))
    rows = tuple(Row(offset, arrived, json.dumps(event)) for offset, event in enumerate(events))
    return LakeObject(f"bronze/{topic_id}_p7", topic_id, 7, rows)


class History:
    def __init__(self, seed, events=240, batches=3):
        rng = random.Random(seed)
        writer = Writer(rng, FIRST_DAY + seed * APART)
        topics = [f"{digit}{seed:07x}-0000-4000-8000-000000000000" for digit in "0f"]
        chains = [
            list(chain(rng, writer, topic_id, partition, events // (PARTITIONS * len(topics))))
            for topic_id in topics
            for partition in range(PARTITIONS)
        ]
        loser, winner = lone_day(rng, writer, topics[0])
        # Some partitions are far ahead of others in each batch, so that lower offsets come later.
        self.batches = [[] for _ in range(batches)]
        for objects in chains:
            cuts = sorted(
                rng.choice([0, len(objects) // 3, len(objects) // 2, len(objects)]) for _ in range(batches - 1)
            )
            for batch, (begin, end) in zip(self.batches, itertools.pairwise([0, *cuts, len(objects)]), strict=True):
                batch.extend(objects[begin:end])
        self.batches[0] += [loser, clocks_ahead(writer, topics[0])]
        self.batches[-1].append(winner)

    def objects(self):
        return [one for batch in self.batches for one in batch]
