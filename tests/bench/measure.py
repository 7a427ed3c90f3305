"""A whole process, timed: wall, CPU of all its processes, peak of their memory, and the servers' CPU meanwhile."""

import contextlib
import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
SAMPLES_A_SECOND = 20
# What hangs is ended after this.
GUARD_SECONDS = 900


def cpu_seconds(pid: int) -> float:
    """Of a process that runs, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def tree(pid: int) -> list[int]:
    """The process and all that descend from it, as far as they run."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
    return found


def memory(pid: int) -> tuple[int, int]:
    """Resident bytes of a process: now, and at their highest."""
    found = {"VmRSS": 0, "VmHWM": 0}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in found:
                found[name] = int(value.split()[0]) * 1024
    return found["VmRSS"], found["VmHWM"]


class Peak:
    """The most that a tree of processes has in memory: of all together as sampled, or of one of them as the kernel noted."""

    def __init__(self, pid: int):
        self.bytes = 0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def _sample(self) -> None:
        while not self._ended.wait(1 / SAMPLES_A_SECOND):
            each = [memory(pid) for pid in tree(self._pid)]
            self.bytes = max(self.bytes, sum(now for now, _ in each), *(high for _, high in each))

    def end(self) -> int:
        self._ended.set()
        self._thread.join()
        return self.bytes


@dataclass(frozen=True)
class Taken:
    wall: float
    cpu: float
    peak: int
    servers_cpu: float
    out: str

    def numbers(self) -> dict:
        return {
            "wall": round(self.wall, 3),
            "cpu": round(self.cpu, 3),
            "peak": self.peak,
            "servers_cpu": round(self.servers_cpu, 2),
        }


class Failed(Exception):
    """What a program said that ended otherwise than with 0."""


def run(arguments: list, env: dict[str, str], folder: Path, servers: tuple[int, ...] = ()) -> Taken:
    """`servers` are the processes that work for it."""
    line = [str(argument) for argument in arguments]
    before = sum(cpu_seconds(pid) for pid in servers)
    with open(folder / "out", "w+b") as out, open(folder / "err", "w+b") as err:
        started = time.monotonic()
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env, cwd=folder)
        guard = threading.Timer(GUARD_SECONDS, process.kill)
        guard.start()
        peak = Peak(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        guard.cancel()
        peak_bytes = peak.end()
        # Popen would wait for a process that is gone.
        process.returncode = os.waitstatus_to_exitcode(status)
        for file in (out, err):
            file.seek(0)
        said, complained = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    if process.returncode != 0:
        raise Failed(f"{' '.join(line)}\nended with {process.returncode}:\n{said[-2000:]}{complained[-4000:]}")
    servers_cpu = sum(cpu_seconds(pid) for pid in servers) - before
    return Taken(wall, usage.ru_utime + usage.ru_stime, peak_bytes, servers_cpu, said)
