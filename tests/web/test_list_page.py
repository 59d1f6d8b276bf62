"""The list: what is asked for, in its order, a page of it, and all that others chose stays text."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from sessiontap.store import Ledger, session_key
from sessiontap.web.access import Access
from sessiontap.web.app import make_app
from sessiontap.web.source import source_of
from tests.sessions.samples import TRIAGE_ID, make_call
from tests.web.conftest import HOST, TOKEN


class Rows(HTMLParser):
    """The session rows of a page: the texts of each one's cells."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[str]] = {}
        self._row: list[str] | None = None
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begins a row or a cell."""
        key = dict(attrs).get("data-key")
        if tag == "tr" and key:
            self._row = self.rows[key] = []
        elif tag == "td" and self._row is not None:
            self._row.append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        """Ends it."""
        if tag == "tr":
            self._row = None
        elif tag == "td":
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        """Adds to the cell."""
        if self._row and self._in_cell:
            self._row[-1] = " ".join((self._row[-1] + " " + data).split())


def rows(browser: FlaskClient, address: str) -> dict[str, list[str]]:
    """The rows of a list, by the sessions' keys, in order."""
    answer = browser.get(address)
    assert answer.status_code == 200
    return rows_of(answer.text)


def rows_of(page: str) -> dict[str, list[str]]:
    """The rows in a page."""
    parser = Rows()
    parser.feed(page)
    return parser.rows


def fill(home: Path, count: int) -> None:
    """Adds sessions of one call each, a second apart, whose costs fall."""
    with Ledger(home) as ledger:
        for number in range(count):
            call = make_call(
                number % 60, "/", session_id=f"s{number:03}", session_name=None, call_id=f"call-{number}"
            )
            ledger.append(call)


def test_a_row_says_what_a_session_came_to(browser: FlaskClient) -> None:
    """The figures are those of `sessiontap list`."""
    found = rows(browser, "/")
    assert list(found)[-1] == session_key(TRIAGE_ID) or session_key(TRIAGE_ID) in found
    cells = found[session_key(TRIAGE_ID)]
    assert "triage ticket 4711" in cells[0]
    assert "running" in cells[0]


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("q=TICKET", True),
        (f"q={TRIAGE_ID[:6]}", True),
        ("q=nothing-like-it", False),
        ("agent=DEMO", True),
        ("agent=claude", False),
        ("model=gpt-5*", True),
        ("model=llama*", False),
        ("state=running", True),
        ("since=2026-11-23&until=2026-11-24", True),
        ("since=2026-11-24", False),
        ("name=triage*", True),
        ("user=nobody", False),
    ],
)
def test_filters_narrow(browser: FlaskClient, asked: str, there: bool) -> None:
    """Each kind of filter keeps the sessions that meet it."""
    assert (session_key(TRIAGE_ID) in rows(browser, f"/?{asked}")) == there


def test_what_means_nothing_is_named_and_left_out(browser: FlaskClient) -> None:
    """A wrong time, state or order is told, and the list is that without it."""
    page = browser.get("/?since=yesterdayish&state=odd&sort=colour&page=-3").text
    assert "is no time" in page
    assert "errors, unpriced, running" in page
    assert "start, end, duration" in page
    assert rows(browser, "/?since=yesterdayish&state=odd&sort=colour&page=-3") == rows(browser, "/")


def test_pages_hold_fifty_and_none_is_lost(home: Path, browser: FlaskClient) -> None:
    """All pages together are all sessions, each once; beyond the last one there is the last one."""
    fill(home, 110)
    seen = [key for page in (1, 2, 3) for key in rows(browser, f"/?page={page}")]
    assert len(seen) == len(set(seen)) == 112
    assert list(rows(browser, "/?page=99")) == list(rows(browser, "/?page=3"))
    assert "page 2 of 3" in browser.get("/?page=2").text


@pytest.mark.parametrize("sort", ["start", "cost", "tokens", "calls", "duration", "errors"])
def test_every_order_is_a_link_or_the_order_there_is(browser: FlaskClient, sort: str) -> None:
    """The list says by what it is ordered."""
    page = browser.get(f"/?sort={sort}").text
    assert page.count('aria-sort="descending"') == 1


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&\u202e"


def test_what_others_chose_stays_text(home: Path, browser: FlaskClient) -> None:
    """Name, id, agent, and the filter itself come out as the characters they are."""
    with Ledger(home) as ledger:
        call = make_call(1, "/", session_id=HOSTILE, session_name=HOSTILE, agent=HOSTILE, user_id=HOSTILE)
        ledger.append(call)
    for address in ("/", "/?state=" + HOSTILE, "/?q=%3Cscript%3E", "/?name=" + HOSTILE.replace("&", "%26")):
        page = browser.get(address).text
        assert "<script>alert" not in page
        assert "<img" not in page
        # A filter's own field keeps what was asked for as it is.
        assert "\u202e" not in re.sub(r'value="[^"]*"', "", page)
    assert any("<script>alert(1)</script>" in cells[0] for cells in rows(browser, "/").values())


def test_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    """Nothing recorded yet is no fault."""
    client = make_app(source_of(tmp_path / "none"), Access(TOKEN, {HOST})).test_client()
    answer = client.get("/", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert "sessiontap demo --keep" in answer.text
    assert not (tmp_path / "none").exists()


def test_a_page_that_is_known_is_not_made_again(tmp_path: Path) -> None:
    """With the version that it shows it gets 304, until something is recorded or noted."""
    home = tmp_path / "home"
    with Ledger(home) as ledger:
        ledger.append(make_call(1, "/", session_id="a"))
    source = source_of(home)
    client = make_app(source, Access(TOKEN, {HOST})).test_client()
    bearer = {"Authorization": f"Bearer {TOKEN}"}

    def ask(version: str, **more: str) -> int:
        return client.get("/", headers={**bearer, "If-None-Match": version, **more}).status_code

    version = client.get("/", headers=bearer).headers["ETag"]
    assert ask(version) == 304
    assert ask('"another"') == 200
    source.notes.set_tag("a", "keep")
    assert ask(version) == 200


def test_a_page_that_waits_is_told_at_once(tmp_path: Path) -> None:
    """A new call ends the wait of one that asks with what it shows, and so does the server's end."""
    home = tmp_path / "home"
    with Ledger(home) as ledger:
        ledger.append(make_call(1, "/", session_id="a"))
        source = source_of(home)
        app = make_app(source, Access(TOKEN, {HOST}))
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        version = app.test_client().get("/", headers=bearer).headers["ETag"]
        with ThreadPoolExecutor(1) as pool:
            waits = {**bearer, "If-None-Match": version, "Prefer": "wait=25"}
            waiting = pool.submit(lambda: app.test_client().get("/", headers=waits))
            ledger.append(make_call(2, "/", session_id="b"))
            answer = waiting.result(20)
            assert answer.status_code == 200
            assert len(rows_of(answer.text)) == 2
            waits["If-None-Match"] = answer.headers["ETag"]
            waiting = pool.submit(lambda: app.test_client().get("/", headers=waits))
            source.stopping.set()
            assert waiting.result(20).status_code == 304


def test_another_server_does_not_know_what_a_page_shows(tmp_path: Path) -> None:
    """A page that stayed open while the server was away is made again, with what came in between."""
    home = tmp_path / "home"
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    version = '"none"'
    for session_id in ("a", "b"):
        with Ledger(home) as ledger:
            ledger.append(make_call(1, "/", session_id=session_id, call_id=session_id))
        client = make_app(source_of(home), Access(TOKEN, {HOST})).test_client()
        answer = client.get("/", headers={**bearer, "If-None-Match": version})
        assert answer.status_code == 200
        version = answer.headers["ETag"]


def test_a_wrong_clock_does_not_take_the_list_away(tmp_path: Path) -> None:
    """Calls of the first and the last day that there are; the plot has the latest days only."""
    home = tmp_path / "home"
    with Ledger(home) as ledger:
        for number, day in enumerate(("0001-01-01", "2026-11-23", "9999-12-31")):
            times = {"started_at": f"{day}T10:00:00.000Z", "ended_at": f"{day}T10:00:01.000Z"}
            ledger.append(make_call(1, "/", session_id=f"s{number}", call_id=f"n{number}", **times))
    client = make_app(source_of(home), Access(TOKEN, {HOST})).test_client()
    page = client.get("/", headers={"Authorization": f"Bearer {TOKEN}"})
    assert page.status_code == 200
    assert len(rows_of(page.text)) == 3
    assert page.text.count('<rect class="hit"') == 92
    assert "/?since=9999-12-31" in page.text


def test_what_an_empty_page_says_goes_with_the_first_row(tmp_path: Path) -> None:
    """With rows and without there are the same parts: one that the new page lacks would stay."""
    home = tmp_path / "home"
    client = make_app(source_of(home), Access(TOKEN, {HOST})).test_client()
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    before = {page: client.get(page, headers=bearer).text for page in ("/", "/names")}
    with Ledger(home) as ledger:
        ledger.append(make_call(1, "/", session_id="a"))
    # Another look, whenever the last one was.
    client = make_app(source_of(home), Access(TOKEN, {HOST})).test_client()
    for page, empty in before.items():
        text = client.get(page, headers=bearer).text
        assert set(re.findall(r'data-live="([^"]+)"', empty)) == set(re.findall(r'data-live="([^"]+)"', text))
        assert re.search(r'data-live="empty">[^<]*<div class="body muted"', empty)
        assert re.search(r'data-live="empty">\s*</div>', text)


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "1E+99999999", "-1E+99999999"])
def test_a_cost_that_is_no_amount_takes_no_page_away(tmp_path: Path, cost: str) -> None:
    """One damaged record leaves the others as they were."""
    home = tmp_path / "home"
    with Ledger(home) as ledger:
        for number in range(2):
            call = make_call(number, "/", session_id=f"s{number}", call_id=f"n{number}", cost_usd=Decimal(2))
            ledger.append(call)
    file = home / "sessions" / session_key("s0") / "calls.jsonl"
    file.write_bytes(re.sub(rb'"cost_usd":2', b'"cost_usd":"%s"' % cost.encode(), file.read_bytes()))
    client = make_app(source_of(home), Access(TOKEN, {HOST})).test_client()
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert "$2.00" in rows_of(client.get("/", headers=bearer).text)[session_key("s1")][-1]
    for page in ("/names", f"/s/{session_key('s0')}", f"/s/{session_key('s0')}/stats"):
        assert client.get(page, headers=bearer).status_code == 200
