"""The command lines that the manifests give, taken by the very program that is in the images."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from chart import ROOT, VALUES, pod_of, rendered
from driver.process import GUARD_SECONDS

UNREACHABLE = "127.0.0.1:1"
USAGE, UNAVAILABLE, SETTINGS = 2, 69, 78


def containers(case: str, folder: Path) -> dict[str, dict]:
    pods = filter(None, map(pod_of, rendered(VALUES[case], folder)))
    return {container["name"]: container for pod in pods for container in pod["containers"]}


def environment_of(container: dict) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container["env"] if "value" in one}


def run(binary: Path, arguments: list[str], folder: Path, **environment) -> subprocess.CompletedProcess:
    """With the settings of the manifest, but brokers and servers that are out of reach, and no files of a cluster."""
    ours = {
        name: value
        for name, value in environment.items()
        if name not in ("SPOTIFY_ENV_FILE", "KAFKA_CA_FILE", "S3_CA_FILE")
    }
    ours |= {
        "KAFKA_BOOTSTRAP_SERVERS": UNREACHABLE,
        "S3_ENDPOINT": f"http://{UNREACHABLE}",
        "KAFKA_SECURITY_PROTOCOL": "plaintext",
    }
    return subprocess.run(
        [binary, *arguments],
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true"} | ours,
    )


@pytest.mark.parametrize("case", VALUES)
def test_arguments_are_understood(case, binary, tmp_path):
    """Without credentials the program ends as soon as it has understood what it is to do: 78, where it says 2 to a wrong line."""
    for name, container in containers(case, tmp_path).items():
        if name in ("proof", "simulator"):
            continue
        line = container["args"]
        done = run(binary, line, tmp_path, **environment_of(container))
        assert done.returncode == SETTINGS and "AWS_ACCESS_KEY_ID" in done.stderr, (name, line, done.stderr)


def test_a_wrong_argument_would_be_found(binary, tmp_path):
    """That the check above can fail."""
    container = containers("default", tmp_path)["sink"]
    assert (
        run(binary, [*container["args"], "--no-such-flag"], tmp_path, **environment_of(container)).returncode == USAGE
    )
    assert (
        run(binary, [*container["args"], "--shutdown-ms=soon"], tmp_path, **environment_of(container)).returncode
        == USAGE
    )


def test_sink_and_simulator_say_that_brokers_are_out_of_reach(binary, tmp_path):
    for name, container in containers("hpa", tmp_path).items():
        if name in ("loader", "proof"):
            continue
        lake = {"SPOTIFY_LAKE": str(tmp_path / "lake")}
        # A sink waits for its brokers for minutes.
        soon = ["--outage-ms=2000"] if name == "sink" else []
        done = run(binary, [*container["args"], *soon], tmp_path, **(environment_of(container) | lake))
        assert done.returncode == UNAVAILABLE and UNREACHABLE in done.stderr, (name, done.stderr)


@pytest.mark.parametrize("case", VALUES)
def test_every_setting_is_one_that_the_program_reads(case, binary, tmp_path):
    # The last is read by the script.
    known = {"SPOTIFY_ENV_FILE", "SPOTIFY_LOG_FORMAT", "PROOF_TIMEOUT_S"}
    for command in ("sink", "simulate", "pipeline", "verify"):
        line = [binary, "config", "show", command, "--json"]
        shown = subprocess.run(
            line, cwd=tmp_path, capture_output=True, text=True, timeout=GUARD_SECONDS, check=True
        ).stdout
        known |= {one["variable"] for one in json.loads(shown)["settings"]}
    for name, container in containers(case, tmp_path).items():
        assert environment_of(container).keys() <= known, name


def test_the_proof_is_called_as_it_is_in_the_image(tmp_path):
    container = containers("default", tmp_path)["proof"]
    [script] = container["command"]
    assert container["args"] == ["--once"]
    assert "${1:-} == --once" in (ROOT / "docker/pipeline" / script).read_text()
    assert f"docker/pipeline/{script} " in (ROOT / "docker/Dockerfile").read_text()


def test_users_and_paths_are_those_of_the_images(tmp_path):
    dockerfile = (ROOT / "docker/Dockerfile").read_text()
    assert (
        "USER 10001:10001" in dockerfile
        and "COPY --from=pipeline-parts /parts/spotify-pipeline /usr/bin/" in dockerfile
    )
    assert containers("default", tmp_path)["loader"]["workingDir"] == "/data"
