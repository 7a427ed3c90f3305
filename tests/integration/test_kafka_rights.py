"""docs/kafka-rights.md lists what each command needs on a cluster with access control lists: no less, and no more."""

import json
import re
from pathlib import Path

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from driver.broker import Broker, is_listening
from driver.process import wait_until
from driver.services import Servers, free_ports
from driver.world import World

UNAUTHORIZED = 77
PAGE = Path(__file__).resolve().parents[2] / "docs/kafka-rights.md"
RIGHTS = re.findall(r"^\| `([\w ]+)` \| (topic|group) \| (\w+) \|$", PAGE.read_text(), re.MULTILINE)
COMMANDS = sorted({command for command, _, _ in RIGHTS})


def user(command: str) -> str:
    return command.replace(" ", "-")


PASSWORD = "of-a-test-4713"
PROPERTIES = """
listeners=INSIDE://127.0.0.1:{inside},LOGIN://127.0.0.1:{login},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=INSIDE://127.0.0.1:{inside},LOGIN://127.0.0.1:{login}
listener.security.protocol.map=INSIDE:PLAINTEXT,LOGIN:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=INSIDE
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.login.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""
OPERATIONS = {
    "Create": AclOperation.CREATE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
}


class Guarded(Servers):
    """A broker that gives no rights to who logs in; who comes from inside has all. The S3 server is that of all tests."""

    def __init__(self, services, folder: Path):
        self.binary, self.deps, self.data = services.binary, services.deps, services.data
        self.s3_endpoint, self.credentials = services.s3_endpoint, services.credentials
        ports = dict(zip(("controller", "inside", "login"), free_ports(3), strict=True))
        self.kafka_address, self.login = f"127.0.0.1:{ports['inside']}", f"127.0.0.1:{ports['login']}"
        self._broker = Broker(
            self.deps,
            folder,
            ports["controller"],
            PROPERTIES.format(**ports),
            lambda: is_listening(self.kafka_address) and is_listening(self.login),
            dict.fromkeys(map(user, COMMANDS), PASSWORD),
        )
        self._admin = AdminClient({"bootstrap.servers": self.kafka_address})

    def close(self) -> None:
        self._broker.close()

    def as_user(self, command: str) -> dict[str, str]:
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.login,
            "KAFKA_SECURITY_PROTOCOL": "sasl_plaintext",
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_SASL_USERNAME": user(command),
            "KAFKA_SASL_PASSWORD": PASSWORD,
        }

    @staticmethod
    def _binding(kind: type, world: World, command: str, resource: str, operation: str):
        name = world.topic if resource == "topic" else world.group
        type_of = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}[resource]
        return kind(
            type_of,
            name,
            ResourcePatternType.LITERAL,
            f"User:{user(command)}",
            "*",
            OPERATIONS[operation],
            AclPermissionType.ALLOW,
        )

    def grant(self, world: World, right: tuple[str, str, str]) -> None:
        for future in self._admin.create_acls([self._binding(AclBinding, world, *right)]).values():
            future.result(30)
        self._wait_until_known(world, right, 1)

    def take_away(self, world: World, right: tuple[str, str, str]) -> None:
        for future in self._admin.delete_acls([self._binding(AclBindingFilter, world, *right)]).values():
            future.result(30)
        self._wait_until_known(world, right, 0)

    def _wait_until_known(self, world: World, right: tuple[str, str, str], count: int) -> None:
        asked = self._binding(AclBindingFilter, world, *right)
        wait_until(lambda: len(self._admin.describe_acls(asked).result(30)) == count, 30, f"{right} to be known", 0.1)


@pytest.fixture(scope="module")
def guarded(services, tmp_path_factory):
    servers = Guarded(services, tmp_path_factory.mktemp("guarded"))
    yield servers
    servers.close()


def run(world: World, command: str):
    arguments = {
        "init": [],
        "simulate": ["--events", 10],
        "sink": ["--until-caught-up"],
        "status": ["--lag-max", 1_000_000],
        "tap log": ["--from-beginning", "--records", 5],
        "verify": ["--allow-pending"],
    }[command]
    return world.run(*command.split(), *arguments, env=world.services.as_user(command), timeout=60)


@pytest.mark.xdist_group("guarded")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_needs_the_rights_that_the_page_lists_and_no_others(guarded, new_world, command):
    world = new_world(guarded)
    if command != "init":
        world.simulate(50)
        world.catch_up()
        world.must("load")
    rights = [right for right in RIGHTS if right[0] == command]
    for right in rights:
        guarded.grant(world, right)
    for right in rights:
        guarded.take_away(world, right)
        # Of a topic that is not there yet brokers do not tell what may be done with it.
        if command != "init":
            assert doctor_says_what_is_missing(world, right)
        refused = run(world, command)
        assert refused.code == UNAUTHORIZED, f"without {right}: {refused}"
        assert refused.seconds < 15, f"without {right}: {refused}"
        guarded.grant(world, right)
    finished = run(world, command)
    assert finished.code == 0, str(finished)
    if command == "init":
        for right in rights:
            guarded.take_away(world, right)
            assert doctor_says_what_is_missing(world, right)
            guarded.grant(world, right)
    check = doctor_on_rights(world, command)
    assert check["ok"] and f"user {user(command)} may run" in check["message"], check
    assert f"{command} needs" not in check["message"] and command in check["message"], check


def doctor_on_rights(world: World, command: str) -> dict:
    done = world.run("doctor", "--json", env=world.services.as_user(command))
    [check] = [one for one in json.loads(done.out)["checks"] if one["check"] == "rights"]
    return check


def doctor_says_what_is_missing(world: World, right: tuple[str, str, str]) -> bool:
    """By name, with the command that needs it; one whose user may do nothing fails."""
    command, resource, operation = right
    check = doctor_on_rights(world, command)
    assert check["warning"] or not check["ok"], check
    needs = re.search(rf"\b{command} needs ([^,;(]+)", check["message"])
    name = world.topic if resource == "topic" else world.group
    return bool(needs) and f"{operation} on {resource} {name}" in needs[1]
