"""Commands find the servers that `spotify-services up` started by the files in its folder."""

import json
import subprocess

from driver.process import GUARD_SECONDS
from driver.services import clean_environment, free_ports

UNAVAILABLE = 69
MISCONFIGURED = 78


def call(world, *arguments, data, **env):
    """With the folder of the servers as the only thing that is told of them."""
    return subprocess.run(
        [world.services.binary, *map(str, arguments)],
        env=clean_environment() | {"SPOTIFY_SERVICES_DATA": str(data)} | env,
        cwd=world.folder,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )


def test_commands_take_addresses_and_keys_from_the_folder_of_the_servers(world):
    names = ["--topic", world.topic, "--lake", f"s3://{world.bucket}"]
    made = call(world, "init", *names, data=world.services.data)
    assert made.returncode == 0, made.stderr
    told = call(world, "status", "--json", *names, data=world.services.data)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["lag"] == 0


def test_an_address_that_is_set_comes_first(world):
    dead = f"127.0.0.1:{free_ports(1)[0]}"
    names = ["--topic", world.topic, "--lake", f"s3://{world.bucket}"]
    by_flag = call(world, "status", "--bootstrap-servers", dead, *names, data=world.services.data)
    by_variable = call(world, "status", *names, data=world.services.data, KAFKA_BOOTSTRAP_SERVERS=dead)
    for ended in (by_flag, by_variable):
        assert ended.returncode == UNAVAILABLE
        assert dead in ended.stderr


def test_a_run_on_servers_that_were_never_started_names_the_command(world, tmp_path):
    ended = call(world, "run", "--profile", "services", "--data", tmp_path / "other", data=tmp_path)
    assert ended.returncode == UNAVAILABLE
    assert f"spotify-services up --data {tmp_path / 'other' / 'services'}" in ended.stderr


def test_damaged_endpoints_are_named(world, tmp_path):
    (tmp_path / "endpoints.json").write_text("{}")
    ended = call(world, "simulate", "--events", 1, data=tmp_path)
    assert ended.returncode == MISCONFIGURED
    assert str(tmp_path / "endpoints.json") in ended.stderr


def test_the_first_status_of_a_new_cluster_is_an_answer(own_services, new_world):
    """Nobody was ever a member of any group there: the coordinator of the first one is still being made."""
    world = new_world(own_services())
    names = ["--topic", world.topic, "--lake", f"s3://{world.bucket}"]
    for command in ("init", "status"):
        ended = call(world, command, *names, data=world.services.data)
        assert ended.returncode == 0, ended.stderr
