"""A person at a terminal: a shell in which lines are typed, in a copy of this checkout that is thrown away."""

import os
import pty
import re
import secrets
import select
import shlex
import signal
import time
from dataclasses import dataclass
from pathlib import Path

CTRL_C = b"\x03"
LINE_SECONDS_MAX = 600
# How long something that goes on for ever is left alone.
FOREVER_SECONDS_MIN, FOREVER_SECONDS_MAX = 5, 10
# Escape sequences of colours and of the cursor.
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@dataclass(frozen=True)
class Typed:
    line: str
    code: int
    shown: str
    seconds: float

    def __str__(self) -> str:
        return f"$ {self.line}\n{self.shown[-8000:]}\nexit code {self.code} after {self.seconds:.1f} s"


class Terminal:
    """bash with job control, so that Ctrl-C reaches what runs in the foreground, as it does in a person's terminal.

    It has namespaces of its own. Of the checkout it sees a copy on write, at the same path: what it writes, into `data/` or
    `docker/.env`, goes to `scratch`. Of the network it has nothing but loopback, so that the usual ports are free. Of processes it
    is the first: when it ends, so do the servers that it started."""

    def __init__(self, checkout: Path, scratch: Path, environment: dict[str, str]):
        assert os.geteuid() == 0, "a copy of the checkout and a loopback of its own need root; run this as root"
        self._mark = f"typed-{secrets.token_hex(8)}"
        upper, work = scratch / "upper", scratch / "work"
        for folder in (upper, work):
            folder.mkdir(parents=True)
        namespaces = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
        self._pid, self._descriptor = pty.fork()
        if self._pid == 0:
            shell = [*namespaces, "bash", "--norc", "--noprofile", "--noediting", "-i"]
            os.execvpe(shell[0], shell, environment | {"PS1": "", "PS2": "", "TERM": "dumb", "HISTFILE": ""})
        # Before the shell has taken up its work, what is typed is shown as well.
        self.must("stty -echo")
        self.must("ip link set lo up")
        overlay = f"lowerdir={checkout},upperdir={upper},workdir={work}"
        self.must(f"mount -t overlay overlay -o {shlex.quote(overlay)} {shlex.quote(str(checkout))}")
        self.must(f"cd {shlex.quote(str(checkout))}")

    def type(self, line: str) -> Typed:
        """Types the line and waits for its end."""
        return self._ended(line, time.monotonic(), self._typed(line))

    def type_and_stop(self, line: str, shown: str) -> Typed:
        """Types the line, and Ctrl-C a while later: soon after `shown` was shown, or later without it. Its end is that of what was
        stopped."""
        started = time.monotonic()
        text = self._read_for(FOREVER_SECONDS_MIN, self._typed(line))
        if shown not in text:
            text = self._read_for(FOREVER_SECONDS_MAX - FOREVER_SECONDS_MIN, text)
        os.write(self._descriptor, CTRL_C)
        return self._ended(line, started, text)

    def must(self, line: str) -> Typed:
        typed = self.type(line)
        assert typed.code == 0, str(typed)
        return typed

    def _typed(self, line: str) -> str:
        os.write(self._descriptor, f"{line}\n".encode())
        return ""

    def _ended(self, line: str, started: float, text: str) -> Typed:
        # The shell reads this when the line has ended.
        os.write(self._descriptor, f"printf '\\n%s:%d\\n' {self._mark} $?\n".encode())
        ended = re.compile(rf"^{self._mark}:(\d+)\n", re.MULTILINE)
        while not (found := ended.search(text)):
            more = self._read(started + LINE_SECONDS_MAX - time.monotonic())
            assert more, (
                f"$ {line}\n{text[-4000:]}\ndoes not end within {LINE_SECONDS_MAX} s, or the terminal has closed"
            )
            text += more
        return Typed(line, int(found[1]), ended.sub("", text), time.monotonic() - started)

    def _read_for(self, seconds: float, text: str) -> str:
        until = time.monotonic() + seconds
        while more := self._read(until - time.monotonic()):
            text += more
        return text

    def _read(self, seconds: float) -> str:
        """What is shown next; nothing when the time is over, or the terminal closed."""
        if seconds <= 0 or not select.select([self._descriptor], [], [], seconds)[0]:
            return ""
        try:
            return CONTROL.sub("", os.read(self._descriptor, 65536).decode(errors="replace"))
        except OSError:
            return ""

    def close(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._descriptor)
