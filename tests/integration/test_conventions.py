"""The conventions of command lines that people know from other programs (clig.dev), over every command that the programs list.

A row is a rule and what shows it: a check of each command, or the tests that do, by name. Rules that do not apply are rows, too, with
the reason."""

import json
import re
import resource
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from driver.commands import flags, whole_commands
from driver.fixtures import ROOT, the_binary
from driver.process import GUARD_SECONDS
from driver.services import clean_environment

USAGE = 2
PROGRAMS = [the_binary(), the_binary().with_name("spotify-services")]
# What these print is text in a language of its own, for another program, with --json as little as without.
WITHOUT_JSON = {
    "completion": "a script for a shell",
    "man": "a page of the manual as troff",
    "schema": "a JSON Schema, which is JSON already",
}
HELD_MIN = 28
# {data}: the data folder of a finished run. `sql` and `marts` print rows of tables; `tap` and `status` have tests of their own.
JSON_LINES = [
    "verify --data {data}",
    "rejected list --warehouse {data}/warehouse/spotify_db.duckdb",
    "lake repairs --lake {data}/lake",
    "doctor --lake {data}/lake --bootstrap-servers 127.0.0.1:1 --kafka-call-timeout-ms 500",
    "doctor stack",
    "config show",
    "version",
    "load --lake {data}/lake --warehouse {tmp}/spotify_db.duckdb",
    "extract --lake {data}/lake --warehouse {tmp}/none/spotify_db.duckdb --stage-dir {tmp}/stage",
    "warehouse init --warehouse {tmp}/spotify_db.duckdb",
    "sink --lake {tmp}/lake --bootstrap-servers 127.0.0.1:1 --group=",
]
# What a command cannot do without is missed first.
REQUIRED = "is required"
HELP_CPU_SECONDS_MAX = 0.1


@dataclass(frozen=True)
class Rule:
    says: str
    # Takes a program and the words of a command; says what is wrong by an assertion.
    check: Callable[[Path, tuple[str, ...]], None] | None = None
    tests: tuple[str, ...] = ()
    why_not: str = ""


def call(program: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *words],
        env=clean_environment() | {"SPOTIFY_LOG_FORMAT": "text"} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )


def has_help(program, command):
    short, long = call(program, *command, "-h"), call(program, *command, "--help")
    assert (short.returncode, short.stderr) == (long.returncode, long.stderr) == (0, "")
    assert short.stdout == long.stdout and "\nUsage: " in long.stdout


def has_no_colour(**environment: str):
    def check(program, command):
        for words in (["--help"], ["--no-such-flag"]):
            said = call(program, *command, *words, **environment)
            assert "\x1b" not in said.stdout + said.stderr

    return check


def says_errors_on_standard_error(program, command):
    refused = call(program, *command, "--no-such-flag")
    assert (refused.returncode, refused.stdout) == (USAGE, "")
    assert re.search(f"--no-such-flag|{REQUIRED}", refused.stderr) and "--help" in refused.stderr


def takes_no_abbreviation(program, command):
    all_flags = flags(program, command)
    flag = max(all_flags, key=len)
    short = next(flag[:end] for end in range(len(flag) - 1, 3, -1) if flag[:end] not in all_flags)
    refused = call(program, *command, short)
    assert refused.returncode == USAGE, f"{short} was taken for {flag}"
    assert short in refused.stderr or re.search(REQUIRED, refused.stderr)


def can_be_quiet(program, command):
    assert re.search(r"^  -q, --quiet ", call(program, *command, "--help").stdout, re.MULTILINE)


def can_say_more(program, command):
    assert "--log-level" in flags(program, command)


def is_for_programs_too(program, command):
    has = flags(program, command)
    assert ("--json" in has) != (" ".join(command) in WITHOUT_JSON)
    assert "--log-format" in has


def has_no_flag_for_secrets(program, command):
    """Files that have them may be named."""
    text = call(program, *command, "--help").stdout
    taken = re.findall(
        r"^  (?:-\w, )?(--[a-z-]*(?:password|passphrase|secret|token)[a-z-]*) (?!FILE)", text, re.MULTILINE
    )
    assert taken == []


def answers_at_once(program, command):
    """By CPU time, which depends least on who else has work to do, and the best of three."""

    def cpu_seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        call(program, *command, "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(cpu_seconds() for _ in range(3)) < HELP_CPU_SECONDS_MAX


RULES = [
    Rule("the result is on standard output", tests=("test_closed_streams_change_nothing_but_what_is_read",)),
    Rule("what went wrong is on standard error alone, and says where help is", says_errors_on_standard_error),
    Rule("no colour where there is no terminal", has_no_colour(TERM="xterm-256color", COLORTERM="truecolor")),
    Rule("no colour with NO_COLOR", has_no_colour(NO_COLOR="1")),
    Rule("no colour on a dumb terminal", has_no_colour(TERM="dumb")),
    Rule("nothing moves where there is no terminal", tests=("test_watching_goes_on_line_by_line_and_ctrl_c_ends_it_well",)),
    Rule("--no-color", why_not="there is no colour to turn off"),
    Rule("--json on every command, and a log as JSON", is_for_programs_too),
    Rule("JSON has a version and one schema", tests=("test_json_has_a_version", "ResultPage.HasTheTableOfTheCode")),
    Rule("--plain", why_not="tables have one row a line already; sql has --format csv and json"),
    Rule("a bare call shows examples", tests=("test_bare_call_shows_examples_and_is_a_usage_error",)),
    Rule("help by -h and --help", has_help),
    Rule("examples come first", tests=("test_examples_of_a_command_come_before_its_flags",)),
    Rule("a typing error is answered with what may be meant, and never done",
         tests=("test_a_mistyped_word_is_answered_with_what_may_be_meant",)),
    Rule("no abbreviations", takes_no_abbreviation),
    Rule("-q and --quiet", can_be_quiet),
    Rule("more is said when asked for", can_say_more),
    Rule("version", tests=("test_version_is_readable_by_programs",)),
    Rule("flags come before variables, and those before the project's file",
         tests=("SettingsCommand.AFlagGoesBeforeAVariableAndAVariableBeforeTheDefault", "test_a_line_of_the_file_is_an_origin")),
    Rule("settings of a user and of a system (XDG)", why_not="a pipeline's settings belong to its folder or its service"),
    Rule("no flag takes a secret", has_no_flag_for_secrets),
    Rule("no secret is shown", tests=("test_secrets_are_not_shown",)),
    Rule("secrets by file alone", why_not="the variables and files of AWS's, Kafka's and Snowflake's own tools are what people have"),
    Rule("what destroys asks for more than its name", tests=("test_without_a_word_about_sinks_a_lake_is_left_as_it_is",)),
    Rule("nothing is asked at a prompt", tests=("test_closed_streams_change_nothing_but_what_is_read",)),
    Rule("after a crash the same line goes on",
         tests=("test_a_repair_that_is_killed_was_done_or_not", "test_kills_of_the_sink_under_load_lose_and_double_nothing")),
    Rule("Ctrl-C ends it well", tests=("test_a_sink_that_is_asked_to_stop_under_load_makes_all_it_read_durable",)),
    Rule("a second Ctrl-C ends it at once", tests=("test_a_second_signal_ends_the_sink_at_once_and_loses_nothing",)),
    Rule("help is there within 100 ms", answers_at_once),
    Rule("something is said at once, before a server answers", tests=("test_something_is_said_before_any_server_answers",)),
    Rule("what takes long says how far it is", tests=("ProgressTest.ATerminalHasOneLineFromTwoSecondsOnAndNoneInTheEnd",)),
    Rule("nothing waits for ever", tests=("test_a_wrong_port_of_the_broker_is_named", "test_a_wrong_port_of_the_s3_server_is_named")),
    Rule("what to do next is said", tests=("test_an_empty_topic_is_told_how_to_be_filled",)),
    Rule("neither dbt nor a page tells anybody of its use",
         tests=("Transform.TellsDbtWhereEverythingIsAndKeepsTheProjectClean", "test_nothing_comes_from_outside")),
    Rule("shells complete it", tests=("test_a_shell_offers_every_command_and_flag_of_help_and_nothing_else",)),
    Rule("there is a manual", tests=("test_a_page_of_the_manual_has_every_flag_of_help_and_nothing_that_it_hides",)),
    Rule("completions and man pages in a package", why_not="there is no package yet; `completion` and `man` print them"),
]  # fmt: skip


@cache
def names_of_tests() -> set[str]:
    found: set[str] = set()
    for folder in ("tests", "src"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix == ".py":
                found |= set(re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE))
            elif path.name.endswith("_test.cc"):
                found |= {
                    f"{one}.{other}"
                    for one, other in re.findall(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", path.read_text(), re.MULTILINE)
                }
    return found


def cases():
    for rule in RULES:
        if rule.check:
            for program in PROGRAMS:
                for command in whole_commands(program):
                    yield pytest.param(rule, program, command, id=f"{rule.says}: {' '.join(command)}")


def test_each_rule_is_shown_or_does_not_apply_for_a_reason():
    for rule in RULES:
        assert bool(rule.check) + bool(rule.tests) + bool(rule.why_not) == 1, rule.says
        assert set(rule.tests) <= names_of_tests(), (rule.says, set(rule.tests) - names_of_tests())
    assert sum(not rule.why_not for rule in RULES) >= HELD_MIN


@pytest.mark.parametrize(("rule", "program", "command"), cases())
def test_every_command_keeps_to(rule, program, command):
    rule.check(program, command)


@pytest.mark.parametrize("line", JSON_LINES)
def test_json_has_a_version(binary, finished_run, tmp_path, line):
    said = call(binary, *line.format(data=finished_run, tmp=tmp_path).split(), "--json")
    [version] = {"version", "schema_version"} & set(json.loads(said.stdout)) - (
        {"version"} if line == "version" else set()
    )
    assert json.loads(said.stdout)[version] == 1, said
