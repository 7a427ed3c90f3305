"""What dbt parsed in the first run of a whole run of tests, for all others.

dbt takes it for any DuckDB file: `transform` names the file to it without its folder. Other limits of memory or threads, and
another warehouse, are a part of the profile's hash, so that dbt parses again there."""

import os

SHARED = "SDP_TEST_DBT_PARSED"
MEMORY = "320MB"


def environment() -> dict[str, str]:
    """For a process that runs dbt."""
    if SHARED not in os.environ:
        return {}
    return {"DBT_PARTIAL_PARSE_FILE_PATH": os.environ[SHARED], "SPOTIFY_WAREHOUSE_MEMORY": MEMORY}
