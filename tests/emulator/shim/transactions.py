"""Transactions across the statements of a session, with locks as Snowflake documents them.

Snowflake: UPDATE, DELETE and MERGE lock the table until the transaction ends; others wait, LOCK_TIMEOUT seconds at most. A
transaction whose client is gone keeps its locks; when it blocks others and was idle for 5 minutes, it is rolled back.
fakesnow: DuckDB's, which never waits: the second writer of a row fails at once.
"""

import threading
import time
import types
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import duckdb
from fakesnow.conn import FakeSnowflakeConnection
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

DDL = (exp.Create, exp.Drop, exp.Alter, exp.Comment)
LOCKING = (exp.Update, exp.Delete, exp.Merge, exp.TruncateTable)
LOCK_TIMEOUT_SECONDS = 43_200
LOCK_POLL_SECONDS = 0.05
CATALOG_TRIES_MAX = 40
CATALOG_PAUSE_SECONDS = 0.05

Table = tuple[str, str, str]


class Session:
    """What the shim knows of one session besides what fakesnow does."""

    def __init__(self):
        self.statement = threading.RLock()
        self.is_open = False
        self.was_aborted = False
        self.is_broken = False
        self.locks: set[Table] = set()
        self.idle_since = time.monotonic()
        self.parameters: dict[str, str] = {}
        self.temporary: set[Table] = set()


_sessions: WeakKeyDictionary[FakeSnowflakeConnection, Session] = WeakKeyDictionary()
_holders: dict[Table, FakeSnowflakeConnection] = {}
_changed = threading.Condition()
_limits = types.SimpleNamespace(idle_seconds_max=300.0)


def patch(idle_transaction_seconds: float) -> None:
    _limits.idle_seconds_max = idle_transaction_seconds


def of(connection: FakeSnowflakeConnection) -> Session:
    with _changed:
        return _sessions.setdefault(connection, Session())


def conflict(message: str) -> ProgrammingError:
    return ProgrammingError(
        msg=f"Statement aborted, because another transaction has locked what it needs: {message}",
        errno=625,
        sqlstate="57014",
    )


def is_in_transaction(connection: FakeSnowflakeConnection) -> bool:
    return of(connection).is_open or connection._in_transaction


@contextmanager
def around(connection: FakeSnowflakeConnection, statement: exp.Expression):
    """One statement of a session at a time. Yields whether it is to have no effect."""
    session = of(connection)
    with session.statement:
        try:
            yield _before(connection, session, statement)
        except Exception:
            session.is_broken = is_in_transaction(connection)
            raise
        finally:
            if isinstance(statement, (exp.Commit, exp.Rollback)):
                session.is_open = session.is_broken = False
            session.idle_since = time.monotonic()
            if not is_in_transaction(connection):
                release(connection)


def _before(connection: FakeSnowflakeConnection, session: Session, statement: exp.Expression) -> bool:
    if session.was_aborted:
        # What Snowflake answers is not tellable; it must not look as if the transaction had gone on.
        session.was_aborted = False
        raise ProgrammingError(
            msg="The transaction was rolled back: it was idle and blocked others", errno=604, sqlstate="57014"
        )
    if session.is_broken and not isinstance(statement, exp.Rollback):
        _refuse_in_broken(connection, statement)
    if isinstance(statement, exp.Transaction):
        # Snowflake: BEGIN in a transaction is ignored. DuckDB: an error.
        was_open, session.is_open = session.is_open, True
        return was_open
    if isinstance(statement, DDL) and is_in_transaction(connection):
        # Snowflake: DDL first commits what is open. fakesnow: only without AUTOCOMMIT; else DDL takes part in it.
        connection._duck_conn.commit()
        connection._in_transaction = session.is_open = False
        release(connection)
    elif isinstance(statement, LOCKING) or (isinstance(statement, exp.Insert) and statement.args.get("overwrite")):
        _lock(connection, session, _target(connection, statement))
    return False


# Snowflake: a statement that fails takes nothing but itself back; the transaction goes on. DuckDB: the transaction is lost,
# and fakesnow's COMMIT would say that all went well.
def _refuse_in_broken(connection: FakeSnowflakeConnection, statement: exp.Expression) -> None:
    if isinstance(statement, exp.Commit):
        connection._duck_conn.rollback()
    raise ProgrammingError(
        msg="The emulator cannot go on with a transaction in which a statement failed; Snowflake could",
        errno=2,
        sqlstate="0A000",
    )


def _target(connection: FakeSnowflakeConnection, statement: exp.Expression) -> Table:
    table = statement.expressions[0] if isinstance(statement, exp.TruncateTable) else statement.find(exp.Table)
    parts = (table.catalog or connection.database or "", table.db or connection.schema or "", table.name)
    return tuple(part.upper() for part in parts)


def _lock(connection: FakeSnowflakeConnection, session: Session, table: Table) -> None:
    patience = float(session.parameters.get("LOCK_TIMEOUT", LOCK_TIMEOUT_SECONDS))
    deadline = time.monotonic() + patience
    while True:
        with _changed:
            holder = _holders.setdefault(table, connection)
            if holder is connection:
                session.locks.add(table)
                return
            if time.monotonic() > deadline:
                raise conflict(f"{'.'.join(table)} stayed locked for {patience:g} s")
            _changed.wait(LOCK_POLL_SECONDS)
        _abort_if_idle(holder)


def _abort_if_idle(holder: FakeSnowflakeConnection) -> None:
    session = of(holder)
    if not session.statement.acquire(blocking=False):
        return
    try:
        if is_in_transaction(holder) and time.monotonic() - session.idle_since > _limits.idle_seconds_max:
            holder._duck_conn.rollback()
            holder._in_transaction = session.is_open = False
            session.was_aborted = True
            release(holder)
    finally:
        session.statement.release()


def release(connection: FakeSnowflakeConnection) -> None:
    session = of(connection)
    with _changed:
        for table in session.locks:
            if _holders.get(table) is connection:
                del _holders[table]
        session.locks.clear()
        _changed.notify_all()


def until_no_catalog_conflict(connection: FakeSnowflakeConnection, run):
    """Snowflake: DDL of several sessions takes turns. DuckDB: one of two that change a catalogue at once fails."""
    for left in reversed(range(CATALOG_TRIES_MAX)):
        try:
            return run()
        except duckdb.TransactionException as error:
            if not left or is_in_transaction(connection) or "write-write conflict" not in str(error):
                raise
            time.sleep(CATALOG_PAUSE_SECONDS)
    raise AssertionError("CATALOG_TRIES_MAX is 0")
