"""Temporary tables and views.

Snowflake: they belong to a schema, hide a permanent table of the same name there, and end with the session. fakesnow:
cannot make one that is named with its schema, as dbt and the loader do. DuckDB keeps them in a schema of their own, so
their names lose the schema here.
"""

from sqlglot import exp

from shim.transactions import Table, of


def rewrite(connection, statement: exp.Expression) -> exp.Expression:
    session = of(connection)
    if isinstance(statement, exp.Create) and _is_temporary(statement):
        session.temporary.add(_full_name(connection, statement.find(exp.Table)))
    if not session.temporary:
        return statement
    hidden = {cte.alias_or_name.upper() for cte in statement.find_all(exp.CTE)}
    dropped = None
    for table in list(statement.find_all(exp.Table)):
        name = _full_name(connection, table)
        if name not in session.temporary or (not table.db and table.name.upper() in hidden):
            continue
        if isinstance(statement, exp.Drop):
            dropped = name
        is_described = isinstance(statement, exp.Describe)
        table.set("db", exp.to_identifier("MAIN") if is_described else None)
        table.set("catalog", exp.to_identifier("TEMP") if is_described else None)
    session.temporary.discard(dropped)
    return statement


def _is_temporary(statement: exp.Create) -> bool:
    properties = statement.args.get("properties")
    return bool(properties and properties.find(exp.TemporaryProperty))


def _full_name(connection, table: exp.Table) -> Table:
    parts = (table.catalog or connection.database or "", table.db or connection.schema or "", table.name)
    return tuple(part.upper() for part in parts)
