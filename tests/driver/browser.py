"""Debian's Chromium without windows, and pages in it that tell what went wrong with them."""

import contextlib
import functools
import http.server
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from driver.process import PATIENCE

# What the server of the pages sends, by web/README.md.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
# A page is drawn in less than one.
SECONDS_MAX = 15
# Chromium refuses to start as root with its sandbox, and containers may not make one.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]


def chromium_path() -> str:
    path = shutil.which("chromium-headless-shell")
    assert path, "no chromium-headless-shell here; run: tools/setup test"
    return path


@contextlib.contextmanager
def started_browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Told:
    """What a page asked for and complained of."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("request", lambda request: self.requests.append(request.url))
        page.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))


@contextlib.contextmanager
def opened(browser: Browser, address: str, *, width: int = 1440, scheme: str = "light", context=None):
    """A page at an address, drawn to its end, with what it told. Its own browser context, unless one is given."""
    own = context or browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, locale="de-DE", timezone_id="Asia/Kolkata"
    )
    page = own.new_page()
    page.set_default_timeout(SECONDS_MAX * 1000 * PATIENCE)
    told = Told()
    told.listen(page)
    page.goto(address)
    wait_until_drawn(page)
    yield page, told
    page.close()
    if context is None:
        own.close()


def wait_until_drawn(page: Page) -> None:
    """No panel waits for its rows or its chart."""
    page.wait_for_function(
        """() => !document.querySelector("#content[aria-busy], .loading")
            && [...document.querySelectorAll("[data-chart]")].every((chart) => chart.querySelector("svg, .note"))
            && [...document.querySelectorAll(".grid")].every((grid) => grid.hasAttribute("aria-rowcount"))"""
    )


class _Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *_):
        """Nothing: what fails is seen in the page."""


@contextlib.contextmanager
def served(folder: Path):
    """The address of a folder on loopback, under the policy of the pages."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
