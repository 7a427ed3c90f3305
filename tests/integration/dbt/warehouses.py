"""Warehouses that dbt can be run on: bronze is written here as the loader would, tables are read back as texts."""

import contextlib
import gc
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile

import duckdb

sys.path.append(str(pathlib.Path(__file__).parents[2]))

from driver import parsed
from driver.loaded_dbt import load_quickly, work_quickly

PROJECT = pathlib.Path(os.environ.get("SDP_DBT_PROJECT", pathlib.Path(__file__).parents[3] / "spotify_dbt")).absolute()

EVENTS = "insert into bronze.spotify_events values (?, 'spotify-events', ?, ?, ?, ?, null, null, null, ?, '2026-02-28 00:00:00')"
REJECTED = "insert into bronze.rejected_events values (?, 'spotify-events', ?, ?, ?, ?, null, null, null, ?, 'AAEC', '2026-02-28 00:00:00')"
LEDGER = "insert into bronze.load_ledger values (?, 'spotify-events', ?, ?, ?, ?, ?, ?, ?, ?, ?, 'test', ?)"


def ledger_row(one):
    times = [row.arrived for row in one.rows]
    refused = sum(row.payload is None for row in one.rows)
    digest = hashlib.sha256(one.key.encode()).hexdigest()
    place = (one.key, one.topic_id, one.partition, one.rows[0].offset, one.rows[-1].offset)
    return (*place, len(one.rows), refused, min(times), max(times), digest, max(times))


class Dbt:
    """dbt in this process: starting it again for each of a hundred runs would take most of the time."""

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
        load_quickly()
        from dbt.cli.main import dbtRunner

        work_quickly("warn", "error")
        self.runner = dbtRunner
        self.target = folder / "target"
        self.folder = PROJECT
        self.manifests = {}

    def use(self, project):
        """Another project from now on. It has a target of its own, where dbt remembers it alone. A copy begins with what dbt
        remembers of PROJECT, and parses only what it has otherwise."""
        self.target.mkdir(exist_ok=True)
        target = self.target if project == PROJECT else self.target.with_name(f"target-{project.name}")
        parsed = self.target / "partial_parse.msgpack"
        if not target.exists() and parsed.exists():
            target.mkdir()
            shutil.copy(parsed, target)
        os.environ.update(DBT_PROJECT_DIR=str(project), DBT_PROFILES_DIR=str(project), DBT_TARGET_PATH=str(target))
        self.folder = project

    def forget(self):
        """The files of the project, or what its names lead to, are others now."""
        self.manifests.pop(self.folder, None)

    def project(self):
        """The manifest: every node of the project."""
        if self.folder not in self.manifests:
            self.manifests[self.folder] = self.invoke(None, "parse").result
            # Manifests live on, so the collector need not walk them in each build; one that was forgotten goes.
            gc.unfreeze()
            gc.collect()
            gc.freeze()
        return self.manifests[self.folder]

    def __call__(self, *arguments):
        """The results by node name; anything that went wrong is in them, or raised when dbt could not begin."""
        result = self.invoke(self.project(), *arguments)
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

    def build(self, *arguments):
        """`dbt build`, of which everything must pass. With nothing left out it closes the batch."""
        results = self("build", "--exclude-resource-type", "unit_test", *arguments)
        bad = {
            name: str(one.message) for name, one in results.items() if one.status not in ("success", "pass", "no-op")
        }
        if bad:
            raise AssertionError(f"dbt build: {bad}")
        return results


def columns_by_table(rows):
    tables = {}
    for schema, table, column in rows:
        tables.setdefault(f"{schema}.{table}".lower(), []).append(column.lower())
    return tables


def take_what_was_parsed(target):
    """In a first run for a whole run of tests. dbt parses what the project has otherwise, and all of it where nobody ran before."""
    if parsed.SHARED in os.environ:
        target.mkdir()
        shutil.copy(os.environ[parsed.SHARED], target / "partial_parse.msgpack")


class DuckDb:
    """A DuckDB file in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "spotify_db.duckdb"
        # By its name alone, and with the memory of driver/parsed.py: both are a part of what dbt parsed.
        os.chdir(folder)
        os.environ.update(SDP_WAREHOUSE="duckdb", SDP_WAREHOUSE_PATH=self.path.name, SDP_TRANSFORM_MEMORY=parsed.MEMORY)
        take_what_was_parsed(folder / "target")
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
        return self.queries([sql])[0]

    def queries(self, statements):
        with duckdb.connect(str(self.path), read_only=True) as database:
            return [database.execute(sql).fetchall() for sql in statements]

    def execute(self, sql):
        with duckdb.connect(str(self.path)) as database:
            database.execute(sql)

    def columns(self):
        """Names of columns by table: {"mart.top_songs": ["song_id", ...]}."""
        return columns_by_table(
            self.query("select table_schema, table_name, column_name from information_schema.columns order by all")
        )


def bronze_lines(objects):
    """What goes through the stage: a line a row of bronze, and one an object."""
    for one in objects:
        for row in one.rows:
            place = [one.key, one.topic_id, one.partition, row.offset, str(row.arrived)]
            yield {
                "table": "event" if row.error_code is None else "rejected",
                "row": [*place, row.payload or row.error_code],
            }
        yield {
            "table": "ledger",
            "row": [value if isinstance(value, int | str) else str(value) for value in ledger_row(one)],
        }


def selected(types):
    return ", ".join(f"cast(line:row[{index}] as {kind})" for index, kind in enumerate(types))


PLACE = ["varchar", "varchar", "integer", "integer", "timestamp_ntz"]
LEDGER_TYPES = ["varchar", "varchar", *["integer"] * 5, "timestamp_ntz", "timestamp_ntz", "varchar"]
LOADED_AT = "cast(line:row[10] as timestamp_ntz)"


class Snowflake:
    """The emulator of tests/emulator, or whatever SNOWFLAKE_* leads to."""

    def __init__(self, folder):
        import snowflake.connector

        os.environ["SDP_WAREHOUSE"] = "snowflake"
        names = {
            "account": "ACCOUNT",
            "user": "USER",
            "password": "PASSWORD",
            "host": "HOST",
            "port": "PORT",
            "protocol": "PROTOCOL",
        }
        self.connection = snowflake.connector.connect(
            **{name: os.environ["SNOWFLAKE_" + variable] for name, variable in names.items()}
        )
        self.database = os.environ["SNOWFLAKE_DATABASE"]
        self.is_new = True
        self.folder = folder
        self.dbt = Dbt(folder, lambda: None)

    def clear(self):
        """One database for all: another's name would have dbt parse the project again."""
        if self.is_new:
            self.execute(f"create database if not exists {self.database}")
            self.execute(f"use database {self.database}")
            self.execute("create schema if not exists staged")
            self.execute("create or replace stage staged.lines")
            self.execute("create or replace table staged.lines (line variant)")
            self.is_new = False
        for schema in ("bronze", "transform", "mart"):
            self.execute(f"drop schema if exists {schema} cascade")
        bronze = re.sub("--.*", "", pathlib.Path(__file__).with_name("bronze.sql").read_text(encoding="utf-8"))
        for statement in bronze.split(";"):
            if statement.strip():
                self.execute(
                    statement.replace(" json", " varchar")
                    .replace(" timestamp", " timestamp_ntz(3)")
                    .replace("kafka_timestamp_ntz(3)", "kafka_timestamp")
                )

    def load(self, objects):
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".json", encoding="utf-8") as file:
            for line in bronze_lines(objects):
                file.write(json.dumps(line) + "\n")
            file.flush()
            self.execute(f"put 'file://{file.name}' @staged.lines overwrite = true auto_compress = false")
        self.execute("truncate table staged.lines")
        self.execute(
            f"copy into staged.lines from @staged.lines files = ('{pathlib.Path(file.name).name}') file_format = (type = json)"
        )
        self.insert(
            "spotify_events", "event", PLACE, "null, null, null, cast(line:row[5] as varchar), '2026-02-28 00:00:00'"
        )
        self.insert(
            "rejected_events",
            "rejected",
            PLACE,
            "null, null, null, cast(line:row[5] as varchar), 'AAEC', '2026-02-28 00:00:00'",
        )
        self.insert("load_ledger", "ledger", LEDGER_TYPES, f"'test', {LOADED_AT}")

    def insert(self, table, kind, types, rest):
        columns = selected(types).replace(" as varchar), ", " as varchar), 'spotify-events', ", 1)
        self.execute(
            f"insert into bronze.{table} select {columns}, {rest} from staged.lines where cast(line:table as varchar) = '{kind}'"
        )

    def execute(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)

    def query(self, sql):
        return self.queries([sql])[0]

    def queries(self, statements):
        with self.connection.cursor() as cursor:
            return [cursor.execute(sql).fetchall() for sql in statements]

    def columns(self):
        return columns_by_table(
            self.query("select table_schema, table_name, column_name from information_schema.columns order by 1, 2, 3")
        )


def open_warehouse(folder):
    return Snowflake(folder) if os.environ.get("SDP_WAREHOUSE") == "snowflake" else DuckDb(folder)
