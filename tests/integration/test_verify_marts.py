"""verify finds one wrong cell in any mart, and a row that is missing or too much."""

import json
import shutil
from pathlib import Path

import pytest
from driver.embedded import Embedded
from driver.process import Running
from driver.services import clean_environment
from driver.warehouse import change

PROJECT = Path(__file__).resolve().parents[2] / "spotify_dbt"
DEVICE_DAILY = """
select day, device_type, {{ listening_counts(['events', 'streams']) }}
from {{ ref('int_heard_events') }}
where {{ touched('day', ref('int_dirty_days'), 'day') }}
group by day, device_type
"""
DEVICE_DAILY_RECOUNT = """-- What happened on each device on each UTC day.
-- columns: day DATE, device_type VARCHAR, events BIGINT, streams BIGINT
SELECT day, device_type, COUNT(*) AS events, CAST(SUM(is_stream) AS BIGINT) AS streams
FROM {{ _facts }} AS facts
GROUP BY day, device_type
"""

# One warehouse that is spoilt again and again, on one worker.
pytestmark = pytest.mark.xdist_group("verify-marts")

CHANGES = {
    "song's plays": "UPDATE MART.SONG_DAILY SET total_plays = total_plays + 1 WHERE song_id = (SELECT min(song_id) FROM MART.SONG_DAILY)",
    "song's name": "UPDATE MART.SONG_DAILY SET song_name = song_name || '!' WHERE song_id = (SELECT max(song_id) FROM MART.SONG_DAILY)",
    "artist's songs": "UPDATE MART.ARTIST_DAILY SET songs = songs + 1 WHERE artist_name = (SELECT min(artist_name) FROM MART.ARTIST_DAILY)",
    "artist's streams": "UPDATE MART.ARTIST_DAILY SET streams = streams - 1 "
    "WHERE artist_name = (SELECT max(artist_name) FROM MART.ARTIST_DAILY WHERE streams > 0)",
    "hour's listeners": "UPDATE MART.COUNTRY_DEVICE_HOURLY SET unique_listeners = 0 "
    "WHERE hour = (SELECT min(hour) FROM MART.COUNTRY_DEVICE_HOURLY)",
    "hour's device": "UPDATE MART.COUNTRY_DEVICE_HOURLY SET hour = hour + INTERVAL 1 HOUR "
    "WHERE hour = (SELECT max(hour) FROM MART.COUNTRY_DEVICE_HOURLY)",
    "session's end": "UPDATE MART.LISTENER_SESSIONS SET ended_at = ended_at + INTERVAL 1 SECOND "
    "WHERE user_id = (SELECT min(user_id) FROM MART.LISTENER_SESSIONS)",
    "session's heard": "UPDATE MART.LISTENER_SESSIONS SET heard_ms = heard_ms + 1 "
    "WHERE user_id = (SELECT max(user_id) FROM MART.LISTENER_SESSIONS)",
    "missing session": "DELETE FROM MART.LISTENER_SESSIONS WHERE user_id = (SELECT max(user_id) FROM MART.LISTENER_SESSIONS)",
    "doubled session": "INSERT INTO MART.LISTENER_SESSIONS SELECT * FROM MART.LISTENER_SESSIONS LIMIT 1",
    "hour's lateness": "UPDATE MART.PIPELINE_HOURS SET lateness_ms_max = lateness_ms_max + 1",
    "hour's rejects": "UPDATE MART.PIPELINE_HOURS SET rejected_by_sink = rejected_by_sink + 1",
    "hour's completeness": "UPDATE MART.PIPELINE_HOURS SET is_complete = NOT is_complete",
    "song's rate": "UPDATE MART.SONG_DAILY SET skip_rate = NULL "
    "WHERE total_plays > 0 AND song_id = (SELECT min(song_id) FROM MART.SONG_DAILY WHERE total_plays > 0)",
    "window's plays": "UPDATE MART.SONG_WINDOWS SET plays = plays + 1 "
    "WHERE window_hours = 24 AND song_id = (SELECT min(song_id) FROM MART.SONG_WINDOWS WHERE window_hours = 24)",
    "window's change": "UPDATE MART.SONG_WINDOWS SET change = 0 "
    "WHERE window_hours = 672 AND song_id = (SELECT max(song_id) FROM MART.SONG_WINDOWS WHERE window_hours = 672)",
    "missing window": "DELETE FROM MART.SONG_WINDOWS WHERE window_hours = 168",
    "skip's second": "UPDATE MART.SKIP_CURVE SET second_from = 301 WHERE second_from = 300",
    "skip's share": "UPDATE MART.SKIP_CURVE SET share = share / 2 "
    "WHERE second_from = (SELECT min(second_from) FROM MART.SKIP_CURVE WHERE share > 0)",
    "empty stretch": "DELETE FROM MART.SKIP_CURVE WHERE second_from = (SELECT max(second_from) FROM MART.SKIP_CURVE)",
    "weekday": "UPDATE MART.LISTENING_BY_WEEKDAY SET weekday = 1 + weekday % 7",
    "weekday's skips": "UPDATE MART.LISTENING_BY_WEEKDAY SET skips = skips + 1",
    "year's plays of a song": "UPDATE MART.SONG_YEARS SET total_plays = total_plays + 1 "
    "WHERE song_id = (SELECT min(song_id) FROM MART.SONG_YEARS)",
    "year's artist": "UPDATE MART.ARTIST_YEARS SET year = year - 1 "
    "WHERE artist_name = (SELECT max(artist_name) FROM MART.ARTIST_YEARS)",
    "year's hours": "UPDATE MART.LISTENING_YEARS SET heard_ms = heard_ms - 1",
    "year's songs": "UPDATE MART.LISTENING_YEARS SET songs = songs + 1",
    "year's streak": "UPDATE MART.LISTENING_YEARS SET longest_streak_days = longest_streak_days - 1",
    "begin of a streak": "UPDATE MART.LISTENING_YEARS SET longest_streak_begins = longest_streak_begins + 1",
    "busiest day": "UPDATE MART.LISTENING_YEARS SET busiest_day = busiest_day - 1",
    "listener's country": "UPDATE MART.LISTENER_HISTORY SET country = 'ZZ' "
    "WHERE dbt_valid_to IS NULL AND user_id = (SELECT min(user_id) FROM MART.LISTENER_HISTORY)",
}
MARTS = [
    "ARTIST_DAILY",
    "ARTIST_YEARS",
    "COUNTRY_DEVICE_HOURLY",
    "LISTENER_HISTORY",
    "LISTENER_SESSIONS",
    "LISTENING_BY_WEEKDAY",
    "LISTENING_YEARS",
    "PIPELINE_HOURS",
    "SKIP_CURVE",
    "SONG_DAILY",
    "SONG_WINDOWS",
    "SONG_YEARS",
    "TOP_SONGS",
    "USER_ENGAGEMENT",
]


@pytest.fixture(scope="module")
def filled(binary, deps, tmp_path_factory):
    embedded = Embedded(binary, deps, tmp_path_factory.mktemp("marts"))
    finished = embedded.run(4_000, "--mix", "realistic", "--users", 50)
    assert finished.code == 0, str(finished)
    assert embedded.verify()["proved"] is True
    return embedded


@pytest.fixture
def spoilt(filled, deps):
    """Runs statements on a fresh copy of the warehouse."""
    path = filled.data / "warehouse" / "spotify_db.duckdb"
    whole = path.with_suffix(".whole")
    if not whole.exists():
        shutil.copy(path, whole)
    shutil.copy(whole, path)

    def spoil(sql):
        change(deps, path, sql)

    return spoil


@pytest.mark.parametrize("change", CHANGES)
def test_a_wrong_row_of_a_derived_mart_is_named(filled, spoilt, change):
    spoilt(CHANGES[change])
    finished = filled.start(command="verify").wait(60)
    assert finished.code == 20, str(finished)
    mart = next(word.split(".")[1] for word in CHANGES[change].split() if word.startswith("MART."))
    assert mart in finished.out, str(finished)
    assert "mart row that should" in finished.out, str(finished)


def test_every_mart_is_proved(filled, spoilt):
    assert (
        sorted(
            name
            for [name] in filled.rows(
                "SELECT upper(table_name) FROM information_schema.tables WHERE table_schema = 'MART'"
            )
        )
        == MARTS
    )
    finished = filled.start("--strict", command="verify").wait(60)
    assert finished.code == 0, str(finished)
    assert "\nproved: " in finished.out, str(finished)


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_that_is_dropped_or_emptied_hides_no_other(filled, spoilt, mart):
    others = [name for name in MARTS if name != mart]
    spoilt("; ".join([f"DROP TABLE MART.{mart}", *(f"DELETE FROM MART.{name}" for name in others)]))
    finished = filled.start("--json", "--allow-pending", command="verify").wait(60)
    assert finished.code == 20, str(finished)
    findings = {one["kind"]: one for one in json.loads(finished.out)["findings"]}
    assert findings["missing mart"]["named"] == [f"MART.{mart}"]
    assert sorted(name.split()[0] for name in findings["emptied mart"]["named"]) == [f"MART.{name}" for name in others]


def test_a_mart_that_the_project_lacks_is_named(filled, spoilt):
    spoilt("CREATE TABLE MART.DEVICE_DAILY AS SELECT day, device_type FROM MART.USER_ENGAGEMENT")
    finished = filled.start(command="verify").wait(60)
    assert finished.code == 20, str(finished)
    assert "did not make (1)\n    MART.DEVICE_DAILY" in finished.out, str(finished)


def test_a_new_mart_is_an_exception_until_it_has_a_recount(filled, spoilt, deps, tmp_path):
    project = tmp_path / "spotify_dbt"
    shutil.copytree(PROJECT, project)
    (project / "models" / "gold" / "device_daily.sql").write_text(DEVICE_DAILY, encoding="utf-8")
    own_project = {"SPOTIFY_DBT_PROJECT": str(project)}
    warehouse = filled.data / "warehouse" / "spotify_db.duckdb"
    built = Running(
        [str(filled.binary), "transform", "--warehouse", str(warehouse), "--work-dir", str(tmp_path / "work")],
        clean_environment() | {"SDP_DEPS_DIR": str(deps)} | own_project,
        tmp_path,
        "transform",
    ).wait(180)
    assert built.code == 0, str(built)

    def verify(*arguments):
        return filled.start(*arguments, command="verify", env=own_project).wait(60)

    finished = verify()
    assert finished.code == 0, str(finished)
    assert "\nproved, except MART.DEVICE_DAILY (no recount): " in finished.out, str(finished)
    finished = verify("--strict")
    assert finished.code == 20, str(finished)
    assert "MART.DEVICE_DAILY" in finished.out, str(finished)

    (project / "recounts" / "device_daily.sql").write_text(DEVICE_DAILY_RECOUNT, encoding="utf-8")
    finished = verify("--strict")
    assert finished.code == 0, str(finished)
    spoilt("UPDATE MART.DEVICE_DAILY SET events = events + 1 WHERE device_type = 'web'")
    finished = verify()
    assert finished.code == 20, str(finished)
    assert "DEVICE_DAILY DAY '" in finished.out, str(finished)


def test_without_a_project_the_verdict_names_what_it_could_not_count(filled, spoilt, tmp_path):
    (tmp_path / "deps").mkdir()
    finished = filled.start("--json", command="verify", env={"SDP_DEPS_DIR": str(tmp_path / "deps")}).wait(60)
    assert finished.code == 0, str(finished)
    report = json.loads(finished.out)
    counted_from_lake = {"TOP_SONGS", "USER_ENGAGEMENT"}
    assert report["exceptions"] == [f"MART.{name} (no recount)" for name in MARTS if name not in counted_from_lake]
    assert any("no dbt project" in note for note in report["notes"])


def test_the_seeds_marts_alone_are_proved_without_the_others(filled, spoilt):
    spoilt("UPDATE MART.ARTIST_DAILY SET events = events + 1")
    assert filled.start(command="verify").wait(60).code == 20
    assert filled.start("--only-seed-marts", command="verify").wait(60).code == 0
