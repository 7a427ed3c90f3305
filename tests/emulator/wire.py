"""Snowflake's protocol as drivers speak it, by hand: so that a test sees the first answer, which drivers hide by trying again."""

import base64
import json
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass

import pyarrow

# No proxy of the environment: the server is on this machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    status: int
    success: bool
    code: str | None
    message: str
    rows: list[tuple]


class Wire:
    def __init__(self, port: int, **names: str):
        """`names` are those of the login's address: databaseName, schemaName, roleName, warehouse."""
        self._base = f"http://127.0.0.1:{port}"
        self._token = None
        query = "&".join(f"{name}={value}" for name, value in names.items())
        answer = self._post(f"/session/v1/login-request?{query}", {"data": {"SESSION_PARAMETERS": {}}})[1]
        self._token = answer["data"]["token"]

    def query(self, sql: str) -> Answer:
        status, body = self._post(f"/queries/v1/query-request?requestId={uuid.uuid4()}", {"sqlText": sql})
        data = body.get("data") or {}
        rows = _rows(data) + [row for chunk in data.get("chunks") or [] for row in _table_rows(self._get(chunk["url"]))]
        return Answer(status, body.get("success", False), body.get("code"), body.get("message") or "", rows)

    def must(self, sql: str) -> list[tuple]:
        answer = self.query(sql)
        assert answer.success, f"{sql}\n{answer}"
        return answer.rows

    def close(self) -> None:
        self._post("/session?delete=true", {})

    def _get(self, url: str) -> bytes:
        with OPENER.open(url, timeout=60) as response:
            return response.read()

    def _post(self, path: str, body: dict) -> tuple[int, dict]:
        headers = {"Content-Type": "application/json", "Accept": "application/snowflake"}
        if self._token:
            headers["Authorization"] = f'Snowflake Token="{self._token}"'
        request = urllib.request.Request(self._base + path, json.dumps(body).encode(), headers, method="POST")
        try:
            with OPENER.open(request, timeout=60) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text.startswith(b"{") else {"message": text.decode(errors="replace")}


def _rows(data: dict) -> list[tuple]:
    if data.get("rowsetBase64"):
        return _table_rows(base64.b64decode(data["rowsetBase64"]))
    return [tuple(row) for row in data.get("rowset") or []]


def _table_rows(stream: bytes) -> list[tuple]:
    table = pyarrow.ipc.open_stream(stream).read_all()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
