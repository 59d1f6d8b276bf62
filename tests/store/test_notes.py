"""What a person says of a session is kept beside it, and the newest counts."""

from __future__ import annotations

import stat
from decimal import Decimal
from pathlib import Path

import pytest

from sessiontap.errors import StoreError
from sessiontap.store import Ledger, session_key
from sessiontap.store.notes import LONGEST_TAG, NOTES_FILE, BudgetNote, Note, Notes
from tests.sessions.samples import make_call


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A store with one session."""
    with Ledger(tmp_path / "home") as ledger:
        ledger.append(make_call(1, "/", session_id="a"))
    return tmp_path / "home"


def file_of(home: Path) -> Path:
    """The file of the session's notes."""
    return home / "sessions" / session_key("a") / NOTES_FILE


def test_nothing_was_said(home: Path) -> None:
    """And reading makes no file."""
    assert Notes(home).get("a") == Note()
    assert Notes(home).get("never-seen") == Note()
    assert not file_of(home).exists()


def test_the_newest_of_each_kind_counts(home: Path) -> None:
    """Feedback and tag do not touch each other; what was said before stays in the file."""
    notes = Notes(home)
    notes.set_feedback("a", True)
    notes.set_tag("a", " first ")
    notes.set_feedback("a", False)
    assert Notes(home).get("a") == Note(feedback=False, tag="first")
    notes.set_feedback("a", None)
    notes.set_tag("a", "")
    assert Notes(home).get("a") == Note()
    assert len(file_of(home).read_bytes().splitlines()) == 5
    assert stat.S_IMODE(file_of(home).stat().st_mode) == 0o600


def test_the_session_s_calls_are_as_they_were(home: Path) -> None:
    """Notes are no calls, and the catalogue does not see them."""
    Notes(home).set_tag("a", "x")
    assert [call.call_id for call in Ledger(home).calls("a")] == ["c01"]


def test_no_note_without_a_session(home: Path) -> None:
    """A typing error makes no folder."""
    with pytest.raises(StoreError, match="there is no session 'b'"):
        Notes(home).set_tag("b", "x")
    assert len(list((home / "sessions").iterdir())) == 1


@pytest.mark.parametrize("tag", ["x" * (LONGEST_TAG + 1), "\ud800"])
def test_a_tag_that_cannot_be_kept_is_refused(home: Path, tag: str) -> None:
    """Too long, or no text."""
    with pytest.raises(StoreError):
        Notes(home).set_tag("a", tag)
    assert Notes(home).get("a") == Note()


@pytest.mark.parametrize(
    "line",
    [
        b'{"notes":{"tag":{"value":7}}}',
        b'{"notes":{"feedback":{"value":"yes"}}}',
        b"torn",
        b'{"notes":{"tag":[]}}',
    ],
)
def test_what_cannot_be_read_was_not_said(home: Path, line: bytes) -> None:
    """A damaged line is no reason not to show the session."""
    file_of(home).write_bytes(line + b"\n")
    assert Notes(home).get("a") == Note()


def test_the_newest_warning_of_each_budget_counts(home: Path) -> None:
    """Exact to the last digit, and beside what a person says."""
    notes = Notes(home)
    for spent in ("0.0251", "0.041"):
        notes.warn("a", "session", warning("session a", spent))
    notes.warn("a", "day", warning("this day (UTC)", "0.05"))
    notes.set_tag("a", "kept")
    said = notes.get("a")
    assert said.tag == "kept"
    assert [(each.whose, each.spent_usd, each.percent) for each in said.budgets] == [
        ("session a", Decimal("0.041"), 82),
        ("this day (UTC)", Decimal("0.05"), 100),
    ]


def test_a_damaged_warning_hides_no_other(home: Path) -> None:
    """It counts as not said."""
    notes = Notes(home)
    notes.warn("a", "session", warning("session a", "0.04"))
    with file_of(home).open("ab") as file:
        file.write(b'{"notes":{"budget:day":{"whose":7}}}\n')
    assert [each.whose for each in notes.get("a").budgets] == ["session a"]


def warning(whose: str, spent: str) -> BudgetNote:
    """A warning of a budget of five cents."""
    return BudgetNote(
        whose=whose, spent_usd=Decimal(spent), budget_usd=Decimal("0.05"), at="2026-11-25T20:00:00.000Z"
    )


def test_a_budget_of_nothing_is_spent() -> None:
    """There is nothing to divide by."""
    note = BudgetNote(whose="session a", spent_usd=Decimal(0), budget_usd=Decimal(0), at="")
    assert note.percent == 100


@pytest.mark.parametrize("damaged", ['"NaN"', '"sNaN"', '"Infinity"', '"1e999999999"', "-1", '"1e-999999"'])
def test_an_amount_that_cannot_be_counted_with_is_left_out(home: Path, damaged: str) -> None:
    """Of a damaged file; the warning beside it stays, and has its percentage."""
    notes = Notes(home)
    good = BudgetNote(whose="w", spent_usd=Decimal(1), budget_usd=Decimal(2), at="2026-11-23T20:00:00.000Z")
    notes.warn("a", "day", good)
    file = file_of(home)
    for names in (("spent_usd", "budget_usd"), ("budget_usd", "spent_usd")):
        line = (
            f'{{"notes":{{"budget:user":{{"whose":"x","{names[0]}":{damaged},"{names[1]}":1,"at":"z"}}}}}}\n'
        )
        file.write_text(file.read_text() + line)
        assert [each.percent for each in notes.get("a").budgets] == [50]
