"""The dashboard for Grafana: it is what the tool makes, Prometheus understands it, and it shows what the table and the rules have."""

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from driver.process import GUARD_SECONDS

ROOT = Path(__file__).resolve().parents[2]
TOOL, METRICS = "tools/dashboard", "docs/metrics.md"
RULES, DASHBOARD = "deploy/monitoring/alerts.yml", "deploy/monitoring/dashboard.json"
COLORS = {"critical": "red", "warning": "orange"}
MINUTES = 70
# What expressions ask for; of other labels any value will do.
LABELS = {"topic": ["t"], "command": ["verify", "load"]}


def make(root: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([root / TOOL, *arguments], capture_output=True, text=True, timeout=GUARD_SECONDS, check=False)


@pytest.fixture
def copied(tmp_path):
    """What the tool reads, to be changed."""
    for name in (TOOL, "tools/sources.py", METRICS, RULES, DASHBOARD):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def panels(root: Path = ROOT) -> list[dict]:
    shown = [one for one in json.loads((root / DASHBOARD).read_text())["panels"] if one["type"] != "row"]
    assert shown
    return shown


def expressions(topic: str = ".*") -> list[str]:
    """Of all panels, as Grafana sends them."""
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    sent = [one.replace("$__rate_interval", "5m").replace("$topic", topic) for one in found]
    assert not [one for one in sent if "$" in one]
    return sent


def table() -> dict[str, tuple[str, list[str]]]:
    """Type and labels of each metric."""
    rows = re.findall(
        r"^\| `(spotify_pipeline_\w+)` \| (\w+) \| [^|]+ \| ([^|]*) \|", (ROOT / METRICS).read_text(), re.MULTILINE
    )
    return {name: (kind, re.findall(r"\w+", labels)) for name, kind, labels in rows}


def alerts() -> dict[str, str]:
    """Each with its rule as it is written."""
    _, *blocks = re.split(r"^ +- alert: ", (ROOT / RULES).read_text(), flags=re.MULTILINE)
    return {block.split()[0]: block for block in blocks}


def stat_of(alert: str, root: Path = ROOT) -> dict:
    [found] = [
        one for one in panels(root) if one["type"] == "stat" and one["description"].endswith(f"#{alert.lower()}")
    ]
    return found


def color_at(panel: dict, value: float) -> str:
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    return [step["color"] for step in steps if step["value"] is None or step["value"] <= value][-1]


def test_the_file_is_what_the_tool_makes(copied):
    done = make(ROOT)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    (copied / DASHBOARD).unlink()
    assert make(copied, "--write").returncode == 0
    assert (copied / DASHBOARD).read_bytes() == (ROOT / DASHBOARD).read_bytes()


def test_a_file_that_is_old_is_named(copied):
    change(copied / METRICS, "Requests to the S3 server,", "Requests to the store,")
    done = make(copied)
    assert done.returncode == 1 and DASHBOARD in done.stdout and "--write" in done.stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        (TOOL, "sink_bytes_total", "sink_planted_total", ["spotify_pipeline_sink_planted_total"]),
        # A histogram is known by its series only.
        (TOOL, "}{metric}_bucket[", "}{metric}[", ["spotify_pipeline_sink_upload_duration_seconds,"]),
        (TOOL, '"sink_batches_total", "cut"', '"sink_batches_total", "code"', ["'Batches by cut' is by code"]),
        (TOOL, '"SinkFarBehind"', '"SinkPlanted"', ["alert SinkPlanted", "SinkFarBehind is in no panel"]),
        (METRICS, "`spotify_pipeline_build_info`", "`spotify_pipeline_planted`", ["_build_info", "_planted is in no"]),
        (RULES, "alert: HoursNotClosing", "alert: Planted", ["Planted is in no panel", "alert HoursNotClosing"]),
        (RULES, "sink_log_up == 0", "sink_log_up != 1", ["SinkLogAway"]),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_written(copied, file, old, new, named):
    change(copied / file, old, new)
    before = (copied / DASHBOARD).read_bytes()
    done = make(copied, "--write")
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    for name in named:
        assert name in done.stdout + done.stderr
    assert (copied / DASHBOARD).read_bytes() == before


def test_each_expression_is_parsed(promtool, tmp_path):
    rules = [{"record": f"panel:{at}", "expr": one} for at, one in enumerate(expressions())]
    # JSON is YAML, too.
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", tmp_path / "rules.yml")


def test_each_expression_has_values_where_all_metrics_are_told(promtool, tmp_path):
    series = []
    for name, (kind, labels) in table().items():
        values = f"1x{MINUTES}" if kind == "gauge" else f"0+60x{MINUTES}"
        for told in itertools.product(*(LABELS.get(label, ["1"]) for label in labels)):
            pairs = [f'{label}="{value}"' for label, value in zip(labels, told, strict=True)]
            all_of_it = [(name, pairs)]
            if kind == "histogram":
                bounds = [(f"{name}_bucket", [*pairs, f'le="{bound}"']) for bound in ("0.5", "+Inf")]
                all_of_it = [*bounds, (f"{name}_count", pairs), (f"{name}_sum", pairs)]
            series += [{"series": f"{one}{{{','.join(own)}}}", "values": values} for one, own in all_of_it]
    tests = [
        {"expr": f"absent({one})", "eval_time": f"{MINUTES}m", "exp_samples": []}
        for one in expressions(LABELS["topic"][0])
    ]
    case = {"interval": "1m", "input_series": series, "promql_expr_test": tests}
    (tmp_path / "tests.yml").write_text(json.dumps({"evaluation_interval": "1m", "tests": [case]}))
    promtool("test", "rules", tmp_path / "tests.yml")


@pytest.mark.parametrize("alert", alerts())
def test_each_alert_has_a_panel_that_is_colored_where_it_fires(alert):
    rule, panel = alerts()[alert], stat_of(alert)
    bad = COLORS[re.search(r"severity: (\w+)", rule)[1]]
    compared = re.findall(r"(>|<|==) ([\d.]+)$", rule, re.MULTILINE)
    operator, figure = compared[-1] if compared else ("absent", "0")
    limit = float(figure)
    if operator == ">":
        is_count = panel["fieldConfig"]["defaults"]["unit"] == "short"
        fine, wrong = limit if is_count else 0.99 * limit, limit + 1
    elif operator == "<":
        fine, wrong = limit, 0.99 * limit
    else:
        fine, wrong = 0 if limit else 1, limit
    assert (color_at(panel, fine), color_at(panel, wrong)) == ("green", bad)


def test_a_threshold_follows_the_rules(copied):
    change(copied / RULES, "sink_oldest_upload_seconds > 30", "sink_oldest_upload_seconds > 45")
    assert make(copied, "--write").returncode == 0
    shown = [one for one in panels(copied) if one["title"] == "Oldest upload"]
    assert len(shown) == 2
    for panel in shown:
        assert (color_at(panel, 44), color_at(panel, 46)) == ("green", "red")


def test_it_can_be_imported_for_any_data_source_and_topic():
    dashboard = json.loads((ROOT / DASHBOARD).read_text())
    variables = {one["name"]: one for one in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["topic"]["query"] == "label_values(spotify_pipeline_sink_log_up, topic)"
    asked = [*panels(), variables["topic"], *(target for panel in panels() for target in panel["targets"])]
    assert {one["datasource"]["uid"] for one in asked} == {"${datasource}"}
    # An id of the dashboard would be that of another one where it is imported.
    assert "id" not in dashboard
    ids = [one["id"] for one in dashboard["panels"]]
    assert len(set(ids)) == len(ids)


def test_each_panel_has_a_place_of_its_own():
    taken = set()
    for panel in json.loads((ROOT / DASHBOARD).read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
