"""The metrics of spotify_dbt, asked as people ask them: by MetricFlow, on the warehouse that a run left."""

import csv
import shutil
import subprocess

import pytest
from driver.fixtures import ROOT
from driver.process import GUARD_SECONDS
from driver.services import clean_environment


@pytest.fixture
def metricflow(proved):
    """`query(metrics, groups)`: the rows of the answer, as texts by name."""
    project = proved.folder / "spotify_dbt"
    shutil.copytree(ROOT / "spotify_dbt", project, ignore=shutil.ignore_patterns("target", "logs", ".user.yml"))
    programs = proved.deps.resolve() / "venv-metricflow" / "bin"

    def call(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs / program, *arguments],
            cwd=project,
            env=clean_environment() | {"PATH": f"{programs}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=GUARD_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{program} {arguments} ended with {done.returncode}\n{done.stdout}{done.stderr}"

    def query(metrics: str, groups: str) -> list[dict[str, str]]:
        answer = project / "answer.csv"
        call("mf", "query", "--metrics", metrics, "--group-by", groups, "--csv", str(answer))
        with answer.open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    call("dbt", "parse")
    return query


def test_metrics_are_what_the_events_tell(proved, metricflow):
    """Plays, skips, streams and their rate, by country and device, and by day: counted again from silver."""
    counted = (
        "sum((event_type = 'play')::INT), sum((event_type = 'skip')::INT) FROM TRANSFORM.SPOTIFY_SILVER GROUP BY ALL"
    )
    by_place = {
        (country, device): (plays, skips)
        for country, device, plays, skips in proved.rows(f"SELECT country, device_type, {counted}")
    }
    told = metricflow("plays,skips,skip_rate", "listening_hour__country,listening_hour__device_type")
    assert len(told) == len(by_place) > 5
    for row in told:
        plays, skips = by_place[row["listening_hour__country"], row["listening_hour__device_type"]]
        assert (int(row["plays"]), int(row["skips"])) == (plays, skips)
        assert float(row["skip_rate"]) == pytest.approx(skips / plays)

    streams = dict(proved.rows("SELECT strftime(day, '%Y-%m-%d'), sum(streams) FROM MART.SONG_DAILY GROUP BY day"))
    by_day = metricflow("streams,plays", "metric_time__day")
    assert {row["metric_time__day"][:10]: int(row["streams"]) for row in by_day} == streams
    plays = dict(
        proved.rows(
            f"SELECT strftime(timestamp, '%Y-%m-%d'), {counted}".replace(", sum((event_type = 'skip')::INT)", "")
        )
    )
    assert {row["metric_time__day"][:10]: int(row["plays"]) for row in by_day} == plays
