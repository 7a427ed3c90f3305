"""Batches in any order, runs that were stopped, and a full refresh must end in the same cells.

    incremental_matches_full.py [unittest arguments]

SDP_DBT_SEEDS says over how many histories (4), SDP_DBT_STOPS after how many models runs are stopped (one; some; all),
SDP_WAREHOUSE=snowflake (with SNOWFLAKE_*, as tests/emulator/start.py sets them) that it be done there and compared with DuckDB, and
SDP_DBT_PROJECT which project to run instead of spotify_dbt: one that was broken on purpose must fail here.
"""

import concurrent.futures
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import unittest
from collections import Counter

from history import History
from warehouses import open_warehouse

ON_SNOWFLAKE = os.environ.get("SDP_WAREHOUSE") == "snowflake"
SEEDS = int(os.environ.get("SDP_DBT_SEEDS", "4"))
# A run on the emulator takes its time, however little there is to do.
SEEDS_A_WAREHOUSE, WORKERS = (SEEDS, 1) if ON_SNOWFLAKE else (10, 2)

LEDGER = "select object_key, records, first_timestamp, last_timestamp from transform.transform_ledger"


def stops(one, *others, more):
    """After which models runs are stopped, each once."""
    chosen = {"one": (one,), "some": (one, *others), "all": (one, *others, *more)}
    return list(dict.fromkeys(chosen[os.environ.get("SDP_DBT_STOPS", "one")]))


def queries(warehouse):
    """How to read each table of the project that a batch adds to; those that hold a batch itself are tagged so."""
    found, columns = {"transform.transform_ledger": LEDGER}, warehouse.columns()
    for node in warehouse.dbt.project().nodes.values():
        table = f"{node.schema}.{node.alias}".lower()
        if node.resource_type == "model" and "batch" not in node.tags:
            found[table] = f"select {', '.join(sorted(columns[table]))} from {table}"
        elif node.resource_type == "snapshot":
            # What holds now: how often a listener was seen to change depends on how often one looked.
            kept = [node.config.unique_key, *node.config.check_cols]
            found[table] = f"select {', '.join(kept)} from {table} where dbt_valid_to is null"
    return found


def cells(warehouse):
    """Every row of every table, as texts."""
    asked = queries(warehouse)
    answers = warehouse.queries(asked.values())
    return {table: Counter(tuple(map(str, row)) for row in rows) for table, rows in zip(asked, answers, strict=True)}


def differences(found, wanted):
    for table, rows in wanted.items():
        for row in list((found[table] - rows).elements())[:3]:
            yield f"{table}: should not hold {row}"
        for row in list((rows - found[table]).elements())[:3]:
            yield f"{table}: lacks {row}"


def full(warehouse, *histories):
    """The cells of one run over everything."""
    warehouse.clear()
    warehouse.load([one for history in histories for one in history.objects()])
    warehouse.dbt.build()
    return cells(warehouse)


def compare(seeds):
    """Differences between batch by batch and all at once, and how many cells were compared."""
    warehouse = worker_warehouse()
    histories = [History(seed) for seed in seeds]
    wanted = full(warehouse, *histories)
    lines = [f"Snowflake: {line}" for line in differences(wanted, duckdb_cells(seeds))] if ON_SNOWFLAKE else []
    warehouse.clear()
    for batch in zip(*(history.batches for history in histories), strict=True):
        warehouse.load([one for objects in batch for one in objects])
        warehouse.dbt.build()
    found = cells(warehouse)
    return lines + [f"seeds {seeds}: {line}" for line in differences(found, wanted)], sum(
        count * len(row) for rows in wanted.values() for row, count in rows.items()
    )


def duckdb_cells(seeds):
    """The same run on DuckDB: a process knows one adapter of dbt only."""
    command = [sys.executable, "-B", __file__, "--cells", *map(str, seeds)]
    return pickle.loads(
        subprocess.run(command, env=os.environ | {"SDP_WAREHOUSE": "duckdb"}, stdout=subprocess.PIPE, check=True).stdout
    )


def print_cells(seeds):
    found = full(worker_warehouse(), *(History(int(seed)) for seed in seeds))
    sys.stdout.buffer.write(pickle.dumps(found))


_warehouse = []


def worker_warehouse():
    """One for each process."""
    if not _warehouse:
        _warehouse.append(tempfile.TemporaryDirectory(prefix="sdp-dbt-"))
        _warehouse.append(open_warehouse(pathlib.Path(_warehouse[0].name)))
    return _warehouse[1]


class Incremental(unittest.TestCase):
    def assert_same(self, found, wanted):
        assert list(differences(found, wanted)) == []

    def test_batches_in_any_order_equal_a_full_run(self):
        with concurrent.futures.ProcessPoolExecutor(WORKERS) as pool:
            results = list(
                pool.map(
                    compare,
                    [
                        range(first, min(first + SEEDS_A_WAREHOUSE, SEEDS + 1))
                        for first in range(1, SEEDS + 1, SEEDS_A_WAREHOUSE)
                    ],
                )
            )
        assert [line for lines, _ in results for line in lines] == []
        print(f"{SEEDS} seeds, {sum(count for _, count in results)} cells compared", file=sys.stderr)


@unittest.skipIf(ON_SNOWFLAKE, "works on copies of a DuckDB file")
class Stopped(unittest.TestCase):
    """Runs that end before their end, at every place."""

    @classmethod
    def setUpClass(cls):
        cls.warehouse = worker_warehouse()
        cls.history = History(99)
        cls.wanted = full(cls.warehouse, cls.history)
        cls.warehouse.clear()
        cls.warehouse.load(cls.history.batches[0])
        results = cls.warehouse.dbt.build()
        cls.order = [name for name, one in results.items() if one.node.resource_type in ("model", "snapshot")]
        cls.warehouse.load(cls.history.batches[1])
        cls.warehouse.keep("second_batch_loaded")

    def finish(self):
        """More is loaded meanwhile, then dbt runs again."""
        self.warehouse.load(self.history.batches[2])
        self.warehouse.dbt.build()
        assert list(differences(cells(self.warehouse), self.wanted)) == []

    def stop(self, *arguments):
        """A run that ends after some models, and before any test."""
        self.warehouse.dbt.build("--exclude-resource-type", "test", *arguments)

    def test_a_run_stopped_after_any_model_is_made_good_by_the_next(self):
        for last in stops("int_dirty_days", "int_events_judged", "song_daily", more=self.order):
            with self.subTest(stopped_after=last):
                self.warehouse.restore("second_batch_loaded")
                self.stop("--select", *self.order[: self.order.index(last) + 1])
                self.finish()

    def test_a_full_refresh_stopped_after_its_first_model_is_made_good_by_the_next_run(self):
        self.warehouse.restore("second_batch_loaded")
        self.stop("--full-refresh", "--select", "int_batch_objects")
        self.finish()

    def test_a_full_refresh_of_a_grown_history_equals_a_full_run(self):
        self.warehouse.restore("second_batch_loaded")
        self.warehouse.load(self.history.batches[2])
        self.warehouse.dbt.build("--full-refresh")
        assert list(differences(cells(self.warehouse), self.wanted)) == []

    def test_a_run_without_new_objects_changes_nothing(self):
        self.warehouse.restore("second_batch_loaded")
        self.warehouse.load(self.history.batches[2])
        for _ in range(2):
            self.warehouse.dbt.build()
        assert list(differences(cells(self.warehouse), self.wanted)) == []

    def test_facts_that_are_gone_are_counted_again(self):
        self.warehouse.restore("second_batch_loaded")
        self.warehouse.execute("drop table transform.int_heard_events")
        self.finish()

    def test_a_mart_that_is_run_alone_counts_no_change_twice(self):
        self.warehouse.restore("second_batch_loaded")
        self.warehouse.dbt.build()
        before = cells(self.warehouse)
        for alone in ["song_daily", "int_heard_events", "skip_curve listener_sessions"]:
            with self.subTest(alone):
                self.stop("--select", *alone.split())
                assert list(differences(cells(self.warehouse), before)) == []
        self.finish()

    def test_a_failing_data_test_keeps_the_batch_out_of_the_ledger(self):
        self.warehouse.restore("second_batch_loaded")
        self.warehouse.execute(
            "insert into bronze.load_ledger select * replace ('bronze/nothing' as object_key) from bronze.load_ledger limit 1"
        )
        before = self.warehouse.query(LEDGER)
        results = self.warehouse.dbt("build", "--exclude-resource-type", "unit_test")
        assert results["bronze_is_kept_duplicate_or_rejected"].status == "fail"
        assert self.warehouse.query(LEDGER) == before
        self.warehouse.execute("delete from bronze.load_ledger where object_key = 'bronze/nothing'")
        self.finish()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--cells"]:
        print_cells(sys.argv[2:])
    else:
        unittest.main(verbosity=2)
