"""What is made of the table of settings for shells and for `man`: every command and flag that --help shows, and nothing else."""

import json
import re
import shutil
import subprocess

import pytest
from driver.commands import subcommands
from driver.fixtures import the_binary
from driver.process import GUARD_SECONDS
from driver.services import clean_environment

USAGE = 2
# How a shell looks at a script without running it.
SHELLS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}
TROFF = [["groff", "-ww", "-man", "-Tutf8", "-z"], ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"]]
SECRET = "a-secret-of-nobody"


def listed() -> list[tuple[str, ...]]:
    """Every command that help lists, those with commands of their own, too."""
    found = []
    waiting = [()]
    while waiting:
        above = waiting.pop(0)
        inner = [(*above, name) for name in sorted(subcommands(the_binary(), above))]
        found += inner
        waiting += inner
    return found


def call(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [the_binary(), *words],
        # What is set is not printed.
        env=clean_environment() | {"KAFKA_SASL_PASSWORD": SECRET, "KAFKA_TOPIC": SECRET},
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )


def printed(*words: str) -> str:
    done = call(*words)
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout or words[0] == "config"
    return done.stdout


def flags_of(command: tuple[str, ...]) -> set[str]:
    """The long flags that a command's help lists, and not those that its texts name."""
    listed = re.findall(r"^  (-\S.*?)(?:  .*)?$", printed(*command, "--help"), re.MULTILINE)
    return {flag for one in listed for flag in re.findall(r"--[a-z][a-z0-9-]*", one)}


def hidden() -> set[str]:
    """Flags and variables of settings that no help shows: the timers of tests."""
    found = [
        one for one in json.loads(printed("config", "show", "--json"))["settings"] if one["name"].startswith("testing.")
    ]
    assert len(found) > 5
    return {name for one in found for name in [*one["flags"].split(","), one["variable"]] if name}


def shown_by(script: str, command: tuple[str, ...], shell: str) -> str:
    """The part of a script that is about one command."""
    path = re.escape(" ".join(command))
    if shell == "fish":
        return "\n".join(
            re.findall(rf"^complete -c spotify-pipeline -n '__spotify_pipeline_at {path}' .*$", script, re.MULTILINE)
        )
    if shell == "zsh":
        [part] = re.findall(rf"^    '{path}'\)\n      _arguments (.*?)^      ;;$", script, re.MULTILINE | re.DOTALL)
        return part
    [part] = re.findall(rf"^    \"{path}\"\) words=\"(.*)\" ;;$", script, re.MULTILINE)
    return part


def flags_in(part: str, shell: str) -> set[str]:
    if shell == "fish":
        return {f"--{name}" for name in re.findall(r" -l ([a-z0-9-]+)", part)}
    if shell == "zsh":
        return set(re.findall(r"(?:'|\)|,)(--[a-z][a-z0-9-]*)(?:=|\[|\})", part))
    return set(re.findall(r"--[a-z][a-z0-9-]*", part))


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_offers_every_command_and_flag_of_help_and_nothing_else(shell):
    script = printed("completion", shell)
    for command in listed():
        assert flags_in(shown_by(script, command, shell), shell) == flags_of(command), (shell, command)
    for name in hidden():
        assert name not in script
    for name in ("env-example", "stack-example"):
        assert name not in script


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_takes_its_script(shell, tmp_path):
    """Where there is none, its quotes are looked at: these shells have quotes alike, but for what a backslash does between single
    ones."""
    script = tmp_path / "script"
    script.write_text(printed("completion", shell))
    if shutil.which(shell):
        done = subprocess.run([*SHELLS[shell], script], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and done.stderr == "", done.stderr
    within = r"(?:\\.|[^'\\])" if shell == "fish" else r"[^']"
    for number, line in enumerate(script.read_text().splitlines(), 1):
        if line.startswith("#"):
            continue
        outside = re.sub(rf"""'{within}*'|"(?:\\.|[^"\\])*"|\\.""", "", line)
        assert not set("'\"") & set(outside), (shell, number, line)


def test_bash_is_the_shell_unless_another_is_named():
    assert printed("completion") == printed("completion", "bash")
    assert call("completion", "tcsh").returncode == USAGE


def test_a_page_of_the_manual_has_every_flag_of_help_and_nothing_that_it_hides():
    whole = printed("man")
    for command in listed():
        name = "\\-".join(["spotify\\-pipeline", *(word.replace("-", "\\-") for word in command)])
        page = printed("man", *command)
        assert page.startswith(f".TH {name.upper()} 1 ")
        told = {one.replace("\\", "") for one in re.findall(r"\\-\\-[a-z](?:[a-z0-9]|\\-)*", page)}
        # Texts may name flags of other commands.
        assert flags_of(command) <= told, command
        assert not [one for one in hidden() if one.replace("-", "\\-") in page]
        if len(command) == 1:
            assert f"\\fB{name}\\fR(1)" in whole
    assert ".SH EXIT STATUS\n" in whole


def test_troff_has_no_complaint_about_any_page(tmp_path):
    """Where there is none, each request is one of those that it knows."""
    printed("man", "--folder", str(tmp_path))
    pages = sorted(tmp_path.iterdir())
    assert len(pages) == 1 + len(listed())
    for page in pages:
        for line in page.read_text().splitlines():
            assert line.isascii() and (
                line[:1] not in {".", "'"} or re.match(r"\.(TH|SH|SS|TP|nf|fi|nh|ad l)\b", line)
            ), line
    for program, *arguments in TROFF:
        if shutil.which(program):
            done = subprocess.run(
                [program, *arguments, *map(str, pages)], capture_output=True, timeout=GUARD_SECONDS, check=False
            )
            assert done.returncode == 0 and done.stderr == b"", done.stderr.decode()


def test_man_finds_every_page_that_was_written(tmp_path):
    """By the names that the pages give each other."""
    printed("man", "--folder", str(tmp_path))
    names = {page.name for page in tmp_path.iterdir()}
    for page in tmp_path.iterdir():
        words = page.stem.split("-")[2:]
        assert page.read_text() == printed("man", *words)
        for led_to in re.findall(r"^\\fB(\S+)\\fR\(1\)", page.read_text(), re.MULTILINE):
            assert led_to.replace("\\", "") + ".1" in names


@pytest.mark.parametrize("words", [("nonsense",), ("lake", "nonsense"), ("sink", "--folder", ".")])
def test_a_page_of_no_command_is_wrong_usage(words):
    done = call("man", *words)
    assert done.returncode == USAGE and words[-1].strip(".") in done.stderr, done.stderr
