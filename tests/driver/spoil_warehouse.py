"""Spoils copies of a warehouse in one place each. Runs where DuckDB's module is; reads requests from standard input, one JSON line each.

{"list": FILE}                            -> every corruption that the file's tables offer, in a fixed order
{"from": FILE, "to": FILE, "do": ONE}     -> whether the copy differs now; a corruption needs a row that it changes

Each table is written again from a query, so views and tables are spoilt alike, whatever constraints and keys they have.
"""

import json
import shutil
import sys

import duckdb

SCHEMAS = ("BRONZE", "TRANSFORM", "MART")
INTEGERS = ("INTEGER", "BIGINT")
# What becomes of one cell, by the column's type: {} is the column.
CELLS = {
    "VARCHAR": {"longer": "coalesce({}, '') || 'x'", "empty": "''", "in other case": "upper({})"},
    "JSON": {"spaced": "CASE WHEN {0} IS NULL THEN '[]' ELSE replace(CAST({0} AS VARCHAR), ',', ', ') END"},
    "INTEGER": {"one more": "coalesce({}, 0) + 1", "one less": "coalesce({}, 0) - 1", "zero": "0"},
    "BIGINT": {"one more": "coalesce({}, 0) + 1", "one less": "coalesce({}, 0) - 1", "zero": "0"},
    "DOUBLE": {"nine": "9", "NaN": "'NaN'", "a little more": "{} + 1e-9", "zero": "0"},
    "BOOLEAN": {"turned": "NOT {}"},
    "DATE": {"a day later": "{} + INTERVAL 1 DAY"},
    "TIMESTAMP": {
        "a microsecond later": "{} + INTERVAL 1 MICROSECOND",
        "a second later": "{} + INTERVAL 1 SECOND",
        "an hour earlier": "{} - INTERVAL 1 HOUR",
    },
}
# What another type could a column be given.
TYPES = {
    "VARCHAR": ["LIST", "BLOB"],
    "JSON": ["LIST", "VARCHAR"],
    "INTEGER": ["LIST", "VARCHAR", "BIGINT", "DOUBLE"],
    "BIGINT": ["LIST", "VARCHAR", "HUGEINT", "DOUBLE"],
    "DOUBLE": ["LIST", "VARCHAR", "FLOAT"],
    "BOOLEAN": ["LIST", "VARCHAR", "INTEGER"],
    "DATE": ["LIST", "VARCHAR", "TIMESTAMP"],
    "TIMESTAMP": ["LIST", "VARCHAR", "TIMESTAMP_NS"],
}


def quoted(name):
    return f'"{name}"'


def tables(connection):
    """[(schema, table, [(column, type)])]"""
    found = {}
    for schema, table, column, kind in connection.execute(
        "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema IN ('BRONZE', 'TRANSFORM', 'MART') ORDER BY table_schema, upper(table_name), ordinal_position"
    ).fetchall():
        found.setdefault((schema, table), []).append((column, kind))
    return [(schema, table, columns) for (schema, table), columns in found.items()]


def corruptions(connection):
    for schema, table, columns in tables(connection):
        place = {"schema": schema, "table": table}
        for what in ("dropped", "renamed", "emptied", "halved", "column added"):
            yield place | {"do": "table", "what": what}
        for what in ("missing", "doubled", "invented"):
            for pick in (0, 7):
                yield place | {"do": "row", "what": what, "pick": pick}
        for column, kind in columns:
            cell = place | {"column": column, "type": kind}
            for what in (*CELLS[kind], "NULL", "of another row"):
                for pick in (0, 7):
                    yield cell | {"do": "cell", "what": what, "pick": pick}
            for what in ("all NULL", "dropped", "renamed", *(f"as {other}" for other in TYPES[kind])):
                yield cell | {"do": "column", "what": what}
    for schema in SCHEMAS:
        yield {"do": "schema", "what": "table added", "schema": schema, "table": "STRAY"}


class Spoiler:
    def __init__(self, connection, one):
        self.connection, self.one = connection, one
        self.table = f"{quoted(one['schema'])}.{quoted(one['table'])}"

    def run(self):
        """False when there is no row that this would change."""
        return getattr(self, f"spoil_{self.one['do']}")()

    def columns(self):
        return [
            name
            for (name,) in self.connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
                [self.one["schema"], self.one["table"]],
            ).fetchall()
        ]

    def kind_of_relation(self):
        [[kind]] = self.connection.execute(
            "SELECT table_type FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
            [self.one["schema"], self.one["table"]],
        ).fetchall()
        return "VIEW" if kind == "VIEW" else "TABLE"

    def numbered(self):
        """The rows with a number, in an order of their own."""
        order = ", ".join(quoted(name) for name in self.columns())
        return f"(SELECT *, row_number() OVER (ORDER BY {order}) AS sdp_row FROM {self.table})"

    def drop(self):
        self.connection.execute(f"DROP {self.kind_of_relation()} {self.table}")

    def write_again(self, query):
        """False when the rows are the same afterwards."""
        schema = quoted(self.one["schema"])
        self.connection.execute(f"CREATE TABLE {schema}.sdp_new AS {query}")
        self.drop()
        self.connection.execute(f"ALTER TABLE {schema}.sdp_new RENAME TO {quoted(self.one['table'])}")
        return True

    def rows(self, condition):
        return [
            row
            for (row,) in self.connection.execute(
                f"SELECT sdp_row FROM {self.numbered()} WHERE ({condition}) AND ({self.one.get('where') or 'TRUE'}) ORDER BY sdp_row"
            ).fetchall()
        ]

    def picked(self, rows):
        return rows[self.one["pick"] * len(rows) // 10] if rows else None

    def spoil_table(self):
        what = self.one["what"]
        if what == "dropped":
            self.drop()
            return True
        if what == "renamed":
            self.connection.execute(f"CREATE TABLE {quoted(self.one['schema'])}.SDP_RENAMED AS FROM {self.table}")
            self.drop()
            return True
        if what == "column added":
            return self.write_again(f"SELECT *, 1 AS sdp_more FROM {self.table}")
        rows = self.rows("TRUE")
        limit = 0 if what == "emptied" else len(rows) // 2
        return len(rows) > limit and self.write_again(
            f"SELECT * EXCLUDE (sdp_row) FROM {self.numbered()} WHERE sdp_row <= {limit}"
        )

    def spoil_row(self):
        row = self.picked(self.rows("TRUE"))
        if row is None:
            return False
        numbered, what = self.numbered(), self.one["what"]
        if what == "missing":
            return self.write_again(f"SELECT * EXCLUDE (sdp_row) FROM {numbered} WHERE sdp_row <> {row}")
        # One more row: the same again, or one whose first column nobody has.
        first = quoted(self.columns()[0])
        value = f"CAST({self.another_value()} AS {self.type_of_first()})" if what == "invented" else first
        return self.write_again(
            f"SELECT * EXCLUDE (sdp_row) FROM {numbered} UNION ALL "
            f"SELECT * EXCLUDE (sdp_row) REPLACE ({value} AS {first}) FROM {numbered} WHERE sdp_row = {row}"
        )

    def type_of_first(self):
        [[kind]] = self.connection.execute(
            "SELECT data_type FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position LIMIT 1",
            [self.one["schema"], self.one["table"]],
        ).fetchall()
        return kind

    def another_value(self):
        kind = self.type_of_first()
        return {"VARCHAR": "'nobody'", "DATE": "DATE '1999-12-31'"}.get(kind, "-1")

    def spoil_cell(self):
        column, what = quoted(self.one["column"]), self.one["what"]
        if what == "of another row":
            return self.exchange(column)
        new = "NULL" if what == "NULL" else CELLS[self.one["type"]][what].format(column)
        new = f"CAST({new} AS {self.one['type']})"
        row = self.picked(self.rows(f"{new} IS DISTINCT FROM {column}"))
        if row is None:
            return False
        value = f"CASE WHEN sdp_row = {row} THEN {new} ELSE {column} END AS {column}"
        return self.write_again(f"SELECT * EXCLUDE (sdp_row) REPLACE ({value}) FROM {self.numbered()}")

    def exchange(self, column):
        """Two rows get each other's value."""
        row = self.picked(self.rows("TRUE"))
        if row is None or len(self.columns()) == 1:
            return False
        numbered = self.numbered()
        value = f"(SELECT {column} FROM {numbered} WHERE sdp_row = {{}})"
        others = self.rows(f"{column} IS DISTINCT FROM {value.format(row)}")
        if not others:
            return False
        other = others[len(others) // 2]
        query = (
            f"SELECT * EXCLUDE (sdp_row) REPLACE (CASE WHEN sdp_row = {row} THEN {value.format(other)} "
            f"WHEN sdp_row = {other} THEN {value.format(row)} ELSE {column} END AS {column}) FROM {numbered}"
        )
        # Rows that differ in nothing else are the same two rows afterwards.
        [[changed]] = self.connection.execute(
            f"SELECT count(*) FROM (({query}) EXCEPT ALL (FROM {self.table}))"
        ).fetchall()
        return changed > 0 and self.write_again(query)

    def spoil_column(self):
        column, what = quoted(self.one["column"]), self.one["what"]
        if what == "dropped":
            return len(self.columns()) > 1 and self.write_again(f"SELECT * EXCLUDE ({column}) FROM {self.table}")
        if what == "renamed":
            return self.write_again(f"SELECT * RENAME ({column} AS sdp_renamed) FROM {self.table}")
        if what == "all NULL":
            filled = self.rows(f"{column} IS NOT NULL")
            return bool(filled) and self.write_again(
                f"SELECT * REPLACE (CAST(NULL AS {self.one['type']}) AS {column}) FROM {self.table}"
            )
        kind = what.removeprefix("as ")
        value = {"BLOB": f"encode({column})", "LIST": f"[{column}]"}.get(kind, f"CAST({column} AS {kind})")
        return self.write_again(f"SELECT * REPLACE ({value} AS {column}) FROM {self.table}")

    def spoil_schema(self):
        self.connection.execute(f"CREATE TABLE {self.table} AS SELECT 1 AS a")
        return True


def answer(request):
    if "list" in request:
        with duckdb.connect(request["list"], read_only=True) as connection:
            return list(corruptions(connection))
    shutil.copy(request["from"], request["to"])
    with duckdb.connect(request["to"]) as connection:
        return Spoiler(connection, request["do"]).run()


def main():
    for line in sys.stdin:
        try:
            reply = {"answer": answer(json.loads(line))}
        except duckdb.Error as error:
            reply = {"error": str(error)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
