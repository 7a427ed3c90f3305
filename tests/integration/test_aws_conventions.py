"""Credentials, region and endpoint of the S3 server, found as AWS's own tools find them."""

import datetime
import json

import pytest
from driver.process import wait_until
from driver.services import free_ports
from driver.stand_in import StandIn

UNAVAILABLE, UNAUTHORIZED, MISCONFIGURED = 69, 77, 78
CANARY = "canary-that-no-output-may-show"
# No keys of local servers, whose endpoint it is all the same.
NO_LOCAL_KEYS = {"SPOTIFY_SERVICES_DATA": "/nonexistent"}


@pytest.fixture
def stand_in():
    made = []

    def make(answer) -> StandIn:
        made.append(StandIn(answer))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def alone(world):
    """A world whose commands are given no keys."""
    world.env |= NO_LOCAL_KEYS
    yield world
    said = "".join(process.out + process.err for command in ("sink", "load") for process in world.started(command))
    for secret in (world.services.credentials["AWS_SECRET_ACCESS_KEY"], CANARY):
        assert secret not in said


def keys_of(world) -> tuple[str, str]:
    keys = world.services.credentials
    return keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"]


def document(world, seconds: float) -> str:
    """The keys of the S3 server, as a container's endpoint gives them, for so long."""
    access, secret = keys_of(world)
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    expiration = ends.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return json.dumps({"AccessKeyId": access, "SecretAccessKey": secret, "Expiration": expiration})


def sink_and_load(world) -> None:
    world.simulate(500)
    world.catch_up()
    world.must("load")
    world.assert_bronze_is_what_was_acked()


def source_of(world, command: str) -> str:
    [found] = world.started(command)[-1].events("s3.credentials.found")
    return found["source"]


def test_keys_come_from_a_profile(alone):
    access, secret = keys_of(alone)
    file = alone.folder / "credentials"
    file.write_text(
        f"[default]\naws_access_key_id = NOT-THIS\naws_secret_access_key = {CANARY}\n\n"
        f"[lake]\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n"
    )
    alone.env |= {"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_PROFILE": "lake"}
    sink_and_load(alone)
    assert source_of(alone, "sink").startswith("profile lake of ") and str(file) in source_of(alone, "load")
    wrong = alone.run("load", env={"AWS_PROFILE": ""})
    assert wrong.code == UNAUTHORIZED, str(wrong)
    assert "profile default" in wrong.failure["message"]


def test_keys_come_from_the_files_in_the_home_folder(alone):
    access, secret = keys_of(alone)
    folder = alone.folder / "home/.aws"
    folder.mkdir(parents=True)
    (folder / "config").write_text(
        f"[default]\nregion = us-east-1\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n"
    )
    alone.env |= {"HOME": str(folder.parent), "AWS_SHARED_CREDENTIALS_FILE": "", "AWS_CONFIG_FILE": ""}
    sink_and_load(alone)


def test_keys_come_from_a_containers_endpoint_and_are_renewed_during_a_run(alone, stand_in):
    """Credentials that end after six seconds: a sink that goes on for longer gets new ones, and loses nothing."""
    agent = stand_in(
        lambda asked: (200, document(alone, 6)) if asked.headers.get("authorization") == CANARY else (401, CANARY)
    )
    alone.env |= {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{agent.url}/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": CANARY,
    }
    sink = alone.start_sink()
    simulator = alone.start_simulator(200)
    wait_until(lambda: len(sink.events("s3.credentials.renewed")) >= 2, 60, "two renewals")
    alone.stop_simulator(simulator)
    stopped = sink.stop(60)
    assert stopped.code == 0, str(stopped)
    alone.catch_up()
    alone.must("load")
    alone.assert_bronze_is_what_was_acked()
    assert {asked.path for asked in agent.asked} == {"/v1/credentials"}
    refused = alone.run("load", env={"AWS_CONTAINER_AUTHORIZATION_TOKEN": "another"})
    assert refused.code == UNAUTHORIZED, str(refused)
    assert agent.url in refused.failure["message"]


def test_keys_come_from_sts_for_the_token_of_a_service_account(alone, stand_in):
    access, secret = keys_of(alone)
    sts = stand_in(
        lambda _: (
            200,
            "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
            f"<AccessKeyId>{access}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
            "<Expiration>2099-01-01T00:00:00Z</Expiration>"
            "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
        )
    )
    token = alone.folder / "token"
    token.write_text(CANARY)
    alone.env |= {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/lake",
        "AWS_ENDPOINT_URL_STS": sts.url,
    }
    sink_and_load(alone)
    assert source_of(alone, "load") == "role arn:aws:iam::123456789012:role/lake"
    assert {(asked.method, asked.path) for asked in sts.asked} == {("POST", "/")}
    assert all(f"WebIdentityToken={CANARY}" in asked.body for asked in sts.asked)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("sso_session = corp", ("sso_session", "aws configure export-credentials")),
        (f"credential_process = /bin/echo {CANARY}", ("credential_process", "export-credentials")),
        ("role_arn = r\nsource_profile = base", ("source_profile", "export-credentials")),
        (f"aws_secret_access_key = {CANARY}", ("aws_access_key_id",)),
        (CANARY, ("line 2",)),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused_with_its_name(alone, lines, words):
    file = alone.folder / "config"
    file.write_text(f"[default]\n{lines}\n")
    finished = alone.run("load", env={"AWS_CONFIG_FILE": str(file)})
    assert finished.code == MISCONFIGURED, str(finished)
    message = finished.failure["message"]
    assert str(file) in message and all(word in message for word in words), message


def test_one_key_without_the_other_is_refused(alone):
    finished = alone.run("load", env={"AWS_SECRET_ACCESS_KEY": CANARY})
    assert finished.code == MISCONFIGURED, str(finished)
    assert "AWS_ACCESS_KEY_ID is not" in finished.failure["message"]


def test_without_credentials_every_place_is_named(alone, stand_in):
    """An instance that has no role is one of the places."""
    metadata = stand_in(lambda asked: (200, "token") if asked.method == "PUT" else (404, ""))
    env = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url}
    finished = alone.run("load", env=env)
    assert finished.code == MISCONFIGURED, str(finished)
    for place in (
        "AWS_ACCESS_KEY_ID",
        "--services-data",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "profile default",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        metadata.url,
    ):
        assert place in finished.failure["message"], finished.failure


def test_the_endpoint_has_an_order(alone):
    """A server that nobody runs is named by each setting in turn, from the last to the first."""
    dead = [f"http://127.0.0.1:{port}" for port in free_ports(3)]
    del alone.env["S3_ENDPOINT"]
    env = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": CANARY}
    for variable, endpoint in zip(("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "S3_ENDPOINT"), dead, strict=True):
        env[variable] = endpoint
        finished = alone.run("load", "--s3-retry-total-s", 1, env=env)
        assert finished.code == UNAVAILABLE, str(finished)
        assert endpoint in finished.failure["message"], variable


def test_an_empty_endpoint_is_aws_itself(alone):
    """Through a proxy that nobody runs, so that nothing leaves this machine."""
    [port] = free_ports(1)
    env = {
        "S3_ENDPOINT": "",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "A",
        "AWS_SECRET_ACCESS_KEY": CANARY,
        "https_proxy": f"http://127.0.0.1:{port}",
        "no_proxy": "",
    }
    finished = alone.run("load", "--s3-retry-total-s", 1, env=env)
    assert finished.code == UNAVAILABLE, str(finished)
    assert "https://s3.eu-west-1.amazonaws.com" in finished.failure["message"], str(finished)
    by_flag = alone.run("load", "--s3-endpoint", "", "--s3-retry-total-s", 1, env=env | {"S3_ENDPOINT": "http://x"})
    assert "https://s3.eu-west-1.amazonaws.com" in by_flag.failure["message"], str(by_flag)
