"""Commands of all kinds at once on one data folder: each does its work or says that another is at work, and the proof holds."""

import os
import random
import re
import secrets
import time

import pytest
from driver.commands import flags, whole_commands

SEED = int(os.environ.get("SDP_KILL_SEED") or secrets.randbits(32))
OK, BEHIND, IN_USE, STOPPED = 0, 10, 75, 0
PLACES = {"--data", "--lake", "--warehouse", "--work-dir", "--published"}
# These need a broker, an import or a lake of layout 1, or only make what is there already.
ELSEWHERE = {
    "forget",
    "init",
    "sink",
    "lake upgrade",
    "lake repair",
    "warehouse init",
    "map check",
    "tap rejected",
    "rejected show",
}
# They go on until they are stopped.
FOREVER = {"serve", "top", "pipeline"}
# They open no warehouse, and read what is replaced as a whole.
NEVER_HELD_UP = {"sql", "marts", "serve", "top", "status", "tap lake", "lake repairs", "doctor"}
NAMES_WHO = re.compile(r"in use|another (process|command|build|run)|process \d+|is at work")


def lines_of(data, stage) -> dict[str, list]:
    warehouse = ["--warehouse", data / "warehouse" / "spotify_db.duckdb"]
    lake, published = ["--lake", data / "lake"], ["--published", data / "warehouse" / "published"]
    work = ["--work-dir", data / "transform"]
    return {
        "run": ["run", "--events", 200, "--data", data],
        "extract": ["extract", *lake, "--stage-dir", stage, *warehouse],
        "load": ["load", *lake, *warehouse],
        "load of what is extracted": ["load", "--lake", stage, *warehouse],
        "transform": ["transform", *warehouse, *work],
        "freshness": ["freshness", *warehouse, *work],
        "publish": ["publish", *warehouse, *work, *published],
        "pipeline": ["pipeline", *lake, *warehouse, *work, *published, "--every", 1],
        "verify": ["verify", "--data", data, "--allow-pending"],
        "marts": ["marts", "--data", data],
        "sql": ["sql", "--data", data, "-c", "SELECT count(*) FROM MART.TOP_SONGS"],
        "serve": ["serve", "--data", data, "--listen", "127.0.0.1:0"],
        "status": ["status", *lake, *warehouse, *published],
        "top": ["top", *lake, *warehouse, *published],
        "doctor": ["doctor", *lake, *warehouse],
        "rejected list": ["rejected", "list", *warehouse],
        "rejected rejudge": ["rejected", "rejudge", *warehouse, *work, *published],
        "lake repairs": ["lake", "repairs", *lake],
        "tap lake": ["tap", "lake", *lake],
    }


def test_every_command_that_works_on_a_folder_is_tried_beside_others(binary, tmp_path):
    tried = set(lines_of(tmp_path, tmp_path)) | ELSEWHERE
    works = {" ".join(one) for one in whole_commands(binary) if flags(binary, one) & PLACES}
    assert works <= tried, works - tried


def end(name: str, running):
    if name not in FOREVER:
        return running.wait(120)
    return running.stop() if running.is_running() else running.finished()


def must_have_done_its_work(name: str, finished, say_seed: str) -> None:
    may = {OK, IN_USE}
    if name == "status":
        may.add(BEHIND)
    if name in ("doctor", "top", "status"):
        may |= {BEHIND, 69}  # there is no broker
    assert finished.code in may, f"{say_seed}\n{finished}"
    if finished.code == IN_USE:
        assert name not in NEVER_HELD_UP, f"{say_seed}\n{finished}"
        assert NAMES_WHO.search(finished.failure["message"]), f"{say_seed}\n{finished}"


@pytest.mark.parametrize(
    ("rounds", "at_once"),
    [(1, 6), pytest.param(6, 8, marks=pytest.mark.wide), pytest.param(30, 10, marks=pytest.mark.whole)],
)
def test_what_works_at_once_on_one_folder_leaves_it_proved(proved, rounds, at_once, say):
    chance, said = random.Random(SEED), f"SDP_KILL_SEED={SEED}"
    stage = proved.folder / "stage"
    stage.mkdir()
    lines, ended = lines_of(proved.data, stage), []
    for _ in range(rounds):
        started = {}
        # What writes meets what writes; a reader or two beside them.
        for name in ["run", *chance.sample(sorted(set(lines) - {"run"}), at_once - 1)]:
            env = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "KAFKA_CALL_TIMEOUT_MS": "300"}
            started[name] = proved.start_as(
                *map(str, lines[name]), env=env if name in ("doctor", "top", "status") else None
            )
            time.sleep(chance.uniform(0, 0.7))
        for name, running in started.items():
            finished = end(name, running)
            ended.append((name, finished.code))
            must_have_done_its_work(name, finished, said)
    say(f"{said}: {', '.join(f'{name} {code}' for name, code in ended)}")
    proved.must_prove(100)
    assert proved.verify()["proved"] is True
