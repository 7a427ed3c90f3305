"""What is different about tables and the statements that change them."""

import pyarrow as pa
from sqlglot import exp


def rewrite(_connection, statement: exp.Expression) -> exp.Expression:
    if isinstance(statement, exp.Create):
        return _without_keys(statement)
    if isinstance(statement, exp.Merge):
        return _with_plain_targets(statement)
    return statement


# Snowflake: PRIMARY KEY, UNIQUE and FOREIGN KEY are noted and never enforced; only NOT NULL is. fakesnow: DuckDB enforces
# them all, and would hide a duplicate that Snowflake keeps.
def _without_keys(statement: exp.Create) -> exp.Create:
    for kind in (
        exp.PrimaryKey,
        exp.UniqueColumnConstraint,
        exp.PrimaryKeyColumnConstraint,
        exp.ForeignKey,
        exp.Reference,
    ):
        for found in list(statement.find_all(kind)):
            holder = found.parent if isinstance(found.parent, (exp.ColumnConstraint, exp.Constraint)) else found
            holder.pop()
    return statement


# Snowflake: `SET target.column = ...`. DuckDB: the column alone.
def _with_plain_targets(statement: exp.Merge) -> exp.Merge:
    for when in statement.find_all(exp.When):
        then = when.args.get("then")
        if isinstance(then, exp.Update):
            for assignment in then.expressions:
                if isinstance(assignment.this, exp.Column):
                    assignment.this.set("table", None)
    return statement


# Snowflake: MERGE answers how many rows it inserted, updated and deleted. DuckDB: how many it touched, which stands here
# as inserted.
def describe_merge(cursor) -> None:
    touched = cursor._arrow_table.column(0)[0].as_py()
    cursor._last_sql = f"SELECT {touched} AS 'number of rows inserted', 0 AS 'number of rows updated'"
    cursor._last_params = None
    cursor._arrow_table = pa.table({"number of rows inserted": [touched], "number of rows updated": [0]})
    cursor._rowcount = touched
