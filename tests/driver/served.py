"""What `serve` answers a program: scripts of one call each (docs/formats/site.md)."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request

ANSWER_SECONDS_MAX = 30


def value_of(script: str):
    """What a script hands over."""
    [(_, value)] = re.findall(r'\Asdp\.receive\(("[^"]*"), (.*)\);\n\Z', script, re.DOTALL)
    return json.loads(value)


def ask(url: str, token: str | None = None) -> tuple[int, str]:
    """Status and text. The environment's proxies are not asked."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=ANSWER_SECONDS_MAX) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
