"""`doctor stack` asks each port of the container stack. Kafka and the S3 server are real here; the pages are stand-ins, and
tests/docker asks a real stack."""

import json
import os

import pytest
from driver.services import free_ports
from driver.stand_in import Asked, StandIn

UNAVAILABLE, UNAUTHORIZED, MISCONFIGURED = 69, 77, 78
PASSWORD = 'of a "test" $4713'
TOKEN = "a token of more than 16 characters"


def console(asked: Asked) -> tuple[int, str]:
    if (asked.method, asked.path) == ("POST", "/api/v1/login"):
        right = json.loads(asked.body)["secretKey"] != "wrong"
        return (204, "") if right else (401, '{"detailedMessage":"invalid login"}')
    return 200, "MinIO Console"


def airflow(asked: Asked) -> tuple[int, str]:
    if (asked.method, asked.path) == ("POST", "/auth/token"):
        right = json.loads(asked.body) == {"username": "admin", "password": PASSWORD}
        return (201, '{"access_token":"t"}') if right else (401, '{"detail":"Invalid credentials"}')
    return 200, "Airflow"


def kafdrop(asked: Asked) -> tuple[int, str]:
    return (200, "<title>Kafdrop: Broker List</title>") if asked.path == "/" else (404, "")


def dashboard(asked: Asked) -> tuple[int, str]:
    if asked.headers.get("authorization") != f"Bearer {TOKEN}":
        return 401, "Log in"
    return (200, 'sdp.receive("current", {"version":1});\n') if asked.path == "/data/current.js" else (404, "")


@pytest.fixture
def stack(world):
    """A world whose environment is that of a stack which is up."""
    world.simulate(10)
    world.must("init")
    answers = {"MINIO_CONSOLE": console, "AIRFLOW": airflow, "KAFDROP": kafdrop, "DASHBOARD": dashboard}
    servers = {name: StandIn(answer) for name, answer in answers.items()}
    keys = world.services.credentials
    world.env |= {
        "KAFKA_PORT": world.services.kafka_address.rsplit(":", 1)[1],
        "MINIO_PORT": world.services.s3_endpoint.rsplit(":", 1)[1],
        "MINIO_BUCKET": world.bucket,
        "MINIO_ROOT_USER": keys["AWS_ACCESS_KEY_ID"],
        "MINIO_ROOT_PASSWORD": keys["AWS_SECRET_ACCESS_KEY"],
        "AIRFLOW_ADMIN_PASSWORD": PASSWORD,
        "DASHBOARD_TOKEN": TOKEN,
        **{f"{name}_PORT": server.url.rsplit(":", 1)[1] for name, server in servers.items()},
    }
    world.stand_ins = servers
    yield world
    for server in servers.values():
        server.close()


def run(stack, *arguments, **env):
    """Exit code, and the checks."""
    done = stack.run("doctor", "stack", "--json", *arguments, env=env)
    assert PASSWORD not in str(done) and TOKEN not in str(done)
    return done.code, json.loads(done.out)["checks"]


def doctor(stack, *arguments, **env):
    """Exit code, and each check's outcome by its name."""
    code, checks = run(stack, *arguments, **env)
    return code, {one["check"]: one["message"] if one["ok"] else f"FAILED {one['message']}" for one in checks}


def failed(checks):
    return {name for name, message in checks.items() if message.startswith("FAILED")}


def test_every_part_of_a_stack_that_is_up_is_asked(stack):
    code, checks = doctor(stack)
    assert code == 0, checks
    assert list(checks) == ["kafka", "minio", "console", "kafdrop", "airflow", "dashboard"]
    assert checks["kafka"].endswith(f"topic {stack.topic} with 3 partitions")
    assert checks["airflow"] == f"127.0.0.1:{stack.env['AIRFLOW_PORT']}: user admin can log in"
    assert checks["dashboard"] == f"127.0.0.1:{stack.env['DASHBOARD_PORT']}: the token opens its pages"
    assert [(one.method, one.path) for one in stack.stand_ins["KAFDROP"].asked] == [("GET", "/")]


def test_only_what_the_profiles_have_is_asked(stack):
    code, checks = doctor(stack, COMPOSE_PROFILES="core")
    assert (code, list(checks)) == (0, ["kafka", "minio", "console"]), checks
    assert stack.stand_ins["AIRFLOW"].asked == stack.stand_ins["DASHBOARD"].asked == []
    code, checks = doctor(stack, COMPOSE_PROFILES="demo")
    assert (code, list(checks)) == (0, ["kafka", "minio", "console", "dashboard"]), checks


@pytest.mark.parametrize("part", ["KAFKA", "MINIO", "MINIO_CONSOLE", "KAFDROP", "AIRFLOW", "DASHBOARD"])
def test_a_part_that_does_not_answer_is_named(stack, part):
    port = free_ports(1)[0]
    code, checks = doctor(stack, **{f"{part}_PORT": str(port)})
    name = part.lower().removeprefix("minio_")
    assert code == UNAVAILABLE and failed(checks) == {name}, checks
    assert f"127.0.0.1:{port}" in checks[name]


def test_a_login_that_is_refused_is_named(stack):
    code, checks = doctor(stack, AIRFLOW_ADMIN_PASSWORD="wrong")
    assert code == UNAUTHORIZED and failed(checks) == {"airflow"}, checks
    assert "user admin was refused (HTTP 401)" in checks["airflow"] and "secrets show" in checks["airflow"]
    code, checks = doctor(stack, MINIO_ROOT_PASSWORD="wrong")
    assert code == UNAUTHORIZED and failed(checks) == {"minio", "console"}, checks
    code, checks = doctor(stack, DASHBOARD_TOKEN="another token than that one")
    assert code == UNAUTHORIZED and failed(checks) == {"dashboard"}, checks
    assert "the token was refused (HTTP 401)" in checks["dashboard"]


def test_a_login_that_everybody_tries_first_is_warned_of(stack):
    """It works, so nothing has failed; who logs in with it does not see it from that."""

    def any_login(asked: Asked) -> tuple[int, str]:
        return (201, '{"access_token":"t"}') if asked.method == "POST" else (200, "Airflow")

    code, checks = run(stack)
    assert code == 0 and not [one for one in checks if one["warning"]], checks
    server = StandIn(any_login)
    try:
        port = server.url.rsplit(":", 1)[1]
        for user, password, is_known in (
            ("admin", "admin", True),
            ("airflow", "airflow", True),
            ("admin", "4713", False),
        ):
            env = {"AIRFLOW_PORT": port, "AIRFLOW_ADMIN_USER": user, "AIRFLOW_ADMIN_PASSWORD": password}
            code, checks = run(stack, **env)
            assert code == 0, checks
            warned = {one["check"]: one["message"] for one in checks if one["warning"]}
            assert set(warned) == ({"airflow"} if is_known else set()), checks
            assert all("tries first" in message and "set another one" in message for message in warned.values())
    finally:
        server.close()


def test_another_server_at_a_port_is_not_taken_for_ours(stack):
    code, checks = doctor(
        stack,
        KAFDROP_PORT=stack.env["AIRFLOW_PORT"],
        AIRFLOW_PORT=stack.env["KAFDROP_PORT"],
        DASHBOARD_PORT=stack.env["KAFDROP_PORT"],
    )
    assert code == MISCONFIGURED and failed(checks) == {"kafdrop", "airflow", "dashboard"}, checks
    assert "something else answers there" in checks["kafdrop"] and "set AIRFLOW_PORT" in checks["airflow"]


def test_secrets_that_the_stack_made_are_taken_as_it_prints_them(stack):
    generated = {
        "MINIO_ROOT_USER": "generate",
        "MINIO_ROOT_PASSWORD": "generate",
        "AIRFLOW_ADMIN_PASSWORD": "",
        "DASHBOARD_TOKEN": "generate",
    }
    code, checks = doctor(stack, **generated)
    assert code == MISCONFIGURED and failed(checks) == {"minio", "console", "airflow", "dashboard"}, checks
    assert all("secrets show" in checks[name] for name in failed(checks))

    shown = stack.folder / "shown"
    shown.write_text(
        f"MINIO_ROOT_USER={stack.env['MINIO_ROOT_USER']}\r\nMINIO_ROOT_PASSWORD={stack.env['MINIO_ROOT_PASSWORD']}\r\n"
        f"AIRFLOW_ADMIN_USER=admin\r\nAIRFLOW_ADMIN_PASSWORD={PASSWORD}\r\n"
        f"DASHBOARD_TOKEN={TOKEN}\r\n"
    )
    code, checks = doctor(stack, "--secrets", shown, **generated)
    assert code == 0, checks
    piped = stack.run("doctor", "stack", "--secrets", "-", env=generated, prepare=lambda: os.dup2(os.open(shown, 0), 0))
    assert piped.code == 0, str(piped)


def test_settings_come_from_the_stacks_own_file(stack):
    names = (
        "KAFKA_PORT",
        "KAFKA_TOPIC",
        "AIRFLOW_PORT",
        "KAFDROP_PORT",
        "MINIO_PORT",
        "MINIO_CONSOLE_PORT",
        "MINIO_BUCKET",
        "DASHBOARD_PORT",
    )
    secret = ("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "DASHBOARD_TOKEN")
    file = stack.folder / "stack.env"
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}='{stack.env.pop(name)}'\n" for name in (*names, *secret)))
    code, checks = doctor(stack, SPOTIFY_ENV_FILE=str(file))
    assert code == 0 and len(checks) == 6, checks
