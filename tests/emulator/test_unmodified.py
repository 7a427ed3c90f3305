"""fakesnow as it is: what the pipeline has without the shim, and what it would lack.

A test of something that is lacking goes red when a newer fakesnow has it: then a part of the shim can go.
"""

import pytest


@pytest.fixture
def plain(unmodified, schema):
    session = unmodified.wire(databaseName="DB", schemaName=schema)
    yield session
    session.close()


def test_the_driver_logs_in_and_reads_what_it_wrote(unmodified, sql, schema):
    with unmodified.driver(**{"adbc.snowflake.sql.db": "DB", "adbc.snowflake.sql.schema": schema}) as connection:
        sql(connection, "CREATE TABLE T (N NUMBER(38,0), S VARCHAR)")
        sql(connection, "INSERT INTO T VALUES (9007199254740993, 'it''s \u202eabc \U0001f3b5'), (NULL, NULL)")
        assert sql(connection, "SELECT * FROM T ORDER BY N NULLS LAST") == [
            (9007199254740993, "it's \u202eabc \U0001f3b5"),
            (None, None),
        ]


def test_staged_lines_become_variants(unmodified, sql, schema, tmp_path):
    lines = tmp_path / "lines.ndjson"
    lines.write_text('{"k": "a", "payload": "{\\"x\\": 1.50}"}\n{"k": "b", "payload": null}\n')
    with unmodified.driver(**{"adbc.snowflake.sql.db": "DB", "adbc.snowflake.sql.schema": schema}) as connection:
        sql(connection, "CREATE STAGE ST")
        sql(connection, "CREATE TEMPORARY TABLE STAGED (V VARIANT)")
        sql(connection, f"PUT 'file://{lines}' @ST/run/ AUTO_COMPRESS=FALSE")
        sql(connection, "COPY INTO STAGED FROM @ST/run/ FILE_FORMAT = (TYPE = JSON)")
        assert sql(connection, "SELECT V:k::VARCHAR, V:payload::VARCHAR FROM STAGED ORDER BY 1") == [
            ("a", '{"x": 1.50}'),
            ("b", None),
        ]


def test_what_is_rolled_back_is_gone(plain):
    plain.must("CREATE TABLE T (N NUMBER)")
    plain.must("BEGIN")
    plain.must("INSERT INTO T VALUES (1)")
    plain.must("ROLLBACK")
    assert plain.must("SELECT count(*) FROM T") == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "REMOVE @ST/run/",
        "LIST @ST/run/",
        "GRANT USAGE ON DATABASE DB TO ROLE R",
        "CREATE ROLE R",
        "CREATE WAREHOUSE W WAREHOUSE_SIZE = XSMALL",
        "ALTER SESSION SET QUERY_TAG = 'x'",
        "SELECT CURRENT_WAREHOUSE()",
        "SELECT TRY_TO_TIMESTAMP_NTZ('no time')",
        "CREATE TABLE X (AT NUMBER)",
        "CREATE TEMPORARY TABLE DB.{schema}.X (N NUMBER)",
    ],
)
def test_is_refused(plain, schema, statement):
    plain.must("CREATE STAGE ST")
    answer = plain.query(statement.format(schema=schema))
    assert (answer.status, answer.success) == (200, False), answer


@pytest.mark.parametrize(
    "statements",
    [
        ["BEGIN", "BEGIN"],
        [
            "CREATE TABLE T (N NUMBER)",
            "BEGIN",
            "INSERT INTO T VALUES (1)",
            "MERGE INTO T USING (SELECT 1 AS N) AS S ON T.N = S.N "
            "WHEN MATCHED THEN UPDATE SET N = 2 WHEN NOT MATCHED THEN INSERT (N) VALUES (S.N)",
        ],
        ["CREATE TABLE T (N NUMBER NOT NULL)", "INSERT INTO T VALUES (NULL)"],
        ["SELECT ARRAY_CONSTRUCT(1)::ARRAY, OBJECT_KEYS(PARSE_JSON('{{}}'))"],
    ],
)
def test_is_an_http_500_which_drivers_try_again(plain, statements):
    *before, last = statements
    for statement in before:
        plain.must(statement)
    assert plain.query(last).status == 500


def test_a_key_is_enforced_which_snowflake_does_not(plain):
    plain.must("CREATE TABLE T (N NUMBER PRIMARY KEY)")
    plain.must("INSERT INTO T VALUES (1)")
    assert not plain.query("INSERT INTO T VALUES (1)").success


def test_a_null_timestamp_is_no_null_to_the_driver(unmodified, plain, sql):
    with unmodified.driver(**{"adbc.snowflake.sql.db": "DB"}) as connection:
        [[stamp]] = sql(connection, "SELECT CAST(NULL AS TIMESTAMP_NTZ)")
    assert stamp.year == 1970


def test_a_second_writer_fails_at_once_where_snowflake_waits(unmodified, plain, schema):
    plain.must("CREATE TABLE T (N NUMBER)")
    plain.must("INSERT INTO T VALUES (1)")
    second = unmodified.wire(databaseName="DB", schemaName=schema)
    plain.must("BEGIN")
    plain.must("UPDATE T SET N = 2")
    assert second.query("UPDATE T SET N = 3").status == 500


def test_ddl_takes_part_in_a_transaction_where_snowflake_commits_it(plain):
    plain.must("CREATE TABLE T (N NUMBER)")
    plain.must("BEGIN")
    plain.must("INSERT INTO T VALUES (1)")
    plain.must("CREATE TABLE T2 (N NUMBER)")
    plain.must("ROLLBACK")
    assert plain.must("SELECT count(*) FROM T") == [(0,)]
