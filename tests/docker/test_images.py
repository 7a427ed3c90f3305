"""What our images are made of, and what is not in them."""

import json
import struct
import subprocess

import pytest
from driver.process import GUARD_SECONDS
from engine import ROOT
from stack import SECRET_NAMES

MEGABYTE = 1_000_000
IMAGES = ("spotify-pipeline", "spotify-loader", "spotify-kafka", "spotify-minio")
ALL_IMAGES = (*IMAGES, "spotify-secrets")


def inspect(builder, image):
    return json.loads(builder.engine.docker("image", "inspect", f"{image}:local").stdout)[0]


@pytest.mark.parametrize("image", IMAGES)
def test_image_runs_as_nobody_special_and_knows_its_health(builder, image):
    config = inspect(builder, image)["Config"]
    assert config["User"] == "10001:10001"
    assert config["Healthcheck"]["Test"]


@pytest.mark.parametrize("image", ALL_IMAGES)
def test_image_and_its_history_hold_no_secret(builder, image):
    history = builder.engine.docker("history", "--no-trunc", f"{image}:local").stdout
    text = history + json.dumps(inspect(builder, image))
    assert len(history) > 200
    assert not [name for name in SECRET_NAMES if builder.settings[name] in text]
    assert "/run/secrets/" not in text


@pytest.mark.parametrize("image", ALL_IMAGES)
def test_no_image_can_start_local_servers(builder, image):
    run = ["run", "--rm", "--network", "none", "--entrypoint", "/usr/bin/spotify-services"]
    done = builder.engine.docker(*run, f"{image}:local", "--version", check=False)
    assert done.returncode == 127, f"{done.stdout}{done.stderr}"


# Prints how many modules there are, and those that Python would compile each time it starts.
STALE = """
import importlib.util, pathlib, struct
sources = list(pathlib.Path("/opt/spotify/.deps/venv-dbt/lib").rglob("site-packages/**/*.py"))
print(len(sources))
for source in sources:
    compiled = pathlib.Path(importlib.util.cache_from_source(str(source)))
    told = struct.unpack("<4sIII", compiled.read_bytes()[:16]) if compiled.exists() else None
    if told != (importlib.util.MAGIC_NUMBER, 0, int(source.stat().st_mtime), source.stat().st_size):
        print(source)
"""


def test_dbt_is_compiled_when_it_starts(builder):
    run = ["run", "--rm", "--network", "none", "--entrypoint", "/opt/spotify/.deps/venv-dbt/bin/python"]
    modules, *stale = builder.engine.docker(*run, "spotify-loader:local", "-c", STALE).stdout.split()
    assert int(modules) > 1000
    assert stale == []


def test_our_image_is_small(builder):
    size = inspect(builder, "spotify-pipeline")["Size"]
    print(f"spotify-pipeline: {size / MEGABYTE:.1f} MB")
    assert 60 * MEGABYTE < size < 150 * MEGABYTE


@pytest.mark.parametrize(
    ("image", "path", "words"),
    [
        (
            "spotify-pipeline",
            "/usr/share/doc/spotify-pipeline/NOTICE",
            ("Apache License", "librdkafka", "DuckDB", "libfmt-dev"),
        ),
        (
            "spotify-loader",
            "/usr/share/doc/spotify-pipeline/NOTICE",
            ("Apache License", "librdkafka", "DuckDB", "libfmt-dev"),
        ),
        ("spotify-minio", "/usr/share/doc/minio/LICENSE", ("GNU AFFERO GENERAL PUBLIC LICENSE",)),
    ],
)
def test_image_carries_the_licences_of_what_is_in_it(builder, image, path, words):
    container = builder.engine.docker("create", f"{image}:local").stdout.strip()
    try:
        text = builder.engine.docker("cp", f"{container}:{path}", "-").stdout
    finally:
        builder.engine.docker("rm", container)
    assert not [word for word in words if word not in text]


def test_our_image_holds_no_shell(builder):
    run = ["run", "--rm", "--network", "none", "--entrypoint"]
    for shell in ("/bin/sh", "/bin/bash", "/usr/bin/env"):
        assert builder.engine.docker(*run, shell, "spotify-pipeline:local", check=False).returncode == 127


def test_our_program_runs_without_rights(builder):
    """DuckDB included, on a read-only image without a network; only the folder for data may be written."""
    hardened = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "none"]
    data = ["--tmpfs", "/data:uid=10001,gid=10001", "--tmpfs", "/data/lake:uid=10001,gid=10001", "--tmpfs", "/tmp"]
    version = builder.engine.docker("run", "--rm", *hardened, "spotify-pipeline:local", "version").stdout
    assert "DuckDB" in version
    load = ["--env", "SPOTIFY_LAKE=/data/lake", "spotify-pipeline:local", "load", "--json"]
    answer = builder.engine.docker("run", "--rm", *hardened, *data, *load).stdout
    assert json.loads(answer)["rows"] == 0


@pytest.mark.whole
@pytest.mark.parametrize("service", ["secrets", "init", "kafka", "minio", "loader", "airflow-init"])
def test_image_builds_from_nothing_but_the_checkout(builder, service):
    """PARTS=made, as `make up` builds it: compilers, package clients and all inside."""
    builder.compose("build", service, environment={"PARTS": "made", "IMAGE_TAG": "made"})
    if service == "init":
        made = json.loads(builder.engine.docker("image", "inspect", "spotify-pipeline:made").stdout)[0]
        assert 60 * MEGABYTE < made["Size"] < 150 * MEGABYTE
        run = ["run", "--rm", "--network", "none", "--read-only", "spotify-pipeline:made", "version"]
        assert "DuckDB" in builder.engine.docker(*run).stdout


AARCH64 = 183  # In the header of an ELF file.


@pytest.mark.whole
def test_a_build_for_another_platform_takes_what_was_made_for_it(engine, copied_parts, tmp_path):
    """As far as that goes without running anything for it."""
    program = ROOT / "build/arm64/spotify-pipeline"
    assert program.exists(), f"no program at {program}; build it: make arm64"
    copied_parts("pipeline", processor="arm64")
    command = [
        "docker",
        "build",
        "--platform",
        "linux/arm64",
        "--build-arg",
        "PARTS=copied",
        "--target",
        "pipeline-parts",
    ]
    command += ["--output", f"type=local,dest={tmp_path}", "--file", "docker/Dockerfile", "."]
    environment = engine.environment() | {"DOCKER_BUILDKIT": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=GUARD_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    for name in ("spotify-pipeline", "libduckdb.so"):
        assert struct.unpack_from("<H", (tmp_path / "parts" / name).read_bytes()[:64], 18) == (AARCH64,)
    assert "librdkafka" in (tmp_path / "parts" / "NOTICE").read_text()
