"""The copy of the marts: any client reads it at any time, and sees a whole state."""

import json
import subprocess
import time

from driver.process import GUARD_SECONDS
from driver.warehouse import query

EVENTS = 3_000
READ = """
import duckdb, select, sys
seen, over = set(), False
while not over:
    over = select.select([sys.stdin], [], [], 0)[0]
    connection = duckdb.connect(sys.argv[1], read_only=True)
    [(counted,)] = connection.execute("SELECT sum(records) FROM SPOTIFY_DB.MART.PIPELINE_HOURS").fetchall()
    [(loaded,)] = connection.execute("SELECT sum(records) FROM BRONZE.LOAD_LEDGER").fetchall()
    assert counted == loaded, (counted, loaded)
    seen.add(int(counted))
    connection.close()
print(sorted(seen))
"""


def current(proved):
    return proved.data / "warehouse" / "published" / "current" / "spotify_db.duckdb"


def test_readers_keep_a_whole_state_while_the_pipeline_writes(proved):
    reader = subprocess.Popen(
        [proved.deps / "venv-dbt" / "bin" / "python", "-B", "-c", READ, current(proved)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(1)
    proved.must_prove(EVENTS)
    out, err = reader.communicate(timeout=GUARD_SECONDS)
    assert reader.returncode == 0, err
    assert json.loads(out) == [proved.events, proved.events + EVENTS]


def test_the_copy_has_every_mart_as_it_is_in_the_warehouse(proved):
    marts = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'MART' ORDER BY ALL"
    names = [name for [name] in proved.rows(marts)]
    assert names == [name for [name] in query(proved.deps, current(proved), marts)]
    for name in names:
        rows = f"SELECT * FROM MART.{name} ORDER BY ALL"
        assert query(proved.deps, current(proved), rows) == proved.rows(rows), name


def test_a_reader_of_the_warehouse_itself_holds_up_the_stages(proved):
    """What the copy is for: who opens the file itself holds up a load, which says so and loses nothing."""
    warehouse = proved.data / "warehouse" / "spotify_db.duckdb"
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); sys.stdin.read()"
    reader = subprocess.Popen(
        [proved.deps / "venv-dbt" / "bin" / "python", "-B", "-c", hold, warehouse],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout.readline() == "open\n"
    held_up = proved.run(EVENTS)
    assert held_up.code == 75, str(held_up)
    reader.communicate()
    proved.must_prove(EVENTS)


def test_the_folder_of_the_copy_can_be_named_and_left_out(embedded, tmp_path):
    finished = embedded.run(EVENTS, "--published", "none")
    assert finished.code == 0, str(finished)
    assert not current(embedded).exists()
    finished = embedded.run(EVENTS, "--published", tmp_path / "there")
    assert finished.code == 0, str(finished)
    assert not current(embedded).exists()
    assert (tmp_path / "there" / "current" / "spotify_db.duckdb").stat().st_mode & 0o777 == 0o444
    [published] = finished.events("publish.finished")
    assert published["tables"] > 5
