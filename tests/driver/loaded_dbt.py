"""dbt, loaded once for a whole run of tests and forked for each build, as a live run does it (src/transform/dbt_worker.py).

`LoadedDbt` starts the process and makes a folder like a checkout's `.deps` whose `venv-dbt/bin/dbt` is a client of it. Tests of the
program's own start take the fixture `program_deps`. DuckDB's module is loaded with dbt, so `ask` has a fork read a warehouse, too.

By itself this file is the process: `python loaded_dbt.py SOCKET`. Before it forks it builds once what DBT_PROJECT_DIR and
SDP_WAREHOUSE_PATH name, of which DBT_PARTIAL_PARSE_FILE_PATH says that it is parsed.
"""

import functools
import gc
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORKER = Path(__file__).resolve().parents[2] / "src" / "transform"
sys.path.append(str(WORKER))

import dbt_worker  # noqa: E402  The path is set above.

START_SECONDS_MAX = 300
ASK = "ask"

CLIENT = """#!{python} -ISB
import sys

sys.path.insert(0, {folder!r})
from dbt_worker import call

call({address!r}, sys.argv[1:])
"""


class LoadedDbt:
    def __init__(self, deps: Path, warehouse_folder: Path, folder: Path, environment: dict[str, str]):
        # Its own, as the path of a socket may not be long, and for its rights.
        self._sockets = Path(tempfile.mkdtemp(prefix="sdp-dbt-"))
        address = self._sockets / "socket"
        python = deps / "venv-dbt" / "bin" / "python"
        with open(folder / "loaded-dbt.log", "wb") as log:
            self._process = subprocess.Popen(
                [python, "-BP", __file__, address],
                env=os.environ | environment,
                cwd=warehouse_folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not address.exists():
            assert self._process.poll() is None, (folder / "loaded-dbt.log").read_text()
            assert time.monotonic() < deadline, "dbt was not loaded in time"
            time.sleep(0.05)
        self.deps = folder / "checkout" / ".deps"
        self._make_deps(deps, address, CLIENT.format(python=python, folder=str(WORKER), address=str(address)))

    def _make_deps(self, deps: Path, address: Path, client: str) -> None:
        """Everything is a link to the real thing but the one program. Without the `python` beside it, by which the pipeline would
        load dbt once more; `python3` is there."""
        venv, bin_folder = self.deps / "venv-dbt", self.deps / "venv-dbt" / "bin"
        bin_folder.mkdir(parents=True)
        for real, ours in ((deps, self.deps), (deps / "venv-dbt", venv), (deps / "venv-dbt" / "bin", bin_folder)):
            for entry in real.iterdir():
                is_left_out = entry.name == "dbt" or (ours == bin_folder and entry.name == "python")
                if not is_left_out and not (ours / entry.name).exists():
                    (ours / entry.name).symlink_to(entry)
        (self.deps / ASK).symlink_to(address)
        for beside in ("spotify_dbt", "mappings", "airflow"):
            (self.deps.parent / beside).symlink_to(Path(__file__).resolve().parents[2] / beside)
        (bin_folder / "dbt").write_text(client)
        (bin_folder / "dbt").chmod(0o755)

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._sockets, ignore_errors=True)


def ask(deps: Path, program: list[str], timeout: float) -> subprocess.CompletedProcess[str] | None:
    """What `python -c` prints with these arguments, by a fork; nothing where `deps` is not a folder of a LoadedDbt."""
    if not (deps / ASK).exists():
        return None
    with (
        socket.socket(socket.AF_UNIX) as server,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        open(os.devnull, "rb") as nothing,
    ):
        server.connect(os.readlink(deps / ASK))
        server.settimeout(timeout)
        request = json.dumps([[ASK, *program], os.getcwd(), 0o022, dict(os.environ)]).encode()
        socket.send_fds(server, [len(request).to_bytes(4, "big")], [nothing.fileno(), out.fileno(), err.fileno()])
        server.sendall(request)
        code = server.recv(1)
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess(
            program, code[0] if code else -signal.SIGKILL, out.read().decode(), err.read().decode()
        )


# --- the process ---


def serve(address: str) -> None:
    load_quickly()
    import dbt.adapters.duckdb
    import dbt.adapters.snowflake  # noqa: F401  For the forks.
    from dbt.cli.main import dbtRunner

    work_quickly("info", "warn", "error")
    threads = os.listdir("/proc/self/task")
    first = dbtRunner().invoke(["build", "--exclude-resource-type", "unit_test", "--quiet"])
    assert first.success, first.exception or "the first build failed"
    dbt_worker.close_duckdb()
    # Those of dbt's parser, had it parsed; forks would wait for them in vain.
    more = set(os.listdir("/proc/self/task")) - set(threads)
    assert not more, f"{len(more)} threads that forks would lack"
    del first
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = dbt_worker.listening(f"{address}.new")
    os.rename(f"{address}.new", address)
    while True:
        client, _ = listener.accept()
        dbt_worker.fork_for(dbt_worker.Caller(client), listener, act)


@functools.cache
def load_quickly() -> None:
    dbt_worker.load_quickly()


@functools.cache
def work_quickly(*told: str) -> None:
    dbt_worker.work_quickly(*told)


def act() -> None:
    # Where the scheduler shares time out by session, all builds would have one test's part of it.
    os.setsid()
    if sys.argv[0] == ASK:
        sys.argv = sys.argv[1:]
        exec(sys.argv[0], {})
    else:
        dbt_worker.run_dbt()


if __name__ == "__main__":
    serve(sys.argv[1])
