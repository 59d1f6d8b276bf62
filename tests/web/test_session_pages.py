"""The pages of one session: every view, its calls and their bodies; and no view runs what others chose."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from sessiontap.store import Ledger, session_key
from sessiontap.store.notes import BudgetNote, Notes
from sessiontap.web.access import Access
from sessiontap.web.app import make_app
from sessiontap.web.source import source_of
from tests.browser.sessions import HOSTILE, HOSTILE_ID, bodies_of
from tests.sessions.samples import TRIAGE_ID, make_call, triage
from tests.web.conftest import HOST, TOKEN

KEY, STRANGE = session_key(TRIAGE_ID), session_key(HOSTILE_ID)
VIEWS = ("", "/conversation", "/stats", "/calls/c00", "/path?path=/triage")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A session with bodies, and a hostile one."""
    folder = tmp_path / "home"
    with Ledger(folder) as proxy:
        for call in triage():
            proxy.append(call)
            if call.status == "ok":
                proxy.put_bodies(bodies_of(call, "Where is it?", "It is **here**."))
        bad = make_call(
            3,
            f"/{HOSTILE}",
            HOSTILE,
            call_id="hostile-call",
            session_id=HOSTILE_ID,
            session_name=HOSTILE,
            agent=HOSTILE,
            user_id=HOSTILE,
            tools=(HOSTILE,),
            finish_reasons=(HOSTILE,),
            properties={HOSTILE: HOSTILE},
            status="error",
            error_type=HOSTILE,
            error_message=HOSTILE,
        )
        proxy.append(bad)
        proxy.put_bodies(bodies_of(bad, HOSTILE, f"{HOSTILE} [x](javascript:alert(1))"))
        yield folder


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_there(browser: FlaskClient, view: str) -> None:
    """With the session's name, and a version by which it keeps itself up to date where it does."""
    answer = browser.get(f"/s/{KEY}{view}")
    assert answer.status_code == 200
    assert "triage ticket 4711" in answer.text


@pytest.mark.parametrize("path", ["/s/nothing", f"/s/{KEY}/calls/none", f"/s/{KEY}/path?path=/no", "/s/../x"])
def test_what_is_not_there_is_said(browser: FlaskClient, path: str) -> None:
    """In a page, with the way back."""
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "All sessions" in answer.text


@pytest.mark.parametrize("key", [KEY, STRANGE])
@pytest.mark.parametrize("view", [*VIEWS[:3], "/calls/"])
def test_nothing_in_a_page_runs_or_is_loaded(browser: FlaskClient, key: str, view: str) -> None:
    """No script but our own, no handler, no style of an element, nothing from another server."""
    call = "hostile-call" if key == STRANGE else "c00"
    page = browser.get(f"/s/{key}{view}{call if view == '/calls/' else ''}").text
    assert "<script>alert" not in page
    for script in re.findall(r"<script[^>]*>", page):
        assert re.fullmatch(r'<script type="module" src="/static/[0-9a-f]{8}/[a-z-]+\.js">', script)
    for tag in re.findall(r"<[a-z][^>]*>", page):
        assert not re.search(r"\son\w+\s*=\s*[^\"'\s>]*\w+\(", tag), tag
        assert not re.search(r"\sstyle\s*=", tag), tag
        for address in re.findall(r"\s(?:src|href|action)=\"([^\"]*)\"", tag):
            assert address.startswith(("/", "#", "?")), tag


def test_a_body_is_given_as_it_is_stored(browser: FlaskClient) -> None:
    """And can be nothing but read."""
    answer = browser.get(f"/s/{KEY}/calls/c00/request")
    assert json.loads(answer.data)["messages"][1]["content"] == "Where is it?"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert browser.get(f"/s/{KEY}/calls/c02/reply").status_code == 404
    assert browser.get(f"/s/{KEY}/calls/c00/other").status_code == 404


def test_a_call_without_bodies_says_so(browser: FlaskClient) -> None:
    """Nobody is left to wonder."""
    page = browser.get(f"/s/{KEY}/calls/c02").text
    assert "not stored" in page


def test_feedback_and_tag(home: Path, app: object, stranger: FlaskClient) -> None:
    """Forms of our own pages change them, and lead back."""
    access = Access(TOKEN, {HOST})
    stranger.set_cookie(access.cookie_name, access.cookie)
    own = {"Origin": f"http://{HOST}"}
    answer = stranger.post(f"/s/{KEY}/feedback", data={"rating": "down"}, headers=own)
    assert (answer.status_code, answer.location) == (303, f"/s/{KEY}")
    stranger.post(f"/s/{KEY}/tag", data={"tag": "keep"}, headers=own)
    note = Notes(home).get(TRIAGE_ID)
    assert (note.feedback, note.tag) == (False, "keep")
    assert stranger.post(f"/s/{KEY}/feedback", data={"rating": "odd"}, headers=own).status_code == 400
    assert stranger.post("/s/none/tag", data={"tag": "x"}, headers=own).status_code == 404
    long = stranger.post(f"/s/{KEY}/tag", data={"tag": "x" * 300}, headers=own)
    assert "too long" in long.text
    assert app


def test_names(browser: FlaskClient) -> None:
    """The page of names, of one name, and of none."""
    assert "triage ticket 4711" in browser.get("/names").text
    assert "p95" in browser.get("/names/of?name=triage+ticket+4711").text
    assert browser.get("/names/of?name=nothing").status_code == 404
    assert "<script>document" not in browser.get("/names").text


def test_a_path_of_many_calls_has_pages(tmp_path: Path) -> None:
    """The tree shows the first of them, and leads to all."""
    home = tmp_path / "many"
    with Ledger(home) as ledger:
        for number in range(450):
            ledger.append(make_call(number % 60, "/a", session_id="m", call_id=f"n{number:03}"))
    client = make_app(source_of(home), Access(TOKEN, {HOST})).test_client()
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    base = f"/s/{session_key('m')}"
    tree = client.get(base, headers=bearer).text
    assert "All 450 calls of /a" in tree
    seen: set[str] = set()
    for page in (1, 2, 3):
        text = client.get(f"{base}/path?path=/a&page={page}", headers=bearer).text
        seen |= set(re.findall(r'data-call="(n\d+)"', text))
    assert len(seen) == 450


def test_the_conversation_has_pages(tmp_path: Path) -> None:
    """Of 25 calls; what is not new in a page is known from the one before."""
    home = tmp_path / "long"
    with Ledger(home) as ledger:
        for number in range(60):
            call = make_call(number, "/a", session_id="m", call_id=f"n{number:03}")
            ledger.append(call)
            ledger.put_bodies(bodies_of(call, "The same question", f"Answer {number}."))
    client = make_app(source_of(home), Access(TOKEN, {HOST})).test_client()
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    base = f"/s/{session_key('m')}/conversation"
    first, third = (client.get(f"{base}?page={page}", headers=bearer).text for page in (1, 3))
    assert first.count("The same question") == 1
    assert third.count("The same question") == 0
    assert third.count('class="card turn"') == 10


def test_damaged_bodies_hide_nothing_else(home: Path, browser: FlaskClient) -> None:
    """The call says why its own are not there; the others are as they were."""
    file = home / "sessions" / KEY / "bodies.jsonl"
    broken = b'{"bodies":{"c00":{"schema":1,"request":{"rope":[["zz"]],"size":3}}}}\n'
    file.write_bytes(file.read_bytes() + broken)
    conversation = browser.get(f"/s/{KEY}/conversation")
    assert conversation.status_code == 200
    assert "bodies of call &#39;c00&#39; cannot be read" in conversation.text
    assert "<strong>here</strong>" in conversation.text
    call = browser.get(f"/s/{KEY}/calls/c00")
    assert call.status_code == 200
    assert "cannot be read" in call.text


@pytest.mark.parametrize("call_id", ["a/b", "a?b#c", "a b", "ünï", "x" * 300, "<b>", "a%2Fb"])
def test_any_call_can_be_opened(home: Path, browser: FlaskClient, call_id: str) -> None:
    """Whatever its id; the tree's own link leads to it."""
    with Ledger(home) as ledger:
        call = make_call(1, "/", session_id="odd", call_id=call_id)
        ledger.append(call)
        ledger.put_bodies(bodies_of(call, "Where?", "Here."))
    tree = browser.get(f"/s/{session_key('odd')}").text
    (link,) = re.findall(r'class="t-row" href="([^"]*)"', tree)
    assert browser.get(html.unescape(link)).status_code == 200
    assert b"Where?" in browser.get(html.unescape(link) + "/request").data


def test_a_budget_near_its_end(home: Path, browser: FlaskClient) -> None:
    """Stands on the session's page and in the list, as text whatever it says."""
    session = TRIAGE_ID
    note = BudgetNote(
        whose="session <b>",
        spent_usd=Decimal("0.041"),
        budget_usd=Decimal("0.05"),
        at="2026-11-25T20:00:00.000Z",
    )
    Notes(home).warn(session, "session", note)
    page = browser.get(f"/s/{session_key(session)}").text
    assert "session &lt;b&gt; has cost $0.0410, 82 % of its budget of $0.0500" in page
    assert "82 % of budget</span>" in browser.get("/").text


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_that_keeps_itself_up_to_date_has_a_version(browser: FlaskClient, view: str) -> None:
    """Else it would ask for the whole of itself again and again."""
    answer = browser.get(f"/s/{KEY}{view}")
    version = answer.headers.get("ETag")
    assert ("data-live=" in answer.text) == (version is not None)
    if version is not None:
        again = browser.get(f"/s/{KEY}{view}", headers={"If-None-Match": version})
        assert again.status_code == 304


def test_a_session_that_runs_no_longer_says_so_no_longer(browser: FlaskClient) -> None:
    """The mark beside its name is kept up to date like the figures."""
    assert re.search(
        r'data-live="state">\s*<span class="badge accent">running<', browser.get(f"/s/{KEY}").text
    )
    assert re.search(r'data-live="state">\s*</span>', browser.get(f"/s/{STRANGE}").text)
