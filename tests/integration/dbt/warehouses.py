"""Warehouses that dbt can be run on: bronze is written here as the loader would, tables are read back as texts."""

import contextlib
import hashlib
import io
import os
import pathlib
import shutil
import sys

import duckdb

PROJECT = pathlib.Path(os.environ.get("SDP_DBT_PROJECT", pathlib.Path(__file__).parents[3] / "spotify_dbt")).absolute()

EVENTS = "insert into bronze.spotify_events values (?, 'spotify-events', ?, ?, ?, ?, null, null, null, ?, '2026-02-28 00:00:00')"
REJECTED = "insert into bronze.rejected_events values (?, 'spotify-events', ?, ?, ?, ?, null, null, null, ?, 'AAEC', '2026-02-28 00:00:00')"
LEDGER = "insert into bronze.load_ledger values (?, 'spotify-events', ?, ?, ?, ?, ?, ?, ?, ?, ?, 'test', '2026-02-28 00:00:00')"


def ledger_row(one):
    times = [row.arrived for row in one.rows]
    refused = sum(row.payload is None for row in one.rows)
    digest = hashlib.sha256(one.key.encode()).hexdigest()
    return (one.key, one.topic_id, one.partition, one.rows[0].offset, one.rows[-1].offset, len(one.rows), refused, min(times), max(times), digest)  # fmt: skip


class Dbt:
    """dbt in this process: starting it anew for each of a hundred runs would take most of the time."""

    def __init__(self, folder, release):
        self.release = release
        os.environ.update(
            DBT_PROJECT_DIR=str(PROJECT),
            DBT_PROFILES_DIR=str(PROJECT),
            DBT_TARGET_PATH=str(folder / "target"),
            DBT_LOG_PATH=str(folder / "logs"),
            DBT_SEND_ANONYMOUS_USAGE_STATS="false",
            DBT_VERSION_CHECK="false",
        )
        from dbt.cli.main import dbtRunner

        self.runner = dbtRunner
        self.manifest = None

    def __call__(self, *arguments):
        """The results by node name; anything that went wrong is in them, or raised when dbt could not begin."""
        if self.manifest is None:
            self.manifest = self.invoke(None, "parse").result
        result = self.invoke(self.manifest, *arguments)
        if result.exception:
            raise result.exception
        return {one.node.name: one for one in result.result.results}

    def invoke(self, manifest, *arguments):
        flags = ["--quiet", "--no-use-colors", "--log-level-file", "none", "--no-write-json"]
        with contextlib.redirect_stdout(io.StringIO()) as output:
            result = self.runner(manifest=manifest).invoke([*flags, *arguments])
        self.release()
        if result.exception:
            print(output.getvalue(), file=sys.stderr)
        return result

    def build(self, *arguments, tests=True):
        """`dbt build`, of which everything must pass."""
        left_out = ["--exclude-resource-type", "unit_test", "exposure", *([] if tests else ["test"])]
        results = self(*["build", *left_out, *arguments])
        bad = {name: str(one.message) for name, one in results.items() if one.status not in ("success", "pass")}
        if bad:
            raise AssertionError(f"dbt build: {bad}")
        return results


class DuckDb:
    """A DuckDB file in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "spotify_db.duckdb"
        os.environ["SDP_WAREHOUSE"] = "duckdb"
        os.environ["SDP_WAREHOUSE_PATH"] = str(self.path)
        self.dbt = Dbt(folder, self.release)

    @staticmethod
    def release():
        """dbt's adapter keeps the file open for as long as the process lives."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        if DuckDBConnectionManager._ENV:
            DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager.close_all_connections()

    def clear(self):
        self.path.unlink(missing_ok=True)
        pathlib.Path(f"{self.path}.wal").unlink(missing_ok=True)
        with duckdb.connect(str(self.path)) as database:
            database.execute(pathlib.Path(__file__).with_name("bronze.sql").read_text(encoding="utf-8"))

    def keep(self, name):
        shutil.copy(self.path, self.folder / name)

    def restore(self, name):
        shutil.copy(self.folder / name, self.path)

    def load(self, objects):
        with duckdb.connect(str(self.path)) as database:
            database.execute("begin")
            for one in objects:
                for row in one.rows:
                    place = (one.key, one.topic_id, one.partition, row.offset, row.arrived)
                    if row.payload is None:
                        database.execute(REJECTED, (*place, row.error_code))
                    else:
                        database.execute(EVENTS, (*place, row.payload))
                database.execute(LEDGER, ledger_row(one))
            database.execute("commit")

    def query(self, sql):
        with duckdb.connect(str(self.path), read_only=True) as database:
            return database.execute(sql).fetchall()

    def execute(self, sql):
        with duckdb.connect(str(self.path)) as database:
            database.execute(sql)

    def columns(self, schema, table):
        found = self.query(
            "select column_name from information_schema.columns where lower(table_schema) = "
            f"lower('{schema}') and lower(table_name) = lower('{table}') order by ordinal_position"
        )
        return [name for (name,) in found]
