"""dbt is killed after some of its models. What the next run brings in order is pending, and what is damaged is still found beside it."""

import json
import shutil

import pytest
from driver.embedded import Embedded
from driver.fixtures import ROOT
from driver.warehouse import change

# One data folder that all look at copies of, on one worker.
pytestmark = pytest.mark.xdist_group("open-batch")

VIOLATION = 20
BEHIND = "table as an earlier batch left it, while another is open"
SILVER = ["int_batch_objects", "int_events_judged"]
FATES = [*SILVER, "int_touched_events", "spotify_duplicates", "spotify_rejected", "spotify_faults", "spotify_silver"]
# With the views that silver is read by.
FACTS = [*FATES, "int_dirty_days", "int_heard_stretches", "int_heard_changes", "int_heard_events"]
STOPS = {
    "first table": ["int_batch_objects"],
    "judged": SILVER,
    "duplicates": [*SILVER, "int_touched_events", "spotify_duplicates"],
    "silver": FATES,
    "facts": FACTS,
    "two marts": [*FACTS, "top_songs", "song_daily"],
}
CLIENT = """#!/bin/sh
{run}
kill -KILL $$
"""
LEDGER = "(SELECT object_key FROM TRANSFORM.TRANSFORM_LEDGER)"
CLOSED = "object_key = (SELECT min(object_key) FROM TRANSFORM.TRANSFORM_LEDGER)"
ONE_SONG = "song_id = (SELECT min(song_id) FROM MART.SONG_DAILY)"
ONE_ARTIST = "artist_name = (SELECT min(artist_name) FROM MART.ARTIST_DAILY)"
MISSING = "missing from silver"
DAMAGES = {
    "behind": (f"UPDATE MART.ARTIST_DAILY SET events = events + 1 WHERE {ONE_ARTIST}", "ARTIST_DAILY"),
    "behind, of the seed": ("UPDATE MART.USER_ENGAGEMENT SET total_plays = total_plays + 1", "USER_ENGAGEMENT"),
    "built": (f"UPDATE MART.SONG_DAILY SET total_plays = total_plays + 1 WHERE {ONE_SONG}", "SONG_DAILY"),
    "closed row": (f"DELETE FROM TRANSFORM.INT_EVENTS_JUDGED WHERE reason IS NULL AND {CLOSED}", MISSING),
    "open column": (
        f"UPDATE TRANSFORM.INT_EVENTS_JUDGED SET country = 'ZZ' WHERE reason IS NULL AND object_key NOT IN {LEDGER}",
        "column differs from the record",
    ),
    "closed rejection": (f"DELETE FROM TRANSFORM.SPOTIFY_REJECTED WHERE object_key IN {LEDGER}", MISSING),
    "mart of nobody": ("CREATE TABLE MART.OTHER AS SELECT 1 AS a", "MART.OTHER"),
}


class Stopped:
    """A data folder with a batch that is closed and one that is only loaded, and dbt that is killed after some models."""

    def __init__(self, binary, deps, folder):
        self.pipeline = Embedded(binary, deps, folder)
        self.real, self.deps = deps, folder / "checkout" / ".deps"
        self.place = self.pipeline.data / "warehouse" / "spotify_db.duckdb"
        bin_folder = self.deps / "venv-dbt" / "bin"
        bin_folder.mkdir(parents=True)
        for real, ours in (
            (deps, self.deps),
            (deps / "venv-dbt", self.deps / "venv-dbt"),
            (deps / "venv-dbt" / "bin", bin_folder),
        ):
            for entry in real.iterdir():
                # Without `python`, by which the pipeline would keep dbt loaded.
                if entry.name not in ("dbt", "python") and not (ours / entry.name).exists():
                    (ours / entry.name).symlink_to(entry)
        for beside in ("spotify_dbt", "mappings"):
            (self.deps.parent / beside).symlink_to(ROOT / beside)

    def stop_after(self, models: list[str]) -> None:
        """By dbt itself, which runs these models alone, and what called it is killed."""
        dbt = self.real / "venv-dbt" / "bin" / "dbt"
        run = f"'{dbt}' \"$@\" --resource-type model --select {' '.join(models)} || exit 1" if models else ""
        client = self.deps / "venv-dbt" / "bin" / "dbt"
        client.write_text(CLIENT.format(run=run))
        client.chmod(0o755)

    def run(self, events: int, killed: bool):
        env = {"SDP_DEPS_DIR": str(self.deps)} if killed else {}
        done = self.pipeline.run(events, "--mix", "realistic", "--users", 40, "--fault", "all=0.02", env=env)
        assert (done.code != 0) == killed, str(done)

    def transform(self, killed: bool):
        env = {"SDP_DEPS_DIR": str(self.deps)} if killed else {}
        work = ("--warehouse", self.place, "--work-dir", self.pipeline.data / "transform")
        done = self.pipeline.start_as("transform", *work, env=env).wait(180)
        assert (done.code != 0) == killed, str(done)

    def spoil(self, sql: str) -> None:
        change(self.real, self.place, sql)

    def verify(self, *arguments):
        done = self.pipeline.start("--json", "--max-reject-ratio", 1, *arguments, command="verify").wait(120)
        return done.code, json.loads(done.out)

    def keep(self, name: str) -> None:
        shutil.copy(self.place, self.place.with_suffix(f".{name}"))

    def restore(self, name: str) -> None:
        shutil.copy(self.place.with_suffix(f".{name}"), self.place)


def kinds(report) -> set[str]:
    return {one["kind"] for one in report["findings"]}


@pytest.fixture(scope="module")
def stopped(binary, deps, tmp_path_factory):
    one = Stopped(binary, deps, tmp_path_factory.mktemp("open"))
    one.run(1_500, killed=False)
    one.stop_after([])
    one.run(800, killed=True)
    one.keep("loaded")
    one.stop_after(STOPS["two marts"])
    one.transform(killed=True)
    one.keep("stopped")
    return one


def others_wide(names, *always):
    return [name if name in always else pytest.param(name, marks=pytest.mark.wide) for name in names]


@pytest.mark.parametrize("stop", others_wide(STOPS, "two marts"))
def test_what_a_killed_dbt_left_is_pending_and_made_good_by_the_next_run(stopped, stop):
    stopped.restore("loaded")
    stopped.stop_after(STOPS[stop])
    stopped.transform(killed=True)
    code, report = stopped.verify("--allow-pending")
    assert (code, report["proved"]) == (0, True), report["findings"]
    assert all(one["pending"] for one in report["findings"]), report["findings"]
    assert (BEHIND in kinds(report)) == (stop not in ("first table",)), kinds(report)
    code, report = stopped.verify()
    assert (code, report["proved"]) == (VIOLATION, False)
    stopped.transform(killed=False)
    code, report = stopped.verify()
    assert (code, report["proved"], report["findings"]) == (0, True, [])


@pytest.mark.parametrize("damage", others_wide(DAMAGES, "behind", "behind, of the seed", "closed row"))
def test_a_damage_beside_an_open_batch_is_no_pending_one(stopped, damage):
    sql, named = DAMAGES[damage]
    stopped.restore("stopped")
    stopped.spoil(sql)
    code, report = stopped.verify("--allow-pending")
    assert code == VIOLATION, report["findings"]
    wrong = [one for one in report["findings"] if not one["pending"]]
    assert named in json.dumps(wrong), wrong
    assert BEHIND in kinds(report), "and what else is behind is still pending"


@pytest.mark.wide
def test_a_second_batch_on_top_of_an_open_one_is_pending_too(stopped):
    """Marts are then of three states."""
    stopped.restore("stopped")
    stopped.stop_after([])
    stopped.run(400, killed=True)
    stopped.stop_after(FATES)
    stopped.transform(killed=True)
    code, report = stopped.verify("--allow-pending")
    assert (code, report["proved"]) == (0, True), report["findings"]
    stopped.spoil(
        "UPDATE MART.SONG_DAILY SET total_plays = total_plays + 1 WHERE song_id = (SELECT min(song_id) FROM MART.SONG_DAILY)"
    )
    assert stopped.verify("--allow-pending")[0] == VIOLATION
    stopped.transform(killed=False)
    assert stopped.verify()[1]["proved"]
