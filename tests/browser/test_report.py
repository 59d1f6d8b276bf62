"""The report in a real browser, from a file, with nothing to be reached."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Served, faults_of
from tests.browser.sessions import HOSTILE, HOSTILE_ID
from tests.sessions.samples import TRIAGE_ID

Report = Callable[..., Page]


@pytest.fixture
def report(served: Served, context: BrowserContext, tmp_path: Path) -> Report:
    """Exports a session, and opens the file without a network; a page that asks for anything fails."""

    def opened(session: str, *options: str) -> Page:
        file = tmp_path / "run.html"
        program = [sys.executable, "-m", "sessiontap", "export", "--home", str(served.home)]
        subprocess.run([*program, "--session", session, "-o", str(file), *options], check=True)
        context.set_offline(True)
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: asked.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: asked.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_timeout(100)
        assert [each for each in asked if not each.startswith(("file:", "data:"))] == []
        return page

    return opened


def test_a_report_shows_the_session_offline(report: Report) -> None:
    """Timeline, tree, conversation, figures; a call opens with its request and reply."""
    page = report(TRIAGE_ID)
    expect(page.get_by_role("heading", level=1)).to_have_text("triage ticket 4711")
    expect(page.locator(".gantt-plot a")).to_have_count(6)
    expect(page.locator(".role-assistant strong", has_text="on its way").first).to_be_visible()
    page.locator(".tree a[data-call='c00']").click()
    opened = page.locator("#call-0")
    expect(opened.locator(".json .key", has_text="messages").first).to_be_visible()
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Close all").click()
    expect(page.locator(".tree a.t-row").first).to_be_hidden()


def test_a_report_of_figures_only_has_no_word(report: Report) -> None:
    """Nothing that was said, and no error message."""
    page = report(TRIAGE_ID, "--no-bodies")
    expect(page.get_by_text("Figures only")).to_be_visible()
    text = page.content()
    assert "parcel" not in text
    assert "This would exceed" not in text
    expect(page.locator(".tree a.t-row")).to_have_count(6)


def test_a_hostile_report_is_harmless(report: Report) -> None:
    """A script in a name, a path, a model or a reply stays text."""
    page = report(HOSTILE_ID)
    for _ in range(4):
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        page.wait_for_timeout(30)
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert page.evaluate("document.title") != "owned"
    assert page.locator("main script, main img, a[href^='javascript']").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_read_a_report(report: Report, axe: str, width: int, scheme: str) -> None:
    """axe-core finds no fault of accessibility; nothing is cut off."""
    page = report(TRIAGE_ID)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    page.locator(".tree a[data-call='c00']").click()
    expect(page.locator("#call-0 .json .key").first).to_be_visible()
    assert faults_of(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
