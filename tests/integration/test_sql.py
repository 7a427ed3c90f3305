"""`sql` and `marts`: what they show is what the warehouse has, they only read, and they end within their limits."""

import csv
import io
import json
import os
import pty
import re
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from driver.process import GUARD_SECONDS, wait_until
from driver.services import clean_environment
from driver.snowflake import OnSnowflake
from driver.warehouse import query

# One finished run that all tests look at, on one worker.
pytestmark = pytest.mark.xdist_group("command-lines")

BAD_INPUT, UNAVAILABLE, CANNOT_WRITE, MISCONFIGURED, INTERRUPTED, USAGE = 65, 69, 73, 78, 130, 2
ENDLESS = "SELECT count(*) FROM range(1000000000000) WHERE hash(range) = 7"
SONGS = "SELECT * FROM MART.TOP_SONGS ORDER BY total_plays DESC, song_id"


class Asker:
    def __init__(self, binary, data, folder):
        self.binary, self.data, self.folder = binary, data, folder

    def line(self, command, *words):
        return [str(self.binary), command, "--data", str(self.data), *map(str, words)]

    def __call__(self, command, *words, code=0, text="", **more):
        done = subprocess.run(
            self.line(command, *words),
            env=clean_environment(),
            cwd=self.folder,
            input=text.encode(),
            capture_output=True,
            timeout=GUARD_SECONDS,
            check=False,
            **more,
        )
        # Line ends as they are.
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == code, f"{done.args}\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture
def ask(binary, finished_run, tmp_path):
    return Asker(binary, finished_run, tmp_path)


def warehouse(ask):
    return ask.data / "warehouse" / "spotify_db.duckdb"


def cells(table: str) -> list[list[str]]:
    """Of a table as it is printed: two blanks between columns, a line of dashes below the names."""
    lines = table.splitlines()
    dashes = next(at for at, line in enumerate(lines) if line.startswith("  --"))
    return [line.strip().split("  ") for line in lines[dashes + 1 : -1]]


def test_what_a_run_rejected_is_shown_by_its_folder(ask):
    def rejected(*words):
        line = [ask.binary, *words, "--data", ask.data]
        return subprocess.run(
            line, env=clean_environment(), capture_output=True, text=True, timeout=GUARD_SECONDS, check=False
        )

    for words in (["rejected", "list"], ["rejected", "show"], ["tap", "rejected"]):
        assert rejected(*words).returncode == 0, words
        both = rejected(*words, "--warehouse", warehouse(ask))
        assert both.returncode == MISCONFIGURED and "--data and --warehouse both say" in both.stderr
    assert re.fullmatch(r"0 of [\d,]+ records are rejected\n", rejected("rejected", "list").stdout)


def test_the_worksheet_runs_as_it_is(ask, deps):
    songs = query(deps, warehouse(ask), SONGS)
    worksheet = "USE DATABASE SPOTIFY_DB;\nUSE WAREHOUSE SPOTIFY_WH;\nUSE SCHEMA MART;\nSELECT * FROM MART.TOP_SONGS;\n"
    shown = [
        ask("sql", "-c", "USE SCHEMA MART; SELECT * FROM MART.TOP_SONGS;").stdout,
        ask("sql", "-c", "SELECT * FROM SPOTIFY_DB.MART.TOP_SONGS").stdout,
        ask("sql", text=worksheet).stdout,
    ]
    file = ask.folder / "worksheet.sql"
    file.write_text(worksheet)
    shown.append(ask("sql", file).stdout)
    for out in shown:
        rows = [[cell.strip() for cell in row if cell.strip()] for row in cells(out)]
        assert sorted(rows) == sorted([str(cell) for cell in row] for row in songs)
        assert out.splitlines()[-1] == f"{len(songs)} rows"


def test_csv_and_json_are_exact(ask, deps):
    songs = query(deps, warehouse(ask), SONGS)
    header, *rows = csv.reader(io.StringIO(ask("sql", "--csv", "-c", SONGS).stdout, newline=""))
    assert header == ["song_id", "song_name", "artist_name", "total_plays", "total_skips"]
    assert rows == [[str(cell) for cell in row] for row in songs]
    objects = [json.loads(line) for line in ask("sql", "--json", "-c", SONGS).stdout.splitlines()]
    assert [list(one.values()) for one in objects] == songs
    numbers = "SELECT 9007199254740993 AS i, 0.10::DECIMAL(38, 2) AS d, 'a,\"b' AS t, NULL AS n, '' AS e"
    assert ask("sql", "--json", "-c", numbers).stdout == (
        '{"i":9007199254740993,"d":0.10,"t":"a,\\"b","n":null,"e":""}\n'
    )
    assert ask("sql", "--csv", "-c", f"{numbers}; SELECT 1 AS x").stdout == (
        'i,d,t,n,e\r\n9007199254740993,0.10,"a,""b",,""\r\n\r\nx\r\n1\r\n'
    )


def test_rows_beyond_the_limit_are_counted(ask):
    many = "SELECT * FROM range(12345) t(n) ORDER BY n"
    out = ask("sql", "-c", many).stdout
    assert len(cells(out)) == 1000
    assert out.splitlines()[-1].startswith("1,000 of 12,345 rows")
    assert ask("sql", "--max-rows", 2, "-c", many).stdout.splitlines()[-1].startswith("2 of 12,345 rows")
    assert len(ask("sql", "--csv", "-c", many).stdout.splitlines()) == 12_346
    cut = ask("sql", "--json", "--max-rows", 2, "-c", many)
    assert cut.stdout == '{"n":0}\n{"n":1}\n'
    assert "sql.rows_left_out" in cut.stderr and "12343" in cut.stderr


def test_each_mart_is_listed_and_printed_as_it_is(ask, deps):
    names = "SELECT upper(table_name) FROM duckdb_tables() WHERE schema_name = 'MART' ORDER BY 1"
    [[as_of]] = query(
        deps, warehouse(ask), "SELECT CAST(max(transformed_at) AS VARCHAR) FROM TRANSFORM.TRANSFORM_LEDGER"
    )
    listed = [json.loads(line) for line in ask("marts", "--json").stdout.splitlines()]
    assert [one["MART"] for one in listed] == [name for [name] in query(deps, warehouse(ask), names)]
    for one in listed:
        mart, rows, shown_as_of = one["MART"], one["ROW_COUNT"], one["AS_OF"]
        assert [[rows]] == query(deps, warehouse(ask), f"SELECT count(*) FROM MART.{mart}")
        assert shown_as_of == as_of
        assert len(ask("marts", mart.lower(), "--json").stdout.splitlines()) == rows
    songs = [list(json.loads(line).values()) for line in ask("marts", "Top_Songs", "--json").stdout.splitlines()]
    assert songs == query(deps, warehouse(ask), SONGS)
    unknown = ask("marts", "songs", code=MISCONFIGURED)
    assert "TOP_SONGS" in unknown.stderr and "USER_ENGAGEMENT" in unknown.stderr


def test_nothing_that_writes_runs_and_nothing_before_it(ask):
    out = ask.folder / "out"
    for sql in (
        "SELECT 1; DROP TABLE MART.TOP_SONGS",
        f"SELECT 1; COPY MART.TOP_SONGS TO '{out}'",
        "SELECT 1; SET enable_external_access = true",
    ):
        refused = ask("sql", "-c", sql, code=BAD_INPUT)
        assert refused.stdout == ""
        assert "statement 2 of 2, from line 1" in refused.stderr
    for sql in (f"SELECT * FROM read_text('{__file__}')", f"EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'"):
        ask("sql", "-c", sql, code=BAD_INPUT)
    assert not out.exists()


def test_an_error_is_the_engines_and_says_where(ask):
    wrong = ask("sql", "-c", "SELECT 1 AS one;\n\nSELECT *\nFORM MART.TOP_SONGS", code=BAD_INPUT)
    assert "one" in wrong.stdout
    assert "statement 2 of 2, from line 3: Parser Error: syntax error" in wrong.stderr
    assert "(its line 2: FORM MART.TOP_SONGS)" in wrong.stderr


def test_a_query_that_takes_too_long_is_ended(ask):
    started = time.monotonic()
    slow = ask("sql", "--query-timeout", 1, "-c", ENDLESS, code=UNAVAILABLE)
    assert "--query-timeout" in slow.stderr
    assert 1 <= time.monotonic() - started < 30


def blocks_sigint(pid: int) -> bool:
    """Whether the program has begun to take signals in its own way; one that comes earlier ends it at once."""
    blocked = re.search(r"^SigBlk:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return bool(int(blocked[1], 16) >> (signal.SIGINT - 1) & 1)


@pytest.mark.parametrize("words", [["-c", ENDLESS], []], ids=["asking", "reading"])
def test_ctrl_c_ends_it(ask, words):
    """While the query runs, and while standard input says nothing."""
    process = subprocess.Popen(
        ask.line("sql", *words),
        env=clean_environment(),
        cwd=ask.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: blocks_sigint(process.pid), GUARD_SECONDS, "the program to take signals")
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    wait_until(lambda: process.poll() is not None, 10, "the end after SIGINT")
    out, err = process.communicate()
    assert (process.returncode, out) == (INTERRUPTED, ""), err


def test_a_reader_that_went_away_ends_it(ask):
    """As `| head -1` does; the other rows are not computed."""
    line = ask.line("sql", "--csv", "-c", "SELECT * FROM range(1000000000000)")
    with subprocess.Popen(
        line, env=clean_environment(), cwd=ask.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"range\r\n"
        process.stdout.close()
        assert process.wait(GUARD_SECONDS) == CANNOT_WRITE
        assert process.stderr.read().count(b"standard output") == 1


def on_a_terminal(line, folder) -> tuple[int, bytes]:
    """The exit code, and all that the terminal was sent."""
    ours, its = pty.openpty()
    process = subprocess.Popen(line, env=clean_environment(), cwd=folder, stdin=its, stdout=its, stderr=its)
    os.close(its)
    sent = b""
    try:
        while part := os.read(ours, 65536):
            sent += part
    except OSError:  # nobody has the other end any more
        pass
    os.close(ours)
    return process.wait(GUARD_SECONDS), sent


@pytest.mark.parametrize("format", [[], ["--csv"], ["--json"]], ids=["table", "csv", "json"])
def test_no_text_acts_on_a_terminal(ask, format):
    acting = "chr(27) || '[2J' || chr(155) || '31m' || chr(127) || chr(8238) || chr(7)"
    code, sent = on_a_terminal(ask.line("sql", *format, "-c", f'SELECT {acting} AS "\x1b]0;x\x07"'), ask.folder)
    assert code == 0
    text = sent.decode()
    assert not [c for c in text if (ord(c) < 32 and c not in "\r\n") or 127 <= ord(c) < 160], repr(text)
    # So does what the engine quotes.
    code, sent = on_a_terminal(ask.line("sql", *format, "-c", f"SELECT CAST({acting} AS INT)"), ask.folder)
    assert code == BAD_INPUT
    text = sent.decode()
    assert not [c for c in text if (ord(c) < 32 and c not in "\r\n") or 127 <= ord(c) < 160], repr(text)


def test_without_a_query_a_terminal_is_told_what_to_do(ask):
    code, sent = on_a_terminal(ask.line("sql"), ask.folder)
    assert code == USAGE
    assert b"-c QUERY" in sent


def test_where_nothing_is_published_it_says_what_to_run(ask, tmp_path):
    ask.data = tmp_path / "none"
    for words in (["sql", "-c", "SELECT 1"], ["marts"]):
        missing = ask(*words, code=MISCONFIGURED)
        assert "`publish`" in missing.stderr and "--data" in missing.stderr


def test_a_copy_that_is_cut_in_half_is_named(ask, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(ask.data / "warehouse", data / "warehouse", symlinks=True)
    ask.data = data
    copy = data / "warehouse" / "published" / "current" / "spotify_db.duckdb"
    copy.chmod(0o644)
    os.truncate(copy, 6_000)
    assert str(copy) in ask("marts", code=BAD_INPUT).stderr


def test_it_reads_while_the_warehouse_is_written(ask, deps, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(ask.data / "warehouse", data / "warehouse", symlinks=True)
    ask.data = data
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [deps / "venv-dbt" / "bin" / "python3", "-B", "-c", hold, warehouse(ask)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout.readline() == "open\n"
        assert "rows" in ask("sql", "-c", SONGS).stdout
        writer.stdin.close()


@pytest.fixture
def snowflake(binary, deps, emulator, tmp_path):
    """A mart as dbt would have made it; what dbt makes is in test_warehouses_agree.py."""
    one = OnSnowflake(binary, deps, tmp_path, emulator, f"Q{secrets.token_hex(6).upper()}")
    one.must("warehouse init")
    one.rows("CREATE SCHEMA IF NOT EXISTS MART")
    one.rows("CREATE TABLE MART.TOP_SONGS (SONG_NAME VARCHAR, TOTAL_PLAYS NUMBER(38, 0), RATE NUMBER(10, 2))")
    one.rows("INSERT INTO MART.TOP_SONGS VALUES ('Stronger', 9007199254740993, 0.50), ('God''s Plan', 2, 1.25)")
    yield one
    one.close()


def test_snowflake_is_asked_in_the_same_words(snowflake):
    worksheet = f"USE SCHEMA MART; SELECT * FROM {snowflake.database}.MART.TOP_SONGS ORDER BY 1 DESC;"
    asked = snowflake.must("sql", "--json", "-c", worksheet)
    assert asked.out == (
        '{"SONG_NAME":"Stronger","TOTAL_PLAYS":9007199254740993,"RATE":0.50}\n'
        '{"SONG_NAME":"God\'s Plan","TOTAL_PLAYS":2,"RATE":1.25}\n'
    )
    assert snowflake.must("sql", "-c", "SELECT COUNT(*) AS N FROM TOP_SONGS").out == "  N\n  -\n  2\n1 row\n"
    [listed] = [json.loads(line) for line in snowflake.must("marts", "--json").out.splitlines()]
    assert (listed["MART"], listed["ROW_COUNT"], listed["AS_OF"]) == ("TOP_SONGS", 2, None)
    shown = snowflake.must("marts", "top_songs", "--csv").out
    # Nothing is published there that says of another order than that of the columns.
    assert shown.splitlines()[1:] == ["God's Plan,2,1.25", "Stronger,9007199254740993,0.50"]


def test_nothing_that_writes_reaches_snowflake(snowflake):
    for sql in (
        "DROP TABLE MART.TOP_SONGS",
        "SELECT 1; DELETE FROM MART.TOP_SONGS",
        "WITH p AS PROCEDURE () RETURNS INT LANGUAGE SQL AS $$ DROP TABLE MART.TOP_SONGS $$ CALL p()",
        "SHOW TABLES ->> DROP TABLE MART.TOP_SONGS",
    ):
        refused = snowflake.run("sql", "-c", sql)
        assert (refused.code, refused.out) == (BAD_INPUT, ""), str(refused)
    wrong = snowflake.run("sql", "-c", "SELECT * FROM MART.NOTHING")
    assert (wrong.code, "NOTHING" in wrong.err) == (BAD_INPUT, True), str(wrong)
    assert snowflake.rows("SELECT count(*) FROM MART.TOP_SONGS") == [[2]]


@pytest.mark.parametrize("command", [["sql", "-c", SONGS], ["marts"], ["rejected", "list"], ["verify"]], ids=" ".join)
def test_who_forgets_the_folder_of_a_run_is_told_of_it(binary, finished_run, tmp_path, command):
    """These commands go by servers unless --data names a run; where one lies in data/, that is what was meant."""
    hint = "; for what `run` has made in data, add --data data"

    def asked(*more):
        line = [str(binary), *command, *more]
        done = subprocess.run(
            line,
            env=clean_environment(),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        assert done.returncode in (MISCONFIGURED, UNAVAILABLE), done.stderr
        return json.loads(done.stderr.splitlines()[-1])["message"]

    assert hint not in asked()
    (tmp_path / "data").symlink_to(finished_run)
    assert asked().endswith(hint)
    # Who says where to look has meant that.
    assert hint not in asked("--warehouse", str(tmp_path / "none" / "spotify_db.duckdb"))
