"""Payloads that go wrong in every way which a JSON object allows, from a seed."""

import json
import uuid

import timestamps
from recount import PROPERTIES, REQUIRED

# Each field's example, but for a song whose name wants care.
VALID = {name: json.dumps(about["examples"][0]) for name, about in PROPERTIES.items()} | {"song_name": '"God\'s Plan"'}
OPTIONAL = [name for name in PROPERTIES if name not in REQUIRED]

NASTY = [
    "null", "true", "false", "[]", "{}", '["play"]', '{"a":{"b":[null,1e400]}}', "[" * 60 + "]" * 60,
    "0", "-0", "0.0", "-0.0", "1.0", "1e3", "1E+2", "-1E-2", "1e400", "-1e400", "-1", "7", "1" * 40, "-" + "9" * 40,
    "9007199254740991", "9007199254740992", "9223372036854775808", "18446744073709551616", "-9223372036854775809",
    '""', '" "', '"0"', '"7"', '"null"', '"true"', '"[]"', '"{}"', '"\\u0000"', '"a\\u0000b"', '"\\u0000\\u0000"',
    '"\\"quoted\\""', '"\\\\"', '"back\\\\slash\\/"', '"\\b\\f\\n\\r\\t"', "\"'; DROP TABLE spotify_events; --\"",
    '"😀"', '"\\ud83d\\ude00"', '"\\u202eרשימה"', '"مرحبا"', '"e\u0301"', '"\u2028"', '"%s{{ var }}{% raw %}"', '"' + "x" * 200_000 + '"',
    '"' + "é" * 5_000 + '"', '"play"', '"Play"', '"play "', '"skip\\u0000"', '"pl\\u0061y"', '"add_to_playlist"', '"pause"',
    '"mobile"', '"web"', '"tv"', '"US"', '"us"', '"USA"', '"U\\u0053"', '"Ü"', '"ÜÜ"', '"U\\u0000"', '"DE\\n"', '"D"',
    '"00112233-4455-4677-8899-AABBCCDDEEFF"', '"00112233-4455-4677-8899-aabbccddeefg"',
    '"00112233445546778899aabbccddeeff"', '"{00112233-4455-4677-8899-aabbccddeeff}"',
    '"00112233-4455-4677-8899-aabbccddeeff "', '"0011223-34455-4677-8899-aabbccddeeff"',
    '"71ffffa9f-1423-4495-a311-74e985682796"', '"00112233-4455-4677-8899-aabbccddeef\\u0066"',
    '"00112233-4455-4677-8899-aabbccddeef\\u0000"', '"٠٠112233-4455-4677-8899-aabbccddeeff"',
    '"2026-02-30T00:00:00Z"', '"2026-02-28T00:00:00Z"', '"2024-02-29T23:59:59.999999999Z"', '"2026-02-29T00:00:00Z"',
    '"0000-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"1999-12-31T23:59:59.999Z"', '"2000-01-01T00:00:00Z"',
    '"2099-12-31T23:59:59.999999999+00:00"', '"2100-01-01T00:00:00Z"', '"2026-02-15T24:00:00Z"', '"2026-02-15T23:60:00Z"',
    '"2026-02-15T17:52:60Z"', '"2026-02-15T17:52:36"', '"2026-02-15 17:52:36Z"', '"2026-02-15T17:52:36z"',
    '"2026-02-15T17:52:36+01:00"', '"2026-02-15T17:52:36-00:00"', '"2026-02-15T17:52:36.Z"', '"2026-02-15T17:52:36.1Z"',
    '"2026-02-15T17:52:36.1234567890Z"', '"2026-02-15T17:52:36.123456+00:00"', '"2026-00-15T17:52:36Z"', '"2026-13-15T17:52:36Z"',
    '"2026-02-00T17:52:36Z"', '"2026-2-15T17:52:36Z"', '"2026-02-15T17:52Z"', '"٢٠٢٦-02-15T17:52:36Z"', '"+2026-02-15T17:52:36Z"',
    '"2026-02-15T17:52:36Z\\n"', '"2026-02-15t17:52:36.5+05:45"', '"2026-02-15T17:52:36-23:59"', '"2026-02-15T17:52:36+24:00"',
    '"2026-02-15T17:52:36+02:60"', '"2026-02-15T17:52:36+0200"', '"1999-12-31T23:00:00.1-01:00"', '"2000-01-01T00:59:59+01:00"',
    '"2100-01-01T00:59:59.999999+01:00"', '"2099-12-31T23:00:00-01:00"', '" 2026-02-15T17:52:36Z"', '"20260215T175236Z"',
    '"1771177956123"', "1771177956123", '"infinity"', '"now"',
    '"epoch"',
]  # fmt: skip

EXTRA = [
    '"more":[1,{"x":null},"y"]', '"big":1e999', '"":0', '"event_ID":1', '"Event_id":"x"', '"a.b":1', '"$.event_id":"x"',
    '"deep":' + '{"d":' * 60 + "1" + "}" * 60, '"emoji 😀":"\\u0000"', "\"quote'\":1", '"event_id\\u0000":"x"',
]  # fmt: skip


def text(rng, members):
    """A JSON object; sometimes with spaces, escaped names, unknown and doubled members."""
    parts = []
    for name, value in members:
        written = f"\\u{ord(name[0]):04x}{name[1:]}" if rng.random() < 0.03 else name
        space = " " if rng.random() < 0.1 else ""
        parts.append(f'{space}"{written}"{space}:{space}{value}')
    if rng.random() < 0.2:
        parts.insert(rng.randrange(len(parts) + 1), rng.choice(EXTRA))
    return "{" + ",".join(parts) + "}"


def each_field_with_each_value(rng):
    for name in VALID:
        for value in NASTY:
            members = dict(VALID, event_id=json.dumps(str(uuid.UUID(int=rng.getrandbits(128)))))
            members[name] = value
            yield text(rng, members.items())
        members = dict(VALID)
        del members[name]
        yield text(rng, members.items())


def plausible(rng, ids):
    """Mostly valid, of few ids, songs and users, so that duplicates, marts and conflicts of names come about."""
    event_id = rng.choice(ids)
    members = dict(
        VALID,
        event_id=json.dumps(event_id.upper() if rng.random() < 0.2 else event_id),
        event_type=rng.choice(['"play"', '"pause"', '"skip"', '"add_to_playlist"']),
        user_id=f'"881dc191-47cf-4642-b4b2-9334c488cd6{rng.randrange(4)}"',
        song_id=f'"09a7d5c8-d131-55b1-9758-8cfdc637565{rng.randrange(4)}"',
        device_type=rng.choice(['"mobile"', '"desktop"', '"web"']),
        country=rng.choice(['"CA"', '"DE"', '"IN"']),
        timestamp=f'"2026-02-1{rng.randrange(3)}T{rng.choice(["00:00:00", "23:59:59"])}.{rng.choice(["0", "999", "999999999"])}Z"',
    )
    if rng.random() < 0.3:
        members["song_name"] = rng.choice(
            ['"Ünder"', '"Zebra"', '"zebra"', '"ÿ"', '"\\uffff"', '"😀"', '"a\\u0000"', '"a"', '""']
        )
    for name in OPTIONAL:
        if rng.random() < 0.3:
            del members[name]
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        members[rng.choice(list(members))] = rng.choice(NASTY)
    pairs = list(members.items())
    if rng.random() < 0.3:
        rng.shuffle(pairs)
    if rng.random() < 0.2:
        name = rng.choice(list(VALID))
        pairs.insert(rng.randrange(len(pairs) + 1), (name, rng.choice([VALID[name], *NASTY])))
    return text(rng, pairs)


def payloads(rng, plausible_count):
    yield from ("{}", "{ }", '{"event_id":null}')
    yield from each_field_with_each_value(rng)
    for time in timestamps.texts():
        event_id = json.dumps(str(uuid.UUID(int=rng.getrandbits(128))))
        yield text(rng, dict(VALID, event_id=event_id, timestamp=json.dumps(time)).items())
    ids = [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(plausible_count // 3)]
    for _ in range(plausible_count):
        yield plausible(rng, ids)
