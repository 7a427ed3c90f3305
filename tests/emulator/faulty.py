"""A proxy before the emulator that fails by script: as Snowflake does, with a code, or as a network does.

It knows a request by its kind (login, renewal, query, upload) and a query by its text, lets the first ones pass, and then
does to so many of them what the fault says. Without an emulator behind it, only its faults answer.
"""

import gzip
import http.client
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

UPSTREAM_SECONDS_MAX = 300
ALWAYS = 1_000_000


@dataclass
class Fault:
    kind: str
    """login, renewal, query or upload."""
    act: Callable
    """What happens instead of an answer: takes the exchange, returns nothing."""
    sql: str = ""
    """Of a query: a regular expression found in its text."""
    after: int = 0
    """So many pass first."""
    times: int = ALWAYS
    """So many are hit."""
    seen: int = field(default=0, init=False)
    hit: int = field(default=0, init=False)

    def strikes(self, kind: str, sql: str) -> bool:
        if kind != self.kind or not re.search(self.sql, sql, re.IGNORECASE):
            return False
        self.seen += 1
        if self.seen <= self.after or self.hit >= self.times:
            return False
        self.hit += 1
        return True


# --- what a fault does ---


def refuse(code: str, message: str, sqlstate: str = "08001") -> Callable:
    """Snowflake's way: HTTP 200, and a body that says no."""
    body = {
        "success": False,
        "code": code,
        "message": message,
        "data": {"errorCode": code, "sqlState": sqlstate, "queryId": "01b2c3d4-0000-0000-0000-000000000000"},
    }
    return lambda exchange: exchange.answer(200, json.dumps(body).encode())


def http_status(status: int) -> Callable:
    return lambda exchange: exchange.answer(status, b"")


def cut(exchange) -> None:
    """The connection goes before the request arrives."""
    exchange.hang_up()


def cut_after(exchange) -> None:
    """The request arrives and is done; its answer is lost."""
    exchange.forward()
    exchange.hang_up()


def cut_midway(exchange) -> None:
    """The connection goes with half of the request's body sent."""
    exchange.forward_half()
    exchange.hang_up()


# --- the proxy ---


def kind_of(path: str) -> str:
    for start, kind in (
        ("/session/v1/login-request", "login"),
        ("/session/token-request", "renewal"),
        ("/queries/v1/query-request", "query"),
        ("/fs_bucket/", "upload"),
    ):
        if path.startswith(start):
            return kind
    return "other"


class Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self) -> None:
        self.body = self._body()
        kind = kind_of(self.path)
        fault = self.server.fault_for(kind, self._sql() if kind == "query" else "")
        if fault:
            fault.act(self)
        elif kind == "renewal":
            self.answer(200, self._renewed())
        elif self.server.upstream:
            self.answer(*self.forward())
        else:
            self.answer(404, b"")

    # BaseHTTPRequestHandler calls these names.
    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = serve  # noqa: N815

    def log_message(self, *_arguments) -> None:
        pass

    def forward(self) -> tuple[int, bytes, str]:
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=UPSTREAM_SECONDS_MAX)
        try:
            # With our own host in it, so that the address for uploads leads here.
            upstream.request(self.command, self.path, self.body, dict(self.headers))
            response = upstream.getresponse()
            return response.status, response.read(), response.headers.get("Content-Type", "application/json")
        finally:
            upstream.close()

    def forward_half(self) -> None:
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=UPSTREAM_SECONDS_MAX)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders()
        upstream.send(self.body[: len(self.body) // 2])
        upstream.close()

    def answer(self, status: int, body: bytes, content_type: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()

    def _body(self) -> bytes:
        """Uploads come in chunks; they go on in one piece, as `headers` says afterwards."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        del self.headers["Transfer-Encoding"]
        self.headers["Content-Length"] = str(len(body))
        return body

    def _sql(self) -> str:
        body = gzip.decompress(self.body) if self.headers.get("Content-Encoding") == "gzip" else self.body
        return json.loads(body).get("sqlText", "")

    def _renewed(self) -> bytes:
        """The emulator's sessions never end, so the old token is the new one."""
        token = self.headers.get("Authorization", "")[len('Snowflake Token="') : -1]
        return json.dumps(
            {
                "success": True,
                "code": None,
                "message": None,
                "data": {
                    "sessionToken": token,
                    "masterToken": token,
                    "validityInSecondsST": 3600,
                    "validityInSecondsMT": 14400,
                    "sessionId": 1,
                },
            }
        ).encode()


class Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream: int | None, *faults: Fault):
        super().__init__(("127.0.0.1", 0), Exchange)
        self.upstream = upstream
        self.faults = list(faults)
        self.queries: list[str] = []
        self._lock = threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def fault_for(self, kind: str, sql: str) -> Fault | None:
        with self._lock:
            if kind == "query":
                self.queries.append(sql)
            return next((fault for fault in self.faults if fault.strikes(kind, sql)), None)

    def handle_error(self, _request, _client_address) -> None:
        """A client that goes away is what this is for."""

    def __exit__(self, *_error) -> None:
        self.shutdown()
        self.server_close()
