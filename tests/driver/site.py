"""A folder of pages with the data of publications, as web/README.md has it; and publications that are made for tests."""

import datetime
import json
import shutil
import subprocess
from pathlib import Path

from driver.process import GUARD_SECONDS, Running, wait_until
from driver.services import clean_environment

ROOT = Path(__file__).resolve().parents[2]


def build_pages(deps: Path, folder: Path) -> None:
    """The pages alone, as the program embeds them."""
    command = [ROOT / "web" / "build", folder]
    subprocess.run(
        command, env={"SDP_WEB_DEPS": str(deps / "web"), "PATH": "/usr/bin:/bin"}, check=True, timeout=GUARD_SECONDS
    )


def publish_static(binary: Path, deps: Path, data: Path, folder: Path) -> None:
    """Makes the pages of a finished run as files."""
    place = ["--warehouse", data / "warehouse" / "spotify_db.duckdb", "--work-dir", data / "transform"]
    subprocess.run(
        [binary, "publish", *place, "--static", folder],
        env=clean_environment() | {"SDP_DEPS_DIR": str(deps)},
        check=True,
        capture_output=True,
        timeout=GUARD_SECONDS,
    )


def serve(binary: Path, data: Path, folder: Path) -> tuple[Running, str]:
    """The pages of a finished run by the program; whoever has it ends it. Its address ends in a slash."""
    running = Running(
        [binary, "serve", "--data", data, "--listen", "127.0.0.1:0"], clean_environment(), folder, "serve"
    )
    return running, wait_until(lambda: running.out.endswith("/\n") and running.out.strip(), 10, "the address of serve")


def _write(data: Path, name: str, value) -> None:
    path = data / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    # A line separator is the only text that ends a string of JavaScript and not one of JSON.
    text = json.dumps(value).replace("\u2028", "\\u2028")
    path.write_text(f"sdp.receive({json.dumps(name)}, {text});\n")


class Site:
    """Pages in a folder; publications are added to it."""

    def __init__(self, folder: Path, pages: Path):
        self.folder = folder
        self.data = folder / "data"
        shutil.copytree(pages, folder)
        self.current = {
            "version": 1,
            "live": False,
            "served_at": None,
            "publications": [],
            "message": None,
            "dbt_docs": None,
        }
        self.write_current()

    def write_current(self, **changes) -> None:
        self.current |= changes
        _write(self.data, "current", self.current)

    def add(self, snapshot: dict, marts: dict[str, dict], proof: dict | None, report: Path | None = None) -> str:
        """`marts` by the name of their file. Returns the name of the publication's folder."""
        name = f"{snapshot['warehouse']}-{snapshot['id']}"
        _write(self.data, f"{name}/snapshot", snapshot)
        _write(self.data, f"{name}/proof", proof)
        for file, mart in marts.items():
            _write(self.data, f"{name}/{file.removesuffix('.json')}", mart)
        entry = {key: snapshot[key] for key in ("id", "warehouse", "taken_at")} | {"folder": name, "report": None}
        if report:
            entry["report"] = f"data/{name}/report.html"
            shutil.copy(report, self.folder / entry["report"])
        self.write_current(publications=[*self.current["publications"], entry])
        return name

    def add_published(self, folder: Path) -> str:
        """What a run published."""
        snapshot = json.loads((folder / "snapshot.json").read_text())
        marts = {mart["file"]: json.loads((folder / mart["file"]).read_text()) for mart in snapshot["marts"]}
        proof = folder / "proof.json"
        return self.add(
            snapshot, marts, json.loads(proof.read_text()) if proof.exists() else None, folder / "report.html"
        )

    def address(self, page: str, choices: str = "") -> str:
        return f"{(self.folder / page).as_uri()}{choices}"


# --- publications that no run made ---


def iso(moment: datetime.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _kind_of(cells: list) -> str:
    values = [cell for cell in cells if cell is not None]
    if values and all(isinstance(value, bool) for value in values):
        return "boolean"
    return "number" if values and all(isinstance(value, int | float) for value in values) else "text"


def _column(name: str, cells: list) -> dict:
    values = [cell for cell in cells if cell is not None]
    counted = {value: values.count(value) for value in set(values)} if len(values) < 1_000 else {}
    most = sorted(counted.items(), key=lambda one: -one[1])[:5]
    return {
        "name": name,
        "type": "VARCHAR",
        "kind": _kind_of(cells),
        "description": f"What {name} means.",
        "nulls": len(cells) - len(values),
        "distinct": len(set(values)),
        "min": min(values, default=None),
        "max": max(values, default=None),
        "top": [{"value": value, "rows": rows} for value, rows in most],
        "histogram": [],
    }


def made_mart(name: str, columns: list[str], rows: list[list], total: int | None = None) -> dict:
    """mart_NAME.json of such rows."""
    return {
        "version": 1,
        "snapshot": "",
        "name": name,
        "description": f"A mart named {name}.",
        "sql": f"SELECT * FROM MART.{name} ORDER BY {columns[0]}",
        "order_by": columns[0],
        "rows_total": total or len(rows),
        "rows_included": len(rows),
        "cells_cut": 0,
        "query_ms": 1.5,
        "columns": [_column(column, [row[at] for row in rows]) for at, column in enumerate(columns)],
        "rows": rows,
    }


def made_publication(
    marts: list[dict], taken_at: datetime.datetime, warehouse: str = "duckdb"
) -> tuple[dict, dict[str, dict]]:
    """snapshot.json, and the marts by the name of their file."""
    snapshot_id = f"{taken_at:%Y%m%dT%H%M%S}{taken_at.microsecond // 1000:03}Z"
    files = {f"mart_{mart['name'].lower()}.json": mart | {"snapshot": snapshot_id} for mart in marts}
    told = ("name", "description", "sql", "order_by", "rows_total", "rows_included", "cells_cut", "query_ms")
    zeros = (
        "hours",
        "hours_incomplete",
        "records_expected",
        "records",
        "kept",
        "duplicates",
        "rejected_by_sink",
        "rejected_by_silver",
    )
    snapshot = {
        "version": 1,
        "id": snapshot_id,
        "taken_at": iso(taken_at),
        "warehouse": warehouse,
        "writer": "made for a test",
        "state": "0" * 64,
        "freshness": dict.fromkeys(("as_of", "newest_event", "newest_record", "loaded_at")),
        "completeness": dict.fromkeys(zeros, 0),
        "marts": [{"file": file} | {key: mart[key] for key in told} for file, mart in files.items()],
        "rejected": {"events": 0, "reasons": []},
        "ledger": {"objects": 0, "records": 0, "rejected": 0, "tail": []},
        "dbt": None,
        "last_proof": None,
    }
    return snapshot, files
