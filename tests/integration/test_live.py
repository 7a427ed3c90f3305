"""A live run: events come, the marts follow, open pages go on by themselves, and Ctrl-C ends with the whole proof."""

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest
from driver.browser import opened, started_browser
from driver.fixtures import ROOT
from driver.process import wait_until

MISCONFIGURED = 78
HERE = ("--listen", "127.0.0.1:0")
RATE = 50
# For what a round brings: it rests as long as it took.
ROUND_MS = 240_000


class Live:
    def __init__(self, embedded, *arguments):
        self.running = embedded.start("--live", "--rate", RATE, *HERE, *arguments)

    def events(self, name: str) -> list[dict]:
        assert self.running.is_running(), str(self.running.finished())
        return self.running.events(name)

    @property
    def url(self) -> str:
        [listening] = wait_until(lambda: self.events("serve.listening"), 20, "the address of the pages")
        return listening["url"]

    def wait_for_rounds(self, count: int) -> list[dict]:
        return wait_until(
            lambda: (found := self.events("live.published"))[count - 1 :] and found, 60 * count, f"{count} rounds"
        )

    def stop(self):
        self.running.send(signal.SIGINT)
        return self.running.wait(120)


def kept(out: str) -> int:
    [number] = re.findall(r"^proved: .*?([\d,]+) kept", out, re.MULTILINE)
    return int(number.replace(",", ""))


@pytest.mark.xdist_group("browser")
def test_pages_follow_a_live_run_and_ctrl_c_proves_it(embedded):
    live = Live(embedded)
    url = live.url
    with started_browser() as browser, opened(browser, f"{url}result.html") as (page, told):
        # Opened before there is anything: it shows the first marts, and then the next ones, with nobody touching it.
        page.wait_for_selector('[data-sheet="TOP_SONGS"] .tabulator-row', timeout=ROUND_MS)
        first = page.locator(".status time").get_attribute("datetime")
        page.wait_for_function(
            "(first) => document.querySelector('.status time')?.dateTime > first", arg=first, timeout=ROUND_MS
        )
        assert told.complaints == []
    rounds = live.wait_for_rounds(2)
    assert all(one["records"] > 0 and 0 < one["behind_s"] < 600 for one in rounds), rounds
    finished = live.stop()
    assert finished.code == 0, str(finished)
    [[rows]] = embedded.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS")
    [[counted]] = embedded.rows("SELECT sum(events) FROM MART.SONG_DAILY")
    assert kept(finished.out) == rows == counted >= sum(one["records"] for one in rounds)
    report = json.loads((embedded.data / "warehouse" / "published" / "current" / "proof.json").read_text())["report"]
    assert (report["proved"], report["kept"]) == (True, rows)


@pytest.mark.xdist_group("browser")
def test_a_page_does_not_go_on_while_somebody_types(embedded):
    live = Live(embedded)
    live.wait_for_rounds(1)
    with started_browser() as browser, opened(browser, f"{live.url}result.html") as (page, _):
        page.locator('[data-filter="SONG_NAME"]').first.fill("a")
        before = page.locator(".status time").get_attribute("datetime")
        live.wait_for_rounds(len(live.events("live.published")) + 2)
        assert page.locator(".status time").get_attribute("datetime") == before
        page.locator('[data-filter="SONG_NAME"]').first.blur()
        page.wait_for_function(
            "(before) => document.querySelector('.status time')?.dateTime > before", arg=before, timeout=ROUND_MS
        )
    assert live.stop().code == 0


def test_a_killed_live_run_is_continued(embedded):
    live = Live(embedded)
    live.wait_for_rounds(1)
    live.running.send(signal.SIGKILL)
    live.running.wait(20)
    [[before]] = embedded.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS")
    again = Live(embedded)
    again.wait_for_rounds(1)
    finished = again.stop()
    assert finished.code == 0, str(finished)
    assert kept(finished.out) > before > 0


@pytest.mark.wide
def test_a_live_run_is_compared_with_its_oracle_and_another_goes_on_with_it(embedded):
    seen = 0
    for mix in ("realistic", "listeners"):
        live = Live(embedded, "--mix", mix, "--oracle", "--fault", "all=0.01")
        live.wait_for_rounds(1)
        finished = live.stop()
        assert finished.code == 0, str(finished)
        assert "marts equal to the oracle's" in finished.out, str(finished)
        assert kept(finished.out) > seen
        seen = kept(finished.out)
    oracle = embedded.data / "oracle.ndjson"
    runs = [line for line in oracle.read_text().splitlines() if line.startswith('{"run"')]
    assert len(runs) == 2


def workers_of(pid: int) -> list[int]:
    """The processes that keep dbt loaded for it."""
    pids = [int(one) for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()]
    return [one for one in pids if b"dbt_worker.py\0serve" in Path(f"/proc/{one}/cmdline").read_bytes()]


def test_dbt_is_kept_loaded_and_started_again_when_somebody_kills_it(embedded, program_deps):
    embedded.deps = program_deps
    live = Live(embedded)
    live.wait_for_rounds(1)
    [first] = workers_of(live.running.pid)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: live.events("transform.worker_ended"), 20, "its end to be told")
    live.wait_for_rounds(len(live.events("live.published")) + 2)
    [second] = workers_of(live.running.pid)
    assert second != first
    [program] = [
        one for one in Path(f"/proc/{second}/cmdline").read_text().split("\0") if one.endswith("dbt_worker.py")
    ]
    assert live.stop().code == 0
    assert not Path(f"/proc/{second}").exists()
    # Its socket was there, too.
    assert not Path(program).parent.exists()


def test_folders_of_killed_runs_go_and_those_of_others_stay(embedded, program_deps, tmp_path):
    """The folder of dbt's socket is not among the data. Nobody looks at one that has just been made."""
    embedded.deps = program_deps
    places = tmp_path / "t"
    names = ["spotify-dbt-killed", "spotify-dbt-earlier", "spotify-dbt-held", "spotify-dbt-new", "another"]
    for name in names:
        (places / name).mkdir(parents=True)
        if name != "spotify-dbt-earlier":
            (places / name / "lock").touch()
        if name != "spotify-dbt-new":
            os.utime(places / name, (0, 0))
    with open(places / "spotify-dbt-held" / "lock") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert embedded.run(50, env={"TMPDIR": str(places)}).code == 0
    assert {one.name for one in places.iterdir() if one.name in names} == {
        "spotify-dbt-held",
        "spotify-dbt-new",
        "another",
    }
    assert not [one for one in places.glob("spotify-dbt-*") if one.name not in names]


def test_objects_wait_as_long_as_was_asked_for(embedded):
    live = Live(embedded, "--batch-max-wait", 3600)
    wait_until(lambda: live.events("serve.listening"), 20, "the address of the pages")
    # Longer than a live run lets records wait by itself, which is 2 s.
    time.sleep(8)
    assert not list(embedded.data.rglob("spotify_events_*"))
    assert live.stop().code == 0


def test_a_round_that_fails_is_told_and_leaves_what_was_published(embedded, tmp_path):
    project = tmp_path / "spotify_dbt"
    shutil.copytree(ROOT / "spotify_dbt", project)
    live = Live(embedded, "--dbt-project", project)
    live.wait_for_rounds(1)
    model = project / "models" / "gold" / "top_songs.sql"
    whole = model.read_text()
    model.write_text("select no_such_column from nowhere")
    [failed, *_] = wait_until(lambda: live.events("live.round_failed"), 120, "a round that fails")
    assert failed["failed"] == 1 and "top_songs" in failed["message"], failed
    published = len(live.events("live.published"))
    model.write_text(whole)
    wait_until(lambda: len(live.events("live.published")) > published, 240, "a round after that")
    assert live.stop().code == 0


def test_an_address_that_is_taken_ends_it_before_any_event(embedded):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "{}:{}".format(*taken.getsockname())
        finished = embedded.start("--live", "--listen", address).wait(30)
    assert finished.code == MISCONFIGURED and address in finished.failure["message"], str(finished)
    assert not list(embedded.data.rglob("spotify_events_*")) and not list(embedded.data.rglob("*.duckdb"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (HERE, "--live"),
        (("--live", "--published", "none"), "--published is none"),
        (("--live", "--days", 7), "--days"),
    ],
)
def test_settings_that_nothing_would_read_are_refused(embedded, arguments, said):
    finished = embedded.start(*arguments).wait(30)
    assert finished.code == MISCONFIGURED and said in finished.failure["message"], str(finished)
