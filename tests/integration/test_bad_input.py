"""Whatever somebody writes to the topic lands or is rejected for a named reason, and nothing stops."""

import base64
import json
import uuid

from driver.batch import produce_bytes

MIB = 1 << 20


def event(**changes) -> str:
    fields = {
        "event_id": str(uuid.uuid4()),
        "event_type": "play",
        "user_id": str(uuid.uuid4()),
        "song_id": "3344ea54-f8dd-5755-a71d-2083035fb139",
        "song_name": "Shape of You",
        "artist_name": "Ed Sheeran",
        "device_type": "mobile",
        "country": "DE",
        "timestamp": "2026-02-15T17:52:36.123Z",
    } | changes
    return json.dumps({name: value for name, value in fields.items() if value is not ...}, ensure_ascii=False)


def nested(depth: int) -> str:
    """An object that is `depth` deep, itself counted."""
    return '{"a":' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


TWICE = str(uuid.uuid4())

# Key of the record -> (value, who rejects it, reason, field); kept where nobody does.
KEYED = {
    "valid": (event(), None),
    "unknown members": (event(mood="happy", nested={"deep": [1, 2, {"more": None}]}), None),
    "not ASCII": (event(song_name="Für Elise ♫", artist_name="Ludwig van Beethoven"), None),
    "two MiB": (event(note="x" * (2 * MIB)), None),
    "three MiB": (event(note="x" * (3 * MIB)), ("sink", "too_large", None)),
    "sent twice": (event(event_id=TWICE), None),
    "plain text": ("hello from a console", ("sink", "not_json", None)),
    "truncated": (event()[:100], ("sink", "not_json", None)),
    "two objects": (event() + event(), ("sink", "not_json", None)),
    "64 deep": (nested(64), ("silver", "missing_field", "event_id")),
    "65 deep": (nested(65), ("sink", "too_deep", None)),
    "1000 deep": (nested(1000), ("sink", "too_deep", None)),
    "tombstone": ("NULL", ("sink", "tombstone", None)),
    "empty value": ("", ("sink", "empty_value", None)),
    "spaces": ("   ", ("sink", "empty_value", None)),
    "array": ("[1, 2]", ("sink", "not_object", None)),
    "number": ("42", ("sink", "not_object", None)),
    "null": ("null", ("sink", "not_object", None)),
    "reserved offset": (event(_kafka_offset=7), ("sink", "reserved_member", None)),
    "reserved error": (event(_error="mine"), ("sink", "reserved_member", None)),
    "nul character": (event(song_name="a\0b"), ("sink", "nul_character", None)),
    "lone surrogate": (event(note="?").replace("?", r"\ud800"), ("sink", "not_json", None)),
    "empty object": ("{}", ("silver", "missing_field", "event_id")),
    "no user": (event(user_id=...), ("silver", "missing_field", "user_id")),
    "null country": (event(country=None), ("silver", "missing_field", "country")),
    "number as name": (event(song_name=5), ("silver", "wrong_type", "song_name")),
    "fraction": (event(position_ms=1.5), ("silver", "wrong_type", "position_ms")),
    "empty name": (event(artist_name=""), ("silver", "empty_text", "artist_name")),
    "bad uuid": (event(user_id="881dc191"), ("silver", "bad_uuid", "user_id")),
    "unknown type": (event(event_type="rewind"), ("silver", "unknown_event_type", "event_type")),
    "unknown device": (event(device_type="fridge"), ("silver", "unknown_device_type", "device_type")),
    "bad country": (event(country="Germany"), ("silver", "bad_country", "country")),
    "30 February": (event(timestamp="2026-02-30T00:00:00Z"), ("silver", "bad_timestamp", "timestamp")),
    "no zone": (event(timestamp="2026-02-15T17:52:36"), ("silver", "bad_timestamp", "timestamp")),
    "time of Nepal": (event(timestamp="2026-02-15t23:37:36.123456789+05:45"), None),
    "west of the first year": (event(timestamp="1999-12-31T23:59:59-00:01"), None),
    "east of the first year": (event(timestamp="2000-01-01T00:00:00+00:01"), ("silver", "bad_timestamp", "timestamp")),
    "offset of a day": (event(timestamp="2026-02-15T17:52:36+24:00"), ("silver", "bad_timestamp", "timestamp")),
    "two faults": (event(country="Germany", position_ms=-1), ("silver", "bad_country", "country")),
    "five faults": (
        event(event_id="7", event_type=7, song_name="", country=None, timestamp="2026-02-15T17:52:36+24:00"),
        ("silver", "bad_uuid", "event_id"),
    ),
    "negative": (event(position_ms=-1), ("silver", "out_of_range", "position_ms")),
    "the last": (event(), None),
}
ALL_BUT_THE_FIRST = [
    ("missing_field", field)
    for field in ("event_type", "user_id", "song_id", "song_name", "artist_name", "device_type", "country", "timestamp")
]
# Of the records that break several rules, what there is beside the first fault.
MORE_FAULTS = {
    "two faults": [("out_of_range", "position_ms")],
    "five faults": [
        ("wrong_type", "event_type"),
        ("empty_text", "song_name"),
        ("missing_field", "country"),
        ("bad_timestamp", "timestamp"),
    ],
    "empty object": ALL_BUT_THE_FIRST,
    "64 deep": ALL_BUT_THE_FIRST,
}
# Records without a key, as when somebody types into a console producer.
TYPED = [event(), "", "   ", "just text", event(), ""]
TYPED_REASONS = {"empty_value": 3, "not_json": 1}
# No text at all.
RAW = {
    b"invalid UTF-8 value": (b'{"song_name":"\xff\xfe"}', ("sink", "not_utf8", None)),
    b"invalid UTF-8 text": (b"\x80\x81", ("sink", "not_utf8", None)),
    b"bytes of a zero": (b"{}\0", ("sink", "not_json", None)),
}


# Silver's rows with the key of their record, which stands in bronze.
KEYS = (
    "(SELECT topic_id, kafka_partition, kafka_offset, kafka_key FROM BRONZE.SPOTIFY_EVENTS UNION ALL "
    "SELECT topic_id, kafka_partition, kafka_offset, kafka_key FROM BRONZE.REJECTED_EVENTS)"
)


def with_keys(table):
    return f"TRANSFORM.{table} JOIN {KEYS} AS keys USING (topic_id, kafka_partition, kafka_offset)"


def encoded(text: str) -> bytes:
    return text.encode()


def keyed_records() -> list[tuple[bytes, bytes | None]]:
    return [(encoded(key), None if value == "NULL" else encoded(value)) for key, (value, _) in KEYED.items()]


def typed_records() -> list[tuple[None, bytes]]:
    return [(None, encoded(line)) for line in TYPED]


def test_whatever_somebody_produces_lands_or_is_rejected_by_name(world):
    one_partition = {"KAFKA_PARTITIONS": "1"}
    # Most of these records are bad ones.
    world.env["SPOTIFY_MAX_REJECT_RATIO"] = "0.9"
    # The topic, made as the pipeline makes it; behind every bad record stands a good one of the same partition.
    world.must("simulate", "--events", 10, env=one_partition)
    kafka = world.services.kafka
    kafka.produce(world.topic, keyed_records())
    kafka.produce(world.topic, typed_records())
    produce_bytes(
        world.services.kafka_address,
        world.topic,
        0,
        [(key, value, []) for key, (value, _) in RAW.items()]
        + [(b"\xff\xfe key", event().encode(), [(b"trace", b"\x00\xff"), (b"empty", None)])],
    )
    kafka.produce(world.topic, [(b"twin", encoded(event(event_id=TWICE)))])

    limit = ("--value-bytes-max", 5 * MIB // 2)
    world.catch_up(*limit, env=one_partition)
    report = world.prove(*limit)

    fates = {key: fate for key, (_, fate) in KEYED.items()} | {key.decode(): fate for key, (_, fate) in RAW.items()}
    rejected = {
        key: tuple(rest)
        for key, *rest in world.rows(
            f"SELECT kafka_key, rejected_by, reason, field FROM {with_keys('SPOTIFY_REJECTED')} WHERE kafka_key IS NOT NULL"
        )
    }
    assert rejected == {key: fate for key, fate in fates.items() if fate}
    faults: dict = {}
    for key, number, by, reason, field in world.rows(
        f"SELECT kafka_key, fault, rejected_by, reason, field FROM {with_keys('SPOTIFY_FAULTS')} "
        "WHERE kafka_key IS NOT NULL ORDER BY kafka_key, fault"
    ):
        faults.setdefault(key, []).append((number, by, reason, field))
    wanted = {
        key: [fate, *(("silver", *more) for more in MORE_FAULTS.get(key, []))] for key, fate in fates.items() if fate
    }
    assert faults == {
        key: [(number, *fault) for number, fault in enumerate(all_of_it, 1)] for key, all_of_it in wanted.items()
    }
    assert report["rejected"] == len(rejected) + sum(TYPED_REASONS.values())
    assert report["faults"] == sum(map(len, wanted.values())) + sum(TYPED_REASONS.values())
    typed = dict(
        world.rows(f"SELECT reason, count(*) FROM {with_keys('SPOTIFY_REJECTED')} WHERE kafka_key IS NULL GROUP BY 1")
    )
    assert typed == TYPED_REASONS

    kept = {
        key for [key] in world.rows(f"SELECT kafka_key FROM {with_keys('SPOTIFY_SILVER')} WHERE kafka_key IS NOT NULL")
    }
    assert {key for key, fate in fates.items() if not fate} <= kept
    assert world.rows(f"SELECT kafka_key FROM {with_keys('SPOTIFY_DUPLICATES')}") == [["twin"]]
    everything = 10 + len(KEYED) + len(TYPED) + len(RAW) + 2
    assert report["offsets"] == everything
    assert report["kept"] + report["duplicates"] + report["rejected"] == everything
    [[mood]] = world.rows(
        "SELECT json_extract_string(payload, '$.mood') FROM BRONZE.SPOTIFY_EVENTS WHERE kafka_key = 'unknown members'"
    )
    assert mood == "happy"
    [[headers]] = world.rows("SELECT kafka_headers FROM BRONZE.SPOTIFY_EVENTS WHERE kafka_key_base64 IS NOT NULL")
    assert json.loads(headers) == [["trace", "AP8="], ["empty", None]]


# Names and values of one record's headers, as produced and as a line has them.
HEADERS = [
    ((b"a\0b", b"cut"), ["", "Y3V0", "YQBi"]),
    ((b"a", b"whole"), ["a", "d2hvbGU="]),
    ((b"\0", None), ["", None, "AA=="]),
    ((b"\xff\xfe", b"\0\xff"), ["", "AP8=", "//4="]),
    ((b"", b""), ["", ""]),
    ((b"", None), ["", None]),
    (("Größe ♫".encode(), b"x"), ["Größe ♫", "eA=="]),
    ((b'"\\\n', b"x"), ['"\\\n', "eA=="]),
    ((b"n" * 300, b"v" * 20_000), ["n" * 300, base64.b64encode(b"v" * 20_000).decode()]),
]
KEYS_OF_BYTES = [b"a\0b", b"\0", b"\xff\xfe", b"", b"\xed\xa0\x80", b"k" * 5000]


def test_keys_and_names_of_headers_stand_to_the_byte(world):
    """A name with U+0000 in it was cut there, and the proof agreed, since it had read the name in the same way."""
    world.must("simulate", "--events", 1, env={"KAFKA_PARTITIONS": "1"})
    headers = [header for header, _ in HEADERS]
    records = [(b"headers", event().encode(), headers), (b"refused", b"no event", headers)]
    records += [(key, event().encode(), []) for key in KEYS_OF_BYTES]
    produce_bytes(world.services.kafka_address, world.topic, 0, records)
    world.catch_up(env={"KAFKA_PARTITIONS": "1"})
    assert world.prove()["offsets"] == 1 + len(records)

    rows = world.rows("SELECT kafka_headers FROM BRONZE.SPOTIFY_EVENTS WHERE kafka_key = 'headers'")
    rows += world.rows("SELECT kafka_headers FROM BRONZE.REJECTED_EVENTS WHERE kafka_key = 'refused'")
    assert [json.loads(text) for [text] in rows] == [[line for _, line in HEADERS]] * 2
    keys = world.rows(
        "SELECT kafka_key, kafka_key_base64 FROM BRONZE.SPOTIFY_EVENTS WHERE kafka_offset > 2 ORDER BY kafka_offset"
    )
    assert [key.encode() if coded is None else base64.b64decode(coded) for key, coded in keys] == KEYS_OF_BYTES


def test_bad_records_among_a_thousand_others_do_not_hold_up_a_running_sink(world):
    simulator = world.start_simulator(500)
    sink = world.start_sink()
    world.wait_for_objects(3)
    for partition in range(3):
        produce_bytes(
            world.services.kafka_address,
            world.topic,
            partition,
            [(None, None, []), (None, b"\xff", []), (None, b"{" * 5000, []), (b"k", b"[[[[", [])] * 25,
        )
    objects = len(world.objects())
    world.wait_for_objects(objects + 10)
    world.stop_simulator(simulator)
    finished = sink.stop()
    assert finished.code == 0, str(finished)
    world.catch_up()
    report = world.prove()
    assert (report["kept"], report["rejected"]) == (world.acked, 300)
