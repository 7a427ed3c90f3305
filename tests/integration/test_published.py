"""The database of the marts: any client reads it at any time, and sees a whole state."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from driver.process import GUARD_SECONDS, wait_until
from driver.services import clean_environment
from driver.warehouse import holding, query

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
        [proved.deps / "venv-dbt" / "bin" / "python3", "-B", "-c", READ, current(proved)],
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


def test_the_copy_has_what_the_marts_do_not_count(proved):
    others = ["BRONZE.LOAD_LEDGER", "BRONZE.REJECTED_EVENTS", "TRANSFORM.SPOTIFY_DUPLICATES"]
    others += ["TRANSFORM.SPOTIFY_REJECTED", "TRANSFORM.SPOTIFY_FAULTS", "TRANSFORM.TRANSFORM_LEDGER"]
    for table in others:
        counted = f"SELECT count(*) FROM {table}"
        assert query(proved.deps, current(proved), counted) == proved.rows(counted), table


def test_a_reader_of_the_warehouse_itself_holds_up_the_stages(proved):
    """What the copy is for: who opens the file itself holds up a load, which says so and loses nothing."""
    with holding(proved.deps, proved.data / "warehouse" / "spotify_db.duckdb"):
        held_up = proved.run(EVENTS)
        assert held_up.code == 75, str(held_up)
    proved.must_prove(EVENTS)


def test_folder_and_page_can_be_named_and_left_out(embedded, tmp_path):
    finished = embedded.run(EVENTS, "--published", "none", "--report", "none")
    assert finished.code == 0, str(finished)
    assert not current(embedded).exists()
    assert not (embedded.data / "report.html").exists()
    assert "report  " not in finished.out
    finished = embedded.run(EVENTS, "--published", tmp_path / "there", "--report", tmp_path / "page.html")
    assert finished.code == 0, str(finished)
    assert not current(embedded).exists()
    assert f"report     {tmp_path}/page.html\n" in finished.out
    assert (tmp_path / "page.html").read_bytes() == (tmp_path / "there" / "current" / "report.html").read_bytes()
    assert not (embedded.data / "report.html").exists()
    assert (tmp_path / "there" / "current" / "spotify_db.duckdb").stat().st_mode & 0o777 == 0o444
    [published] = finished.events("publish.finished")
    assert published["tables"] > 5


def test_a_proof_of_what_others_have_replaced_is_no_failure(proved):
    """Two publications of others while a run proves its own, which is gone then: the run is as good, and says where the proof is not."""
    published = proved.data / "warehouse" / "published"
    earlier = published.resolve() / os.readlink(published / "current")
    run = proved.start("--events", EVENTS)
    [done] = wait_until(lambda: run.events("publish.finished"), 120, "the publication", 0.001)
    run.send(signal.SIGSTOP)
    # As the removal of others does it.
    Path(done["path"]).rename(published / ".removed")
    os.replace(*make_link(published, earlier.name))
    run.send(signal.SIGCONT)
    finished = run.wait(120)
    assert finished.code == 0, str(finished)
    [replaced] = finished.events("publish.replaced")
    assert replaced["path"] == done["path"]
    assert not Path(done["path"]).exists()
    assert (published / ".removed" / "snapshot.json").exists() and not (published / ".removed" / "proof.json").exists()
    assert proved.verify()["proved"]


def make_link(published, name: str) -> tuple[Path, Path]:
    """A link to a publication under a name of its own, and the one that it is to replace."""
    link = published / ".current"
    link.symlink_to(name)
    return link, published / "current"


def publish_docs(pipeline):
    """`publish --dbt-docs`: how it ended, and where the page is."""
    warehouse = pipeline.data / "warehouse" / "spotify_db.duckdb"
    finished = subprocess.run(
        [
            *[pipeline.binary, "publish", "--warehouse", warehouse, "--work-dir", pipeline.data / "transform"],
            *["--deps", pipeline.deps, "--dbt-docs", "--json"],
        ],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    return finished, warehouse.with_name("published") / "dbt" / "index.html"


def test_the_documentation_of_dbt_is_a_page_of_its_own(proved):
    before = (proved.data / "transform" / "target" / "run_results.json").read_bytes()
    finished, page = publish_docs(proved)
    assert finished.returncode == 0, finished.stderr
    said = json.loads(finished.stdout)
    assert said["docs"] == str(page)
    assert not said["changed"]
    assert page.stat().st_mode & 0o777 == 0o444
    text = page.read_text(encoding="utf-8")
    # What the project says of a column, its type as the warehouse has it, and nothing of this machine.
    assert "Events of type skip." in text
    catalogue = text[text.index('"model.spotify_dbt.skip_curve": {"metadata": {"type": "BASE TABLE"') :]
    assert '"second_from": {"type": "BIGINT"' in catalogue[:2_000]
    assert str(proved.folder) not in text
    assert (proved.data / "transform" / "target" / "run_results.json").read_bytes() == before
    assert sorted(path.name for path in page.parent.iterdir()) == ["index.html"]
    assert proved.verify()["proved"]


def test_a_warehouse_that_is_open_elsewhere_leaves_the_documentation_as_it_was(proved):
    finished, page = publish_docs(proved)
    assert finished.returncode == 0, finished.stderr
    before = page.stat()
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); sys.stdin.read()"
    reader = subprocess.Popen(
        [
            proved.deps / "venv-dbt" / "bin" / "python3",
            "-B",
            "-c",
            hold,
            proved.data / "warehouse" / "spotify_db.duckdb",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout.readline() == "open\n"
    held_up, _ = publish_docs(proved)
    reader.communicate()
    assert held_up.returncode == 75, held_up.stderr
    assert page.stat() == before
