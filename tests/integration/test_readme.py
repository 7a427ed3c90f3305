"""README and the pages that show how to run things, each from top to bottom, as somebody who has just cloned types it: each line
of their shell blocks ends with 0."""

import re

import pytest
from driver.fixtures import ROOT
from driver.pages import shell_lines
from driver.services import LIGHT_JAVA, clean_environment
from driver.terminal import Terminal

PAGES = ["README.md", "docs/running.md", "docs/tutorial.md"]
# What a line may need that a machine of tests does not have; and which lines may say so.
ELSEWHERE = {"account", "hub"}
MAY_NEED_MORE = {"make up", "make test", "make run WAREHOUSE=snowflake"}
# make takes it from the environment: so few show what a million would.
EVENTS = "5000"


@pytest.fixture
def terminal(tmp_path):
    environment = {name: value for name, value in clean_environment().items() if not name.startswith("MAKE")}
    one = Terminal(ROOT, tmp_path, environment | LIGHT_JAVA | {"EVENTS": EVENTS})
    yield one
    one.close()


def first_words(text: str) -> str:
    """What is the same whenever a line is shown: the words before the first one with a number, an address or three dots."""
    return re.split(r"[\d(:…]|\.\.\.", text)[0].strip()


def test_only_three_lines_need_more_than_this_machine():
    lines = [line for page in PAGES for line in shell_lines(ROOT / page)]
    assert len(lines) > 30
    assert {need for line in lines for need in line.needs} == {*ELSEWHERE, "forever"}
    assert {line.typed for line in lines if line.needs & ELSEWHERE} == MAY_NEED_MORE


def test_readme_begins_with_the_one_command():
    assert shell_lines(ROOT / "README.md")[0].typed == "make run"


@pytest.mark.long
@pytest.mark.parametrize("page", [PAGES[0], *(pytest.param(page, marks=pytest.mark.wide) for page in PAGES[1:])])
def test_every_line_ends_with_0(terminal, say, page):
    lines = [line for line in shell_lines(ROOT / page) if not line.needs & ELSEWHERE]
    assert lines
    for line in lines:
        typed = (
            terminal.type_and_stop(line.typed, first_words(line.shows))
            if "forever" in line.needs
            else terminal.type(line.typed)
        )
        say(f"{typed.seconds:.1f} s: {line.typed}")
        assert typed.code == 0, str(typed)
        if "forever" in line.needs:
            assert first_words(line.shows), f"{page} does not say what is shown by: {line.typed}"
            assert first_words(line.shows) in typed.shown, str(typed)
