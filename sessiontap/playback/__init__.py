"""Playback: finds the call of a recorded session that answers one that a client makes. No proxy in here.

recorded = Recorded(home, "run-1")
matcher = Matcher(recorded)
found = matcher.find(asked(kind_of(call), path, body, masker), run="...")   # None where it is not recorded
"""

from __future__ import annotations

from sessiontap.playback.asked import Asked, How, Kind, asked, kind_of
from sessiontap.playback.matching import Found, Matcher
from sessiontap.playback.recorded import Recorded, RecordedCall, session_beside

__all__ = [
    "Asked",
    "Found",
    "How",
    "Kind",
    "Matcher",
    "Recorded",
    "RecordedCall",
    "asked",
    "kind_of",
    "session_beside",
]
