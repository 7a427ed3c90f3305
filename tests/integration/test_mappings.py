"""Foreign records: what a mapping makes of them ends in proved marts, in the same cells on both warehouses."""

import base64
import json
import os
import shutil
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from driver import lake_object
from driver.batch import produce_bytes
from driver.services import clean_environment
from driver.warehouse import change
from test_bad_input import event
from test_bad_input_on_both_warehouses import OnSnowflake, differing
from test_live_pages import address, ask, listening

MAPPINGS = Path(__file__).resolve().parents[2] / "mappings"
SAMPLES = MAPPINGS / "samples"
# What becomes of the records of each sample: kept, or the faults that silver finds.
FATES = {
    "listenbrainz": ["kept", "kept", "missing_field event_id, missing_field song_id, missing_field song_name", "kept"],
    "spotify-extended": [
        "kept",
        "kept",
        "missing_field event_id, missing_field song_id, missing_field song_name, missing_field artist_name",
    ],
    "spotify-account": ["kept", "kept", "wrong_type timestamp"],
    "lastfm": ["kept", "missing_field event_id, missing_field timestamp"],
    "eventsim": [
        "kept",
        "wrong_type event_type, missing_field song_id, missing_field song_name, missing_field artist_name",
        "kept",
    ],
    "debezium": [
        "kept",
        "kept",
        "missing_field event_id, missing_field event_type, missing_field user_id, missing_field song_id, missing_field song_name, "
        "missing_field artist_name, missing_field device_type, missing_field country, missing_field timestamp",
        "wrong_type event_type, wrong_type device_type, wrong_type duration_ms",
    ],
}
# Members of each sample's first event that say whether its mapping reads what it should.
FIRST = {
    "listenbrainz": {"timestamp": "2023-02-01T16:30:00.000000Z", "device_type": "mobile", "duration_ms": 305000},
    "spotify-extended": {"timestamp": "2023-01-05T18:08:01.000000Z", "event_type": "play", "position_ms": 201000},
    "spotify-account": {"timestamp": "2023-05-04T12:28:31.000000Z", "song_name": "Teardrop"},
    "lastfm": {"timestamp": "2019-01-01T00:00:00.000000Z", "artist_name": "Portishead"},
    "eventsim": {"timestamp": "2018-10-01T00:01:57.000000Z", "session_id": "29", "country": "US"},
    "debezium": {"timestamp": "2026-02-15T17:52:36.123456Z", "event_type": "play", "duration_ms": 203000},
}


def records(name: str) -> list[bytes]:
    return (SAMPLES / f"{name}.jsonl").read_bytes().splitlines()


@pytest.fixture
def check(binary, deps, tmp_path):
    def run(*arguments, stdin: bytes = b"") -> subprocess.CompletedProcess:
        env = clean_environment() | {"SDP_DEPS_DIR": str(deps)}
        command = [binary, "map", "check", *map(str, arguments)]
        return subprocess.run(command, env=env, cwd=tmp_path, input=stdin, capture_output=True, timeout=60, check=False)

    return run


def test_every_mapping_has_a_sample():
    assert {path.stem for path in MAPPINGS.glob("*.toml")} == set(FATES) == {path.stem for path in SAMPLES.glob("*")}


@pytest.mark.parametrize("name", FATES)
def test_map_check_shows_what_becomes_of_records(check, name):
    done = check(name, "--sample", SAMPLES / f"{name}.jsonl", "--json")
    assert done.returncode == 21, done
    answer = json.loads(done.stdout)
    assert answer["schema_version"] == 1
    fates = [
        ", ".join(f"{fault['reason']} {fault['field']}" for fault in one["faults"]) or "kept"
        for one in answer["records"]
    ]
    assert fates == FATES[name]
    assert answer["records"][0]["event"].items() >= FIRST[name].items()

    # Kept records alone, as an array from standard input.
    kept = [json.loads(record) for record, fate in zip(records(name), FATES[name], strict=True) if fate == "kept"]
    done = check(MAPPINGS / f"{name}.toml", "--sample", "-", stdin=json.dumps(kept * 20).encode())
    assert done.returncode == 0, done
    assert b"10 of 10 records are kept" in done.stdout


def test_map_check_says_what_the_sink_refuses(check):
    framed = b"\0\0\0\0\x07" + records("lastfm")[0]
    done = check("lastfm", "--sample", "-", "--json", stdin=b'hello\n[1]\n{"_raw":1}\n' + framed)
    assert done.returncode == 21
    answer = json.loads(done.stdout)["records"]
    assert [one.get("refused_by_sink") for one in answer] == ["not_json", "not_object", "reserved_member", None]
    assert answer[-1]["event"].items() >= FIRST["lastfm"].items()


def test_map_check_says_what_an_earlier_version_rejected_and_this_one_keeps(check, tmp_path):
    at = datetime(2026, 2, 15, 20, tzinfo=UTC)
    own = '{{"_kafka_partition":0,"_kafka_offset":{},"_kafka_timestamp":{},"_kafka_key":null,"_error":"not_json","_raw":"{}"}}\n'
    values = [b"\0\0\0\0\x07" + records("lastfm")[0], b"\0\0\0\0\x07{", b"no JSON"]
    milliseconds = int(at.timestamp() * 1000)
    lines = [own.format(n, milliseconds, base64.b64encode(value).decode()) for n, value in enumerate(values)]
    lake_object.put(tmp_path / "lake", at, milliseconds, 0, lines)
    answer = json.loads(check("lastfm", "--lake", tmp_path / "lake", "--json").stdout)["records"]
    assert [one["refused_by_sink"] for one in answer] == ["not_json"] * 3
    assert ["an earlier version rejected it" in one.get("note", "") for one in answer] == [True, False, False]


def test_a_mapping_is_tried_on_the_newest_records_of_a_topic_and_of_a_lake(world):
    """The same ones in both, and as on a file."""
    count = mapped_world(world, "listenbrainz")
    topic, lake = ("--topic", world.topic), ("--lake", world.env["SPOTIFY_LAKE"])
    for words, offsets in (((), range(count)), (("--records", 2), range(count - 2, count))):
        answers = [world.run("map", "check", "listenbrainz", *place, *words, "--json") for place in (topic, lake)]
        assert [one.code for one in answers] == [21, 21], str(answers)
        [of_topic, of_lake] = (json.loads(one.out)["records"] for one in answers)
        assert of_topic == of_lake
        assert [(one["partition"], one["offset"]) for one in of_topic] == [(0, offset) for offset in offsets]
        fates = ["kept" if one["kept"] else one.get("refused_by_sink", "silver") for one in of_topic]
        assert fates == ["kept", "kept", "silver", "kept", "kept", "silver", "not_json", "silver"][offsets.start :]

    told = world.run("map", "check", "listenbrainz", *topic, "--records", 2)
    assert f"{world.topic}/0/{count - 1}: rejected: missing_field event_id" in told.out
    assert "0 of 2 records are kept\n  1: missing_field" in told.out
    assert world.run("map", "check", "listenbrainz", *topic, "--services-data", world.folder).code == 21
    # Each says where the records are; and what would not be asked is not named in vain.
    for words in (
        (*topic, *lake),
        ("--sample", "-", *topic),
        ("--bootstrap-servers", "127.0.0.1:1"),
        ("--s3-region", "x", *topic),
    ):
        refused = world.run("map", "check", "listenbrainz", *words)
        assert refused.code == 78, str(refused)
    (world.folder / "empty").mkdir()
    nothing = world.run("map", "check", "listenbrainz", "--lake", world.folder / "empty")
    assert nothing.code == 65, str(nothing)


@pytest.mark.parametrize("place", ["-", "pipe"])
def test_a_sample_that_nobody_sends_can_be_waited_for_and_stopped(binary, deps, tmp_path, place):
    os.mkfifo(tmp_path / "pipe")
    command = [binary, "map", "check", "listenbrainz", "--sample", place]
    env = clean_environment() | {"SDP_DEPS_DIR": str(deps)}
    with subprocess.Popen(command, env=env, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130, process.stderr.read()


def test_records_of_an_array_are_mapped_as_they_are_written(check):
    """The first of two members counts, a number may be of any size, and how deep a record nests is the sink's to say."""
    first = records("listenbrainz")[0].decode()
    twice = first[:-1] + ',"user_name":"another"}'
    large = first[:-1] + ',"more":1e999}'
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    answers = []
    lines = "\n".join([first, twice, large, deep])
    # Editors of Windows begin a file with a mark.
    for sample in (
        f"[{first},\n{twice} ,{large}, {deep}]",
        lines,
        f"\ufeff{lines}",
        f"\ufeff[{first},{twice},{large},{deep}]",
    ):
        done = check("listenbrainz", "--sample", "-", "--json", stdin=sample.encode())
        assert done.returncode == 21, done
        answers.append(json.loads(done.stdout)["records"])
    assert answers.count(answers[0]) == 4
    assert [one["kept"] for one in answers[0]] == [True, True, True, False]
    assert answers[0][0]["event"] == answers[0][1]["event"] == answers[0][2]["event"]


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        (("epoch_s", "epoch"), "timestamp", "is none of rfc3339, minute, datetime, epoch_s, epoch_ms, epoch_us"),
        (('"/listened_at"\ntime', '"listened_at"\ntime'), "timestamp", "must begin with /"),
        (('unit = "ms"', 'unit = "hours"'), "duration_ms", "is none of us, ms, s, min"),
        (('[country]\nconstant = "ZZ"\n', ""), "country", "does not say from where"),
        (('constant = "ZZ"', 'constant = "nowhere"'), "country", "two letters"),
        (("[song_name]", "[song_name"), "mapping", "is not TOML"),
    ],
)
def test_a_wrong_mapping_is_named_by_file_line_and_field(check, tmp_path, change, field, said):
    text = (MAPPINGS / "listenbrainz.toml").read_text()
    line = 1 + text[: text.index(change[0])].count("\n") if change[1] else 1
    path = tmp_path / "wrong.toml"
    path.write_text(text.replace(*change))
    done = check(path)
    assert done.returncode == 78, done
    assert f"{path}:{line}: {field}: " in done.stderr.decode()
    assert said in done.stderr.decode()


def fill(world, mapping, values: list[bytes]) -> None:
    world.env |= {"SPOTIFY_MAPPING": str(mapping), "KAFKA_PARTITIONS": "1", "SPOTIFY_MAX_REJECT_RATIO": "1"}
    world.must("init")
    produce_bytes(world.services.kafka_address, world.topic, 0, [(None, value, []) for value in values])
    world.catch_up()


def mapped_world(world, name: str) -> int:
    """A world whose topic has the sample's records, an event of ours, and what is not a JSON object. Every second value has the id of
    a schema in front of it, in which one byte is a line break."""
    hostile = (
        records(name)[0]
        .decode()
        .replace("Levitating", 'it\'s \\\\ \\"odd\\" ♫')
        .replace("Jóga", 'it\'s \\\\ \\"odd\\" ♫')
    )
    values = [*records(name), hostile.encode(), event().encode(), b"no JSON", b"{}"]
    fill(world, name, [b"\0\0\0\0\x0a" * (number % 2) + value for number, value in enumerate(values)])
    return len(values)


@pytest.mark.parametrize("name", ["listenbrainz", pytest.param("debezium", marks=pytest.mark.wide)])
def test_foreign_records_end_in_proved_marts(world, emulator, name):
    count = mapped_world(world, name)
    report = world.prove()
    kept = FATES[name].count("kept")
    assert report["kept"] + report["duplicates"] + report["rejected"] == count
    # The changed copy has an identity of its own where it is made of names.
    assert report["kept"] == (kept + 1 if name == "listenbrainz" else 1)
    # What is rejected is shown as it came.
    payloads = {
        payload
        for [payload] in world.rows("SELECT payload FROM TRANSFORM.SPOTIFY_REJECTED WHERE rejected_by = 'silver'")
    }
    assert records(name)[2].decode() in payloads
    [[songs]] = world.rows("SELECT count(*) FROM MART.TOP_SONGS")
    assert songs > 0

    snowflake = OnSnowflake(world, emulator)
    assert snowflake.prove()["proved"] is True
    assert differing(world, snowflake) == []


# Each conversion, by names and values that SQL, paths and formats could stumble over.
ODD = r"""
mapping = 1
[event_id]
uuid5 = ["/id"]
[event_type]
pointer = "/a.b/0"
table = { "it's \\ \"odd\" -- ; /* {{ 1 }} %s $1" = "skip", true = "pause", 5 = "add_to_playlist" }
default = "play"
[user_id]
uuid5 = ["/*", "/$"]
separator = "'\\;--"
[song_id]
uuid5 = ["/"]
namespace = "url"
[song_name]
pointer = "/~1x~0 'y\"é\\/1"
default = "no 'name'\\; -- {{ x }} %s"
[artist_name]
pointer = "/"
text = true
[device_type]
constant = "web"
[country]
constant = "DE"
[timestamp]
pointer = "/when"
TIME
minus = "/less"
[session_id]
pointer = "/#-1"
text = true
[position_ms]
pointer = "/number"
[duration_ms]
pointer = "/number"
unit = "us"
"""
HOSTILE = 'it\'s \\ "odd" -- ; /* {{ 1 }} %s $1'
NUMBERS = [
    "5",
    "5.0",
    "5e2",
    "0.5",
    "-7",
    "-0.0",
    "1e999",
    "9007199254740991",
    "9007199254740992",
    "123456789012345678901234567890",
]
NUMBERS += ['"5"', '"05"', '"-5"', '"5.0"', '"x"', "true", "null", "[5]", '{"5":5}']
TIMES = {
    "rfc3339": [
        '"2026-02-15T17:52:36.1234567Z"',
        '"2026-03-01T00:00:00Z"',
        '"2026-02-30T00:00:00Z"',
        '"2026-02-15T17:52:36+01:00"',
        "5",
    ],
    "datetime": [
        '"2026-02-15 17:52:36.1234567"',
        '"2026-03-01T00:00:00"',
        '"2026-02-30 00:00:00"',
        '"2026-02-15 17:52"',
        "5",
    ],
    "epoch_us": ["1771177956123456", '"1771177956123456"', "-1", "0.5", "9007199254740991", '"x"'],
}


def odd_records(time: str) -> list[bytes]:
    names = [json.dumps(HOSTILE), '"x"', '""', '"\\u00e9\\n"', "7", "true", "null", "{}"]
    made = []
    for i in range(len(NUMBERS) * 2):
        name, number, when = names[i % len(names)], NUMBERS[i % len(NUMBERS)], TIMES[time][i % len(TIMES[time])]
        # One thing that may be wrong at a time, now and then.
        name, number, when = [
            one if i % 3 == turn else usual
            for turn, (one, usual) in enumerate([(name, json.dumps(HOSTILE)), (number, "5000"), (when, TIMES[time][0])])
        ]
        members = [
            ("id", i),
            ("a.b", f"[{names[(i + 3) % len(names)]}]"),
            ("*", name),
            ("$", number),
            ("", name),
            ("", '"the second of this name"'),
            ("/x~ 'y\"é\\", f'["none", {name}]'),
            ("when", when),
            ("less", 1001 if i % 3 else '"1"'),
            ("#-1", number),
            ("number", number),
        ]
        made.append("{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in members) + "}")
    return [one.encode() for one in made]


@pytest.mark.parametrize(
    ("time", "on_both"),
    [
        pytest.param("rfc3339", False, id="rfc3339"),
        *(pytest.param(time, True, id=f"{time} on both", marks=pytest.mark.wide) for time in TIMES),
    ],
)
def test_odd_names_and_values_are_mapped_as_verify_maps_them(world, emulator, tmp_path, time, on_both):
    mapping = tmp_path / "odd.toml"
    mapping.write_text(ODD.replace("TIME", f'time = "{time}"'))
    fill(world, mapping, odd_records(time))
    report = world.prove()
    assert report["kept"] > 3
    assert report["rejected"] > 3
    if not on_both:
        return
    snowflake = OnSnowflake(world, emulator)
    assert snowflake.prove()["proved"] is True
    assert differing(world, snowflake) == []


def mapping_by_doctor(world, **env) -> tuple[bool, str]:
    checks = json.loads(world.run("doctor", "--json", env=env).out)["checks"]
    [one] = [check for check in checks if check["check"] == "mapping"]
    return one["ok"], one["message"]


def test_a_changed_mapping_is_refused_until_all_is_judged_again(world, tmp_path):
    mapped_world(world, "listenbrainz")
    assert mapping_by_doctor(world)[0]
    world.prove()
    ok, said = mapping_by_doctor(world)
    assert ok and "listenbrainz" in said, said
    # As often as it is asked, dbt has nothing to do.
    work = ("--work-dir", world.folder / "transform")
    assert json.loads(world.must("transform", *work, "--json").out)["built"] is False

    other = tmp_path / "other.toml"
    text = (MAPPINGS / "listenbrainz.toml").read_text()
    other.write_text("# The same, said otherwise.\n" + text)
    world.must("verify", "--mapping", other)
    other.write_text(text.replace('default = "desktop"', 'default = "web"'))
    for mapping, said in (({"SPOTIFY_MAPPING": str(other)}, "--mapping"), ({"SPOTIFY_MAPPING": ""}, "--full-refresh")):
        refused = world.run("verify", env=mapping)
        assert refused.code == 78, str(refused)
        refused = world.run("transform", *work, env=mapping)
        assert refused.code == 1, str(refused)
        assert "transform --full-refresh" in refused.err, str(refused)
        assert said in refused.err
        ok, doctor_said = mapping_by_doctor(world, **mapping)
        assert not ok and "--full-refresh" in doctor_said, doctor_said
    ok, said = mapping_by_doctor(world, SPOTIFY_MAPPING=str(tmp_path / "none.toml"))
    assert not ok and "none.toml" in said, said
    # It was refused before it changed anything.
    world.must("verify", "--allow-pending")

    world.env["SPOTIFY_MAPPING"] = str(other)
    world.must("transform", *work, "--full-refresh")
    report = json.loads(world.must("verify", "--json").out)
    assert report["proved"] is True
    assert world.rows("SELECT DISTINCT device_type FROM TRANSFORM.SPOTIFY_SILVER ORDER BY 1") == [["mobile"], ["web"]]


def test_pages_show_what_becomes_of_a_record_by_the_mapping(world):
    mapped_world(world, "listenbrainz")
    running = world.start("serve", "--flow", "--listen", "127.0.0.1:0")
    url = address(running)
    by_mapping = [ask(url, "record", partition=0, offset=offset) for offset in (0, 2, 6)]
    assert [one["code"] for one in by_mapping] == ["", "missing_field", "not_json"]
    assert "what the mapping makes of it" in by_mapping[1]["reason"]
    with listening(url, "records") as records:
        shown = records.until("records", lambda told: len(told["records"]) == 8)["records"]
    assert [one["code"] for one in shown[:4]] == ["", "", "missing_field", ""]
    running.stop()

    refused = world.run("serve", "--flow", "--listen", "127.0.0.1:0", "--mapping", world.folder / "none.toml")
    assert refused.code == 78, str(refused)


def test_verify_finds_a_cell_that_the_mapping_did_not_make(world):
    mapped_world(world, "listenbrainz")
    world.prove()
    spoilt = world.folder / "spoilt"
    spoilt.mkdir()
    warehouse = spoilt / "spotify_db.duckdb"
    shutil.copy(world.env["SPOTIFY_WAREHOUSE"], warehouse)
    sql = "UPDATE TRANSFORM.INT_EVENTS_JUDGED SET device_type = 'web' WHERE device_type = 'desktop'"
    change(world.services.deps, warehouse, sql)
    finished = world.run("verify", env={"SPOTIFY_WAREHOUSE": str(warehouse)})
    assert finished.code == 20, str(finished)
    assert "device_type is 'web' instead of 'desktop'" in finished.out
