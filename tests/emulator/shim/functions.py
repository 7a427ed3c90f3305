"""Functions that dbt's models use on Snowflake and that fakesnow lacks or answers otherwise."""

from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake

from shim.transactions import is_in_transaction, of

# Macros of every session. fakesnow's stand in each database, so that a session without one has none.
# Snowflake: timestamps of numbers are exact. fakesnow: by way of a double, which is a microsecond off now and then.
# Snowflake: GET takes any name, and a number for arrays alone. fakesnow: takes a name for a path of DuckDB's, such as `$`.
# Snowflake: TYPEOF names the type of a VARIANT. DuckDB: JSON's types, with names of its own.
MACROS = """
CREATE OR REPLACE TEMP MACRO _fs_to_timestamp(val, scale) AS (
    CASE WHEN try_cast(val AS BIGINT) IS NOT NULL
        THEN make_timestamp(try_cast(val AS BIGINT) * 1000000 // CAST(10 ** scale AS BIGINT))
        ELSE CAST(val AS TIMESTAMP) END);
CREATE OR REPLACE TEMP MACRO _emulator_try_to_timestamp(val) AS (
    CASE WHEN try_cast(val AS BIGINT) IS NOT NULL
        THEN make_timestamp(try_cast(val AS BIGINT) * 1000000) ELSE TRY_CAST(val AS TIMESTAMP) END);
CREATE OR REPLACE TEMP MACRO _emulator_typeof(val) AS (
    CASE WHEN json_type(val) IN ('UBIGINT', 'BIGINT', 'HUGEINT') THEN 'INTEGER' WHEN json_type(val) = 'NULL' THEN 'NULL_VALUE'
        ELSE json_type(val) END);
CREATE OR REPLACE TEMP MACRO _emulator_get_member(val, name) AS (
    CASE WHEN json_type(val) = 'OBJECT' THEN json_extract(val, '/' || replace(replace(name, '~', '~0'), '/', '~1')) END);
CREATE OR REPLACE TEMP MACRO _emulator_get_element(val, number) AS (
    CASE WHEN json_type(val) = 'ARRAY' THEN json_extract(val, '/' || number) END);
CREATE OR REPLACE TEMP MACRO _emulator_as_varchar(val) AS (CASE WHEN json_type(val) = 'VARCHAR' THEN val ->> '$' END);
"""

CURRENT = {
    exp.CurrentWarehouse: "WAREHOUSE",
    exp.CurrentRole: "ROLE",
    exp.CurrentSession: "SESSION",
    exp.CurrentAccount: "ACCOUNT",
}
IS_TYPE = {
    "IS_OBJECT": "OBJECT",
    "IS_ARRAY": "ARRAY",
    "IS_VARCHAR": "VARCHAR",
    "IS_BOOLEAN": "BOOLEAN",
    "IS_INTEGER": "INTEGER",
    "IS_DOUBLE": "DOUBLE",
}


def install(connection) -> None:
    connection._duck_conn.execute(MACROS)


def rewrite(connection, statement: exp.Expression) -> exp.Expression:
    return statement.transform(lambda node: _rewrite_node(connection, node), copy=False)


def _rewrite_node(connection, node: exp.Expression) -> exp.Expression:
    kind = type(node)
    if kind in CURRENT:
        return exp.Literal.string(of(connection).parameters.get(CURRENT[kind], ""))
    if kind is exp.TryCast and node.to.this in (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ):
        # fakesnow: a cast that fails, like any other.
        return _call("_emulator_try_to_timestamp", node.this)
    if kind is exp.Anonymous and node.name.upper() == "TRY_TO_TIMESTAMP_NTZ":
        return _call("_emulator_try_to_timestamp", node.expressions[0])
    if kind is exp.Typeof:
        return _call("_emulator_typeof", node.this)
    if kind is exp.GetExtract:
        name = "_emulator_get_member" if node.expression.is_string else "_emulator_get_element"
        # What takes the place of a node is not looked into any more.
        return _call(name, rewrite(connection, node.this), node.expression)
    if kind is exp.Anonymous and node.name.upper() == "AS_VARCHAR":
        return _call("_emulator_as_varchar", *node.expressions)
    if kind is exp.ByteLength:
        return _call("strlen", node.this)
    if kind is exp.ToChar and node.args.get("format"):
        # sqlglot: leaves the format out, and says so to nobody.
        return exp.TimeToStr(this=node.this, format=Snowflake.format_time(node.args["format"]))
    if kind is exp.CurrentTransaction:
        return exp.Literal.string("1") if is_in_transaction(connection) else exp.Null()
    if kind is exp.Anonymous and node.name.upper() in IS_TYPE:
        return exp.EQ(
            this=_call("_emulator_typeof", node.expressions[0]),
            expression=exp.Literal.string(IS_TYPE[node.name.upper()]),
        )
    return node


def _call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))
