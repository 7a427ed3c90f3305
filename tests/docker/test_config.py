"""What can be told without an engine: every combination of files and profiles, secrets, hardening, lint."""

import itertools
import json
import os
import re
import shutil
import stat
import subprocess

import pytest
from driver.process import GUARD_SECONDS
from stack import BASE, COMPOSE, EXAMPLE, HOST, HOST_ZOOKEEPER, PORTS, ROOT, SECRET_NAMES, ZOOKEEPER, settings_in

PROFILES = ("core", "demo", "airflow", "ui")
FILES = {
    "kraft": (BASE,),
    "zookeeper": (BASE, ZOOKEEPER),
    "kraft-host": (BASE, HOST),
    "zookeeper-host": (BASE, ZOOKEEPER, HOST, HOST_ZOOKEEPER),
}
COMBINATIONS = [subset for size in range(1, 5) for subset in itertools.combinations(PROFILES, size)]
ONE_SHOT = {"secrets", "init", "airflow-init"}
CANARIES = {name: f"canary-{name.lower()}" for name in SECRET_NAMES}


def compose(folder, files, *arguments, profiles=PROFILES, environment=None):
    command = [str(COMPOSE), "--env-file", str(folder / ".env")]
    for file in files:
        command += ["--file", str(file)]
    for profile in profiles:
        command += ["--profile", profile]
    # The host's ports have no defaults in the files of the tests.
    own = dict.fromkeys(PORTS, "1") if HOST in files else {}
    return subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "COMPOSE_PROFILES": "", **own, **(environment or {})},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("env")
    shutil.copy(EXAMPLE, path / ".env")
    return path


def make_settings(folder):
    """Runs what `make docker-env` runs, for another folder."""
    subprocess.run([ROOT / "tools/docker_env", folder], check=True)
    return settings_in(folder / ".env")


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


def test_our_containers_are_hardened(services):
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"] and "privileged" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["mem_limit"]) <= 1500 << 20, name
        assert name in ONE_SHOT or service["restart"] in ("unless-stopped", "on-failure"), name
        if name == "secrets":  # Reads a private key whoever owns it, and has no network.
            assert service["cap_add"] == ["DAC_READ_SEARCH"] and service["network_mode"] == "none"
            assert service["user"] == "0:10001"
        else:
            assert "cap_add" not in service, name
        if name not in ("kafdrop", "secrets"):
            assert service["read_only"] is True, name
            assert service["user"] == "10001:10001", name
        if name != "kafdrop":  # The one public image, of which we know no more than its page says.
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


def test_whoever_works_on_the_warehouse_goes_by_the_mapping(folder):
    done = compose(folder, (BASE,), "config", "--format", "json", environment={"SPOTIFY_MAPPING": "debezium"})
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    told = {
        name for name, one in services.items() if (one.get("environment") or {}).get("SPOTIFY_MAPPING") == "debezium"
    }
    assert told == {name for name, one in services.items() if "SPOTIFY_WAREHOUSE" in (one.get("environment") or {})}
    assert {"loader", "prover", "airflow-scheduler"} <= told


def test_limits_of_freshness_reach_who_measures_it(folder):
    limits = {"SPOTIFY_LATE_AFTER_H": "30", "SPOTIFY_STALE_AFTER_H": "72"}
    done = compose(folder, (BASE,), "config", "--format", "json", environment=limits)
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    assert services["airflow-scheduler"]["environment"].items() >= limits.items()


def test_ports_are_published_on_loopback_only(services):
    published = {
        (name, port["target"]): port for name, service in services.items() for port in service.get("ports", [])
    }
    assert {port["host_ip"] for port in published.values()} == {"127.0.0.1"}
    wanted = {("kafka", 9092), ("minio", 9000), ("minio", 9001), ("kafdrop", 9000), ("airflow-api-server", 8080)}
    wanted.add(("dashboard", 8090))
    assert set(published) == wanted


# What a port of this machine means, however it is reached.
MEANINGS = {
    "kafka": {("kafka", 9092), "kafka"},
    "Kafka's controller": {"kafka_controller"},
    "S3 server": {("minio", 9000), "s3"},
    "MinIO's console": {("minio", 9001), "s3_console"},
    "Kafdrop": {("kafdrop", 9000)},
    "Airflow": {("airflow-api-server", 8080), "airflow"},
    "PostgreSQL": {"postgres"},
    "lineage collector": {"lineage"},
    "metrics of sink, loader or simulator": {"metrics"},
    # Of a stack or of a run: one of them at a time has the port.
    "the pipeline's own pages": {("dashboard", 8090), "serve"},
}
IN_THE_NETWORK = {
    "kafka:29092",
    "kafdrop:9000",
    "minio:9000",
    "minio:9001",
    "postgres:5432",
    "zookeeper:2181",
    "airflow-api-server:8080",
    "sink:9108",
    "loader:9108",
    "simulator:9108",
}
WORDS = {
    "Kafdrop": "Kafdrop",
    "MinIO's console": "MinIO's console",
    "Airflow": "Airflow",
    "pages": "the pipeline's own pages",
}


def meaning_of(name):
    [meaning] = [meaning for meaning, names in MEANINGS.items() if name in names]
    return meaning


@pytest.fixture(scope="module")
def ports(services):
    """By number, what listens there on this machine: of the stack, of spotify-services, `serve` and `sink --listen`."""
    found = {}
    for name, service in services.items():
        for port in service.get("ports", []):
            found.setdefault(int(port["published"]), set()).add(meaning_of((name, port["target"])))
    own = re.findall(r"uint16_t (\w+)_port = (\d+);", (ROOT / "src/services/settings.h").read_text())
    assert len(own) >= 6
    for name, number in own:
        found.setdefault(int(number), set()).add(meaning_of(name))
    [pages] = re.findall(r'listen = "127\.0\.0\.1:(\d+)"', (ROOT / "src/cli/page_server.h").read_text())
    found.setdefault(int(pages), set()).add(meaning_of("serve"))
    table = (ROOT / "src/settings/table.cc").read_text()
    [metrics] = re.findall(r'"metrics\.listen".*?\.example = "127\.0\.0\.1:(\d+)"', table, re.DOTALL)
    found.setdefault(int(metrics), set()).add(meaning_of("metrics"))
    found.setdefault(5000, set()).add(meaning_of("lineage"))  # Somebody else's, of an example in docs/airflow.md.
    return found


def test_no_port_of_this_machine_has_two_meanings(ports):
    assert {number: meanings for number, meanings in ports.items() if len(meanings) > 1} == {}


def test_pages_and_messages_name_no_other_port_of_this_machine(ports):
    pages = [ROOT / "README.md", ROOT / ".env.example", EXAMPLE, *(ROOT / "docs").rglob("*.md")]
    sources = [one for one in (ROOT / "src").rglob("*.cc") if not one.name.endswith("_test.cc")]
    for page in (*pages, *sources, *(ROOT / "src").rglob("*.h")):
        text = page.read_text()
        named = {int(port) for port in re.findall(r"(?:127\.0\.0\.1|localhost):(\d{4,5})\b", text)}
        assert named <= set(ports), page
        for word, port in re.findall(r"([\w']+ ?[\w']+) at <http://127\.0\.0\.1:(\d+)>", text):
            for meaning in (meaning for meaning, said in WORDS.items() if word.endswith(said)):
                assert ports[int(port)] == {meaning}, (page, word, port)
    for line in (ROOT / "docs/docker.md").read_text().splitlines():
        if row := re.match(r"\| [<`](?:http://)?127\.0\.0\.1:(\d+)[>`] \| ([\w' ]+)", line):
            [meaning] = ports[int(row[1])]
            assert row[2].lower().startswith(meaning.lower()) or (meaning == "S3 server" and "S3" in row[2]), line


def test_addresses_in_the_network_of_the_stack_are_of_one_kind():
    names = "|".join(sorted({address.split(":")[0] for address in IN_THE_NETWORK}))
    files = [one for one in (ROOT / "docker").rglob("*") if one.is_file()] + [ROOT / "docs/docker.md"]
    found = {address for file in files for address in re.findall(rf"(?<![\w-])(?:{names}):\d+", file.read_text())}
    assert found == IN_THE_NETWORK


def test_what_goes_on_is_asked_whether_it_is_ready(services):
    """By the program itself, since its image has no other program; where it listens."""
    commands = {"sink": "sink", "loader": "pipeline", "simulator": "simulate", "dashboard": "serve"}
    for name, command in commands.items():
        one = services[name]
        assert one["command"][0] == command
        assert one["healthcheck"]["test"] == ["CMD", "/usr/bin/spotify-pipeline", command, "--probe"], name
        assert name == "dashboard" or one["environment"]["SPOTIFY_METRICS_LISTEN"] == "0.0.0.0:9108", name
    # More than the end of a round takes; `make test` stops one.
    assert services["loader"]["stop_grace_period"] == "1m0s"


def test_services_wait_for_the_health_of_what_they_need(services):
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert how["condition"] == wanted, f"{name} -> {other}"


def test_no_container_gets_a_secret_by_its_environment(folder):
    done = compose(folder, (BASE, ZOOKEEPER), "config", "--format", "json", environment=CANARIES)
    assert done.returncode == 0, done.stderr
    assert "canary" not in done.stdout


def test_each_container_has_its_own_secrets_only(services):
    """By the volume at /run/secrets, which it may only read; the volume of all secrets is one container's."""
    had = {}
    for name, service in services.items():
        mounts = [mount for mount in service.get("volumes", []) if "secrets" in mount["source"] + mount["target"]]
        if name != "secrets" and mounts:
            (mount,) = mounts
            assert mount["target"] == "/run/secrets" and mount["read_only"], name
            had[name] = mount["source"]
        assert name == "secrets" or "secrets" not in service, name
    assert had == {
        "dashboard": "dashboard-secrets",
        "minio": "minio-secrets",
        "postgres": "postgres-secrets",
        **dict.fromkeys(("init", "simulator", "sink"), "lake-secrets"),
        **dict.fromkeys(("loader", "prover"), "loader-secrets"),
        **{name: "airflow-secrets" for name in services if name.startswith("airflow-")},
    }


def test_the_dashboard_reads_what_is_published_and_reaches_nothing_else(services):
    dashboard = services["dashboard"]
    assert dashboard["profiles"] == ["demo", "airflow"]
    [data] = [mount for mount in dashboard["volumes"] if mount["source"] == "warehouse"]
    assert data["read_only"] and data["volume"]["nocopy"]
    names = {name for name in dashboard["environment"] if not name.startswith("SERVE_")}
    assert not [name for name in names if re.match("KAFKA|S3|SNOWFLAKE|SPOTIFY_(LAKE|WAREHOUSE)", name)]
    publishers = [one for one in services.values() if one.get("environment", {}).get("SPOTIFY_WAREHOUSE")]
    assert len(publishers) > 3
    published = {one["environment"]["SPOTIFY_PUBLISHED"] for one in (dashboard, *publishers)}
    assert published == {f"{data['target']}/warehouse/published"}


def test_nothing_is_up_before_its_secrets(services):
    def before(name):
        return {name}.union(*(before(other) for other in services[name].get("depends_on", {})))

    with_secrets = [name for name, one in services.items() if "/run/secrets" in json.dumps(one.get("volumes", []))]
    assert len(with_secrets) > 8
    assert not [name for name in with_secrets if "secrets" not in before(name)]


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
    assert first == settings_in(EXAMPLE)

    # What an earlier version generated is kept, and so is what the example does not know.
    env = tmp_path / ".env"
    old = {**CANARIES, "SNOWFLAKE_PASSWORD": "'canary $1'", "EXTRA": "1"}
    env.write_text("".join(f"{name}={value}\n" for name, value in old.items()))
    assert make_settings(tmp_path) == {**first, **old}
    text = env.read_text()
    assert make_settings(tmp_path) == {**first, **old} and env.read_text() == text


def test_the_original_settings_are_all_there():
    example = settings_in(EXAMPLE)
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


def wrong_for_a_platform(dockerfile: str) -> list[str]:
    """Lines that would put what is made for one processor into an image for another, whatever --platform says."""
    wrong = []
    knows_its_processor = False
    for line in dockerfile.splitlines():
        if line.startswith("FROM "):
            knows_its_processor = False
            if "--platform" in line:
                wrong.append(line)
        elif line == "ARG TARGETARCH":
            knows_its_processor = True
        elif re.match(r"(COPY|ADD) .*\bbuild/", line):
            named = re.match(r"COPY build/docker/\$\{TARGETARCH\}/", line)
            if not named or not knows_its_processor:
                wrong.append(line)
    return wrong


def test_an_image_gets_what_was_made_for_its_platform():
    text = (ROOT / "docker/Dockerfile").read_text()
    assert text.count("build/docker/${TARGETARCH}/") == 6
    assert not wrong_for_a_platform(text)
    for spoilt in (
        text.replace("ARG TARGETARCH\n", "", 1),
        text.replace("build/docker/${TARGETARCH}/minio", "build/docker/minio"),
        text.replace("FROM ${DEBIAN_IMAGE} AS base", "FROM --platform=${BUILDPLATFORM} ${DEBIAN_IMAGE} AS base"),
    ):
        assert len(wrong_for_a_platform(spoilt)) == 1


def test_what_is_fetched_is_pinned():
    """The Dockerfile itself downloads nothing: tools/setup does, with checksums."""
    text = (ROOT / "docker/Dockerfile").read_text()
    assert not re.search(r"\b(curl|wget|pip install|npm (ci|install)|go install|mvn)\b|^ADD ", text, re.MULTILINE)
    assert re.search(r"obsidiandynamics/kafdrop:\$\{KAFDROP_VERSION:-\d+\.\d+\.\d+\}", BASE.read_text())


def next_steps(folder, profiles: str) -> str:
    (folder / ".env").write_text((EXAMPLE).read_text() + f"COMPOSE_PROFILES={profiles}\n")
    done = subprocess.run(
        [ROOT / "tools/stack_next", folder], capture_output=True, text=True, timeout=GUARD_SECONDS, check=True
    )
    return done.stdout


def test_a_newcomer_is_told_what_to_open_and_what_comes_next(tmp_path):
    said = next_steps(tmp_path, "core,airflow,ui")
    assert all(f"http://127.0.0.1:{port}" in said for port in (8080, 8090, 9000, 9001))
    assert said.index("8090") < min(said.index(str(port)) for port in (8080, 9000, 9001))
    assert "DASHBOARD_TOKEN" in said and "The first marts are there a few minutes after" in said
    assert "airflow-scheduler start dags trigger spotify_minio_to_snowflake_bronze" in said
    assert "cp airflow-scheduler:/data/warehouse/published/current/spotify_db.duckdb ." in said
    assert "run --rm secrets show" in said
    said = next_steps(tmp_path, "demo")
    assert "8080" not in said
    assert "http://127.0.0.1:8090" in said and "as events come" in said
    assert "cp loader:" in said
    said = next_steps(tmp_path, "core")
    assert "Next:" not in said and "8090" not in said
