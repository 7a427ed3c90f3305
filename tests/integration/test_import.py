"""A person's listening history, as services export it, becomes events: exports are made here from the services' public
descriptions, and the marts are compared with what Python counts in the same files (docs/history.md)."""

import csv
import datetime
import io
import json
import random
import re
import resource
import stat
import time
import uuid
import zipfile
import zlib

import pytest
from driver.embedded import Embedded
from driver.process import PATIENCE
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


def account_rows(number: int, begin: datetime.datetime = BEGIN, step: float = 7 * 60) -> list[dict]:
    """As in `StreamingHistory_music_0.json`, so many minutes apart."""
    return [
        {
            "endTime": (begin + datetime.timedelta(minutes=step * i)).strftime("%Y-%m-%d %H:%M"),
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


# A time, a song and its artist.
Heard = list[tuple[datetime.datetime, str, str]]


def heard(number: int, step: float = 5, songs: int = 9) -> Heard:
    """So many minutes apart."""
    return [
        (BEGIN + datetime.timedelta(minutes=round(step * i)), f"Song, {i % songs}", f'The "{i % 4}"')
        for i in range(number)
    ]


def listen(when: datetime.datetime, song: str, artist: str) -> dict:
    """A line of ListenBrainz."""
    track = {"artist_name": artist, "track_name": song, "additional_info": {"tags": ["x"]}}
    return {"listened_at": seconds(when), "user_name": "ada", "track_metadata": track}


def lines_of(rows: list[dict]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def pages_of(all_heard: Heard, size: int) -> list[dict]:
    """As `user.getRecentTracks` gives them; each begins with what plays just now."""
    playing = {"artist": {"#text": "a"}, "name": "b", "@attr": {"nowplaying": "true"}}
    tracks = [
        {"artist": {"#text": artist, "mbid": ""}, "name": song, "date": {"uts": str(seconds(when)), "#text": "x"}}
        for when, song, artist in all_heard
    ]
    return [
        {"recenttracks": {"track": [playing, *tracks[i : i + size]], "@attr": {"user": "ada", "page": "1"}}}
        for i in range(0, len(tracks), size)
    ]


def csv_of(all_heard: Heard) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(
        [artist, "Album", song, when.strftime("%d %b %Y %H:%M")] for when, song, artist in all_heard
    )
    return out.getvalue()


def song_of_eventsim(when: datetime.datetime, song: str, artist: str, user: int) -> dict:
    of_user = {"userId": str(user), "sessionId": user, "level": "free", "userAgent": "Firefox/31.0"}
    return of_user | {"ts": seconds(when) * 1_000, "page": "NextSong", "artist": artist, "song": song, "length": 191.08}


def played_by_eventsim(when: datetime.datetime, song: str, artist: str, user: int) -> dict:
    return played(f"eventsim:{user}", song, artist, when) | {"device_type": "web", "country": "US"}


def test_scrobbles_and_listens_begin_when_they_say(embedded, tmp_path):
    """Each format into one folder, as one person: their songs are the same, so the marts add them up."""
    all_heard = heard(30)
    (tmp_path / "listens.jsonl").write_text(lines_of([listen(*one) for one in all_heard[:10]]).rstrip())
    pages = pages_of(all_heard[10:20], 5)
    del pages[1]["recenttracks"]["track"][0]
    write(tmp_path / "pages.json", pages)
    (tmp_path / "scrobbles.csv").write_bytes(csv_of(all_heard[20:]).encode("utf-16"))
    fates_of = {}
    for name in ("listens.jsonl", "pages.json", "scrobbles.csv"):
        fates_of[name] = fates(imported(embedded, tmp_path / name, "--user", "ada"))
    assert fates_of["listens.jsonl"] == fates_of["scrobbles.csv"] == {"kept": 10}
    assert fates_of["pages.json"] == {"kept": 10, "no_music": 1}
    assert marts(embedded) == counted([played("ada", song, artist, when) for when, song, artist in all_heard])


def test_songs_of_eventsim_are_played_by_its_users(embedded, tmp_path):
    rows, wanted = [], []
    for i, one in enumerate(heard(60, step=1)):
        row = song_of_eventsim(*one, i % 4)
        if i % 3:
            wanted.append(played_by_eventsim(*one, i % 4))
        else:
            row = {name: row[name] for name in ("ts", "userId", "sessionId", "level")} | {"page": "Home"}
        rows.append(row)
    (tmp_path / "eventsim.json").write_text(lines_of(rows))
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
        (b'\xff\xfe[\0{\0"\0\x3d\xd8"\0', 65, "export, row 1: the file ends within it; it is cut off"),
        (b'[{"ts":"' + b"x" * (5 << 20), 65, "export, row 1: the file ends within it; it is cut off"),
        (b'[{"ts":"' + b"x" * (5 << 20) + b'"}]', 65, "export, row 1: this is not a row of"),
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


def test_a_limit_on_the_size_of_files_is_said_and_the_import_goes_on_without_it(embedded, tmp_path):
    rows = extended_rows(2_000)
    path = write(tmp_path / "export.json", rows)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))

    stopped = embedded.start("--import", path, prepare=limit).wait(60)
    assert stopped.code == 73, str(stopped)
    assert "File too large" in stopped.failure["message"], str(stopped)
    imported(embedded, path)
    assert marts(embedded) == counted(heard_in_extended(rows))


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


# The whole way to marts, proof and pages takes no longer.
TEN_YEARS_SECONDS = 20


def ten_years(kind: str) -> tuple[str, list[dict]]:
    """A file of 200,000 rows, and what was heard by it."""
    number = 200_000
    step = 3_650 * 24 * 60 / number
    if kind == "extended":
        rows = extended_rows(number, seed=4)
        return json.dumps(rows, ensure_ascii=False), heard_in_extended(rows)
    if kind == "account":
        rows = account_rows(number, step=step)
        return json.dumps(rows), heard_in_account(rows, "me")
    all_heard = heard(number, step, songs=400)
    if kind == "eventsim":
        text = lines_of([song_of_eventsim(*one, i % 50) for i, one in enumerate(all_heard)])
        return text, [played_by_eventsim(*one, i % 50) for i, one in enumerate(all_heard)]
    account = "me" if kind == "csv" else "ada"
    wanted = [played(account, song, artist, when) for when, song, artist in all_heard]
    if kind == "listenbrainz":
        return lines_of([listen(*one) for one in all_heard]), wanted
    if kind == "csv":
        return csv_of(all_heard), wanted
    return json.dumps(pages_of(all_heard, 200)), wanted


@pytest.mark.whole
@pytest.mark.parametrize("kind", ["extended", "account", "listenbrainz", "pages", "csv", "eventsim"])
def test_ten_years_of_200_000_rows(embedded, tmp_path, kind):
    text, wanted = ten_years(kind)
    path = tmp_path / "export"
    path.write_text(text, encoding="utf-8")
    began = time.monotonic()
    finished = imported(embedded, path)
    took = time.monotonic() - began
    print(f"{kind}: 200,000 rows, {path.stat().st_size / 1e6:.0f} MB: {took:.1f} s")
    assert fates(finished)["kept"] == 200_000
    assert marts(embedded) == counted(wanted)
    assert took < TEN_YEARS_SECONDS * PATIENCE


HALF = "\ud83d"  # json.dumps writes it as an escape


def test_one_bad_row_leaves_ten_years_as_they_are(embedded, tmp_path):
    rows = extended_rows(400, seed=6)
    rows[3] |= {"master_metadata_track_name": f"Cut {HALF}", "spotify_track_uri": track_uri(999)}
    rows[4]["master_metadata_album_album_name"] = HALF  # nobody reads it
    good = list(rows)
    good[3] = rows[3] | {"master_metadata_track_name": "Cut \ufffd"}
    texts_of_rows = [json.dumps(row) for row in rows]
    spoilt = {
        10: (
            texts_of_rows[10].replace('"ms_played": ', '"ms_played": 9e999, "x": '),
            "bad_duration",
            "ms_played: Infinity",
        ),
        30: (texts_of_rows[30][:-1] + ', "x": ' + "[" * 70 + "]" * 70 + "}", "too_deep", ": x"),
        40: (texts_of_rows[40].replace("Song", "So\x00ng"), "bad_text", "master_metadata_track_name: So\\x00ng"),
        50: (texts_of_rows[50].replace("Song", "So\udcffng"), "bad_text", None),
        60: ('"nonsense"', "not_an_object", ""),
        70: (texts_of_rows[70][:-1] + f', "x": "{"x" * (5 << 20)}"' + "}", "too_long", ": longer than 4194304 bytes"),
    }
    for at, (text, _, _) in spoilt.items():
        texts_of_rows[at] = text
    whole = "[" + ",\n".join(texts_of_rows) + "]"
    path = tmp_path / "Streaming_History_Audio_0.json"
    path.write_bytes(b"\xef\xbb\xbf" + whole.encode("utf-8", "surrogateescape"))
    finished = imported(embedded, path)
    assert fates(finished) == {"kept": 394, "refused": 6}
    for at, (_, reason, shown) in spoilt.items():
        if shown is not None:
            rest = f", row {at + 1}{'' if not shown or shown.startswith(':') else ', '}{shown}"
            assert re.search(f"refused {reason}: [12]; first: .*{re.escape(rest)}", finished.out), finished.out
    assert "kept with U+FFFD for half a character: 1; first: " in finished.out, finished.out
    assert f"{path}, row 4, master_metadata_track_name: Cut \ufffd\n" in finished.out, finished.out
    assert marts(embedded) == counted(heard_in_extended([row for i, row in enumerate(good) if i not in spoilt]))
    # Where the array itself is broken, nothing is taken for all of it.
    for text, says in [(whole[:-200], "cut off"), (whole.replace('"ts"', "ts", 9), "not JSON")]:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        refused = embedded.start("--import", path).wait(60)
        assert refused.code == 65 and says in refused.failure["message"], str(refused)


def test_a_bad_line_leaves_the_others_and_a_cut_file_is_named(embedded, tmp_path):
    all_heard = heard(300)
    lines = [json.dumps(listen(*one)) for one in all_heard]
    bad = {7: lines[7][:40], 20: "\0" * 512, 9: lines[9].replace('"listened_at": ', '"listened_at": 1e999, "x": ')}
    bad[200] = lines[200].replace('"listened_at": ', '"listened_at": 0.5')
    for at, line in bad.items():
        lines[at] = line
    for at in (100, 150):  # files that were put together
        lines[at] = "\ufeff" + lines[at]
    path = tmp_path / "listens.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    finished = imported(embedded, path)
    assert fates(finished) == {"kept": 296, "refused": 4}
    assert f"refused not_json: 2; first: {path}, row 8: it is not JSON" in finished.out, finished.out
    assert f"refused not_a_time: 2; first: {path}, row 10, listened_at: Infinity" in finished.out, finished.out
    wanted = [played("ada", song, artist, when) for i, (when, song, artist) in enumerate(all_heard) if i not in bad]
    assert marts(embedded) == counted(wanted)
    path.write_text("\n".join(lines)[:-30], encoding="utf-8")
    refused = embedded.start("--import", path).wait(60)
    assert refused.code == 65, str(refused)
    assert f"{path}, row 300: the file ends within it; it is cut off" in refused.failure["message"], str(refused)


# Of one listener; what else is in the warehouse cannot change them.
OF_LISTENERS = {
    "USER_ENGAGEMENT": "user_id, device_type, country, total_plays, total_skips, playlist_adds, day",
    "LISTENER_SESSIONS": "*",
}


def of_listener(rows_of, user: str) -> dict[str, list]:
    found = {}
    for mart, columns in OF_LISTENERS.items():
        found[mart] = sorted(map(str, rows_of(f"SELECT {columns} FROM MART.{mart} WHERE user_id = '{user}'")))
        assert found[mart], mart
    return found


@pytest.mark.parametrize("simulated", [3_000, pytest.param(1_000_000, marks=pytest.mark.whole)])
def test_two_people_and_a_simulation_in_one_warehouse(binary, deps, tmp_path, simulated):
    alone, lakes = {}, []
    for seed, name in enumerate(["ada", "bob"]):
        person = Embedded(binary, deps, tmp_path)
        person.data = tmp_path / name
        rows = [row | {"username": name} for row in extended_rows(300, seed, days=700)]
        imported(person, write(tmp_path / f"{name}.json", rows))
        user = uuid5(f"listener:{name}")
        alone[user] = of_listener(person.rows, user)
        lakes.append(person.data / "lake")
        person.close()
    everybody = Embedded(binary, deps, tmp_path)
    everybody.must_prove(simulated, "--mix", "listeners")
    warehouse = everybody.data / "warehouse" / "spotify_db.duckdb"
    for lake in lakes:
        loaded = everybody.start_as("load", "--lake", lake, "--warehouse", warehouse, "--add-lake").wait(180)
        assert loaded.code == 0, str(loaded)
    built = everybody.start_as("transform", "--warehouse", warehouse, "--work-dir", tmp_path / "work").wait(180)
    assert built.code == 0, str(built)
    for user, wanted in alone.items():
        assert of_listener(everybody.rows, user) == wanted
    [[listeners]] = everybody.rows("SELECT count(DISTINCT user_id) FROM MART.USER_ENGAGEMENT")
    assert listeners > 2
    everybody.close()
