"""What `status` says of a pipeline, from its first moment on, and what it tells people to do next."""

import json
import os
import pty
import shlex
import signal
import subprocess
import time

import pytest
from driver.process import wait_until

LAGGING = 10
# Long enough that a running sink cuts nothing by itself.
SLOW_SINK = ("--batch-linger-ms", 600_000, "--batch-idle-ms", 600_000)


def look(world, *arguments, code=0):
    done = world.run("status", "--json", *arguments)
    assert done.code == code, str(done)
    return json.loads(done.out)


def stages(status) -> dict[str, dict]:
    return {stage["stage"]: stage for stage in status["stages"]}


def test_an_empty_topic_is_told_how_to_be_filled(world):
    world.must("init")
    status = look(world)
    assert status["next"] == {"why": "the topic has no record", "command": "spotify-pipeline simulate --events 1000"}
    assert status["lag"] == 0 and status["waiting"] is None and status["published"] is None
    assert [stage["count"] for stage in status["stages"]] == [0, 0, None, None, None]
    assert "spotify-pipeline simulate --events 1000" in world.must("status").out


def test_the_next_command_works_as_it_is_printed(world):
    """What was told to `status` by flags, the command is told, too: the environment names another topic and lake."""
    lake = world.folder / "my lake"
    topic = ("--topic", f"{world.topic}-mine")
    flags = (*topic, "--lake", lake, "--group", f"{world.group}-mine")
    world.must("init", *topic, "--lake", lake)

    def do_next(*more, code=0):
        command = shlex.split(look(world, *flags, code=code)["next"]["command"])
        assert command[0] == "spotify-pipeline"
        return world.must(*command[1:], *more)

    do_next()
    assert look(world, *flags, code=LAGGING)["lag"] == 1000
    do_next("--until-caught-up", code=LAGGING)
    assert look(world, *flags)["lag"] == 0


def test_status_says_why_nothing_was_cut(world):
    """First no sink runs; then one that has them for less than it may."""
    world.must("init")
    world.simulate(100)
    before = look(world, code=LAGGING)
    assert before["waiting"]["reason"] == "no_sink" and before["sinks"] == 0
    assert "nothing was cut yet" in before["waiting"]["text"]
    assert before["next"]["command"] == "spotify-pipeline sink"
    log = stages(before)["log"]
    assert log["count"] == 100 and 0 <= log["age_seconds"] < 600
    assert stages(before)["lake"] == {
        "stage": "lake",
        "count": 0,
        "behind": 100,
        "newest": None,
        "age_seconds": None,
    }
    assert f"group {world.group} has no member" in world.run("status").out

    sink = world.start_sink(*SLOW_SINK)
    wait_until(lambda: sink.partitions == {0, 1, 2}, 60, "the sink to have all partitions", 0.1)
    young = look(world, *SLOW_SINK, code=LAGGING)
    assert young["waiting"]["reason"] == "young" and young["sinks"] == 1
    assert young["next"]["command"] is None
    # A sink of other settings would have cut them by now.
    overdue = wait_until(
        lambda: (
            (found := look(world, "--batch-linger-ms", 1, "--batch-idle-ms", 1, code=LAGGING))["waiting"]["reason"]
            == "overdue"
            and found
        ),
        60,
        "the records to be overdue",
        1,
    )
    assert overdue["next"]["command"] == "spotify-pipeline doctor"
    assert sink.stop(60).code == 0

    after = look(world)
    assert after["waiting"] is None and stages(after)["lake"]["count"] == 100
    newest = [partition["lake_newest"] for partition in after["partitions"] if partition["lake_end"] > 0]
    assert stages(after)["log"]["newest"] == stages(after)["lake"]["newest"] == max(newest)


def test_what_lies_behind_the_lake_is_read_from_what_is_published(world):
    """No warehouse is opened: here the file of one is a pipe, which would keep who opens it for ever."""
    world.simulate(60)
    world.catch_up()
    none = look(world)
    assert none["next"]["command"] == "spotify-pipeline load && spotify-pipeline transform"
    world.must("load")
    world.transform()
    done = look(world)
    shown = stages(done)
    assert shown["bronze"]["count"] == 60 and shown["bronze"]["behind"] == 0
    assert shown["silver"]["count"] == 60 and shown["silver"]["behind"] == 0
    assert shown["marts"]["count"] > 2 and shown["marts"]["newest"]
    assert shown["bronze"]["newest"] == shown["lake"]["newest"]
    assert done["published"]["id"] in os.listdir(world.folder / "warehouse" / "published")
    assert done["proof"] is None and done["next"]["command"] == "spotify-pipeline verify"

    warehouse = world.folder / "warehouse" / "spotify_db.duckdb"
    warehouse.rename(warehouse.with_suffix(".away"))
    os.mkfifo(warehouse)
    again = stages(look(world))
    assert {name: one["count"] for name, one in again.items()} == {name: one["count"] for name, one in shown.items()}

    world.simulate(40)
    world.catch_up()
    behind = look(world)
    assert stages(behind)["bronze"] | {"age_seconds": 0} == shown["bronze"] | {"behind": 40, "age_seconds": 0}
    assert behind["next"] == {
        "why": "40 offsets of the lake are not in what is published",
        "command": "spotify-pipeline load && spotify-pipeline transform",
    }


def test_a_run_is_proved_and_one_look_says_so(world, finished_run):
    """Its publication is another lake's, so that it is behind this one."""
    published = finished_run / "warehouse" / "published"
    [snapshot] = [json.loads((published / "current" / "snapshot.json").read_text())]
    world.simulate(20)
    world.catch_up()
    status = look(world, "--published", published)
    assert status["published"]["id"] == snapshot["id"]
    assert stages(status)["bronze"]["count"] == snapshot["ledger"]["records"]
    assert status["proof"]["proved"] is True and status["proof"]["is_of_published"] is True
    assert stages(status)["bronze"]["behind"] == 20
    text = world.must("status", "--published", published).out
    assert "proved" in text and snapshot["id"] in text
    assert len(text.splitlines()) <= 24, text


def test_a_damaged_publication_is_named_and_hides_nothing_else(world):
    world.simulate(20)
    world.catch_up()
    folder = world.folder / "published" / "20260215T175236123Z"
    folder.mkdir(parents=True)
    (folder.parent / "current").symlink_to(folder.name)
    (folder / "snapshot.json").write_text('{"version": 1')
    status = look(world, "--published", folder.parent)
    assert stages(status)["lake"]["count"] == 20 and status["published"] is None
    assert (
        "snapshot.json" in status["next"]["why"]
        and status["next"]["command"] == f"spotify-pipeline publish --published {folder.parent}"
    )


def test_watching_goes_on_line_by_line_and_ctrl_c_ends_it_well(world):
    world.must("init")
    world.simulate(20)
    watching = world.start("status", "--watch", "1", "--json")
    wait_until(lambda: len(watching.out.splitlines()) >= 2, 60, "two looks", 0.2)
    done = watching.stop(30, signal.SIGINT)
    assert done.code == 0, str(done)
    assert {json.loads(line)["lag"] for line in done.out.splitlines()} == {20}

    plain = world.start("status", "--watch")
    wait_until(lambda: len(plain.out.splitlines()) >= 2, 60, "two lines", 0.2)
    done = plain.stop(30, signal.SIGINT)
    assert done.code == 0, str(done)
    assert "\x1b" not in done.out
    assert all("log=20 lake=0" in line and "spotify-pipeline sink" in line for line in done.out.splitlines())


def test_top_says_how_fast_the_log_and_the_lake_grow(world):
    world.must("init")
    simulator = world.start_simulator(200)
    sink = world.start_sink()
    top = world.start("top", "--every", 2, "--json")

    def rates() -> list[tuple]:
        looks = [json.loads(line) for line in top.out.splitlines()]
        return [tuple(one["per_second"] for one in look["rates"]["stages"][:2]) for look in looks if "rates" in look]

    try:
        wait_until(lambda: any(log and lake for log, lake in rates()), 60, "rates of log and lake", 0.5)
    finally:
        done = top.stop(30, signal.SIGINT)
    assert done.code == 0, str(done)
    assert all(log is None or 0 <= log < 2000 for log, _ in rates())
    times = [json.loads(line)["at"] for line in done.out.splitlines()]
    assert len(times) >= 2 and times == sorted(set(times))

    plain = world.start("top")
    wait_until(lambda: len(plain.out.splitlines()) >= 2, 60, "two lines", 0.2)
    done = plain.stop(30, signal.SIGINT)
    assert done.code == 0, str(done)
    assert all(" log/s=" in line and " lag=" in line for line in done.out.splitlines())
    world.stop_simulator(simulator)
    assert sink.stop().code == 0


@pytest.mark.parametrize("words", [["status", "--watch=1"], ["top"]], ids=" ".join)
def test_watching_redraws_a_terminal(world, words):
    world.must("init")
    world.simulate(20)
    ours, its = pty.openpty()
    watching = subprocess.Popen(
        [world.services.binary, *words],
        env=world.env | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=its,
        stderr=subprocess.DEVNULL,
    )
    os.close(its)
    drawn = b""
    try:
        deadline = time.monotonic() + 120
        while drawn.count(b"\x1b[H") < 2 and time.monotonic() < deadline:
            drawn += os.read(ours, 65536)
        watching.send_signal(signal.SIGINT)
        assert watching.wait(60) == 0
    finally:
        watching.kill()
        os.close(ours)
    first, second = drawn.decode().split("\x1b[H")[1:3]
    assert "STAGE" in first and "spotify-pipeline sink" in first and first.startswith("\x1b[2J")
    assert second.startswith("\x1b[2J")


def test_nobody_at_the_pipe_ends_watching_quietly(world):
    world.must("init")
    world.simulate(20)
    done = subprocess.run(
        ["bash", "-c", f'set -o pipefail; "{world.services.binary}" status --watch 1 | head -1'],
        env=world.env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done
    assert "error" not in done.stderr and "log=20" in done.stdout
