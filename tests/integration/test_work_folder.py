"""dbt's work folder is of one build at a time: nobody takes the results of another build for his own, or reads half of what dbt writes."""

import subprocess
import sys
import time

from driver.fixtures import ROOT
from driver.process import GUARD_SECONDS, PATIENCE
from driver.services import clean_environment

IN_USE = 75

# In place of dbt. The first build waits in the middle of its manifest; one beside it finds the warehouse in use, as dbt does.
DBT = """#!{python} -IB
import os, pathlib, sys, time

said = pathlib.Path({folder!r})
target = pathlib.Path(os.environ["DBT_TARGET_PATH"])
results = target / "run_results.json"


def wait_for(path):
    deadline = time.monotonic() + {seconds}
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


try:
    (said / "first").mkdir()
except FileExistsError:
    print("IO Error: Could not set lock on file")
    (said / "second").mkdir()
    (said / "end").mkdir()
    wait_for(results)
    sys.exit(1)
(target / "manifest.json").write_text('{{"nodes": ')
(said / "begun").mkdir()
wait_for(said / "end")
(target / "manifest.json").write_text('{{"nodes": {{}}}}')
results.write_text('{{"results": []}}')
"""


def test_of_two_builds_one_waits_and_says_so(binary, deps, tmp_path):
    said, warehouse = tmp_path / "said", tmp_path / "spotify_db.duckdb"
    program = tmp_path / "deps" / "venv-dbt" / "bin" / "dbt"
    for folder in (said, program.parent):
        folder.mkdir(parents=True)
    program.write_text(DBT.format(python=sys.executable, folder=str(said), seconds=GUARD_SECONDS))
    program.chmod(0o755)
    make = "import duckdb, sys; duckdb.connect(sys.argv[1]).close()"
    subprocess.run([deps / "venv-dbt" / "bin" / "python3", "-B", "-c", make, warehouse], check=True)
    environment = clean_environment() | {"SDP_DEPS_DIR": str(tmp_path / "deps"), "SPOTIFY_WAREHOUSE": str(warehouse)}

    def start(command: str, *arguments) -> subprocess.Popen:
        return subprocess.Popen(
            [binary, command, "--dbt-project", ROOT / "spotify_dbt", "--work-dir", tmp_path / "work", *arguments],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ends(process: subprocess.Popen) -> tuple[int, str]:
        _, err = process.communicate(timeout=GUARD_SECONDS)
        return process.returncode, err

    first = start("transform", "--published", "none")
    deadline = time.monotonic() + 20 * PATIENCE
    while not (said / "begun").exists():
        assert time.monotonic() < deadline and first.poll() is None, ends(first)
        time.sleep(0.01)
    for beside in (start("publish"), start("transform", "--published", "none")):
        code, err = ends(beside)
        assert code == IN_USE, err
        assert "another process builds in" in err and str(tmp_path / "work") in err, err
    assert not (said / "second").exists()
    (said / "end").mkdir()
    code, err = ends(first)
    assert code == 0, err
