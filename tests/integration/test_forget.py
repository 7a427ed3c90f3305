"""`forget`: what `run --import` keeps of a person is gone as a whole, of others nothing is, and what is not a person's folder stays."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from driver.embedded import Embedded
from driver.process import GUARD_SECONDS
from driver.services import clean_environment
from test_import import extended_rows, uuid5

DATA_ERROR, IN_USE, MISCONFIGURED = 65, 75, 78
# Without metadata.
OBJECT = "spotify_events_2026-02-15T17-52-36_t1a2b3c4d_p3_o00000000000000000042.json"
TITLE = "A song that nobody else has"


def user_of(name: str) -> str:
    return uuid5(f"listener:{name}")


def tree(folder) -> dict[str, str]:
    """Every path with its bytes' hash, or what else it is."""
    found = {}
    for path in sorted(folder.rglob("*")):
        what = f"link to {path.readlink()}" if path.is_symlink() else "folder" if path.is_dir() else None
        found[str(path.relative_to(folder))] = what or hashlib.sha256(path.read_bytes()).hexdigest()
    return found


class Home:
    """A folder in which a person types commands."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.people = folder / "data" / "history"

    def line(self, *words):
        return [self.binary, "forget", *map(str, words)]

    def forget(self, *words) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.line(*words),
            cwd=self.folder,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )

    def must(self, *words) -> str:
        done = self.forget(*words)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def refused(self, code: int, *words) -> str:
        """The error, when a dry run and a real one are both refused and change nothing."""
        before = tree(self.folder)
        for more in ([], ["--yes"], ["--yes", "--json"]):
            done = self.forget(*words, *more)
            assert (done.returncode, done.stdout) == (code, ""), done
        assert tree(self.folder) == before
        return done.stderr

    def person(self, name: str, folder=None, target: str = "lake"):
        """A folder as an import leaves it, with a lake that nobody can read."""
        folder = folder or self.people / name
        hour = folder / "lake" / "bronze" / "date=2026-02-15" / "hour=17"
        hour.mkdir(parents=True)
        (hour / OBJECT).write_text(f"{TITLE} of {name}")
        (folder / "report.html").write_text(f"{TITLE} of {name}")
        (folder / ".lock").write_text("1")
        line = {"sha256": "0" * 64, "target": target, "user_id": user_of(name), "extended_days": [], "account_days": []}
        (folder / "imported.jsonl").write_text(json.dumps(line) + "\n")
        return folder


@pytest.fixture
def home(binary, tmp_path):
    one = Home(binary, tmp_path / "home")
    one.people.mkdir(parents=True)
    return one


@pytest.fixture(scope="module")
def imported(binary, deps, tmp_path_factory):
    """Two persons, in the folders that `run --import` makes by itself. Nothing of them is kept anywhere else."""
    folder, elsewhere = tmp_path_factory.mktemp("imported"), tmp_path_factory.mktemp("elsewhere")
    places = {
        name: str(elsewhere / name) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")
    }
    for place in places.values():
        os.mkdir(place)
    for seed, name in enumerate(["ada", "bob"]):
        rows = extended_rows(60, seed, days=90)
        for row in rows:
            row["username"] = name
            row["master_metadata_track_name"] = f"{TITLE} but {name}"
        export = folder / f"{name}.json"
        export.write_text(json.dumps(rows), encoding="utf-8")
        pipeline = Embedded(binary, deps, folder)
        pipeline.data = folder / "data" / "history" / name
        finished = pipeline.start("--import", export, env=places).wait(180)
        assert finished.code == 0, str(finished)
        export.unlink()
    # What a run prints stands beside its folder here.
    paths = [path for path in [*folder.rglob("*"), *elsewhere.rglob("*")] if path.parent != folder]
    kept = [path for path in paths if is_of_somebody(path, "ada", "bob")]
    assert all(path.is_relative_to(folder / "data" / "history") for path in kept), kept
    assert len(kept) > 3
    return folder


def is_of_somebody(path, *names: str) -> bool:
    """Whether a file has a person's id or a title that only this person has; what is compressed is not looked into."""
    if path.is_symlink() or not path.is_file():
        return False
    content = path.read_bytes()
    return any(word in content for name in names for word in (user_of(name).encode(), f"but {name}".encode()))


def test_a_person_is_counted_then_gone_and_another_is_untouched(binary, deps, imported, tmp_path):
    home = Home(binary, tmp_path / "home")
    shutil.copytree(imported / "data", home.folder / "data", symlinks=True)
    ada, before = home.people / "ada", tree(home.folder)
    pipeline = Embedded(binary, deps, tmp_path)
    pipeline.data = imported / "data" / "history" / "ada"
    [[events]] = pipeline.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS")
    files = [path for path in ada.rglob("*") if path.is_symlink() or not path.is_dir()]
    size = sum(path.stat().st_size for path in files if not path.is_symlink())
    kept = {"files": len(files), "bytes": size, "events": int(events), "produced_to_topics": []}

    said = json.loads(home.must("ada", "--json"))
    folder = {"folder": "data/history/ada", "user_id": user_of("ada")}
    assert said == {"schema_version": 1, "dry_run": True, **folder, "kept": kept, "unfinished": None, "warehouses": []}
    told = home.must("ada")
    counts = f"{int(events):,} events, {len(files):,} files, {size:,} bytes"
    assert told.startswith(f"data/history/ada: {counts}, all of user {user_of('ada')}\n"), told
    assert "what `import` produced to Kafka" in told and "nothing is removed without --yes" in told
    assert tree(home.folder) == before

    told = home.must("ada", "--yes")
    assert counts in told and told.endswith("\nRemoved\n")
    left = {path: what for path, what in before.items() if "history/ada" not in path}
    assert tree(home.folder) == left
    for path in home.folder.rglob("*"):
        assert "ada" not in path.name.split(".")
        if path.is_file():
            content = path.read_bytes()
            assert user_of("ada").encode() not in content and b"but ada" not in content, path
    assert "there is no folder data/history/ada" in home.refused(MISCONFIGURED, "ada")


def test_what_cannot_be_read_is_removed_too_and_topics_are_named(home):
    home.person("ada", target="7b0f6e0e-topic")
    told = home.must("ada")
    assert "events of a lake that cannot be read, 4 files" in told and "ids: 7b0f6e0e-topic\n" in told
    said = json.loads(home.must("ada", "--yes", "--json"))
    assert said["kept"]["events"] is None and said["kept"]["produced_to_topics"] == ["7b0f6e0e-topic"]
    assert not said["dry_run"] and tree(home.people) == {}


def test_a_folder_elsewhere_and_a_name_that_is_no_folders_name(home):
    elsewhere = home.person("ada", home.folder / "srv" / "ada")
    home.person("Ada Lövelace", home.people / user_of("Ada Lövelace"))
    home.must("ada", "--data", f"{elsewhere}/", "--yes")
    assert not elsewhere.exists() and tree(home.folder / "srv") == {}
    home.must("Ada Lövelace", "--yes")
    assert tree(home.people) == {}
    # A name with a slash is forgotten by the id under which it is kept.
    home.person("a/b", home.people / user_of("a/b"))
    assert "is not the name of a person" in home.refused(MISCONFIGURED, "a/b")
    home.must(user_of("a/b"), "--yes")
    assert tree(home.people) == {}


@pytest.mark.parametrize("name", ["../history/ada", "ada/", "/ada", ".", "..", ".ada.forgotten", ""])
def test_a_path_is_no_name(home, name):
    home.person("ada")
    assert "is not the name of a person" in home.refused(MISCONFIGURED, name)
    # Nor beside a folder.
    assert "is not the name of a person" in home.refused(MISCONFIGURED, name, "--data", home.people / "ada")


def test_what_is_no_folder_of_this_person_stays(home):
    ada = home.person("ada")
    (home.people / "link").symlink_to(ada)
    (home.people / "file").write_text("x")
    (home.people / "empty").mkdir()
    stopped = home.person("stopped")
    (stopped / "imported.jsonl").unlink()
    both = home.person("both")
    with (both / "imported.jsonl").open("a") as file:
        file.write((ada / "imported.jsonl").read_text())
    more = home.person("more")
    (more / "thesis.tex").write_text("x")
    broken = home.person("broken")
    (broken / "imported.jsonl").write_text("{\n")
    for code, words, says in [
        (MISCONFIGURED, ["nobody"], "there is no folder data/history/nobody"),
        (MISCONFIGURED, ["link"], "data/history/link is a symbolic link"),
        (MISCONFIGURED, ["ada", "--data", f"{home.people}/link/"], "/link is a symbolic link"),
        (MISCONFIGURED, ["file"], "data/history/file is not a folder"),
        (MISCONFIGURED, ["empty"], "data/history/empty/imported.jsonl has no import"),
        (MISCONFIGURED, ["stopped"], "data/history/stopped/imported.jsonl has no import"),
        (MISCONFIGURED, ["both"], f"has an import of user {user_of('ada')}"),
        (MISCONFIGURED, ["bob", "--data", ada], f"has an import of user {user_of('ada')}"),
        (MISCONFIGURED, ["more"], "data/history/more/thesis.tex is nothing that an import makes"),
        (MISCONFIGURED, ["ada", "--data", home.folder / "data"], "has no import"),
        (DATA_ERROR, ["broken"], "data/history/broken/imported.jsonl, line 1: this is not a record of an import"),
    ]:
        assert says in home.refused(code, *words), words


@pytest.mark.parametrize("lock", [fcntl.LOCK_EX, fcntl.LOCK_SH])
def test_a_folder_that_a_command_uses_stays(home, lock):
    ada = home.person("ada")
    before = tree(ada)
    with (ada / ".lock").open() as held:
        fcntl.flock(held, lock)
        removal = home.forget("ada", "--yes")
        assert removal.returncode == IN_USE
        assert "data/history/ada is in use by process 1;" in removal.stderr
        # Who only looks may do so beside others who do.
        assert home.forget("ada").returncode == (IN_USE if lock == fcntl.LOCK_EX else 0)
    assert tree(ada) == before
    home.must("ada", "--yes")
    assert tree(home.people) == {}


def test_what_a_killed_forget_left_is_finished_by_the_next(home):
    home.person("bob")
    bob = tree(home.people)
    # It was killed while it deleted, and the person was imported again since.
    home.person("ada").rename(home.people / ".ada.forgotten")
    (home.people / ".ada.forgotten" / "imported.jsonl").unlink()
    told = home.must("ada")
    assert told.startswith("data/history/.ada.forgotten: 3 files, "), told
    home.person("ada")
    before = tree(home.people)
    said = json.loads(home.must("ada", "--json"))
    assert (said["kept"]["files"], said["unfinished"]["files"]) == (4, 3)
    assert tree(home.people) == before
    home.must("ada", "--yes")
    assert tree(home.people) == bob
    # The same where nothing of the person came again.
    (home.people / ".ada.forgotten" / "lake").mkdir(parents=True)
    home.must("ada", "--yes")
    assert tree(home.people) == bob
    # A link in its place leads anywhere.
    (home.people / ".ada.forgotten").symlink_to(home.people / "bob")
    assert "is a symbolic link" in home.refused(MISCONFIGURED, "ada")


def test_a_forget_that_is_killed_leaves_nothing_under_the_persons_name(home):
    ada, aside = home.person("ada"), home.people / ".ada.forgotten"
    for at in range(30_000):
        (ada / "lake" / "bronze" / f"{at}").touch()
    process = subprocess.Popen(
        home.line("ada", "--yes"), cwd=home.folder, env=clean_environment(), stdout=subprocess.DEVNULL
    )
    limit = time.monotonic() + GUARD_SECONDS
    while not aside.exists() and process.poll() is None and time.monotonic() < limit:
        pass
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(GUARD_SECONDS) == -signal.SIGKILL
    assert aside.exists() and not ada.exists()
    home.must("ada", "--yes")
    assert tree(home.people) == {}
