"""`pipeline`: marts that follow the lake, while a sink fills it."""

import json
import secrets
import shutil
import signal
import subprocess
import time

import pytest
from driver import parsed
from driver.process import Running, wait_until
from driver.scrape import Watched
from driver.services import clean_environment
from driver.snowflake import OnSnowflake

IN_PART, REJECTED, MISCONFIGURED = 21, 22, 78


def keep_up(world, *arguments, env=None):
    return world.start(
        "pipeline",
        "--work-dir",
        world.folder / "transform",
        "--published",
        world.folder / "published",
        *arguments,
        env=parsed.environment() if env is None else env,
    )


def published(world) -> dict:
    return json.loads((world.folder / "published" / "current" / "snapshot.json").read_text())


def test_marts_follow_the_lake_until_ctrl_c_and_are_proved(world):
    world.must("init")
    sink = world.start_sink()
    running = keep_up(world)
    world.simulate(400)
    wait_until(lambda: sum(one["records"] for one in running.events("live.published")) == 400, 120, "the first events")
    world.simulate(300)
    wait_until(
        lambda: sum(one["records"] for one in running.events("live.published")) == 700, 120, "those that came later"
    )
    assert published(world)["ledger"]["records"] == 700
    assert sink.stop(60).code == 0
    running.send(signal.SIGINT)
    finished = running.wait(60)
    assert finished.code == 0, str(finished)
    report = json.loads(world.must("verify", "--json").out)
    assert (report["proved"], report["kept"]) == (True, 700)


def test_rounds_go_on_on_snowflake_and_are_proved(world, emulator, binary, deps):
    snowflake = OnSnowflake(binary, deps, world.folder / "on-snowflake", emulator, f"P{secrets.token_hex(6).upper()}")
    env = {name: value for name, value in snowflake.env.items() if name.startswith("SNOWFLAKE_")}
    on_it = ("--warehouse", "snowflake")
    world.must("init")
    world.simulate(60)
    world.catch_up()
    running = keep_up(world, *on_it, env=env)
    for sent, expected in ((0, 60), (40, 100)):
        if sent:
            world.simulate(sent)
            world.catch_up()
        wait_until(
            lambda want=expected: sum(one["records"] for one in running.events("live.published")) == want,
            120,
            f"{expected} events on Snowflake",
        )
    assert published(world)["ledger"]["records"] == 100
    running.send(signal.SIGINT)
    assert running.wait(60).code == 0
    report = json.loads(world.must("verify", "--json", *on_it, env=env).out)
    assert (report["proved"], report["kept"]) == (True, 100)


@pytest.mark.parametrize("done", [["load"], ["load", "transform"]], ids=lambda done: done[-1])
def test_what_one_that_was_killed_left_unbuilt_or_unpublished_is_there_although_nothing_comes(world, done):
    world.must("init")
    world.simulate(50)
    world.catch_up()
    for command in done:
        work = ("--work-dir", world.folder / "transform", "--published", "none") if command == "transform" else ()
        world.must(command, *work, env=parsed.environment())
    running = keep_up(world)
    wait_until(lambda: running.events("live.published"), 120, "the marts of what was loaded before")
    assert published(world)["ledger"]["records"] == 50
    running.send(signal.SIGINT)
    assert running.wait(60).code == 0


def test_a_chain_that_could_not_be_loaded_is_told_at_the_end(binary, embedded, finished_run, tmp_path):
    lake = tmp_path / "lake"
    shutil.copytree(finished_run / "lake", lake)
    min((lake / ".meta").rglob("*_t*_p*_o*.json*")).unlink()
    work = ("--warehouse", tmp_path / "spotify_db.duckdb", "--work-dir", tmp_path / "transform")
    line = [str(binary), "pipeline", "--lake", str(lake), *map(str, work)]
    env = clean_environment() | parsed.environment() | {"SDP_DEPS_DIR": str(embedded.deps)}
    running = Running(line, env, tmp_path, "pipeline")
    embedded.started.append(running)
    wait_until(lambda: running.events("live.published"), 120, "what can be loaded")
    running.send(signal.SIGINT)
    assert running.wait(60).code == IN_PART


def test_a_topic_of_unusable_events_is_told_at_once_and_at_the_end(world):
    world.must("init")
    world.simulate(20)
    world.services.kafka.produce(world.topic, [(None, b"no event")] * 60)
    world.catch_up()
    # The first builds the marts; the second finds nothing new.
    for _ in range(2):
        running = keep_up(world)
        told = wait_until(lambda one=running: one.events("live.rejected"), 120, "what is said of rejected records")
        assert "60 of 80 records" in told[0]["message"]
        running.send(signal.SIGINT)
        assert running.wait(60).code == REJECTED
    allowed = keep_up(world, "--max-reject-ratio", "0.9")
    world.simulate(5)
    world.catch_up()
    wait_until(lambda: allowed.events("live.published"), 120, "what came later")
    assert not allowed.events("live.rejected")
    allowed.send(signal.SIGINT)
    assert allowed.wait(60).code == 0


def test_a_lake_that_is_away_ends_it_after_some_rounds_and_marts_stay(world):
    running = world.start(
        "pipeline",
        "--work-dir",
        world.folder / "transform",
        "--lake",
        "s3://nothing-of-this-name",
        "--published",
        world.folder / "published",
    )
    finished = running.wait(120)
    assert finished.code != 0
    assert "nothing-of-this-name" in finished.err, str(finished)


def test_without_a_folder_to_publish_into_it_says_so(world):
    finished = world.run("pipeline", "--published", "none")
    assert finished.code == MISCONFIGURED
    assert "--published" in finished.err


# Opens the file as somebody's client or a proof would, until its input ends.
HOLD = (
    "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); sys.stdin.read()"
)


def test_a_warehouse_that_another_process_has_is_waited_for(world):
    world.must("init")
    world.simulate(40)
    world.catch_up()
    watched = Watched(keep_up(world, "--listen", "127.0.0.1:0", "--json"))
    running = watched.running
    wait_until(lambda: watched.ask("/readyz")[0] == 200, 120, "the first marts")
    command = [world.services.deps / "venv-dbt" / "bin" / "python3", "-B", "-c", HOLD, world.env["SPOTIFY_WAREHOUSE"]]

    def hold():
        # It waits for its turn, too.
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if holder.stdout.readline():
            return holder
        holder.wait()
        return None

    holder = wait_until(hold, 60, "a turn at the warehouse")
    try:
        world.simulate(30)
        world.catch_up()
        waits = wait_until(lambda: running.events("live.round_waits"), 60, "it to wait")
        assert "another process has it open" in waits[0]["message"]
        samples = watched.wait_for(
            lambda one: one.get("round_duration_seconds_count", result="waited") > 1, 60, "another look"
        )
        assert (samples.get("round_failures"), watched.ask("/readyz")) == (0, (200, "ready\n"))
        assert published(world)["ledger"]["records"] == 40
    finally:
        holder.stdin.close()
        holder.wait()
    wait_until(lambda: published(world)["ledger"]["records"] == 70, 60, "the marts of what came meanwhile")
    assert not running.events("live.round_failed")
    done = watched.scrape().get("round_duration_seconds_count", result="done")
    finished = running.stop(60)
    assert finished.code == 0, str(finished)
    told = json.loads(finished.out)["result"]
    # A wait is not a round.
    assert (told["rounds"] - done in (0, 1), told["rounds_failed"]) == (True, 0), (told, done)


def test_sigterm_in_the_midst_of_a_build_ends_it_in_the_time_that_a_container_has(world, program_deps):
    """docker-compose.yml and the chart give it a minute."""
    world.env["SDP_DEPS_DIR"] = str(program_deps)
    world.must("init")
    world.simulate(40)
    world.catch_up()
    running = keep_up(world, "--log-level", "info")
    wait_until(lambda: running.events("transform.started"), 60, "a build")
    running.send(signal.SIGTERM)
    finished = running.wait(60, promised=True)
    assert finished.code == 0, str(finished)
    assert not running.events("live.published")
    again = keep_up(world)
    wait_until(lambda: again.events("live.published"), 120, "the marts")
    assert published(world)["ledger"]["records"] == 40
    assert again.stop(60).code == 0


def test_rounds_are_no_more_often_than_was_asked_for(world):
    world.must("init")
    world.simulate(40)
    world.catch_up()
    watched = Watched(keep_up(world, "--every", "3600", "--listen", "127.0.0.1:0"))
    watched.wait_for(lambda one: one.get("round_records_total") == 40, 120, "the first round")
    world.simulate(30)
    world.catch_up()
    # As long as several rounds would take.
    time.sleep(8)
    samples = watched.scrape()
    assert samples.get("round_duration_seconds_count", result="done") == 1
    # It rests, and a stop ends that.
    assert watched.ask("/readyz") == (200, "ready\n") and watched.ask("/healthz")[0] == 200
    assert watched.running.stop(10).code == 0
