"""Spoils one thing of a lake in a directory: an object, its metadata, the layout, a gap record, a marker, a witness.

`corruptions` lists what a lake offers; `spoil` does one. Files of a copy may be hard links to the whole lake's: they are written
again, never changed where they are.
"""

import hashlib
import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

HEAD = "object metadata 1\n"
HOUR = "%Y-%m-%dT%H"


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def metadata_of(lake: Path, key: str) -> dict[str, str]:
    lines = (lake / ".meta" / key).read_text(encoding="utf-8").removeprefix(HEAD).splitlines()
    return dict(line.split(": ", 1) for line in lines)


def write_metadata(lake: Path, key: str, metadata: dict[str, str]) -> None:
    text = HEAD + "".join(f"{name}: {value}\n" for name, value in sorted(metadata.items()))
    write(lake / ".meta" / key, text.encode())


def keys(lake: Path) -> list[str]:
    folders = (lake / "bronze", lake / "_pipeline")
    return sorted(str(path.relative_to(lake)) for folder in folders for path in folder.rglob("*") if path.is_file())


def is_object(key: str) -> bool:
    return key.startswith("bronze/") and "/spotify_events_" in key


def ignored(lake: Path) -> set[str]:
    """The objects that have an override."""
    prefix = "_pipeline/overrides/"
    return {"bronze/" + key.removeprefix(prefix).removesuffix(".json") for key in keys(lake) if key.startswith(prefix)}


class Chain:
    """The objects of one partition of one topic id, without those that are ignored."""

    def __init__(self, topic: str, topic_id: str, partition: int):
        self.topic, self.topic_id, self.partition = topic, topic_id, partition
        self.objects: list[tuple[str, dict[str, str]]] = []

    @property
    def name(self) -> str:
        return f"t{self.topic_id[:8]}_p{self.partition}"

    @property
    def end(self) -> int:
        return int(self.objects[-1][1]["last-offset"]) + 1


def chains(lake: Path) -> list[Chain]:
    found: dict[tuple[str, int], Chain] = {}
    for key in sorted(set(filter(is_object, keys(lake))) - ignored(lake)):
        metadata = metadata_of(lake, key)
        place = (metadata["topic-id"], int(metadata["partition"]))
        found.setdefault(place, Chain(metadata["topic-name"], *place)).objects.append((key, metadata))
    for chain in found.values():
        chain.objects.sort(key=lambda pair: int(pair[1]["first-offset"]))
    return [found[place] for place in sorted(found)]


def in_log(data: Path, chain: Chain) -> bool:
    """Whether a run kept what its log had of the partition."""
    return (data / "log" / chain.topic_id / f"p{chain.partition}.witness").exists()


def close_hours(lake: Path) -> None:
    """Closes two hours of every chain, as a sink does when the clock has passed them: all objects, then nothing."""
    # The run's own sink began as many hours as it had the time for.
    begins = lake / "_pipeline" / "hours" / "begin"
    for place in (lake, lake / ".meta"):
        shutil.rmtree(place / "_pipeline" / "hours", ignore_errors=True)
    all_chains = chains(lake)
    for chain in all_chains:
        partitions = 1 + max(one.partition for one in all_chains if one.topic_id == chain.topic_id)
        milliseconds = [int(metadata["first-timestamp-ms"]) for _, metadata in chain.objects]
        begin = datetime.fromtimestamp(min(milliseconds) / 1000, UTC).replace(minute=0, second=0, microsecond=0)
        last = datetime.fromtimestamp(max(milliseconds) / 1000, UTC).replace(minute=0, second=0, microsecond=0)
        path = begins / f"{chain.name}.json"
        own = {"topic_id": chain.topic_id, "partition": chain.partition}
        put_json(path, {"version": 1, **own, "hour": begin.strftime(HOUR)})
        lines = "".join(f"{key} {metadata['sha256']}\n" for key, metadata in chain.objects)
        counts = {
            "objects": len(chain.objects),
            "records": sum(int(metadata["records"]) for _, metadata in chain.objects),
            "rejected": sum(int(metadata["rejected"]) for _, metadata in chain.objects),
            "sha256": hashlib.sha256(lines.encode()).hexdigest(),
            "list": [[int(one["first-offset"]), int(one["last-offset"]) + 1, key] for key, one in chain.objects],
        }
        nothing = {"objects": 0, "records": 0, "rejected": 0, "sha256": hashlib.sha256(b"").hexdigest(), "list": []}
        hour, first = begin, 0
        while hour <= last + timedelta(hours=1):
            # What came late belongs to the first hour that was still open: all of it to the last.
            is_last = hour == last
            put_json(
                lake / "_pipeline" / "hours" / f"date={hour:%Y-%m-%d}" / f"hour={hour:%H}" / f"{chain.name}.json",
                {"version": 2, "topic": chain.topic, **own, "partitions": partitions, "hour": hour.strftime(HOUR)}
                | {"first_offset": first, "next_offset": chain.end if is_last else first}
                | (counts if is_last else nothing),
            )
            first = chain.end if is_last else first
            hour += timedelta(hours=1)


def put_stray(lake: Path) -> str:
    """Puts the second half of an object of the middle of a chain again, as an object of its own."""
    chain = max(chains(lake), key=lambda one: len(one.objects))
    key, metadata = chain.objects[0]
    lines = (lake / key).read_bytes().splitlines(keepends=True)
    lines = lines[len(lines) // 2 :]
    begin, end = json.loads(lines[0]), json.loads(lines[-1])
    first, milliseconds = begin["_kafka_offset"], begin["_kafka_timestamp"]
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    stray = (
        f"bronze/date={at:%Y-%m-%d}/hour={at:%H}/spotify_events_{at:%Y-%m-%dT%H-%M-%S}_{chain.name}_o{first:020}.json"
    )
    write(lake / stray, b"".join(lines))
    said = {
        "first-offset": str(first),
        "first-timestamp-ms": str(milliseconds),
        "last-timestamp-ms": str(end["_kafka_timestamp"]),
        "sha256": hashlib.sha256(b"".join(lines)).hexdigest(),
    }
    own = {name: value for name, value in metadata.items() if not name.endswith("-rejected")}
    write_metadata(lake, stray, own | said | said_of(lines))
    return stray


def put_json(path: Path, value: dict) -> None:
    write(path, (json.dumps(value, separators=(",", ":")) + "\n").encode())


def markers_of(lake: Path, chain: Chain) -> list[str]:
    return [key for key in keys(lake) if "/hours/date=" in key and key.endswith(f"/{chain.name}.json")]


def corruptions(data: Path):
    """Each has `place` and `part` as the list of what is proved names them, and `what`."""
    lake = data / "lake"
    all_chains = chains(lake)
    for chain in all_chains:
        for key, metadata in chain.objects:
            for what in (
                "removed",
                "under a later hour",
                "of another object",
                "without metadata",
                "copied to a later place",
            ):
                yield {"place": "lake: objects", "part": "key", "what": what, "key": key}
            for what in (
                "bit flipped",
                "cut",
                "line missing",
                "line doubled",
                "lines exchanged",
                "value changed",
                "longer",
            ):
                yield {"place": "lake: objects", "part": "body", "what": what, "key": key}
            for name in metadata:
                for what in ("changed", "removed"):
                    yield {"place": "lake: object metadata", "part": name, "what": what, "key": key}
    yield {"place": "lake: layout", "part": "the file", "what": "removed", "key": "_pipeline/lake.json"}
    newest = {max(markers) for chain in all_chains if (markers := markers_of(lake, chain))}
    for key in keys(lake):
        if is_object(key) or key.endswith("/probe"):
            continue
        place = (
            "lake: layout"
            if key.endswith("/lake.json")
            else "lake: chain heads"
            if "/heads/" in key
            else "lake: overrides"
            if "/overrides/" in key
            else "lake: hour begins"
            if "/begin/" in key
            else "lake: hour markers"
        )
        for name in json.loads((lake / key).read_text(encoding="utf-8")):
            for what in ("changed", "removed"):
                # Partitions may have been added at the end of the newest hour: nothing tells that they were not.
                if (place, name, what) != ("lake: hour markers", "partitions", "changed") or key not in newest:
                    yield {"place": place, "part": name, "what": what, "key": key}
        for what in ("cut", "more behind it"):
            yield {"place": place, "part": "the file", "what": what, "key": key}
        if place == "lake: overrides":
            yield {"place": place, "part": "object", "what": "removed from the lake", "key": key}
            yield {"place": place, "part": "object", "what": "longer", "key": key}
            yield {"place": place, "part": "the body of its object", "what": "bit flipped", "key": key}
        if place in ("lake: hour begins", "lake: overrides"):
            yield {"place": place, "part": "the file", "what": "removed", "key": key}
    for chain in all_chains:
        for key in markers_of(lake, chain):
            part = "the newest" if key in newest else "the file"
            yield {"place": "lake: hour markers", "part": part, "what": "removed", "key": key}
        for what in (
            "behind the chain",
            "inside the chain",
            "at its end",
            "at its beginning",
            "of another partition",
            "of another topic",
        ):
            is_denied = what != "at its end" or in_log(data, chain)
            part = "first_offset" if is_denied else "at the end of a chain, where the log is gone"
            yield {"place": "lake: gaps", "part": part, "what": what, "chain": chain.name}
    yield {
        "place": "lake: objects",
        "part": "key",
        "what": "of no known name",
        "key": "bronze/date=2026-02-15/hour=17/more.json",
    }
    for witness in sorted((data / "log").rglob("*.witness")):
        for at in (3, 40, 200, -1):
            yield {
                "place": "log: witnesses",
                "part": "records",
                "what": f"byte {at} flipped",
                "file": str(witness.relative_to(data)),
                "at": at,
            }
        yield {"place": "log: witnesses", "part": "the file", "what": "removed", "file": str(witness.relative_to(data))}


def changed(name: str, value):
    """Another value of the kind that a member has."""
    if isinstance(value, list):
        return value[:-1] if value else [[0, 1, "bronze/none.json"]]
    if isinstance(value, int):
        return value + 1
    if re.fullmatch(r"\d+", value):
        return str(int(value) + 1)
    if re.fullmatch(r"[0-9a-f-]{36}", value):
        return ("1" if value[0] == "0" else "0") + value[1:]
    if re.fullmatch(r"[0-9a-f]{64}", value):
        return "0" * 64 if value != "0" * 64 else "1" * 64
    if name == "hour":
        return (datetime.strptime(value, HOUR) + timedelta(hours=1)).strftime(HOUR)
    if name == "compression":
        return "gzip" if value != "gzip" else "zstd"
    return value + "x"


def spoil(data: Path, one: dict) -> bool:
    """False when this cannot be done to this thing."""
    lake = data / "lake"
    if one["place"] == "log: witnesses":
        return spoil_witness(data / one["file"], one)
    if one["place"] == "lake: gaps":
        return spoil_gap(lake, one)
    if one["place"] == "lake: objects":
        return spoil_object(lake, one)
    if one["place"] == "lake: object metadata":
        metadata = metadata_of(lake, one["key"])
        value = metadata.pop(one["part"])
        if one["what"] == "changed":
            metadata[one["part"]] = changed(one["part"], value)
        write_metadata(lake, one["key"], metadata)
        return True
    if one["place"] == "lake: overrides" and one["what"] not in ("changed", "removed", "cut", "more behind it"):
        return spoil_ignored(lake, one)
    return spoil_json(lake / one["key"], one)


def spoil_ignored(lake: Path, one: dict) -> bool:
    """Spoils the object that an override is about."""
    key = json.loads((lake / one["key"]).read_text(encoding="utf-8"))["object"]
    if one["what"] == "removed from the lake":
        (lake / key).unlink()
        (lake / ".meta" / key).unlink()
        return True
    body = bytearray((lake / key).read_bytes())
    if one["what"] == "longer":
        body += b"x"
    else:
        body[len(body) // 2] ^= 1
    write(lake / key, bytes(body))
    return True


def spoil_json(path: Path, one: dict) -> bool:
    text = path.read_text(encoding="utf-8")
    if one["part"].startswith("the "):
        if one["what"] == "removed":
            path.unlink()
        else:
            write(path, (text[: len(text) // 2] if one["what"] == "cut" else text + text).encode())
        return True
    value = json.loads(text)
    old = value.pop(one["part"])
    if one["what"] == "changed":
        value[one["part"]] = changed(one["part"], old)
    put_json(path, value)
    return True


def spoil_witness(path: Path, one: dict) -> bool:
    if one["what"] == "removed":
        path.unlink()
        return True
    content = bytearray(path.read_bytes())
    if one["at"] >= len(content):
        return False
    content[one["at"]] ^= 1
    write(path, bytes(content))
    return True


def spoil_gap(lake: Path, one: dict) -> bool:
    chain = next(chain for chain in chains(lake) if chain.name == one["chain"])
    first = {"behind the chain": chain.end + 5, "at its end": chain.end, "inside the chain": chain.end // 2}.get(
        one["what"], 0
    )
    partition = 77 if one["what"] == "of another partition" else chain.partition
    record = {"version": 1, "topic": chain.topic, "topic_id": chain.topic_id, "partition": partition}
    if one["what"] == "of another topic":
        record["topic"] += "x"
    name = f"t{chain.topic_id[:8]}_p{partition}_o{first:020}.json"
    put_json(lake / "_pipeline" / "gaps" / name, record | {"first_offset": first, "last_offset": first + 3})
    return True


def spoil_object(lake: Path, one: dict) -> bool:
    key, what = one["key"], one["what"]
    path = lake / key
    if what == "of no known name":
        write(path, b"{}\n")
    elif what == "removed":
        path.unlink()
        (lake / ".meta" / key).unlink()
    elif what == "without metadata":
        (lake / ".meta" / key).unlink()
    elif what == "of another object":
        other = next((other for other in keys(lake) if is_object(other) and other != key), None)
        if other is None:
            return False
        write(path, (lake / other).read_bytes())
        write_metadata(lake, key, metadata_of(lake, other))
    elif what in ("under a later hour", "copied to a later place"):
        moved = (
            re.sub(r"date=\d{4}", "date=2031", key)
            if what == "under a later hour"
            else re.sub(r"_o\d{20}", "_o" + "9" * 18 + "00", key)
        )
        write(lake / moved, path.read_bytes())
        write_metadata(lake, moved, metadata_of(lake, key))
        if what == "under a later hour":
            path.unlink()
            (lake / ".meta" / key).unlink()
    else:
        return spoil_body(lake, key, what)
    return True


def spoil_body(lake: Path, key: str, what: str) -> bool:
    """Lines are spoilt with hash and counts made to fit, so that only what they hold tells."""
    path = lake / key
    body = path.read_bytes()
    if what == "bit flipped":
        write(path, body[: len(body) // 2] + bytes([body[len(body) // 2] ^ 1]) + body[len(body) // 2 + 1 :])
        return True
    if what == "cut":
        write(path, body[: len(body) // 2])
        return True
    lines = body.splitlines(keepends=True)
    at = len(lines) // 2
    if what == "line missing":
        del lines[at]
    elif what == "line doubled":
        lines.insert(at, lines[at])
    elif what == "lines exchanged":
        if len(lines) < 2:
            return False
        lines[0], lines[-1] = lines[-1], lines[0]
    elif what == "value changed":
        at = next((i for i, line in enumerate(lines) if b'"song_name":"' in line), None)
        if at is None:
            return False
        lines[at] = lines[at].replace(b'"song_name":"', b'"song_name":"X', 1)
    else:
        lines[at] = lines[at].replace(b"}\n", b',"more":1}\n')
        if b'"more":1' not in lines[at]:
            return False
    body = b"".join(lines)
    write(path, body)
    if not lines:
        return False
    metadata = metadata_of(lake, key)
    for name in ("first-rejected", "last-rejected"):
        metadata.pop(name, None)
    write_metadata(lake, key, metadata | said_of(lines) | {"sha256": hashlib.sha256(body).hexdigest()})
    return True


def said_of(lines: list[bytes]) -> dict[str, str]:
    """What an object's metadata say of its lines."""
    rejected = [re.search(rb'"_kafka_offset":(\d+)', line)[1].decode() for line in lines if b'"_error":' in line]
    said = {
        "records": str(len(lines)),
        "rejected": str(len(rejected)),
        "last-line-sha256": hashlib.sha256(lines[-1].removesuffix(b"\n")).hexdigest(),
    }
    return said | ({"first-rejected": rejected[0], "last-rejected": rejected[-1]} if rejected else {})
