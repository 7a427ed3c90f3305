"""One lake in two warehouses ends in the same cells, whatever the events say."""

import json
import secrets
import shutil

import pytest
from driver.embedded import Embedded
from driver.snowflake import OnSnowflake
from driver.warehouse import query

SILVER = ["SPOTIFY_SILVER", "SPOTIFY_DUPLICATES", "SPOTIFY_REJECTED", "SPOTIFY_FAULTS"]
# Of the run, not of the events.
UNLIKE = {"LOADED_AT", "TRANSFORMED_AT"}


def columns(ask, schema: str, table: str) -> list[str]:
    found = ask(
        "SELECT upper(column_name) FROM information_schema.columns "
        f"WHERE upper(table_schema) = '{schema}' AND upper(table_name) = '{table}'"
    )
    return sorted({name for [name] in found} - UNLIKE)


def cells(ask, schema: str, table: str, names: list[str]) -> list:
    texts = ", ".join(f"CAST({name} AS VARCHAR)" for name in names)
    return sorted(ask(f"SELECT {texts} FROM {schema}.{table}"), key=json.dumps)


def of_the_events(path) -> dict:
    """What a mart's JSON says of the events, and not of the warehouse that was asked."""
    mart = json.loads(path.read_text())
    for name in ("snapshot", "query_ms"):
        del mart[name]
    for column in mart["columns"]:
        del column["type"]
    return mart


@pytest.mark.long
@pytest.mark.wide
def test_one_lake_ends_in_the_same_cells_on_duckdb_and_on_snowflake(binary, deps, emulator, tmp_path, say):
    embedded = Embedded(binary, deps, tmp_path)
    for _ in range(2):  # two runs: the second is an incremental one, of a topic of its own
        finished = embedded.run(6_000, "--mix", "realistic", "--seed", 7, "--oracle")
        assert finished.code == 0, str(finished)
    snowflake = OnSnowflake(binary, deps, tmp_path / "snowflake", emulator, f"A{secrets.token_hex(6).upper()}")
    shutil.copytree(embedded.data, snowflake.data)
    snowflake.must("load")
    snowflake.must("transform", "--work-dir", tmp_path / "transform")
    oracle = snowflake.data / "oracle.ndjson"
    report = json.loads(snowflake.must("verify", "--data", snowflake.data, "--oracle", oracle, "--json").out)
    assert report["proved"] is True
    assert report["oracle"]["marts"] == 14

    def duckdb(sql):
        return query(deps, embedded.data / "warehouse" / "spotify_db.duckdb", sql)

    # All marts but the history, which tells of runs.
    marts = [
        name
        for [name] in duckdb(
            "SELECT upper(table_name) FROM information_schema.tables WHERE table_schema = 'MART' ORDER BY 1"
        )
        if name.upper() != "LISTENER_HISTORY"
    ]
    assert len(marts) >= 7
    compared = 0
    for schema, tables in (("MART", marts), ("TRANSFORM", SILVER)):
        for table in tables:
            names = columns(duckdb, schema, table)
            assert names == columns(snowflake.rows, schema, table), table
            ours = cells(duckdb, schema, table, names)
            assert ours == cells(snowflake.rows, schema, table, names), table
            compared += len(ours) * len(names)
    there = tmp_path / "published"
    published = ("--published", there, "--work-dir", tmp_path / "transform")
    snowflake.must("publish", *published, env=snowflake.through())
    asked = snowflake.last_proxy.queries
    for name in marts:
        of_the_mart = [sql for sql in asked if f'"{name}"' in sql]
        assert 1 <= len(of_the_mart) <= 2, (name, of_the_mart)  # its first rows; the profiles of all when it has more
    say(f"publish asked {len(asked)} statements for {len(marts)} marts and the history")
    snowflake.must("publish", *published, env=snowflake.through())
    say(f"without news {len(snowflake.last_proxy.queries)}")
    assert not [sql for sql in snowflake.last_proxy.queries if any(f'"{name}"' in sql for name in marts)]
    assert {path.name for path in (there / "current").iterdir() if path.name.startswith("mart_")} >= {
        f"mart_{name.lower()}.json" for name in marts
    }
    for name in marts:
        file = f"mart_{name.lower()}.json"
        ours = of_the_events(embedded.data / "warehouse" / "published" / "current" / file)
        assert ours == of_the_events(there / "current" / file), file
    assert (there / "current" / "report.html").exists()
    assert not (there / "current" / "spotify_db.duckdb").exists()
    say(f"{compared} cells of {len(marts) + len(SILVER)} tables are equal")
    snowflake.close()
    embedded.close()
