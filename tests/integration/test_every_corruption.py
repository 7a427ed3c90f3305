"""Everything that a finished pipeline keeps is spoilt in every way that there is, one at a time; `verify` names it each time.

What there is comes from the warehouse's own catalogue and from the lake's own files, so a table, a column or a member that is new is
spoilt without a change here. What `verify` does not see stands in its list of what is not proved.

SDP_CORRUPTIONS says how many of them a fixed seed draws (15; `make soak`: all).
"""

import fnmatch
import json
import os
import random
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

import pytest
from driver import lake_object, spoil_lake
from driver.embedded import Embedded
from driver.process import GUARD_SECONDS
from driver.services import clean_environment

DRAWN = 15
THREADS = 2
PROVED, NOT_NAMED = "proved", "not named"
WAREHOUSE = Path("warehouse") / "spotify_db.duckdb"

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("every-corruption")]


class SpoilerProcess:
    """DuckDB's module stands in another environment than the tests."""

    def __init__(self, deps: Path):
        python = deps / "venv-dbt" / "bin" / "python3"
        script = Path(__file__).resolve().parents[1] / "driver" / "spoil_warehouse.py"
        self._process = subprocess.Popen(
            [python, "-B", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, request: dict):
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        reply = json.loads(self._process.stdout.readline())
        assert "answer" in reply, f"{request}: {reply}"
        return reply["answer"]

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(30)


def is_of_shape(one: dict) -> bool:
    """Not of what stands in a table, but of what the table is."""
    if one.get("do") == "column":
        return one["what"] != "all NULL"
    return one.get("do") == "schema" or one["what"] in ("dropped", "renamed", "column added")


class Proof:
    """What `verify` says that it proves."""

    def __init__(self, lines: list[dict]):
        self.lines = lines

    def find(self, place: str, part: str) -> dict | None:
        """The line of one part; of all parts; or of all tables of such a name."""
        for line in self.lines:
            if line["place"] == place and line["part"] in (part, "*"):
                return line
        return next((line for line in self.lines if fnmatch.fnmatchcase(place, line["place"])), None)

    def is_excused(self, one: dict) -> bool:
        if "place" in one:
            line = self.find(one["place"], one["part"])
            return line is not None and not line["proved"]
        table = f"{one['schema']}.{one['table']}".upper()
        if one["do"] == "table" and one["what"] in ("dropped", "renamed"):
            # That a table is gone is only excused where the list says it of the table itself.
            return any(line["place"] == table and line["part"] == "the table itself" for line in self.lines)
        line = self.find(table, one.get("column", "*"))
        if line is None or line["proved"]:
            return False
        # The shape of a column with a type is proved, whatever is said of its cells.
        return not (is_of_shape(one) and "type" in line)


def where_proved(proof: Proof, one: dict) -> dict:
    """Rows of which nothing is proved are not drawn."""
    if one.get("do") not in ("cell", "column"):
        return one
    line = proof.find(f"{one['schema']}.{one['table']}".upper(), one["column"])
    return one | {"where": line["rows"]} if line and line.get("rows") else one


def named(one: dict) -> str:
    parts = [
        str(value) for name, value in one.items() if name not in ("do", "type", "where", "at") and value is not None
    ]
    return " ".join(parts)


@pytest.fixture(scope="module")
def whole(binary, deps, tmp_path_factory):
    """Two runs, so that there are batches and a history, with records that no simulator makes between them, some hours closed, and
    an object that is ignored."""
    embedded = Embedded(binary, deps, tmp_path_factory.mktemp("whole"))
    for seed in (7, 8):
        if seed == 8:
            lake_object.put_odd_records(embedded.data / "lake")
        finished = embedded.run(
            900, "--mix", "realistic", "--users", 25, "--seed", seed, "--compression", "none", "--batch-records", 150
        )
        assert finished.code == 0, str(finished)
    lake = embedded.data / "lake"
    spoil_lake.close_hours(lake)
    stray = spoil_lake.put_stray(lake)
    words = ["repair", stray, "--lake", lake, "--reason", "a copy", "--apply", "--sinks-stopped"]
    subprocess.run([binary, "lake", *words], env=clean_environment(), cwd=embedded.folder, check=True)
    yield embedded
    embedded.close()


@pytest.fixture(scope="module")
def proof(whole) -> Proof:
    report = whole.verify()
    assert report["proved"] is True
    assert report["rejected"] > 0 and report["duplicates"] > 0
    return Proof(report["proof"])


class Attempt:
    """One corruption of a copy that shares what it does not change."""

    def __init__(self, whole: Embedded, spoiler: SpoilerProcess, folder: Path):
        self.whole, self.spoiler, self.folder = whole, spoiler, folder

    def run(self, one: dict) -> tuple[bool, str]:
        """Whether the corruption could be made, and what is wrong with verify's answer to it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        # A lock is of one folder only.
        shutil.copytree(self.whole.data, self.folder, copy_function=os.link, ignore=shutil.ignore_patterns(".lock"))
        if "place" in one:
            made = spoil_lake.spoil(self.folder, one)
        else:
            (self.folder / WAREHOUSE).unlink()
            request = {"from": str(self.whole.data / WAREHOUSE), "to": str(self.folder / WAREHOUSE), "do": one}
            made = self.spoiler.ask(request)
        return (True, self.verify(one)) if made else (False, "")

    def verify(self, one: dict) -> str:
        done = subprocess.run(
            [self.whole.binary, "verify", "--data", self.folder, "--json"],
            env=clean_environment() | {"SDP_DEPS_DIR": str(self.whole.deps)},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        if done.returncode == 0:
            return PROVED
        if done.returncode != 20:
            return f"exit code {done.returncode}: {done.stderr[-400:]}"
        names = [name for finding in json.loads(done.stdout)["findings"] for name in finding["named"]]
        if not names:
            return NOT_NAMED
        if is_of_shape(one) and not any(one["table"].upper() in name for name in names):
            return f"{NOT_NAMED}: {names[:3]}"
        return ""


def test_every_corruption_is_named_or_listed(whole, proof, deps, tmp_path, say):
    spoilers = [SpoilerProcess(deps) for _ in range(THREADS)]
    ones = spoilers[0].ask({"list": str(whole.data / WAREHOUSE)})
    in_warehouse, in_lake = [where_proved(proof, one) for one in ones], list(spoil_lake.corruptions(whole.data))
    wanted = os.environ.get("SDP_CORRUPTIONS", str(DRAWN))
    # Each by itself: how many there are in a lake differs from run to run.
    for kind in (in_warehouse, in_lake):
        random.Random(0).shuffle(kind)
    ones = [one for pair in zip_longest(in_warehouse, in_lake) for one in pair if one is not None]
    left = iter(ones)
    limit = len(ones) if wanted == "all" else int(wanted)
    seen, excused, wrong = [], [], []

    def work(number: int) -> None:
        attempt = Attempt(whole, spoilers[number], tmp_path / f"copy-{number}")
        for one in left_over():
            made, answer = attempt.run(one)
            if not made:
                continue
            if answer.startswith((PROVED, NOT_NAMED)) and proof.is_excused(one):
                excused.append(one)
            elif answer:
                wrong.append(f"{named(one)}: {answer}")
            else:
                seen.append(one)

    def left_over():
        while len(seen) + len(excused) + len(wrong) < limit:
            one = next(left, None)
            if one is None:
                return
            yield one

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work, number) for number in range(THREADS)]:
            done.result()
    for spoiler in spoilers:
        spoiler.close()
    say(f"{len(seen)} corruptions named, {len(excused)} in the list of what is not proved; {len(ones)} could be drawn")
    assert not wrong, f"{len(wrong)} corruptions:\n" + "\n".join(sorted(wrong))
    assert len(seen) >= min(limit, DRAWN) * 4 // 5, "too few are proved"


def test_the_list_has_every_table_that_there_is(whole, proof):
    """An exception is what has no recount; the list has the rest, each with how or why not."""
    for schema, table in whole.rows(
        "SELECT upper(table_schema), upper(table_name) FROM information_schema.tables "
        "WHERE table_schema IN ('BRONZE', 'TRANSFORM', 'MART')"
    ):
        assert (
            proof.find(f"{schema}.{table}", "*")
            or proof.find(f"{schema}.{table}", "object_key")
            or any(line["place"] == f"{schema}.{table}" for line in proof.lines)
        ), f"{schema}.{table}"
    assert all(line["by"] for line in proof.lines)


def test_the_text_names_what_is_not_proved(whole, proof):
    finished = whole.start(command="verify").wait(60)
    [line] = [line for line in finished.out.splitlines() if line.startswith("outside the proof, ")]
    for one in proof.lines:
        if not one["proved"]:
            assert one["place"] in line, one


def test_verify_creates_and_changes_nothing(whole):
    def state():
        return {
            path: path.read_bytes() if path.is_file() else b""
            for path in sorted(whole.data.rglob("*"))
            if path.name != ".lock"
        }

    before = state()
    assert whole.verify()["proved"] is True
    assert state() == before
