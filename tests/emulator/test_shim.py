"""fakesnow with the shim: each patch, by what a session sees of it."""

import threading
import time

import pytest


def test_a_key_is_not_enforced(wire):
    wire.must("CREATE TABLE T (N NUMBER PRIMARY KEY, M NUMBER UNIQUE, CONSTRAINT K UNIQUE (N, M))")
    wire.must("INSERT INTO T VALUES (1, 1)")
    wire.must("INSERT INTO T VALUES (1, 1)")
    assert wire.must("SELECT count(*) FROM T") == [(2,)]


def test_not_null_is_enforced(wire):
    wire.must("CREATE TABLE T (N NUMBER NOT NULL)")
    answer = wire.query("INSERT INTO T VALUES (NULL)")
    assert (answer.status, answer.success, answer.code) == (200, False, "100072")


def test_a_null_timestamp_stays_null_and_others_are_exact(wire):
    [row] = wire.must(
        "SELECT CAST(NULL AS TIMESTAMP_NTZ), TO_TIMESTAMP_NTZ('2026-01-01 00:00:00.123456'), "
        "TO_TIMESTAMP_NTZ(1767225600123, 3), TO_TIMESTAMP_NTZ('1969-12-31 23:59:59.5')"
    )
    assert row == (
        None,
        {"epoch": 1767225600, "fraction": 123456000},
        {"epoch": 1767225600, "fraction": 123000000},
        {"epoch": -1, "fraction": 500000000},
    )


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE ROLE IF NOT EXISTS R",
        "GRANT USAGE ON DATABASE DB TO ROLE R",
        "grant select on future tables in schema DB.BRONZE to role R",
        "CREATE OR REPLACE WAREHOUSE W WAREHOUSE_SIZE = XSMALL",
        "ALTER WAREHOUSE W RESUME IF SUSPENDED",
        "ALTER SESSION SET QUERY_TAG = 'x', LOCK_TIMEOUT = 30",
        "SHOW GRANTS TO ROLE R",
        "CREATE USER U",
        "USE SECONDARY ROLES NONE",
    ],
)
def test_is_taken_without_effect(wire, statement):
    wire.must(statement)


def test_a_session_knows_its_role_and_warehouse(shimmed):
    session = shimmed.wire(roleName="R", warehouse="W")
    assert session.must("SELECT CURRENT_ROLE(), CURRENT_WAREHOUSE()") == [("R", "W")]


def test_a_session_without_a_database_casts_to_timestamps(shimmed):
    [[stamp]] = shimmed.wire().must("SELECT '2026-01-01'::TIMESTAMP_NTZ")
    assert stamp["epoch"] == 1767225600


def test_a_login_makes_no_database(shimmed, sql):
    session = shimmed.wire(databaseName="NOWHERE")
    assert not session.query("CREATE TABLE T (N NUMBER)").success
    with pytest.raises(Exception, match=r"390201.*database does not exist"):
        shimmed.driver(**{"adbc.snowflake.sql.db": "NOWHERE"})


def test_statements_that_cannot_be_answered_fail_at_once(wire):
    for statement in ("SELECT OBJECT_KEYS(PARSE_JSON('{}'))", "EXPLAIN SELECT 1", "SELECT 'x'::NUMBER", "SELEC 1"):
        answer = wire.query(statement)
        assert (answer.status, answer.success) == (200, False), answer
        assert answer.code, answer


def test_a_large_answer_comes_in_chunks_and_in_order(shimmed, wire, sql):
    with shimmed.driver(**{"adbc.snowflake.sql.db": "DB"}) as connection:
        rows = sql(
            connection,
            "SELECT N, 'text ' || N FROM (SELECT SEQ4() AS N FROM TABLE(GENERATOR(ROWCOUNT => 120000))) ORDER BY N",
        )
        assert wire.must("SELECT SEQ4() AS N FROM TABLE(GENERATOR(ROWCOUNT => 120000)) ORDER BY N") == [
            (row[0],) for row in rows
        ]
    assert len(rows) == 120_000
    assert all(row == (number, f"text {number}") for number, row in enumerate(rows))


# --- functions ---


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("TRY_TO_TIMESTAMP_NTZ('no time')", None),
        ("TYPEOF(PARSE_JSON('{\"a\": 1}'):a)", "INTEGER"),
        ("TYPEOF(PARSE_JSON('null'))", "NULL_VALUE"),
        ("TYPEOF(PARSE_JSON('\"x\"'))", "VARCHAR"),
        ("GET(PARSE_JSON('{\"a.b\": 5}'), 'a.b')", "5"),
        ("GET(PARSE_JSON('{\"~/*$\": 5}'), '~/*$')", "5"),
        ("GET(PARSE_JSON('{\"\": 5}'), '')", "5"),
        ("GET(PARSE_JSON('[4, 5]'), 1)", "5"),
        ("GET(PARSE_JSON('[4, 5]'), '1')", None),
        ("GET(PARSE_JSON('{\"1\": 5}'), 1)", None),
        ("GET(GET(PARSE_JSON('{\"/x\": [4, 5]}'), '/x'), 1)", "5"),
        ("AS_VARCHAR(PARSE_JSON('\"x\"'))", "x"),
        ("AS_VARCHAR(PARSE_JSON('5'))", None),
        ("IS_OBJECT(PARSE_JSON('{}'))", True),
        ("IS_ARRAY(PARSE_JSON('{}'))", False),
        ("OCTET_LENGTH('\u00e9')", 2),
        ("TO_CHAR('2026-01-02'::DATE, 'YYYYMMDD')", "20260102"),
        ("DATE_PART(EPOCH_MILLISECOND, '2026-01-01 00:00:00.123'::TIMESTAMP_NTZ)", 1767225600123),
        ("TRY_PARSE_JSON('{\"a\": 1')", None),
        ("CURRENT_TRANSACTION()", None),
        ("REGEXP_LIKE('abc', 'b')", False),
    ],
)
def test_function(wire, expression, value):
    assert wire.must(f"SELECT {expression}") == [(value,)]


# --- temporary tables, names ---


def test_a_temporary_table_hides_the_permanent_one_for_its_session(wire, other, schema):
    wire.must("CREATE TABLE T AS SELECT 1 AS AT")
    wire.must(f"CREATE OR REPLACE TEMPORARY TABLE DB.{schema}.T AS SELECT 2 AS AT")
    assert wire.must(f"SELECT AT FROM DB.{schema}.T") == [(2,)]
    assert other.must(f"SELECT AT FROM DB.{schema}.T") == [(1,)]
    wire.must(f"DROP TABLE DB.{schema}.T")
    assert wire.must("SELECT AT FROM T") == [(1,)]


def test_a_temporary_table_is_described(wire, schema):
    wire.must(f"CREATE TEMPORARY TABLE DB.{schema}.T (N NUMBER(10,2), S VARCHAR, AT TIMESTAMP_NTZ, I INT, V VARIANT)")
    assert [row[:2] for row in wire.must(f"DESCRIBE TABLE DB.{schema}.T")] == [
        ("N", "NUMBER(10,2)"),
        ("S", "VARCHAR(16777216)"),
        ("AT", "TIMESTAMP_NTZ(9)"),
        ("I", "NUMBER(38,0)"),
        ("V", "VARIANT"),
    ]


def test_the_information_schema_has_tables_and_views(wire, schema):
    wire.must("CREATE TABLE T (N NUMBER)")
    wire.must("CREATE VIEW V AS SELECT N FROM T")
    assert wire.must(
        f"SELECT TABLE_NAME, TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = '{schema}' ORDER BY 1"
    ) == [("T", "BASE TABLE"), ("V", "VIEW")]


# --- stages ---


@pytest.fixture
def session(shimmed, schema, wire):
    wire.must("CREATE STAGE ST")
    with shimmed.driver(**{"adbc.snowflake.sql.db": "DB", "adbc.snowflake.sql.schema": schema}) as connection:
        yield connection


def put(session, sql, tmp_path, path: str, text: str) -> None:
    file = tmp_path / path.rpartition("/")[2]
    file.write_text(text)
    sql(session, f"PUT 'file://{file}' '@ST/{path.rpartition('/')[0]}' AUTO_COMPRESS=FALSE OVERWRITE=TRUE")


def test_list_and_remove_take_a_path(session, sql, tmp_path):
    for path in ("run-1/a.ndjson", "run-1/b.ndjson", "run-2/a.ndjson"):
        put(session, sql, tmp_path, path, "{}\n")
    assert [row[0] for row in sql(session, "LIST @ST/run-1/")] == ["st/run-1/a.ndjson", "st/run-1/b.ndjson"]
    assert sql(session, "REMOVE @ST/run-1/ PATTERN = '.*b[.]ndjson'") == [("st/run-1/b.ndjson", "removed")]
    assert sql(session, "REMOVE @ST/run-9/") == []
    assert [row[0] for row in sql(session, "LIST @ST")] == ["st/run-1/a.ndjson", "st/run-2/a.ndjson"]


def test_copy_takes_named_files_and_paths_that_look_like_partitions(session, sql, tmp_path):
    for path in ("day=1/a.ndjson", "day=1/b.ndjson"):
        put(session, sql, tmp_path, path, f'{{"from": "{path}"}}\n')
    sql(session, "CREATE TEMPORARY TABLE STAGED (V VARIANT)")
    sql(session, "COPY INTO STAGED FROM @ST/day=1/ FILES = ('b.ndjson') FILE_FORMAT = (TYPE = JSON)")
    assert sql(session, "SELECT V:from::VARCHAR FROM STAGED") == [("day=1/b.ndjson",)]


def test_a_line_that_is_no_json_fails_the_copy(session, sql, tmp_path):
    put(session, sql, tmp_path, "run/a.ndjson", '{"n": 1}\n{"n": \n')
    sql(session, "CREATE TEMPORARY TABLE STAGED (V VARIANT)")
    with pytest.raises(Exception, match="100069"):
        sql(session, "COPY INTO STAGED FROM @ST/run/ FILE_FORMAT = (TYPE = JSON)")
    assert sql(session, "SELECT count(*) FROM STAGED") == [(0,)]


# --- transactions ---


def test_merge_runs_in_a_transaction(wire):
    wire.must("CREATE TABLE T AS SELECT 1 AS K, 10 AS N")
    wire.must("BEGIN")
    wire.must(
        "MERGE INTO T AS D USING (SELECT 1 AS K, 11 AS N UNION ALL SELECT 2, 20) AS S ON D.K = S.K "
        "WHEN MATCHED THEN UPDATE SET D.N = S.N WHEN NOT MATCHED THEN INSERT (K, N) VALUES (S.K, S.N)"
    )
    assert wire.must("SELECT K, N FROM T ORDER BY K") == [(1, 11), (2, 20)]
    wire.must("ROLLBACK")
    assert wire.must("SELECT K, N FROM T") == [(1, 10)]


def test_begin_within_a_transaction_is_ignored(wire):
    wire.must("CREATE TABLE T (N NUMBER)")
    for statement in ("BEGIN", "INSERT INTO T VALUES (1)", "BEGIN TRANSACTION", "INSERT INTO T VALUES (2)", "ROLLBACK"):
        wire.must(statement)
    assert wire.must("SELECT count(*) FROM T") == [(0,)]


def test_ddl_commits_the_open_transaction(wire):
    wire.must("CREATE TABLE T (N NUMBER)")
    for statement in ("BEGIN", "INSERT INTO T VALUES (1)", "CREATE TABLE T2 (N NUMBER)", "ROLLBACK"):
        wire.must(statement)
    assert wire.must("SELECT count(*) FROM T") == [(1,)]


def test_a_transaction_in_which_a_statement_failed_cannot_be_committed(wire):
    wire.must("CREATE TABLE T (N NUMBER)")
    wire.must("BEGIN")
    wire.must("INSERT INTO T VALUES (1)")
    assert not wire.query("SELECT NOSUCH FROM T").success
    assert not wire.query("INSERT INTO T VALUES (2)").success
    assert not wire.query("COMMIT").success
    assert wire.must("SELECT count(*) FROM T") == [(0,)]


def test_a_closed_session_rolls_back_and_frees_its_locks(shimmed, wire, schema):
    wire.must("CREATE TABLE T AS SELECT 1 AS N")
    leaving = shimmed.wire(databaseName="DB", schemaName=schema)
    leaving.must("BEGIN")
    leaving.must("UPDATE T SET N = 2")
    leaving.close()
    wire.must("UPDATE T SET N = N + 10")
    assert wire.must("SELECT N FROM T") == [(11,)]


def test_the_second_writer_waits_and_then_sees_what_the_first_committed(wire, other):
    wire.must("CREATE TABLE L AS SELECT 0 AS N")
    wire.must("BEGIN")
    wire.must("UPDATE L SET N = N + 1")
    other.must("BEGIN")
    second = threading.Thread(target=other.must, args=("UPDATE L SET N = N + 1",))
    second.start()
    time.sleep(0.2)
    assert second.is_alive()
    wire.must("COMMIT")
    second.join(10)
    assert other.must("SELECT N FROM L") == [(2,)]
    other.must("COMMIT")
    assert wire.must("SELECT N FROM L") == [(2,)]


def test_waiting_ends_with_the_lock_timeout(wire, other):
    wire.must("CREATE TABLE L AS SELECT 0 AS N")
    other.must("ALTER SESSION SET LOCK_TIMEOUT = 0")
    wire.must("BEGIN")
    wire.must("DELETE FROM L")
    assert other.query("UPDATE L SET N = 1").code == "000625"
    wire.must("ROLLBACK")


def test_the_lock_timeout_may_be_named_at_the_login(shimmed, wire, sql, schema):
    wire.must("CREATE TABLE L AS SELECT 0 AS N")
    wire.must("BEGIN")
    wire.must("DELETE FROM L")
    place = {"adbc.snowflake.sql.db": "DB", "adbc.snowflake.sql.schema": schema}
    with shimmed.driver(LOCK_TIMEOUT="0", **place) as impatient, pytest.raises(Exception, match="000625"):
        sql(impatient, "UPDATE L SET N = 1")
    wire.must("ROLLBACK")


def test_an_idle_transaction_that_blocks_is_rolled_back_and_says_so(wire, other):
    wire.must("CREATE TABLE L AS SELECT 0 AS N")
    wire.must("BEGIN")
    wire.must("UPDATE L SET N = N + 1")
    started = time.monotonic()
    other.must("UPDATE L SET N = N + 5")
    assert 0.4 < time.monotonic() - started < 5
    assert wire.query("COMMIT").code == "000604"
    assert wire.must("SELECT N FROM L") == [(5,)]


# --- the server ---


def test_databases_and_stages_outlive_the_server(start_server, sql, tmp_path):
    first = start_server("--data", str(tmp_path))
    session = first.wire()
    for statement in (
        "CREATE DATABASE DB",
        "CREATE SCHEMA DB.S",
        "CREATE STAGE DB.S.ST",
        "CREATE TABLE DB.S.T AS SELECT 1 AS N",
        "BEGIN",
        "INSERT INTO DB.S.T VALUES (2)",
    ):
        session.must(statement)
    assert first.stop() == 0
    second = start_server("--data", str(tmp_path)).wire(databaseName="DB")
    assert second.must("SELECT N FROM DB.S.T") == [(1,)]
    assert second.must("LIST @DB.S.ST") == []
