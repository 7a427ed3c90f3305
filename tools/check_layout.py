#!/usr/bin/env python3
"""Compares the source tree with the tables of ARCHITECTURE.md.

* Every folder with C++ has a row in the first table and every row has code; so has every folder of tests in the second.
* Includes of src go only where the row of their folder allows. Tests beside the code may include all of src, and
  tests/support.
* A folder's code stands in the folder's namespace, or in that of the port which it implements (the folder above).
* Constants and types have different names within a folder, in anonymous namespaces, too: its files are compiled in groups,
  and another file more makes other groups.
* A folder's CMakeLists.txt makes the target that is named like the folder.
* Headers of a library are included only in the folders that the third table names.
* Only src/base reads the machine's clock; everything else takes a Clock.
* Every folder at the top is named.

Exits 1 with one line a finding.
"""

import pathlib
import re
import sys

import sources

PAGE = "ARCHITECTURE.md"
CODE = (".h", ".cc")
OWN_INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
LIBRARY_INCLUDE = re.compile(r"^#include <([^>]+)>", re.MULTILINE)
CLOCK = re.compile(r"(?:steady|system)_clock::now\(|this_thread::sleep_")
ANONYMOUS = re.compile(r"^namespace \{\n(.*?)^\}  // namespace$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(
    r"^(?:struct|class|enum class|using) (\w+)(?: final)?(?: [:{=]|$)|^(?:constexpr|const) [^(=\n]*?\b(k\w+)(?:\[|\{| =)",
    re.MULTILINE,
)
NAMESPACE = re.compile(r"^namespace (sdp(?:::\w+)*) \{", re.MULTILINE)


class Page:
    """The tables; folders are relative to src or tests."""

    def __init__(self, text):
        self.text = text
        self.allowed = {row[0].removeprefix("src/"): row[2].split() for row in self.rows("layout")}
        self.tests = {row[0].removeprefix("tests/") for row in self.rows("tests")}
        self.libraries = [(row[0], row[1].split(), row[2].split()) for row in self.rows("libraries")]

    def rows(self, name):
        parts = re.search(rf"<!-- {name}: begin -->\n(.*?)<!-- {name}: end -->", self.text, re.DOTALL)
        if not parts:
            sys.exit(f"layout: {PAGE} has no table '{name}'")
        lines = parts[1].splitlines()[2:]
        return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines if line]


def check_includes(path, folder, text, page):
    test = path.stem.endswith("_test")
    for include in OWN_INCLUDE.findall(text):
        target = str(pathlib.PurePath(include).parent)
        if test and target == "support":
            continue
        if target not in page.allowed:
            yield f'includes "{include}", which is in no folder of the table'
        elif not test and target != folder and not {target, "everything"} & set(page.allowed[folder]):
            yield f'{folder} may not use {target} ("{include}")'


def check_namespaces(path, folder, text):
    if path.name.endswith("main.cc"):
        return
    own = "sdp::" + folder.replace("/", "::")
    permitted = {own, own.rpartition("::")[0]} if "/" in folder or folder == "base" else {own}
    found = NAMESPACE.findall(text)
    if not found and not re.search(r"^#define", text, re.MULTILINE):
        yield f"declares nothing in namespace {own}"
    for namespace in found:
        if namespace not in permitted:
            yield f"opens namespace {namespace}, but its folder is {own}"


def check_libraries(folder, text, page):
    for include in LIBRARY_INCLUDE.findall(text):
        for library, headers, folders in page.libraries:
            theirs = any(
                include == header or (header.endswith("/") and include.startswith(header)) for header in headers
            )
            if theirs and folder not in folders:
                yield f"includes <{include}>; {library} belongs to {', '.join(folders)}"


def check_clock(path, folder, text):
    if folder != "base" and not path.stem.endswith(("_test", "_bench")) and CLOCK.search(text):
        yield "reads the machine's clock: take a Clock, or base::system_clock() where a call waits for something outside"


def check_names(named):
    """`named`: of each folder the names in anonymous namespaces, each with its files."""
    for folder, names in named.items():
        for name, paths in names.items():
            if len(paths) > 1:
                others = ", ".join(sorted(path.name for path in paths[1:]))
                yield f"{paths[0]}: {folder} has {name} in {others}, too: name them differently, or declare it once"


def names_in(path, text):
    """Of constants and types in anonymous namespaces. Tests, and files of programs, are compiled each by itself."""
    if path.suffix != ".cc" or path.stem.endswith(("_test", "_bench", "main")):
        return set()
    return {one or other for body in ANONYMOUS.findall(text) for one, other in NAMED.findall(body)}


def check_code(page):
    used = set()
    named = {}
    for path in sources.with_suffix(*CODE):
        text = (sources.ROOT / path).read_text()
        folder = str(pathlib.PurePath(*path.parts[1:-1]))
        if path.parts[0] == "src":
            used.add(folder)
            if folder not in page.allowed:
                yield f"{path}: its folder has no row in {PAGE}"
                continue
            findings = [*check_includes(path, folder, text, page), *check_namespaces(path, folder, text)]
            findings += check_libraries(folder, text, page)
            findings += check_clock(path, folder, text)
            for name in names_in(path, text):
                named.setdefault(folder, {}).setdefault(name, []).append(path)
        elif path.parts[0] == "tests":
            findings = [*check_test(path, text, page), *check_libraries(f"tests/{path.parts[1]}", text, page)]
        else:
            findings = ["C++ belongs into src or tests"]
        for finding in findings:
            yield f"{path}: {finding}"
    yield from check_names(named)
    for folder in page.allowed:
        if folder not in used:
            yield f"{PAGE}: src/{folder} has a row but no code"


def check_test(path, text, page):
    for include in OWN_INCLUDE.findall(text):
        target = str(pathlib.PurePath(include).parent)
        beside = (sources.ROOT / path.parent / include).is_file()
        if not beside and target not in page.allowed and target not in ("support", path.parts[1]):
            yield f'includes "{include}": tests of a folder may use src, tests/support and their own folder'


def check_test_folders(page):
    there = {path.parts[1] for path in sources.all_files() if path.parts[0] == "tests" and len(path.parts) > 2}
    for folder in sorted(there - page.tests):
        yield f"tests/{folder}: has no row in {PAGE}"
    for folder in sorted(page.tests - there):
        yield f"{PAGE}: tests/{folder} has a row but no file"


def check_targets(page):
    for folder in page.allowed:
        path = pathlib.PurePath("src", folder, "CMakeLists.txt")
        name = folder.replace("/", "_")
        text = (sources.ROOT / path).read_text() if (sources.ROOT / path).is_file() else ""
        # The folder of main makes programs, named like them.
        if "everything" not in page.allowed[folder] and not re.search(
            rf"sdp_library\(NAME {name}\b|add_library\(sdp_{name}\b", text
        ):
            yield f"{path}: makes no target sdp_{name}"


def check_top(page):
    for folder in sorted({path.parts[0] for path in sources.all_files() if len(path.parts) > 1}):
        if f"`{folder}/" not in page.text and f"`{folder}`" not in page.text:
            yield f"{folder}: is not named in {PAGE}"


def main():
    page = Page((sources.ROOT / PAGE).read_text())
    findings = [*check_code(page), *check_test_folders(page), *check_targets(page), *check_top(page)]
    for finding in findings:
        print(finding)
    print(f"layout: {len(page.allowed)} folders, {len(page.tests)} of tests, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
