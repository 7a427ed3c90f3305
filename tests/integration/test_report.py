"""What is published for people and programs: every number of the JSON and of the page is the database's."""

import base64
import collections
import datetime
import hashlib
import json
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from driver.process import GUARD_SECONDS
from driver.services import clean_environment
from driver.warehouse import query

FORMATS = Path(__file__).resolve().parents[2] / "docs" / "formats"
WORKSHEETS = ["TOP_SONGS", "USER_ENGAGEMENT"]
# What the charts show (docs/formats/report.md).
LATEST_HOURS = "hour > (SELECT max(hour) FROM MART.COUNTRY_DEVICE_HOURLY) - INTERVAL 168 HOUR"
WORKSHEET_ROWS, OTHER_ROWS, JSON_ROWS = 500, 200, 12_000
MEGABYTE = 1_000_000
HOSTILE = [
    "</td></table></style><script>alert(1)</script>",
    "'); DROP TABLE MART.TOP_SONGS; --",
    '" onmouseover="alert(1)" x="',
    "<img src=http://127.0.0.1/x onerror=alert(1)>",
    "\u202egnp.exe \u05e9\u05d9\u05e8",
    "\x1b[2J\x07\t\n",
    "&lt;b&gt; &#60; ]]>",
    "",
]
SHOWN = ["␛[2J␇␉␊", "[U+202E]gnp.exe שיר"]
WRITE = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1])
for sql, values in json.loads(sys.stdin.read()):
    connection.execute(sql, values)
connection.close()
"""
VALIDATE = """
import json, jsonschema, sys
schema = json.load(open(sys.argv[1]))
for path in sys.argv[2:]:
    jsonschema.validate(json.load(open(path)), schema)
"""


def published(data: Path) -> Path:
    return (data / "warehouse" / "published" / "current").resolve()


def write(pipeline, *statements) -> None:
    """Spoils the warehouse as no stage would."""
    subprocess.run(
        [
            pipeline.deps / "venv-dbt" / "bin" / "python3",
            "-B",
            "-c",
            WRITE,
            pipeline.data / "warehouse" / "spotify_db.duckdb",
        ],
        input=json.dumps(statements),
        text=True,
        check=True,
        timeout=GUARD_SECONDS,
    )


def publish(pipeline, *arguments) -> dict:
    data = pipeline.data
    place = ["--warehouse", data / "warehouse" / "spotify_db.duckdb", "--work-dir", data / "transform"]
    done = subprocess.run(
        [pipeline.binary, "publish", *place, "--json", *arguments],
        env=clean_environment() | {"SDP_DEPS_DIR": str(pipeline.deps)},
        cwd=pipeline.folder,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Database:
    """The marts by DuckDB's own module, in the terms of the JSON."""

    def __init__(self, deps: Path, path: Path):
        self.deps, self.path = deps, path

    def rows(self, sql: str) -> list[list]:
        return query(self.deps, self.path, sql)

    def columns(self, mart: str) -> list[tuple[str, str]]:
        catalogue = f"SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'MART' AND table_name ILIKE '{mart}'"
        return [(name.upper(), kind) for name, kind in self.rows(catalogue + " ORDER BY column_index")]

    def mart(self, mart: str, order_by: str) -> list[list]:
        cells = [f"epoch_ms({n}) AS {n}" if t == "TIMESTAMP" else n for n, t in self.columns(mart)]
        return [list(row) for row in self.rows(f"SELECT {', '.join(cells)} FROM MART.{mart} ORDER BY {order_by}")]


def as_json(cell, kind: str):
    """A cell of the database as the JSON has it."""
    if cell is None or kind != "TIMESTAMP":
        return cell
    moment = datetime.datetime.fromtimestamp(cell // 1000, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{cell % 1000:03}Z"


def from_page(td: ElementTree.Element, kind: str):
    """A cell of the page as the JSON has it."""
    if td.get("class") == "null":
        return None
    exact = td.find("data")
    text = exact.get("value") if exact is not None else "".join(td.itertext())
    if kind in ("BIGINT", "INTEGER"):
        return int(text.replace(",", ""))
    if kind == "DOUBLE":
        return float(text)
    if kind == "BOOLEAN":
        return {"true": True, "false": False}[text]
    if kind == "TIMESTAMP":
        return text.replace(" ", "T") + ("Z" if "." in text else ".000Z")
    return text


@pytest.fixture(scope="module")
def result(proved_data, deps):
    folder = published(proved_data)
    snapshot = json.loads((folder / "snapshot.json").read_text())
    marts = {mart["name"]: json.loads((folder / mart["file"]).read_text()) for mart in snapshot["marts"]}
    return folder, snapshot, marts, Database(deps, folder / "spotify_db.duckdb")


@pytest.fixture(scope="module")
def page(proved_data):
    return ElementTree.fromstring((proved_data / "report.html").read_text())


def test_every_cell_of_the_json_is_the_databases(result):
    _, snapshot, marts, database = result
    names = [
        name
        for [name] in database.rows(
            "SELECT upper(table_name) FROM duckdb_tables() WHERE schema_name = 'MART' ORDER BY 1"
        )
    ]
    assert [mart["name"] for mart in snapshot["marts"]] == names
    assert set(WORKSHEETS) < set(names)
    for name, mart in marts.items():
        columns = database.columns(name)
        assert [(column["name"], column["type"]) for column in mart["columns"]] == columns
        rows = database.mart(name, mart["order_by"])
        assert (mart["rows_total"], mart["rows_included"]) == (len(rows), min(len(rows), JSON_ROWS)), name
        wanted = [[as_json(cell, kind) for cell, (_, kind) in zip(row, columns, strict=True)] for row in rows]
        assert mart["rows"] == wanted[:JSON_ROWS], name
        assert mart["snapshot"] == snapshot["id"]
        assert mart["description"] and all(column["description"] for column in mart["columns"]), name


def test_every_profile_is_that_of_the_rows(result):
    _, _, marts, database = result
    histograms = 0
    for name, mart in marts.items():
        columns = database.columns(name)
        rows = database.mart(name, mart["order_by"])
        for at, (column, (_, kind)) in enumerate(zip(mart["columns"], columns, strict=True)):
            where = f"{name}.{column['name']}"
            values = [row[at] for row in rows if row[at] is not None]
            assert column["nulls"] == len(rows) - len(values), where
            counted = collections.Counter(values)
            assert column["distinct"] == len(counted), where
            most = sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:5]
            assert [(top["value"], top["rows"]) for top in column["top"]] == [(as_json(v, kind), n) for v, n in most], (
                where
            )
            if kind != "BOOLEAN" and values:
                assert [column["min"], column["max"]] == [as_json(min(values), kind), as_json(max(values), kind)], where
            if column["kind"] == "number" and len(counted) > 1:
                low, high = float(min(values)), float(max(values))
                bins = collections.Counter(min(11, int((value - low) * 12 / (high - low))) for value in values)
                assert [one["rows"] for one in column["histogram"]] == [bins[number] for number in range(12)], where
                histograms += 1
            else:
                assert column["histogram"] == [], where
    assert histograms > 5


def test_the_rest_of_the_snapshot_is_the_databases(result):
    _, snapshot, _, database = result
    [[objects, records, rejected]] = database.rows(
        "SELECT count(*), sum(records), sum(rejected) FROM BRONZE.LOAD_LEDGER"
    )
    ledger = snapshot["ledger"]
    assert [ledger["objects"], ledger["records"], ledger["rejected"]] == [objects, int(records), int(rejected)]
    assert sum(row["records"] for row in ledger["tail"]) == int(records)
    tail = database.rows("SELECT object_key, first_offset, last_offset FROM BRONZE.LOAD_LEDGER ORDER BY object_key")
    assert sorted([row["object_key"], row["first_offset"], row["last_offset"]] for row in ledger["tail"]) == tail
    names = list(snapshot["completeness"])
    sums = ", ".join(f"sum({name})" for name in names[2:])
    [counted] = database.rows(f"SELECT count(*), count(*) FILTER (NOT is_complete), {sums} FROM MART.PIPELINE_HOURS")
    assert list(snapshot["completeness"].values()) == [int(count) for count in counted]
    [times] = database.rows(
        "SELECT (SELECT epoch_ms(max(transformed_at)) FROM TRANSFORM.TRANSFORM_LEDGER), (SELECT epoch_ms(max(ended_at)) FROM "
        "MART.LISTENER_SESSIONS), epoch_ms(max(last_timestamp)), epoch_ms(max(loaded_at)) FROM BRONZE.LOAD_LEDGER"
    )
    assert list(snapshot["freshness"].values()) == [as_json(time, "TIMESTAMP") for time in times]
    assert snapshot["rejected"] == {"events": 0, "reasons": []}
    nodes = collections.Counter((node["kind"], node["status"]) for node in snapshot["dbt"]["nodes"])
    assert nodes["model", "success"] >= 10 and nodes["test", "pass"] >= 10, nodes


def test_the_files_are_as_their_schema_says(result, deps):
    folder, snapshot, _, _ = result
    files = ["snapshot.json", "proof.json", *(mart["file"] for mart in snapshot["marts"])]
    assert {path.name for path in folder.iterdir()} == {*files, "spotify_db.duckdb", "report.html"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}
    subprocess.run(
        [
            deps / "venv-dbt" / "bin" / "python3",
            "-B",
            "-c",
            VALIDATE,
            FORMATS / "snapshot.schema.json",
            *(folder / name for name in files),
        ],
        check=True,
        timeout=GUARD_SECONDS,
    )


def test_the_page_shows_every_mart_as_it_is(result, page):
    _, _, marts, database = result
    grids = {table.get("data-mart"): table for table in page.iter("table") if table.get("data-mart")}
    assert list(grids)[:2] == WORKSHEETS
    assert set(grids) == set(marts)
    sheets = [pre.text for pre in page.iter("pre")]
    for name, table in grids.items():
        columns = database.columns(name)
        assert [th.text for th in table.findall("thead/tr[1]/th")] == [column for column, _ in columns]
        assert {th.get("scope") for th in table.findall("thead/tr[1]/th")} == {"col"}
        assert marts[name]["sql"] in sheets
        shown = [
            [from_page(td, kind) for td, (_, kind) in zip(row.findall("td"), columns, strict=True)]
            for row in table.findall("tbody/tr")
        ]
        limit = WORKSHEET_ROWS if name in WORKSHEETS else OTHER_ROWS
        assert shown == marts[name]["rows"][:limit], name
        total = marts[name]["rows_total"]
        rows = (
            (f"{total:,} row" if total == 1 else f"{total:,} rows")
            if total <= limit
            else f"first {limit:,} of {total:,} rows"
        )
        assert re.fullmatch(rf"{rows}, [1-9]\d* ms", table.find("caption").text), table.find("caption").text


def test_profiles_of_the_page_are_shares_of_all_rows(result, page):
    _, _, marts, _ = result
    [table] = [table for table in page.iter("table") if table.get("data-mart") == "USER_ENGAGEMENT"]
    names = [th.text for th in table.findall("thead/tr[1]/th")]
    shown = "".join(table.findall("thead/tr[2]/td")[names.index("COUNTRY")].itertext())
    [country] = [column for column in marts["USER_ENGAGEMENT"]["columns"] if column["name"] == "COUNTRY"]
    total = marts["USER_ENGAGEMENT"]["rows_total"]
    values = [f"{top['value']} {100 * top['rows'] / total:.1f} %" for top in country["top"][:2]]
    assert shown == ", ".join([*values, f"+{country['distinct'] - 2} more"])


def test_charts_are_sums_of_marts(page, result):
    database = result[3]
    charts = {table.get("aria-label"): table for table in page.iter("table") if "bars" in (table.get("class") or "")}
    shown = {}
    for name, table in charts.items():
        bars = [("".join(row.find("th").itertext()), row.findall("td")[1].text) for row in table.iter("tr")]
        shown[name] = [(label, int(plays.split(", ")[0].replace(",", ""))) for label, plays in bars]
    for name, column in (("Plays by country", "country"), ("Plays by device", "device_type")):
        sums = f"SELECT {column}, sum(total_plays)::BIGINT AS n FROM MART.COUNTRY_DEVICE_HOURLY WHERE {LATEST_HOURS} GROUP BY 1"
        assert shown[name] == [(value, plays) for value, plays in database.rows(sums + " ORDER BY n DESC, 1 LIMIT 12")]
    songs = "SELECT song_name || ' · ' || artist_name, total_plays FROM MART.TOP_SONGS ORDER BY total_plays DESC, song_id LIMIT 10"
    assert shown["Songs that are played most"] == [(song, plays) for song, plays in database.rows(songs)]
    titles = [title.text for title in page.iter("title")][1:]
    hours = database.rows(
        "SELECT strftime(hour, '%Y-%m-%d %H:00') || ': ' || format('{:,}', sum(total_plays)::BIGINT) "
        f"FROM MART.COUNTRY_DEVICE_HOURLY WHERE {LATEST_HOURS} GROUP BY hour"
    )
    assert {hour for [hour] in hours} <= set(titles)


def test_the_page_is_whole_small_and_asks_for_nothing(proved_data, page):
    text = (proved_data / "report.html").read_text()
    assert len(text.encode()) < MEGABYTE
    assert (published(proved_data) / "report.html").read_text() == text
    names = {element.tag for element in page.iter()}
    assert not names & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "audio",
        "video",
        "image",
        "use",
    }
    ids = {element.get("id") for element in page.iter() if element.get("id")}
    for element in page.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on") and name not in ("style", "src", "srcset", "action"), (element.tag, name)
            assert "://" not in value, value
            if name == "href":
                assert value.removeprefix("#") in ids, value
            if name == "aria-labelledby":
                assert value in ids, value
    [style] = [style.text for style in page.iter("style")]
    assert "url(" not in style and "@import" not in style
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = [
        meta.get("content") for meta in page.iter("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_the_page_says_that_it_is_proved(page, result):
    folder = result[0]
    [badge] = [span.text for span in page.iter("span") if (span.get("class") or "").startswith("badge")]
    assert badge == "Proved"
    proof = json.loads((folder / "proof.json").read_text())
    assert proof["snapshot"] == folder.name
    [verdict] = [p.text for p in page.iter("p") if (p.get("class") or "").startswith("verdict")]
    assert verdict == proof["report"]["verdict"]
    assert verdict.startswith("proved: 2,000 offsets of ")
    captions = {table.find("caption").text: table for table in page.iter("table") if table.find("caption") is not None}
    stages = {
        row.find("th").text: row.findall("td")
        for row in captions["What was looked at"].iter("tr")
        if row.find("td") is not None
    }
    assert {name: stages[name][0].text for name in ("log", "lake", "bronze")} == {
        "log": "2,000",
        "lake": "2,000",
        "bronze": "2,000",
    }
    assert {cells[-1].text for cells in stages.values()} == {"0"}
    [steps] = [table for caption, table in captions.items() if caption.endswith("s in all")]
    assert [row.find("th").text for row in steps.findall("tbody/tr")] == [
        "simulate and sink",
        "load",
        "transform (dbt)",
        "publish",
        "verify",
    ]


def test_what_names_contain_is_text(proved, tmp_path):
    """Also what no simulator sends: a topic takes any name."""
    for at, name in enumerate([*HOSTILE, "x" * 10_000]):
        values = [f"song-{at}", name, name[::-1], 10**15 - at]
        write(proved, ["INSERT INTO MART.TOP_SONGS VALUES (?, ?, ?, ?, 0)", values])
    write(proved, ["UPDATE TRANSFORM.TRANSFORM_LEDGER SET transformed_at = transformed_at + INTERVAL 1 SECOND", []])
    folder = Path(publish(proved, "--published", tmp_path / "there")["folder"])
    songs = json.loads((folder / "mart_top_songs.json").read_text())
    assert [row[1] for row in songs["rows"][: len(HOSTILE)]] == HOSTILE
    assert songs["rows"][len(HOSTILE)][1] == "x" * 997 + "…"
    assert songs["cells_cut"] == 2
    text = (folder / "report.html").read_text()
    assert len(text.encode()) < MEGABYTE
    assert "<script" not in text and "<img" not in text
    page = ElementTree.fromstring(text)
    [table] = [table for table in page.iter("table") if table.get("data-mart") == "TOP_SONGS"]
    shown = ["".join(row.findall("td")[1].itertext()) for row in table.findall("tbody/tr")]
    for at, name in enumerate(HOSTILE[:4] + HOSTILE[6:7]):
        assert shown[HOSTILE.index(name)] == name, at
    assert [shown[5], shown[4]] == SHOWN
    assert shown[7] == ""
    assert shown[8] == "x" * 80 + "…"
    [badge] = [span.text for span in page.iter("span") if (span.get("class") or "").startswith("badge")]
    assert badge == "Not verified"


def test_a_publication_stays_while_its_marts_are_the_same(proved):
    before = published(proved.data)
    same = publish(proved)
    assert [same["changed"], Path(same["folder"]).name] == [False, before.name]
    assert json.loads((before / "proof.json").read_text())["snapshot"] == before.name
    write(proved, ["UPDATE TRANSFORM.TRANSFORM_LEDGER SET transformed_at = transformed_at + INTERVAL 1 SECOND", []])
    assert publish(proved)["changed"]
    after = published(proved.data)
    assert after.name > before.name and before.exists()
    last = json.loads((after / "snapshot.json").read_text())["last_proof"]
    assert [last["snapshot"], last["proved"]] == [before.name, True]
    assert not (after / "proof.json").exists()
    # One that is not whole, or that another version wrote, is made again.
    for spoil in ("spotify_db.duckdb", "snapshot.json"):
        (published(proved.data) / spoil).unlink()
        assert publish(proved)["changed"], spoil
    current = published(proved.data) / "snapshot.json"
    text = current.read_text()
    for other in (text.replace('"version": 1', '"version": 2', 1), text[: len(text) // 2]):
        (published(proved.data) / "snapshot.json").unlink()
        (published(proved.data) / "snapshot.json").write_text(other)
        assert publish(proved)["changed"]


def test_a_failed_proof_has_its_page(proved):
    write(
        proved,
        ["UPDATE BRONZE.SPOTIFY_EVENTS SET kafka_key = 'spoilt' WHERE kafka_partition = 0 AND kafka_offset = 0", []],
    )
    finished = proved.run(200)
    assert finished.code == 20, str(finished)
    assert f"report     {proved.data}/report.html" in finished.out
    page = ElementTree.fromstring((proved.data / "report.html").read_text())
    [badge] = [span.text for span in page.iter("span") if (span.get("class") or "").startswith("badge")]
    assert badge == "Not proved"
    [verdict] = [p.text for p in page.iter("p") if (p.get("class") or "").startswith("verdict")]
    assert verdict.startswith("NOT proved: ") and verdict in finished.out
    assert any("bronze: " in (h3.text or "") for h3 in page.iter("h3"))
    assert json.loads((published(proved.data) / "proof.json").read_text())["report"]["proved"] is False
