"""What a program's own help says of its commands, and what `doctor` says of a machine."""

import functools
import re
import subprocess
from pathlib import Path

from driver.process import GUARD_SECONDS

READERS = "subcommands that only read"


@functools.cache
def _help(program: Path, command: tuple[str, ...]) -> str:
    done = subprocess.run(
        [program, *command, "--help"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=True,
    )
    return done.stdout


def _listed(program: Path, command: tuple[str, ...]) -> dict[str, bool]:
    """The commands below one, by name: whether they only read."""
    found: dict[str, bool] = {}
    heading = ""
    for line in _help(program, command).splitlines():
        if title := re.fullmatch(r"(\S.*):", line):
            heading = title[1].lower()
        elif heading.startswith("subcommands") and (name := re.match(r"  ([a-z]\S*)", line)):
            found[name[1]] = heading == READERS
    return found


def subcommands(program: Path, command: tuple[str, ...]) -> set[str]:
    """The names of the commands below one."""
    return set(_listed(program, command))


def flags(program: Path, command: tuple[str, ...]) -> set[str]:
    """The long flags of one command."""
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", _help(program, command)))


def commands(program: Path) -> list[str]:
    return list(_listed(program, ()))


def whole_commands(program: Path, only_readers: bool = False) -> list[tuple[str, ...]]:
    """Every command that does something by itself, such as `config show`; those that only read, if only they are wanted."""
    found: list[tuple[str, ...]] = []
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        command = waiting.pop(0)
        for name, reads in _listed(program, command).items():
            one = (*command, name)
            has_commands = bool(_listed(program, one))
            if has_commands:
                waiting.append(one)
            # `doctor` does something by itself, too.
            needs_one = has_commands and "[SUBCOMMAND]" not in _help(program, one)
            if not needs_one and (reads or not only_readers):
                found.append(one)
    return found


def doctor_without_broker(
    program: Path, lake: Path, warehouse: Path, before: tuple = ()
) -> subprocess.CompletedProcess:
    """`before`: what starts it, such as `prlimit`."""
    places = ["--lake", lake, "--warehouse", warehouse]
    return subprocess.run(
        [
            *before,
            program,
            "doctor",
            "--json",
            "--bootstrap-servers",
            "127.0.0.1:1",
            "--kafka-call-timeout-ms",
            "500",
            *places,
        ],
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
