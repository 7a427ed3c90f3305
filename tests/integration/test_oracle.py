"""The simulator counted every mart of its own events, by no SQL and from no byte that went through the pipeline."""

import hashlib
import json
import re
import shutil
import signal
from pathlib import Path

import pytest
from driver import parsed, spoil_lake
from driver.embedded import Embedded
from driver.process import Finished, Running, wait_until
from driver.services import clean_environment
from driver.warehouse import change

PROJECT = Path(__file__).resolve().parents[2] / "spotify_dbt"
MARTS = 14
MISCONFIGURED, VIOLATION, INTERRUPTED = 78, 20, 130
EQUAL = f"cells of {MARTS} marts equal to the oracle's"
FAULTS = ("--fault", "all=0.01")
# Some tests share a finished run, on one worker.
pytestmark = pytest.mark.xdist_group("oracle")


def read(path: Path) -> tuple[list[dict], dict[str, dict]]:
    """The file's first lines, and of each table its line with the rows by column names."""
    head, tables, here = [], {}, None
    for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        if isinstance(line, list):
            here["rows"].append(dict(zip(here["columns"], line, strict=True)))
        elif "table" in line:
            here = tables[line["table"]] = line | {"rows": []}
        elif not tables:
            head.append(line)
    return head, tables


def counts(path: Path) -> dict:
    return next(line["counts"] for line in read(path)[0] if "counts" in line)


def findings(finished: Finished) -> dict[str, list[str]]:
    return {one["kind"]: one["named"] for one in json.loads(finished.out)["findings"]}


def marts_named(finished: Finished) -> set[str]:
    return {kind.split(":")[0] for kind in findings(finished) if kind.startswith("MART.") and "oracle" in kind}


@pytest.mark.parametrize(
    ("profile", "compression", "days"),
    [
        pytest.param("seed", "none", 0, marks=pytest.mark.wide),
        pytest.param("seed", "gzip", 28, marks=pytest.mark.wide),
        pytest.param("realistic", "zstd", 28, marks=pytest.mark.wide),
        ("listeners", "zstd", 28),
    ],
)
def test_marts_equal_the_simulators_oracle_cell_by_cell(world, profile, compression, days):
    path = world.folder / "oracle.ndjson"
    world.simulate(30_000, "--profile", profile, "--days", days, "--oracle", path)
    world.catch_up("--compression", compression, "--batch-records", 5000)
    world.prove_exactly_what_was_acked()
    report = json.loads(world.must("verify", "--json", "--oracle", path).out)
    assert report["proved"] is True
    assert (report["oracle"]["file"], report["oracle"]["marts"]) == (str(path), MARTS)
    assert "marts equal to the oracle's" in report["verdict"]
    assert not [note for note in report["notes"] if "oracle" in note]

    # verify compares them; here they are compared by others.
    _, tables = read(path)
    assert counts(path)["kept"] == 30_000 == sum(counts(path)["kept_by_type"].values())
    assert report["oracle"]["rows"] == sum(len(table["rows"]) for table in tables.values())
    days_seen = {row["day"] for row in tables["MART.USER_ENGAGEMENT"]["rows"]}
    assert len(days_seen) > 20 if days else len(days_seen) <= 2, days_seen
    for name, table in tables.items():
        if table["which"] != "all":
            continue
        [[rows]] = world.rows(f"SELECT count(*) FROM {name}")
        assert (len(table["rows"]), table["rows"] != []) == (rows, profile != "seed" or name != "MART.SKIP_CURVE")
        columns = [c for c, kind in zip(table["columns"], table["types"], strict=True) if kind in ("BIGINT", "VARCHAR")]
        told = [[row[column] for column in columns] for row in table["rows"]]
        found = world.rows(f"SELECT {', '.join(columns)} FROM {name}")
        assert sorted(map(json.dumps, found)) == sorted(map(json.dumps, told)), name


def test_an_oracle_goes_on_with_a_second_simulation_and_tells_of_duplicates_that_others_add(world):
    path = world.folder / "oracle.ndjson"
    first = ("--mix", "realistic", "--seed", 3, "--start", "2026-02-27T22:00:00Z")
    world.simulate(3_000, *first, "--oracle", path)
    world.catch_up()
    world.prove()
    world.must("verify", "--oracle", path)
    # The second one begins while the sessions of the first go on, and has late events then.
    second = ("--mix", "seed", "--seed", 4, "--start", "2026-02-27T12:00:00Z", "--oracle", path, "--continue-oracle")
    world.simulate(3_000, *second)
    world.catch_up()
    world.prove()
    world.must("verify", "--oracle", path)
    runs = [line["run"] for line in read(path)[0] if "run" in line]
    assert [(run["mix"], run["records"]) for run in runs] == [("realistic", 3_000), ("seed", 3_000)]

    again = world.run("simulate", "--events", 10, *second)
    assert again.code == MISCONFIGURED
    assert "tells of the same events already" in again.err
    assert path.exists()
    nothing = world.run("simulate", "--events", 10, "--oracle", world.folder / "none", "--continue-oracle")
    assert (nothing.code, "to go on with" in nothing.err) == (MISCONFIGURED, True)

    # The first one's events come once more, in a load of their own: nobody told the oracle, and somebody does now.
    world.simulate(3_000, *first)
    world.catch_up()
    world.prove()
    finished = world.run("verify", "--json", "--oracle", path)
    assert finished.code == VIOLATION, str(finished)
    assert marts_named(finished) == {"MART.PIPELINE_HOURS"}
    assert findings(finished)["count that the oracle tells otherwise"] == ["duplicates: expected 0, found 3000"]
    text = path.read_text(encoding="utf-8").replace('"duplicates":0', '"duplicates":3000')
    text = re.sub(',"sha256":"[0-9a-f]*"', "", text)  # Whoever writes one need not give it.
    path.write_text(text.replace("\n[6000,6000,6000,0,0,0]\n", "\n[9000,9000,6000,3000,0,0]\n"), encoding="utf-8")
    world.must("verify", "--oracle", path)


@pytest.fixture(scope="module")
def told(binary, deps, tmp_path_factory):
    """A run that kept an oracle."""
    embedded = Embedded(binary, deps, tmp_path_factory.mktemp("told"))
    finished = embedded.run(4_000, "--mix", "realistic", "--users", 50, "--oracle")
    assert finished.code == 0, str(finished)
    assert f"cells of {MARTS} marts equal to the oracle's" in finished.out, str(finished)
    yield embedded
    embedded.close()


@pytest.fixture
def copied(told, embedded):
    shutil.copytree(told.data, embedded.data, symlinks=True)
    return embedded


def spoil(embedded: Embedded, sql: str) -> None:
    change(embedded.deps, embedded.data / "warehouse" / "spotify_db.duckdb", sql)


def compare(embedded: Embedded, oracle: Path | None = None) -> Finished:
    """Without the recounts of the project."""
    path = oracle or embedded.data / "oracle.ndjson"
    return embedded.start("--json", "--only-seed-marts", "--oracle", path, command="verify").wait(60)


def stage(embedded: Embedded, command: str, *arguments) -> Finished:
    """On the warehouse of the folder."""
    warehouse = embedded.data / "warehouse" / "spotify_db.duckdb"
    line = [str(embedded.binary), command, "--warehouse", str(warehouse), *map(str, arguments)]
    env = clean_environment() | parsed.environment() | {"SDP_DEPS_DIR": str(embedded.deps)}
    return Running(line, env, embedded.folder, command).wait(180)


def transform_again(embedded: Embedded, *arguments) -> Finished:
    return stage(embedded, "transform", "--full-refresh", "--work-dir", embedded.folder / "work", *arguments)


def test_runs_on_one_folder_go_on_with_its_oracle(copied):
    second = copied.run(2_000, "--mix", "seed", "--oracle")
    assert second.code == 0, str(second)
    assert f"cells of {MARTS} marts equal to the oracle's" in second.out, str(second)
    path = copied.data / "oracle.ndjson"
    assert counts(path)["kept"] == 6_000
    assert f"oracle     {path}" in second.out
    # The same events are duplicates, which an oracle of simulations does not follow.
    start = read(path)[0][2]["run"]["start"]
    same = copied.run(2_000, "--mix", "seed", "--days", 0, "--start", start, "--oracle")
    assert (same.code, "tells of the same events already" in same.err) == (MISCONFIGURED, True), str(same)
    # A run that keeps none ends it.
    third = copied.run(500)
    assert third.code == 0, str(third)
    assert "oracle" not in third.out
    assert not path.exists()
    fourth = copied.run(500, "--oracle")
    assert fourth.code == 0, str(fourth)
    assert "no oracle  the lake has events of runs without --oracle" in fourth.out, str(fourth)
    assert not path.exists()


def run_and_stop(embedded: Embedded, *arguments) -> None:
    """Ctrl-C, once some of its events are in the lake."""
    before = len(list((embedded.data / "lake").rglob("spotify_events_*")))
    faults = (*FAULTS, "--fault", "late=0.2")
    running = embedded.start("--oracle", *faults, "--rate", 500, "--batch-linger-ms", 300, *arguments)
    wait_until(
        lambda: len(list((embedded.data / "lake").rglob("spotify_events_*"))) > before + 12, 60, "objects of the run"
    )
    stopped = running.stop(60, signal.SIGINT)
    assert stopped.code == INTERRUPTED, str(stopped)
    assert "durable in the lake" in stopped.failure["message"], str(stopped)


def test_a_run_that_is_stopped_keeps_its_oracle_and_the_next_one_goes_on_with_it(embedded):
    run_and_stop(embedded, "--events", 0, "--mix", "listeners")
    path = embedded.data / "oracle.ndjson"
    first = counts(path)
    [run] = [line["run"] for line in read(path)[0] if "run" in line]
    # Of listeners who were offline nothing is missing.
    assert run["stopped_after"] == first["kept"] > 0
    run_and_stop(embedded, "--events", 0, "--mix", "seed")
    second = counts(path)
    assert second["kept"] > first["kept"]
    finished = embedded.run(1_000, "--mix", "realistic", "--oracle", *FAULTS)
    assert (finished.code, EQUAL in finished.out) == (0, True), str(finished)
    assert counts(path)["kept"] == second["kept"] + 1_000


def test_runs_on_servers_keep_an_oracle_as_long_as_nobody_else_sends(own_services, embedded):
    servers = own_services()
    embedded.data.mkdir()
    (embedded.data / "services").symlink_to(servers.data)
    arguments = ("--profile", "services", "--oracle", *FAULTS)
    path = embedded.data / "on-services" / "oracle.ndjson"

    def run(events: int, *more) -> Finished:
        finished = embedded.run(events, *arguments, *more)
        assert finished.code == 0, str(finished)
        return finished

    # The topic then has offsets without a record.
    assert EQUAL in run(2_000, "--mix", "realistic", "--transactions", 0.3, "--aborted", 0.5).out
    # Ctrl-C in the middle: the next one goes on with all that was sent.
    running = embedded.start(*arguments, "--events", 0, "--rate", 500, "--batch-linger-ms", 300)
    objects = len(servers.s3.list("spotify", "bronze/date="))
    wait_until(lambda: len(servers.s3.list("spotify", "bronze/date=")) > objects + 1, 60, "objects of the run", 0.2)
    stopped = running.stop(60, signal.SIGINT)
    assert stopped.code == INTERRUPTED, str(stopped)
    assert counts(path)["kept"] > 2_000
    before = counts(path)["kept"]
    finished = run(1_000, "--mix", "listeners")
    assert EQUAL in finished.out, str(finished)
    assert counts(path)["kept"] == before + 1_000
    # Somebody else's record is in no oracle.
    servers.kafka.produce("spotify-events", [(None, b"{}")])
    alone = run(100)
    assert "no oracle  the topic has " in alone.out, str(alone)
    assert not path.exists()


def test_an_import_has_no_oracle(embedded, tmp_path):
    finished = embedded.start("--import", tmp_path, "--oracle").wait(60)
    assert finished.code == MISCONFIGURED, str(finished)
    assert "--oracle" in finished.err


CELLS = {
    "MART.SONG_DAILY": "UPDATE MART.SONG_DAILY SET heard_ms = heard_ms + 1 WHERE song_id = (SELECT min(song_id) FROM MART.SONG_DAILY)",
    "MART.SONG_WINDOWS": "UPDATE MART.SONG_WINDOWS SET change = change + 1e-9 "
    "WHERE song_id = (SELECT min(song_id) FROM MART.SONG_WINDOWS WHERE change IS NOT NULL)",
    "MART.LISTENER_SESSIONS": "UPDATE MART.LISTENER_SESSIONS SET ended_at = ended_at + INTERVAL 1 MICROSECOND "
    "WHERE user_id = (SELECT max(user_id) FROM MART.LISTENER_SESSIONS)",
    "MART.COUNTRY_DEVICE_HOURLY": "UPDATE MART.COUNTRY_DEVICE_HOURLY SET skip_rate = NULL "
    "WHERE hour = (SELECT min(hour) FROM MART.COUNTRY_DEVICE_HOURLY WHERE skip_rate IS NOT NULL)",
    "MART.ARTIST_YEARS": "UPDATE MART.ARTIST_YEARS SET artist_name = 'Ä' "
    "WHERE artist_name = (SELECT min(artist_name) FROM MART.ARTIST_YEARS)",
    "MART.LISTENING_YEARS": "UPDATE MART.LISTENING_YEARS SET busiest_day = busiest_day - 1",
    "MART.PIPELINE_HOURS": "UPDATE MART.PIPELINE_HOURS SET duplicates = duplicates + 1",
    "MART.LISTENER_HISTORY": "UPDATE MART.LISTENER_HISTORY SET country = 'ZZ' "
    "WHERE user_id = (SELECT min(user_id) FROM MART.LISTENER_HISTORY)",
}


def test_a_changed_cell_of_a_mart_is_named(copied):
    spoil(copied, "; ".join(CELLS.values()))
    finished = compare(copied)
    assert finished.code == VIOLATION, str(finished)
    assert marts_named(finished) == set(CELLS)
    found = findings(finished)
    [cell, *_] = found["MART.SONG_DAILY: cell that the oracle tells otherwise"]
    assert cell.startswith('day "2')
    assert " heard_ms: expected " in cell
    assert found["MART.PIPELINE_HOURS: cell that the oracle tells otherwise"] == [
        "sum: duplicates: expected 0, found 1"
    ]
    # Under another name it is another artist.
    assert len(found["MART.ARTIST_YEARS: row that the oracle tells, and that is missing"]) == 1
    assert found["MART.ARTIST_YEARS: row that the oracle does not tell"][0].endswith('artist_name "Ä"')


def test_rows_that_are_missing_twice_there_or_invented_are_named(copied):
    spoil(
        copied,
        "DELETE FROM MART.TOP_SONGS WHERE song_id = (SELECT max(song_id) FROM MART.TOP_SONGS); "
        "DELETE FROM MART.SKIP_CURVE; "
        "INSERT INTO MART.SONG_YEARS SELECT * FROM MART.SONG_YEARS LIMIT 1; "
        "INSERT INTO MART.USER_ENGAGEMENT SELECT 'zzz', * EXCLUDE (user_id) FROM MART.USER_ENGAGEMENT LIMIT 1; "
        "DROP TABLE MART.ARTIST_DAILY",
    )
    finished = compare(copied)
    assert finished.code == VIOLATION, str(finished)
    found = findings(finished)
    assert len(found["MART.TOP_SONGS: row that the oracle tells, and that is missing"]) == 1
    assert len(found["MART.SKIP_CURVE: row that the oracle tells, and that is missing"]) == 20
    assert len(found["MART.SONG_YEARS: row that is there twice, and the oracle tells once"]) == 1
    assert found["MART.USER_ENGAGEMENT: row that the oracle does not tell"][0].startswith('user_id "zzz"')
    assert found["mart that the oracle tells, and that cannot be compared"] == ["MART.ARTIST_DAILY"]
    totals = {one["kind"]: one["total"] for one in json.loads(finished.out)["findings"]}
    assert totals["MART.SKIP_CURVE: row that the oracle tells, and that is missing"] == 31


def test_a_mistake_in_a_marts_sql_is_named(copied, tmp_path):
    project = tmp_path / "spotify_dbt"
    shutil.copytree(PROJECT, project)
    sessions = project / "models" / "gold" / "listener_sessions.sql"
    text = sessions.read_text(encoding="utf-8")
    assert "count(distinct song_id) as songs" in text
    sessions.write_text(text.replace("count(distinct song_id)", "count(song_id)"), encoding="utf-8")
    built = transform_again(copied, "--dbt-project", project)
    assert built.code == 0, str(built)
    finished = compare(copied)
    assert finished.code == VIOLATION, str(finished)
    assert marts_named(finished) == {"MART.LISTENER_SESSIONS"}
    assert " songs: expected " in findings(finished)["MART.LISTENER_SESSIONS: cell that the oracle tells otherwise"][0]


def test_a_row_that_the_load_loses_is_named(copied):
    plays = "FROM BRONZE.SPOTIFY_EVENTS WHERE payload LIKE '%\"play\"%'"
    spoil(copied, f"DELETE {plays} AND object_key || kafka_offset = (SELECT max(object_key || kafka_offset) {plays})")
    # A data test of dbt finds it, too, when these marts are made.
    assert transform_again(copied).code != 0
    finished = compare(copied)
    assert finished.code == VIOLATION, str(finished)
    assert {"MART.TOP_SONGS", "MART.SONG_DAILY", "MART.USER_ENGAGEMENT", "MART.LISTENING_YEARS"} <= marts_named(
        finished
    )
    kept, by_type = findings(finished)["count that the oracle tells otherwise"]
    assert kept == "kept: expected 4000, found 3999"
    assert by_type.startswith("kept of type play: expected ")


def test_a_row_that_the_load_takes_twice_is_named(copied):
    again = "SELECT * REPLACE (kafka_offset + 1000000 AS kafka_offset) FROM BRONZE.SPOTIFY_EVENTS LIMIT 1"
    spoil(copied, f"INSERT INTO BRONZE.SPOTIFY_EVENTS {again}")
    assert transform_again(copied).code != 0
    finished = compare(copied)
    assert finished.code == VIOLATION, str(finished)
    assert findings(finished)["count that the oracle tells otherwise"] == ["duplicates: expected 0, found 1"]


def test_a_mistake_of_the_sink_is_named(copied):
    """An object whose lines and metadata fit together, with what no simulator sent."""
    lake = copied.data / "lake"
    key = next(key for key in spoil_lake.keys(lake) if spoil_lake.is_object(key))
    lines = (lake / key).read_bytes().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if b'"event_type":"play"' in line)
    lines[at] = lines[at].replace(b'"event_type":"play"', b'"event_type":"skip"')
    metadata = spoil_lake.metadata_of(lake, key)
    spoil_lake.write(lake / key, b"".join(lines))
    said = {
        "sha256": hashlib.sha256(b"".join(lines)).hexdigest(),
        **spoil_lake.said_of([line.rstrip() for line in lines]),
    }
    spoil_lake.write_metadata(lake, key, metadata | {name: said[name] for name in said if name in metadata})
    shutil.rmtree(copied.data / "warehouse")
    (copied.data / "warehouse").mkdir()
    loaded = stage(copied, "load", "--lake", lake)
    assert loaded.code == 0, str(loaded)
    assert transform_again(copied).code == 0
    finished = compare(copied)
    assert finished.code == VIOLATION, str(finished)
    assert {"MART.TOP_SONGS", "MART.SONG_DAILY", "MART.USER_ENGAGEMENT", "MART.LISTENING_YEARS"} <= marts_named(
        finished
    )


def without_line(number: int):
    return lambda lines: lines[: number - 1] + lines[number:]


def with_line(number: int, text: str):
    return lambda lines: [*lines[: number - 1], text, *lines[number:]]


COUNTS = '{"counts":{"kept":1,"kept_by_type":{"play":1},"duplicates":0,"rejected":0}}'
BROKEN = {
    "empty": (lambda lines: [], "line 1: the file ends"),
    "of another version": (with_line(1, '{"version":1,"events":5}'), "line 1: an oracle of version 2 begins"),
    "cut off": (lambda lines: lines[: len(lines) // 2], "the file ends before its end line"),
    "no JSON": (with_line(2, "{"), "line 2: a JSON object must stand here"),
    "of another kind": (with_line(2, '{"guess":1}'), "line 2: a line of this kind is not known here"),
    "without counts": (without_line(3), "no line has told the counts"),
    "of an unknown mart": (
        with_line(
            4, '{"table":"MART.CHARTS","which":"sums","key":[],"columns":["a"],"types":["BIGINT"],"untold":[],"rows":1}'
        ),
        "line 4: there is no mart MART.CHARTS",
    ),
    "of no mart": (
        with_line(
            4,
            '{"table":"BRONZE.X; DROP","which":"all","key":["a"],"columns":["a"],"types":["BIGINT"],"untold":[],"rows":1}',
        ),
        "line 4: `table` is not MART and a name",
    ),
    "a row less": (without_line(5), "rows of the table are to come yet"),
    "a row too short": (
        with_line(5, '["2026-01-01","A"]'),
        "line 5: a row of MART.ARTIST_DAILY is an array of 14 cells",
    ),
    "out of order": (
        lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]],
        "line 6: rows must come in ascending order",
    ),
    "with two counts": (with_line(4, COUNTS), "line 4: the counts come a second time"),
    "with types that do not add up": (
        with_line(3, COUNTS.replace('"play":1', '"play":2')),
        "line 3: the kept events by type do not add up to their count",
    ),
    "a row after the end": (lambda lines: [*lines, "[]"], "nothing may stand behind the end line"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_an_oracle_that_is_broken_is_named_with_its_line(told, tmp_path, what):
    change, wanted = BROKEN[what]
    path = tmp_path / "oracle.ndjson"
    lines = (told.data / "oracle.ndjson").read_text(encoding="utf-8").splitlines()
    path.write_text("".join(line + "\n" for line in change(lines)), encoding="utf-8")
    finished = compare(told, path)
    assert finished.code == MISCONFIGURED, str(finished)
    assert f"{path} line " in finished.err, str(finished)
    assert wanted in finished.err, str(finished)


@pytest.mark.parametrize("what", ["kept_by_type", "seed", "end"])
def test_an_oracle_that_was_changed_by_a_digit_is_named(told, tmp_path, what):
    path = tmp_path / "oracle.ndjson"
    text = (told.data / "oracle.ndjson").read_text(encoding="utf-8")
    if what == "kept_by_type":
        # One event is of another type, and their sum is the same.
        play, skip = (int(re.search(f'"{name}":([0-9]+)', text).group(1)) for name in ("play", "skip"))
        text = text.replace(f'"play":{play}', f'"play":{play + 1}', 1).replace(
            f'"skip":{skip}', f'"skip":{skip - 1}', 1
        )
    elif what == "seed":
        text = re.sub(r'"seed":([0-9]+)', lambda found: f'"seed":{int(found.group(1)) + 1}', text, count=1)
    else:
        text = re.sub(r'"sha256":"(.)', lambda found: f'"sha256":"{(int(found.group(1), 16) + 1) % 16:x}', text)
    path.write_text(text, encoding="utf-8")
    finished = compare(told, path)
    assert finished.code == VIOLATION, str(finished)
    assert "oracle that was changed after it was written" in finished.out, str(finished)
    assert ("kept of type play" in finished.out) == (what == "kept_by_type"), str(finished)


def test_an_oracle_that_is_not_there_is_named(told, tmp_path):
    finished = compare(told, tmp_path / "none")
    assert (finished.code, "cannot read the oracle" in finished.err) == (MISCONFIGURED, True), str(finished)


def test_the_same_events_give_the_same_bytes(world):
    first, second = world.folder / "one", world.folder / "two"
    for path in (first, second):
        world.simulate(500, "--mix", "realistic", "--start", "2026-02-15T12:00:00Z", "--oracle", path)
    assert first.read_bytes() == second.read_bytes()
