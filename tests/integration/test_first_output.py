"""At a terminal each command says at once what it does, before any server has answered, and before it is told for whom it waits."""

import os
import pty
import re
import select
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass

import pytest
from driver.commands import whole_commands
from driver.process import GUARD_SECONDS
from test_waiting import ALONE, LINES, PIPELINE, environment, prepare, silent  # noqa: F401

pytestmark = pytest.mark.xdist_group("command-lines")

# They ask no server; what they need is there, or they end by saying that it is not.
ALONE_LINES = {
    "completion": "",
    "config show": "",
    "forget": "nobody",
    "freshness": "--warehouse {tmp}/none/spotify_db.duckdb --work-dir {tmp}/work",
    "man": "",
    "rejected rejudge": "--warehouse {tmp}/none.duckdb --work-dir {tmp}/work",
    "schema": "",
    "transform": "--warehouse {tmp}/none.duckdb --work-dir {tmp}/work",
    "version": "",
}
ERASE = "\r\x1b[K"
TERMINAL = {"SPOTIFY_LOG_FORMAT": "text", "TERM": "xterm"}
DRAWN_WIDTH_MAX = 80


@dataclass(frozen=True)
class First:
    """The first thing that a command wrote to a terminal, and when."""

    text: str
    seconds: float


def first_output(words: list[str], env: dict[str, str], folder) -> First:
    """Of standard output and standard error, which are the same terminal. The command is ended then."""
    ours, theirs = pty.openpty()
    started = time.monotonic()
    process = subprocess.Popen(
        [PIPELINE, *words], env=env | TERMINAL, cwd=folder, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    try:
        assert select.select([ours], [], [], GUARD_SECONDS)[0], words
        seconds = time.monotonic() - started
        text = ""
        # A terminal that everybody has left is an error to its reader.
        with suppress(OSError):
            text = os.read(ours, 65536).decode(errors="replace")
        return First(text, seconds)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait(GUARD_SECONDS)
        os.close(ours)


def test_every_command_has_a_line():
    assert set(ALONE_LINES) == ALONE
    assert {" ".join(command) for command in whole_commands(PIPELINE)} == set(LINES) | set(ALONE_LINES)


@pytest.mark.parametrize(
    ("command", "words"),
    [(name, words) for name, lines in LINES.items() for words in lines] + list(ALONE_LINES.items()),
)
def test_something_is_said_before_any_server_answers(finished_run, deps, tmp_path, silent, say, command, words):  # noqa: F811
    """Servers here never answer, so that whatever is said comes before. That it comes soon is a figure, as other programs may
    have the machine; but it is never the line that tells after a second for whom the command waits."""
    prepare(tmp_path, silent)
    line = shlex.split(words.format(**silent, data=finished_run, tmp=tmp_path))
    first = first_output([*command.split(), *line], environment(deps, silent), tmp_path)
    assert first.text, "it ended without a word"
    assert not re.search(r"waiting .*of=", first.text.splitlines()[0]), first
    say(f"{command} says something after {first.seconds * 1000:.0f} ms")
    if first.text.startswith(ERASE):
        drawn = first.text.removeprefix(ERASE).split("\r")[0]
        assert re.fullmatch(rf"{re.escape(command)}: [a-z].*", drawn) and len(drawn) < DRAWN_WIDTH_MAX, first


def test_what_waits_for_a_server_draws_what_it_does(finished_run, deps, tmp_path, silent):  # noqa: F811
    """And neither a quiet one does, nor one without a terminal."""
    line = ["status", "--bootstrap-servers", silent["broker"], "--lake", str(finished_run / "lake")]
    env = environment(deps, silent)
    assert first_output(line, env, tmp_path).text == f"{ERASE}status: show where the pipeline stands"
    assert re.search(r"^\S+ +\w+ +waiting of=", first_output([*line, "--quiet"], env, tmp_path).text)
    with pytest.raises(subprocess.TimeoutExpired) as ended:
        subprocess.run([PIPELINE, *line], env=env | TERMINAL, cwd=tmp_path, capture_output=True, timeout=5, check=False)
    assert b"\x1b" not in ended.value.stderr and b"waiting of=" in ended.value.stderr, ended.value.stderr
