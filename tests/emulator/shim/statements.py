"""The way of a statement through the shim: its text, then its tree, then the transaction, then fakesnow."""

import duckdb
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.dialect import parse_one
from snowflake.connector.errors import Error, ProgrammingError
from sqlglot import exp

from shim import tables, transactions

SUCCESS = "SELECT 'Statement executed successfully.' AS \"status\""


def patch(text_rewriters: list, tree_rewriters: list) -> None:
    """Text rewriters take (connection, sql) and return sql; tree rewriters take (connection, statement) and return one."""
    run = FakeSnowflakeCursor.execute
    transform = FakeSnowflakeCursor._transform
    explode = FakeSnowflakeCursor._transform_explode

    def execute(cursor, command, params=None, *args, **kwargs):
        connection = cursor._conn
        try:
            for rewrite in text_rewriters:
                command = rewrite(connection, command)
            statement = parse_one(command)
            with transactions.around(connection, statement) as is_ignored:
                transactions.until_no_catalog_conflict(
                    connection, lambda: run(cursor, SUCCESS if is_ignored else command, params, *args, **kwargs)
                )
            if isinstance(statement, exp.Merge):
                tables.describe_merge(cursor)
            return cursor
        except Error:
            raise
        except Exception as error:
            raise as_snowflake_error(error) from error

    def transform_tree(cursor, expression, params):
        for rewrite in tree_rewriters:
            expression = rewrite(cursor._conn, expression)
        return transform(cursor, expression, params)

    # Snowflake: MERGE is one statement, also within a transaction. fakesnow: several, around a temporary table that it
    # makes in the target's schema, which fails within a transaction. DuckDB has a MERGE of its own by now.
    def explode_but_merge(cursor, expression):
        return [expression] if isinstance(expression, exp.Merge) else explode(cursor, expression)

    FakeSnowflakeCursor.execute = execute
    FakeSnowflakeCursor._transform = transform_tree
    FakeSnowflakeCursor._transform_explode = explode_but_merge


# Snowflake: a statement that fails is answered with a code, and nothing is tried again. fakesnow: errors it does not know
# become HTTP 500, which drivers try again for a minute and more.
def as_snowflake_error(error: Exception) -> ProgrammingError:
    message = f"{type(error).__name__}: {error}"
    if isinstance(error, duckdb.TransactionException):
        return transactions.conflict(message)
    if isinstance(error, duckdb.ConstraintException):
        return ProgrammingError(msg=f"NULL result in a non-nullable column: {message}", errno=100072, sqlstate="22000")
    if isinstance(error, duckdb.InvalidInputException) and "JSON" in message:
        return ProgrammingError(msg=f"Error parsing JSON: {message}", errno=100069, sqlstate="22P02")
    if isinstance(error, (duckdb.OutOfRangeException, duckdb.InvalidInputException)):
        return ProgrammingError(msg=message, errno=100038, sqlstate="22018")
    return ProgrammingError(msg=f"The emulator cannot do this: {message}", errno=2, sqlstate="0A000")
