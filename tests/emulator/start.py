"""Starts the emulator of Snowflake on loopback: fakesnow's server, with the shim of this folder or as it is.

    .deps/venv-emulator/bin/python -B tests/emulator/start.py [--port N] [--data DIR] [--ready FILE] [-- COMMAND...]

With COMMAND, runs it with the SNOWFLAKE_* variables that lead to the server, ends the server after it, and returns its
exit code. Without, serves until it is told to stop or until the process that started it is gone.
"""

import argparse
import importlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

START_SECONDS_MAX = 30
PARENT_POLL_SECONDS = 0.2


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="where to listen on 127.0.0.1 (default: any free port)")
    parser.add_argument("--data", type=Path, help="keeps databases and staged files here (default: in memory)")
    parser.add_argument("--ready", type=Path, help="written when the server answers: its port")
    parser.add_argument("--unmodified", action="store_true", help="fakesnow without the shim")
    parser.add_argument(
        "--idle-transaction-seconds",
        type=float,
        default=5.0,
        help="an open transaction that blocks others and did nothing for so long is rolled back; "
        "Snowflake waits 300 s (default: 5)",
    )
    parser.add_argument("--orphan", action="store_true", help="goes on when the process that started it is gone")
    parser.add_argument("--verbose", action="store_true", help="shows logins, uploads and statements that failed")
    parser.add_argument("command", nargs="*", help="what to run against the server")
    return parser.parse_args()


def client_environment(port: int) -> dict[str, str]:
    """What the pipeline and dbt must be told. The emulator checks no password, and any account will do."""
    return {
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": str(port),
        "SNOWFLAKE_PROTOCOL": "http",
        "SNOWFLAKE_ACCOUNT": "emulator",
        "SNOWFLAKE_USER": "emulator",
        "SNOWFLAKE_PASSWORD": "not-checked",
        "SNOWFLAKE_ROLE": "SPOTIFY_PIPELINE",
        "SNOWFLAKE_WAREHOUSE": "SPOTIFY_WH",
        "SNOWFLAKE_DATABASE": "SPOTIFY_DB",
    }


def serve(options: argparse.Namespace, stages: Path) -> tuple[object, threading.Thread, int]:
    """fakesnow's server in a thread; returns when it answers."""
    import uvicorn
    from fakesnow.instance import FakeSnow
    from fakesnow.transforms import stage

    # The package has a function of the same name, which a plain import would find.
    server = importlib.import_module("fakesnow.server")
    if not options.verbose:
        warnings.simplefilter("ignore")
        logging.getLogger("fakesnow.server").setLevel(logging.WARNING)
        logging.getLogger("sqlglot").setLevel(logging.ERROR)
    stage.LOCAL_BUCKET_PATH = str(stages)
    server.shared_fs = FakeSnow(db_path=options.data)
    if not options.unmodified:
        import shim

        shim.apply(idle_transaction_seconds=options.idle_transaction_seconds)

    if options.data:
        restore(server.shared_fs, options.data, stages)

    # With the protocol named, asyncio turns Nagle's delay off; without, each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", options.port))
    running = uvicorn.Server(
        uvicorn.Config(
            server.app, log_level="info" if options.verbose else "critical", access_log=False, lifespan="off"
        )
    )
    running.install_signal_handlers = lambda: None
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS_MAX
    while not running.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            sys.exit("emulator: the server did not start")
        time.sleep(0.02)
    return running, thread, listener.getsockname()[1]


def restore(emulated, data: Path, stages: Path) -> None:
    """Databases and stages that an earlier server left in the folder."""
    connection = emulated.connect()
    for database in data.glob("*.db"):
        connection.cursor().execute(f'CREATE DATABASE IF NOT EXISTS "{database.stem}"')
    for stage in stages.glob("*/*/*"):
        if stage.is_dir():
            name = ".".join(f'"{part}"' for part in stage.relative_to(stages).parts)
            connection.cursor().execute(f"CREATE STAGE IF NOT EXISTS {name}")
    connection.close()


def run(command: list[str], port: int) -> int:
    """SIGTERM reaches the command; SIGINT does so by itself, as both stand in one process group."""
    child = subprocess.Popen(command, env=os.environ | client_environment(port))
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return child.wait()


def wait_for_end(parent: int) -> None:
    """Until SIGTERM or SIGINT, or until `parent` is not our parent any more."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(PARENT_POLL_SECONDS):
        if parent and os.getppid() != parent:
            return


def write_ready(path: Path, port: int) -> None:
    """By a rename, so that whoever waits for the file never reads half of it."""
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(f"{port}\n")
    draft.rename(path)


def main() -> int:
    options = arguments()
    parent = 0 if options.orphan else os.getppid()
    if options.data:
        options.data = options.data.resolve()
        options.data.mkdir(parents=True, exist_ok=True)
    stages = Path(options.data or tempfile.mkdtemp(prefix="emulator-")) / "stages"
    stages.mkdir(exist_ok=True)
    running, thread, port = serve(options, stages)
    try:
        if options.ready:
            write_ready(options.ready, port)
        if options.command:
            return run(options.command, port)
        print(f"emulator: listens on 127.0.0.1:{port}", flush=True)
        wait_for_end(parent)
        return 0
    finally:
        running.should_exit = running.force_exit = True
        thread.join(5)
        if not options.data:
            shutil.rmtree(stages.parent, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
