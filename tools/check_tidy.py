#!/usr/bin/env python3
"""Runs clang-tidy on every .cc file of src with the release build's flags, and reads no file twice that passed.

    tools/check_tidy.py            all of src
    tools/check_tidy.py FILE...    these files only

Whether a file passed depends on the file, what it includes from this project, .clang-tidy, the compiler's flags,
clang-tidy's version and the versions of the libraries' headers. Exits 1 with clang-tidy's findings, each once however
many files include its header.
"""

import concurrent.futures
import functools
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import sources
import stamps

ROOT = sources.ROOT
# A tree of its own, in which nothing is ever built: the release tree knows no tests.
BUILD = ROOT / "build/tidy"
TIDY = ROOT / ".deps/venv-check/bin/clang-tidy"
TIMEOUT_S = 600
# Google Benchmark uses __COUNTER__, of which clang 22 warns and GCC does not.
EXTRA = ["--extra-arg=-Wno-c2y-extensions"]
# Tests and benchmarks count to thousands in an int, fill every member of a row of their tables and derive from
# fixtures with a protected destructor.
NOT_IN_TESTS = ",".join(
    [
        "-bugprone-implicit-widening-of-multiplication-result",
        "-cppcoreguidelines-pro-type-member-init",
        "-cppcoreguidelines-virtual-class-destructor",
    ]
)
FINDING = re.compile(r"^[^\s:]+:\d+:\d+: (?:warning|error): ")
INCLUDE_ROOTS = (pathlib.PurePath("src"), pathlib.PurePath("tests"))
FETCHED = [ROOT / ".deps" / name for name in ("librdkafka", "duckdb", "adbc")]


def configured():
    """The compile command of each file of src, by its path."""
    system = os.environ.get("SDP_USE_SYSTEM_RDKAFKA", "0")
    command = [
        "cmake",
        "--preset",
        "release",
        "-B",
        BUILD,
        "-DSDP_BUILD_TESTS=ON",
        "-DSDP_BUILD_BENCHES=ON",
        "-DCMAKE_UNITY_BUILD=OFF",
        "--log-level=WARNING",
    ]
    command.append(f"-DSDP_USE_SYSTEM_RDKAFKA={system}")
    cache = BUILD / "CMakeCache.txt"
    if cache.exists() and f"CMAKE_HOME_DIRECTORY:INTERNAL={ROOT}\n" not in cache.read_text():
        command.append("--fresh")  # The checkout was moved or copied.
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"tidy: {' '.join(map(str, command))} failed:\n{done.stdout}")
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    commands = {pathlib.PurePath(entry["file"]).relative_to(ROOT): entry["command"] for entry in entries}
    return {path: command for path, command in commands.items() if path.parts[0] == "src"}


@functools.cache
def includes(path):
    """The files of this project that a file includes itself."""
    names = re.findall(r'^\s*#\s*include\s+"([^"]+)"', (ROOT / path).read_text(), re.MULTILINE)
    candidates = (folder / name for name in names for folder in (*INCLUDE_ROOTS, path.parent))
    return [each for each in candidates if (ROOT / each).is_file()]


def closure(path):
    found, waiting = set(), [path]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += includes(each)
    return sorted(found)


def surroundings():
    """What the outcome of every file depends on: tool, configuration, versions of headers that are not ours."""
    version = subprocess.run([TIDY, "--version"], check=True, capture_output=True).stdout
    packages = subprocess.run(["dpkg-query", "--show", "*-dev"], check=False, capture_output=True).stdout
    fetched = " ".join(pathlib.Path(os.readlink(link)).name for link in FETCHED if link.is_symlink())
    return stamps.digest(version, packages, fetched, " ".join(EXTRA), NOT_IN_TESTS, pathlib.PurePath(".clang-tidy"))


def key(path, command, common):
    # Without the compiler's launcher and the checkout's own path, so that another checkout finds the stamp.
    flags = [word for word in shlex.split(command.replace(str(ROOT), "")) if word.startswith("-")]
    return stamps.digest(common, " ".join(flags), *closure(path))


def run(path):
    """The findings in a file and its headers; empty when there are none."""
    checks = [f"--checks={NOT_IN_TESTS}"] if path.stem.endswith(("_test", "_bench")) else []
    command = [TIDY, "--quiet", "--use-color=false", "-p", BUILD, *checks, *EXTRA, path]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return [f"{path}: clang-tidy has not ended after {TIMEOUT_S} s\n"]
    blocks = []
    for line in done.stdout.replace(f"{ROOT}/", "").splitlines(keepends=True):
        if FINDING.match(line) or not blocks:
            blocks.append(line)
        else:
            blocks[-1] += line
    if done.returncode != 0 and not blocks:
        blocks = [f"{path}: clang-tidy ended with {done.returncode}: {done.stderr[-2000:]}\n"]
    return blocks


def chosen(arguments, commands):
    there = [path for path in sources.with_suffix(".cc") if path.parts[0] == "src"]
    missing = [str(path) for path in there if path not in commands]
    if missing:
        sys.exit(f"tidy: in no CMakeLists.txt: {', '.join(missing)}")
    paths = [pathlib.PurePath(name) for name in arguments] or there
    unknown = [str(path) for path in paths if path not in commands]
    if unknown:
        sys.exit(f"tidy: no source of src: {', '.join(unknown)}")
    return paths


def main(arguments):
    commands = configured()
    paths = chosen(arguments, commands)
    common = surroundings()
    keys = {path: key(path, commands[path], common) for path in paths}
    waiting = [path for path in paths if not stamps.passed("clang-tidy", keys[path])]
    told = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, findings in zip(waiting, pool.map(run, waiting), strict=True):
            if not findings:
                stamps.remember("clang-tidy", keys[path])
            for finding in findings:
                if finding not in told:
                    told.add(finding)
                    print(finding, end="", flush=True)
    print(f"tidy: {len(paths)} files, {len(waiting)} read, {len(told)} findings")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
