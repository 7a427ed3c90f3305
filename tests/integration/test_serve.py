"""The pages of `serve`, from outside: what it answers, whom it refuses, what it stands. And the same pages as files."""

import contextlib
import gzip
import http.client
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from driver.process import GUARD_SECONDS, Running, wait_until
from driver.served import value_of
from driver.services import clean_environment, free_ports
from driver.stand_in import StandIn

# One finished run that all tests look at, on one worker.
pytestmark = pytest.mark.xdist_group("command-lines")

TOKEN = "a token of more than enough characters"
READ_LIMIT = 10
STOP_LIMIT = 2
CONNECTIONS = 64
UNAVAILABLE, UNAUTHORIZED, MISCONFIGURED = 69, 77, 78


class Published:
    """A folder of publications, as `run` leaves it, without its warehouse."""

    def __init__(self, finished_run: Path, data: Path):
        self.data = data
        self.root = data / "warehouse" / "published"
        shutil.copytree(finished_run / "warehouse" / "published", self.root, symlinks=True)
        self._numbers = itertools.count(1)

    @property
    def id(self) -> str:
        return os.readlink(self.root / "current")

    @property
    def folder(self) -> Path:
        return self.root / self.id

    def publish(self) -> str:
        """A publication of the same marts under a new id, as `publish` switches to one; the one before stays, older ones go."""
        before, new = self.id, f"20990101T{next(self._numbers):09}Z"
        draft = self.root / ".draft"
        draft.mkdir()
        for file in (file for file in self.folder.iterdir() if file.suffix in (".json", ".html")):
            (draft / file.name).write_text(file.read_text().replace(before, new))
        draft.rename(self.root / new)
        (self.root / ".current").symlink_to(new)
        (self.root / ".current").rename(self.root / "current")
        for folder in self.root.iterdir():
            if folder.is_dir() and not folder.is_symlink() and folder.name not in (before, new):
                shutil.rmtree(folder)
        return new

    def spoil(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.unlink()
        file.write_text(text)
        return file


class Answer:
    def __init__(self, response: http.client.HTTPResponse):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def value(self):
        return value_of(self.text)


class Server:
    def __init__(self, running: Running):
        self.running = running
        [listening] = wait_until(lambda: running.events("serve.listening") or self._ended(), 20, "the server's address")
        self.url = listening["url"]
        self.port = int(self.url.rsplit(":", 1)[1].rstrip("/"))

    def _ended(self):
        assert self.running.is_running(), str(self.running.finished())

    def ask(self, target: str = "/", method: str = "GET", body=None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, target, body=body, headers=named)
            return Answer(connection.getresponse())

    def ask_or_none(self) -> Answer | None:
        """Nothing while all places are taken."""
        with contextlib.suppress(ConnectionError, http.client.HTTPException):
            answer = self.ask("/")
            return answer if answer.status == 200 else None
        return None

    def current(self) -> dict:
        return self.ask("/data/current.js").value

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def raw(self, text: bytes) -> bytes:
        """What comes back until the server closes."""
        with self.connect() as client:
            client.sendall(text)
            return everything(client)

    def memory(self) -> int:
        status = Path(f"/proc/{self.running.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024


def everything(client: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionError):
        while part := client.recv(65536):
            received += part
    return received


@pytest.fixture
def copied_run(finished_run, tmp_path):
    return shutil.copytree(finished_run, tmp_path / "copy", symlinks=True)


@pytest.fixture
def published(finished_run, tmp_path):
    return Published(finished_run, tmp_path / "data")


@pytest.fixture
def start(binary, tmp_path):
    """Starts `serve` at a free port."""
    started: list[Running] = []

    def make(*arguments, **environment: str) -> Running:
        line = [binary, "serve", *arguments]
        if "--listen" not in arguments:
            line += ["--listen", "127.0.0.1:0"]
        started.append(Running(line, clean_environment() | environment, tmp_path, f"serve-{len(started)}"))
        return started[-1]

    yield make
    for running in started:
        running.end()


@pytest.fixture
def server(start, published):
    return Server(start("--data", published.data))


def test_the_address_is_printed_and_logged(server):
    assert server.running.out == f"{server.url}\n"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", server.url)


def test_the_pages_and_their_data_are_answered(server, published):
    page = server.ask("/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert server.ask("/index.html").body == page.body
    current = server.current()
    assert current["live"] is True
    [shown] = current["publications"]
    assert shown["id"] == shown["folder"] == published.id
    assert current["message"] is None
    report = server.ask(f"/{shown['report']}")
    assert report.body == (published.folder / "report.html").read_bytes()
    assert "script-src" not in report.headers["Content-Security-Policy"]
    snapshot = server.ask(f"/data/{published.id}/snapshot.js").value
    assert snapshot == json.loads((published.folder / "snapshot.json").read_text())
    for mart in snapshot["marts"]:
        script = server.ask(f"/data/{published.id}/{mart['file'].removesuffix('.json')}.js")
        assert script.value == json.loads((published.folder / mart["file"]).read_text())
    proof = server.ask(f"/data/{published.id}/proof.js")
    assert proof.value == json.loads((published.folder / "proof.json").read_text())
    (published.folder / "proof.json").unlink()
    assert server.ask(f"/data/{published.id}/proof.js").value is None


def test_what_a_page_names_is_there(server):
    """Scripts, styles and pictures that the pages load, and the pages that they lead to."""
    for page in ("index.html", "result.html", "music.html", "year.html", "runs.html"):
        text = server.ask(f"/{page}").text
        named = re.findall(r'(?:src|href)="([^":#?]+)', text)
        assert named, page
        for name in named:
            assert server.ask(f"/{name.removeprefix('./')}").status == 200, f"{page} names {name}"
        assert "<script>" not in text
        assert not re.search(r'\son\w+="', text), f"{page} has a handler in its markup, which the policy forbids"


def test_headers_keep_the_pages_to_themselves(server, published):
    for target in ("/", "/style.css", "/data/current.js", f"/data/{published.id}/snapshot.js", "/nothing"):
        headers = server.ask(target).headers
        policy = dict(part.split(maxsplit=1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'", target
        assert policy["script-src"] == "'self'", target
        assert policy["frame-ancestors"] == "'none'", target
        assert policy["form-action"] == "'none'", target
        assert headers["X-Content-Type-Options"] == "nosniff", target
        assert headers["Referrer-Policy"] == "no-referrer", target
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", target
    caching = {
        "/": "no-cache",
        "/data/current.js": "no-cache",
        "/data/services.js": "no-cache",
        f"/data/{published.id}/proof.js": "no-cache",
        f"/data/{published.id}/snapshot.js": "private, max-age=31536000, immutable",
    }
    for target, wanted in caching.items():
        assert server.ask(target).headers["Cache-Control"] == wanted, target


def test_what_is_long_is_compressed_for_those_who_take_it(server, published):
    for target in ("/style.css", f"/data/{published.id}/snapshot.js"):
        plain, packed = server.ask(target), server.ask(target, Accept_Encoding="gzip, br")
        assert plain.headers["Content-Encoding"] is None
        assert packed.headers["Content-Encoding"] == "gzip", target
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(packed.body) == plain.body
        assert server.ask(target, Accept_Encoding="gzip;q=0").body == plain.body


def test_head_has_the_headers_of_get_and_no_body(server, published):
    targets = [
        "/",
        "/data/services.js",
        "/nothing",
        f"/data/{published.id}/mart_top_songs.js",
        f"/data/{published.id}/report.html",
    ]
    for target, encoding in itertools.product(targets, ("identity", "gzip")):
        get = server.ask(target, Accept_Encoding=encoding)
        head = server.ask(target, method="HEAD", Accept_Encoding=encoding)
        assert (head.status, head.body) == (get.status, b"")
        assert dict(head.headers) == dict(get.headers), target


def test_what_did_not_change_is_not_sent_again(server, published):
    for target in ("/", f"/data/{published.id}/mart_top_songs.js", f"/data/{published.id}/report.html"):
        first = server.ask(target)
        again = server.ask(target, If_None_Match=first.headers["ETag"])
        assert (again.status, again.body) == (304, b"")
    before = server.ask(f"/data/{published.id}/proof.js")
    proof = published.folder / "proof.json"
    published.spoil("proof.json", json.dumps({**json.loads(proof.read_text()), "more": 1}))
    after = server.ask(f"/data/{published.id}/proof.js", If_None_Match=before.headers["ETag"])
    assert (after.status, after.value["more"]) == (200, 1)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(server, method):
    answer = server.ask("/", method=method, body=b"x" * 100_000 if method in ("POST", "PUT") else None)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 0\r\nContent-Length: 5\r\n",
        b"Host: evil.example\r\n",
        b"X : y\r\n",
    ],
)
def test_a_request_that_could_be_read_in_two_ways_is_refused(server, headers):
    smuggled = b"GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = server.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n0\r\n\r\n" + smuggled)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_header_that_is_too_large_is_refused(server):
    assert server.ask("/", X="x" * 15_000).status == 200
    assert server.ask("/", X="x" * 20_000).status == 431


def test_on_loopback_a_host_of_another_name_is_refused(server, published):
    for host in ("localhost", f"127.0.0.1:{server.port}", "[::1]", "LOCALHOST:1"):
        assert server.ask("/", Host=host).status == 200, host
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.evil.example", ""):
        for target in ("/", "/data/current.js", "/data/services.js", f"/data/{published.id}/snapshot.js"):
            assert server.ask(target, Host=host).status == 421, (host, target)


def test_a_page_of_another_origin_gets_no_data(server):
    for site in ("cross-site", "same-site"):
        assert server.ask("/data/current.js", Sec_Fetch_Site=site).status == 403
        assert server.ask("/data/services.js", Sec_Fetch_Site=site).status == 403
    assert server.ask("/data/current.js", Sec_Fetch_Site="same-origin").status == 200


def test_no_address_leads_out_of_the_pages(server, published):
    secret = published.data.parent / "secret.json"
    secret.write_text("{}")
    (published.root / "secret.json").write_text("{}")
    names = ["secret", "snapshot.json", "mart_/../../secret", "%2e%2e/%2e%2e/secret", "..\\secret", "snapshot%00"]
    targets = [f"/data/{published.id}/{name}.js" for name in names]
    targets += [f"/data/{up}/secret.js" for up in ("..", ".", "", "current", "%2e%2e", f"{published.id}/..")]
    targets += ["/../../../etc/passwd", "//etc/passwd", "/%2e%2e/x", "/data/", "/data", f"/data/{published.id}/", "/."]
    targets += [f"/data/{published.id}/spotify_db.duckdb"]
    for target in targets:
        answer = server.ask(target)
        assert answer.status == 404, target
        assert str(published.data) not in answer.text


def test_nothing_is_published_yet(start, tmp_path):
    server = Server(start("--data", tmp_path / "none"))
    current = server.current()
    assert current["publications"] == []
    assert f"spotify-pipeline run --data {tmp_path}/none" in current["message"]
    assert server.ask("/").status == 200


def test_a_publication_that_comes_later_is_seen(start, published, tmp_path):
    server = Server(start("--data", tmp_path / "later"))
    assert server.current()["publications"] == []
    shutil.copytree(published.data, tmp_path / "later", symlinks=True)
    [shown] = server.current()["publications"]
    assert shown["id"] == published.id


def test_publications_of_several_folders_are_shown(start, published, tmp_path):
    other = tmp_path / "data" / "on-services" / "warehouse" / "published"
    shutil.copytree(published.root, other, symlinks=True)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(published.root, elsewhere, symlinks=True)
    first = published.id
    second = published.publish()
    both = Server(start("--data", published.data))
    assert [one["id"] for one in both.current()["publications"]] == [second, first]
    one = Server(start("--published", elsewhere))
    assert [shown["id"] for shown in one.current()["publications"]] == [first]
    named = Server(start("--published", elsewhere, "--data", published.data))
    assert [shown["id"] for shown in named.current()["publications"]] == [first, second]


def test_publications_are_switched_and_removed_while_they_are_read(server, published):
    """No reader sees half of one, or an error."""
    problems: list[str] = []
    seen: set[str] = set()
    over = threading.Event()

    def read():
        while not over.is_set():
            current = server.current()
            if current["message"] or len(current["publications"]) != 1:
                problems.append(f"no publication: {current}")
                return
            shown = current["publications"][0]["id"]
            for part in ("snapshot", "mart_top_songs"):
                script = server.ask(f"/data/{shown}/{part}.js")
                # Replaced twice meanwhile.
                if script.status == 404:
                    continue
                if script.status != 200 or script.value.get("id", script.value.get("snapshot")) != shown:
                    problems.append(f"{script.status} {script.text[:200]}")
            seen.add(shown)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for _ in range(60):
        published.publish()
        time.sleep(0.02)
    wait_until(lambda: published.id in seen or problems, 20, "the last publication")
    over.set()
    for reader in readers:
        reader.join()
    assert problems == []
    assert len(seen) > 2
    assert server.running.events("serve.publication_damaged") == []


def test_a_publication_that_was_replaced_twice_is_gone(server, published):
    first = published.id
    published.publish()
    assert server.ask(f"/data/{first}/snapshot.js").status == 200
    published.publish()
    gone = server.ask(f"/data/{first}/snapshot.js")
    assert gone.status == 404
    assert "replaced by a newer one" in gone.text


@pytest.mark.parametrize("name", ["snapshot.json", "mart_top_songs.json", "proof.json"])
def test_a_file_that_is_cut_in_half_is_named_and_the_server_goes_on(start, published, tmp_path, name):
    other = tmp_path / "data" / "on-services" / "warehouse" / "published"
    shutil.copytree(published.root, other, symlinks=True)
    sound = published.id
    damaged = published.publish()
    text = (published.folder / name).read_text()
    file = published.spoil(name, text[: len(text) // 2])
    server = Server(start("--data", published.data))
    current = server.current()
    assert [shown["id"] for shown in current["publications"]] == [sound]
    assert str(file) in current["message"]
    assert "spotify-pipeline publish" in current["message"]
    assert server.ask(f"/data/{damaged}/{name.removesuffix('.json')}.js").status == 500
    assert server.ask(f"/data/{sound}/snapshot.js").status == 200
    [event] = server.running.events("serve.publication_damaged")
    assert str(file) in event["message"]
    published.publish()
    published.spoil(name, text.replace(damaged, published.id))
    assert server.current()["message"] is None


def test_a_snapshot_of_a_newer_version_is_named(server, published):
    snapshot = json.loads((published.folder / "snapshot.json").read_text())
    file = published.spoil("snapshot.json", json.dumps(snapshot | {"version": 2}))
    current = server.current()
    assert current["publications"] == []
    assert f"{file}: it is of version 2, and this program reads version 1" in current["message"]


def test_the_services_are_asked_when_somebody_wants_to_know(start, published):
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n<title>MinIO</title>"
    with socket.create_server(("127.0.0.1", 0)) as minio:
        asked = []

        def answer():
            with contextlib.suppress(OSError):
                while True:
                    client, _ = minio.accept()
                    with client:
                        asked.append(client.recv(65536))
                        client.sendall(page)

        threading.Thread(target=answer, daemon=True).start()
        server = Server(
            start("--data", published.data, MINIO_CONSOLE_PORT=str(minio.getsockname()[1]), COMPOSE_PROFILES="none")
        )
        server.ask("/")
        server.current()
        assert asked == []
        script = server.ask("/data/services.js").value
        assert script["checked_at"]
        [found] = script["services"]
        assert (found["name"], found["answers"]) == ("MinIO", True)
        assert found["url"] == f"http://127.0.0.1:{minio.getsockname()[1]}"
        assert server.ask("/data/services.js").value == script
        assert len(asked) == 1
        minio.shutdown(socket.SHUT_RDWR)


def test_a_service_that_hangs_holds_up_no_page_and_no_stop(start, published):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = Server(
            start("--data", published.data, MINIO_CONSOLE_PORT=str(silent.getsockname()[1]), COMPOSE_PROFILES="none")
        )
        with server.connect() as client:
            client.sendall(b"GET /data/services.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
            begun = time.monotonic()
            assert server.ask("/").status == 200
            assert time.monotonic() - begun < 0.9
        finished = server.running.stop()
        assert finished.code == 0


def test_services_may_be_asked_elsewhere_than_browsers_find_them(start, tmp_path):
    """As in a container, for which this machine's loopback is its own."""
    marks = {"KAFDROP": "Kafdrop", "CONSOLE": "MinIO", "AIRFLOW": "Airflow"}
    stand_ins = {name: StandIn(lambda _, mark=mark: (200, f"<title>{mark}</title>")) for name, mark in marks.items()}
    ports = dict(zip(("KAFDROP", "MINIO_CONSOLE", "AIRFLOW"), free_ports(3), strict=True))
    addresses = {
        f"SERVE_{name}_ADDRESS": one.url.removeprefix("http://").replace("127.0.0.1", "localhost")
        for name, one in stand_ins.items()
    }
    own = {f"{name}_PORT": str(port) for name, port in ports.items()}
    server = Server(start("--data", tmp_path / "none", COMPOSE_PROFILES="ui,airflow", **addresses, **own))
    services = server.ask("/data/services.js").value["services"]
    links = {one["name"]: one["url"] for one in services}
    assert links == {
        mark: f"http://127.0.0.1:{port}" for mark, port in zip(marks.values(), ports.values(), strict=True)
    }
    assert all(one["answers"] for one in services), services
    for one in stand_ins.values():
        assert [asked.path for asked in one.asked] == ["/"]
        one.close()


def test_a_probe_says_whether_the_pages_are_served(start, tmp_path):
    """Also while nothing is published, and of a server that listens at every address."""
    [port] = free_ports(1)
    settings = {"SERVE_LISTEN": f"0.0.0.0:{port}", "SPOTIFY_PUBLISHED": str(tmp_path / "none")}

    def probe(token: str, **changes: str):
        done = start("--probe", "--listen", f"0.0.0.0:{port}", **settings | {"SERVE_TOKEN": token} | changes).wait(20)
        assert token not in done.out + done.err
        return done

    assert probe(TOKEN).code == UNAVAILABLE
    server = Server(start("--listen", f"0.0.0.0:{port}", **settings, SERVE_TOKEN=TOKEN))
    healthy = probe(TOKEN)
    assert (healthy.code, healthy.out) == (0, f"http://127.0.0.1:{port}/: the pages are served\n")
    wrong = probe(TOKEN[::-1])
    assert wrong.code == UNAUTHORIZED and "the token was refused" in wrong.failure["message"]
    assert server.running.stop().code == 0
    assert probe(TOKEN).code == UNAVAILABLE
    with contextlib.closing(StandIn(lambda _: (200, "It works!"))) as stranger:
        other = start("--probe", "--listen", stranger.url.removeprefix("http://")).wait(20)
    assert other.code == MISCONFIGURED and "something else answers" in other.failure["message"]


def test_a_token_is_wanted_where_others_can_reach_the_server(start, published, tmp_path):
    refused = start("--data", published.data, "--listen", "0.0.0.0:0").wait(20)
    assert refused.code == MISCONFIGURED
    assert "SERVE_TOKEN" in refused.failure["message"]
    server = Server(start("--data", published.data, "--listen", "0.0.0.0:0", SERVE_TOKEN=TOKEN))
    for target in ("/", "/data/current.js", "/data/services.js", f"/data/{published.id}/snapshot.js", "/style.css"):
        answer = server.ask(target, Host="marts.example")
        assert answer.status == 401, target
        assert "<form" in answer.text
        assert server.ask(target, Host="marts.example", Authorization=f"Bearer {TOKEN}").status == 200, target
        assert server.ask(target, Host="marts.example", Authorization=f"Bearer {TOKEN}x").status == 401, target
    form = "/?token=" + TOKEN.replace(" ", "+")
    admitted = server.ask(form, Host="marts.example")
    assert (admitted.status, admitted.headers["Location"]) == (303, "/")
    cookie, *flags = admitted.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert server.ask("/data/current.js", Host="marts.example", Cookie=cookie).status == 200
    assert server.ask("/data/current.js", Host="marts.example", Cookie=cookie[:-1]).status == 401
    assert server.ask("/?token=wrong", Host="marts.example").headers["Set-Cookie"] is None
    finished = server.running.stop()
    for text in (finished.out, finished.err, *finished.arguments):
        assert TOKEN not in text and form not in text
        assert cookie.partition("=")[2] not in text


def test_the_token_may_stand_in_a_file_that_only_its_owner_reads(start, published, tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o644)
    refused = start("--data", published.data, "--token-file", file).wait(20)
    assert refused.code == MISCONFIGURED
    assert f"chmod 600 {file}" in refused.failure["message"]
    file.chmod(0o600)
    server = Server(start("--data", published.data, "--token-file", file))
    assert server.ask("/").status == 401
    assert server.ask("/", Authorization=f"Bearer {TOKEN}").status == 200
    both = start("--data", published.data, "--token-file", file, SERVE_TOKEN=TOKEN).wait(20)
    assert both.code == MISCONFIGURED


def test_a_slow_client_is_cut_off(server):
    begun = time.monotonic()
    with server.connect() as client:
        with contextlib.suppress(ConnectionError):
            for byte in b"GET / HTTP/1.1\r\nX-Slow: " + b"x" * 100:
                client.sendall(bytes([byte]))
                client.settimeout(1)
                with contextlib.suppress(TimeoutError):
                    assert client.recv(1) == b""
                    break
        took = time.monotonic() - begun
    assert READ_LIMIT - 1 < took < READ_LIMIT + 5
    assert server.ask("/").status == 200


def test_there_are_so_many_connections_at_most(server):
    with contextlib.ExitStack() as all_of_them:
        clients = [all_of_them.enter_context(server.connect()) for _ in range(CONNECTIONS)]
        for client in clients:
            client.sendall(b"GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 200"
        with server.connect() as one_more:
            assert everything(one_more).startswith(b"HTTP/1.1 503 ")
    wait_until(server.ask_or_none, 10, "a place that is free")


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_slow_readers_of_a_large_mart_hold_little_of_it(server, published, encoding):
    """They take a few bytes and wait; meanwhile the publication is replaced twice and removed. Then each reads all."""
    readers = 24
    mart = json.loads((published.folder / "mart_top_songs.json").read_text())
    mart["more"] = [os.urandom(24).hex() for _ in range(100_000)]
    published.spoil("mart_top_songs.json", json.dumps(mart))
    target = f"/data/{published.id}/mart_top_songs.js"
    whole = server.ask(target).body
    assert len(whole) > 4 << 20
    before = server.memory()
    with contextlib.ExitStack() as all_of_them:
        answers = []
        for _ in range(readers):
            connection = all_of_them.enter_context(
                contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30))
            )
            connection.sock = socket.socket()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sock.connect(("127.0.0.1", server.port))
            connection.request("GET", target, headers={"Accept-Encoding": encoding})
            answers.append(connection.getresponse())
        assert [answer.status for answer in answers] == [200] * readers
        assert server.ask("/").status == 200
        assert server.memory() - before < readers << 20
        for _ in range(2):
            published.publish()
        assert server.ask(target).status == 404
        for answer in answers:
            body = answer.read()
            assert (gzip.decompress(body) if encoding == "gzip" else body) == whole


def test_ten_thousand_requests_leave_memory_as_it_was(server, published):
    targets = ["/", "/style.css", "/data/current.js", f"/data/{published.id}/mart_top_songs.js", "/nothing"]

    def ask_all(count):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        with contextlib.closing(connection):
            for at in range(count):
                connection.request("GET", targets[at % len(targets)], headers={"Accept-Encoding": "gzip"})
                connection.getresponse().read()

    ask_all(1_000)
    before = server.memory()
    threads = [threading.Thread(target=ask_all, args=(2_500,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.memory() - before < 4 << 20
    for _ in range(500):
        with server.connect() as client:
            client.sendall(b"GET / HTTP/1.1\r\n")
    wait_until(server.ask_or_none, 10, "an answer")
    assert server.memory() - before < 4 << 20


def test_clients_that_leave_early_harm_nobody(server, published):
    reset = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    for _ in range(100):
        with server.connect() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            client.sendall(f"GET /data/{published.id}/snapshot.js HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    wait_until(server.ask_or_none, 10, "an answer")


def test_a_port_that_is_taken_is_named(start, server, published):
    second = start("--data", published.data, "--listen", f"127.0.0.1:{server.port}").wait(20)
    assert second.code == MISCONFIGURED
    assert f"127.0.0.1:{server.port}" in second.failure["message"]
    assert "--listen" in second.failure["message"]
    assert second.out == ""


def test_two_servers_show_one_folder(start, server, published):
    other = Server(start("--data", published.data))
    assert other.port != server.port
    new = published.publish()
    for one in (server, other):
        assert one.current()["publications"][0]["id"] == new
        assert one.ask(f"/data/{new}/snapshot.js").status == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_well(server, number):
    with server.connect() as idle, server.connect() as half:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(12) == b"HTTP/1.1 200"
        half.sendall(b"GET / HT")
        begun = time.monotonic()
        finished = server.running.stop(number=number)
    assert finished.code == 0, str(finished)
    assert time.monotonic() - begun < STOP_LIMIT
    [stopped] = finished.events("serve.stopped")
    assert stopped["url"] == server.url


def test_what_is_served_stays_as_it_is(start, copied_run):
    def all_of_it():
        return {
            path: (path.lstat().st_mtime_ns, path.lstat().st_ino, path.lstat().st_mode)
            for path in [copied_run, *copied_run.rglob("*")]
        }

    before = all_of_it()
    server = Server(start("--data", copied_run))
    shown = server.current()["publications"][0]["id"]
    for target in ("/", "/data/services.js", f"/data/{shown}/snapshot.js", "/nothing"):
        server.ask(target)
    assert server.running.stop().code == 0
    assert all_of_it() == before


def test_nobody_who_reads_what_it_prints_stops_it(binary, published, tmp_path):
    """Standard output is a pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    line = [binary, "serve", "--data", published.data, "--listen", "127.0.0.1:0"]
    done = subprocess.run(
        line, stdout=writer, stderr=subprocess.PIPE, env=clean_environment(), timeout=GUARD_SECONDS, check=False
    )
    os.close(writer)
    assert done.returncode == 73
    assert b"standard output" in done.stderr


def publish_static(binary, deps, data: Path, folder: Path):
    line = [binary, "publish", "--warehouse", data / "warehouse" / "spotify_db.duckdb", "--static", folder, "--json"]
    line += ["--work-dir", data / "transform"]
    env = clean_environment() | {"SDP_DEPS_DIR": str(deps)}
    return subprocess.run(line, env=env, capture_output=True, text=True, timeout=GUARD_SECONDS, check=False)


def test_a_folder_of_files_has_the_bytes_that_the_server_answers(binary, deps, start, copied_run, tmp_path):
    site = tmp_path / "www" / "marts"
    done = publish_static(binary, deps, copied_run, site)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["static"] == str(site)
    server = Server(start("--data", copied_run))
    files = [path for path in site.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert len(files) > 10
    own = {"data/current.js", "data/services.js"}
    for path in files:
        name = str(path.relative_to(site))
        if name not in own:
            assert server.ask(f"/{name}").body == path.read_bytes(), name
    live, still = server.current(), value_of((site / "data" / "current.js").read_text())
    assert live.pop("served_at")
    assert still.pop("served_at") is None
    assert (live.pop("live"), still.pop("live")) == (True, False)
    assert "serve --flow" in live.pop("moves")["how"] and still.pop("moves") == {"on": False, "how": ""}
    assert live == still
    services = value_of((site / "data" / "services.js").read_text())
    assert services == {"version": 1, "checked_at": None, "services": []}


def test_a_site_that_has_no_news_is_not_written_again(binary, deps, copied_run, tmp_path):
    site = tmp_path / "site"
    assert publish_static(binary, deps, copied_run, site).returncode == 0
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*")}
    assert publish_static(binary, deps, copied_run, site).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in site.rglob("*")} == before


def test_a_folder_of_others_is_refused(binary, deps, copied_run, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    done = publish_static(binary, deps, copied_run, folder)
    assert done.returncode == MISCONFIGURED
    assert str(folder) in done.stderr
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]
