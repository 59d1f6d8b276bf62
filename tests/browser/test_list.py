"""The list of sessions in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from sessiontap.store import session_key
from tests.browser.conftest import Open, Served, faults_of
from tests.browser.sessions import HOSTILE, MANY, small
from tests.sessions.samples import TRIAGE_ID


def test_the_token_opens_the_list_and_leaves_the_address(served: Served, open_page: Open) -> None:
    """The sessions are there, and a bookmark of the page holds no secret."""
    page = open_page()
    assert page.url == served.origin + "/"
    expect(page.get_by_role("row")).to_have_count(51)
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("row")).to_have_count(MANY + 2 - 50 + 1)


def test_a_browser_without_the_token_sees_nothing(served: Served, context: BrowserContext) -> None:
    """Only what to do."""
    page = context.new_page()
    answer = page.goto(served.origin + "/")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("heading")).to_have_text("Not without the token")


def test_another_name_for_this_machine_is_refused(served: Served, context: BrowserContext) -> None:
    """What a rebound name would lead to: the right port under another Host."""
    page = context.new_page()
    port = served.origin.rpartition(":")[2]
    answer = page.goto(f"http://rebound.localhost:{port}/?{served.address.partition('?')[2]}")
    assert answer is not None
    assert answer.status == 400
    assert context.cookies() == []


def test_a_filter_is_an_address(served: Served, open_page: Open) -> None:
    """A choice applies at once, typed text at Enter; the address says only what was asked for."""
    page = open_page()
    page.get_by_label("Agent").fill("codex")
    page.get_by_label("Agent").press("Enter")
    page.wait_for_url(served.origin + "/?agent=codex*")
    expect(page.get_by_text(f"{MANY} of {MANY + 2}")).to_be_visible()
    page.get_by_label("State").select_option("errors")
    expect(page.get_by_text("No session meets the filter.")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    page.wait_for_url(served.origin + "/")


def test_a_column_s_heading_orders_the_list(open_page: Open) -> None:
    """By what stands in it, the most first."""
    page = open_page("/?agent=codex")
    page.get_by_role("columnheader", name="Cost").get_by_role("link").click()
    expect(page.locator("tbody tr").first).to_contain_text("small-059")
    expect(page.get_by_role("columnheader", name="Cost")).to_have_attribute("aria-sort", "descending")


def test_a_day_of_the_plot_leads_to_its_sessions(open_page: Open) -> None:
    """The bars are links."""
    page = open_page()
    page.get_by_role("link", name="2026-11-05").focus()
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody tr").first).to_contain_text("2026-11-05")


def test_a_new_call_shows_up_by_itself(served: Served, open_page: Open) -> None:
    """What a proxy in another process records comes within moments, and what is selected or focused stays."""
    page = open_page("/?agent=codex")
    first = page.locator("tbody tr a").first
    first.focus()
    new = small(99, session_id="fresh", session_name="a fresh one", started_at="2026-11-24T10:00:00.000Z")
    served.ledger.append(new)
    expect(page.locator("tbody tr").first).to_contain_text("a fresh one")
    expect(page.locator("tbody tr")).to_have_count(50)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "A"


def test_what_a_client_chose_never_runs(open_page: Open) -> None:
    """A name, an id and a model that would be a script are text."""
    page = open_page("/?q=hostile")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text(HOSTILE)
    assert page.title() != "owned"
    assert page.locator("main script, main img").count() == 0


DIFF = f"/diff?a={session_key('small-001')}&b={session_key(TRIAGE_ID)}"


@pytest.mark.parametrize(
    "path", ["/", "/?state=errors&q=nothing", "/names", "/names/of?name=nightly+1", DIFF]
)
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_page(open_page: Open, axe: str, path: str, width: int, scheme: str) -> None:
    """axe-core finds no fault of accessibility, wide or on a phone, light or dark; nothing is cut off."""
    page = open_page(path)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    assert faults_of(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
