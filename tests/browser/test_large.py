"""A session of 5,000 calls with a call of 2 MB, and 10,000 sessions: the pages open fast and stay usable."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from sessiontap.store import session_key
from sessiontap.times import rfc3339
from sessiontap.usage import Usage
from tests.browser.conftest import Open, Served
from tests.browser.sessions import bodies_of, small
from tests.sessions.samples import make_call

CALLS = 5_000
SESSIONS = 10_000
BEGIN_S = 1_795_000_000
BIG = f"/s/{session_key('big')}"


OPENS_S = 1.5
TRIES = 6
ANSWERS_S = 5
"""Generous, for a machine that is busy: it takes a tenth."""


def opens_fast(page: Page, address: str) -> bool:
    """Whether a page is there to be used in time, in one of some tries: other programs run here too."""
    for _ in range(TRIES):
        begun = time.monotonic()
        page.goto(address, wait_until="load")
        page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        if time.monotonic() - begun < OPENS_S:
            return True
    return False


@pytest.fixture
def large(served: Served) -> Served:
    """The home with a session of 5,000 calls, one of which is 2 MB."""
    paths = ("/plan", "/plan/search", "/write/draft", "/write/review", "/")
    for number in range(CALLS):
        start = BEGIN_S + number * 1.5
        call = make_call(
            0,
            paths[number % len(paths)],
            call_id=f"big-{number}",
            session_id="big",
            session_name="a big run",
            started_at=rfc3339(start),
            ended_at=rfc3339(start + 2.3),
            usage=Usage(input_tokens=100 + number, output_tokens=50),
            cost_usd=Decimal(number) / 100_000,
        )
        served.ledger.append(call)
        if number == 1:
            served.ledger.put_bodies(bodies_of(call, "a long text " * 175_000, "It is long."))
    return served


def test_a_session_of_5000_calls_opens_fast(large: Served, open_page: Open) -> None:
    """In under 1.5 s; folders, drawer and zoom answer at once, the other views too."""
    page = open_page()
    for view in ("", "/conversation", "/stats"):
        assert opens_fast(page, large.origin + BIG + view), view
    page.goto(large.origin + BIG)
    begun = time.monotonic()
    page.get_by_role("button", name="Close all").click()
    page.get_by_role("button", name="Open all").click()
    page.get_by_role("button", name="Zoom in").click()
    page.locator(".tree a[data-call='big-0']").click()
    expect(page.get_by_role("dialog", name="A call")).to_be_visible()
    assert time.monotonic() - begun < ANSWERS_S


def test_a_bar_of_many_calls_still_says_what_it_is(large: Served, open_page: Open) -> None:
    """Its words come when they are asked for."""
    page = open_page(BIG)
    page.locator(".gantt-plot [data-call='big-0']").hover(force=True)
    expect(page.locator(".tip")).to_contain_text("/plan")
    assert large.home.is_dir()


def test_a_call_of_2_mb_stays_usable(large: Served, open_page: Open) -> None:
    """Its page opens in under 1.5 s, and its request is a tree that opens at once."""
    page = open_page()
    assert opens_fast(page, f"{large.origin}{BIG}/calls/big-1")
    begun = time.monotonic()
    page.locator(".json summary", has_text="messages:").click()
    page.locator(".json summary", has_text="1: ").first.click()
    expect(page.locator(".json .string-long")).to_have_count(1)
    assert time.monotonic() - begun < ANSWERS_S


def test_10000_sessions_stay_quick(served: Served, open_page: Open) -> None:
    """A page, an order, a filter and the names, each in under 1.5 s."""
    for number in range(1000, 1000 + SESSIONS):
        served.ledger.append(small(number))
    page = open_page()
    for path in ("/", "/?sort=cost", "/?page=150", "/?model=gpt-5*&since=2026-11-10", "/names"):
        assert opens_fast(page, served.origin + path), path
    expect(page.get_by_role("row")).not_to_have_count(0)
