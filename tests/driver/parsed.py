"""What dbt parsed once serves every test of a run: parsing takes two of the seven seconds of CPU that a build costs.

dbt compares each file's checksum with what it is given, so what is stale is parsed again. On DuckDB only: there the names of
database and schemas, which stand in what was parsed, are the same for all."""

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
