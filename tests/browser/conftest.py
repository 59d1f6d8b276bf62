"""A real server, and a real browser that has its cookie.

Skipped where there is no Chromium (`SESSIONTAP_CHROMIUM` names one, or is `none`; else PATH).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from sessiontap.store import Ledger
from tests.browser.sessions import fill

Open = Callable[..., Page]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True, slots=True)
class Served:
    """A home, and the server that shows it."""

    home: Path
    ledger: Ledger
    """A proxy's: its calls under way are."""
    address: str
    """With the token."""

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return self.address.partition("/?")[0]


# Of a module: as long as Playwright runs, no other test of this process can have an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    path = os.environ.get("SESSIONTAP_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None or path == "none":
        pytest.skip("no Chromium is installed; SESSIONTAP_CHROMIUM names one")
    with sync_playwright() as playwright:
        # As root there is no sandbox, and in a container little shared memory.
        running = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield running
        running.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core; skips where it is not installed (`SESSIONTAP_AXE` names the folder)."""
    file = Path(os.environ.get("SESSIONTAP_AXE", "."), "node_modules", "axe-core", "axe.min.js")
    if not file.is_file():
        pytest.skip("axe-core is not installed; SESSIONTAP_AXE names the folder that `npm install` filled")
    return file.read_text("utf-8")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A home with some sessions (see `sessions`), served on a free port."""
    home = tmp_path / "home"
    program = [sys.executable, "-m", "sessiontap", "serve", "--home", str(home), "--port", "0"]
    with (
        Ledger(home) as ledger,
        subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server,
    ):
        fill(ledger)
        assert server.stdout is not None
        try:
            yield Served(home, ledger, server.stdout.readline().strip())
        finally:
            server.send_signal(signal.SIGTERM)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser's window of the test's own, without cookies."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def open_page(served: Served, context: BrowserContext) -> Iterator[Open]:
    """Opens a page of the server, with its cookie; fails the test where a page logs an error."""
    said: list[str] = []
    with ExitStack() as pages:

        def opened(path: str = "/") -> Page:
            page = pages.enter_context(_closing(context.new_page()))
            page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: said.append(str(error)))
            if not context.cookies():
                page.goto(served.address)
            if page.url == "about:blank" or path != "/":
                page.goto(served.origin + path)
            return page

        yield opened
    assert said == []


def faults_of(page: Page, axe: str) -> list[str]:
    """What axe-core finds wrong with the page as it is: how bad, which rule, and the first place."""
    page.evaluate(axe)
    found = page.evaluate("axe.run().then((all) => all.violations)")
    return [f"{each['impact']} {each['id']}: {each['nodes'][0]['html']}" for each in found]


class _closing:  # noqa: N801 -- like contextlib's
    def __init__(self, page: Page) -> None:
        self._page = page

    def __enter__(self) -> Page:
        return self._page

    def __exit__(self, *_: object) -> None:
        self._page.close()
