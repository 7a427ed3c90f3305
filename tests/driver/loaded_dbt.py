"""dbt, loaded once for a whole run of tests and forked for each build: more than half of a build's time goes into loading it and
into what it compiles the first time it is used.

`LoadedDbt` starts the process and makes a folder like a checkout's `.deps` whose `venv-dbt/bin/dbt` is a client of it. A fork is the same
dbt in the same environment of Python. It has the client's arguments, environment, folder and streams; it gets the signals
that the client gets, and it ends when the client does. Tests of the program's own start take the fixture `program_deps`.

By itself this file is the process: `python loaded_dbt.py SOCKET`. Before it forks it builds once what DBT_PROJECT_DIR and
SDP_WAREHOUSE_PATH name, of which DBT_PARTIAL_PARSE_FILE_PATH says that it is parsed.
"""

import atexit
import gc
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

REQUEST_BYTES_MAX = 1 << 20
START_SECONDS_MAX = 300

CLIENT = """#!{python} -ISB
import json, os, signal, socket, sys

server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
request = json.dumps([sys.argv, os.getcwd(), os.umask(0o022), dict(os.environ)]).encode()
os.umask(json.loads(request)[2])
socket.send_fds(server, [len(request).to_bytes(4, "big")], [0, 1, 2])
server.sendall(request)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: server.send(bytes([number])))
code = server.recv(1)
if not code:
    os.kill(os.getpid(), signal.SIGKILL)
os._exit(code[0])
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
        self._make_deps(deps, CLIENT.format(python=python, address=str(address)))

    def _make_deps(self, deps: Path, client: str) -> None:
        """Everything is a link to the real thing but the one program."""
        venv, bin_folder = self.deps / "venv-dbt", self.deps / "venv-dbt" / "bin"
        bin_folder.mkdir(parents=True)
        for real, ours in ((deps, self.deps), (deps / "venv-dbt", venv), (deps / "venv-dbt" / "bin", bin_folder)):
            for entry in real.iterdir():
                if not (ours / entry.name).exists() and entry.name != "dbt":
                    (ours / entry.name).symlink_to(entry)
        for beside in ("spotify_dbt", "airflow"):
            (self.deps.parent / beside).symlink_to(Path(__file__).parents[2] / beside)
        (bin_folder / "dbt").write_text(client)
        (bin_folder / "dbt").chmod(0o755)

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._sockets, ignore_errors=True)


# --- the process ---


def serve(address: str) -> None:
    import dbt.adapters.duckdb
    import dbt.adapters.snowflake  # noqa: F401  For the forks.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    threads = os.listdir("/proc/self/task")
    first = dbtRunner().invoke(["build", "--exclude-resource-type", "unit_test", "--quiet"])
    assert first.success, first.exception or "the first build failed"
    DuckDBConnectionManager._ENV.close()
    DuckDBConnectionManager.close_all_connections()
    # Those of dbt's parser, had it parsed; forks would wait for them in vain.
    more = set(os.listdir("/proc/self/task")) - set(threads)
    assert not more, f"{len(more)} threads that forks would lack"
    del first
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Nobody waits for forks: they say how they end.
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{address}.new")
    listener.listen(64)
    os.rename(f"{address}.new", address)
    while True:
        client, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            build(client)
        client.close()


def build(client: socket.socket) -> None:
    """Does not return."""
    code = 1
    # Where the scheduler shares time out by session, all builds would have one test's part of it.
    os.setsid()
    try:
        take_place_of(client)
        from dbt.cli.main import cli

        cli()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        client.send(bytes([code]))
        os._exit(code)


def take_place_of(client: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(client, 4, 3)
    length = int.from_bytes(size, "big")
    assert len(streams) == 3 and length <= REQUEST_BYTES_MAX, (streams, length)
    request = b""
    while len(request) < length:
        request += client.recv(length - len(request))
    sys.argv, folder, umask, environment = json.loads(request)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # Open to the end of the process.
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, closefd=False) for number, mode in enumerate("rww"))
    os.umask(umask)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    threading.Thread(target=take_signals, args=(client,), daemon=True).start()


def take_signals(client: socket.socket) -> None:
    while True:
        number = client.recv(1)
        os.kill(os.getpid(), number[0] if number else signal.SIGKILL)


if __name__ == "__main__":
    serve(sys.argv[1])
