"""Every column of every table has a description, and no description is left of a column that is gone.

    docs_are_complete.py

Builds an empty warehouse, writes dbt's documentation (`dbt docs generate`), and looks at what that says; sources are also held to the
types of bronze.sql, and their freshness is asked for.
"""

import contextlib
import io
import json
import pathlib
import sys
import tempfile

from history import History
from warehouses import DuckDb

TYPES = {"VARCHAR": "varchar", "INTEGER": "integer", "BIGINT": "bigint", "TIMESTAMP": "timestamp", "JSON": "json"}


def faults(manifest, catalog):
    described = {**manifest["nodes"], **manifest["sources"]}
    found = {**catalog["nodes"], **catalog["sources"]}
    for unique_id, node in described.items():
        kind, name = unique_id.split(".")[0], node["name"]
        if kind not in ("model", "snapshot", "source"):
            continue
        if not node["description"]:
            yield f"{name} has no description"
        if unique_id not in found:
            yield f"{name} is not in the catalog"
            continue
        documented = {column: about for column, about in node["columns"].items() if about["description"]}
        columns = {column.lower(): about["type"] for column, about in found[unique_id]["columns"].items()}
        for column in sorted(columns.keys() ^ documented.keys()):
            yield f"{name}.{column} {'has no description' if column in columns else 'is described but does not exist'}"
        if kind == "source":
            for column in sorted(columns.keys() & documented.keys()):
                if TYPES.get(columns[column]) != documented[column]["data_type"]:
                    yield f"{name}.{column} is {columns[column]} and described as {documented[column]['data_type']}"
    for name, macro in ((node["name"], node) for node in manifest["exposures"].values()):
        if not macro["description"]:
            yield f"exposure {name} has no description"


def main():
    with tempfile.TemporaryDirectory(prefix="sdp-dbt-") as name:
        folder = pathlib.Path(name)
        warehouse = DuckDb(folder)
        warehouse.clear()
        warehouse.load(History(1).batches[0])
        warehouse.dbt.build(tests=False)
        for command in (["docs", "generate"], ["source", "freshness"]):
            with contextlib.redirect_stdout(io.StringIO()):
                done = warehouse.dbt.runner().invoke(["--quiet", "--no-use-colors", *command])
            warehouse.release()
            # The rows of this history are old, which is what freshness is to find.
            if done.exception or (command[0] == "docs" and not done.success):
                sys.exit(f"dbt {' '.join(command)} failed: {done.exception}")
        fresh = json.loads((folder / "target" / "sources.json").read_text(encoding="utf-8"))["results"]
        problems = [
            f"freshness of {one['unique_id']}: {one['status']}" for one in fresh if one["status"] == "runtime error"
        ]
        problems += [] if len(fresh) == 2 else [f"freshness is known of {len(fresh)} sources instead of 2"]
        texts = [
            json.loads((folder / "target" / file).read_text(encoding="utf-8"))
            for file in ("manifest.json", "catalog.json")
        ]
        problems += faults(*texts)
    print("\n".join(problems) or "every column is described")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
