"""What a command answers to those who watch it, and what it leaves in a file of metrics."""

from __future__ import annotations

import http.client
import re
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from driver.process import GUARD_SECONDS, wait_until

if TYPE_CHECKING:
    from driver.process import Running

PREFIX = "spotify_pipeline_"
ANSWER_SECONDS_MAX = 30


@dataclass(frozen=True)
class Samples:
    """One text in Prometheus's format. Names are without PREFIX."""

    text: str

    @property
    def values(self) -> dict[tuple[str, frozenset], float]:
        found = {}
        for line in self.text.splitlines():
            if line.startswith("#") or not line:
                continue
            name, labels, value = re.fullmatch(rf"{PREFIX}(\w+)(?:\{{(.*)\}})? (\S+)", line).groups()
            pairs = frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""))
            found[name, pairs] = float(value)
        return found

    @property
    def names(self) -> set[str]:
        return set(re.findall(rf"^# TYPE {PREFIX}(\w+) ", self.text, re.MULTILINE))

    def get(self, name: str, **labels: str) -> float | None:
        """The one sample of the name with these labels; nothing when there is none."""
        found = [
            value
            for (one, pairs), value in self.values.items()
            if one == name and labels.items() <= dict(pairs).items()
        ]
        assert len(found) <= 1, f"{name} {labels} is {found}"
        return found[0] if found else None

    def by(self, label: str, name: str) -> dict[str, float]:
        return {dict(pairs)[label]: value for (one, pairs), value in self.values.items() if one == name}

    def sum(self, name: str) -> float:
        return sum(value for (one, _), value in self.values.items() if one == name)


class Endpoints:
    """What answers `/metrics`, `/healthz` and `/readyz` at a port."""

    def __init__(self, port: int):
        self.port = port

    def ask(self, path: str, **headers: str) -> tuple[int, str]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS_MAX)) as connection:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def scrape(self) -> Samples:
        status, text = self.ask("/metrics")
        assert status == 200, text
        return Samples(text)

    def wait_for(self, condition, timeout: float, what: str) -> Samples:
        """The first answer that the condition is true of."""
        return wait_until(lambda: condition(samples := self.scrape()) and samples, timeout, what, pause=0.2)


class Watched(Endpoints):
    """A command with `--listen`, as those see it who watch it. `serve` and a live run tell their metrics where their pages are."""

    def __init__(self, running: Running):
        self.running = running
        [listening] = wait_until(
            lambda: running.events("monitor.listening") or running.events("serve.listening") or self._ended(),
            20,
            "the address of the metrics",
        )
        super().__init__(int(re.search(r":(\d+)/(metrics)?$", listening["url"])[1]))

    def _ended(self) -> None:
        assert self.running.is_running(), str(self.running.finished())


def check_by_promtool(deps: Path, text: str) -> None:
    """Prometheus's own tool finds nothing to say."""
    done = subprocess.run(
        [deps / "promtool" / "bin" / "promtool", "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, ""), done.stdout + done.stderr
