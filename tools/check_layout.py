#!/usr/bin/env python3
"""Holds the source tree against the folder table in ARCHITECTURE.md.

Checks that every folder with code has a row and every row a folder, that includes go only where the row allows, and that
each folder's namespace is the folder's name. Exits 1 with one line a finding.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = (".h", ".cc")


def read_table():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    table = text.split("<!-- layout: begin -->")[1].split("<!-- layout: end -->")[0]
    rows = re.findall(r"^\| `src/([^`]+)` \| [^|]* \| ([^|]*)\|$", table, re.MULTILINE)
    return {folder: allowed.split() for folder, allowed in rows}


def folder_of(path, folders):
    """The longest folder of the table that holds the path (relative to src/)."""
    parts = path.parts[:-1]
    for length in range(len(parts), 0, -1):
        if "/".join(parts[:length]) in folders:
            return "/".join(parts[:length])
    return None


def check_file(path, folder, folders, findings):
    relative = path.relative_to(ROOT / "src")
    text = path.read_text()
    is_test = path.stem.endswith("_test")
    allowed = folders[folder]
    for include in re.findall(r'^#include "([^"]+)"', text, re.MULTILINE):
        if is_test and include.startswith("support/"):
            continue
        target = folder_of(pathlib.PurePath(include), folders)
        if target is None:
            findings.append(f'src/{relative}: includes "{include}", which is in no folder of the table')
        elif target != folder and target not in allowed and "everything" not in allowed and not is_test:
            findings.append(f'src/{relative}: {folder} may not use {target} ("{include}")')
    if "main(" in text and path.name == "main.cc":
        return
    top = folder.split("/")[0]
    if not re.search(rf"namespace sdp::{top}\b", text) and not re.search(r"^#define", text, re.MULTILINE):
        findings.append(f"src/{relative}: not in namespace sdp::{top}")


def main():
    folders = read_table()
    findings = []
    seen = set()
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in SOURCES:
            continue
        folder = folder_of(path.relative_to(ROOT / "src"), folders)
        if folder is None:
            findings.append(f"{path.relative_to(ROOT)}: its folder has no row in ARCHITECTURE.md")
            continue
        seen.add(folder)
        check_file(path, folder, folders, findings)
    findings += [f"ARCHITECTURE.md: src/{folder} has a row but no code" for folder in folders if folder not in seen]
    for finding in findings:
        print(finding)
    print(f"layout: {len(seen)} folders, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
