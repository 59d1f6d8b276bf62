"""The page of two sessions side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from sessiontap.store import Ledger, session_key
from tests.browser.sessions import HOSTILE, bodies_of
from tests.sessions.samples import make_call

FIRST, SECOND = session_key("first"), session_key("second")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Two sessions: the second with another model, another reply, and a call more."""
    folder = tmp_path / "home"
    with Ledger(folder) as ledger:
        for name, said in (("first", "It comes on Friday."), ("second", f"It comes on Monday. {HOSTILE}")):
            model = "gpt-5" if name == "first" else HOSTILE
            call = make_call(1, "/ask", model, call_id=f"{name}-1", session_id=name, session_name="nightly")
            ledger.append(call)
            ledger.put_bodies(bodies_of(call, "When?", said))
        ledger.append(make_call(5, "/more", call_id="second-2", session_id="second", session_name="nightly"))
        yield folder


def test_two_sessions(browser: FlaskClient) -> None:
    """Figures, and what ended otherwise with its difference; nothing of it runs."""
    page = browser.get(f"/diff?a={FIRST}&b={SECOND}").text
    assert "-It comes on Friday." in page
    assert "+It comes on Monday." in page
    assert "only in B" in page
    assert "<script>document" not in page
    assert "style=" not in page


def test_a_session_is_found_as_elsewhere(browser: FlaskClient) -> None:
    """By its id or name, which the address then says by its key."""
    answer = browser.get(f"/diff?a=first&b={SECOND}")
    assert (answer.status_code, answer.location) == (302, f"/diff?a={FIRST}&b={SECOND}")
    assert browser.get("/diff?a=nothing&b=first").status_code == 404
    assert browser.get("/diff").status_code == 404


def test_a_session_offers_others_to_compare_with(browser: FlaskClient) -> None:
    """Those of its name first."""
    page = browser.get(f"/s/{FIRST}").text
    assert f'<option value="{SECOND}">' in page
    assert f'<option value="{FIRST}">' not in page


def test_a_name_with_signs_of_an_address_stays_whole(browser: FlaskClient, home: Path) -> None:
    """The way to the keys does not cut it."""
    with Ledger(home) as ledger:
        ledger.append(make_call(7, "/", call_id="odd", session_id="third", session_name="R&D #1+%41"))
    answer = browser.get("/diff", query_string={"a": "first", "b": "R&D #1+%41"}, follow_redirects=True)
    assert answer.status_code == 200
    assert answer.request.args["b"] == session_key("third")
