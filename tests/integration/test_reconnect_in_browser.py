"""A page that lost its stream, because the connection was cut or `serve` was started again, goes on where it was: nothing is shown twice,
and what is not shown is counted."""

import signal
from contextlib import contextmanager

import pytest
from driver.browser import opened
from driver.process import wait_until
from driver.services import free_ports
from driver.slow_network import SlowNetwork

pytestmark = pytest.mark.xdist_group("browser")

RECORDS = "#tail tbody [data-record]"
NAMES = f"() => [...document.querySelectorAll('{RECORDS}')].map((one) => one.dataset.record)"
EARLY, MISSED = 30, 150
# Of each partition a page is told that many records after a break in which nobody listened.
READ_AT_FIRST = 100
CUT_SECONDS = 3
RARE = "what-nobody-else-has"


class Pages:
    """`serve` at a port that it keeps, behind a network that can be cut."""

    def __init__(self, world):
        self._world = world
        self._port, listen = free_ports(2)
        self.running = self._start()
        self.network = SlowNetwork(listen, self._port, 0)
        self.url = f"http://127.0.0.1:{listen}/"

    def _start(self):
        running = self._world.start(
            "serve",
            *("--flow", "--listen", f"127.0.0.1:{self._port}"),
            *("--published", self._world.folder / "published"),
        )
        wait_until(lambda: running.events("serve.listening"), 20, "the address of the pages")
        return running

    @contextmanager
    def lost(self, how: str):
        """No page has a stream inside, and each may have one again afterwards."""
        if how == "cut":
            self.network.cut(CUT_SECONDS)
            yield
            return
        self.running.send(signal.SIGINT if how == "restart" else signal.SIGKILL)
        self.running.wait(30)
        yield
        self.running = self._start()


@pytest.fixture
def pages(world):
    world.must("init")
    world.simulate(EARLY)
    made = Pages(world)
    yield made
    made.network.close()


def ends_of(world) -> list[int]:
    partitions = range(int(world.env["KAFKA_PARTITIONS"]))
    return [world.services.kafka.watermarks(world.topic, partition)[1] for partition in partitions]


def all_names(world) -> set[str]:
    return {f"{partition}/{offset}" for partition, end in enumerate(ends_of(world)) for offset in range(end)}


def wait_for_names(page, names: set[str]) -> None:
    page.wait_for_function(f"(names) => names.every((one) => ({NAMES})().includes(one))", arg=sorted(names))


def not_shown(page) -> int:
    told = page.locator("#tail [data-not-shown]")
    return int(told.get_attribute("data-not-shown")) if told.count() else 0


@pytest.mark.parametrize("how", ["cut", "restart", "kill"])
def test_a_tail_that_was_lost_shows_each_record_since_then_once(browser, world, pages, how):
    with opened(browser, f"{pages.url}topic.html") as (page, _):
        wait_for_names(page, all_names(world))
        page.evaluate("() => { window.stays = true; }")
        with pages.lost(how):
            page.wait_for_selector("#tail [data-connection=reconnecting], #tail [data-connection=refused]")
            world.simulate(MISSED)
        page.wait_for_selector("#tail [data-connection=connected]")
        wait_for_names(page, all_names(world))
        world.simulate(EARLY)
        names = all_names(world)
        wait_for_names(page, names)
        assert sorted(page.evaluate(NAMES)) == sorted(names), "each one once"
        assert not_shown(page) == 0
        assert page.evaluate("() => window.stays"), "the page was loaded again"


@pytest.mark.parametrize("how", ["cut", "kill"])
def test_what_a_lost_tail_cannot_show_is_counted(browser, world, pages, how):
    with opened(browser, f"{pages.url}topic.html") as (page, _):
        wait_for_names(page, all_names(world))
        before = ends_of(world)
        with pages.lost(how):
            page.wait_for_selector("#tail [data-connection=reconnecting], #tail [data-connection=refused]")
            world.simulate(10 * READ_AT_FIRST)
        page.wait_for_selector("#tail [data-not-shown]")
        passed = sum(max(0, end - READ_AT_FIRST - known) for known, end in zip(before, ends_of(world), strict=True))
        assert passed > READ_AT_FIRST
        assert not_shown(page) == passed
        assert len(set(page.evaluate(NAMES))) == len(all_names(world)) - passed


@pytest.mark.parametrize("how", ["cut", "kill"])
def test_a_filter_that_nothing_passed_misses_nothing(browser, world, pages, how):
    """Where the topic ends is told though no record is, so that what the server has looked at already is not counted as missed."""
    with opened(browser, f"{pages.url}topic.html#text={RARE}") as (page, _):
        page.wait_for_selector("#tail [data-connection=connected]")
        world.simulate(10 * READ_AT_FIRST)
        # Told a second later at most.
        page.wait_for_timeout(2_000)
        with pages.lost(how):
            page.wait_for_selector("#tail [data-connection=reconnecting], #tail [data-connection=refused]")
        page.wait_for_selector("#tail [data-connection=connected]")
        world.services.kafka.produce(world.topic, [(None, f'"{RARE}"'.encode())], 1)
        page.wait_for_function(f"() => ({NAMES})().length === 1")
        assert not_shown(page) == 0


@pytest.mark.parametrize("how", ["cut", "restart"])
def test_flow_goes_on_with_the_numbers_of_now(browser, world, pages, how):
    def count_is(count: int) -> None:
        page.wait_for_function(
            "(count) => Number(document.querySelector('[data-stage=log] strong')?.dataset.value) === count", arg=count
        )

    with opened(browser, f"{pages.url}flow.html") as (page, _):
        count_is(EARLY)
        page.evaluate("() => { window.stays = true; }")
        with pages.lost(how):
            page.wait_for_selector("#state [data-connection=reconnecting], #state [data-connection=refused]")
            assert page.locator("#content.stale").count() == 1
            world.simulate(MISSED)
        page.wait_for_selector("#state [data-connection=connected]")
        count_is(EARLY + MISSED)
        assert page.locator("#content.stale").count() == 0
        assert page.evaluate("() => window.stays"), "the page was loaded again"
