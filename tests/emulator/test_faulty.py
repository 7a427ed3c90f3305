"""The proxy that fails by script, and what a driver makes of it."""

import adbc_driver_snowflake.dbapi
import pytest
from faulty import Fault, Proxy, cut, cut_after, cut_midway, http_status, refuse


@pytest.fixture
def through(shimmed, schema, wire):
    """A session of the driver by way of a proxy with the given faults."""
    proxies: list[Proxy] = []

    def connect(*faults: Fault):
        proxies.append(Proxy(shimmed.port, *faults))
        return adbc_driver_snowflake.dbapi.connect(
            autocommit=True,
            db_kwargs={
                "username": "u",
                "password": "p",
                "adbc.snowflake.sql.account": "a",
                "adbc.snowflake.sql.uri.host": "127.0.0.1",
                "adbc.snowflake.sql.uri.port": str(proxies[-1].port),
                "adbc.snowflake.sql.uri.protocol": "http",
                "adbc.snowflake.sql.db": "DB",
                "adbc.snowflake.sql.schema": schema,
            },
        )

    yield connect
    for proxy in proxies:
        proxy.__exit__()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("390100", "Incorrect username or password was specified."),
        ("390144", "JWT token is invalid."),
        ("390189", "Role 'R' specified in the connect string does not exist or not authorized."),
        ("390201", "The requested warehouse does not exist or not authorized."),
    ],
)
def test_a_login_is_refused_with_the_code(through, code, message):
    with pytest.raises(Exception, match=f"{code}.*{message[:20]}"):
        through(Fault("login", refuse(code, message)))


def test_the_nth_statement_of_a_kind_is_refused(through, sql):
    fault = Fault(
        "query",
        refuse("000606", "No active warehouse selected in the current session.", "57P03"),
        sql="^INSERT",
        after=1,
    )
    with through(fault) as session:
        sql(session, "CREATE TABLE T (N NUMBER)")
        sql(session, "INSERT INTO T VALUES (1)")
        with pytest.raises(Exception, match="000606"):
            sql(session, "INSERT INTO T VALUES (2)")
        assert sql(session, "SELECT N FROM T") == [(1,)]


def test_an_expired_session_is_renewed_by_the_driver(through, sql):
    with through(
        Fault("query", refuse("390112", "Your session has expired. Please login again."), sql="SELECT 7", times=1)
    ) as session:
        assert sql(session, "SELECT 7") == [(7,)]


@pytest.mark.parametrize("act", [http_status(503), cut, cut_after], ids=["503", "cut", "cut_after"])
def test_a_statement_that_the_driver_sends_again_is_done_once(through, sql, act):
    with through(Fault("query", act, sql="^INSERT", times=1)) as session:
        sql(session, "CREATE TABLE T (N NUMBER)")
        sql(session, "INSERT INTO T VALUES (1)")
        assert sql(session, "SELECT N FROM T") == [(1,)]


@pytest.mark.parametrize("act", [cut, cut_midway], ids=["cut", "cut_midway"])
def test_an_upload_that_is_cut_leaves_a_whole_file_or_none(through, sql, tmp_path, act):
    file = tmp_path / "a.ndjson"
    file.write_text('{"n": 1}\n' * 10_000)
    with through(Fault("upload", act, times=1)) as session:
        sql(session, "CREATE STAGE ST")
        try:
            sql(session, f"PUT 'file://{file}' @ST/run/ AUTO_COMPRESS=FALSE OVERWRITE=TRUE")
        except Exception as error:  # Or it succeeds, by a second try.
            assert "ST" in str(error) or "EOF" in str(error), error  # noqa: PT017
        assert [row[:2] for row in sql(session, "LIST @ST")] in ([], [("st/run/a.ndjson", file.stat().st_size)])
