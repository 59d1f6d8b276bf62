"""What a store has already, so that nothing that is imported is counted twice.

A call of a capture is known by its id, which is the same each time. One that was recorded live, or was
imported from another file of the same traffic, has another id: it is known by where it went and the
millisecond at which it began.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Literal, NamedTuple, Protocol, TypeAlias

from sessiontap.call import Call, encode

PROPERTY = "import"
"""The property of imported calls that names the file they came from."""

Standing: TypeAlias = Literal["new", "changed", "there"]
"""Not stored; stored in an older version that is to be replaced; stored as it is."""

_Place: TypeAlias = tuple[str, str, str]


class Session(Protocol):
    """One session as a store gives it."""

    @property
    def calls(self) -> list[Call]:
        """The latest version of each."""


class SessionStore(Protocol):
    """The part of a store that is read before an import."""

    def sessions(self) -> Iterator[Session]:
        """Every session, one at a time."""


class _Entry(NamedTuple):
    call_id: str
    session_id: str | None
    started_at: str
    response_id: str | None
    request_model: str | None
    ended: bool
    digest: bytes | None
    """Of an imported call; what was recorded live is never replaced."""


class Known:
    """The calls that a store has, and those that are being imported into it."""

    def __init__(self) -> None:
        self._by_id: dict[str, _Entry] = {}
        self._by_place: dict[_Place, list[_Entry]] = {}
        self._of_this_file: list[tuple[_Place, _Entry]] = []
        # Each stored call is the twin of one call in a file, however many began in its millisecond.
        self._met: set[str] = set()

    @classmethod
    def in_store(cls, store: SessionStore) -> Known:
        """What a store has, read once. Raises StoreError."""
        known = cls()
        for session in store.sessions():
            for call in session.calls:
                known.add(call)
        known.next_file()
        return known

    def next_file(self) -> None:
        """Lets what was added so far count as known to what follows: one file has no call twice."""
        for place, entry in self._of_this_file:
            self._by_place.setdefault(place, []).append(entry)
        self._of_this_file = []
        self._met.clear()

    def add(self, call: Call) -> None:
        """Takes note of a call that is stored."""
        entry = _entry(call)
        if call.call_id not in self._by_id:
            self._of_this_file.append((_place(call), entry))
        self._by_id[call.call_id] = entry

    def is_anothers(self, call_id: str, started_at: str) -> bool:
        """True where the id is that of a call that began at another time: clients send one again."""
        found = self._by_id.get(call_id)
        return found is not None and found.started_at != started_at

    def standing(self, call: Call) -> tuple[Standing, str | None]:
        """How the store stands to a call, and the session that it is in there."""
        same = self._by_id.get(call.call_id)
        if same is not None:
            self._met.add(same.call_id)
            waits = call.status == "running" and same.ended
            replaced = same.session_id == call.session_id and same.digest not in {None, _digest(call)}
            return ("changed" if replaced and not waits else "there"), same.session_id
        for twin in self._by_place.get(_place(call), ()):
            if twin.call_id not in self._met and _alike(twin, call):
                self._met.add(twin.call_id)
                return "there", twin.session_id
        return "new", call.session_id


def _entry(call: Call) -> _Entry:
    return _Entry(
        call.call_id,
        call.session_id,
        call.started_at,
        call.response_id,
        call.request_model,
        call.status != "running",
        _digest(call) if PROPERTY in call.properties else None,
    )


def _place(call: Call) -> _Place:
    return call.started_at, call.host, call.url_path


def _digest(call: Call) -> bytes:
    return hashlib.blake2b(encode(call), digest_size=16).digest()


def _alike(entry: _Entry, call: Call) -> bool:
    """True where nothing that both know differs."""
    return (entry.response_id is None or call.response_id in {None, entry.response_id}) and (
        entry.request_model is None or call.request_model in {None, entry.request_model}
    )
