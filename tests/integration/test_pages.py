"""Commands that the pages tell: the programs, the commands, the flags and make's targets of that name exist."""

import functools
import re
from pathlib import Path

import pytest
from driver.commands import flags, subcommands
from driver.fixtures import ROOT
from driver.pages import code_spans, shell_lines

# Decisions tell of what there was, too.
PAGES = sorted(
    page.relative_to(ROOT)
    for page in [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("spotify_dbt/**/*.md"),
        *ROOT.glob("t*/**/*.md"),
    ]
    if "decisions" not in page.parts and page.name != "CHANGELOG.md"
)
PROGRAMS = {"spotify-pipeline": "spotify-pipeline", "$p": "spotify-pipeline", "spotify-services": "spotify-services"}
WORD = re.compile(r"[\w$./=*-]+")


def texts(page: Path) -> list[str]:
    return [*(line.typed for line in shell_lines(ROOT / page)), *code_spans(ROOT / page)]


class Programs:
    """What the programs themselves say that they take."""

    def __init__(self, binary: Path):
        self._binary = binary

    @functools.cache  # noqa: B019  # One for the session.
    def subcommands(self, program: str, command: tuple[str, ...]) -> set[str]:
        return subcommands(self._binary.with_name(program), command)

    @functools.cache  # noqa: B019
    def flags(self, program: str, command: tuple[str, ...]) -> set[str]:
        return flags(self._binary.with_name(program), command)

    def fault(self, program: str, words: list[str]) -> str | None:
        """What is wrong with the words behind a program's name."""
        command: tuple[str, ...] = ()
        for word in words:
            # NAME stands for any.
            if word.startswith("-") or word == word.upper() or not (known := self.subcommands(program, command)):
                break
            if word not in known:
                return f"{program} {' '.join(command)} has no command {word}"
            command = (*command, word)
        named = {word.split("=")[0] for word in words if word.startswith("--")}
        if unknown := named - self.flags(program, command):
            return f"{program} {' '.join(command)} has no {', '.join(sorted(unknown))}"
        return None


@pytest.fixture(scope="session")
def programs(binary) -> Programs:
    return Programs(binary)


def faults(programs: Programs, text: str) -> list[str]:
    found = []
    for part in re.split(r"&&|;|\||  # ", text):
        # To these our name is that of a Secret or a release; what kubectl runs stands behind two dashes.
        if part.split()[:1] in (["kubectl"], ["helm"]):
            part = part.partition(" -- ")[2]  # noqa: PLW2901
        # What is quoted is a value.
        words = WORD.findall(re.sub(r"'[^']*'|\"[^\"]*\"", "", part))
        names = [(place, PROGRAMS[Path(word).name]) for place, word in enumerate(words) if Path(word).name in PROGRAMS]
        if names:
            place, program = names[0]
            found.append(programs.fault(program, words[place + 1 :]))
        # `verify --json`: the page has named the program before.
        elif len(words) > 1 and words[0] in programs.subcommands("spotify-pipeline", ()) and "--" in part:
            found.append(programs.fault("spotify-pipeline", words))
        elif words[:1] == ["make"] and len(words) > 1:
            found.append(fault_of_make(words[1:]))
    return [fault for fault in found if fault]


def fault_of_make(words: list[str]) -> str | None:
    makefile = (ROOT / "Makefile").read_text()
    for word in words:
        name, is_setting, _ = word.partition("=")
        if is_setting and f"$({name})" not in makefile:
            return f"make reads no {name}"
        if not is_setting and name != name.upper() and not re.search(rf"^{re.escape(name)}:", makefile, re.MULTILINE):
            return f"make has no target {name}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_commands_of_the_page_exist(programs, page):
    found = {text: faults(programs, text) for text in texts(page)}
    assert not {text: fault for text, fault in found.items() if fault}


@pytest.mark.parametrize(
    "text",
    [
        "spotify-pipeline prove",
        "docker compose exec loader spotify-pipeline verify --strikt",
        "$p load && $p transform --fast",
        "config show --yaml",
        "spotify-pipeline config print",
        "spotify-services up --kafka-prot 1",
        "make walk",
        "make run EVENT=1",
    ],
)
def test_a_wrong_command_would_be_found(programs, text):
    assert faults(programs, text)


def test_there_are_commands_to_look_at(programs):
    """That the check above looks at something: README's and the pages' own."""
    named = [text for page in PAGES for text in texts(page) if "spotify-pipeline " in text or "$p " in text]
    assert len(named) > 12, named
