"""The stack of docker/ as a test sees it: compose commands, container states, secrets that must appear nowhere."""

import io
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tarfile
import time
from pathlib import Path

from driver import log
from driver.process import GUARD_SECONDS
from driver.services import clean_environment
from engine import Engine

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / ".deps/venv-docker/bin/docker-compose"
BASE = ROOT / "docker/docker-compose.yml"
EXAMPLE = ROOT / "docker/.env.example"
ZOOKEEPER = ROOT / "docker/docker-compose.zookeeper.yml"
HOST = ROOT / "tests/docker/compose.host.yml"
HOST_ZOOKEEPER = ROOT / "tests/docker/compose.host.zookeeper.yml"

COMMAND_LIMIT_S = 1800
WAIT_LIMIT_S = 480
SECRET_NAMES = [
    "MINIO_ROOT_USER",
    "MINIO_ROOT_PASSWORD",
    "POSTGRES_PASSWORD",
    "AIRFLOW_ADMIN_PASSWORD",
    "AIRFLOW_FERNET_KEY",
    "AIRFLOW_JWT_SECRET",
    "AIRFLOW_API_SECRET_KEY",
    "DASHBOARD_TOKEN",
]
PORTS = [
    "KAFKA_PORT",
    "MINIO_PORT",
    "MINIO_CONSOLE_PORT",
    "AIRFLOW_PORT",
    "KAFDROP_PORT",
    "DASHBOARD_PORT",
    "TEST_SINK_PORT",
    "TEST_LOADER_PORT",
    "TEST_SIMULATOR_PORT",
    "TEST_KAFKA_INTERNAL_PORT",
    "TEST_KAFKA_CONTROLLER_PORT",
    "TEST_POSTGRES_PORT",
    "TEST_ZOOKEEPER_PORT",
]


def free_ports(count: int) -> list[int]:
    """Below the range from which the system takes ports for outgoing connections: one of those could sit on a port before the
    container that is to listen there."""
    first_taken = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    candidates = random.sample(range(first_taken - 12_000, first_taken), 12_000)
    return list(itertools.islice(filter(is_free, candidates), count))


def is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def settings_in(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def until(what: str, limit_s: float, condition):
    """Polls until the condition holds, and returns what it returned."""
    deadline = time.monotonic() + limit_s
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {limit_s} s: {what}"
        time.sleep(0.5)
    return result


class Stack:
    """Its .env is a copy of the example, with the settings of a test added."""

    def __init__(self, engine: Engine, folder: Path, name: str, files=(BASE, HOST), kept=None, **settings):
        self.engine = engine
        self.name = name
        self.files = files
        ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        ours = {
            **ports,
            "KAFKA_BOOTSTRAP_SERVERS": f"kafka:{ports['TEST_KAFKA_INTERNAL_PORT']}",
            "MINIO_ENDPOINT": f"http://minio:{ports['MINIO_PORT']}",
            "DEBIAN_IMAGE": engine.base_image,
            "PARTS": "copied",
            "SIMULATOR_RATE": 500,
            "SINK_BATCH_RECORDS": 100,
            "SINK_BATCH_MAX_WAIT_S": 3,
            "PROOF_INTERVAL_S": 3,
            **(kept or {}),
            **settings,
        }
        self.env_file = folder / ".env"
        shutil.copy(EXAMPLE, self.env_file)
        self.set(**ours)

    def set(self, **settings) -> None:
        """Adds lines to .env: of two for one setting, the later one counts."""
        with open(self.env_file, "a") as file:
            file.writelines(f"{key}={value}\n" for key, value in settings.items())
        self.settings = settings_in(self.env_file)

    def secrets(self) -> dict[str, str]:
        """By name, what the stack generated or was given, as it keeps them."""
        (name,) = self.compose("ps", "--all", "--quiet", "secrets").stdout.split()
        copy = ["docker", "cp", f"{name}:/secrets/kept", "-"]
        done = subprocess.run(
            copy, capture_output=True, check=True, env=self.engine.environment(), timeout=GUARD_SECONDS
        )
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            return {one: archive.extractfile(f"kept/{one}").read().decode() for one in SECRET_NAMES}

    def compose(
        self, *arguments, check: bool = True, profile: str = "*", environment=None
    ) -> subprocess.CompletedProcess:
        command = [str(COMPOSE), "--project-name", self.name, "--progress", "plain", "--env-file", str(self.env_file)]
        for file in self.files:
            command += ["--file", str(file)]
        command += ["--profile", profile, *[str(argument) for argument in arguments]]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env={**self.engine.environment(), **(environment or {})},
            timeout=COMMAND_LIMIT_S,
            check=False,
        )
        assert not check or done.returncode == 0, (
            f"{arguments}:\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}\n{self.last_words()}"
        )
        return done

    def last_words(self) -> str:
        return self.compose("logs", "--tail", 15, check=False).stdout[-6000:]

    def build(self, *services, **options) -> None:
        """One after another, since builds at once make a fault of the engine likelier (Engine.start_again_if_it_died)."""
        for service in services:
            first = self.compose("build", service, check=False, **options)
            if first.returncode != 0 and self.engine.start_again_if_it_died():
                self.compose("build", service, **options)
            else:
                assert first.returncode == 0, f"build {service}:\n{first.stdout[-6000:]}\n{first.stderr[-6000:]}"

    def up(self, *services, profile: str) -> None:
        """As `make up`: returns when every container is healthy, the one-shot ones have ended well."""
        done = self.compose("up", "--wait", "--wait-timeout", WAIT_LIMIT_S, *services, profile=profile)
        print(*re.findall(r"Container \S+ +(?:Started|Healthy|Exited)", done.stderr), sep="\n")

    def fill_volume(self, service: str, mount: str, archive: bytes) -> None:
        """Unpacks a tar archive into the volume that a container of the service has at `mount`, before it starts."""
        self.compose("create", service)
        (container,) = self.compose("ps", "--all", "--quiet", service).stdout.split()
        command = ["docker", "cp", "-", f"{container}:{mount}"]
        subprocess.run(command, input=archive, check=True, env=self.engine.environment(), timeout=GUARD_SECONDS)

    def down(self, volumes: bool = True) -> None:
        self.compose("down", "--remove-orphans", *(["--volumes"] if volumes else []))

    def container(self, service: str) -> dict:
        (name,) = self.compose("ps", "--all", "--quiet", service).stdout.split()
        return json.loads(self.engine.docker("inspect", name).stdout)[0]

    def states(self) -> dict[str, str]:
        """By service: healthy, unhealthy, starting, running or exited (CODE)."""
        lines = self.compose("ps", "--all", "--format", "json").stdout.splitlines()
        result = {}
        for one in map(json.loads, lines):
            ended = f"exited ({one['ExitCode']})"
            result[one["Service"]] = ended if one["State"] == "exited" else one["Health"] or one["State"]
        return result

    def kill_process(self, service: str) -> None:
        """SIGKILL to the container's first process, from outside; Docker itself has no hand in it."""
        state = self.container(service)["State"]
        assert state["Running"], f"{service} does not run"
        os.kill(state["Pid"], signal.SIGKILL)

    def await_restart(self, service: str, count: int) -> None:
        def came_back():
            one = self.container(service)
            health = one["State"].get("Health", {}).get("Status")
            return one["RestartCount"] > count and one["State"]["Running"] and health == "healthy"

        until(f"{service} is healthy again", WAIT_LIMIT_S, came_back)

    def logs(self, service: str) -> str:
        return self.compose("logs", "--no-log-prefix", service).stdout

    def stop_simulator(self) -> int:
        """How many events it says the broker acknowledged."""
        self.compose("stop", "simulator")
        finished = log.events(self.logs("simulator"), "simulate.finished")
        assert finished, self.logs("simulator")[-2000:]
        return finished[-1]["acked"]

    def await_lake(self) -> None:
        until("the lake has all of the log", WAIT_LIMIT_S, lambda: self.pipeline("status", check=False).returncode == 0)

    def pipeline(self, *arguments, check: bool = True) -> subprocess.CompletedProcess:
        """One command of the program, in the container that has the warehouse."""
        return self.compose("run", "--rm", "--no-deps", "-T", "loader", *arguments, check=check)

    def doctor(self, binary: Path, profiles: str, shown: str | None = None) -> subprocess.CompletedProcess:
        """`doctor stack` on this machine, with the secrets that the stack shows."""
        if shown is None:
            shown = self.compose("run", "--rm", "--no-TTY", "secrets", "show").stdout
        # As the page tells a person to keep it.
        self.env_file.chmod(0o600)
        return subprocess.run(
            [str(binary), "doctor", "stack", "--json", "--secrets", "-"],
            input=shown,
            capture_output=True,
            text=True,
            env=clean_environment() | {"SPOTIFY_ENV_FILE": str(self.env_file), "COMPOSE_PROFILES": profiles},
            timeout=GUARD_SECONDS,
            check=False,
        )

    def prove(self) -> dict:
        """Loads what is left, builds the marts and has everything proved, strictly."""
        self.compose("stop", "loader", "prover")
        self.await_lake()
        self.pipeline("load")
        self.pipeline("transform")
        report = json.loads(self.pipeline("verify", "--json").stdout)
        assert report["proved"], report
        return report
