"""`run` and `verify` on one folder, with nothing else running."""

import json
import re
from pathlib import Path

from driver import parsed
from driver.process import Finished, Running
from driver.services import clean_environment
from driver.warehouse import query

EVENTS = 10_000


class Embedded:
    def __init__(self, binary: Path, deps: Path, folder: Path):
        self.binary, self.deps, self.folder = binary, deps, folder
        self.data = folder / "data"
        self.started: list[Running] = []

    def start(self, *arguments, command: str = "run", prepare=None, env: dict[str, str] | None = None) -> Running:
        return self.start_as(command, "--data", self.data, *arguments, prepare=prepare, env=env)

    def start_as(self, command: str, *arguments, prepare=None, env: dict[str, str] | None = None) -> Running:
        """Of a command that does not take --data."""
        env = clean_environment() | parsed.environment() | {"SDP_DEPS_DIR": str(self.deps)} | (env or {})
        line = [str(self.binary), command, *map(str, arguments)]
        self.started.append(Running(line, env, self.folder, f"{len(self.started):03}-{command}", prepare))
        return self.started[-1]

    def run(self, events: int = EVENTS, *arguments, prepare=None, env: dict[str, str] | None = None) -> Finished:
        return self.start("--events", events, *arguments, prepare=prepare, env=env).wait(180)

    def must_prove(self, events: int = EVENTS, *arguments) -> Finished:
        finished = self.run(events, *arguments)
        assert finished.code == 0, str(finished)
        assert re.search(r"^proved: ", finished.out, re.MULTILINE), str(finished)
        return finished

    def verify(self, *arguments) -> dict:
        finished = self.start("--json", *arguments, command="verify").wait(120)
        assert finished.code == 0, str(finished)
        return json.loads(finished.out)

    def verify_made_earlier(self) -> dict:
        """Proves what an earlier version left. It lacks the tables and rules that were added since, and nothing else is missing."""
        report = self.verify("--allow-pending")
        pending = {one["kind"] for one in report["findings"] if one["pending"]}
        since = {
            "mart not made yet",
            "table not made yet",
            "event field whose rule admits more since the last closed batch",
        }
        assert pending <= since, report["findings"]
        return report

    def rows(self, sql: str) -> list[list]:
        return query(self.deps, self.data / "warehouse" / "spotify_db.duckdb", sql)

    def counts(self) -> tuple[int, int]:
        """Rows of bronze, and what is counted in MART.USER_ENGAGEMENT."""
        [[rows]] = self.rows("SELECT count(*) FROM BRONZE.SPOTIFY_EVENTS")
        [[counted]] = self.rows("SELECT sum(total_plays + total_skips + playlist_adds) FROM MART.USER_ENGAGEMENT")
        return rows, int(counted)

    def close(self) -> None:
        for running in self.started:
            running.end()
