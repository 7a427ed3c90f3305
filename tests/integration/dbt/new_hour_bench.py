"""What one new hour costs dbt on a long history, against what it costs on an empty one.

    new_hour_bench.py [--events 1000000] [--days 30] [--late-hours 24]

Makes bronze with SQL, runs dbt as `transform` does, and prints seconds of the processor (the machine may be busy) and of the clock.
Ends with 1 when the hour on the history costs more than twice as much processor time.
"""

import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import duckdb

HERE = pathlib.Path(__file__).parent
PROJECT = pathlib.Path(os.environ.get("SDP_DBT_PROJECT", HERE.parents[2] / "spotify_dbt")).absolute()
RATIO_MAX = 2.0
FIRST = "timestamp '2026-01-01 00:00:00'"

# One row an event: hour by hour and partition by partition; 3 % are late, 1 % come twice, 1 % are not events.
EVENTS = """
create or replace temp table made as
with numbered as (
    select range as n, draw(range, 1000) as luck, (range * {seconds} * 1000 // {events})::bigint as ms
    from range({begin}, {end})
),
placed as (
    select n, luck, n % 6 as kafka_partition, n // 6 as kafka_offset, {first} + to_milliseconds(ms) as kafka_timestamp,
        case when luck < 10 and n > 100000 then n - 100000 when luck < 10 then n // 2 else n end as source
    from numbered
)
select
    printf('bronze/date=%s/hour=%s/t0a0b0c0d_p%d.json', strftime(kafka_timestamp, '%Y-%m-%d'),
        strftime(kafka_timestamp, '%H'), kafka_partition) as object_key,
    'spotify-events' as topic, '0a0b0c0d-0000-4000-8000-000000000000' as topic_id,
    kafka_partition::integer as kafka_partition, kafka_offset, kafka_timestamp,
    null::varchar as kafka_key, null::varchar as kafka_key_base64, null::json as kafka_headers,
    printf('{{"event_id":"%s","event_type":"%s","user_id":"%s","song_id":"%s","song_name":"Song %d","artist_name":"Artist %d",'
        || '"device_type":"%s","country":"%s","timestamp":"%s","session_id":"%d","position_ms":%d,"duration_ms":200000,'
        || '"schema_version":1}}',
        uuid_of(source), ['play', 'play', 'pause', 'skip', 'add_to_playlist'][1 + draw(source + 1, 5)],
        uuid_of(-1 - draw(source + 2, 20000)),
        uuid_of(-100000 - draw(source + 3, 2000)), draw(source + 3, 2000), draw(source + 3, 300),
        ['mobile', 'desktop', 'web'][1 + draw(source + 4, 3)],
        case when luck >= 990 then 'nowhere' else ['US', 'DE', 'IN'][1 + draw(source + 5, 3)] end,
        strftime(kafka_timestamp - to_milliseconds(case when luck between 100 and 129 then draw(n, {late}) else 300 end),
            '%Y-%m-%dT%H:%M:%S.%gZ'),
        draw(source + 2, 5), draw(source + 6, 200000))::json as payload,
    kafka_timestamp as loaded_at
from placed
"""
SETUP = """
create or replace macro draw(n, below) as cast(hash(n) % below as bigint);
create or replace macro uuid_of(n) as
    regexp_replace(md5(n::varchar), '(.{8})(.{4})(.{4})(.{4})(.{12})', '\\1-\\2-\\3-\\4-\\5')
"""
LEDGER = """
insert into bronze.load_ledger
select object_key, any_value(topic), any_value(topic_id), any_value(kafka_partition), min(kafka_offset), max(kafka_offset), count(*), 0,
    min(kafka_timestamp), max(kafka_timestamp), '', 'bench', max(loaded_at)
from made group by object_key
"""


def load(path, arguments, begin, end):
    with duckdb.connect(str(path)) as database:
        database.execute((HERE / "bronze.sql").read_text(encoding="utf-8"))
        database.execute(SETUP)
        seconds = arguments.days * 86_400
        database.execute(
            EVENTS.format(
                begin=begin,
                end=end,
                events=arguments.events,
                seconds=seconds,
                first=FIRST,
                late=arguments.late_hours * 3_600_000,
            )
        )
        database.execute("insert into bronze.spotify_events select * from made")
        database.execute(LEDGER)


def build(folder, path):
    """Seconds of the clock and of the processor, and how many events of the batch were valid."""
    environment = os.environ | {
        "SDP_WAREHOUSE": "duckdb", "SDP_WAREHOUSE_PATH": str(path), "DBT_PROJECT_DIR": str(PROJECT), "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs"), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }  # fmt: skip
    dbt = pathlib.Path(sys.executable).with_name("dbt")
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [dbt, "--no-use-colors", "build", "--exclude-resource-type", "unit_test"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    after, took = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"dbt build ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument(
        "--late-hours",
        type=int,
        default=24,
        help="3 %% of the events are late by up to so many; each day they reach is rebuilt",
    )
    arguments = parser.parse_args()
    hour = arguments.events // (arguments.days * 24)
    with tempfile.TemporaryDirectory(prefix="sdp-bench-") as name:
        folder = pathlib.Path(name)
        empty, long = folder / "empty" / "spotify_db.duckdb", folder / "long" / "spotify_db.duckdb"
        for path in (empty, long):
            path.parent.mkdir()
        # A first, empty build makes the tables, and dbt's parsed project: both hours are increments.
        load(empty, arguments, 0, 0)
        build(empty.parent, empty)
        load(empty, arguments, arguments.events - hour, arguments.events)
        on_empty = build(empty.parent, empty)
        load(long, arguments, 0, arguments.events - hour)
        history = build(long.parent, long)
        load(long, arguments, arguments.events - hour, arguments.events)
        on_long = build(long.parent, long)
    print(
        f"history of {arguments.events - hour:,} events in {arguments.days} days: {history[1]:.1f} s of the processor, {history[0]:.1f} s"
    )
    for label, (clock, processor) in {"an empty history": on_empty, "it": on_long}.items():
        print(f"one hour of {hour:,} events on {label}: {processor:.1f} s of the processor, {clock:.1f} s")
    ratio = on_long[1] / on_empty[1]
    print(f"ratio {ratio:.2f} (at most {RATIO_MAX})")
    return 0 if ratio <= RATIO_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
