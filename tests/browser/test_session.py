"""The pages of one session in a real browser: tree, timeline, drawer, conversation, figures."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from sessiontap.store import session_key
from tests.browser.conftest import Open, Served, faults_of
from tests.browser.sessions import HOSTILE, HOSTILE_ID
from tests.sessions.samples import TRIAGE_ID, make_call

TRIAGE = f"/s/{session_key(TRIAGE_ID)}"
STRANGE = f"/s/{session_key(HOSTILE_ID)}"
VIEWS = ("", "/conversation", "/stats", "/calls/c00", "/path?path=/triage/research/search")


def drawer(page: Page) -> Locator:
    """The drawer."""
    return page.get_by_role("dialog", name="A call")


def test_the_list_leads_to_the_session(open_page: Open) -> None:
    """Its title, its figures, its tree."""
    page = open_page("/?q=ticket")
    page.get_by_role("link", name="triage ticket 4711").click()
    page.wait_for_url(f"**{TRIAGE}")
    expect(page.get_by_role("heading", level=1)).to_have_text("triage ticket 4711")
    expect(page.locator(".tree a.t-row")).to_have_count(6)


def test_a_folder_closes_and_opens(open_page: Open) -> None:
    """One by one, by mouse or key, or all at once."""
    page = open_page(TRIAGE)
    folder = page.locator("details[data-path='/triage/research']")
    calls = folder.locator("a.t-row")
    expect(calls.first).to_be_visible()
    folder.locator("summary").first.click()
    expect(calls.first).to_be_hidden()
    folder.locator("summary").first.press("Enter")
    expect(calls.first).to_be_visible()
    page.get_by_role("button", name="Close all").click()
    expect(page.locator(".tree a.t-row").first).to_be_hidden()
    page.get_by_role("button", name="Open all").click()
    expect(calls.last).to_be_visible()


def test_the_timeline_says_what_a_bar_is(open_page: Open) -> None:
    """Under the mouse and with the focus; it can be made larger, and whole again."""
    page = open_page(TRIAGE)
    bar = page.locator(".gantt-plot a[data-call='c01']")
    bar.locator("rect").first.hover()
    expect(page.locator(".tip")).to_be_visible()
    expect(page.locator(".tip")).to_contain_text("/triage/classify")
    page.mouse.move(0, 0)
    expect(page.locator(".tip")).to_be_hidden()
    bar.focus()
    expect(page.locator(".tip")).to_contain_text("12,345 in")
    width = "document.querySelector('.gantt-plot').getBoundingClientRect().width"
    before = page.evaluate(width)
    page.get_by_role("button", name="Zoom in").click()
    assert page.evaluate(width) == pytest.approx(2 * before, rel=0.05)
    page.keyboard.press("0")
    assert page.evaluate(width) == pytest.approx(before, rel=0.01)


def test_a_call_opens_in_a_drawer(open_page: Open) -> None:
    """With what was said, request and reply as a tree, and a command that sends it again without a key."""
    page = open_page(TRIAGE)
    page.locator(".tree a[data-call='c00']").click()
    open_drawer = drawer(page)
    expect(open_drawer.get_by_role("heading", name="gpt-5-mini-2025-08-07")).to_be_visible()
    expect(open_drawer.get_by_text("Where is the parcel of ticket 4711?").first).to_be_visible()
    page.wait_for_url("**#call=c00")
    messages = open_drawer.locator(".json").first.locator("summary", has_text="messages:")
    messages.click()
    open_drawer.locator(".json summary", has_text="0: ").first.click()
    expect(open_drawer.locator(".json .string", has_text="parcels").first).to_be_visible()
    open_drawer.get_by_text("As a curl command").click()
    expect(open_drawer.locator(".curl pre")).to_contain_text('-H "Authorization: Bearer $OPENAI_API_KEY"')
    page.keyboard.press("Escape")
    expect(open_drawer).to_be_hidden()
    page.wait_for_url(lambda url: "#" not in url)


def test_a_drawer_s_address_can_be_kept(served: Served, open_page: Open) -> None:
    """It opens again with the page."""
    page = open_page("/")
    page.goto(f"{served.origin}{TRIAGE}#call=c01")
    expect(drawer(page).get_by_text("call 2 of 6")).to_be_visible()


def test_keys_go_from_call_to_call(open_page: Open) -> None:
    """In the list by focus, in the drawer by what it shows; `?` tells the keys, `/` searches."""
    page = open_page(TRIAGE)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(drawer(page).get_by_text("call 2 of 6")).to_be_visible()
    page.keyboard.press("k")
    expect(drawer(page).get_by_text("call 1 of 6")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("next call")
    page.keyboard.press("Escape")
    listed = open_page("/")
    listed.keyboard.press("/")
    expect(listed.get_by_label("Search")).to_be_focused()
    listed.keyboard.press("Escape")
    listed.get_by_role("link", name="Names").focus()
    listed.keyboard.press("j")
    assert "/s/" in listed.evaluate("document.activeElement.href")


def test_a_call_that_arrives_shows_up(served: Served, open_page: Open) -> None:
    """In tree, timeline and figures, while what was closed stays closed."""
    page = open_page(TRIAGE)
    page.locator("details[data-path='/triage/research'] > summary").click()
    served.ledger.append(make_call(9, "/triage/respond", call_id="fresh"))
    expect(page.locator(".tree a[data-call='fresh']")).to_be_visible()
    expect(page.locator(".gantt-plot [data-call='fresh']")).to_have_count(1)
    expect(page.locator("[data-live='head']")).to_contain_text("7")
    expect(page.locator("details[data-path='/triage/research'] a.t-row").first).to_be_hidden()


def test_feedback_and_a_tag_are_kept(open_page: Open) -> None:
    """They are seen in the list, too, and can be taken back."""
    page = open_page(TRIAGE)
    page.get_by_role("button", name="Good").click()
    expect(page.get_by_role("button", name="Good")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("textbox", name="Tag").fill("<b>keep</b>")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("textbox", name="Tag")).to_have_value("<b>keep</b>")
    listed = open_page("/?q=ticket")
    expect(listed.locator("tbody tr")).to_contain_text("<b>keep</b>")
    expect(listed.locator("tbody tr")).to_contain_text("good")
    page.get_by_role("button", name="Good").click()
    expect(page.get_by_role("button", name="Good")).to_have_attribute("aria-pressed", "false")


def test_the_conversation_is_read_as_it_was_written(open_page: Open) -> None:
    """Markdown is rendered; what was sent again is folded."""
    page = open_page(f"{TRIAGE}/conversation")
    expect(page.locator(".role-assistant strong", has_text="on its way").first).to_be_visible()
    expect(page.get_by_text("of earlier calls, sent again").first).to_be_visible()
    expect(page.get_by_role("region", name="Call 1", exact=True)).to_contain_text("You answer questions")


@pytest.mark.parametrize("view", ["", "/conversation", "/stats", "/calls/hostile-call"])
def test_what_a_model_says_never_runs(open_page: Open, view: str) -> None:
    """A script, a picture and a link in names, paths, models and replies stay text."""
    page = open_page(STRANGE + view)
    expect(page.locator("body")).to_contain_text(HOSTILE[:30])
    page.wait_for_timeout(100)
    assert page.title() != "owned"
    assert page.locator("main script, main img, main iframe, main [onerror]").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0


def test_a_drawer_of_a_hostile_call_is_harmless(open_page: Open) -> None:
    """Its bodies, too, as a tree."""
    page = open_page(STRANGE)
    page.locator(".tree a[data-call='hostile-call']").click()
    expect(drawer(page).locator(".json").first).to_be_visible()
    for _ in range(4):
        page.evaluate("document.querySelectorAll('dialog details').forEach((each) => { each.open = true; })")
        page.wait_for_timeout(30)
    expect(drawer(page).locator(".json .string", has_text="owned").first).to_be_visible()
    assert page.evaluate("document.title") != "owned"
    assert drawer(page).locator("script, img").count() == 0


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")]
)
def test_everybody_can_use_the_pages(open_page: Open, axe: str, view: str, width: int, scheme: str) -> None:
    """axe-core finds no fault of accessibility, wide or on a phone, light or dark; nothing is cut off."""
    page = open_page(TRIAGE + view)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    assert faults_of(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_open_drawer_is_for_everybody(open_page: Open, axe: str) -> None:
    """A dialog with a name, whose contents axe-core finds right."""
    page = open_page(TRIAGE)
    page.locator(".tree a[data-call='c00']").click()
    expect(drawer(page).locator(".json details").first).to_be_visible()
    assert faults_of(page, axe) == []
