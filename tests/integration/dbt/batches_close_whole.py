"""A batch closes when everything of the project ran and nothing failed, and a mart never lacks a batch that is closed.

    batches_close_whole.py [unittest arguments]

Each test changes a copy of the project, or how it is run, between two batches, and ends in the cells of a full run.
"""

import pathlib
import re
import shutil
import tempfile
import unittest
import unittest.mock
from collections import Counter

from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper
from history import History
from incremental_matches_full import LEDGER, cells, differences, full
from variants import ARE_RUN, load_tests, wide  # noqa: F401  unittest asks for load_tests.
from warehouses import PROJECT, open_warehouse

DEVICE_DAILY_SQL = """
select day, device_type, {{ listening_counts(['events', 'total_plays', 'total_skips', 'playlist_adds']) }}
from {{ ref('int_heard_events') }}
where {{ touched('day', ref('int_dirty_days'), 'day') }}
group by day, device_type
"""
# Of the profile.
THREADS = 2
# Bytes of it that a broken edit might leave: it fails when it runs.
BROKEN_SQL = DEVICE_DAILY_SQL.replace("device_type", "error('broken') as device_type", 1)


class Batches(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sdp-dbt-")
        cls.warehouse = open_warehouse(pathlib.Path(cls.folder.name))
        cls.history = History(98)
        cls.wanted = full(cls.warehouse, cls.history)
        cls.warehouse.clear()
        cls.warehouse.load(cls.history.batches[0])
        cls.warehouse.dbt.build()
        cls.warehouse.load(cls.history.batches[1])
        cls.warehouse.keep("second_batch_loaded")

    def setUp(self):
        self.project = pathlib.Path(self.folder.name) / "project"
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(PROJECT, self.project)
        # Equal to the copy until a test writes to that.
        self.warehouse.dbt.use(PROJECT)
        self.warehouse.restore("second_batch_loaded")
        self.before = self.warehouse.query(LEDGER)

    def write(self, mart, sql):
        (self.project / "models" / "gold" / f"{mart}.sql").write_text(sql, encoding="utf-8")
        self.warehouse.dbt.use(self.project)
        self.warehouse.dbt.forget()

    def assert_open(self):
        assert self.warehouse.query(LEDGER) == self.before

    def run_and_tell(self, *arguments):
        """A run that ends well, and what it said."""
        said = []
        runner = self.warehouse.dbt.runner
        self.warehouse.dbt.runner = lambda manifest: runner(
            manifest, callbacks=[lambda event: said.append(event.info.msg)]
        )
        try:
            results = self.warehouse.dbt(*arguments)
        finally:
            self.warehouse.dbt.runner = runner
        assert all(one.status in ("success", "pass", "no-op") for one in results.values()), results
        return [text for text in said if "The batch stays open" in text]

    def finish(self):
        self.warehouse.load(self.history.batches[2])
        self.warehouse.dbt.build()
        found = cells(self.warehouse)
        assert list(differences(found, self.wanted)) == []

    def parts(self, kind):
        return {
            name
            for (name,) in self.warehouse.query(f"select name from transform.transform_parts where kind = '{kind}'")
        }

    def test_a_build_of_everything_closes_the_batch_notes_what_it_was_made_by_and_asks_nothing_for_each_model(self):
        asked, execute = Counter(), DuckDBCursorWrapper.execute

        def count_and_execute(cursor, sql, bindings=None):
            asked[re.sub(r"/\*.*?\*/", "", sql, flags=re.DOTALL).strip()] += 1
            return execute(cursor, sql, bindings)

        with unittest.mock.patch.object(DuckDBCursorWrapper, "execute", count_and_execute):
            assert self.run_and_tell("build", "--exclude-resource-type", "unit_test") == []
        of_all = [
            sql for sql in asked if re.match("select .*(transform_ledger|transform_parts|int_heard_changes)", sql)
        ]
        assert len(of_all) > 3
        # Threads may ask at the same moment.
        assert [(sql, asked[sql]) for sql in of_all if asked[sql] > THREADS] == []
        loaded = self.warehouse.query("select object_key from bronze.load_ledger order by 1")
        assert self.warehouse.query("select object_key from transform.transform_ledger order by 1") == loaded
        catalogue = self.warehouse.query(
            "select upper(table_name) from information_schema.tables where table_schema = 'MART'"
        )
        assert self.parts("mart") == {f"MART.{name}" for (name,) in catalogue}
        self.finish()

    def test_a_run_typed_by_hand_fills_the_marts_and_leaves_the_batch_open_and_so_do_tests_alone(self):
        [said] = self.run_and_tell("run")
        assert "did not run" in said
        self.assert_open()
        self.warehouse.dbt("test")
        self.assert_open()
        kept = self.warehouse.query("select count(*) from transform.spotify_silver")
        assert self.warehouse.query("select sum(events) from mart.song_daily") == kept
        self.finish()

    def test_a_model_that_a_run_left_out_is_made_good_by_the_next_build(self):
        for command in ("run", "build") if ARE_RUN else ("build",):
            with self.subTest(command):
                [said] = self.run_and_tell(command, "--exclude", "user_engagement")
                assert "model user_engagement did not run" in said
                self.assert_open()
        self.finish()

    @wide
    def test_a_model_that_breaks_is_made_good_when_it_is_repaired(self):
        path = self.project / "models" / "gold" / "user_engagement.sql"
        right = path.read_text(encoding="utf-8")
        self.write("user_engagement", right.replace("device_type,", "error('broken') as device_type,", 1))
        results = self.warehouse.dbt("build", "--exclude-resource-type", "unit_test")
        assert results["user_engagement"].status == "error"
        self.assert_open()
        self.write("user_engagement", right)
        self.finish()

    def test_a_model_that_was_disabled_for_a_batch_is_built_in_full_when_it_returns(self):
        path = self.project / "models" / "gold" / "user_engagement.sql"
        right = path.read_text(encoding="utf-8")
        self.write("user_engagement", "{{ config(enabled=false) }}\n" + right)
        # Its unit test and the exposures name a model that is not there.
        exposures = self.project / "models" / "exposures.yml"
        exposed = exposures.read_text(encoding="utf-8")
        exposures.write_text(exposed.replace("      - ref('user_engagement')\n", ""), encoding="utf-8")
        unit_tests = self.project / "models" / "gold" / "unit_tests.yml"
        texts = unit_tests.read_text(encoding="utf-8")
        begin = texts.index("  - name: listeners_count_plays_skips_and_adds_by_kind")
        unit_tests.write_text(texts[:begin] + texts[texts.index("  - name: ", begin + 5) :], encoding="utf-8")
        assert self.run_and_tell("build", "--exclude-resource-type", "unit_test") == []
        assert "MART.USER_ENGAGEMENT" not in self.parts("mart")
        assert self.warehouse.query(LEDGER) != self.before
        unit_tests.write_text(texts, encoding="utf-8")
        exposures.write_text(exposed, encoding="utf-8")
        self.write("user_engagement", right)
        self.finish()

    def test_a_new_mart_holds_every_batch_even_when_it_failed_at_first(self):
        self.write("device_daily", BROKEN_SQL)
        results = self.warehouse.dbt("build", "--exclude-resource-type", "unit_test")
        assert results["device_daily"].status == "error"
        self.assert_open()
        self.write("device_daily", DEVICE_DAILY_SQL)
        self.warehouse.dbt.build()
        assert "MART.DEVICE_DAILY" in self.parts("mart")
        self.warehouse.load(self.history.batches[2])
        self.warehouse.dbt.build()
        by_silver = (
            "select cast(timestamp as date), device_type, count(*), count_if(event_type = 'play'), count_if(event_type = 'skip'), "
            "count_if(event_type = 'add_to_playlist') from transform.spotify_silver group by all order by all"
        )
        assert self.warehouse.query("from mart.device_daily order by all") == self.warehouse.query(by_silver)

    def test_a_batch_that_cannot_be_closed_fails_the_run_and_stays_open(self):
        self.warehouse.execute(
            "create table transform.kept as select * from transform.transform_ledger; drop table transform.transform_ledger; "
            "create table transform.transform_ledger as select *, 1 as more from transform.kept; "
            "alter table transform.transform_ledger alter column more set not null"
        )
        result = self.warehouse.dbt.invoke(
            self.warehouse.dbt.project(), "build", "--exclude-resource-type", "unit_test"
        )
        assert not result.success
        self.assert_open()
        self.warehouse.execute("alter table transform.transform_ledger drop column more")
        self.finish()


if __name__ == "__main__":
    unittest.main(verbosity=2)
