"""A wrong setting gives one line that names what is wrong and where, and a documented exit code; nothing is lost by it."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from driver.process import wait_until
from driver.services import clean_environment, free_ports

UNAVAILABLE, BAD_DATA, UNAUTHORIZED, MISCONFIGURED = 69, 65, 77, 78
WRONG_SECRET = "this-is-not-the-secret-key-of-anybody"


@pytest.fixture
def filled(world):
    """A world that works and has events which no sink has read yet."""
    world.simulate(1000)
    yield world
    # Whatever was tried: with right settings everything lands.
    world.catch_up()
    world.prove_up_to_bronze()


def refused(world, code: int, *names: str, arguments=(), env=None, timeout: float = 40):
    """The sink must end with this code and one error with these words."""
    # Not as long as a sink waits for brokers that may come back.
    hasty = ("--s3-retry-total-s", 3, "--outage-ms", 1000, "--kafka-call-timeout-ms", 2000)
    finished = world.run("sink", "--until-caught-up", *hasty, *arguments, env=env, timeout=timeout)
    assert finished.code == code, str(finished)
    error = finished.failure["message"]
    missing = [name for name in names if name not in error]
    assert not missing, f"{missing} not in: {error}"
    return finished


def test_a_wrong_port_of_the_broker_is_named(filled):
    nobody = f"127.0.0.1:{free_ports(1)[0]}"
    refused(filled, UNAVAILABLE, nobody, "--bootstrap-servers", env={"KAFKA_BOOTSTRAP_SERVERS": nobody})


def test_a_broker_name_that_does_not_resolve_is_named(filled):
    refused(
        filled,
        UNAVAILABLE,
        "no-such-broker.invalid:9092",
        env={"KAFKA_BOOTSTRAP_SERVERS": "no-such-broker.invalid:9092"},
    )


def test_an_s3_server_is_no_broker(filled):
    """Whatever else listens at the address is said to be something else."""
    address = filled.services.s3_endpoint.removeprefix("http://")
    refused(filled, UNAVAILABLE, address, "answers as a Kafka broker", env={"KAFKA_BOOTSTRAP_SERVERS": address})


def test_a_broker_that_speaks_plainly_is_not_taken_for_one_that_is_down(filled):
    refused(filled, UNAVAILABLE, "--security-protocol", arguments=("--security-protocol", "ssl"))


def test_a_wrong_port_of_the_s3_server_is_named(filled):
    nobody = f"127.0.0.1:{free_ports(1)[0]}"
    refused(filled, UNAVAILABLE, nobody, filled.bucket, env={"S3_ENDPOINT": f"http://{nobody}"})


def test_a_wrong_secret_is_refused_without_being_shown(filled):
    keys = {
        "AWS_ACCESS_KEY_ID": filled.services.credentials["AWS_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": WRONG_SECRET,
    }
    finished = refused(filled, UNAUTHORIZED, filled.bucket, "secret key", env=keys)
    assert WRONG_SECRET not in finished.out + finished.err


def test_an_unknown_access_key_is_refused(filled):
    keys = {"AWS_ACCESS_KEY_ID": "NOBODYKNOWSTHIS", "AWS_SECRET_ACCESS_KEY": WRONG_SECRET}
    finished = refused(filled, UNAUTHORIZED, filled.bucket, "access key", env=keys)
    assert WRONG_SECRET not in finished.out + finished.err


def test_no_credentials_at_all_name_the_ways_to_give_them(filled):
    refused(
        filled, MISCONFIGURED, "AWS_ACCESS_KEY_ID", "--services-data", env={"SPOTIFY_SERVICES_DATA": "/nonexistent"}
    )


def test_a_lake_of_another_compression_is_refused(filled):
    filled.catch_up("--compression", "none")
    filled.simulate(100)
    refused(filled, MISCONFIGURED, "compression", "none", "zstd", filled.bucket, arguments=("--compression", "zstd"))


def test_a_lake_of_another_topic_is_refused(filled):
    filled.catch_up()
    other = {"KAFKA_TOPIC": f"{filled.topic}-other"}
    filled.services.kafka.create_topic(other["KAFKA_TOPIC"], 1)
    refused(filled, MISCONFIGURED, filled.topic, other["KAFKA_TOPIC"], filled.bucket, env=other)


def test_a_compacted_topic_is_refused(world):
    world.services.kafka.create_topic(world.topic, 1, {"cleanup.policy": "compact"})
    refused(world, MISCONFIGURED, world.topic, "cleanup.policy=delete")


@pytest.mark.parametrize("command", ["status", "verify"])
def test_a_missing_topic_is_named_by_commands_that_only_read(filled, command):
    filled.catch_up()
    filled.must("load")
    missing = {"KAFKA_TOPIC": "no-such-topic"}
    finished = filled.run(command, env=missing)
    assert finished.code == BAD_DATA, str(finished)
    assert "no-such-topic" in finished.failure["message"]


def test_a_missing_bucket_is_named_by_load(filled):
    finished = filled.run("load", env={"SPOTIFY_LAKE": "s3://no-such-bucket"})
    assert finished.code == MISCONFIGURED, str(finished)
    assert "no-such-bucket" in finished.failure["message"]


def test_a_warehouse_that_cannot_be_written_is_named(filled):
    filled.catch_up()
    finished = filled.run("load", env={"SPOTIFY_WAREHOUSE": "/proc/spotify_db.duckdb"})
    assert finished.code == 73, str(finished)
    assert "/proc/spotify_db.duckdb" in finished.failure["message"]


class Gateway:
    """versitygw with users, run by the test: a user of role `user` has no right on a bucket that is not its own."""

    def __init__(self, deps: Path, folder: Path):
        self._program = deps / "versitygw" / "versitygw"
        [port] = free_ports(1)
        self.endpoint = f"http://127.0.0.1:{port}"
        self.root = {"AWS_ACCESS_KEY_ID": "ROOTROOT", "AWS_SECRET_ACCESS_KEY": "root-secret-of-this-test"}
        for part in ("data", "iam"):
            (folder / part).mkdir(parents=True)
        secrets = {
            "ROOT_ACCESS_KEY": self.root["AWS_ACCESS_KEY_ID"],
            "ROOT_SECRET_KEY": self.root["AWS_SECRET_ACCESS_KEY"],
        }
        with open(folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [
                    self._program,
                    "--port",
                    f"127.0.0.1:{port}",
                    "--quiet",
                    "--health",
                    "/_health",
                    "--iam-dir",
                    folder / "iam",
                    "--iam-cache-disable",
                    "posix",
                    folder / "data",
                ],
                env=clean_environment() | secrets,
                stdout=log,
                stderr=log,
            )
        wait_until(self._is_healthy, 30, "versitygw to be healthy", 0.1)

    def _is_healthy(self) -> bool:
        return (
            subprocess.run(
                ["curl", "--silent", "--fail", "--output", os.devnull, f"{self.endpoint}/_health"], check=False
            ).returncode
            == 0
        )

    def add_user(self, access: str, secret: str) -> None:
        keys = {
            f"ADMIN_{name}": value
            for name, value in (
                ("ACCESS_KEY", self.root["AWS_ACCESS_KEY_ID"]),
                ("SECRET_KEY", self.root["AWS_SECRET_ACCESS_KEY"]),
                ("ACCESS_KEY_ID", self.root["AWS_ACCESS_KEY_ID"]),
                ("SECRET_ACCESS_KEY", self.root["AWS_SECRET_ACCESS_KEY"]),
            )
        }
        subprocess.run(
            [
                self._program,
                "admin",
                "--allow-insecure",
                "--endpoint-url",
                self.endpoint,
                "create-user",
                "--access",
                access,
                "--secret",
                secret,
                "--role",
                "user",
            ],
            env=clean_environment() | keys,
            capture_output=True,
            check=True,
        )


@pytest.fixture
def gateway(deps, tmp_path):
    server = Gateway(deps, tmp_path / "gateway")
    yield server
    server.process.terminate()
    server.process.wait(20)


def test_a_user_without_rights_on_the_bucket_is_refused_and_rights_mend_it(world, gateway):
    user = {"AWS_ACCESS_KEY_ID": "USERWITHOUTRIGHTS", "AWS_SECRET_ACCESS_KEY": "user-secret-of-this-test"}
    gateway.add_user(*user.values())
    world.env |= {"S3_ENDPOINT": gateway.endpoint}
    world.simulate(1000)
    # The owner has the bucket and the first half; the user may not even look.
    world.catch_up(env=gateway.root)
    world.simulate(1000)
    finished = refused(world, UNAUTHORIZED, world.bucket, gateway.endpoint, "right", env=user)
    assert user["AWS_SECRET_ACCESS_KEY"] not in finished.out + finished.err
    world.env |= gateway.root
    world.catch_up()
    world.prove_up_to_bronze()


def test_status_and_doctor_say_what_lags_and_what_is_wrong(filled):
    lagging = filled.run("status", "--json", env=None)
    assert lagging.code in (10, 78), str(lagging)
    filled.catch_up()
    status = filled.must("status", "--json")
    assert json.loads(status.out)["lag"] == 0
    healthy = filled.run("doctor", "--json")
    assert healthy.code == 0, str(healthy)
    nobody = f"127.0.0.1:{free_ports(1)[0]}"
    started = time.monotonic()
    sick = filled.run("doctor", "--json", "--s3-retry-total-s", 2, env={"S3_ENDPOINT": f"http://{nobody}"})
    assert sick.code == 10, str(sick)
    assert time.monotonic() - started < 30
    assert [check["check"] for check in json.loads(sick.out)["checks"] if not check["ok"]] == ["lake"]
