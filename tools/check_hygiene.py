#!/usr/bin/env python3
"""Small things that should not be in any file.

* No space at the end of a line, no tab but where the format wants one, one newline at the end, no carriage return.
* No note to self (to-do and its relatives), no leftover of a merge.
* No file of more than 1.5 MB.
* A file with a shebang is executable, and nothing else is.
* No lock file says where a package was downloaded, and no file names a package registry or an index of one.
* No path of a developer's machine.

Exits 1 with one line a finding.
"""

import re
import stat
import sys

import sources

SIZE_MAX = 1_500_000
# Makefiles and Go want tabs.
MAY_HAVE_TABS = ("Makefile", ".mk", ".patch", ".go", "go.mod")
REGISTRY = "the address of a registry"
PATTERNS = {
    # Written so that this file does not match itself.
    r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b": "a note to self",
    r"^(<{7}|>{7}|\|{7}) |^={7}$": "a leftover of a merge",
    r"(?<![\w.])/(root|home/\w+)/\w": "a path of somebody's machine",
    r'"resolved": "https?://': "where a package was downloaded",
    r"https?://[^\s\"'`)]*\b(py" r"pi|npm" r"js|registry|artifact" r"ory|nex" r"us|proxy\.golang)\b": REGISTRY,
    r"--(extra-)?index" r"-url[ =]\S*:": REGISTRY,
}
# Its arguments name the public registries, so that others can be given.
MAY_NAME_REGISTRIES = ("docker/Dockerfile", "docker/docker-compose.yml")
COMPILED = {re.compile(pattern, re.MULTILINE): what for pattern, what in PATTERNS.items()}


def check_text(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if line.rstrip(" \t\r") != line:
            yield f"{number}: ends in a space, tab or carriage return"
        elif "\t" in line and not path.name.endswith(MAY_HAVE_TABS):
            yield f"{number}: has a tab"
    if text and (not text.endswith("\n") or text.endswith("\n\n")):
        yield "0: does not end in exactly one newline"
    for pattern, what in COMPILED.items():
        for match in pattern.finditer(text):
            if what == REGISTRY and str(path) in MAY_NAME_REGISTRIES:
                continue
            yield f"{text.count(chr(10), 0, match.start()) + 1}: {what}: {match[0]}"


def check_mode(path):
    executable = bool((sources.ROOT / path).stat().st_mode & stat.S_IXUSR)
    if executable and not sources.shebang(path):
        yield "0: is executable but has no shebang"
    if not executable and sources.shebang(path):
        yield "0: has a shebang but is not executable"


def main():
    findings = []
    for path in sources.all_files():
        size = (sources.ROOT / path).stat().st_size
        if size > SIZE_MAX:
            findings.append(f"{path}:0: has {size:,} bytes, more than {SIZE_MAX:,}")
        text = sources.text_of(path)
        found = list(check_mode(path)) + ([] if text is None else list(check_text(path, text)))
        findings += [f"{path}:{finding}" for finding in found]
    for finding in findings:
        print(finding)
    print(f"hygiene: {len(sources.all_files())} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
