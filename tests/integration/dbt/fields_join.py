"""A field that joins the table of fields is judged in old rows, too: batch by batch ends in the cells of a full run.

    fields_join.py [unittest arguments]

The field `network` joins a copy of the project between two batches. Rows of every batch have it before that: with a good
value, with null, of a wrong type; and rows have none. The rule of `timestamp`, which admits any offset, replaces the one that
admitted UTC only, and faults are listed beside it. SDP_WAREHOUSE=snowflake as in incremental_matches_full.py.
"""

import dataclasses
import datetime
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).parents[2]))

from driver.earlier_project import make_earlier
from history import History, LakeObject, Row, iso
from incremental_matches_full import ON_SNOWFLAKE, cells, differences, full, stops
from variants import load_tests, wide  # noqa: F401  unittest asks for load_tests.
from warehouses import PROJECT, open_warehouse

FIELD = "{'name': 'network', 'type': 'text', 'required': %s, 'rule': 1},"
COLUMN = "      - name: network\n        description: What the player was connected by.\n        data_type: varchar\n"
VALUES = ["wifi", "", None, 7, ["wifi"]]


def with_network(rng, one):
    """The object, some of whose events have the member."""
    rows = []
    for row in one.rows:
        if row.payload is not None and rng.random() < 0.5:
            event = json.loads(row.payload) | {"network": rng.choice(VALUES)}
            rows.append(dataclasses.replace(row, payload=json.dumps(event, ensure_ascii=False)))
        else:
            rows.append(row)
    return dataclasses.replace(one, rows=tuple(rows))


def refused_and_its_duplicate(history):
    """A kept row that the field refuses, and the only other row of its id: on another day, in an object that nothing else
    brings back. It takes the kept row's place."""
    event = next(json.loads(row.payload) for one in history.objects() for row in one.rows if row.payload is not None)
    event.pop("network", None)
    arrived = datetime.datetime(2026, 1, 5, 12)
    for partition, member, day in ((7, {"network": 7}, 0), (8, {}, 3)):
        event |= {
            "event_id": "5e9a52f7-0000-4000-8000-00000000000a",
            "country": "CA",
            "user_id": event["song_id"],
            "song_name": "A",
        }
        time = arrived + datetime.timedelta(days=day)
        payload = json.dumps(event | {"timestamp": iso(time)} | member)
        yield LakeObject(f"bronze/refused_p{partition}", "refused", partition, (Row(partition, time, payload),))


def add_field(project, required=False):
    """What the generated files hold when the C++ table has the row more."""
    fields = project / "macros" / "event_fields.sql"
    text = fields.read_text(encoding="utf-8")
    end = text.index("    ]) }}")
    row = FIELD % str(required).lower()
    fields.write_text(f"{text[:end]}        {row}\n{text[end:]}", encoding="utf-8")
    columns = project / "models" / "silver" / "events.yml"
    text = columns.read_text(encoding="utf-8")
    columns.write_text(text.replace("      - name: topic_id\n", COLUMN + "      - name: topic_id\n"), encoding="utf-8")


def by_another_clock(rng, time):
    """The same time with an offset; any other text as it is."""
    hours = rng.choice([-12, -1, 2, 14])
    try:
        there = datetime.datetime.fromisoformat(time.removesuffix("Z")) + datetime.timedelta(hours=hours)
    except ValueError:
        return time
    return f"{there.isoformat(timespec='milliseconds')}{hours:+03d}:00"


def with_offset(rng, one):
    """The object, some of whose events say the same time by another clock, and some of those have more faults than one."""
    rows = []
    for row in one.rows:
        event = json.loads(row.payload) if row.payload is not None else {}
        if isinstance(event.get("timestamp"), str) and rng.random() < 0.3:
            event["timestamp"] = by_another_clock(rng, event["timestamp"])
            if rng.random() < 0.4:
                event |= {"country": "x", "position_ms": -1}
            rows.append(dataclasses.replace(row, payload=json.dumps(event, ensure_ascii=False)))
        else:
            rows.append(row)
    return dataclasses.replace(one, rows=tuple(rows))


class TwoProjects(unittest.TestCase):
    """Batches that one project builds, and another goes on from."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sdp-dbt-")
        cls.warehouse = open_warehouse(pathlib.Path(cls.folder.name))

    @classmethod
    def build_two_batches(cls, project):
        cls.warehouse.dbt.use(project)
        cls.warehouse.clear()
        for batch in cls.history.batches[:2]:
            cls.warehouse.load(batch)
            cls.warehouse.dbt.build()

    @classmethod
    def copy_project(cls, name):
        project = pathlib.Path(cls.folder.name) / name
        shutil.rmtree(project, ignore_errors=True)
        shutil.copytree(PROJECT, project)
        return project

    def assert_same(self, wanted):
        assert list(differences(cells(self.warehouse), wanted)) == []


class Rules(TwoProjects):
    """A rule that admits more is applied to what it refused before."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rng = random.Random(96)
        cls.history = History(96)
        cls.history.batches = [[with_offset(rng, one) for one in batch] for batch in cls.history.batches]
        cls.warehouse.dbt.use(PROJECT)
        cls.wanted = full(cls.warehouse, cls.history)
        several = sum(count for row, count in cls.wanted["transform.spotify_faults"].items() if "out_of_range" in row)
        assert several > 3, "the history has too few rows of several faults"
        cls.old = cls.copy_project("earlier")
        make_earlier(cls.old)
        if not ON_SNOWFLAKE:
            cls.build_two_batches(cls.old)
            cls.warehouse.keep("two_batches_by_the_old_rule")

    def begin(self):
        if ON_SNOWFLAKE:
            self.build_two_batches(self.old)
        else:
            self.warehouse.restore("two_batches_by_the_old_rule")
        [(refused,)] = self.warehouse.query(
            "select count(*) from transform.spotify_rejected where reason = 'bad_timestamp'"
        )
        assert refused > 20, "the old rule refused too little"
        self.warehouse.dbt.use(PROJECT)

    def test_rows_that_it_refused_join_the_next_batch(self):
        self.begin()
        self.warehouse.load(self.history.batches[2])
        self.warehouse.dbt.build()
        self.assert_same(self.wanted)
        # Only once: the next batch is empty.
        self.warehouse.dbt.build()
        assert self.warehouse.query("select count(*) from transform.int_batch_objects") == [(0,)]
        self.assert_same(self.wanted)

    @wide
    @unittest.skipIf(ON_SNOWFLAKE, "works on copies of a DuckDB file")
    def test_they_join_again_when_that_run_was_stopped(self):
        self.begin()
        self.warehouse.load(self.history.batches[2])
        self.warehouse.keep("rule_admits_more")
        for last in stops(
            "int_events_judged",
            "spotify_rejected",
            more=("int_batch_objects", "spotify_duplicates", "int_heard_events"),
        ):
            with self.subTest(stopped_after=last):
                self.warehouse.restore("rule_admits_more")
                self.warehouse.dbt.build("--exclude-resource-type", "test", "--select", f"+{last}")
                self.warehouse.dbt.build()
                self.assert_same(self.wanted)

    @unittest.skipIf(ON_SNOWFLAKE, "needs nothing of it")
    def test_a_warehouse_of_a_version_that_noted_no_rules_does_the_same(self):
        self.begin()
        self.warehouse.execute("drop table transform.transform_parts")
        self.warehouse.load(self.history.batches[2])
        self.warehouse.dbt.build()
        self.assert_same(self.wanted)


class Fields(TwoProjects):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.history = History(97)
        rng = random.Random(97)
        cls.history.batches = [[with_network(rng, one) for one in batch] for batch in cls.history.batches]
        cls.history.batches[0] += refused_and_its_duplicate(cls.history)
        cls.wanted = {}
        if not ON_SNOWFLAKE:
            cls.build_two_batches(PROJECT)
            cls.warehouse.keep("two_batches")

    def begin(self, project):
        """Two batches are there, built by the project as it is; `project` goes on from them."""
        if ON_SNOWFLAKE:
            self.build_two_batches(PROJECT)
        else:
            self.warehouse.restore("two_batches")
        self.warehouse.dbt.use(project)

    def with_field(self, required=False):
        """A project that has the field, and the cells of a full run of it."""
        if required not in self.wanted:
            project = self.copy_project(f"project-{required}")
            add_field(project, required)
            self.warehouse.dbt.use(project)
            self.wanted[required] = project, full(self.warehouse, self.history)
        return self.wanted[required]

    def test_objects_with_rows_that_have_the_field_join_the_next_batch(self):
        project, wanted = self.with_field()
        refused = [row for row in wanted["transform.spotify_rejected"] if "network" in row]
        assert len(refused) > 20, "the history has too few rows of a wrong type"
        self.begin(project)
        self.warehouse.load(self.history.batches[2])
        self.warehouse.dbt.build()
        self.assert_same(wanted)
        # Only once: the next batch is empty.
        self.warehouse.dbt.build()
        assert self.warehouse.query("select count(*) from transform.int_batch_objects") == [(0,)]
        self.assert_same(wanted)

    @unittest.skipIf(ON_SNOWFLAKE, "works on copies of a DuckDB file")
    def test_they_join_again_when_that_run_was_stopped(self):
        project, wanted = self.with_field()
        self.begin(project)
        self.warehouse.load(self.history.batches[2])
        self.warehouse.keep("field_joins")
        for last in stops(
            "int_batch_objects", "spotify_duplicates", more=("int_events_judged", "int_heard_events", "top_songs")
        ):
            with self.subTest(stopped_after=last):
                self.warehouse.restore("field_joins")
                self.warehouse.dbt.build("--exclude-resource-type", "test", "--select", f"+{last}")
                self.warehouse.dbt.build()
                self.assert_same(wanted)

    @wide
    @unittest.skipIf(ON_SNOWFLAKE, "needs nothing of it")
    def test_a_warehouse_of_a_version_that_noted_no_fields_joins_too(self):
        project, wanted = self.with_field()
        self.begin(project)
        self.warehouse.execute("drop table transform.transform_parts")
        self.warehouse.load(self.history.batches[2])
        self.warehouse.dbt.build()
        self.assert_same(wanted)

    @unittest.skipIf(ON_SNOWFLAKE, "needs nothing of it")
    def test_a_required_field_is_asked_of_every_row(self):
        project, wanted = self.with_field(required=True)
        self.begin(project)
        self.warehouse.load(self.history.batches[2])
        self.warehouse.dbt.build()
        self.assert_same(wanted)

    @unittest.skipIf(ON_SNOWFLAKE, "needs nothing of it")
    def test_a_changed_rule_wants_a_full_refresh(self):
        project = self.copy_project("changed_rule")
        fields = project / "macros" / "event_fields.sql"
        text = fields.read_text(encoding="utf-8")
        fields.write_text(text.replace("'desktop', 'web'", "'desktop', 'web', 'tv'"), encoding="utf-8")
        self.begin(project)
        results = self.warehouse.dbt("build", "--exclude-resource-type", "unit_test")
        assert "device_type" in str(results["int_batch_objects"].message)
        assert "--full-refresh" in str(results["int_batch_objects"].message)
        self.warehouse.dbt.build("--full-refresh")


if __name__ == "__main__":
    os.environ.setdefault("SDP_WAREHOUSE", "duckdb")
    unittest.main(verbosity=2)
