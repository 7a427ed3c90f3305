"""OpenLineage of dbt: what a collector is told, and that one which is gone stops nothing."""

import pytest
from driver.collector import Collector
from driver.services import free_ports

EVENTS = 2_000


@pytest.fixture
def collector():
    made = Collector()
    yield made
    made.close()


def tables(datasets: list[dict]) -> set[str]:
    return {dataset["name"].lower() for dataset in datasets}


def test_a_collector_hears_which_tables_each_model_read_and_wrote(embedded, collector):
    finished = embedded.run(EVENTS, env={"OPENLINEAGE_URL": collector.url, "OPENLINEAGE_NAMESPACE": "spotify"})
    assert finished.code == 0, str(finished)
    assert not finished.events("transform.lineage_failed")
    assert {event["job"]["namespace"] for event in collector.events} == {"spotify"}
    ended = {event["job"]["name"]: event for event in collector.events if event["eventType"] == "COMPLETE"}
    started = {event["job"]["name"] for event in collector.events if event["eventType"] == "START"}
    assert started == set(ended)
    wrote = {table for event in ended.values() for table in tables(event["outputs"])}
    assert wrote >= {
        "spotify_db.transform.spotify_silver",
        "spotify_db.mart.top_songs",
        "spotify_db.mart.user_engagement",
    }
    [songs] = [event for event in ended.values() if tables(event["outputs"]) == {"spotify_db.mart.top_songs"}]
    assert tables(songs["inputs"]) == {"spotify_db.mart.song_daily"}
    read = {table for event in ended.values() for table in tables(event["inputs"])}
    assert read >= {"spotify_db.bronze.spotify_events", "spotify_db.bronze.load_ledger"}


def test_without_a_collector_nothing_is_sent(embedded):
    finished = embedded.run(EVENTS)
    assert finished.code == 0, str(finished)
    assert not (embedded.data / "transform" / "lineage.log").exists()


def test_a_collector_that_is_gone_stops_nothing_and_is_told(embedded):
    [port] = free_ports(1)
    finished = embedded.run(EVENTS, env={"OPENLINEAGE_URL": f"http://127.0.0.1:{port}"})
    assert finished.code == 0, str(finished)
    assert "proved: " in finished.out
    [failed] = finished.events("transform.lineage_failed")
    assert str(port) in failed["message"], failed
