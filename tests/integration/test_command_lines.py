"""Every line of command_lines.txt ends with the exit code that it promises."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from driver.process import GUARD_SECONDS
from driver.services import clean_environment, free_ports

# One finished run that all lines look at, on one worker.
pytestmark = pytest.mark.xdist_group("command-lines")

TABLE = Path(__file__).with_name("command_lines.txt")


def rows() -> list[tuple[int, str]]:
    lines = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return [(int(code), line) for code, _, line in (line.partition(" ") for line in lines)]


@pytest.mark.parametrize(("code", "line"), rows(), ids=lambda value: str(value) or "bare")
def test_exit_code(binary, deps, finished_run, tmp_path, code, line):
    file = tmp_path / "file"
    file.write_text("text\n")
    places = {"data": finished_run, "tmp": tmp_path, "dead": f"127.0.0.1:{free_ports(1)[0]}", "file": file}
    words = [word.format(**places) for word in shlex.split(line)]
    env = clean_environment() | {"SDP_DEPS_DIR": str(deps)}
    if "--bootstrap-servers {dead}" in line:
        env["KAFKA_CALL_TIMEOUT_MS"] = "500"  # Nobody comes to listen there.
    while words and re.match(r"[A-Z][A-Z0-9_]*=", words[0]):
        name, _, value = words.pop(0).partition("=")
        env[name] = value
    done = subprocess.run(
        [binary, *words], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=GUARD_SECONDS, check=False
    )
    assert done.returncode == code, f"{shlex.join(map(str, done.args))}\n{done.stdout}\n{done.stderr}"
