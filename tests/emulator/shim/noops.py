"""Statements that the emulator takes without any effect.

Snowflake: roles, grants, warehouses and session parameters. fakesnow: syntax errors. None of it is checked: only a real
account can tell whether a role may do what it does.
"""

import re

from shim.statements import SUCCESS
from shim.transactions import of

NO_EFFECT = re.compile(
    r"\s*(GRANT|REVOKE|(CREATE(\s+OR\s+REPLACE)?|ALTER|DROP)\s+(ROLE|WAREHOUSE|USER|RESOURCE\s+MONITOR|STORAGE\s+INTEGRATION|"
    r"DATABASE\s+ROLE|NETWORK\s+POLICY)|ALTER\s+(DATABASE|SCHEMA)\s+(IF\s+EXISTS\s+)?\S+\s+SET|USE\s+SECONDARY\s+ROLES)\b",
    re.IGNORECASE,
)
SHOW_GRANTS = re.compile(r"\s*SHOW\s+(FUTURE\s+)?(GRANTS|ROLES)\b", re.IGNORECASE)
ALTER_SESSION = re.compile(r"\s*ALTER\s+SESSION\s+(SET|UNSET)\s+(.*?)\s*;?\s*", re.IGNORECASE | re.DOTALL)
PARAMETER = re.compile(r"(\w+)\s*=\s*('(?:[^']|'')*'|[^\s,]+)")


def rewrite(connection, sql: str) -> str:
    if NO_EFFECT.match(sql):
        return SUCCESS
    if SHOW_GRANTS.match(sql):
        return "SELECT '' AS \"privilege\", '' AS \"name\" WHERE FALSE"
    session = ALTER_SESSION.fullmatch(sql)
    if session and "AUTOCOMMIT" not in session[2].upper():
        if session[1].upper() == "SET":
            of(connection).parameters.update(
                {name.upper(): value.strip("'") for name, value in PARAMETER.findall(session[2])}
            )
        return SUCCESS
    return sql
