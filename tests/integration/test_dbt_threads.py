"""What dbt's threads share: the connector of Snowflake has to let two of them read their first results at once.

Versions 4.7.2 to 4.8.1 hold a lock of C++ while they call Python, and Python's lock while they wait for that one (two threads,
each in the constructor of `CArrowIterator`). A build of ours then never ended, since dbt asks for the schemas of two databases at
once. It takes an unlucky moment, so it is tried often here, with threads that take turns as often as they can.
"""

import subprocess

PROCESSES = 60
SECONDS_MAX = 3

PROGRAM = """
import os, signal, sys, threading, time
from snowflake.connector.arrow_context import ArrowConverterContext
from snowflake.connector.nanoarrow_arrow_iterator import PyArrowRowIterator

processes, seconds_max = int(sys.argv[1]), float(sys.argv[2])
sys.setswitchinterval(1e-6)
context = ArrowConverterContext()


def read(both):
    both.wait()
    try:
        PyArrowRowIterator(None, b"", context, False, False, False, False)
    except Exception:
        pass  # There are no rows in nothing.


def read_twice_at_once():
    both = threading.Barrier(2)
    threads = [threading.Thread(target=read, args=(both,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def ends(pid):
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            return True
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


for number in range(processes):
    pid = os.fork()
    if pid == 0:
        read_twice_at_once()
        os._exit(0)
    if not ends(pid):
        sys.exit(f"process {number} of {processes}: two threads wait for each other")
"""


def test_two_threads_read_their_first_results_at_once(deps):
    python = deps / "venv-dbt" / "bin" / "python3"
    done = subprocess.run(
        [python, "-B", "-c", PROGRAM, str(PROCESSES), str(SECONDS_MAX)],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
