"""Names that are words of DuckDB's grammar.

Snowflake: a column may be called AT. fakesnow: passes names on as they stand, and DuckDB reserves other words.
"""

import duckdb
from sqlglot import exp

RESERVED = {
    word.upper()
    for (word,) in duckdb.connect()
    .execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'")
    .fetchall()
}


def rewrite(_connection, statement: exp.Expression) -> exp.Expression:
    for name in statement.find_all(exp.Identifier):
        if not name.args.get("quoted") and name.name.upper() in RESERVED:
            name.set("this", name.name.upper())
            name.set("quoted", True)
    return statement
