"""Chosen: the sessions that a REST call asks for, each with those of its calls that count.

Most are told by the catalogue. The calls of a session are read only where a condition is on what the
catalogue does not keep, and nothing else has ruled the session out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sessiontap.catalog import CatalogSession
from sessiontap.sessions.fold import Group, folded
from sessiontap.store import Ledger
from sessiontap.web.helicone.asked import SessionQuery
from sessiontap.web.helicone.figures import Figures
from sessiontap.web.source import Source


@dataclass(frozen=True, slots=True)
class Chosen:
    """A session of which at least one call counts."""

    session: CatalogSession
    part: Sequence[Group] | None
    """The sums of the calls that count; None: all do."""

    @property
    def groups(self) -> Sequence[Group]:
        """The sums of the calls that count."""
        return self.session.fold().groups if self.part is None else self.part

    @property
    def first(self) -> str:
        """When the first of them started."""
        if self.part is None:
            return self.session.totals.started_at or ""
        return min(group.first[0] for group in self.part)

    def figures(self) -> Figures:
        """What they come to."""
        totals = self.session.totals
        return Figures(totals.session_id or "", totals.name or "").add(self.groups)


def choose(source: Source, query: SessionQuery) -> Iterator[Chosen]:
    """The sessions that are asked for, in no order. Raises StoreError."""
    for session in source.looks.now().look.sessions:
        # The calls without a session are none to Helicone.
        if session.session_id is None or not _fits(session, query):
            continue
        chosen = _counting(source, session, query)
        if chosen is not None and (
            not query.chosen.having or query.chosen.keeps(chosen.figures(), source.notes)
        ):
            yield chosen


def _fits(session: CatalogSession, query: SessionQuery) -> bool:
    names = session.totals.names
    if query.name and query.name not in names:
        return False
    if query.name_part and not _has_part(names, query.name_part):
        return False
    return not query.search or _has_part((session.session_id or "", *names), query.search)


def _has_part(texts: Sequence[str], part: str) -> bool:
    folded_part = part.casefold()
    return any(folded_part in text.casefold() for text in texts)


def _counting(source: Source, session: CatalogSession, query: SessionQuery) -> Chosen | None:
    whole = query.chosen.of_session(session)
    if whole is not None:
        return Chosen(session, None) if whole else None
    answers = [(group, query.chosen.of_group(session, group)) for group in session.fold().groups]
    if any(answer is None for _, answer in answers):
        calls = Ledger(source.home).calls(session.session_id)
        groups = folded(call for call in calls if query.chosen.of_call(session, call)).groups
    else:
        groups = [group for group, answer in answers if answer]
    return Chosen(session, groups) if groups else None
