"""The same DAG files with another warehouse: what the tasks connect to is in their environment."""

import time

import pytest
from driver.snowflake import OnSnowflake
from driver.world import World

EVENTS = 2_000


@pytest.fixture
def world(services, binary, emulator, deps, tmp_path, monkeypatch):
    """Kafka and S3 as on DuckDB, and Snowflake's emulator."""
    snowflake = OnSnowflake(binary, deps, tmp_path / "snowflake", emulator, "SPOTIFY_DB")
    made = World(services, tmp_path / "world", "snowflake")
    made.env |= {name: value for name, value in snowflake.env.items() if name.startswith("SNOWFLAKE_")}
    made.env["SPOTIFY_WAREHOUSE"] = "snowflake"
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SPOTIFY_PIPELINE", str(binary))
    monkeypatch.setenv("SPOTIFY_WORK_DIR", str(made.folder))
    yield made
    made.close()


@pytest.mark.wide
def test_both_dags_end_in_proved_marts_on_snowflake(world, emulator, database, say):
    import spotify_freshness
    import spotify_minio_to_snowflake_bronze as bronze

    import spotify_dbt

    def rows(sql: str) -> list[list]:
        return emulator.query("SPOTIFY_DB", sql)

    world.simulate(EVENTS)
    world.catch_up()
    began = time.monotonic()
    for _ in range(2):  # the second one adds nothing
        run = bronze.spotify_minio_to_snowflake_bronze().test()
        assert str(run.state) == "success"
        assert rows(
            "SELECT count(*), count(DISTINCT kafka_partition || ':' || kafka_offset) FROM BRONZE.SPOTIFY_EVENTS"
        ) == [[EVENTS, EVENTS]]
    loaded = time.monotonic()
    run = spotify_dbt.spotify_dbt().test()  # ends with the proof
    assert {task.task_id: str(task.state) for task in run.get_task_instances()} == {
        "dbt_build": "success",
        "verify": "success",
    }
    assert rows("SELECT count(*) FROM TRANSFORM.SPOTIFY_SILVER") == [[EVENTS]]
    assert rows("SELECT sum(total_plays) FROM MART.TOP_SONGS") == rows(
        "SELECT sum(total_plays) FROM MART.USER_ENGAGEMENT"
    )
    run = spotify_freshness.spotify_freshness().test()
    assert [str(task.state) for task in run.get_task_instances()] == ["success"]
    say(f"on Snowflake's emulator: two loads {loaded - began:.1f} s, dbt and proof {time.monotonic() - loaded:.1f} s")
