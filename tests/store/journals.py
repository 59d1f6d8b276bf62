"""Lines of journals, for the tests."""

from __future__ import annotations

from sessiontap.store import journal


def line(number: int, text: str = "x") -> bytes:
    """A line with one document."""
    return journal.documents_line("t", {str(number): journal.dumps({"n": number, "text": text})})
