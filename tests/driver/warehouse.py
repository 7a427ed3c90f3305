"""The warehouse as others see it: asked by DuckDB's own Python module."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driver.loaded_dbt import ask
from driver.process import GUARD_SECONDS

ASK_WAREHOUSE = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("SET enable_progress_bar = false")  # else stdout has it when a query takes long
rows = connection.execute(sys.argv[2]).fetchall()
print(json.dumps(rows, default=str))
"""

HOLD_WAREHOUSE = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def holding(deps: Path, warehouse: Path) -> Iterator[None]:
    """Another process has the file open meanwhile, to read."""
    line = [deps / "venv-dbt" / "bin" / "python3", "-B", "-c", HOLD_WAREHOUSE, warehouse]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == "open\n"
        yield
        reader.communicate()


def change(deps: Path, warehouse: Path, sql: str) -> None:
    """Runs statements on it, as nobody should."""
    program = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute(sys.argv[2])"
    line = [deps / "venv-dbt" / "bin" / "python3", "-B", "-c", program, warehouse, sql]
    subprocess.run(line, check=True, capture_output=True, timeout=GUARD_SECONDS)


def told_by(deps: Path, program: str, *arguments):
    """What a program of Python says as JSON. In a process of its own, which lets go of a DuckDB file: that is open for writing in one
    process only."""
    words = [program, *map(str, arguments)]
    done = ask(deps, words, GUARD_SECONDS) or subprocess.run(
        [deps / "venv-dbt" / "bin" / "python3", "-B", "-c", *words],
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def query(deps: Path, warehouse: Path, sql: str) -> list[list]:
    return told_by(deps, ASK_WAREHOUSE, warehouse, sql)
