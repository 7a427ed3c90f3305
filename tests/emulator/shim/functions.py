"""Functions that dbt's models use on Snowflake and that fakesnow lacks or answers otherwise."""

from fakesnow import macros
from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake

from shim.transactions import is_in_transaction, of

# Snowflake: to the nanosecond at scale 9. fakesnow: by way of a double, which is a microsecond off now and then.
TO_TIMESTAMP = """
CREATE OR REPLACE MACRO {catalog}._fs_to_timestamp(val, scale) AS (
    CASE WHEN try_cast(val AS BIGINT) IS NOT NULL
        THEN make_timestamp(try_cast(val AS BIGINT) * 1000000 // CAST(10 ** scale AS BIGINT))
        ELSE CAST(val AS TIMESTAMP) END);
CREATE OR REPLACE MACRO {catalog}._emulator_try_to_timestamp(val) AS (
    CASE WHEN try_cast(val AS BIGINT) IS NOT NULL
        THEN make_timestamp(try_cast(val AS BIGINT) * 1000000) ELSE TRY_CAST(val AS TIMESTAMP) END);
"""

# Snowflake: the type of a VARIANT. DuckDB: JSON's types, with names of its own.
TYPEOF = """
CREATE OR REPLACE MACRO {catalog}._emulator_typeof(val) AS (
    CASE json_type(val) WHEN 'UBIGINT' THEN 'INTEGER' WHEN 'BIGINT' THEN 'INTEGER' WHEN 'HUGEINT' THEN 'INTEGER'
        WHEN 'NULL' THEN 'NULL_VALUE' ELSE json_type(val) END);
"""

CURRENT = {exp.CurrentWarehouse: "WAREHOUSE", exp.CurrentRole: "ROLE", exp.CurrentSession: "SESSION",
           exp.CurrentAccount: "ACCOUNT"}
IS_TYPE = {"IS_OBJECT": "OBJECT", "IS_ARRAY": "ARRAY", "IS_VARCHAR": "VARCHAR", "IS_BOOLEAN": "BOOLEAN",
           "IS_INTEGER": "INTEGER", "IS_DOUBLE": "DOUBLE"}


def patch() -> None:
    create = macros.creation_sql
    macros.creation_sql = lambda catalog: create(catalog) + (TO_TIMESTAMP + TYPEOF).format(catalog=catalog)


def rewrite(connection, statement: exp.Expression) -> exp.Expression:
    return statement.transform(lambda node: _rewrite_node(connection, node), copy=False)


def _rewrite_node(connection, node: exp.Expression) -> exp.Expression:
    kind = type(node)
    if kind in CURRENT:
        return exp.Literal.string(of(connection).parameters.get(CURRENT[kind], ""))
    if kind is exp.TryCast and node.to.this in (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ):
        # fakesnow: a cast that fails, like any other.
        return _call("_emulator_try_to_timestamp", node.this)
    if kind is exp.Typeof:
        return _call("_emulator_typeof", node.this)
    if kind is exp.ByteLength:
        return _call("strlen", node.this)
    if kind is exp.ToChar and node.args.get("format"):
        # sqlglot: leaves the format out, and says so to nobody.
        return exp.TimeToStr(this=node.this, format=Snowflake.format_time(node.args["format"]))
    if kind is exp.Anonymous and node.name.upper() == "CURRENT_TRANSACTION":
        return exp.Literal.string("1") if is_in_transaction(connection) else exp.Null()
    if kind is exp.Anonymous and node.name.upper() in IS_TYPE:
        return exp.EQ(this=_call("_emulator_typeof", node.expressions[0]),
                      expression=exp.Literal.string(IS_TYPE[node.name.upper()]))
    return node


def _call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))
