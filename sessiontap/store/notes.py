"""Notes: what a person says of a session: whether it went well, and a tag.

    <home>/sessions/<key>/notes.jsonl

A TinyDB database with the table `notes`; a line a change, so that what was said before is not lost.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from sessiontap.errors import StoreError
from sessiontap.store import journal
from sessiontap.store.appender import LOCK_TIMEOUT_S, Appender
from sessiontap.store.folders import CALLS_FILE, folder_key
from sessiontap.times import rfc3339

NOTES_FILE = "notes.jsonl"
LONGEST_TAG = 200

_TABLE = "notes"
_Value: TypeAlias = bool | str | None


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said of one session, the newest of each kind."""

    feedback: bool | None = None
    """True where it went well, False where it did not."""
    tag: str | None = None


class _Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """One document: its id says what it is about."""

    value: _Value = None
    at: str = ""


_said = msgspec.json.Decoder(_Said)
_encode = msgspec.json.Encoder().encode


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
        )

    def set_feedback(self, session_id: str | None, good: bool | None) -> None:  # noqa: FBT001 -- the value
        """Says how the session went; None takes it back. Raises StoreError."""
        self._say(session_id, "feedback", good)

    def set_tag(self, session_id: str | None, tag: str | None) -> None:
        """Gives the session a tag in the place of the one it has; None, or an empty one, takes it away.

        Raises StoreError, also for a tag of more than `LONGEST_TAG` characters.
        """
        tag = (tag or "").strip()
        if len(tag) > LONGEST_TAG:
            message = f"a tag of {len(tag)} characters is too long; at most {LONGEST_TAG} are kept"
            raise StoreError(message)
        self._say(session_id, "tag", tag or None)

    def _say(self, session_id: str | None, what: Literal["feedback", "tag"], value: _Value) -> None:
        folder = self._folder / folder_key(session_id)
        if not (folder / CALLS_FILE).is_file():
            message = f"there is no session {session_id!r:.80}; nothing was noted"
            raise StoreError(message)
        appender = Appender(folder / NOTES_FILE, lock_timeout_s=self._lock_timeout_s)
        try:
            document = _encode(_Said(value, rfc3339(time.time())))
            appender.append(journal.documents_line(_TABLE, {what: document}))
            self.version += 1
        except UnicodeEncodeError as error:
            message = f"the tag is not Unicode ({error.reason}); nothing was noted"
            raise StoreError(message) from error
        except OSError as error:
            message = f"{folder / NOTES_FILE} cannot be written: {error.strerror or error}"
            raise StoreError(message) from error
        finally:
            appender.close()


def _value(raw: msgspec.Raw | None) -> _Value:
    if raw is None:
        return None
    try:
        return _said.decode(raw).value
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
