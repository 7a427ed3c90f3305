"""The page Your year: every number is what Python counts in the export that was imported, or in the lake of simulated events."""

import collections
import datetime
import json

import pytest
from driver.browser import opened
from driver.embedded import Embedded
from driver.recount import each_once, lines_in
from driver.site import Site, made_mart, made_publication, publish_static, serve
from test_import import extended_rows, heard_in_extended

pytestmark = pytest.mark.xdist_group("browser")

UTC = datetime.UTC
DAY_MS = 86_400_000
ROWS, DAYS = 1_200, 800


@pytest.fixture
def new_site(pages, tmp_path):
    return Site(tmp_path / "site", pages)


@pytest.fixture(scope="module")
def history():
    """Rows of an export: days without any, days with several, and years of which some have few."""
    rows = extended_rows(ROWS, seed=11, days=DAYS)
    return [row for at, row in enumerate(rows) if (at // 40) % 5 != 4]


@pytest.fixture(scope="module")
def person(binary, deps, history, tmp_path_factory):
    folder = tmp_path_factory.mktemp("person")
    export = folder / "Streaming_History_Audio_0.json"
    export.write_text(json.dumps(history), encoding="utf-8")
    pipeline = Embedded(binary, deps, folder)
    finished = pipeline.start("--import", export).wait(180)
    assert finished.code == 0 and "proved: " in finished.out, str(finished)
    return pipeline


@pytest.fixture(scope="module")
def site(binary, deps, person, tmp_path_factory):
    """The pages as files."""
    folder = tmp_path_factory.mktemp("year") / "site"
    publish_static(binary, deps, person.data, folder)
    return folder


def served_at(binary, data, folder):
    running, address = serve(binary, data, folder)
    return running, lambda choices="": f"{address}year.html{choices}"


@pytest.fixture(scope="module")
def server(binary, person, tmp_path_factory):
    running, address = served_at(binary, person.data, tmp_path_factory.mktemp("serve"))
    yield address
    running.end()


@pytest.fixture(params=["file", "server"])
def address(request, site, server):
    return server if request.param == "server" else lambda choices="": f"{(site / 'year').as_uri()}.html{choices}"


# --- recounted ---


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def milliseconds(when: datetime.datetime) -> int:
    return round(when.timestamp() * 1000)


def events_of(rows: list[dict]) -> list[dict]:
    """What an import makes of rows, with what is known of lengths, in the order in which it happened."""
    made = []
    for row in rows:
        ended = milliseconds(moment(row["ts"]))
        for event in heard_in_extended([row]):
            is_skip = event["event_type"] == "skip"
            at = ended if is_skip else ended - row["ms_played"]
            length = row["ms_played"] if row["reason_end"] == "trackdone" else None
            made.append(event | {"at": at, "length": length, "position": row["ms_played"] if is_skip else None})
    return sorted(made, key=lambda event: event["at"])


def heard(events: list[dict]) -> list[int]:
    """Milliseconds of each event of one listener, by docs/formats/mart-tables.md."""
    amounts = []
    for at, event in enumerate(events):
        later = events[at + 1] if at + 1 < len(events) else None
        if later and later["at"] // DAY_MS != event["at"] // DAY_MS:
            later = None
        passed = (later["at"] if later else (event["at"] // DAY_MS + 1) * DAY_MS) - event["at"]
        known = event["length"]
        if later and later["event_type"] == "skip" and later["song_id"] == event["song_id"]:
            known = later["position"]
        amounts.append(min(known, passed) if event["event_type"] == "play" and known is not None else 0)
    return amounts


def day_of(event: dict) -> str:
    return f"{datetime.datetime.fromtimestamp(event['at'] / 1000, UTC):%Y-%m-%d}"


def longest_streak(days) -> tuple[int, str]:
    numbers = {datetime.date.fromisoformat(day).toordinal() for day in days}
    lengths = {}
    for first in numbers:
        if first - 1 in numbers:
            continue
        length = 1
        while first + length in numbers:
            length += 1
        lengths[first] = length
    first = min(lengths, key=lambda one: (-lengths[one], one))
    return lengths[first], datetime.date.fromordinal(first).isoformat()


def recounted_years(events: list[dict], amounts: list[int]) -> dict[int, dict]:
    """By year: the numbers of the cards, and the songs and artists in their order."""
    by_year = collections.defaultdict(list)
    for event, amount in zip(events, amounts, strict=True):
        by_year[int(day_of(event)[:4])].append((event, amount))
    years = {}
    for year, pairs in by_year.items():
        kinds = collections.Counter(event["event_type"] for event, _ in pairs)
        days = collections.Counter(day_of(event) for event, _ in pairs if event["event_type"] == "play")
        streak, begins = longest_streak(days)
        busiest = min(days, key=lambda day: (-days[day], day))
        years[year] = {
            "plays": kinds["play"],
            "skips": kinds["skip"],
            "heard": sum(amount for _, amount in pairs),
            "days": len(days),
            "streak": (streak, begins),
            "busiest": (busiest, days[busiest]),
            "songs": ranked(pairs, lambda event: event["song_id"], lambda event: event["song_name"]),
            "artists": ranked(pairs, lambda event: event["artist_name"], lambda event: event["artist_name"]),
        }
    return years


def ranked(pairs, key, name) -> list[tuple]:
    """(name, plays, milliseconds, skips) of what was played, the most played first."""
    found = {}
    for event, amount in pairs:
        one = found.setdefault(key(event), [name(event), 0, 0, 0])
        one[0] = min(one[0], name(event))
        one[1] += event["event_type"] == "play"
        one[2] += amount
        one[3] += event["event_type"] == "skip"
    order = sorted(found, key=lambda one: (-found[one][1], one))
    return [tuple(found[one]) for one in order if found[one][1] > 0]


@pytest.fixture(scope="module")
def wanted(history):
    events = events_of(history)
    return recounted_years(events, heard(events))


# --- the page ---


def as_hours(ms: int) -> str:
    text = f"{ms / 3_600_000:,.1f}"
    return text.removesuffix(".0") if ms else "–"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def cards(page) -> dict[str, tuple[str | None, str]]:
    return {
        card.locator("dt > span").inner_text(): (
            card.locator("dd").get_attribute("data-value"),
            card.locator("dd").inner_text(),
        )
        for card in page.locator(".overview dl > div").all()
    }


def table_rows(page, name: str) -> list[tuple]:
    return [
        (
            row.locator("td.name bdi").first.inner_text(),
            int(row.locator("td.number").get_attribute("data-value")),
            int(row.locator("td.text-right [data-value]").get_attribute("data-value")),
            row.locator("td").last.inner_text(),
        )
        for row in page.locator(f'table[data-mart="{name}"] tbody tr').all()
    ]


def ranking(rows: list[tuple]) -> list[tuple]:
    return [(name, plays, ms, f"{100 * skips / plays:.1f} %") for name, plays, ms, skips in rows[:10]]


def assert_shows(page, year: dict) -> None:
    shown = cards(page)
    assert shown["Plays"] == (str(year["plays"]), f"{year['plays']:,}")
    assert shown["Hours heard"] == (str(year["heard"]), as_hours(year["heard"]))
    assert shown["Songs"][0] == str(len(year["songs"]))
    assert shown["Artists"][0] == str(len(year["artists"]))
    assert shown["Skipped"][1] == f"{100 * year['skips'] / year['plays']:.1f} %"
    assert float(shown["Skipped"][0]) == pytest.approx(year["skips"] / year["plays"])
    assert shown["Days played"][0] == str(year["days"])
    streak, begins = year["streak"]
    assert shown["Longest streak"][0] == str(streak)
    assert shown["Longest streak"][1].split("\n") == [plural(streak, "day"), f"from {begins}"]
    busiest, plays = year["busiest"]
    assert shown["Busiest day"] == (busiest, f"{busiest}\n{plural(plays, 'play')}")
    assert table_rows(page, "songs") == ranking(year["songs"])
    assert table_rows(page, "artists") == ranking(year["artists"])


def test_every_number_of_every_year_is_what_the_export_says(browser, address, wanted):
    assert len(wanted) >= 3 and all(len(year["songs"]) > 10 for year in wanted.values())
    for year, counted in wanted.items():
        with opened(browser, address(f"#year={year}")) as (page, told):
            assert page.locator("h1").inner_text() == "Your year"
            assert_shows(page, counted)
            page.locator("#years").get_by_role("button", name="Show as table").click()
            shown = {
                int(row.locator("td").nth(0).inner_text()): (
                    int(row.locator("[data-value]").first.get_attribute("data-value")),
                    int(row.locator("td").nth(2).get_attribute("data-value")),
                    int(row.locator("td").nth(3).get_attribute("data-value")),
                )
                for row in page.locator('table[data-mart="years"] tbody tr').all()
            }
            assert shown == {one: (of["heard"], of["plays"], len(of["songs"])) for one, of in wanted.items()}
            assert told.complaints == []


def test_the_marts_of_years_are_what_the_export_says(person, wanted):
    columns = "year, song_name, total_plays, heard_ms, total_skips"
    rows = person.rows(f"SELECT {columns} FROM MART.SONG_YEARS ORDER BY year, total_plays DESC, song_id")
    assert [tuple(map(str, row)) for row in rows] == [
        tuple(map(str, (year, *song))) for year in sorted(wanted) for song in wanted[year]["songs"]
    ]
    columns = columns.replace("song_name", "artist_name")
    rows = person.rows(f"SELECT {columns} FROM MART.ARTIST_YEARS ORDER BY year, total_plays DESC, artist_name")
    assert [tuple(map(str, row)) for row in rows] == [
        tuple(map(str, (year, *artist))) for year in sorted(wanted) for artist in wanted[year]["artists"]
    ]


def test_the_year_is_chosen_by_keyboard_and_stands_in_the_address(browser, server, wanted):
    years = sorted(wanted, reverse=True)
    with opened(browser, server()) as (page, told):
        assert_shows(page, wanted[years[0]])
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("() => document.activeElement.matches('[data-filter=year]')"):
                break
        assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") != "none"
        page.keyboard.press("ArrowDown")
        page.wait_for_function("(year) => location.hash === `#year=${year}`", arg=years[1])
        assert_shows(page, wanted[years[1]])
        page.reload()
        page.locator(".overview").wait_for()
        assert_shows(page, wanted[years[1]])
        assert told.complaints == []
    with opened(browser, server("#year=1066")) as (page, _):
        assert_shows(page, wanted[years[0]])


def test_each_card_says_what_it_counts_and_as_of_when(browser, server):
    with opened(browser, server()) as (page, _):
        for card in page.locator(".overview dl > div").all():
            lines = card.locator(".meaning p").all_text_contents()
            assert len(lines) >= 2 and "of MART.LISTENING_YEARS." in lines[-1], lines
        for part in page.locator(".overview, .panel").all():
            assert part.locator("time").count() == 1


def test_the_page_is_narrow_dark_and_open_to_everybody(browser, server, deps, wanted):
    axe = (deps / "axe" / "axe.min.js").read_text()
    for scheme, width in (("light", 1440), ("dark", 1440), ("light", 360)):
        with opened(browser, server(), scheme=scheme, width=width) as (page, told):
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width
            page.evaluate(axe)
            found = page.evaluate("() => axe.run(document).then((result) => result.violations)")
            assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
            assert page.locator('[data-chart="years"] svg').count() == 1
            assert told.complaints == []


def test_a_warehouse_of_many_listeners_is_not_called_yours(browser, binary, proved_data, tmp_path):
    lines = each_once(lines_in(path.read_text() for path in sorted((proved_data / "lake").rglob("*.json"))))
    listeners = {line["user_id"] for line in lines}
    events = [line | {"at": milliseconds(moment(line["timestamp"]))} for line in lines]
    years = recounted_years(events, [0] * len(events))
    running, address = served_at(binary, proved_data, tmp_path)
    for year, counted in years.items():
        with opened(browser, address(f"#year={year}")) as (page, told):
            assert page.locator("h1").inner_text() == f"The year of {len(listeners):,} listeners"
            shown = cards(page)
            for name, value in (
                ("Plays", counted["plays"]),
                ("Songs", len(counted["songs"])),
                ("Artists", len(counted["artists"])),
                ("Days played", counted["days"]),
                ("Longest streak", counted["streak"][0]),
                ("Busiest day", counted["busiest"][0]),
            ):
                assert shown[name][0] == str(value), name
            for name in ("songs", "artists"):
                assert [row[:2] for row in table_rows(page, name)] == [row[:2] for row in counted[name][:10]]
            assert told.complaints == []
    running.end()


# --- publications that no run made ---

YEARS = [
    "YEAR", "EVENTS", "TOTAL_PLAYS", "TOTAL_SKIPS", "HEARD_MS", "SONGS", "ARTISTS", "DAYS_PLAYED", "LONGEST_STREAK_DAYS",
    "LONGEST_STREAK_BEGINS", "BUSIEST_DAY", "BUSIEST_DAY_PLAYS", "SKIP_RATE",
]  # fmt: skip
SONGS = ["YEAR", "SONG_ID", "SONG_NAME", "ARTIST_NAME", "TOTAL_PLAYS", "TOTAL_SKIPS", "HEARD_MS"]
ARTISTS = ["YEAR", "ARTIST_NAME", "TOTAL_PLAYS", "TOTAL_SKIPS", "HEARD_MS"]
NAME = "<img src=x onerror='window.hit = 1'>"


def put(site: Site, *marts: dict) -> None:
    snapshot, files = made_publication(list(marts), datetime.datetime.now(UTC))
    site.add(snapshot, files, None)


def year_row(year: int, plays: int, songs: int) -> list:
    return [year, plays, plays, 0, 5, songs, songs, 1, 1, f"{year}-01-01", f"{year}-01-01", plays, 0]


def test_a_mart_that_is_published_in_part_says_so(browser, new_site):
    rows = [[2024, f"song-{at}", NAME, "by", 90 - at, 0, 5] for at in range(12)] + [
        [2023, "song-0", "Old", "by", 3, 0, 5]
    ]
    put(
        new_site,
        made_mart("LISTENING_YEARS", YEARS, [year_row(2024, 900, 12), year_row(2023, 3, 3), year_row(2022, 0, 0)]),
        made_mart("SONG_YEARS", SONGS, rows, total=20_000),
        made_mart("ARTIST_YEARS", ARTISTS, [[2024, NAME, 900, 0, 5], [2023, "Old", 3, 0, 5]]),
    )
    part = "Of 20,000 rows of MART.SONG_YEARS the publication has 13, first the most played of every year."
    with opened(browser, new_site.address("year.html")) as (page, told):
        assert page.locator("#songs .part").inner_text() == part
        assert page.locator("#songs .note").count() == 0
        assert page.locator("#artists .part").count() == 0
        assert page.locator('table[data-mart="songs"] bdi').first.inner_text() == NAME
        assert page.evaluate("() => window.hit") is None
        assert told.complaints == []
    with opened(browser, new_site.address("year.html", "#year=2023")) as (page, _):
        assert page.locator("#songs .note code").inner_text() == "spotify-pipeline marts song_years"
        assert page.locator("#songs .note").inner_text().startswith("2 rows that belong here are not in")
    with opened(browser, new_site.address("year.html", "#year=2022")) as (page, _):
        assert page.locator("#songs .soft").last.inner_text() == "Nothing was played in this year."
        assert cards(page)["Skipped"][1] == "–"


def test_a_page_without_a_year_says_what_to_run(browser, new_site):
    run_import = "spotify-pipeline run --import my_spotify_data.zip"
    new_site.write_current(message="Nothing is published in data yet. Run: spotify-pipeline run --data data")
    with opened(browser, new_site.address("year.html")) as (page, told):
        assert page.locator("#first-steps code").first.inner_text() == run_import
        assert told.complaints == []
    new_site.write_current(message=None)
    put(new_site, made_mart("SONG_YEARS", SONGS, []))
    with opened(browser, new_site.address("year.html")) as (page, told):
        assert "has no mart LISTENING_YEARS" in page.locator("#content").inner_text()
        assert told.complaints == []
    new_site.write_current(publications=[])
    put(new_site, made_mart("LISTENING_YEARS", YEARS, []))
    with opened(browser, new_site.address("year.html")) as (page, told):
        assert page.locator("#content .note code").inner_text() == run_import
        assert told.complaints == []


def test_lengths_that_nobody_knows_are_not_called_nothing(browser, new_site):
    years = [[*year_row(2024, 7, 2)], [*year_row(2023, 5, 1)]]
    for row in years:
        row[YEARS.index("HEARD_MS")] = 0
    songs = [[2024, "one", "One", "by", 4, 0, 0], [2024, "two", "Two", "by", 3, 0, 0]]
    put(new_site, made_mart("LISTENING_YEARS", YEARS, years), made_mart("SONG_YEARS", SONGS, songs))
    with opened(browser, new_site.address("year.html")) as (page, told):
        assert cards(page)["Hours heard"] == ("0", "–")
        assert [row[1:3] for row in table_rows(page, "songs")] == [(4, 0), (3, 0)]
        assert page.locator("#songs td.text-right").first.inner_text() == "–"
        assert page.locator('[data-chart="years"]').get_attribute("aria-label") == "Plays per UTC year"
        assert "has no mart ARTIST_YEARS" in page.locator("#content").inner_text()
        assert told.complaints == []
