"""Brokers behind SASL_SSL and a store behind https: the whole chain, and every certificate that must be refused."""

import pytest
from driver.secured import KEYS, PASSWORD, Secured
from driver.world import World

# One pair of servers with certificates, on one worker.
pytestmark = pytest.mark.xdist_group("tls")

EVENTS = 3_000
SECONDS_MAX = 90


@pytest.fixture(scope="module")
def secured(binary, deps, tmp_path_factory):
    servers = Secured(binary, deps, tmp_path_factory.mktemp("secured"))
    yield servers
    servers.close()


@pytest.fixture
def world(secured, new_world) -> World:
    made = new_world(secured)
    made.env |= secured.environment
    return made


def assert_refused(finished, *words: str, codes=(69, 78)) -> None:
    """It failed, said why, and told no secret."""
    assert finished.code in codes, str(finished)
    assert all(word in finished.failure["message"].lower() for word in words), str(finished)
    assert PASSWORD not in finished.out + finished.err


def test_the_chain_is_proved_over_tls(world):
    world.simulate(EVENTS)
    world.catch_up()
    world.prove_exactly_what_was_acked()
    secrets = [PASSWORD, KEYS["AWS_SECRET_ACCESS_KEY"]]
    said = "".join(
        process.out + process.err
        for command in ("simulate", "sink", "load", "verify")
        for process in world.started(command)
    )
    assert not [secret for secret in secrets if secret in said]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("authority", ("certificate",)),
        ("expired", ("certificate",)),
        ("name", ("certificate",)),
        ("plaintext", ()),
    ],
)
def test_a_broker_that_cannot_be_trusted_is_refused(world, secured, setting, words):
    wrong = {
        "authority": {"KAFKA_CA_FILE": str(secured.other_ca)},
        "expired": {"KAFKA_BOOTSTRAP_SERVERS": secured.broker("expired")},
        "name": {"KAFKA_BOOTSTRAP_SERVERS": secured.broker("other")},
        "plaintext": {"KAFKA_SECURITY_PROTOCOL": "plaintext"},
    }[setting]
    hasty = ("--kafka-call-timeout-ms", 2000)
    finished = world.run("simulate", "--events", 10, *hasty, env=wrong, timeout=SECONDS_MAX)
    assert_refused(finished, *words)


@pytest.mark.parametrize("command", [("simulate", "--events", 10), ("sink",), ("status",), ("init",)])
def test_a_wrong_password_of_the_broker_is_refused_at_once(world, command):
    finished = world.run(*command, env={"KAFKA_SASL_PASSWORD": "wrong"}, timeout=SECONDS_MAX)
    assert_refused(finished, "authentication", codes=(77,))
    # Not after the time that a broker has to answer.
    assert finished.seconds < 8, str(finished)


@pytest.mark.parametrize("setting", ["authority", "name"])
def test_a_store_that_cannot_be_trusted_is_refused(world, secured, setting):
    world.simulate(10)
    wrong = {"authority": {"S3_CA_FILE": str(secured.other_ca)}, "name": {"S3_ENDPOINT": secured.s3_by_other_name}}[
        setting
    ]
    finished = world.run("sink", "--until-caught-up", env=wrong, timeout=SECONDS_MAX)
    assert_refused(finished, "certificate")
    world.catch_up()
    world.prove_up_to_bronze()


def test_the_certificates_of_awss_tools_are_trusted(world):
    world.simulate(10)
    bundle = {"AWS_CA_BUNDLE": world.env["S3_CA_FILE"], "S3_CA_FILE": ""}
    world.catch_up(env=bundle)
    finished = world.run("load", env=bundle | {"AWS_CA_BUNDLE": ""}, timeout=SECONDS_MAX)
    assert_refused(finished, "certificate")
