"""The pages in a browser: every number is the publication's and the lake's, every name is text, and nothing comes from outside."""

import collections
import csv
import datetime
import gzip
import json
import math
import re
import shutil
import statistics

import pytest
from driver.browser import opened, served, wait_until_drawn
from driver.recount import each_once, lines_in, recounted, texts
from driver.site import Site, made_mart, made_publication, publish_static, serve

pytestmark = pytest.mark.xdist_group("browser")

PAGES = ["index", "result", "music", "year", "runs"]
WORKSHEETS = ["TOP_SONGS", "USER_ENGAGEMENT"]
BYTES_MAX = 500_000
FIRST_PAINT_MS = 300
# Beside the other suites it may take so many times as long.
BESIDE_OTHERS = 4
SONGS = 10_000
HOSTILE = [
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    "'); DROP TABLE MART.TOP_SONGS; --",
    '" onmouseover="window.hit = 1" x="',
    "{name|<b>bold</b>} {value} {{7*7}} ${7*7}",
    "&lt;b&gt; &#60; ]]>",
    "\u202egnp.exe \u05e9\u05d9\u05e8",
    "\x1b[2J\x07\t\n",
    "\u2028line separator",
    "x" * 10_000,
    "",
]
SHOWN = {
    "\u202egnp.exe \u05e9\u05d9\u05e8": "[U+202E]gnp.exe \u05e9\u05d9\u05e8",
    "\x1b[2J\x07\t\n": "␛[2J␇␉␊",
    "\u2028line separator": "[U+2028]line separator",
    "": "(empty)",
}
# All rows of a grid, by scrolling through it: the page has only those in sight.
READ_GRID = """async (name) => {
    const grid = document.querySelector(`.grid[data-mart="${name}"]`);
    const holder = grid.querySelector(".tabulator-tableholder");
    // Above and below what is in sight the page has as many rows again.
    const seen = new Map();
    const drawn = () => new Promise(requestAnimationFrame);
    holder.scrollTop = 0;
    await drawn();
    for (;;) {
        for (const row of grid.querySelectorAll(".tabulator-row")) {
            const cells = [...row.querySelectorAll(".tabulator-cell bdi")];
            const values = cells.map((cell) => ("null" in cell.dataset ? null : cell.dataset.value));
            seen.set(JSON.stringify(values), [values, cells.map((cell) => cell.textContent)]);
        }
        const before = holder.scrollTop;
        holder.scrollTop += 1.8 * holder.clientHeight;
        await drawn();
        if (holder.scrollTop === before) return [...seen.values()];
    }
}"""


@pytest.fixture
def new_site(pages, tmp_path):
    return lambda: Site(tmp_path / "site", pages)


@pytest.fixture(scope="module")
def data(proved_data, tmp_path_factory):
    """A finished run, which nobody else looks at."""
    folder = tmp_path_factory.mktemp("finished") / "data"
    shutil.copytree(proved_data, folder, symlinks=True)
    return folder


@pytest.fixture(scope="module")
def published(data):
    return (data / "warehouse" / "published" / "current").resolve()


@pytest.fixture(scope="module")
def files(binary, deps, data, tmp_path_factory):
    """The pages of the finished run as `publish --static` writes them."""
    folder = tmp_path_factory.mktemp("site") / "site"
    publish_static(binary, deps, data, folder)
    return folder


@pytest.fixture(scope="module")
def server(binary, data, tmp_path_factory):
    """The same pages as `serve` answers with them: a function of a page's name and what stands behind it."""
    running, address = serve(binary, data, tmp_path_factory.mktemp("serve"))
    yield lambda page, choices="": f"{address}{page}.html{choices}"
    running.end()


@pytest.fixture(params=["file", "server"])
def place(request, files, server):
    """Either of the two."""
    if request.param == "server":
        return server
    return lambda page, choices="": f"{(files / page).as_uri()}.html{choices}"


@pytest.fixture(scope="module")
def marts(published):
    snapshot = json.loads((published / "snapshot.json").read_text())
    return {mart["name"]: json.loads((published / mart["file"]).read_text()) for mart in snapshot["marts"]}


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def read_grid(page, name: str) -> list[list[str | None]]:
    return [values for values, _ in page.evaluate(READ_GRID, name)]


def put(site: Site, *marts: dict, taken_at=None, proof=None, **changes) -> None:
    snapshot, files = made_publication(list(marts), taken_at or now())
    site.add(snapshot | changes, files, proof)


def top_songs(names: list[str], total: int | None = None) -> dict:
    rows = [[f"song-{at}", name, f"by {name}", 100_000 - at, at] for at, name in enumerate(names)]
    return made_mart("TOP_SONGS", ["SONG_ID", "SONG_NAME", "ARTIST_NAME", "TOTAL_PLAYS", "TOTAL_SKIPS"], rows, total)


# --- numbers ---


def lines_of_the_lake(data) -> list[dict]:
    return each_once(lines_in(path.read_text() for path in sorted((data / "lake").rglob("*.json"))))


def test_every_cell_of_the_worksheets_is_the_marts_and_the_lakes(browser, place, marts, proved_data):
    wanted = recounted(lines_of_the_lake(proved_data))
    with opened(browser, place("result")) as (page, told):
        for name in WORKSHEETS:
            shown = page.evaluate(READ_GRID, name)
            values = [row for row, _ in shown]
            assert values == texts(marts[name]["rows"]), name
            assert sorted(values) == sorted(wanted[name]), name
            kinds = [column["kind"] for column in marts[name]["columns"]]
            for row, words in shown:
                assert words == [
                    f"{int(cell):,}" if kind == "number" else cell for cell, kind in zip(row, kinds, strict=True)
                ]
        assert told.complaints == []


def test_any_mart_is_shown_as_it_is(browser, server, marts):
    """The first rows: those of the worksheets are read to the end."""
    for name in set(marts) - set(WORKSHEETS):
        with opened(browser, server("result", f"#mart={name}")) as (page, told):
            columns = marts[name]["columns"]
            cells = page.locator(f'.grid[data-mart="{name}"] .tabulator-row bdi').evaluate_all(
                "(all) => all.map((cell) => ('null' in cell.dataset ? null : cell.dataset.value))"
            )
            shown = [cells[at : at + len(columns)] for at in range(0, len(cells), len(columns))]
            wanted = marts[name]["rows"][: len(shown)]
            assert len(shown) >= min(14, marts[name]["rows_included"]), name
            for got, row in zip(shown, wanted, strict=True):
                for cell, value, column in zip(got, row, columns, strict=True):
                    assert as_written(cell, column["kind"]) == value, (name, column["name"])
            total = marts[name]["rows_total"]
            count = page.locator("#sheet-other .count strong").inner_text()
            assert (f"{total:,} row" if total == 1 else f"{total:,} rows") in count
            assert told.complaints == []


def as_written(cell: str | None, kind: str):
    """A cell of the page as the JSON has it."""
    if cell is None or kind not in ("number", "boolean"):
        return cell
    return json.loads(cell)


def test_a_worksheet_says_its_sql_its_rows_and_what_columns_have(browser, server, marts):
    with opened(browser, server("result")) as (page, _):
        for name in WORKSHEETS:
            mart = marts[name]
            sheet = page.locator(f'[data-sheet="{name}"]')
            assert sheet.locator("pre.sql").inner_text() == mart["sql"]
            assert sheet.locator(".count strong").inner_text() == f"{mart['rows_total']:,} rows"
            # As browsers round a half.
            assert f"{math.floor(mart['query_ms'] + 0.5)} ms" in sheet.locator(".count").inner_text()
            for column in mart["columns"]:
                profile = sheet.locator(f'[data-profile="{column["name"]}"]')
                if column["kind"] == "number" and column["histogram"]:
                    assert profile.locator("span").inner_text() == f"{column['min']:,} to {column['max']:,}"
                    heights = [float(bin.get_attribute("height")) for bin in profile.locator("rect").all()]
                    rows = [one["rows"] for one in column["histogram"]]
                    assert [height > 0 for height in heights] == [count > 0 for count in rows]
                    assert heights.index(max(heights)) == rows.index(max(rows))
                title = profile.get_attribute("title")
                assert column["description"] in title
                for top in column["top"]:
                    assert f"({100 * top['rows'] / mart['rows_total']:.1f} %)" in title


def test_figures_and_sums_of_music_are_those_of_the_marts(browser, server, marts):
    hourly = [
        dict(zip([column["name"] for column in marts["COUNTRY_DEVICE_HOURLY"]["columns"]], row, strict=True))
        for row in marts["COUNTRY_DEVICE_HOURLY"]["rows"]
    ]
    country = hourly[0]["COUNTRY"]
    for choices, rows in (("", hourly), (f"#country={country}", [row for row in hourly if row["COUNTRY"] == country])):
        days = collections.Counter()
        cells = collections.Counter()
        for row in rows:
            days[row["DAY"]] += row["TOTAL_PLAYS"]
            cells[row["COUNTRY"], row["DEVICE_TYPE"]] += row["TOTAL_PLAYS"]
        with opened(browser, server("music", choices)) as (page, told):
            assert page.locator(".overview dd").first.get_attribute("data-value") == str(sum(days.values()))
            for button in page.get_by_role("button", name="Show as table").all():
                button.click()
            table = page.locator('table[data-mart="days"]')
            shown = {
                row.locator("td").nth(0).inner_text(): int(row.locator("td").nth(1).get_attribute("data-value"))
                for row in table.locator("tbody tr").all()
            }
            assert {day: plays for day, plays in shown.items() if plays} == {
                day: plays for day, plays in days.items() if plays
            }
            table = page.locator('table[data-mart="countries"]')
            devices = table.locator("th").all_inner_texts()[1:]
            for row in table.locator("tbody tr").all():
                name, *plays = row.locator("td").all_inner_texts()
                assert [int(one.replace(",", "")) for one in plays] == [cells[name, device] for device in devices]
            assert told.complaints == []


def test_ranked_songs_are_the_first_of_the_mart(browser, server, marts):
    with opened(browser, server("music")) as (page, _):
        rows = page.locator('table[data-mart="songs"] tbody tr').all()
        shown = [
            (row.locator("td.name bdi").first.inner_text(), int(row.locator("td.number").get_attribute("data-value")))
            for row in rows
        ]
    assert shown == [(row[1], row[3]) for row in marts["TOP_SONGS"]["rows"][: len(shown)]]
    assert shown


def test_runs_shows_the_build_the_loads_and_the_proof(browser, server, published):
    snapshot = json.loads((published / "snapshot.json").read_text())
    report = json.loads((published / "proof.json").read_text())["report"]
    with opened(browser, server("runs")) as (page, told):
        nodes = page.locator('table[data-mart="dbt-nodes"] tbody tr')
        assert nodes.count() == len(snapshot["dbt"]["nodes"])
        assert page.locator('table[data-mart="dbt-tests"] tbody tr').count() == sum(
            node["kind"] == "test" for node in snapshot["dbt"]["nodes"]
        )
        assert page.locator('table[data-mart="ledger"] tbody tr').count() == len(snapshot["ledger"]["tail"])
        stages = page.locator('table[data-mart="proof-stages"] tbody tr').all()
        assert [row.locator("td").first.inner_text() for row in stages] == [
            stage["stage"] for stage in report["stages"]
        ]
        assert page.locator("#proof .verdict").inner_text() == report["verdict"]
        assert told.complaints == []
    with opened(browser, server("index")) as (page, told):
        assert page.locator("#summary .verdict").get_attribute("data-verdict") == "Proved"
        assert report["verdict"] in page.locator("#summary .verdict").inner_text()
        kept = page.locator("#summary dd").nth(1).get_attribute("data-value")
        assert kept == str(snapshot["completeness"]["kept"])
        assert told.complaints == []


def test_pages_lead_to_the_report_and_to_each_other(browser, place, files):
    with opened(browser, place("index")) as (page, _):
        links = [
            link.get_attribute("href") for link in page.locator("a").all() if link.get_attribute("href") != "#main"
        ]
        assert {f"{name}.html" for name in PAGES} < set(links)
        assert len([link for link in links if link.endswith("/report.html")]) == 2
        for link in links:
            # Programs of the stack have addresses of their own.
            assert link.startswith("http://127.0.0.1:") or (files / link).is_file(), link
        page.locator(".tile", has_text="Report").click()
        page.wait_for_function("() => document.querySelector('table[data-mart=TOP_SONGS]')")


# --- what a reader does ---


def test_order_and_filters_change_rows_count_csv_and_address(browser, server, marts):
    mart = marts["USER_ENGAGEMENT"]
    device, plays = [
        [column["name"] for column in mart["columns"]].index(name) for name in ("DEVICE_TYPE", "TOTAL_PLAYS")
    ]
    with opened(browser, server("result")) as (page, told):
        sheet = page.locator('[data-sheet="USER_ENGAGEMENT"]')
        sheet.locator('[data-filter="DEVICE_TYPE"]').fill("WEB")
        sheet.locator('[data-filter="TOTAL_PLAYS"]').fill(">=1")
        sheet.locator('[data-sort="TOTAL_PLAYS"]').click()
        page.wait_for_function("() => location.hash.includes('order=TOTAL_PLAYS%3Aasc')")
        wanted = [row for row in mart["rows"] if row[device] == "web" and row[plays] >= 1]
        assert 0 < len(wanted) < len(mart["rows"])
        shown = read_grid(page, "USER_ENGAGEMENT")
        assert sorted(shown) == sorted(texts(wanted))
        assert [int(row[plays]) for row in shown] == sorted(row[plays] for row in wanted)
        assert sheet.locator(".count strong").inner_text() == f"{len(wanted):,} of {len(mart['rows']):,} rows"

        with page.expect_download() as waited:
            sheet.get_by_role("button", name="Download CSV").click()
        with waited.value.path().open(newline="") as file:
            header, *rows = csv.reader(file)
        assert header == [column["name"] for column in mart["columns"]]
        assert rows == shown

        # The address alone brings the same rows again.
        with opened(browser, page.url) as (again, _):
            assert read_grid(again, "USER_ENGAGEMENT") == shown
        sheet.get_by_role("button", name="Clear filters and order").click()
        page.wait_for_function("() => location.hash === ''")
        assert read_grid(page, "USER_ENGAGEMENT") == texts(mart["rows"])
        assert told.complaints == []


def test_everything_can_be_done_by_keyboard(browser, server):
    def tab_to(page, selector, most=60):
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"focus is not seen on {selector}"
                return
        raise AssertionError(f"{most} tabs do not lead to {selector}")

    with opened(browser, server("result")) as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("() => document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        tab_to(page, '[data-sheet="TOP_SONGS"] [data-sort="TOTAL_SKIPS"]')
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('[data-sheet=TOP_SONGS] [aria-sort=ascending]')")
        skips = [int(row[4]) for row in read_grid(page, "TOP_SONGS")]
        assert skips == sorted(skips)
        tab_to(page, '[data-sheet="TOP_SONGS"] [data-filter="TOTAL_SKIPS"]')
        page.keyboard.type(f"={skips[-1]}")
        assert {row[4] for row in read_grid(page, "TOP_SONGS")} == {str(skips[-1])}
        tab_to(page, ".tabulator-tableholder")
        tab_to(page, '[data-sheet="USER_ENGAGEMENT"] [data-csv]')
        with page.expect_download():
            page.keyboard.press("Enter")
    with opened(browser, server("music")) as (page, _):
        tab_to(page, "#days summary")
        page.keyboard.press("Enter")
        assert page.locator("#days .meaning > div").is_visible()
        tab_to(page, "#days button")
        page.keyboard.press("Enter")
        assert page.locator('table[data-mart="days"]').is_visible()
        assert not page.locator('[data-chart="days"]').is_visible()


def test_the_theme_follows_the_system_and_the_reader(browser, server):
    def background(page):
        return page.evaluate(
            "() => getComputedStyle(document.body).backgroundColor + getComputedStyle(document.body).color"
        )

    with opened(browser, server("music")) as (page, _):
        light = background(page)
    with opened(browser, server("music"), scheme="dark") as (page, _):
        dark = background(page)
        page.wait_for_selector('[data-chart="days"] text')
    assert light != dark
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    with opened(browser, server("music"), context=context) as (page, _):
        line = page.locator('[data-chart="days"] path[stroke]').first.get_attribute("stroke")
        page.get_by_label("Theme").select_option("dark")
        assert background(page) == dark
        page.wait_for_function(
            "(line) => document.querySelector('[data-chart=days] path[stroke]').getAttribute('stroke') !== line",
            arg=line,
        )
    with opened(browser, server("runs"), context=context) as (page, _):
        assert background(page) == dark, "the choice was forgotten"
        page.get_by_label("Theme").select_option("auto")
        assert background(page) == light
    context.close()


# --- sizes ---


def test_ten_thousand_songs_scroll_with_few_rows_in_the_page(browser, new_site):
    site = new_site()
    put(site, top_songs([f"Song {at}" for at in range(SONGS)], total=12_345))
    with opened(browser, site.address("result.html")) as (page, told):
        count = page.locator('[data-sheet="TOP_SONGS"] .count')
        assert "10,000 of 12,345 rows" in count.inner_text()
        rows = page.locator(".tabulator-row")
        assert 10 < rows.count() < 100
        page.evaluate(
            "() => { const holder = document.querySelector('.tabulator-tableholder'); holder.scrollTop = holder.scrollHeight; }"
        )
        page.wait_for_function(
            "() => [...document.querySelectorAll('.tabulator-row bdi')].some((cell) => cell.textContent === 'Song 9999')"
        )
        assert 10 < rows.count() < 100
        assert page.locator(f'.tabulator-row[aria-rowindex="{SONGS + 1}"]').count() == 1
        page.locator('[data-filter="SONG_NAME"]').fill("song 999")
        assert len(read_grid(page, "TOP_SONGS")) == 11
        assert told.complaints == []


def test_no_page_is_wider_than_a_small_screen(browser, server):
    for name in PAGES:
        for width in (360, 768, 1920):
            with opened(browser, server(name), width=width) as (page, _):
                assert page.evaluate("() => document.documentElement.scrollWidth") <= width, (name, width)


def test_every_page_is_small(pages):
    later = {"result": ["grid.js", "grid.css"], "music": ["charts.js"], "year": ["charts.js"]}
    for name in PAGES:
        html = (pages / f"{name}.html").read_text()
        parts = [f"{name}.html", *re.findall(r'(?:src|href)="([^"]+\.(?:js|css|svg))"', html), *later.get(name, [])]
        assert f"{name}.js" in parts and "style.css" in parts
        size = sum(len(gzip.compress((pages / part).read_bytes())) for part in set(parts))
        assert size < BYTES_MAX, (name, size)


def test_a_page_is_seen_at_once(browser, server, say):
    for name in PAGES:
        times = []
        for _ in range(5):
            with opened(browser, server(name)) as (page, _):
                times.append(page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        say(f"{name}: first contentful paint {statistics.median(times):.0f} ms")
        assert statistics.median(times) < FIRST_PAINT_MS * BESIDE_OTHERS, (name, times)


# --- what must not happen ---


def test_nothing_comes_from_outside(browser, place, files):
    origin = place("index").rsplit("/", 1)[0] + "/"
    for name in PAGES:
        with opened(browser, place(name)) as (_, told):
            assert told.requests and all(request.startswith(origin) for request in told.requests), told.requests
            assert told.complaints == [], name
    for file in files.glob("*.html"):
        inline = re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style", file.read_text())
        assert not inline, f"{file.name}: {inline[0]}"


def hostile_publication(site: Site) -> None:
    day = f"{now():%Y-%m-%d}"
    hours = [[day, f"{day}T10:00:00.000Z", name, name, 1 + at, at] for at, name in enumerate(HOSTILE)]
    put(
        site,
        top_songs(HOSTILE),
        made_mart("USER_ENGAGEMENT", ["USER_ID", "TOTAL_PLAYS"], [[name, at] for at, name in enumerate(HOSTILE)]),
        made_mart(
            "ARTIST_DAILY",
            ["DAY", "ARTIST_NAME", "TOTAL_PLAYS", "TOTAL_SKIPS"],
            [[day, name, 5, 1] for name in HOSTILE],
        ),
        made_mart(
            "SONG_DAILY",
            ["DAY", "SONG_ID", "SONG_NAME", "TOTAL_PLAYS", "COMPLETIONS", "UNIQUE_LISTENERS"],
            [[day, name, name, 5, 1, 1] for name in HOSTILE],
        ),
        made_mart(
            "COUNTRY_DEVICE_HOURLY", ["DAY", "HOUR", "COUNTRY", "DEVICE_TYPE", "TOTAL_PLAYS", "TOTAL_SKIPS"], hours
        ),
        proof={
            "version": 1,
            "snapshot": "",
            "at": "2026-01-01T00:00:00.000Z",
            "report": {
                "proved": False,
                "verdict": HOSTILE[1],
                "notes": HOSTILE,
                "findings": [{"stage": HOSTILE[0], "kind": HOSTILE[1], "pending": False, "total": 3, "named": HOSTILE}],
            },
        },
        writer=HOSTILE[0],
        dbt={
            "started_at": "2026-01-01T00:00:00.000Z",
            "seconds": 1.5,
            "nodes": [
                {
                    "name": name,
                    "kind": "test",
                    "status": name,
                    "message": name,
                    "failures": 1,
                    "started_at": "2026-01-01T00:00:00.000Z",
                    "seconds": 0.1,
                }
                for name in HOSTILE
            ],
        },
        rejected={
            "events": 11,
            "reasons": [
                {"reason": name, "field": name, "rejected_by": "sink", "events": 1, "sample": name} for name in HOSTILE
            ],
        },
        ledger={
            "objects": 1,
            "records": 1,
            "rejected": 0,
            "tail": [
                {
                    "object_key": name,
                    "topic": name,
                    "partition": 0,
                    "first_offset": 0,
                    "last_offset": 1,
                    "records": 2,
                    "rejected": 0,
                    "loaded_at": "2026-01-01T00:00:00.000Z",
                }
                for name in HOSTILE
            ],
        },
    )


def shown_as(text: str) -> str:
    shown = SHOWN.get(text, text)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"


@pytest.mark.parametrize("under", ["file", "server"])
def test_whatever_names_contain_is_text(browser, new_site, under):
    site = new_site()
    hostile_publication(site)
    site.write_current(live=True, message=f"Look at {HOSTILE[1]}")
    services = {
        "version": 1,
        "checked_at": None,
        "services": [
            {
                "name": HOSTILE[1],
                "what": HOSTILE[0],
                "url": "javascript:window.hit=1",
                "answers": True,
                "detail": HOSTILE[3],
            }
        ],
    }
    (site.data / "services.js").write_text(f'sdp.receive("services", {json.dumps(services)});')
    with served(site.folder) as address:
        for name in PAGES:
            with opened(browser, f"{address}/{name}.html" if under == "server" else site.address(f"{name}.html")) as (
                page,
                told,
            ):
                for chart in page.locator("[data-chart]").all():
                    chart.hover()
                assert page.evaluate("() => window.hit") is None
                assert (
                    page.locator(
                        "main script, main img, main iframe, main b, main [onmouseover], a[href^='javascript']"
                    ).count()
                    == 0
                )
                assert told.complaints == [], name
                assert HOSTILE[1] in page.locator("#state").inner_text()
                if name == "result":
                    cells = [words[1] for _, words in page.evaluate(READ_GRID, "TOP_SONGS")]
                    assert cells == [shown_as(text) for text in HOSTILE]
                    assert [row[1] for row in read_grid(page, "TOP_SONGS")] == HOSTILE
                if name == "music":
                    artists = page.locator('table[data-mart="artists"] td.name bdi:first-child').all_inner_texts()
                    assert HOSTILE[0] in artists and "(empty)" in artists
                    assert page.locator('[data-filter="country"] option').count() == len(HOSTILE) + 1
                if name == "runs":
                    assert page.locator('table[data-mart="rejected"] tbody tr').count() == len(HOSTILE)


def test_axe_finds_nothing_serious(browser, server, deps):
    axe = (deps / "axe" / "axe.min.js").read_text()
    for name in PAGES:
        for scheme in ("light", "dark"):
            with opened(browser, server(name), scheme=scheme) as (page, _):
                page.evaluate(axe)
                # The rest does not depend on colours.
                rules = {"runOnly": ["color-contrast"]} if scheme == "dark" else {}
                found = page.evaluate("(rules) => axe.run(document, rules).then((result) => result.violations)", rules)
                serious = [
                    (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
                    for one in found
                    if one["impact"] in ("serious", "critical")
                ]
                assert serious == [], (name, scheme)


def test_a_page_has_landmarks_a_heading_and_captions(browser, server):
    for name in PAGES:
        with opened(browser, server(name)) as (page, _):
            assert page.locator("h1").count() == 1
            for landmark in ("banner", "main", "contentinfo"):
                assert page.get_by_role(landmark).count() == 1, (name, landmark)
            assert page.get_by_role("navigation", name="Pages").get_by_role("link").count() >= 4
            assert page.locator("a[aria-current=page]").count() == 1
            for table in page.locator("table").all():
                assert table.locator("caption").text_content(), name
            for chart in page.locator("[data-chart]").all():
                assert chart.get_attribute("aria-label"), name


# --- states ---


def state_of(browser, site: Site, page: str = "result.html") -> str:
    with opened(browser, site.address(page)) as (opened_page, told):
        assert [one for one in told.complaints if "ERR_FILE_NOT_FOUND" not in one] == []
        return opened_page.locator("#state").inner_text()


def test_a_page_without_data_says_what_to_run(browser, new_site):
    site = new_site()
    message = "Nothing is published in data yet. Run: spotify-pipeline run --data data"
    site.write_current(message=message)
    for name in PAGES:
        with opened(browser, site.address(f"{name}.html")) as (page, told):
            assert page.locator("#state").inner_text() == message
            assert page.locator("#state code").inner_text() == "spotify-pipeline run --data data"
            assert told.complaints == []
    (site.data / "current.js").unlink()
    assert "run: spotify-pipeline serve" in state_of(browser, site)


def test_a_publication_that_is_gone_is_said_to_be_replaced(browser, new_site):
    site = new_site()
    put(site, top_songs(["One"]))
    [folder] = [path for path in site.data.iterdir() if path.is_dir()]
    assert state_of(browser, site).startswith("Not verified")
    (folder / "mart_top_songs.js").unlink()
    with opened(browser, site.address("result.html")) as (page, _):
        assert "was replaced by a newer one" in page.locator('[data-sheet="TOP_SONGS"]').inner_text()
        assert "has no mart USER_ENGAGEMENT" in page.locator('[data-sheet="USER_ENGAGEMENT"]').inner_text()
    (folder / "snapshot.js").unlink()
    with opened(browser, site.address("result.html")) as (page, _):
        assert "was replaced by a newer one" in page.locator("#state").inner_text()
        assert page.get_by_role("button", name="Reload").count() == 1


def test_an_open_page_says_that_there_is_a_newer_publication(browser, new_site):
    site = new_site()
    put(site, top_songs(["One"]))
    site.write_current(live=True)
    (site.data / "services.js").write_text(
        'sdp.receive("services", {"version": 1, "checked_at": null, "services": []});'
    )
    older = site.current["publications"]
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    page.goto(site.address("result.html"))
    wait_until_drawn(page)
    with page.expect_event("requestfinished", lambda request: request.url.endswith("/current.js")):
        page.clock.fast_forward(21_000)
    assert "newer publication" not in page.locator("#state").inner_text()
    site.write_current(publications=[])
    put(site, top_songs(["Two"]))
    assert site.current["publications"] != older
    page.clock.fast_forward(21_000)
    page.get_by_text("There is a newer publication").wait_for()
    page.get_by_role("button", name="Reload").click()
    page.get_by_text("Two", exact=True).wait_for()
    context.close()


def test_old_and_unproved_numbers_are_told_from_new_ones(browser, new_site):
    site = new_site()
    put(site, top_songs(["One"]), taken_at=now() - datetime.timedelta(hours=23))
    assert "hours ago" in state_of(browser, site) and "newer ones run" not in state_of(browser, site)
    site.write_current(publications=[])
    put(
        site,
        top_songs(["One"]),
        taken_at=now() - datetime.timedelta(days=3),
        proof={
            "version": 1,
            "snapshot": "",
            "at": "2026-01-01T00:00:00.000Z",
            "report": {"proved": False, "verdict": "NOT proved: 3 problems"},
        },
    )
    state = state_of(browser, site)
    assert state.startswith("Not proved") and "3 days ago. For newer ones run: spotify-pipeline run" in state


def test_data_of_another_version_are_refused_by_name(browser, new_site):
    site = new_site()
    put(site, top_songs(["One"]), version=2)
    assert "snapshot.json has version 2" in state_of(browser, site)


def test_the_reader_chooses_among_warehouses(browser, new_site):
    site = new_site()
    for warehouse, name in (("duckdb", "In the file"), ("snowflake", "In the account")):
        put(site, top_songs([name]), warehouse=warehouse)
        snapshot = site.current["publications"][-1]
        assert snapshot["warehouse"] == warehouse
    with opened(browser, site.address("result.html")) as (page, _):
        assert read_grid(page, "TOP_SONGS")[0][1] == "In the file"
        page.get_by_label("Warehouse").select_option(site.current["publications"][1]["folder"])
        page.wait_for_function("() => document.querySelector('.status')?.textContent.includes('Snowflake')")
        wait_until_drawn(page)
        assert read_grid(page, "TOP_SONGS")[0][1] == "In the account"
        page.get_by_role("link", name="Music").click()
        page.wait_for_function("() => document.querySelector('.status')?.textContent.includes('Snowflake')")


def test_music_names_the_mart_that_is_missing(browser, new_site):
    site = new_site()
    put(site, top_songs(["One"]))
    with opened(browser, site.address("music.html")) as (page, told):
        text = page.locator("main").inner_text()
        for mart in (
            "SKIP_CURVE",
            "SONG_WINDOWS",
            "LISTENING_BY_WEEKDAY",
            "ARTIST_DAILY",
            "COUNTRY_DEVICE_HOURLY",
            "SONG_DAILY",
            "LISTENER_SESSIONS",
        ):
            assert f"no mart {mart}" in text, mart
        assert told.complaints == []


# --- what somebody sees who comes for the first time ---


def test_a_year_has_no_commas(browser, new_site):
    site = new_site()
    put(site, top_songs(["Song"]), made_mart("SONG_YEARS", ["YEAR", "TOTAL_PLAYS"], [[2026, 2026], [2025, 1000]]))
    with opened(browser, site.address("result.html", "#mart=SONG_YEARS")) as (page, told):
        shown = page.evaluate(READ_GRID, "SONG_YEARS")
        assert [words for _, words in shown] == [["2026", "2,026"], ["2025", "1,000"]]
        assert "2,02" not in page.locator('[data-profile="YEAR"]').inner_text()
        assert told.complaints == []


def test_an_empty_panel_says_why_it_is_empty(browser, new_site):
    """That filters leave nothing is said only where there are filters."""
    site = new_site()
    hours = made_mart(
        "COUNTRY_DEVICE_HOURLY",
        ["HOUR", "DAY", "COUNTRY", "DEVICE_TYPE", "TOTAL_PLAYS", "TOTAL_SKIPS", "STREAMS"],
        [["2026-02-15T17:00:00.000Z", "2026-02-15", "DE", "web", 1, 1, 0]],
    )
    put(site, top_songs(["Song"]), hours, made_mart("SKIP_CURVE", ["SECOND_FROM", "SECOND_TO", "SKIPS", "SHARE"], []))
    with opened(browser, site.address("music.html")) as (page, told):
        assert "No skip says at which second" in page.locator("#skips").inner_text()
        assert "filter" not in page.locator(".panels").inner_text().lower()
        assert told.complaints == []
    with opened(browser, site.address("music.html", "#country=FR")) as (page, _):
        assert "No row matches the filters." in page.locator(".panels").inner_text()


def test_a_chart_says_what_it_counts_and_what_it_leaves_out(browser, new_site):
    site = new_site()
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=at) for at in range(0, 700, 10)]
    rows = [[f"{day}T17:00:00.000Z", str(day), "DE", "web", 1, 0, 0] for day in days]
    columns = ["HOUR", "DAY", "COUNTRY", "DEVICE_TYPE", "TOTAL_PLAYS", "TOTAL_SKIPS", "STREAMS"]
    put(site, made_mart("COUNTRY_DEVICE_HOURLY", columns, rows))
    with opened(browser, site.address("music.html")) as (page, told):
        panel = page.locator("#days")
        assert "The latest 400 days; there are plays since 2024-01-01." in panel.inner_text()
        assert panel.locator(".chart-label").inner_text() == "Plays and skips per UTC day"
        # An axis that counts plays has whole numbers.
        marks = panel.locator("svg text").all_text_contents()
        assert "1" in marks and not [mark for mark in marks if "." in mark], marks
        assert told.complaints == []
    put(site, made_mart("COUNTRY_DEVICE_HOURLY", columns, rows[:30]), taken_at=now() + datetime.timedelta(seconds=1))
    newest = site.current["publications"][-1]["folder"]
    with opened(browser, site.address("music.html", f"#publication={newest}")) as (page, _):
        assert "latest" not in page.locator("#days").inner_text()


def test_the_start_page_offers_only_what_there_is(browser, new_site):
    """A run in one process has no services and nothing that moves: neither is shown as a fault, or as a way that ends nowhere."""
    site = new_site()
    put(site, top_songs(["Song"]))
    service = {"name": "Kafdrop", "what": "the topic", "url": "http://127.0.0.1:9000", "detail": "Failed to connect"}
    for answers, moves in ((False, False), (True, True)):
        site.write_current(live=True, moves={"on": moves, "how": "Run: spotify-pipeline serve --flow"})
        all_services = [service | {"answers": answers}, service | {"name": "MinIO", "answers": False}]
        told = {"version": 1, "checked_at": None, "services": all_services}
        (site.data / "services.js").write_text(f'sdp.receive("services", {json.dumps(told)});')
        with opened(browser, site.address("index.html")) as (page, _):
            page.wait_for_selector(".services li")
            services = page.locator("#services")
            assert ("None of them runs here." in services.inner_text()) is not answers
            assert services.locator(".badge.open").count() == (1 if answers else 0)
            assert ("Failed to connect" in services.inner_text()) is answers
            assert page.locator(".tile", has_text="serve --flow").count() == (0 if moves else 1)
            assert ("Topic" in page.locator(".tile strong").all_inner_texts()) is moves


def test_a_ranking_shows_all_its_numbers_on_a_telephone(browser, new_site):
    site = new_site()
    columns = ["YEAR", "SONG_ID", "SONG_NAME", "ARTIST_NAME", "TOTAL_PLAYS", "TOTAL_SKIPS", "HEARD_MS"]
    rows = [[2026, f"song-{at}", f"A song of {at} words", f"by {at}", 1000 - at, 100, 36_000_000] for at in range(10)]
    years = made_mart(
        "LISTENING_YEARS",
        [
            *(
                "YEAR",
                "EVENTS",
                "TOTAL_PLAYS",
                "TOTAL_SKIPS",
                "SKIP_RATE",
                "SONGS",
                "ARTISTS",
                "DAYS_PLAYED",
                "HEARD_MS",
            ),
            *("LONGEST_STREAK_DAYS", "LONGEST_STREAK_BEGINS", "BUSIEST_DAY", "BUSIEST_DAY_PLAYS"),
        ],
        [[2026, 9955, 9955, 1000, 0.1, 10, 10, 9, 360_000_000, 3, "2026-01-01", "2026-01-01", 9]],
    )
    put(site, years, made_mart("SONG_YEARS", columns, rows))
    with opened(browser, site.address("year.html"), width=360) as (page, told):
        table = page.locator("#songs .scroll")
        assert table.evaluate("(one) => one.scrollWidth <= one.clientWidth")
        assert told.complaints == []
