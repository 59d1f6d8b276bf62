"""Feedback and tags by REST are the notes of the pages, for any id that a session can have."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from sessiontap.store import Ledger
from sessiontap.store.notes import LONGEST_TAG, Notes
from tests.sessions.samples import TRIAGE_ID, make_call
from tests.web.helicone import schemas
from tests.web.helicone.conftest import Ask, Refuse

IDS = (
    "a/b",
    "/a//b/",
    "a/tag",
    "tag",
    "query",
    "name/query",
    "has-session",
    "100%2F?#x",
    "..",
    "../../etc/passwd",
    " spaced ",
    "é\u2028✓",
    "two\nlines\n",
    "<script>",
    "x" * 500,
)


def _at(session_id: str, what: str) -> str:
    return f"/v1/session/{quote(session_id, safe='')}/{what}"


@pytest.mark.parametrize("session_id", IDS)
def test_any_id_can_be_noted(home: Path, ask: Ask, session_id: str) -> None:
    """Slashes, signs and line ends in it are the id's own, and nobody else's note is touched."""
    with Ledger(home) as ledger:
        ledger.append(make_call(30, "/", session_id=session_id))
    ask(_at(session_id, "feedback"), {"rating": False}, schemas.DONE)
    ask(_at(session_id, "tag"), {"tag": "checked ✓"}, schemas.DONE)
    assert ask(_at(session_id, "tag"), None, schemas.TAG) == "checked ✓"
    note = Notes(home).get(session_id)
    assert (note.feedback, note.tag) == (False, "checked ✓")
    assert Notes(home).get(TRIAGE_ID).tag is None


def test_the_newest_note_wins(home: Path, ask: Ask) -> None:
    """An empty tag takes the tag away; where there is none it is null."""
    tag = _at(TRIAGE_ID, "tag")
    assert ask(tag, None, schemas.TAG) is None
    for each in ("one", "two"):
        ask(tag, {"tag": each}, schemas.DONE)
    assert ask(tag, None, schemas.TAG) == "two"
    ask(tag, {"tag": ""}, schemas.DONE)
    assert ask(tag, None, schemas.TAG) is None
    for rating in (True, False):
        ask(_at(TRIAGE_ID, "feedback"), {"rating": rating}, schemas.DONE)
        assert Notes(home).get(TRIAGE_ID).feedback is rating


@pytest.mark.parametrize(
    ("what", "body", "named"),
    [
        ("feedback", {}, "rating"),
        ("feedback", {"rating": "up"}, "rating"),
        ("feedback", {"rating": 1}, "rating"),
        ("feedback", b"", "rating"),
        ("tag", {}, "tag"),
        ("tag", {"tag": ["x"]}, "tag"),
        ("tag", {"tag": "x" * (LONGEST_TAG + 1)}, str(LONGEST_TAG)),
    ],
)
def test_a_note_that_is_none_is_refused(refuse: Refuse, what: str, body: object, named: str) -> None:
    """And nothing is noted."""
    assert named in refuse(_at(TRIAGE_ID, what), body)


@pytest.mark.parametrize("session_id", ["nobody", "4711", "unassigned", "\ufffd"])
def test_no_note_of_a_session_that_is_not_there(ask: Ask, refuse: Refuse, session_id: str) -> None:
    """Only a whole id counts; to have no tag is no fault."""
    assert "no session" in refuse(_at(session_id, "feedback"), {"rating": True}, 404)
    assert "no session" in refuse(_at(session_id, "tag"), {"tag": "x"}, 404)
    assert ask(_at(session_id, "tag"), None, schemas.TAG) is None
