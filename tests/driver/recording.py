"""An S3 server behind something that counts: each request goes on as it came, at once or after a while, and is noted."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

# Of one connection, not of the request.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "date", "server"}


def kind(method: str, target: str) -> str:
    """`list bronze/`, or the method and the key."""
    split = urlsplit(target)
    query = parse_qs(split.query, keep_blank_values=True)
    if "list-type" in query:
        return f"list {query.get('prefix', [''])[0]}"
    return f"{method} {split.path.lstrip('/').partition('/')[2]}"


class RecordingProxy:
    """`target` is http://host:port. `requests` has what was asked since the last clear(). `before` is called with each kind of
    request before it goes on."""

    def __init__(self, target: str, before: Callable[[str], None] = lambda _: None):
        self.requests: Counter[str] = Counter()
        host = target.removeprefix("http://")
        requests = self.requests
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                asked = kind(self.command, self.path)
                with lock:
                    requests[asked] += 1
                before(asked)
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                server = http.client.HTTPConnection(host, timeout=30)
                server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                # The signature covers the host that was asked for.
                for name, value in self.headers.items():
                    if name.lower() not in HOP_BY_HOP:
                        server.putheader(name, value)
                server.endheaders(body)
                answer = server.getresponse()
                text = answer.read()
                self.send_response(answer.status, answer.reason)
                for name, value in answer.getheaders():
                    if name.lower() not in HOP_BY_HOP | {"content-length"}:
                        self.send_header(name, value)
                length = answer.getheader("Content-Length") if self.command == "HEAD" else len(text)
                self.send_header("Content-Length", str(length or 0))
                self.end_headers()
                self.wfile.write(text)
                server.close()

            def log_message(self, *_):
                pass

        for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.pass_on)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
