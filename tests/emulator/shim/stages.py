"""Internal stages: paths, LIST, REMOVE, and JSON files that are copied from them."""

import importlib
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from fakesnow import copy_into, transforms
from fakesnow.transforms import stage
from sqlglot import exp

PUT_QUOTED = re.compile(r"(\s*PUT\s+(?:'[^']*'|\S+)\s+)'(@[^']*)'", re.IGNORECASE)
STAGE_COMMAND = re.compile(
    r"\s*(LIST|LS|REMOVE|RM)\s+'?@([^\s';]+)'?(?:\s+PATTERN\s*=\s*'((?:[^']|'')*)')?\s*;?\s*", re.IGNORECASE
)


def rewrite(connection, sql: str) -> str:
    # Snowflake: the stage of PUT may stand in quotes. fakesnow: it may not.
    sql = PUT_QUOTED.sub(r"\1\2", sql)
    found = STAGE_COMMAND.fullmatch(sql)
    if not found:
        return sql
    files = _files(connection, found[2], found[3])
    return _removed(files) if found[1].upper() in ("REMOVE", "RM") else _listed(files)


# Snowflake: LIST and REMOVE take a path, which is a prefix, and a pattern of the whole name. fakesnow: LIST takes neither
# and reads every byte for a checksum (it is left empty here); there is no REMOVE.
def _files(connection, reference: str, pattern: str | None) -> list[tuple[str, Path]]:
    name, _, path = reference.partition("/")
    parts = stage.parts_from_var(name, connection.database, connection.schema)
    if not connection._duck_conn.execute(stage.stage_lookup_sql(*parts, connection.table_stages)).fetchone():
        raise stage.not_found_error(".".join(parts))
    root = Path(stage.internal_dir(".".join(parts)))
    files = (
        (f"{parts[2].lower()}/{file.relative_to(root)}", file) for file in sorted(root.rglob("*")) if file.is_file()
    )
    return [
        (name, file)
        for name, file in files
        if str(file.relative_to(root)).startswith(path) and (pattern is None or re.fullmatch(pattern, name))
    ]


def _listed(files: list[tuple[str, Path]]) -> str:
    rows = []
    for name, file in files:
        status = file.stat()
        at = datetime.fromtimestamp(status.st_mtime, UTC)
        rows.append(f"({_text(name)}, {status.st_size}, '', {_text(at.strftime('%a, %d %b %Y %H:%M:%S GMT'))})")
    return _rows(rows, ("name", "size", "md5", "last_modified"))


def _removed(files: list[tuple[str, Path]]) -> str:
    for _, file in files:
        file.unlink(missing_ok=True)
    return _rows([f"({_text(name)}, 'removed')" for name, _ in files], ("name", "result"))


def _rows(rows: list[str], columns: tuple[str, ...]) -> str:
    values = ", ".join(rows) or f"({', '.join(['NULL'] * len(columns))})"
    names = ", ".join(f'column{number} AS "{name}"' for number, name in enumerate(columns, 1))
    return f"SELECT {names} FROM VALUES {values}" + ("" if rows else " WHERE FALSE")


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


# Snowflake: a stage is there until it is dropped. fakesnow: knows it in memory only; its folder lets a later server find it.
def _with_folder(create_stage):
    def create(expression, database, schema):
        created = create_stage(expression, database, schema)
        name = created.args.get("create_stage_name")
        if name:
            table = expression.find(exp.Table)
            parts = (table.catalog or database, table.db or schema, name)
            os.makedirs(stage.internal_dir(".".join(parts)), exist_ok=True)
        return created

    return create


# Snowflake: FILES names files of the stage's path. fakesnow: only files of an external stage.
def _source_urls(urls):
    def of_internal_too(source: str, files: list[str]) -> list[str]:
        return [f"{source}{file}" for file in files] if stage.is_internal(source) else urls(source, files)

    return of_internal_too


# Snowflake: folders of a stage are plain text. fakesnow: DuckDB takes `x=y/` for a column of the table.
def _read_json(self, url: str) -> exp.Expression:
    return exp.func(
        "read_json_objects",
        self.file_literal(url),
        self.make_eq("hive_partitioning", False),
        self.make_eq("format", "newline_delimited"),
    )


# Snowflake: a staged file is there whole or not at all. fakesnow: written in place, in one piece, by the event loop.
def _write_bucket_file(path: str, body: bytes) -> str | None:
    # For PUT of a pattern, the driver puts the file's name behind an address that still has the pattern.
    target = os.path.normpath(os.path.join(stage.LOCAL_BUCKET_PATH, path.replace("*", "")))
    if not target.startswith(stage.LOCAL_BUCKET_PATH + os.sep):
        return None
    os.makedirs(os.path.dirname(target), exist_ok=True)
    draft = os.path.join(stage.LOCAL_BUCKET_PATH, f".draft-{os.urandom(8).hex()}")
    Path(draft).write_bytes(body)
    os.replace(draft, target)
    return target


def patch() -> None:
    importlib.import_module("fakesnow.server")._write_bucket_file = _write_bucket_file
    transforms.create_stage = _with_folder(transforms.create_stage)
    copy_into._source_urls = _source_urls(copy_into._source_urls)
    copy_into.ReadJSON.read_expression = _read_json
