"""What those cost who watch a command: scrapers of its metrics, and pages that are open. The CPU time is that of the threads which
answer, by their names."""

import contextlib
import re
import selectors
import socket
import time

import pytest
from driver.process import wait_until
from driver.scrape import Watched
from driver.tree import cpu_seconds, resident_bytes

SCRAPERS, PAGES = 50, 10
# About as many as each server lets in: what a command's own memory does meanwhile is shared by them.
SLOW_SCRAPERS, SLOW_PAGES = 60, 15
# So many answers are more than the kernel keeps for a connection.
ASKED_AT_ONCE = 400
SECONDS = 20
CORE_SHARE_MAX = 0.05
SLOW_BYTES_MAX = 1 << 20
# The first thread of a program has the program's name, of which Linux keeps 15 letters.
FIRST = "spotify-pipelin"
FEEDS = ("feed-status", "feed-records")
HERE = ("--listen", "127.0.0.1:0")


def connected(port: int, target: str, receive_bytes: int | None = None) -> socket.socket:
    one = socket.socket()
    if receive_bytes:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    one.connect(("127.0.0.1", port))
    ask(one, target)
    one.setblocking(False)
    return one


def ask(one: socket.socket, target: str) -> None:
    one.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


class Watchers:
    """All of them in one thread."""

    def __init__(self):
        self._waiting = selectors.DefaultSelector()
        self.bytes: dict[str, int] = {}
        self.answers = 0

    def add(self, one: socket.socket, kind: str) -> None:
        self._waiting.register(one, selectors.EVENT_READ, kind)
        self.bytes.setdefault(kind, 0)

    def read_until(self, deadline: float) -> None:
        while (left := deadline - time.monotonic()) > 0:
            for key, _ in self._waiting.select(left):
                data = key.fileobj.recv(1 << 16)
                assert data, f"a {key.data} was cut off"
                self.bytes[key.data] += len(data)
                self.answers += data.count(b"HTTP/1.1 200 ")

    def close(self) -> None:
        for key in list(self._waiting.get_map().values()):
            key.fileobj.close()
        self._waiting.close()


@pytest.fixture
def watched(world):
    """A sink that is scraped and a server of pages, while records come."""
    world.must("init")
    sink = Watched(world.start_sink(*HERE))
    pages = world.start("serve", "--flow", "--published", world.folder / "published", *HERE)
    [listening] = wait_until(lambda: pages.events("serve.listening"), 60, "the address of the pages")
    world.start_simulator(200)
    wait_until(lambda: sink.scrape().sum("sink_durable_offset"), 60, "the first records")
    return sink, pages, int(re.search(r":(\d+)/$", listening["url"])[1])


@pytest.mark.wide
def test_fifty_scrapers_and_ten_open_pages_cost_a_twentieth_of_a_core(watched, say):
    sink, pages, port = watched
    watchers = Watchers()
    scrapers = [connected(sink.port, "/metrics") for _ in range(SCRAPERS)]
    for one in scrapers:
        watchers.add(one, "scraper")
    for kind in ("status", "records"):
        for _ in range(PAGES):
            watchers.add(connected(port, f"/live/{kind}"), kind)
    # What each is told first is not what it costs a second.
    watchers.read_until(time.monotonic() + 3)

    def spent() -> dict[str, float]:
        by_thread = {f"sink {name}": cpu_seconds(sink.running.pid, name) for name in ("http",)}
        return by_thread | {f"pages {name}": cpu_seconds(pages.pid, name) for name in (FIRST, *FEEDS)}

    before, answers, begun = spent(), watchers.answers, time.monotonic()
    for second in range(SECONDS):
        for one in scrapers:
            ask(one, "/metrics")
        watchers.read_until(begun + second + 1)
    took = time.monotonic() - begun
    shares = {name: (after - before[name]) / took for name, after in spent().items()}
    told = dict(watchers.bytes)
    answered = watchers.answers - answers
    watchers.close()
    say(
        f"{SCRAPERS} scrapers and {PAGES} pages: {100 * sum(shares.values()):.1f} % of a core ("
        + ", ".join(f"{name} {100 * share:.1f}" for name, share in shares.items())
        + f"); {answered / took:.0f} answers/s, {told}"
    )
    assert answered >= SCRAPERS * (SECONDS - 1)
    assert all(told.values()), told
    assert sum(shares.values()) <= CORE_SHARE_MAX


class Slow:
    """A client that takes a byte a second."""

    def __init__(self, port: int, target: str, asks: int = 1):
        self._socket = connected(port, target, 4096)
        for _ in range(asks - 1):
            ask(self._socket, target)
        self.taken = b""

    def take(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            self.taken += self._socket.recv(1)

    def close(self) -> None:
        self._socket.close()


@pytest.mark.wide
def test_clients_that_take_a_byte_a_second_hold_little_memory(watched, world, say):
    sink, pages, port = watched
    # Records that fill what waits for a page.
    world.start_simulator(4000)
    # The topic is read only while a page listens. This one does all the time, so that what reading takes is held by no slow one.
    quick = Watchers()
    quick.add(connected(port, "/live/records"), "records")

    def most_held(slow: list[Slow]) -> dict[int, int]:
        most = {sink.running.pid: 0, pages.pid: 0}
        for _ in range(SECONDS):
            quick.read_until(time.monotonic() + 1)
            for one in slow:
                one.take()
            for pid in most:
                most[pid] = max(most[pid], resident_bytes(pid))
        return most

    without = most_held([])
    slow = [Slow(port, "/live/records") for _ in range(SLOW_PAGES)]
    slow += [Slow(sink.port, "/metrics", ASKED_AT_ONCE) for _ in range(SLOW_SCRAPERS)]
    most = most_held(slow)
    clients = {"sink": (sink.running.pid, SLOW_SCRAPERS), "pages": (pages.pid, SLOW_PAGES)}
    held = {name: (most[pid] - without[pid]) / count for name, (pid, count) in clients.items()}
    say(
        f"a client that takes a byte a second holds: {', '.join(f'{name} {size / 2**20:.2f} MiB' for name, size in held.items())}"
    )
    # None of them was turned away.
    assert {one.taken[:12] for one in slow} == {b"HTTP/1.1 200"}
    assert max(held.values()) <= SLOW_BYTES_MAX
    for one in slow:
        one.close()
    quick.close()
