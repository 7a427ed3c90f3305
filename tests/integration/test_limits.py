"""Limits that a shell or a container sets to a process, and that are too low for what a command does: each command ends with a code
that its page lists, and says why; none is killed by a signal."""

import re
import resource
import shlex
import shutil
import subprocess

import pytest
from driver import log
from driver.fixtures import ROOT
from driver.process import GUARD_SECONDS
from driver.services import clean_environment, free_ports
from test_standard_streams import LINES, every_line

CODES = {int(code) for code in re.findall(r"^\| (\d+)", (ROOT / "docs" / "exit-codes.md").read_text(), re.MULTILINE)}
FINE = {0, 10}
LIMITS = {
    "no file may be written": (resource.RLIMIT_FSIZE, 0),
    "files are small": (resource.RLIMIT_FSIZE, 20_000),
    "six open files": (resource.RLIMIT_NOFILE, 6),
    "twenty open files": (resource.RLIMIT_NOFILE, 20),
}


@pytest.mark.parametrize(("program", "command"), every_line(), ids=lambda value: getattr(value, "name", value))
def test_a_limit_that_is_too_low_is_an_error_with_a_code(deps, finished_run, tmp_path, program, command):
    words = LINES[program][command]
    dead = f"--bootstrap-servers 127.0.0.1:{free_ports(1)[0]} --kafka-call-timeout-ms 500"
    for number, (name, (kind, value)) in enumerate(LIMITS.items()):
        tmp = tmp_path / str(number)
        tmp.mkdir()
        if "{tmp}/copy" in words:
            shutil.copytree(finished_run, tmp / "copy", symlinks=True)

        def bound(kind=kind, value=value):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(kind, (value, value))

        done = subprocess.run(
            [program, *shlex.split(f"{command} {words.format(data=finished_run, tmp=tmp, dead=dead)}")],
            env=clean_environment() | {"SDP_DEPS_DIR": str(deps)},
            cwd=tmp,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            preexec_fn=bound,  # Only system calls.
            check=False,
        )
        assert done.returncode in CODES, f"{name}: {done.returncode}\n{done.stderr}"
        # Of what doctor finds its list tells.
        if done.returncode in FINE or command.startswith("doctor"):
            continue
        failed = log.events(done.stderr, "command.failed")
        assert [one["exit_code"] for one in failed] == [done.returncode], f"{name}: {done.stderr}"
