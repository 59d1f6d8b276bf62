"""Watcher: what is under way in a home, look by look; each look reads only what was written since."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from sessiontap.call import Call
from sessiontap.catalog.catalog import CatalogSession
from sessiontap.catalog.live import LiveCatalog, Look
from sessiontap.sessions.fold import tally_of
from sessiontap.sessions.rollup import SessionSummary, added_up
from sessiontap.sessions.tally import Tally, Totals
from sessiontap.store.folders import CALLS_FILE
from sessiontap.store.records import START, Position, Stamp, read_from
from sessiontap.times import rfc3339

MOST_ERRORS = 20

Kind: TypeAlias = Literal["began", "ended"]


class CallEvent(NamedTuple):
    """A call began, or ended, since the look before."""

    kind: Kind
    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One look."""

    now_ms: int
    """Epoch milliseconds."""
    sessions: tuple[SessionSummary, ...]
    """Those in progress, the one with the latest activity first; without models and paths."""
    running: tuple[Call, ...]
    """The one that runs longest first."""
    errors: tuple[Call, ...]
    """The newest first."""
    events: tuple[CallEvent, ...]
    """In the order in which they were written; none at the first look."""
    totals: Totals
    """Of the sessions in progress."""
    today: Totals
    """Of all calls that started on this day (UTC)."""


class Watcher:
    """Looks at a home again and again; with `key` at one session of it only."""

    def __init__(self, home: Path, *, within_ms: int, key: str | None = None) -> None:
        """A session is in progress where a call of it runs, or something of it happened `within_ms`."""
        self._folder = home / "sessions"
        self._live = LiveCatalog(home)
        self._within_ms = within_ms
        self._key = key
        self._since: str | None = None
        self._ends: dict[str, Position] = {}
        self._running: dict[str, Call] = {}
        self._errors: deque[Call] = deque(maxlen=MOST_ERRORS)
        self._days: dict[str, tuple[Stamp, str, Tally]] = {}

    def look(self, now_ms: int) -> Watched:
        """What is under way now. Raises StoreError where the sessions cannot be listed."""
        look = self._live.look()
        at_all = [session for session in look.sessions if self._key in {None, session.key}]
        progressing = [session for session in at_all if self._in_progress(session, now_ms)]
        if self._since is None:
            self._since = rfc3339(now_ms / 1000)
            self._begin(at_all, progressing)
            events: list[CallEvent] = []
        else:
            events = list(self._events(look, at_all))
        for event in events:
            if event.call.status == "error":
                self._errors.append(event.call)
        running = [call for session in at_all for call in session.under_way if call.status == "running"]
        summaries = sorted((session.totals for session in progressing), key=_latest, reverse=True)
        return Watched(
            now_ms=now_ms,
            sessions=tuple(summaries),
            running=tuple(sorted(running, key=lambda call: (call.started_at, call.call_id))),
            errors=tuple(reversed(self._errors)),
            events=tuple(events),
            totals=added_up(summaries),
            today=self._today(at_all, rfc3339(now_ms / 1000)[:10]),
        )

    def _in_progress(self, session: CatalogSession, now_ms: int) -> bool:
        return bool(session.totals.running) or _latest(session.totals) >= rfc3339(
            max(0, now_ms - self._within_ms) / 1000
        )

    def _begin(self, sessions: Iterable[CatalogSession], progressing: Iterable[CatalogSession]) -> None:
        """What was there before is known, and no event; its last errors are shown."""
        errors: list[Call] = []
        for session in sessions:
            self._running.update((call.call_id, call) for call in session.under_way if _runs(call))
            if session.end is not None:
                self._ends[session.key] = session.end
        for session in progressing:
            errors += [call for call in self._written(session.key, START)[0] if call.status == "error"]
        self._errors.extend(sorted(errors, key=lambda call: call.ended_at or call.started_at))

    def _events(self, look: Look, sessions: Iterable[CatalogSession]) -> Iterator[CallEvent]:
        for session in sessions:
            if session.key not in look.changed:
                continue
            calls, end = self._written(session.key, self._ends.get(session.key, START))
            if end is not None:
                self._ends[session.key] = end
            for call in calls:
                yield from self._event(call)
            # A call of a proxy that died is never written again.
            for call in session.under_way:
                if not _runs(call) and self._running.pop(call.call_id, None) is not None:
                    yield CallEvent("ended", call)

    def _event(self, call: Call) -> Iterator[CallEvent]:
        if _runs(call):
            if call.call_id not in self._running:
                self._running[call.call_id] = call
                yield CallEvent("began", call)
            return
        known = self._running.pop(call.call_id, None)
        # One that ended long ago may be written again, when it is priced anew.
        if known is not None or call.started_at >= (self._since or ""):
            yield CallEvent("ended", call)

    def _written(self, key: str, start: Position) -> tuple[list[Call], Position | None]:
        """The calls that were written behind a position, and where the next look begins."""
        path = self._folder / key / CALLS_FILE
        try:
            reading = read_from(path, start, patient=False) or read_from(path, START, patient=False)
        except OSError:
            return [], None  # removed since
        return ([], None) if reading is None else (list(reading.calls.values()), reading.end)

    def _today(self, sessions: Iterable[CatalogSession], day: str) -> Totals:
        whole = Tally()
        for session in sessions:
            totals = session.totals
            if not totals.running and _latest(totals)[: len(day)] < day:
                continue
            known = self._days.get(session.key)
            if known is None or known[:2] != (session.stamp, day) or totals.running:
                tally = Tally()
                for group in session.fold().groups:
                    if group.key.day == day:
                        tally.merge(tally_of(group))
                known = self._days[session.key] = session.stamp, day, tally
            whole.merge(known[2])
        return whole.totals()


def _runs(call: Call) -> bool:
    return call.status == "running"


def _latest(summary: SessionSummary) -> str:
    """The last thing that is known to have happened."""
    return max(summary.ended_at or "", summary.started_at or "")
