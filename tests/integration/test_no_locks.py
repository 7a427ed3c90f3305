"""A file system without locks is said to be one, at once: nobody has what cannot be locked."""

import subprocess
import time

import pytest
from driver.process import GUARD_SECONDS
from driver.services import clean_environment

MISCONFIGURED = 78

# As on a network file system whose lock service does not run.
NO_LOCKS = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>

int flock(int file, int operation) { errno = ENOLCK; return -1; }

static int pass_on(const char* name, int file, int command, void* argument) {
  if (command == F_SETLK || command == F_SETLKW) { errno = ENOLCK; return -1; }
  int (*real)(int, int, ...) = (int (*)(int, int, ...))dlsym(RTLD_NEXT, name);
  return real(file, command, argument);
}

#define SHADOW(name)                                        \
  int name(int file, int command, ...) {                    \
    va_list rest;                                           \
    va_start(rest, command);                                \
    void* argument = va_arg(rest, void*);                   \
    va_end(rest);                                           \
    return pass_on(#name, file, command, argument);         \
  }
SHADOW(fcntl)
SHADOW(fcntl64)
"""


@pytest.fixture(scope="module")
def no_locks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("no-locks")
    (folder / "no_locks.c").write_text(NO_LOCKS)
    library = folder / "no_locks.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, folder / "no_locks.c", "-ldl"], check=True)
    return {"LD_PRELOAD": str(library)}


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--events", "10", "--data", "{tmp}/data"],
        ["load", "--lake", "{data}/lake", "--warehouse", "{tmp}/spotify_db.duckdb"],
        [
            "extract",
            "--lake",
            "{data}/lake",
            "--warehouse",
            "{data}/warehouse/spotify_db.duckdb",
            "--stage-dir",
            "{tmp}/s",
        ],
        ["verify", "--data", "{data}"],
    ],
    ids=lambda words: words[0],
)
def test_a_file_system_without_locks_is_named(binary, deps, finished_run, tmp_path, no_locks, words):
    places = {"data": finished_run, "tmp": tmp_path}
    started = time.monotonic()
    done = subprocess.run(
        [binary, *(word.format(**places) for word in words)],
        env=clean_environment() | {"SDP_DEPS_DIR": str(deps)} | no_locks,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    assert done.returncode == MISCONFIGURED, done.stderr
    assert "no locks" in done.stderr
    assert time.monotonic() - started < 20
