"""What can be told without an engine: every combination of files and profiles, secrets, hardening, lint."""

import itertools
import json
import os
import re
import stat
import subprocess

import pytest
from stack import BASE, COMPOSE, HOST, HOST_ZOOKEEPER, PORTS, ROOT, SECRET_NAMES, ZOOKEEPER, make_settings, settings_in

PROFILES = ("core", "demo", "airflow", "ui")
FILES = {
    "kraft": (BASE,),
    "zookeeper": (BASE, ZOOKEEPER),
    "kraft-host": (BASE, HOST),
    "zookeeper-host": (BASE, ZOOKEEPER, HOST, HOST_ZOOKEEPER),
}
COMBINATIONS = [subset for size in range(1, 5) for subset in itertools.combinations(PROFILES, size)]
ONE_SHOT = {"init", "airflow-init"}


def compose(folder, files, *arguments, profiles=PROFILES, environment=None):
    command = [str(COMPOSE), "--env-file", str(folder / ".env")]
    for file in files:
        command += ["--file", str(file)]
    for profile in profiles:
        command += ["--profile", profile]
    own = dict.fromkeys(PORTS, "1")
    return subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "COMPOSE_PROFILES": "", **own, **(environment or {})},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("env")
    make_settings(path)
    return path


@pytest.fixture(scope="module")
def services(folder):
    done = compose(folder, (BASE, ZOOKEEPER), "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


@pytest.mark.parametrize("files", FILES)
def test_every_combination_of_profiles_is_valid(folder, files):
    for profiles in COMBINATIONS:
        done = compose(folder, FILES[files], "config", "--quiet", profiles=profiles)
        assert done.returncode == 0, f"{files} {profiles}: {done.stderr}"


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_without_a_secret_compose_stops_with_its_name(folder, name):
    done = compose(folder, (BASE,), "up", environment={name: ""})
    assert done.returncode != 0
    assert f"required variable {name} is missing a value" in done.stderr, done.stderr
    assert "make docker-env" in done.stderr


def test_our_containers_are_hardened(services):
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service and "privileged" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["mem_limit"]) <= 1500 << 20, name
        assert name in ONE_SHOT or service["restart"] in ("unless-stopped", "on-failure"), name
        if name != "kafdrop":  # The one public image, of which we know no more than its page says.
            assert service["read_only"] is True, name
            assert service["user"] == "10001:10001", name
            assert service["pids_limit"] == 1000 and service["logging"]["options"]["max-size"] == "10m", name


def test_the_proof_is_a_service_of_its_own_with_limits_and_a_switch(folder):
    def prover(**environment):
        done = compose(folder, (BASE,), "config", "--format", "json", environment=environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["services"]["prover"]

    usual = prover()
    assert usual["entrypoint"] == ["prove"] and usual["image"] == "spotify-loader:local"
    assert usual["environment"]["PROOF_INTERVAL_S"] == "300" and usual["environment"]["PROOF_TIMEOUT_S"] == "3600"
    own = prover(PROVERS="0", PROOF_MEMORY="6g", PROOF_INTERVAL_S="86400", PROOF_TIMEOUT_S="7200")
    assert own["scale"] == 0 and int(own["mem_limit"]) == 6 << 30
    assert own["environment"]["PROOF_INTERVAL_S"] == "86400" and own["environment"]["PROOF_TIMEOUT_S"] == "7200"


def test_ports_are_published_on_loopback_only(services):
    published = {
        (name, port["target"]): port for name, service in services.items() for port in service.get("ports", [])
    }
    assert {port["host_ip"] for port in published.values()} == {"127.0.0.1"}
    wanted = {("kafka", 9092), ("minio", 9000), ("minio", 9001), ("kafdrop", 9000), ("airflow-api-server", 8080)}
    assert set(published) == wanted


def test_services_wait_for_the_health_of_what_they_need(services):
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert how["condition"] == wanted, f"{name} -> {other}"


def test_no_container_gets_a_secret_by_its_environment(folder, services):
    secrets = [settings_in(folder / ".env")[name] for name in SECRET_NAMES]
    text = json.dumps(services)
    assert not [name for name, value in zip(SECRET_NAMES, secrets, strict=True) if value in text]


def test_kafka_is_set_up_as_without_docker():
    """Whatever is not an address, folder or listener is the same as src/services has it."""
    source = (ROOT / "src/services/kafka_server.cc").read_text()
    theirs = dict(re.findall(r'\{"([a-z.]+)", "([^"]*)"\}', source))
    own = {"controlled.shutdown.enable", "inter.broker.listener.name", "listener.security.protocol.map"}
    ours = {
        **settings_in(ROOT / "docker/kafka/kafka.properties"),
        **settings_in(ROOT / "docker/kafka/kraft.properties"),
    }
    assert len(theirs) > 12
    assert {name: ours.get(name) for name in theirs if name not in own} == {
        k: v for k, v in theirs.items() if k not in own
    }


def test_settings_are_private_complete_and_kept(tmp_path):
    first = make_settings(tmp_path)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert set(first) == set(settings_in(ROOT / "docker/.env.example"))
    assert "generate" not in first.values()
    assert len({first[name] for name in SECRET_NAMES}) == len(SECRET_NAMES)
    assert min(len(first[name]) for name in SECRET_NAMES) >= 16

    env = tmp_path / ".env"
    env.write_text(env.read_text().replace("SNOWFLAKE_PASSWORD=", "SNOWFLAKE_PASSWORD='canary $1'") + "EXTRA=1\n")
    second = make_settings(tmp_path)
    assert second == {**first, "SNOWFLAKE_PASSWORD": "'canary $1'", "EXTRA": "1"}
    assert r'SNOWFLAKE_PASSWORD="canary \$1"' in (tmp_path / "secrets/pipeline_env").read_text()

    # As Compose reads the same file.
    env.write_text(env.read_text().replace("'canary $1'", r'a"b\c${NONE:-d} # a comment'))
    make_settings(tmp_path)
    assert r'SNOWFLAKE_PASSWORD="a\"b\\cd"' in (tmp_path / "secrets/pipeline_env").read_text()


def test_the_original_settings_are_all_there():
    example = settings_in(ROOT / "docker/.env.example")
    for prefix, names in {
        "KAFKA": "BOOTSTRAP_SERVERS TOPIC GROUP_ID",
        "MINIO": "ENDPOINT BUCKET ROOT_USER ROOT_PASSWORD",
        "AIRFLOW": "ADMIN_USER ADMIN_PASSWORD FERNET_KEY",
        "SNOWFLAKE": "ACCOUNT USER PASSWORD PRIVATE_KEY_FILE WAREHOUSE DATABASE",
    }.items():
        assert {f"{prefix}_{name}" for name in names.split()} <= set(example)


def test_dockerfile_is_clean():
    linter = ROOT / ".deps/venv-check/bin/hadolint"
    done = subprocess.run(
        [linter, "--config", "docker/.hadolint.yaml", "docker/Dockerfile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and not done.stdout, done.stdout


def test_compose_files_are_clean():
    linter = ROOT / ".deps/dclint/node_modules/.bin/dclint"
    command = [linter, "--config", "docker/.dclintrc.yaml", "--max-warnings", "0", "docker", "tests/docker"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_image_names_the_processor_it_is_for():
    """An image is for the platform that it is built on."""
    texts = {path: path.read_text() for path in (ROOT / "docker").rglob("*") if path.is_file()}
    named = re.compile(r"x86[-_]64|amd64|aarch64|arm64|linux-x64")
    assert not {path: found for path, text in texts.items() if (found := named.findall(text))}


def test_what_is_fetched_is_pinned():
    """The Dockerfile itself downloads nothing: tools/setup does, with checksums."""
    text = (ROOT / "docker/Dockerfile").read_text()
    assert not re.search(r"\b(curl|wget|pip install|npm (ci|install)|go install|mvn)\b|^ADD ", text, re.MULTILINE)
    assert re.search(r"obsidiandynamics/kafdrop:\$\{KAFDROP_VERSION:-\d+\.\d+\.\d+\}", BASE.read_text())


def next_steps(folder, profiles: str) -> str:
    (folder / ".env").write_text((ROOT / "docker/.env.example").read_text() + f"COMPOSE_PROFILES={profiles}\n")
    done = subprocess.run([ROOT / "tools/stack_next", folder], capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


def test_a_newcomer_is_told_what_to_open_and_what_comes_next(tmp_path):
    said = next_steps(tmp_path, "core,airflow,ui")
    assert all(f"http://127.0.0.1:{port}" in said for port in (8080, 9000, 9001))
    assert "airflow-scheduler start dags trigger spotify_minio_to_snowflake_bronze" in said
    assert "cp airflow-scheduler:/data/warehouse/published/current/spotify_db.duckdb ." in said
    said = next_steps(tmp_path, "demo")
    assert "8080" not in said
    assert "cp loader:" in said
    assert "Next:" not in next_steps(tmp_path, "core")
