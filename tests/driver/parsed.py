"""Keeps what dbt parsed, for the next test of a run.

dbt takes it for any DuckDB file: `transform` names the file to it without its folder. Other limits of memory or threads, and
another warehouse, are a part of the profile's hash, so that dbt parses again there."""

import os
import secrets
import shutil
from pathlib import Path

SHARED = "SDP_TEST_DBT_PARSED"


def environment() -> dict[str, str]:
    """For a process that runs dbt."""
    shared = os.environ.get(SHARED, "")
    # dbt refuses to begin where the file is not there.
    return {"DBT_PARTIAL_PARSE_FILE_PATH": shared} if os.path.exists(shared) else {}


def keep(work_dir: Path) -> None:
    """Takes what the dbt of this folder parsed, if nobody has before. Appears by a rename, so it is whole or absent."""
    parsed = work_dir / "target" / "partial_parse.msgpack"
    if SHARED not in os.environ or os.path.exists(os.environ[SHARED]) or not parsed.exists():
        return
    shared = Path(os.environ[SHARED])
    draft = shared.with_name(f"{shared.name}.{secrets.token_hex(4)}")
    shutil.copy(parsed, draft)
    draft.rename(shared)
