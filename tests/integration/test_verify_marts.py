"""verify finds one wrong cell in any mart, and a row that is missing or too much."""

import shutil
import subprocess

import pytest
from driver.embedded import Embedded

# One warehouse that is spoilt again and again, on one worker.
pytestmark = pytest.mark.xdist_group("verify-marts")

CHANGES = {
    "song's plays": "UPDATE MART.SONG_DAILY SET total_plays = total_plays + 1 WHERE song_id = (SELECT min(song_id) FROM MART.SONG_DAILY)",
    "song's name": "UPDATE MART.SONG_DAILY SET song_name = song_name || '!' WHERE song_id = (SELECT max(song_id) FROM MART.SONG_DAILY)",
    "artist's songs": "UPDATE MART.ARTIST_DAILY SET songs = songs + 1 WHERE artist_name = (SELECT min(artist_name) FROM MART.ARTIST_DAILY)",
    "artist's streams": "UPDATE MART.ARTIST_DAILY SET streams = streams - 1 WHERE artist_name = (SELECT max(artist_name) FROM MART.ARTIST_DAILY WHERE streams > 0)",
    "hour's listeners": "UPDATE MART.COUNTRY_DEVICE_HOURLY SET unique_listeners = 0 WHERE hour = (SELECT min(hour) FROM MART.COUNTRY_DEVICE_HOURLY)",
    "hour's device": "UPDATE MART.COUNTRY_DEVICE_HOURLY SET hour = hour + INTERVAL 1 HOUR WHERE hour = (SELECT max(hour) FROM MART.COUNTRY_DEVICE_HOURLY)",
    "session's end": "UPDATE MART.LISTENER_SESSIONS SET ended_at = ended_at + INTERVAL 1 SECOND WHERE user_id = (SELECT min(user_id) FROM MART.LISTENER_SESSIONS)",
    "session's heard": "UPDATE MART.LISTENER_SESSIONS SET heard_ms = heard_ms + 1 WHERE user_id = (SELECT max(user_id) FROM MART.LISTENER_SESSIONS)",
    "missing session": "DELETE FROM MART.LISTENER_SESSIONS WHERE user_id = (SELECT max(user_id) FROM MART.LISTENER_SESSIONS)",
    "doubled session": "INSERT INTO MART.LISTENER_SESSIONS SELECT * FROM MART.LISTENER_SESSIONS LIMIT 1",
    "hour's lateness": "UPDATE MART.PIPELINE_HOURS SET lateness_ms_max = lateness_ms_max + 1",
    "hour's rejects": "UPDATE MART.PIPELINE_HOURS SET rejected_by_sink = rejected_by_sink + 1",
}


@pytest.fixture(scope="module")
def filled(binary, deps, tmp_path_factory):
    embedded = Embedded(binary, deps, tmp_path_factory.mktemp("marts"))
    finished = embedded.run(4_000, "--mix", "realistic", "--users", 50)
    assert finished.code == 0, str(finished)
    assert embedded.verify()["proved"] is True
    return embedded


@pytest.mark.parametrize("change", CHANGES)
def test_a_wrong_row_of_a_derived_mart_is_named(filled, deps, change):
    path = filled.data / "warehouse" / "spotify_db.duckdb"
    whole = path.with_suffix(".whole")
    if not whole.exists():
        shutil.copy(path, whole)
    shutil.copy(whole, path)
    subprocess.run(
        [
            deps / "venv-dbt" / "bin" / "python",
            "-B",
            "-c",
            "import duckdb, sys; duckdb.connect(sys.argv[1]).execute(sys.argv[2])",
            path,
            CHANGES[change],
        ],
        check=True,
    )
    finished = filled.start(command="verify").wait(60)
    assert finished.code == 20, str(finished)
    mart = next(word.split(".")[1] for word in CHANGES[change].split() if word.startswith("MART."))
    assert mart in finished.out, str(finished)
    assert "mart row that should" in finished.out, str(finished)
