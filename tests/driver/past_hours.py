"""A topic with a past: records of hours that are over, which a sink closes at once and schedules have to load."""

import json
import random
import uuid
from datetime import UTC, datetime, timedelta

from driver.world import World

SONGS = [
    (str(uuid.uuid5(uuid.NAMESPACE_DNS, f"Artist {n % 7}::Song {n}")), f"Song {n}", f"Artist {n % 7}")
    for n in range(20)
]


def event(chance: random.Random, at: datetime) -> bytes:
    song_id, song_name, artist_name = chance.choice(SONGS)
    return json.dumps(
        {
            "event_id": str(uuid.UUID(int=chance.getrandbits(128))),
            "event_type": chance.choice(["play", "play", "skip", "pause"]),
            "user_id": str(uuid.UUID(int=chance.randrange(50))),
            "song_id": song_id,
            "song_name": song_name,
            "artist_name": artist_name,
            "device_type": chance.choice(["mobile", "desktop", "web"]),
            "country": chance.choice(["DE", "SE", "US"]),
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    ).encode()


def make_topic_with_past(world: World, events_by_hour: dict[datetime, int]) -> list[list]:
    """The broker stamps what comes later, as in every topic of the pipeline. Returns time, key and value of each record by
    partition."""
    kafka, partitions = world.services.kafka, int(world.env["KAFKA_PARTITIONS"])
    kafka.create_topic(world.topic, partitions, {"message.timestamp.type": "CreateTime"})
    chance = random.Random(17)
    records: list[list] = [[] for _ in range(partitions)]
    for hour, events in sorted(events_by_hour.items()):
        at = hour + timedelta(minutes=30)
        for number in range(events):
            records[number % partitions].append((int(at.timestamp() * 1000), None, event(chance, at)))
        world.acked += events
    for partition, of_partition in enumerate(records):
        kafka.produce_at(world.topic, of_partition, partition)
    kafka.set_topic(world.topic, "message.timestamp.type", "LogAppendTime")
    return records


def this_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
