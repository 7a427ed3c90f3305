"""`forget` of a person whose lake was loaded into a warehouse of several: no row, no file and no byte of this person is left there, and
everything else is as in a warehouse that never had the person."""

import json
import os
import shutil
import signal
import subprocess

import pytest
from driver import parsed
from driver.embedded import Embedded
from driver.process import GUARD_SECONDS
from driver.services import clean_environment
from driver.warehouse import holding, query, told_by
from test_forget import TITLE, is_of_somebody, tree, user_of
from test_import import extended_rows, imported, write

IN_USE, MISCONFIGURED = 75, 78
# In the order of the steps of `forget`.
STEPS = ["mark", "copy", "build", "check", "switch", "published", "files", "end"]
# Every row of every table, without what differs from build to build of the same rows, and what tells of the last build alone.
CONTENT = """
import duckdb, json, sys
TIMES = {"transformed_at", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "closed_at", "made_by"}
LAST = ("int_batch", "int_touched", "int_dirty", "int_heard_changes", "int_heard_stretches")
connection = duckdb.connect(sys.argv[1], read_only=True)
columns = {}
every = "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
for schema, table, column in connection.execute(every).fetchall():
    if column not in TIMES and not table.startswith(LAST):
        columns.setdefault(f"{schema}.{table}", []).append(column)
rows = {table: connection.execute(f"SELECT {', '.join(columns[table])} FROM {table}").fetchall() for table in columns}
print(json.dumps({table: sorted(map(str, found)) for table, found in rows.items()}))
"""
# Tables of several databases with a row that has one of these texts.
FIND = """
import duckdb, json, sys
found = []
for place in sys.argv[1].split():
    connection = duckdb.connect(place, read_only=True)
    for schema, table in connection.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall():
        for word in sys.argv[2:]:
            counted = f"SELECT count(*) FROM {schema}.{table} AS one WHERE contains(CAST(one AS VARCHAR), '{word}')"
            if connection.execute(counted).fetchone()[0]:
                found.append(f"{place}: {schema}.{table}")
print(json.dumps(found))
"""


class Shared:
    """A warehouse of `run`, into which the lakes of persons are loaded, too."""

    def __init__(self, binary, deps, folder):
        self.deps, self.folder = deps, folder
        self.everybody = Embedded(binary, deps, folder)
        self.warehouse = self.everybody.data / "warehouse" / "spotify_db.duckdb"
        self.published = self.warehouse.parent / "published"

    def person(self, name: str):
        return self.folder / name

    def run(self, command: str, *arguments):
        done = self.everybody.start_as(command, *arguments).wait(180)
        assert done.code == 0, str(done)
        return done

    def add(self, name: str) -> None:
        self.run("load", "--lake", self.person(name) / "lake", "--warehouse", self.warehouse, "--add-lake")
        self.build()

    def build(self) -> None:
        self.run("transform", "--warehouse", self.warehouse, "--work-dir", self.everybody.data / "transform")

    def line(self, *words):
        return [self.everybody.binary, *map(str, words)]

    def environment(self):
        return clean_environment() | parsed.environment() | {"SDP_DEPS_DIR": str(self.deps)}

    def ask(self, *words) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.line(*words),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )

    def words(self, name: str, *more):
        return ["forget", "ada", "--data", self.person(name), "--warehouse", self.warehouse, *more]

    def forget(self, name: str, *more) -> dict:
        done = self.ask(*self.words(name, "--json", *more))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def rows(self, sql: str) -> list[list]:
        return query(self.deps, self.warehouse, sql)

    def content(self) -> dict[str, list]:
        """Every row of every table, but when it was built."""
        return told_by(self.deps, CONTENT, self.warehouse)

    def must_prove(self) -> None:
        other = ["--other-lake", self.person("bob") / "lake"]
        done = self.ask("verify", "--json", "--data", self.everybody.data, *other)
        assert done.returncode == 0, done.stdout + done.stderr

    def left_of(self, *words: str) -> list[str]:
        """Where one of these texts is: files by their bytes, tables of all databases by their rows."""
        files = [path for path in self.everybody.data.rglob("*") if path.is_file() and not path.is_symlink()]
        found = [str(path) for path in files if any(word.encode() in path.read_bytes() for word in words)]
        databases = [str(path) for path in files if path.suffix == ".duckdb"]
        return found + told_by(self.deps, FIND, " ".join(databases), *words)


@pytest.fixture(scope="module")
def template(binary, deps, tmp_path_factory):
    """A simulation, bob and ada in one warehouse, that without ada beside it, and a second lake of ada."""
    folder = tmp_path_factory.mktemp("shared")
    shared = Shared(binary, deps, folder)
    for seed, (name, account) in enumerate([("bob", "bob"), ("ada", "ada"), ("ada-again", "ada")]):
        person = Embedded(binary, deps, folder / "made")
        (folder / "made").mkdir(exist_ok=True)
        person.data = shared.person(name)
        rows = [row | {"username": account} for row in extended_rows(200, min(seed, 1), days=500)]
        for row in rows:
            row["master_metadata_track_name"] = f"{TITLE} but {account}"
        imported(person, write(folder / "made" / f"{name}.json", rows))
        person.close()
    shared.everybody.must_prove(3_000, "--mix", "listeners")
    shared.add("bob")
    shutil.copytree(shared.everybody.data, folder / "never")
    shared.add("ada")
    shared.everybody.close()
    return folder


@pytest.fixture
def shared(binary, deps, template, tmp_path):
    for name in ("data", "bob", "ada", "ada-again"):
        shutil.copytree(template / name, tmp_path / name, symlinks=True)
    one = Shared(binary, deps, tmp_path)
    yield one
    one.everybody.close()


@pytest.fixture(scope="module")
def never(binary, deps, template):
    """What the warehouse has that never had ada."""
    one = Shared(binary, deps, template)
    one.warehouse = template / "never" / "warehouse" / "spotify_db.duckdb"
    return one.content()


def test_nothing_is_left_of_a_person_and_all_else_is_as_without(shared, never):
    ada = (user_of("ada"), "but ada")
    site = shared.everybody.data / "site"
    work = shared.everybody.data / "transform"
    shared.run("publish", "--warehouse", shared.warehouse, "--work-dir", work, "--static", site)
    (work / "notes.log").write_text("of somebody else")
    before = shared.left_of(*ada)
    assert str(shared.warehouse) in before
    for place in ("/published/", "/site/"):
        assert any(place in path for path in before), place
    assert shared.content() != never
    [[events]] = shared.rows(f"SELECT count(*) FROM TRANSFORM.SPOTIFY_SILVER WHERE user_id = '{user_of('ada')}'")

    # A dry run says what would go, and where, and changes nothing.
    bytes_before = tree(shared.folder)
    said = shared.forget("ada")
    assert said["dry_run"] and tree(shared.folder) == bytes_before
    [here] = said["warehouses"]
    assert here["warehouse"] == str(shared.warehouse) and not here["unfinished"]
    assert here["rows"]["BRONZE.SPOTIFY_EVENTS"] == int(events) and here["rows"]["BRONZE.LOAD_LEDGER"] > 0
    assert here["rows"]["MART.listener_history"] == 1 and here["stay_by_topic"] == {}
    assert here["published"]["files"] > 0 and here["work"]["files"] > 0
    assert here["files"] == [str(shared.everybody.data / "report.html")]
    told = shared.ask(*shared.words("ada"))
    assert f"BRONZE.SPOTIFY_EVENTS {int(events):,}" in told.stdout and "nothing is removed without --yes" in told.stdout

    shared.forget("ada", "--static", site, "--yes")
    assert shared.left_of(*ada) == []
    assert not shared.person("ada").exists()
    assert not is_of_somebody(shared.warehouse, "ada")
    assert shared.content() == never
    assert shared.left_of(user_of("bob")) != []
    assert len([path for path in shared.published.iterdir() if path.name.startswith("20")]) == 1
    assert not (shared.warehouse.parent / ".forgetting").exists()
    assert (work / "notes.log").read_text() == "of somebody else"
    shared.must_prove()
    # The next build goes on from there.
    shared.build()
    assert shared.content() == never


def test_the_same_events_of_another_lake_of_the_person_stay_and_are_told(shared, never):
    """Each event of the one lake has its duplicate in the other."""
    shared.add("ada-again")
    [[duplicates]] = shared.rows("SELECT count(*) FROM TRANSFORM.SPOTIFY_DUPLICATES")
    assert duplicates > 0
    said = shared.forget("ada", "--yes")
    [here] = said["warehouses"]
    [(topic, rows)] = here["stay_by_topic"].items()
    assert rows > 0
    assert shared.rows("SELECT count(*) FROM TRANSFORM.SPOTIFY_DUPLICATES") == [[0]]
    user = user_of("ada")
    of_ada = f"SELECT DISTINCT topic_id FROM TRANSFORM.SPOTIFY_SILVER WHERE user_id = '{user}'"
    assert shared.rows(of_ada) == [[topic]]
    told = shared.ask(*shared.words("ada-again"))
    assert "stay" not in told.stdout
    shared.forget("ada-again", "--yes")
    assert shared.left_of(user, "but ada") == []
    assert shared.content() == never


def test_killed_at_any_step_it_is_finished_by_the_next(shared, never):
    opening = [
        ["verify", "--data", shared.everybody.data, "--other-lake", shared.person("bob") / "lake"],
        ["load", "--lake", shared.everybody.data / "lake", "--warehouse", shared.warehouse],
        ["transform", "--warehouse", shared.warehouse, "--work-dir", shared.everybody.data / "transform"],
        ["publish", "--warehouse", shared.warehouse, "--work-dir", shared.everybody.data / "transform"],
        ["marts", "--data", shared.everybody.data],
    ]
    for at in STEPS:
        kill_at(shared, at)
        assert shared.person("ada").exists()
        # Before the mark is there nothing is changed, and nobody need be told.
        if at == "mark":
            continue
        for words in opening:
            refused = shared.ask(*words)
            assert refused.returncode == MISCONFIGURED, (at, words, refused)
            message = json.loads(refused.stderr.splitlines()[-1])["message"]
            assert "a `forget` was stopped before its end" in message, message
            assert message.endswith(f"--warehouse {shared.warehouse} --yes"), message
        # Whoever is forgotten next waits for that.
        other = shared.ask("forget", "bob", "--data", shared.person("bob"), "--warehouse", shared.warehouse, "--yes")
        assert (other.returncode, "finish it first" in other.stderr) == (MISCONFIGURED, True), other
        assert shared.forget("ada")["warehouses"][0]["unfinished"]
    shared.forget("ada", "--yes")
    assert shared.left_of(user_of("ada"), "but ada") == []
    assert not shared.person("ada").exists() and not (shared.warehouse.parent / ".forgetting").exists()
    assert shared.content() == never
    shared.must_prove()


def kill_at(shared, step: str) -> None:
    """At the begin of the step, before it has done anything."""
    process = subprocess.Popen(
        shared.line(*shared.words("ada", "--yes")),
        cwd=shared.folder,
        env=shared.environment() | {"SPOTIFY_TESTING_FORGET_WAITS_AT": step},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process.stderr:
        for line in process.stderr:
            event = json.loads(line)
            if (event["event"], event.get("step")) == ("forget.step", step):
                break
        os.kill(process.pid, signal.SIGKILL)
    assert process.wait(GUARD_SECONDS) == -signal.SIGKILL


def test_what_fails_before_the_switch_leaves_the_warehouse_as_it_was(shared, deps):
    before = shared.content()
    files = tree(shared.everybody.data / "warehouse")

    def refused(code: int, *more, says: str) -> None:
        done = shared.ask(*shared.words("ada", "--yes", *more))
        assert (done.returncode, says in done.stderr) == (code, True), done
        assert tree(shared.everybody.data / "warehouse") == files
        assert shared.person("ada").exists()

    refused(MISCONFIGURED, "--mapping", "listenbrainz", says="its marts were built with no mapping")
    (shared.folder / "broken").mkdir()
    (shared.folder / "broken" / "dbt_project.yml").write_text("name: broken\n")
    done = shared.ask(*shared.words("ada", "--yes", "--dbt-project", shared.folder / "broken"))
    assert done.returncode != 0
    assert not (shared.warehouse.parent / ".forgetting").exists()
    assert shared.content() == before
    with holding(deps, shared.warehouse):
        refused(IN_USE, says="spotify_db.duckdb")


def test_what_somebody_made_in_the_warehouse_is_named_first(shared, deps):
    make = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('CREATE TABLE MART.mine AS FROM MART.top_songs')"
    subprocess.run([deps / "venv-dbt" / "bin" / "python3", "-B", "-c", make, shared.warehouse], check=True)
    done = shared.ask(*shared.words("ada"))
    assert (done.returncode, "MART.mine was made by somebody" in done.stderr) == (MISCONFIGURED, True), done


def test_a_warehouse_is_found_or_refused_by_its_name(shared):
    own = shared.person("ada") / "warehouse" / "spotify_db.duckdb"
    for words, says in [
        (["--warehouse", own], "is in the folder of the person"),
        (["--warehouse", "snowflake"], "removes no rows from Snowflake"),
        (["--warehouse", shared.folder / "none" / "spotify_db.duckdb"], "there is no warehouse"),
    ]:
        done = shared.ask("forget", "ada", "--data", shared.person("ada"), *words)
        assert (done.returncode, says in done.stderr) == (MISCONFIGURED, True), done
    # That of `run` is looked at without being named.
    done = shared.ask("forget", "ada", "--data", shared.person("ada"), "--json")
    [here] = json.loads(done.stdout)["warehouses"]
    assert (here["warehouse"], here["rows"]["BRONZE.SPOTIFY_EVENTS"] > 0) == ("data/warehouse/spotify_db.duckdb", True)
