"""The pages that move, in a browser beside a live run: numbers grow, records come, objects open, and it is said when nobody answers."""

import json
import re
import signal
from urllib.parse import quote

import pytest
from driver.browser import opened, wait_until_drawn
from driver.embedded import Embedded
from driver.process import wait_until
from driver.site import Site, build_pages

pytestmark = pytest.mark.xdist_group("browser")

PAGES = ["flow", "lake", "topic"]
RATE = 200
ROWS_MAX = 500
LINES_MAX = 20
# Called with a selector and a number: whether the element's number is larger.
IS_LARGER = "([selector, than]) => Number(document.querySelector(selector)?.dataset.value) > than"
RECORDS = "#tail tbody [data-record]"


@pytest.fixture(scope="module")
def live(binary, deps, tmp_path_factory):
    """A live run that all tests look at; the last one ends it."""
    pipeline = Embedded(binary, deps, tmp_path_factory.mktemp("live"))
    running = pipeline.start("--live", "--rate", RATE, "--listen", "127.0.0.1:0")
    [listening] = wait_until(lambda: running.events("serve.listening"), 20, "the address of the pages")
    pipeline.url = listening["url"]
    yield pipeline
    pipeline.close()


def value_of(page, selector: str) -> int:
    return int(page.locator(selector).get_attribute("data-value"))


def test_flow_shows_five_stations_that_grow(browser, live):
    wait_until(lambda: live.started[0].events("live.published"), 60, "the first marts")
    with opened(browser, f"{live.url}flow.html") as (page, told):
        page.wait_for_function(IS_LARGER, arg=['[data-stage="marts"] strong', 0])
        stations = page.locator(".stations > li")
        assert [one.get_attribute("data-stage") for one in stations.all()] == [
            "log",
            "lake",
            "bronze",
            "silver",
            "marts",
        ]
        before = {name: value_of(page, f'[data-stage="{name}"] strong') for name in ("log", "lake", "bronze", "silver")}
        page.evaluate("() => { window.stays = true; }")
        rounds = len(live.started[0].events("live.published"))
        wait_until(lambda: len(live.started[0].events("live.published")) > rounds, 120, "another round")
        for name, count in before.items():
            page.wait_for_function(IS_LARGER, arg=[f'[data-stage="{name}"] strong', count])
        assert page.evaluate("() => window.stays"), "the page was loaded again"
        assert page.locator('[data-stage="lake"] [data-behind]').count() == 1
        assert 0 < float(page.locator('[data-stage="log"] [data-rate]').get_attribute("data-rate")) < 3 * RATE
        assert page.locator('[data-stage="log"] .spark-line').get_attribute("d")
        assert re.search(r"data until .*\d\d:\d\d:\d\d UTC, \d+ (s|min) ago", stations.first.inner_text())
        assert re.search(r"as of \d\d:\d\d:\d\d UTC, \d+ (s|min) ago", page.locator("#stations .as-of").inner_text())
        assert "not proved yet" in page.locator("#proof").inner_text()
        delays = [float(one.get_attribute("data-value")) for one in page.locator("#delays dd").all()]
        assert len(delays) == 3 and 0 < delays[0] <= delays[1] <= delays[2], (
            "records come to bronze, then to marts, then to readers"
        )
        # On a machine with much to do records wait longer than they should, which is for a person to look at.
        assert re.search("does the rest without you|spotify-pipeline doctor", page.locator("#next").inner_text())
        assert page.locator("[data-connection=connected]").count() == 1
        assert told.complaints == []
        page.locator('[data-stage="lake"] a').click()
        page.wait_for_selector("button[data-hour]")


def test_an_hour_of_the_lake_shows_its_objects_and_their_first_lines(browser, live):
    with opened(browser, f"{live.url}lake.html") as (page, told):
        page.wait_for_selector("#objects tbody tr")
        # Days stand from the newest to the oldest, and the hour before the first one is closed, too, without an object.
        newest = max(one.get_attribute("data-hour") for one in page.locator("button[data-hour]").all())
        hour = page.locator(f"button[data-hour='{newest}']")
        hour.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("(hour) => location.hash.includes(hour)", arg=quote(hour.get_attribute("data-hour")))
        assert hour.get_attribute("aria-pressed") == "true"
        assert value_of(page, "#objects .count strong") == page.locator("#objects tbody tr").count() > 0

        page.locator('[data-sort="Records"]').click()
        records = [int(one.get_attribute("data-value")) for one in page.locator("#objects td:nth-child(5)").all()]
        assert records == sorted(records)
        assert page.locator("#objects th[aria-sort=ascending]").inner_text() == "Records"

        button = page.locator("[data-head]").first
        key = button.get_attribute("data-head")
        button.click()
        page.wait_for_selector("#head pre")
        lines = (live.data / "lake" / key).read_text().splitlines()[:LINES_MAX]
        assert page.locator("#head pre code").all_inner_texts() == lines
        assert page.evaluate("() => document.activeElement.matches('#head pre')")
        with opened(browser, page.url) as (again, _):
            again.wait_for_selector("#head pre")
            assert again.locator("#head .as-of bdi").inner_text() == key
        page.get_by_role("button", name="Close", exact=True).click()
        assert not page.locator("#head").is_visible()
        assert told.complaints == []


def test_the_tail_of_the_topic_is_filtered_and_paused(browser, live):
    with opened(browser, f"{live.url}topic.html") as (page, told):
        page.wait_for_selector(RECORDS)
        end = sum(int(one.get_attribute("data-value")) for one in page.locator("#partitions td:nth-child(3)").all())
        page.wait_for_function(
            """(end) => [...document.querySelectorAll("#partitions td:nth-child(3)")]
                .reduce((sum, one) => sum + Number(one.dataset.value), 0) > end""",
            arg=end,
        )
        page.wait_for_function("(most) => document.querySelectorAll('#tail tbody tr').length >= most", arg=ROWS_MAX)
        assert page.locator("#tail tbody tr").count() == ROWS_MAX

        page.locator("body").press("Space")
        kept = page.locator(RECORDS).first.get_attribute("data-record")
        page.wait_for_function("() => Number(document.querySelector('[data-passed]')?.dataset.passed) > 100")
        assert page.locator(RECORDS).first.get_attribute("data-record") == kept
        page.get_by_role("button", name="Continue").click()
        page.wait_for_function(
            "([selector, kept]) => document.querySelector(selector).dataset.record !== kept", arg=[RECORDS, kept]
        )

        page.locator("[data-filter=text]").fill('"event_type":"skip"')
        page.wait_for_function("() => location.hash.includes('skip')")
        page.wait_for_function("() => document.querySelectorAll('#tail tbody tr').length > 20")
        values = page.locator("#tail td.value").all_inner_texts()
        assert all('"event_type":"skip"' in value for value in values), values
        partition = page.locator(RECORDS).first.get_attribute("data-record").split("/")[0]
        page.locator("[data-filter=partition]").select_option(partition)
        page.wait_for_function(
            """([selector, partition]) => {
                const all = [...document.querySelectorAll(selector)];
                return all.length > 0 && all.every((one) => one.dataset.record.startsWith(`${partition}/`));
            }""",
            arg=[RECORDS, partition],
        )
        # A live run makes valid events only.
        page.get_by_label("Rejected only").check()
        page.get_by_text("No record near the end of the topic has what you look for.").wait_for()
        assert told.complaints == []


def test_a_record_opens_to_what_becomes_of_it(browser, live):
    with opened(browser, f"{live.url}topic.html") as (page, told):
        page.wait_for_selector(RECORDS)
        page.locator("body").press("Space")
        button = page.locator(RECORDS).last
        name = button.get_attribute("data-record")
        partition, offset = map(int, name.split("/"))
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#record .fate")
        assert "It is valid." in page.locator('[data-fate="Silver and marts"]').inner_text()
        value = json.loads(page.locator("#record pre").inner_text())

        def look_again():
            page.get_by_role("button", name="Look again").click()
            page.wait_for_timeout(500)
            return page.locator('[data-fate="Lake"] a').count()

        wait_until(look_again, 20, "the record to come into the lake")
        page.locator('[data-fate="Lake"] a').click()
        page.wait_for_selector("#head pre")
        key = page.locator("#head .as-of bdi").inner_text()
        [line] = [
            line
            for text in (live.data / "lake" / key).read_text().splitlines()
            if (line := json.loads(text))["_kafka_partition"] == partition and line["_kafka_offset"] == offset
        ]
        assert {field: line[field] for field in value} == value
        assert told.complaints == []
    with opened(browser, f"{live.url}topic.html#record={partition}/999999999") as (page, _):
        page.locator("#record .note", has_text=f"partition {partition} of the log".capitalize()).wait_for()


def test_axe_finds_nothing_serious_and_a_small_screen_is_wide_enough(browser, live, deps):
    axe = (deps / "axe" / "axe.min.js").read_text()
    ready = {"flow": '[data-stage="log"] [data-rate]', "lake": "[data-head]", "topic": RECORDS}
    for name in PAGES:
        with opened(browser, f"{live.url}{name}.html") as (page, told):
            page.wait_for_selector(ready[name])
            if name == "topic":
                page.locator("body").press("Space")
            page.evaluate(axe)
            # The rest does not depend on colours.
            for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
                page.emulate_media(color_scheme=scheme)
                found = page.evaluate("(rules) => axe.run(document, rules).then((result) => result.violations)", rules)
                serious = [
                    (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
                    for one in found
                    if one["impact"] in ("serious", "critical")
                ]
                assert serious == [], (name, scheme)
            page.set_viewport_size({"width": 360, "height": 740})
            assert page.evaluate("() => document.documentElement.scrollWidth") <= 360, name
            assert told.complaints == []


def test_where_nothing_moves_it_is_said_what_to_run(browser, deps, tmp_path):
    build_pages(deps, tmp_path / "pages")
    site = Site(tmp_path / "site", tmp_path / "pages")
    how = "This server does not look at log and lake. Run: spotify-pipeline serve --flow"
    for name in PAGES:
        with opened(browser, site.address(f"{name}.html")) as (page, told):
            assert page.locator("#state code").inner_text() == "spotify-pipeline serve --flow"
            site.write_current(live=True, moves={"on": False, "how": how})
            page.reload()
            wait_until_drawn(page)
            assert page.locator("#state").inner_text() == how
            assert told.complaints == []
        site.write_current(live=False)


def test_a_page_says_when_the_program_has_ended(browser, live):
    with opened(browser, f"{live.url}flow.html") as (page, _):
        page.wait_for_selector("[data-connection=connected]")
        page.wait_for_function(IS_LARGER, arg=['[data-stage="log"] strong', 0])
        live.started[0].send(signal.SIGINT)
        page.wait_for_selector("[data-connection=reconnecting], [data-connection=refused]")
        assert re.search(r"since \d\d:\d\d:\d\d UTC", page.locator("#state").inner_text())
        # The last numbers stay, and are told from new ones.
        assert value_of(page, '[data-stage="log"] strong') > 0
        assert page.locator("#content.stale").count() == 1
