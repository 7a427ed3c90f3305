"""Runs `dbt build` over generated payloads and compares every cell of silver and the marts with recount.py.

    silver_matches_recount.py DBT PROJECT [SEED]

Ends with 0 and one line, or with 1 and the rows that differ.
"""

import os
import pathlib
import random
import subprocess
import sys
import tempfile
from collections import Counter

import corpus
import duckdb
import recount
import timestamps

CODES = [
    "tombstone",
    "empty_value",
    "not_utf8",
    "not_json",
    "not_object",
    "too_deep",
    "too_large",
    "reserved_member",
    "nul_character",
]
COLUMNS = ", ".join(
    f"strftime({name}, '%Y-%m-%d %H:%M:%S.%f')" if kind == "time" else name for name, kind, _ in recount.FIELDS
)
QUERIES = {
    "transform.spotify_silver": f"select {COLUMNS}, topic_id, kafka_partition, kafka_offset from transform.spotify_silver",
    "transform.spotify_duplicates": "select topic_id, kafka_partition, kafka_offset, event_id, kept_topic_id, "
    "kept_kafka_partition, kept_kafka_offset from transform.spotify_duplicates",
    "transform.spotify_rejected": "select topic_id, kafka_partition, kafka_offset, rejected_by, reason, field, payload, "
    "raw_base64 from transform.spotify_rejected",
    "transform.spotify_faults": "select topic_id, kafka_partition, kafka_offset, fault, rejected_by, reason, field "
    "from transform.spotify_faults",
    "mart.top_songs": "select * from mart.top_songs",
    "mart.user_engagement": "select * from mart.user_engagement",
}


def bronze_rows(rng):
    """Rows spread over topics and partitions: (topic_id, partition, offset, payload or code)."""
    ends = Counter()

    def place():
        chain = (rng.choice(["0a0b0c0d", "ffffffff"]), rng.randrange(3))
        ends[chain] += 1
        return (*chain, ends[chain] - 1)

    events = [(*place(), payload) for payload in corpus.payloads(rng, 3000)]
    rejected = [(*place(), code, None if code == "tombstone" else "AAEC") for code in CODES * 3]
    return events, rejected


def write_bronze(path, events, rejected):
    """One object a chain, and its row in the ledger."""
    with duckdb.connect(str(path)) as database:
        database.execute(pathlib.Path(__file__).with_name("bronze.sql").read_text(encoding="utf-8"))
        database.executemany(
            "insert into bronze.spotify_events select $1 || '/' || $2, 'spotify-events', $1, $2, $3, "
            "'2026-02-15 17:52:36', null, null, null, $4, '2026-02-15 18:00:00'",
            events,
        )
        database.executemany(
            "insert into bronze.rejected_events select $1 || '/' || $2, 'spotify-events', $1, $2, $3, "
            "'2026-02-15 17:52:36', null, null, null, $4, $5, '2026-02-15 18:00:00'",
            rejected,
        )
        database.execute(
            """
            insert into bronze.load_ledger
            select object_key, any_value(topic), any_value(topic_id), any_value(kafka_partition), min(kafka_offset), max(kafka_offset),
              count(*), count(error_code), min(kafka_timestamp), max(kafka_timestamp), '', 'test', max(loaded_at)
            from (from bronze.spotify_events union all by name from bronze.rejected_events)
            group by object_key
            """
        )


def run_dbt(dbt, project, path):
    environment = os.environ | {
        "SDP_WAREHOUSE_PATH": str(path),
        "DBT_PROFILES_DIR": project,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_TARGET_PATH": str(path.parent / "target"),
        "DBT_LOG_PATH": str(path.parent / "logs"),
        "DBT_WARN_ERROR": "true",
    }
    done = subprocess.run(
        [dbt, "--no-use-colors", "build"], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"dbt build ended with {done.returncode}:\n{done.stdout[-8000:]}{done.stderr[-2000:]}")
    return done.stdout.strip().splitlines()[-1]


def rows_of(path):
    with duckdb.connect(str(path), read_only=True) as database:
        for table, query in QUERIES.items():
            rows = database.execute(query).fetchall()
            yield table, [tuple(None if cell is None else str(cell) for cell in row) for row in rows]


def shorten(row):
    return tuple(cell if cell is None or len(cell) < 200 else cell[:200] + "..." for cell in row)


def differences(path, expected):
    for table, rows in rows_of(path):
        found, wanted = Counter(rows), Counter(expected[table])
        for row in list((found - wanted).elements())[:5]:
            yield f"{table}: should not hold {shorten(row)}"
        for row in list((wanted - found).elements())[:5]:
            yield f"{table}: lacks {shorten(row)}"


def main():
    dbt, project = (str(pathlib.Path(argument).absolute()) for argument in sys.argv[1:3])
    if timestamps.FILE.read_text(encoding="utf-8") != timestamps.lines():
        sys.exit(f"{timestamps.FILE} is not what timestamps.py generates")
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    events, rejected = bronze_rows(random.Random(seed))
    expected = recount.recount(events, rejected)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "spotify_db.duckdb"
        write_bronze(path, events, rejected)
        summary = run_dbt(dbt, project, path)
        problems = [*differences(path, expected)]
    for problem in problems:
        print(problem)
    counts = ", ".join(f"{len(rows)} in {table}" for table, rows in expected.items())
    reasons = Counter(row[4] for row in expected["transform.spotify_rejected"])
    print(f"seed {seed}: {len(events)} payloads, {counts}; reasons {dict(sorted(reasons.items()))}\n{summary}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
