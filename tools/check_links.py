#!/usr/bin/env python3
"""Checks what pages point to.

* A relative link in a page, and its anchor, exist.
* A path of this repository in backticks exists: one whose first folder is here, or a page or script beside. `NAME`,
  `*` and `...` stand for any name.
* A page that a comment or a message names by its path (docs/...) exists; of a decision the number is enough.
* Decisions are numbered, listed in docs/decisions/README.md with their titles, and every number that is missing is
  explained there.

Exits 1 with one line a finding.
"""

import functools
import pathlib
import re
import subprocess
import sys

import sources

LINK = re.compile(r"\]\(([^)\s]+)\)")
IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"[\w.*-]+(?:/[\w.*-]+)+/?")
HEADING = re.compile(r"^#+ (.+?)\s*$", re.MULTILINE)
IN_TEXT = re.compile(r"(?<![\w./-])(docs/[\w/.-]*\w)")
# Plants names that do not exist.
PLANTER = pathlib.PurePath("tools/plant_violations")
DECISIONS = "docs/decisions/README.md"


@functools.cache
def anchors(path):
    """The anchors of a page's headings, as GitHub makes them."""
    titles = [
        re.sub(r"\[(.*?)\]\(.*?\)", r"\1", each) for each in HEADING.findall(FENCED.sub("", sources.text_of(path)))
    ]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def check_links(page, text):
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (sources.ROOT / page.parent / name).resolve() if name else sources.ROOT / page
        if not there.exists():
            yield f"links to {target}, which does not exist"
        elif anchor and anchor not in anchors(there.relative_to(sources.ROOT)):
            yield f"links to {target}, but {name or page} has no heading of that name"


@functools.cache
def top_folders():
    return {path.parts[0] for path in sources.all_files() if len(path.parts) > 1}


@functools.cache
def exists(name):
    """Whether a file of the checkout has the name, or git ignores it: then it is made, not kept."""
    if subprocess.run(["git", "check-ignore", "-q", name], cwd=sources.ROOT, check=False).returncode == 0:
        return True
    pattern = re.sub(r"[A-Z]{2,}\w*|…", "*", name).replace("...", "*").strip("/")
    return (sources.ROOT / name).exists() or ("*" in pattern and any(sources.ROOT.glob(pattern)))


def check_paths(text):
    for span in IN_BACKTICKS.findall(text):
        for word in span.split():
            if PATH.fullmatch(word) and word.split("/")[0] in top_folders() and not exists(word):
                yield f"names `{word}`, which does not exist"


def check_named_pages(text):
    for name in IN_TEXT.findall(text):
        if not exists(name) and not any(sources.ROOT.glob(f"{name}-*")):
            yield f"names {name}, which does not exist"


def check_decisions():
    folder = pathlib.PurePath(DECISIONS).parent
    index = (sources.ROOT / DECISIONS).read_text()
    rows = re.findall(r"^(\d+)\. \[(.+?)\]\((.+?)\)", index, re.MULTILINE)
    listed = {name: (int(number), title) for number, title, name in rows}
    numbers = set()
    for path in sources.with_suffix(".md"):
        if path.parent != folder or path.name == "README.md":
            continue
        named = re.match(r"(\d{4})-", path.name)
        number = int(named[1]) if named else 0
        title = re.match(r"# (\d+)\. (.+)|# (.+)", (sources.ROOT / path).read_text())
        if number in numbers:
            yield f"{path}: number {number} is taken"
        numbers.add(number)
        if not title or (title[1] and int(title[1]) != number):
            yield f"{path}: its heading is not '# {number}. TITLE'"
        elif path.name not in listed:
            yield f"{DECISIONS}: {path.name} is not listed"
        elif listed[path.name] != (number, (title[2] or title[3]).strip()):
            yield f"{DECISIONS}: {path.name} is listed as {listed[path.name]}, its heading is '{title[0]}'"
    explained = {int(number) for number in re.findall(r"\b(\d+)\b", index.partition("Not used:")[2])}
    for number in range(1, max(numbers, default=0) + 1):
        if (number in numbers) == (number in explained):
            yield f"{DECISIONS}: decision {number} must either exist or stand under 'Not used:'"


def main():
    findings = list(check_decisions())
    pages = sources.with_suffix(".md")
    for page in pages:
        text = sources.text_of(page)
        findings += [f"{page}: {finding}" for finding in check_links(page, FENCED.sub("", text))]
        findings += [f"{page}: {finding}" for finding in check_paths(FENCED.sub("", text))]
    for path in sources.all_files():
        text = None if path in pages or path == PLANTER or path.suffix == ".lock" else sources.text_of(path)
        findings += [f"{path}: {finding}" for finding in check_named_pages(text or "")]
    for finding in findings:
        print(finding)
    print(f"links: {len(pages)} pages, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
