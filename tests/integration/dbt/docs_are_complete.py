"""Every column of every table has a description, and no description is left of a column that is gone.

    docs_are_complete.py [--write]

The marts' part of docs/formats/mart-tables.md is what dbt says of them, and what docs/formats/proof.md says of their
proof; the exposures name every mart, and the pages Music and Your year those that they show; --write makes it so.
Tables, columns and types are those of proof.md, by which verify judges them. Builds an empty warehouse, writes dbt's
documentation (`dbt docs generate`), and reads that; the types of sources are also compared with bronze.sql. Metrics and what
they are made of are described, too.
"""

import contextlib
import fnmatch
import io
import json
import pathlib
import re
import sys
import tempfile

from history import History
from warehouses import PROJECT, DuckDb

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "formats" / "mart-tables.md"
BEGIN, END = "<!-- marts: begin (written by docs_are_complete.py) -->\n", "<!-- marts: end -->"
PROOF = PAGE.with_name("proof.md")
EXPOSURES = PROJECT / "models" / "exposures.yml"
PAGES = pathlib.Path(__file__).parents[3] / "web" / "pages"
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


def test_faults(manifest):
    """Every mart says what makes a row unique, and one of days with these counts adds up to silver."""
    tests = {
        (node["attached_node"], node["test_metadata"]["name"])
        for node in manifest["nodes"].values()
        if node.get("test_metadata")
    }
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] != "model" or not is_mart(node):
            continue
        wanted = {"unique_together"}
        if {"day", "total_plays", "total_skips", "playlist_adds"} <= node["columns"].keys():
            # One is compared with silver itself, the others with that one.
            first = node["name"] == "country_device_hourly"
            wanted.add("adds_up_to_silver" if first else "adds_up_to")
        for name in wanted:
            if (unique_id, name) not in tests:
                yield f"{node['name']} has no test {name}"
        if not node["contract"]["enforced"]:
            yield f"{node['name']} has no contract"


def metric_faults(manifest):
    if not manifest["metrics"]:
        yield "there are no metrics"
    for metric in manifest["metrics"].values():
        if not metric["description"] or not metric["label"]:
            yield f"the metric {metric['name']} has no description or no label"
    for model in manifest["semantic_models"].values():
        for part in [model, *model["dimensions"], *model["measures"]]:
            if not part["description"]:
                yield f"{part['name']} of the metrics has no description"


def is_mart(node):
    return node["resource_type"] in ("model", "snapshot") and node["schema"].upper() == "MART"


def proof_list():
    """What proof.md says: {table: {column: (type, proved, how or why not)}}."""
    found = {}
    for line in PROOF.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 5 and cells[1].startswith("`"):
            found.setdefault(cells[0], {})[cells[1].strip("`")] = (cells[2], cells[3] == "yes", cells[4])
    return found


def proof_faults(manifest, catalog, proof):
    """Every table has its lines, and those with a type are its columns."""
    relations = {**catalog["nodes"], **catalog["sources"]}
    for unique_id, node in {**manifest["nodes"], **manifest["sources"]}.items():
        if unique_id.split(".")[0] not in ("model", "snapshot", "source") or unique_id not in relations:
            continue
        table = f"{node['schema']}.{node['name']}".upper()
        lines = next((lines for place, lines in proof.items() if fnmatch.fnmatchcase(table, place)), None)
        if lines is None:
            # A mart without recount is an exception that every verdict names.
            if not is_mart(node):
                yield f"{table} is not in {PROOF.name}: src/verify/proof_list.cc does not know it"
            continue
        typed = {column: about[0] for column, about in lines.items() if about[0]}
        found = {column.lower(): about["type"] for column, about in relations[unique_id]["columns"].items()}
        if typed and typed != found:
            yield f"{table} has {sorted(found.items() - typed.items())}, and {PROOF.name} {sorted(typed.items() - found.items())}"


def recount_of(name, proof):
    if (PROJECT / "recounts" / f"{name}.sql").exists():
        return f"Counted again from silver by [its recount](../../spotify_dbt/recounts/{name}.sql)."
    if f"MART.{name.upper()}" in proof:
        return "Counted again from the lake."
    return "Has no recount."


def proved(about):
    """A cell of the page: `yes`, in which rows, or `no`."""
    if about is None or not about[1]:
        return "**no**"
    return "yes" + (f", {about[2][about[2].index('where') :]}" if "where" in about[2] else "")


def mart_section(manifest, catalog, proof):
    """The page's text about the marts, by name."""
    keys = {
        node["attached_node"]: node["test_metadata"]["kwargs"]["columns"]
        for node in manifest["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == "unique_together"
    }
    for unique_id, node in sorted(manifest["nodes"].items(), key=lambda pair: pair[1]["name"]):
        if not is_mart(node):
            continue
        types = {name.lower(): about["type"] for name, about in catalog["nodes"][unique_id]["columns"].items()}
        key = keys.get(unique_id, [name for name in node["columns"] if name == "dbt_scd_id"])
        columns = ", ".join(f"`{one}`" for one in key)
        yield f"**`{node['name'].upper()}`**: {node['description']} One row a {columns}. {recount_of(node['name'], proof)}"
        yield ""
        yield "| column | type | proved | meaning |"
        yield "|---|---|---|---|"
        lines = proof.get(f"MART.{node['name'].upper()}", {})
        for name, about in node["columns"].items():
            yield f"| `{name}` | {types.get(name)} | {proved(lines.get(name))} | {about['description']} |"
        yield ""


def page_faults(section, write):
    text = PAGE.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    wanted = before + "\n".join(section) + "\n" + after
    if wanted == text:
        return
    if write:
        PAGE.write_text(wanted, encoding="utf-8")
    else:
        yield f"{PAGE.name} does not say what dbt says of the marts: run {pathlib.Path(__file__).name} --write"


def exposures_text(text, marts):
    """The text of exposures.yml with the marts that there are, and those of the pages that show some of them."""
    lists = {"marts": marts}
    for page in ("music", "year"):
        named = set(re.findall(r"\b[A-Z][A-Z_]+\b", (PAGES / f"{page}.js").read_text(encoding="utf-8")))
        lists[page] = [name for name in marts if name.upper() in named]
    for tag, names in lists.items():
        lines = "".join(f"      - ref('{name}')\n" for name in names)
        text = re.sub(
            rf"(      # {tag}: begin\n).*?(      # {tag}: end\n)",
            lambda found, lines=lines: found[1] + lines + found[2],
            text,
            flags=re.DOTALL,
        )
    return text


def exposure_faults(manifest, write):
    text = EXPOSURES.read_text(encoding="utf-8")
    wanted = exposures_text(text, sorted(node["name"] for node in manifest["nodes"].values() if is_mart(node)))
    if wanted == text:
        return
    if write:
        EXPOSURES.write_text(wanted, encoding="utf-8")
    else:
        yield f"{EXPOSURES.name} does not name the marts that pages show: run {pathlib.Path(__file__).name} --write"


def recount_faults(manifest):
    """A recount is of a model or snapshot; parts of recounts begin with an underscore."""
    tables = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] in ("model", "snapshot")}
    for path in (PROJECT / "recounts").glob("*.sql"):
        if path.stem not in tables and not path.stem.startswith("_"):
            yield f"recounts/{path.name} is of no table"


def main():
    with tempfile.TemporaryDirectory(prefix="sdp-dbt-") as name:
        folder = pathlib.Path(name)
        warehouse = DuckDb(folder)
        warehouse.clear()
        warehouse.load(History(1).batches[0])
        warehouse.dbt.build()
        with contextlib.redirect_stdout(io.StringIO()):
            done = warehouse.dbt.runner().invoke(["--quiet", "--no-use-colors", "docs", "generate"])
        warehouse.release()
        if not done.success:
            sys.exit(f"dbt docs generate failed: {done.exception}")
        texts = [
            json.loads((folder / "target" / file).read_text(encoding="utf-8"))
            for file in ("manifest.json", "catalog.json")
        ]
        problems = [*metric_faults(texts[0])]
        problems += [*faults(*texts), *test_faults(texts[0]), *recount_faults(texts[0])]
        proof = proof_list()
        problems += proof_faults(*texts, proof)
        problems += page_faults(mart_section(*texts, proof), "--write" in sys.argv[1:])
        problems += exposure_faults(texts[0], "--write" in sys.argv[1:])
    print("\n".join(problems) or "every column is described")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
