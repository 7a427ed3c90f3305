"""A person's listening history, as services export it, becomes events: exports are made here from the services' public
descriptions, and the marts are compared with what Python counts in the same files (docs/history.md)."""

import csv
import datetime
import io
import json
import random
import stat
import time
import uuid
import zipfile
import zlib

import pytest
from driver.recount import recounted, texts

UTC = datetime.UTC
BEGIN = datetime.datetime(2014, 3, 1, 20, 0, tzinfo=UTC)
OWN_DOING = {"fwdbtn", "backbtn", "clickrow", "clickside", "playbtn", "nextbtn", "prevbtn", "uriopen"}
DEVICES = {
    "iOS 14.4 (iPhone12,1)": "mobile",
    "Windows 10 (10.0.19042; x64)": "desktop",
    "web_player linux undefined;chrome 99.0.4844.74;desktop": "web",
    "Partner sonos_ppc Sonos;Play1": "desktop",
    "not_applicable": "mobile",
}


def uuid5(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def moment(when: datetime.datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def track_uri(song: int) -> str:
    return f"spotify:track:{song:022d}"


def extended_rows(number: int, seed: int = 1, days: int = 3650) -> list[dict]:
    """As in `Streaming_History_Audio_2014-2024_0.json`."""
    drawn = random.Random(seed)
    step = datetime.timedelta(days=days) / number
    rows, now = [], BEGIN
    for _ in range(number):
        now += step
        song = int(drawn.paretovariate(1)) % 400
        rows.append(
            {
                "ts": moment(now),
                "username": "ada",
                "platform": drawn.choice(list(DEVICES)),
                "ms_played": drawn.choice([0, 1_480, 31_000, 187_123]),
                "conn_country": drawn.choice(["GB", "DE", "ZZ"]),
                "ip_addr": "192.0.2.17",
                "master_metadata_track_name": f"Song {song} — é",
                "master_metadata_album_artist_name": f"Artist {song % 60}",
                "master_metadata_album_album_name": "Album",
                "spotify_track_uri": track_uri(song),
                "episode_name": None,
                "spotify_episode_uri": None,
                "reason_start": "trackdone",
                "reason_end": drawn.choice(["trackdone", "fwdbtn", "clickrow", "logout", "endplay"]),
                "shuffle": False,
                "skipped": drawn.choice([None, False, True]),
                "offline": False,
                "offline_timestamp": None,
                "incognito_mode": False,
            }
        )
    return rows


def episode(row: dict) -> dict:
    nothing = {"master_metadata_track_name": None, "master_metadata_album_artist_name": None, "spotify_track_uri": None}
    return row | nothing | {"episode_name": "One", "spotify_episode_uri": "spotify:episode:1"}


def account_rows(number: int, begin: datetime.datetime = BEGIN) -> list[dict]:
    """As in `StreamingHistory_music_0.json`."""
    return [
        {
            "endTime": (begin + datetime.timedelta(hours=7 * i)).strftime("%Y-%m-%d %H:%M"),
            "artistName": f"Artist {i % 7}",
            "trackName": f"Song {i % 30}",
            "msPlayed": 1_000 * (i % 200),
        }
        for i in range(number)
    ]


def event(kind: str, user: str, song_id: str, song: str, artist: str, when: datetime.datetime, **more) -> dict:
    of_person = {"event_type": kind, "user_id": user, "device_type": "mobile", "country": "ZZ"}
    return of_person | {"song_id": song_id, "song_name": song, "artist_name": artist, "timestamp": moment(when)} | more


def heard_in_extended(rows: list[dict], account: str = "ada") -> list[dict]:
    made = []
    for row in rows:
        if row["master_metadata_track_name"] is None:
            continue
        stopped = datetime.datetime.strptime(row["ts"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if stopped.year < 2000 or stopped > datetime.datetime.now(UTC) + datetime.timedelta(days=1):
            continue
        song = [row["master_metadata_track_name"], row["master_metadata_album_artist_name"]]
        where = {
            "country": "UK" if row["conn_country"] == "GB" else row["conn_country"],
            "device_type": DEVICES[row["platform"]],
        }
        who = [uuid5(f"listener:{account}"), uuid5(row["spotify_track_uri"]), *song]
        began = stopped - datetime.timedelta(milliseconds=row["ms_played"])
        made.append(event("play", *who, began, **where))
        if row["skipped"] or row["reason_end"] in OWN_DOING:
            made.append(event("skip", *who, stopped, **where))
    return made


def played(account: str, song: str, artist: str, began: datetime.datetime) -> dict:
    return event("play", uuid5(f"listener:{account}"), uuid5(f"{artist}::{song}"), song, artist, began)


def heard_in_account(rows: list[dict], account: str) -> list[dict]:
    made = []
    for row in rows:
        ended = datetime.datetime.strptime(row["endTime"], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        began = ended - datetime.timedelta(milliseconds=row["msPlayed"])
        made.append(played(account, row["trackName"], row["artistName"], began))
    return made


def marts(pipeline) -> dict[str, list]:
    songs = "song_id, song_name, artist_name, total_plays, total_skips"
    listeners = "user_id, device_type, country, total_plays, total_skips, playlist_adds, day"
    return {
        "TOP_SONGS": sorted(texts(pipeline.rows(f"SELECT {songs} FROM MART.TOP_SONGS"))),
        "USER_ENGAGEMENT": sorted(texts(pipeline.rows(f"SELECT {listeners} FROM MART.USER_ENGAGEMENT"))),
    }


def counted(events: list[dict]) -> dict[str, list]:
    return {name: sorted(rows) for name, rows in recounted(events).items()}


def fates(finished) -> dict[str, int]:
    """What became of the rows, which must add up."""
    [read] = finished.events("import.read")
    names = ("kept", "no_music", "refused", "covered", "known")
    assert sum(read[name] for name in names) == read["rows_read"], read
    return {name: read[name] for name in names if read[name]}


def imported(embedded, path, *arguments):
    finished = embedded.start("--import", path, *arguments).wait(180)
    assert finished.code == 0, str(finished)
    assert "proved: " in finished.out, str(finished)
    return finished


def write(path, rows) -> str:
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return path


def test_marts_equal_what_the_export_says_and_a_second_import_changes_none(embedded, tmp_path):
    rows = extended_rows(1_500)
    rows[7] = episode(rows[7])
    rows[8] = rows[8] | {"ts": "1970-01-01T00:00:00Z"}
    rows[9] = rows[9] | {"ts": "2098-01-01T00:00:00Z"}
    rows[11] = dict(rows[10])  # the same row twice is two plays
    whole = write(tmp_path / "Streaming_History_Audio.json", rows)
    finished = imported(embedded, whole)
    assert fates(finished) == {"kept": 1_497, "no_music": 1, "refused": 2}
    assert f"refused before_2000: 1; first: {whole}, row 9, ts: 1970-01-01T00:00:00Z" in finished.out, finished.out
    assert f"refused in_the_future: 1; first: {whole}, row 10, ts: 2098" in finished.out, finished.out
    assert f"skipped episode: 1; first: {whole}, row 8, " in finished.out, finished.out
    wanted = counted(heard_in_extended(rows))
    first = marts(embedded)
    assert first == wanted
    assert embedded.verify()["proved"]  # the other marts, too
    assert stat.S_IMODE(embedded.data.stat().st_mode) == 0o700
    dropped = b"192.0.2.17"
    assert not [path for path in embedded.data.rglob("*") if path.is_file() and dropped in path.read_bytes()]

    # Known by its bytes: no event is produced.
    [[before]] = embedded.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS")
    assert fates(imported(embedded, whole)) == {"known": 1_500}
    assert embedded.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS") == [[before]]
    # Other files with rows that overlap: their events are duplicates.
    write(tmp_path / "half.json", rows[:800])
    imported(embedded, tmp_path / "half.json")
    assert marts(embedded) == first
    [[after]] = embedded.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS")
    [[duplicates]] = embedded.rows("SELECT count(*) FROM TRANSFORM.SPOTIFY_DUPLICATES")
    assert after > before
    assert duplicates == after - before
    # Ten years, and the windows end with the newest hour that was heard.
    [[days]] = embedded.rows("SELECT max(day) - min(day) FROM MART.USER_ENGAGEMENT")
    assert int(days) > 3_600
    [[windows]] = embedded.rows("SELECT count(DISTINCT window_hours) FROM MART.SONG_WINDOWS")
    assert windows == 3


def test_overlapping_halves_make_what_the_whole_makes(embedded, tmp_path):
    rows = extended_rows(900, seed=2)
    folder = tmp_path / "halves"
    folder.mkdir()
    write(folder / "Streaming_History_Audio_0.json", rows[:600])
    write(folder / "Streaming_History_Audio_1.json", rows[300:])
    (folder / "Playlist1.json").write_text('{"playlists": [{"name": "x"}]}')
    finished = imported(embedded, folder)
    assert fates(finished) == {"kept": 1_200}
    assert "Ignored, as not a listening history: " in finished.out
    assert marts(embedded) == counted(heard_in_extended(rows))


def test_a_zip_file_with_both_kinds_counts_each_day_once(embedded, tmp_path):
    extended = extended_rows(60, seed=3, days=20)
    account = account_rows(120, BEGIN + datetime.timedelta(days=10))
    podcasts = [{"endTime": "2014-03-05 10:00", "podcastName": "p", "episodeName": "e", "msPlayed": 5}]
    path = tmp_path / "my_spotify_data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("Spotify Account Data/StreamingHistory_music_0.json", json.dumps(account))
        packed.writestr("Spotify Account Data/StreamingHistory_podcast_0.json", json.dumps(podcasts))
        packed.writestr("Spotify Account Data/Userdata.json", '{"username": "ada", "email": "ada@example.org"}')
        text = "\ufeff" + json.dumps(extended)
        packed.writestr("Spotify Extended Streaming History/endsong_0.json", text.encode("utf-16-le"))
    days = {row["ts"][:10] for row in extended}
    uncovered = [row for row in account if row["endTime"][:10] not in days]
    assert 0 < len(uncovered) < len(account)
    finished = imported(embedded, path)
    assert fates(finished) == {"kept": 60 + len(uncovered), "no_music": 1, "covered": len(account) - len(uncovered)}
    assert marts(embedded) == counted(heard_in_extended(extended) + heard_in_account(uncovered, "ada"))


def seconds(when: datetime.datetime) -> int:
    return int(when.timestamp())


def test_scrobbles_and_listens_begin_when_they_say(embedded, tmp_path):
    """Each format into one folder, as one person: their songs are the same, so the marts add them up."""
    times = [BEGIN + datetime.timedelta(minutes=5 * i) for i in range(40)]
    songs = [(f"Song, {i % 9}", f'The "{i % 4}"') for i in range(40)]
    lines = [
        {
            "listened_at": seconds(when),
            "user_name": "ada",
            "track_metadata": {"artist_name": artist, "track_name": song, "additional_info": {"tags": ["x"]}},
        }
        for when, (song, artist) in zip(times[:10], songs[:10], strict=True)
    ]
    (tmp_path / "listens.jsonl").write_text("\n".join(map(json.dumps, lines)))
    tracks = [
        {"artist": {"#text": artist, "mbid": ""}, "name": song, "date": {"uts": str(seconds(when)), "#text": "x"}}
        for when, (song, artist) in zip(times[10:20], songs[10:20], strict=True)
    ]
    playing = {"artist": {"#text": "a"}, "name": "b", "@attr": {"nowplaying": "true"}}
    pages = [
        {"recenttracks": {"track": part, "@attr": {"user": "ada", "page": "1"}}}
        for part in ([playing, *tracks[:5]], tracks[5:])
    ]
    write(tmp_path / "pages.json", pages)
    out = io.StringIO()
    csv.writer(out).writerows(
        [artist, "Album", song, when.strftime("%d %b %Y %H:%M")]
        for when, (song, artist) in zip(times[20:30], songs[20:30], strict=True)
    )
    (tmp_path / "scrobbles.csv").write_bytes(out.getvalue().encode("utf-16"))
    fates_of = {}
    for name in ("listens.jsonl", "pages.json", "scrobbles.csv"):
        fates_of[name] = fates(imported(embedded, tmp_path / name, "--user", "ada"))
    assert fates_of["listens.jsonl"] == fates_of["scrobbles.csv"] == {"kept": 10}
    assert fates_of["pages.json"] == {"kept": 10, "no_music": 1}
    wanted = [played("ada", song, artist, when) for when, (song, artist) in zip(times[:30], songs[:30], strict=True)]
    assert marts(embedded) == counted(wanted)


def test_songs_of_eventsim_are_played_by_its_users(embedded, tmp_path):
    lines, wanted = [], []
    for i in range(60):
        when = BEGIN + datetime.timedelta(minutes=i)
        page = "NextSong" if i % 3 else "Home"
        row = {"ts": seconds(when) * 1_000, "userId": str(i % 4), "sessionId": i % 4, "page": page, "level": "free"}
        if page == "NextSong":
            row |= {"artist": f"Artist {i % 5}", "song": f"Song {i % 7}", "length": 191.08, "userAgent": "Firefox/31.0"}
            made = played(f"eventsim:{i % 4}", row["song"], row["artist"], when)
            wanted.append(made | {"device_type": "web", "country": "US"})
        lines.append(json.dumps(row))
    (tmp_path / "eventsim.json").write_text("\n".join(lines))
    finished = imported(embedded, tmp_path / "eventsim.json", "--import-format", "eventsim")
    assert fates(finished) == {"kept": 40, "no_music": 20}
    assert marts(embedded) == counted(wanted)


ROWS = json.dumps(extended_rows(3))
ACCOUNT = json.dumps(account_rows(1))


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("Streaming_History_Audio_0.json", content)
    return out.getvalue()


def spoilt_zip() -> bytes:
    """Its entry unpacks to something else than its checksum says."""
    whole = bytearray(zipped(ROWS.encode()))
    checksum = zlib.crc32(ROWS.encode()).to_bytes(4, "little")
    at = whole.rindex(checksum)
    whole[at : at + 4] = b"\0\0\0\0"
    at = whole.index(checksum)
    whole[at : at + 4] = b"\0\0\0\0"
    return bytes(whole)


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (ROWS[:-9].encode(), 65, "export, row 3: the file ends within it; it is cut off"),
        (ROWS[:-1].encode(), 65, "export, row 4: the file ends within its array; it is cut off"),
        (ROWS.replace('"ms_played"', "ms_played", 1).encode(), 65, "export, row 1: it is not JSON at byte"),
        ((ROWS[:-1] + "," + ACCOUNT[1:]).encode(), 65, "export, row 4: this is spotify account data in a file of"),
        (b"[]", 65, "export: the file has no rows"),
        (b" \n", 65, "export: the file is empty"),
        (b'[{"a": 1}]', 65, "export, row 1: this is not a row of"),
        (b'\xff\xfe[\0{\0"\0\x3d\xd8"\0', 65, "half a surrogate pair"),
        (b'[{"ts":"' + b"x" * (5 << 20), 65, "export, row 1: it is longer than 4194304 bytes"),
        (zipped(ROWS.encode())[:-30], 65, "export is not a sound ZIP file"),
        (spoilt_zip(), 65, "row 4: it cannot be unpacked: CRC error"),
        (zipped(b"[" + b" " * (64 << 20) + b"]"), 65, "more than 200 times as large as in the ZIP file"),
        (ROWS.replace("2014", "1970").replace("20", "19").encode(), 22, "none of 3 rows can be imported"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_export_is_named_and_nothing_is_made_of_it(embedded, tmp_path, content, code, says):
    path = tmp_path / "export"
    path.write_bytes(content)
    finished = embedded.start("--import", path).wait(60)
    assert finished.code == code, str(finished)
    assert says in finished.failure["message"], str(finished)
    assert not embedded.data.exists()


def test_what_an_import_cannot_do_is_said(embedded, tmp_path):
    path = write(tmp_path / "export.json", extended_rows(3))
    for arguments, says in [
        (["--import", tmp_path / "none"], "there is no file or folder"),
        (["--import", path, "--days", 3], "--days has no effect here"),
        (["--import", path, "--profile", "services"], "--profile has no effect here"),
        (["--user", "ada"], "--user has no effect here"),
    ]:
        finished = embedded.start(*arguments).wait(60)
        assert finished.code == 78, str(finished)
        assert says in finished.failure["message"], str(finished)
    finished = embedded.start("--import", path, "--import-format", "lastfm").wait(60)
    assert finished.code == 65
    assert "this is spotify, and lastfm was asked for" in finished.failure["message"]


def test_the_extended_history_does_not_come_after_account_data_of_its_days(embedded, tmp_path):
    rows = extended_rows(20, days=2)
    imported(embedded, write(tmp_path / "account.json", account_rows(20)), "--user", "ada")
    finished = embedded.start("--import", write(tmp_path / "extended.json", rows)).wait(60)
    assert finished.code == 78, str(finished)
    assert "the day would count twice" in finished.failure["message"]


def test_an_import_to_kafka_goes_the_way_of_every_event(world, tmp_path):
    rows = extended_rows(500, seed=5)
    path = write(tmp_path / "Streaming_History_Audio_0.json", rows)
    first = world.must("import", "spotify", path)
    assert fates(first) == {"kept": 500}
    [said] = first.events("import.finished")
    wanted = heard_in_extended(rows)
    assert said["acked"] == len(wanted)
    assert (world.folder / "data" / "history" / "ada" / "imported.jsonl").exists()
    again = world.must("import", "spotify", path)
    assert fates(again) == {"known": 500}
    assert again.events("import.finished")[0]["acked"] == 0
    # What was forgotten may come again, and changes nothing.
    once_more = world.must("import", "spotify", path, "--imports", tmp_path / "elsewhere")
    assert fates(once_more) == {"kept": 500}
    world.catch_up()
    world.prove()
    [[bronze]] = world.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS")
    assert bronze == 2 * len(wanted)
    assert marts(world) == counted(wanted)


@pytest.mark.whole
def test_ten_years_of_200_000_rows(embedded, tmp_path):
    rows = extended_rows(200_000, seed=4)
    path = write(tmp_path / "endsong_0.json", rows)
    began = time.monotonic()
    assert fates(imported(embedded, path)) == {"kept": 200_000}
    took = time.monotonic() - began
    print(f"200,000 rows, {path.stat().st_size / 1e6:.0f} MB: {took:.1f} s")
    assert marts(embedded) == counted(heard_in_extended(rows))
