#!/usr/bin/env python3
"""Compares the names of settings in other files with docs/configuration.md, which is made from the table.

* Variables that docker-compose.yml substitutes or makes a secret of, those that it, the Helm chart and the loader's script
  give to our programs, and those that the DAGs read, are in the table; and those of the table that belong to Airflow and to
  the containers are read there.
* Flags in docker-compose.yml and in the chart are in the table.
* Every setting has a test in tests/settings.txt, and the test exists.

Exits 1 with one line a finding.
"""

import re
import sys

import sources

PAGE = "docs/configuration.md"
TESTS = "tests/settings.txt"
COMPOSE = "docker/docker-compose.yml"
# Of the program's image; other images have variables of their own.
PIPELINE_BLOCKS = ("x-pipeline", "x-warehouse")
# Shown by their names alone: what reads them is a Compose file or a script, not a test.
STACK = "stack."


def read(path):
    return (sources.ROOT / path).read_text()


def table():
    """Name, flags and variable of each row of the page."""
    rows = {}
    for line in read(PAGE).splitlines():
        cells = [cell.strip() for cell in line.split(" | ")]
        if len(cells) == 6 and re.match(r"\| [a-z]+\.", line):
            words = re.findall(r"`([^`]+)`", cells[1])
            flags = {flag for word in words for flag in word.split() if flag.startswith("-")}
            variables = {word for word in words if re.fullmatch(r"[A-Z][A-Z0-9_]+", word)}
            rows[cells[0].removeprefix("| ")] = (flags, variables)
    return rows


def block(text, name):
    """The top-level block of a YAML file with that key."""
    return re.search(rf"^{name}:.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)[0]


def chart():
    folder = sources.ROOT / "deploy/helm/spotify-pipeline/templates"
    return "".join(path.read_text() for path in sorted(folder.iterdir()))


def used_variables():
    """(file, variable) of every use outside the program."""
    compose = read(COMPOSE)
    yield from ((COMPOSE, name) for name in re.findall(r"\$\{([A-Z0-9_]+)", compose))
    yield from ((COMPOSE, name) for name in re.findall(r"\{ environment: ([A-Z0-9_]+) \}", compose))
    for name in PIPELINE_BLOCKS:
        yield from ((COMPOSE, key) for key in re.findall(r"^ +([A-Z][A-Z0-9_]+):", block(compose, name), re.MULTILINE))
    yield from (("deploy/helm", name) for name in re.findall(r"name: ([A-Z][A-Z0-9_]+[A-Z0-9]),", chart()))
    for path in sorted((sources.ROOT / "airflow/dags").glob("*.py")):
        text = path.read_text()
        for name in re.findall(r"os\.environ(?:\.get\(|\[)\"([A-Z0-9_]+)\"", text):
            yield str(path.relative_to(sources.ROOT)), name


def used_flags():
    for path, text in ((COMPOSE, read(COMPOSE)), ("deploy/helm", chart())):
        for line in text.splitlines():
            if re.search(
                r"^\s*(- --|args: \[|command: \[\"(simulate|sink|init|status))|spotify-pipeline\W+status", line
            ):
                yield from ((path, flag) for flag in re.findall(r"--[a-z][a-z0-9-]+", line))


def tests():
    """Setting and test of each line of the list."""
    lines = [line for line in read(TESTS).splitlines() if line and not line.startswith("#")]
    return [tuple(line.split()) for line in lines]


def known_tests():
    names = set()
    for path in sources.with_suffix(".cc", ".py"):
        text = read(path)
        names |= {
            f"{suite}.{name}" for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", text, re.MULTILINE)
        }
        names |= set(re.findall(r"^def (test_\w+)", text, re.MULTILINE))
    return names


def findings():
    rows = table()
    flags = set().union(*(flags for flags, _ in rows.values()))
    variables = set().union(*(variables for _, variables in rows.values()))
    used = list(used_variables())
    for path, name in used:
        if name not in variables:
            yield f"{path}: {name} is not in the table of settings"
    for path, flag in used_flags():
        if flag not in flags and flag != "--once":
            yield f"{path}: {flag} is not in the table of settings"
    for setting, (_, own) in rows.items():
        if setting.startswith((STACK, "airflow.")) and not own & ({name for _, name in used} | {"COMPOSE_PROFILES"}):
            yield f"{PAGE}: nothing reads {setting}"
    listed = {setting for setting, _ in tests()}
    for setting in rows:
        if setting not in listed and not setting.startswith(STACK):
            yield f"{TESTS}: {setting} has no test"
    known = known_tests()
    for setting, test in tests():
        if setting not in rows:
            yield f"{TESTS}: {setting} is not in the table of settings"
        if test not in known:
            yield f"{TESTS}: there is no test {test}"


def main():
    found = sorted(set(findings()))
    for one in found:
        print(one)
    print(f"settings: {len(table())} settings, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
