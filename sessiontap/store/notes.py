"""Notes: what is said of a session: by a person, how it went, and a tag; by a proxy, which budget it is near.

    <home>/sessions/<key>/notes.jsonl

A TinyDB database with the table `notes`; a line a change, so that what was said before is not lost.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import msgspec

from sessiontap.errors import StoreError
from sessiontap.store import journal
from sessiontap.store.appender import LOCK_TIMEOUT_S, Appender
from sessiontap.store.folders import CALLS_FILE, folder_key
from sessiontap.times import rfc3339

NOTES_FILE = "notes.jsonl"
LONGEST_TAG = 200
_WHOLE = 100

_TABLE = "notes"
_Value: TypeAlias = bool | str | None


def percent(spent: Decimal, budget: Decimal) -> int:
    """How much of a budget is spent, rounded down; 100 where there is none to spend."""
    return int(spent * _WHOLE / budget) if budget else _WHOLE


class BudgetNote(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a budget was spent when a warning was due."""

    whose: str
    """For people: `session abc`, `user ann on this day (UTC)`."""
    spent_usd: Decimal
    budget_usd: Decimal
    at: str
    """RFC 3339, UTC."""

    @property
    def percent(self) -> int:
        """See `percent`."""
        return percent(self.spent_usd, self.budget_usd)


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said of one session, the newest of each kind."""

    feedback: bool | None = None
    """True where it went well, False where it did not."""
    tag: str | None = None
    budgets: tuple[BudgetNote, ...] = ()
    """The newest warning of each budget that holds for its calls."""


class _Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """One document: its id says what it is about."""

    value: _Value = None
    at: str = ""


_BUDGET = "budget:"
_MOST_DIGITS = 30
_budget = msgspec.json.Decoder(BudgetNote)
_said = msgspec.json.Decoder(_Said)
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Notes:
    """Reads and writes the notes of a home's sessions. For any number of processes."""

    def __init__(self, home: Path, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self._folder = home / "sessions"
        self._lock_timeout_s = lock_timeout_s
        self.version = 0
        """Rises with each note that is written here."""

    def get(self, session_id: str | None) -> Note:
        """What was said of the session; what cannot be read counts as not said."""
        path = self._folder / folder_key(session_id) / NOTES_FILE
        try:
            tables, _ = journal.read(path)
        except OSError:
            return Note()
        said = tables.get(_TABLE, {})
        feedback, tag = _value(said.get("feedback")), _value(said.get("tag"))
        return Note(
            feedback=feedback if isinstance(feedback, bool) else None,
            tag=tag if isinstance(tag, str) and tag else None,
            budgets=tuple(_budgets(said)),
        )

    def set_feedback(self, session_id: str | None, good: bool | None) -> None:  # noqa: FBT001 -- the value
        """Says how the session went; None takes it back. Raises StoreError."""
        self._say(session_id, "feedback", _Said(good, rfc3339(time.time())))

    def set_tag(self, session_id: str | None, tag: str | None) -> None:
        """Gives the session a tag in the place of the one it has; None, or an empty one, takes it away.

        Raises StoreError, also for a tag of more than `LONGEST_TAG` characters.
        """
        tag = (tag or "").strip()
        if len(tag) > LONGEST_TAG:
            message = f"a tag of {len(tag)} characters is too long; at most {LONGEST_TAG} are kept"
            raise StoreError(message)
        self._say(session_id, "tag", _Said(tag or None, rfc3339(time.time())))

    def warn(self, session_id: str | None, of: str, note: BudgetNote) -> None:
        """Keeps that a budget is near its end; `of` says which, in a word. Raises StoreError."""
        self._say(session_id, _BUDGET + of, note)

    def _say(self, session_id: str | None, what: str, value: _Said | BudgetNote) -> None:
        folder = self._folder / folder_key(session_id)
        if not (folder / CALLS_FILE).is_file():
            message = f"there is no session {session_id!r:.80}; nothing was noted"
            raise StoreError(message)
        appender = Appender(folder / NOTES_FILE, lock_timeout_s=self._lock_timeout_s)
        try:
            appender.append(journal.documents_line(_TABLE, {what: _encode(value)}))
            self.version += 1
        except UnicodeEncodeError as error:
            message = f"the note is not Unicode ({error.reason}); nothing was noted"
            raise StoreError(message) from error
        except OSError as error:
            message = f"{folder / NOTES_FILE} cannot be written: {error.strerror or error}"
            raise StoreError(message) from error
        finally:
            appender.close()


def _budgets(said: Mapping[str, msgspec.Raw]) -> Iterator[BudgetNote]:
    for what, raw in said.items():
        if what.startswith(_BUDGET):
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                note = _budget.decode(raw)
                if _is_amount(note.spent_usd) and _is_amount(note.budget_usd):
                    yield note


def _is_amount(usd: Decimal) -> bool:
    """Whether it can be counted with: a damaged file may have NaN, or more digits than there is memory."""
    return usd.is_finite() and usd >= 0 and (not usd or abs(usd.adjusted()) <= _MOST_DIGITS)


def _value(raw: msgspec.Raw | None) -> _Value:
    if raw is None:
        return None
    try:
        return _said.decode(raw).value
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
