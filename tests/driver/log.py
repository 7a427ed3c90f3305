"""The log of a command under test: JSON lines on its standard error, of events that docs/formats/log-events.md lists."""

import functools
import json
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/formats/log-events.md"
# Every branch that the program may take says so.
ENVIRONMENT = {"SPOTIFY_LOG_FORMAT": "json", "SPOTIFY_LOG_LEVEL": "debug"}
MEMBERS_OF_ALL = {"ts", "level", "event", "command"}


@functools.cache
def listed() -> dict[str, tuple[str, set[str]]]:
    """Level and fields of each event."""
    rows = re.findall(r"^\| `([a-z0-9_.]+)` \| (\w+) \| (.*?) \| .* \|$", PAGE.read_text(), re.MULTILINE)
    return {name: (level, set(re.findall(r"`(\w+)`", fields))) for name, level, fields in rows}


def check(line: dict) -> None:
    """An event of the page, with fields of its row only."""
    level, fields = listed()[line["event"]]
    assert line["level"] == level, line
    assert set(line) <= fields | MEMBERS_OF_ALL, line
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["ts"]), line


def parse(lines: str) -> list[dict]:
    """The events of whole lines. A line that another program wrote, such as a sanitizer, is none."""
    found = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    for line in found:
        check(line)
    return found


def named(found: list[dict], name: str | None) -> list[dict]:
    assert name is None or name in listed(), f"no event has the name {name}"
    return [line for line in found if name in (None, line["event"])]


def events(err: str, name: str | None = None) -> list[dict]:
    """The events so far, or those of one name."""
    return named(parse(err[: err.rfind("\n") + 1]), name)


class GrowingLog:
    """The file of a process that still writes: what was read once is not read again."""

    def __init__(self, path: Path):
        self._path = path
        self._bytes = 0
        self._found: list[dict] = []

    def events(self, name: str | None = None) -> list[dict]:
        with open(self._path, "rb") as file:
            file.seek(self._bytes)
            new = file.read()
        whole = new.rfind(b"\n") + 1
        self._bytes += whole
        self._found += parse(new[:whole].decode(errors="replace"))
        return named(self._found, name)
