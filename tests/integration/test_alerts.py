"""The rules for Prometheus: they parse, each fires where it should, and says what there is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
RULES, TESTS = FOLDER / "alerts.yml", FOLDER / "alerts_test.yml"
RUNBOOK, METRICS = ROOT / "docs" / "runbook.md", ROOT / "docs" / "metrics.md"
HISTOGRAM = r"_(bucket|count|sum)$"


def alerts() -> list[str]:
    found = re.findall(r"^ +- alert: (\w+)$", RULES.read_text(), re.MULTILINE)
    assert found
    return found


def test_the_rules_parse(promtool):
    assert f"{len(alerts())} rules found" in promtool("check", "rules", RULES)


def test_each_rule_fires_where_it_should_and_not_where_all_is_well(promtool):
    promtool("test", "rules", TESTS)
    tried = set(re.findall(r"^ +- alertname: (\w+)$", TESTS.read_text(), re.MULTILINE))
    assert tried == set(alerts())


def test_each_alert_has_an_entry_in_the_runbook_and_leads_there():
    entries = re.findall(r"^## (\w+)$", RUNBOOK.read_text(), re.MULTILINE)
    assert entries == alerts()
    page = re.escape(str(RUNBOOK.relative_to(ROOT)))
    links = re.findall(rf"runbook: {page}#(\w+)$", RULES.read_text(), re.MULTILINE)
    assert links == [name.lower() for name in alerts()]


@pytest.mark.parametrize("path", [RULES, RUNBOOK], ids=["rules", "runbook"])
def test_what_they_name_is_told(path):
    told = set(re.findall(r"^\| `(spotify_pipeline_\w+)`", METRICS.read_text(), re.MULTILINE))
    named = {re.sub(HISTOGRAM, "", name) for name in re.findall(r"\bspotify_pipeline_\w+", path.read_text())}
    assert named and named <= told
