"""The machine's time zone changes nothing: whatever a warehouse keeps is UTC."""

from datetime import UTC, datetime, timedelta

import pytest
from driver.warehouse import change

EVENTS = 2_000
ZONES = ("Asia/Kolkata", "America/New_York", "Pacific/Kiritimati")


def test_times_of_the_history_are_utc_in_every_zone(embedded):
    begun = datetime.now(UTC).replace(tzinfo=None)
    for zone in ZONES:
        finished = embedded.run(EVENTS, env={"TZ": zone})
        assert finished.code == 0, str(finished)
        assert "proved: " in finished.out
    ended = datetime.now(UTC).replace(tzinfo=None)
    times = embedded.rows("SELECT dbt_valid_from, dbt_updated_at, dbt_valid_to FROM MART.LISTENER_HISTORY")
    assert any(to is not None for _, _, to in times), "no run saw a listener move"
    for row in times:
        for time in row:
            if time is not None:
                at = datetime.fromisoformat(str(time))
                assert begun - timedelta(seconds=1) <= at <= ended + timedelta(seconds=1), (row, begun, ended)
    assert not [row for row in times if row[2] is not None and str(row[2]) < str(row[0])]


@pytest.mark.wide
def test_times_of_the_history_go_forward_where_the_clock_goes_back(embedded):
    """The clock was a day ahead when the first of two runs worked: no row of the history ends before it begins."""
    assert embedded.run(EVENTS).code == 0
    columns = ("dbt_valid_from", "dbt_updated_at", "dbt_valid_to")
    ahead = ", ".join(f"{column} = {column} + INTERVAL 1 DAY" for column in columns)
    warehouse = embedded.data / "warehouse" / "spotify_db.duckdb"
    change(embedded.deps, warehouse, f"UPDATE MART.LISTENER_HISTORY SET {ahead}")
    assert embedded.run(EVENTS).code == 0
    assert embedded.rows("SELECT count(*) > 0 FROM MART.LISTENER_HISTORY WHERE dbt_valid_to > dbt_valid_from") == [
        [True]
    ]
    assert embedded.verify()["proved"] is True


def test_times_of_ledgers_are_utc_in_every_zone(embedded):
    begun = datetime.now(UTC).replace(tzinfo=None)
    assert embedded.run(EVENTS, env={"TZ": ZONES[0]}).code == 0
    for column, table in (
        ("loaded_at", "BRONZE.LOAD_LEDGER"),
        ("transformed_at", "TRANSFORM.TRANSFORM_LEDGER"),
    ):
        [[first, last]] = embedded.rows(f"SELECT min({column}), max({column}) FROM {table}")
        for time in (first, last):
            at = datetime.fromisoformat(str(time))
            assert abs(at - begun) < timedelta(minutes=5), (table, column, at, begun)
