"""Secrets that nobody wrote down: made once by the stack's first container, and given to each container that needs them."""

import base64
import json
import os
import stat
import subprocess

import pytest
from driver.process import GUARD_SECONDS
from stack import ROOT, SECRET_NAMES

FOLDERS = {
    "lake": {"pipeline_env"},
    "loader": {"pipeline_env", "snowflake_private_key"},
    "minio": {"minio_root_user", "minio_root_password"},
    "postgres": {"postgres_password"},
    "airflow": {
        "pipeline_env",
        "snowflake_private_key",
        "postgres_password",
        "airflow_passwords",
        "airflow_fernet_key",
        "airflow_jwt_secret",
        "airflow_api_secret_key",
    },
    "dashboard": {"pipeline_env"},
}


class Maker:
    """The script of the image without an engine, on folders of the test's own."""

    def __init__(self, folder):
        self.given, self.place = folder / "given", folder / "place"
        self.given.mkdir()
        for name in ("kept", *FOLDERS):
            (self.place / name).mkdir(parents=True)

    def start(self, *arguments, **settings):
        """As Compose starts it: a file for each secret that .env sets, none for an empty one."""
        for name, value in settings.items():
            (self.given / name).write_text(value)
        (self.given / "snowflake_private_key").touch()
        environment = {"PATH": os.environ["PATH"], "SECRETS_GIVEN": str(self.given), "SECRETS_PLACE": str(self.place)}
        return subprocess.Popen(
            [ROOT / "docker/common/make_secrets", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def make(self, **settings):
        one = self.start(**settings)
        printed = one.communicate(timeout=GUARD_SECONDS)
        assert one.returncode == 0 and printed == ("", ""), printed

    def read(self, path):
        return (self.place / path).read_text()

    def secrets(self):
        return {name: self.read(f"kept/{name}") for name in SECRET_NAMES}

    def stamps(self):
        files = [path for path in self.place.rglob("*") if path.is_file() and path.name != ".lock"]
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path)


def test_secrets_are_generated_once(maker):
    maker.make(**dict.fromkeys(SECRET_NAMES[:4], "generate"))
    first = maker.secrets()
    assert "generate" not in first.values() and len(set(first.values())) == len(SECRET_NAMES)
    assert min(map(len, first.values())) >= 16
    assert len(base64.urlsafe_b64decode(first["AIRFLOW_FERNET_KEY"])) == 32
    before = maker.stamps()
    maker.make(**dict.fromkeys(SECRET_NAMES, "generate"))
    assert maker.stamps() == before


def test_what_a_person_set_is_used_and_stays(maker):
    maker.make()
    generated = maker.secrets()
    password = r"""p$A{a}"q"\ 'x' #é"""
    maker.make(MINIO_ROOT_PASSWORD=password, AIRFLOW_ADMIN_PASSWORD=password, SNOWFLAKE_PASSWORD="only-the-loader")
    assert maker.secrets() == {**generated, "MINIO_ROOT_PASSWORD": password, "AIRFLOW_ADMIN_PASSWORD": password}
    assert maker.read("minio/minio_root_password") == password
    assert json.loads(maker.read("airflow/airflow_passwords")) == {"admin": password}
    line = r'''AWS_SECRET_ACCESS_KEY="p\$A{a}\"q\"\\ 'x' #é"'''
    assert line in maker.read("lake/pipeline_env").splitlines()
    assert 'SNOWFLAKE_PASSWORD="only-the-loader"' in maker.read("loader/pipeline_env").splitlines()
    # What .env sets no more: a value that was set stays where one is needed, else it goes.
    maker.make(MINIO_ROOT_PASSWORD="generate")
    assert maker.secrets()["MINIO_ROOT_PASSWORD"] == password
    assert "SNOWFLAKE" not in maker.read("loader/pipeline_env")


def test_each_folder_has_what_its_container_needs_and_only_that(maker):
    maker.make(**{name: f"canary-{name}" for name in SECRET_NAMES}, SNOWFLAKE_PASSWORD="canary-SNOWFLAKE")
    for folder, names in FOLDERS.items():
        files = {path.name: path for path in (maker.place / folder).iterdir()}
        assert set(files) == names
        assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o440}
    texts = {folder: "".join(maker.read(f"{folder}/{name}") for name in names) for folder, names in FOLDERS.items()}
    minio = {"MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"}
    everything = {*SECRET_NAMES, "SNOWFLAKE"}
    assert {folder: {name for name in everything if f"canary-{name}" in text} for folder, text in texts.items()} == {
        "lake": minio,
        "loader": {*minio, "SNOWFLAKE"},
        "minio": minio,
        "postgres": {"POSTGRES_PASSWORD"},
        "airflow": everything - {"DASHBOARD_TOKEN"},
        "dashboard": {"DASHBOARD_TOKEN"},
    }
    assert maker.read("dashboard/pipeline_env") == 'SERVE_TOKEN="canary-DASHBOARD_TOKEN"\n'


def test_a_private_key_goes_to_the_warehouses_containers(maker):
    (maker.given / "snowflake_private_key").write_text("a key\n")
    maker.make(SNOWFLAKE_PRIVATE_KEY_PASSPHRASE="words")
    for folder in ("loader", "airflow"):
        assert maker.read(f"{folder}/snowflake_private_key") == "a key\n"
        lines = maker.read(f"{folder}/pipeline_env").splitlines()
        assert "SNOWFLAKE_PRIVATE_KEY_FILE=/run/secrets/snowflake_private_key" in lines
        assert 'SNOWFLAKE_PRIVATE_KEY_PASSPHRASE="words"' in lines


def test_starts_at_once_agree(maker):
    together = [maker.start() for _ in range(8)]
    for one in together:
        printed = one.communicate(timeout=GUARD_SECONDS)
        assert one.returncode == 0, printed
    secrets = maker.secrets()
    assert maker.read("minio/minio_root_password") == secrets["MINIO_ROOT_PASSWORD"]
    assert maker.read("postgres/postgres_password") == secrets["POSTGRES_PASSWORD"]
    assert maker.read("airflow/postgres_password") == secrets["POSTGRES_PASSWORD"]
    assert f'"{secrets["MINIO_ROOT_PASSWORD"]}"' in maker.read("lake/pipeline_env")


def test_a_start_that_was_cut_off_is_made_good(maker):
    (maker.place / "kept/.POSTGRES_PASSWORD.new").write_text("half")
    (maker.place / "postgres/.postgres_password.new").write_text("half")
    maker.make()
    assert maker.read("postgres/postgres_password") == maker.secrets()["POSTGRES_PASSWORD"] != "half"
    assert not list(maker.place.rglob("*.new"))


def test_a_value_of_two_lines_is_refused_with_its_name(maker):
    one = maker.start(POSTGRES_PASSWORD="first\nsecond")
    _, said = one.communicate(timeout=GUARD_SECONDS)
    assert one.returncode == 1 and "POSTGRES_PASSWORD in .env must be one line" in said and "second" not in said
    assert not list((maker.place / "postgres").iterdir())


def test_a_token_that_the_server_would_not_take_is_refused_with_its_name(maker):
    one = maker.start(DASHBOARD_TOKEN="fifteen-letters")
    _, said = one.communicate(timeout=GUARD_SECONDS)
    assert one.returncode == 1 and "DASHBOARD_TOKEN in .env must have 16 characters" in said and "fifteen" not in said
    maker.make(DASHBOARD_TOKEN="sixteen-letters.")


def test_show_prints_what_a_person_logs_in_with(maker):
    early = maker.start("show")
    _, said = early.communicate(timeout=GUARD_SECONDS)
    assert early.returncode == 1 and "docker compose up makes them" in said and not maker.stamps()
    maker.make()
    secrets = maker.secrets()
    shown = maker.start("show").communicate(timeout=GUARD_SECONDS)[0].splitlines()
    names = ("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "DASHBOARD_TOKEN")
    assert sorted(shown) == sorted([*(f"{name}={secrets[name]}" for name in names), "AIRFLOW_ADMIN_USER=admin"])


def test_a_copied_example_is_all_that_compose_needs(new_stack, tmp_path):
    """Without make, Python or any other program of this machine: the values that the example leaves open are generated, and kept."""
    stack = new_stack()
    assert {stack.settings[name] for name in SECRET_NAMES} == {"generate"}
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    key = tmp_path / "key.p8"
    key.write_text("-- a key --\n")
    key.chmod(0o600)
    os.chown(key, 12345, 12345)

    def up(*options):
        command = ["up", "--wait", *options, "secrets", "minio", "init", "sink"]
        stack.compose(*command, profile="core", environment={"PATH": str(nothing)})
        states = stack.states()
        ended = dict.fromkeys(("secrets", "init"), "exited (0)")
        assert states == {**dict.fromkeys(("kafka", "minio", "sink"), "healthy"), **ended}
        return stack.secrets()

    first = up()
    assert "generate" not in first.values()
    assert up() == first

    # MinIO takes the password that was set by hand, or `init` would have failed.
    stack.set(MINIO_ROOT_PASSWORD="'set-by-hand-$1'", SNOWFLAKE_PRIVATE_KEY_FILE=key)
    second = up("--force-recreate")
    assert second == {**first, "MINIO_ROOT_PASSWORD": "set-by-hand-$1"}
    shown = stack.compose("run", "--rm", "--no-TTY", "secrets", "show", environment={"PATH": str(nothing)}).stdout
    assert "MINIO_ROOT_PASSWORD=set-by-hand-$1\n" in shown and f"MINIO_ROOT_USER={first['MINIO_ROOT_USER']}\n" in shown
    copied = stack.compose("cp", "secrets:/secrets/loader/snowflake_private_key", tmp_path / "copied", check=False)
    assert (tmp_path / "copied").read_text() == "-- a key --\n", copied.stderr

    for service in ("secrets", "minio", "init", "sink"):
        inspected = json.dumps(stack.container(service))
        assert not [name for name, value in second.items() if value in inspected + stack.logs(service)], service
