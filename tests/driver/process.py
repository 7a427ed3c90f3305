"""Programs under test: started with their output in files, ended by their own process id."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from driver import log

# Tests name the seconds that a thing takes at most on a machine of its own. Beside the other suites it may take so many times
# as long.
PATIENCE = 12
# What hangs is ended after this.
GUARD_SECONDS = 600


def wait_until(condition, timeout: float, what: str, pause: float = 0.02, promised: bool = False):
    """Returns the first true value of `condition`; fails, and says what was waited for, after `timeout` seconds: just these
    where the product promises them, or else PATIENCE times as many. Asking takes a fifth of the time at most."""
    timeout *= 1 if promised else PATIENCE
    deadline = time.monotonic() + timeout
    while True:
        asked = time.monotonic()
        value = condition()
        if value:
            return value
        now = time.monotonic()
        assert now < deadline, f"waited {timeout} s in vain for {what}"
        time.sleep(max(pause, 4 * (now - asked)))


@dataclass(frozen=True)
class Finished:
    arguments: list[str]
    code: int
    out: str
    err: str
    seconds: float

    def events(self, name: str | None = None) -> list[dict]:
        """What it logged: all of it, or the events of one name."""
        return log.events(self.err, name)

    @property
    def failure(self) -> dict:
        """How it says that it failed: `kind`, `exit_code` and `message`. The last line, and the only one of its kind."""
        failures = self.events("command.failed")
        assert len(failures) == 1 and failures[0]["exit_code"] == self.code, str(self)
        assert self.events()[-1] == failures[0], str(self)
        return failures[0]

    def __str__(self) -> str:
        return (
            f"{' '.join(self.arguments)}\nexit code {self.code} after {self.seconds:.1f} s\n"
            f"--- stdout\n{self.out[-4000:]}\n--- stderr\n{self.err[-4000:]}"
        )


class Running:
    """A process that goes on beside the test. Whoever starts one ends it, or leaves that to its owner's close()."""

    def __init__(self, arguments: list[str], env: dict[str, str], folder: Path, name: str, prepare=None):
        self.arguments = [str(argument) for argument in arguments]
        self.out_path = folder / f"{name}.out"
        self.err_path = folder / f"{name}.err"
        self._log = log.GrowingLog(self.err_path)
        self.started_at = time.monotonic()
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self._process = subprocess.Popen(
                self.arguments,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=env,
                cwd=folder,
                preexec_fn=prepare,  # noqa: PLW1509  # Only system calls: limits.
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def out(self) -> str:
        return self.out_path.read_text(errors="replace")

    @property
    def err(self) -> str:
        return self.err_path.read_text(errors="replace")

    def events(self, name: str | None = None) -> list[dict]:
        """What it has logged so far: all of it, or the events of one name."""
        return self._log.events(name)

    @property
    def uploads(self) -> list[str]:
        """Keys of the objects that this sink made durable."""
        return [event["object"] for event in self.events("sink.object.uploaded")]

    @property
    def adoptions(self) -> int:
        return len(self.events("sink.range.adopted"))

    @property
    def listening(self) -> bool:
        """Whether this sink has joined its group."""
        return bool(self.events("sink.listening"))

    @property
    def partitions(self) -> set[int]:
        """The partitions that are assigned to this sink now."""
        held: set[int] = set()
        for event in self.events():
            if event["event"] == "sink.partition.assigned":
                held.add(event["partition"])
            elif event["event"] == "sink.partition.revoked":
                held.discard(event["partition"])
        return held

    def is_running(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        assert self.is_running(), f"ended by itself before {number.name}: {self.finished()}"
        os.kill(self.pid, number)

    def wait(self, timeout: float, promised: bool = False) -> Finished:
        """As wait_until, for its end."""
        timeout *= 1 if promised else PATIENCE
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"does not end within {timeout} s: {' '.join(self.arguments)}\n--- stderr\n{self.err[-4000:]}"
            ) from None
        return self.finished()

    def finished(self) -> Finished:
        return Finished(self.arguments, self._process.poll(), self.out, self.err, time.monotonic() - self.started_at)

    def stop(self, timeout: float = 30, number: signal.Signals = signal.SIGTERM) -> Finished:
        self.send(number)
        return self.wait(timeout)

    def kill(self) -> Finished:
        self.send(signal.SIGKILL)
        return self.wait(10)

    def end(self) -> None:
        """For clean-up: whatever state it is in, it is gone afterwards."""
        if self.is_running():
            os.kill(self.pid, signal.SIGKILL)
            self._process.wait(10)
