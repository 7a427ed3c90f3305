"""A lake that is years old, made in seconds: every file is written where versitygw keeps objects, as a sink would have put it."""

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta

from driver.past_hours import make_topic_with_past
from driver.spoil_lake import HOUR, said_of
from driver.world import World


class BucketFolder:
    """A bucket of versitygw on its disk."""

    def __init__(self, services, bucket: str):
        self.folder = services.data / "versitygw" / bucket
        assert self.folder.is_dir(), f"no bucket {bucket}"

    def put(self, key: str, body: bytes, metadata: dict[str, str] | None = None) -> None:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        os.setxattr(path, "user.etag", f'"{hashlib.md5(body).hexdigest()}"'.encode())
        if metadata:
            os.setxattr(path, "user.metadata", json.dumps(metadata).encode())

    def put_json(self, key: str, value: dict) -> None:
        self.put(key, (json.dumps(value, separators=(",", ":")) + "\n").encode())


class Chain:
    """What a sink that ran all the time has put of a partition: an object an hour, or none at all; and a marker an hour."""

    def __init__(self, bucket: BucketFolder, topic: str, topic_id: str, partition: int, partitions: int):
        self.bucket, self.topic, self.partitions = bucket, topic, partitions
        self.own = {"topic_id": topic_id, "partition": partition}
        self.name = f"t{topic_id[:8]}_p{partition}"
        self.end, self.last = 0, ""

    def begin(self, hour: datetime) -> None:
        key = f"_pipeline/hours/begin/{self.name}.json"
        self.bucket.put_json(key, {"version": 1, **self.own, "hour": hour.strftime(HOUR)})

    def close(self, hour: datetime, values: list[tuple[int, bytes]]) -> None:
        """With the hour's records: time and value of each."""
        first, listed, hashes = self.end, [], ""
        if values:
            digest = self._object(values)
            listed = [[first, self.end, self.last]]
            hashes = f"{self.last} {digest}\n"
        self.bucket.put_json(
            f"_pipeline/hours/date={hour:%Y-%m-%d}/hour={hour:%H}/{self.name}.json",
            {"version": 2, "topic": self.topic, **self.own, "partitions": self.partitions}
            | {"hour": hour.strftime(HOUR), "first_offset": first, "next_offset": self.end}
            | {"objects": len(listed), "records": len(values), "rejected": 0}
            | {"sha256": hashlib.sha256(hashes.encode()).hexdigest(), "list": listed},
        )

    def leave_hint(self) -> None:
        key = f"_pipeline/heads/{self.own['topic_id']}/p{self.own['partition']}"
        self.bucket.put_json(key, {"version": 1, **self.own, "end": self.end, "object": self.last})

    def _object(self, values: list[tuple[int, bytes]]) -> str:
        first, lines = self.end, []
        for milliseconds, value in values:
            own = f'"_kafka_partition":{self.own["partition"]},"_kafka_offset":{self.end}'
            lines.append(f'{{{own},"_kafka_timestamp":{milliseconds},"_kafka_key":null,'.encode() + value[1:] + b"\n")
            self.end += 1
        body = b"".join(lines)
        digest = hashlib.sha256(body).hexdigest()
        times = {"first-timestamp-ms": str(values[0][0]), "last-timestamp-ms": str(values[-1][0])}
        at = datetime.fromtimestamp(values[0][0] / 1000, UTC)
        self.last = f"bronze/date={at:%Y-%m-%d}/hour={at:%H}/spotify_events_{at:%Y-%m-%dT%H-%M-%S}_{self.name}_o{first:020}.json"
        said = {
            "topic-name": self.topic,
            "topic-id": self.own["topic_id"],
            "partition": str(self.own["partition"]),
            "first-offset": str(first),
            "last-offset": str(self.end - 1),
            "sha256": digest,
            "leader-epoch": "0",
            "writer": "a sink of three years",
        }
        self.bucket.put(self.last, body, said | times | said_of(lines))
        return digest


def make_old_lake(world: World, events_by_hour: dict[datetime, int]) -> None:
    """The topic, and the lake of a sink that has closed each hour from the first one to the last one."""
    records = make_topic_with_past(world, events_by_hour)
    topic_id = world.services.kafka.topic_id(world.topic)
    layout = {"version": 2, "format": "json-lines", "compression": "none", "partitioner": "broker-hour"}
    # By the server, which makes the bucket.
    text = json.dumps(layout | {"topic": world.topic}, separators=(",", ":")) + "\n"
    world.services.s3.put(world.bucket, "_pipeline/lake.json", text.encode(), {}, "application/json")
    bucket = BucketFolder(world.services, world.bucket)
    for partition, of_partition in enumerate(records):
        by_hour: dict[int, list[tuple[int, bytes]]] = {}
        for milliseconds, _, value in of_partition:
            by_hour.setdefault(milliseconds // 3_600_000, []).append((milliseconds, value))
        chain = Chain(bucket, world.topic, topic_id, partition, len(records))
        hour, last = min(events_by_hour), max(events_by_hour)
        chain.begin(hour)
        while hour <= last:
            chain.close(hour, by_hour.get(int(hour.timestamp()) // 3600, []))
            hour += timedelta(hours=1)
        chain.leave_hint()
