"""Leaves: the conditions of a filter, each on one thing of a call or of a session.

One on calls answers for a whole session, or for calls that are alike, where these say enough: then the calls
themselves need not be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sessiontap.call import Call
from sessiontap.catalog import CatalogSession
from sessiontap.sessions.fold import Group
from sessiontap.store.notes import Notes
from sessiontap.web.helicone.figures import Figures
from sessiontap.web.helicone.operators import TextTest, TimeTest


@dataclass(frozen=True, slots=True)
class Constant:
    """The same of all calls of a session."""

    texts: Callable[[CatalogSession], Sequence[str]]
    test: TextTest

    def of_session(self, session: CatalogSession) -> bool | None:
        """All of its calls, or none; None: look closer."""
        return self.test(self.texts(session))

    def of_group(self, session: CatalogSession, _group: Group) -> bool | None:
        """All calls of a group, or none; None: look closer."""
        return self.of_session(session)

    def of_call(self, session: CatalogSession, _call: Call) -> bool:
        """One call."""
        return self.test(self.texts(session))


@dataclass(frozen=True, slots=True)
class Alike:
    """The same of all calls of a group."""

    in_group: Callable[[Group], str | None]
    in_call: Callable[[Call], str | None]
    test: TextTest

    def of_session(self, _session: CatalogSession) -> bool | None:
        """All of its calls, or none; None: look closer."""
        return None

    def of_group(self, _session: CatalogSession, group: Group) -> bool | None:
        """All calls of a group, or none; None: look closer."""
        return self.test((self.in_group(group) or "",))

    def of_call(self, _session: CatalogSession, call: Call) -> bool:
        """One call."""
        return self.test((self.in_call(call) or "",))


@dataclass(frozen=True, slots=True)
class Started:
    """When calls started."""

    test: TimeTest

    def of_session(self, session: CatalogSession) -> bool | None:
        """From its first call to its last."""
        return self.test.between(session.totals.started_at or "", session.last_started_at)

    def of_group(self, _session: CatalogSession, group: Group) -> bool | None:
        """From its first call to its last."""
        return self.test.between(group.first[0], group.last[0])

    def of_call(self, _session: CatalogSession, call: Call) -> bool:
        """Its start."""
        return self.test(call.started_at)


@dataclass(frozen=True, slots=True)
class Single:
    """What only the calls themselves tell."""

    holds: Callable[[Call], bool]

    def of_session(self, _session: CatalogSession) -> bool | None:
        """All of its calls, or none; None: look closer."""
        return None

    def of_group(self, _session: CatalogSession, _group: Group) -> bool | None:
        """All calls of a group, or none; None: look closer."""
        return None

    def of_call(self, _session: CatalogSession, call: Call) -> bool:
        """One call."""
        return self.holds(call)


@dataclass(frozen=True, slots=True)
class Sum:
    """A figure of the session."""

    holds: Callable[[Figures], bool]

    def of_figures(self, figures: Figures, _notes: Notes) -> bool:
        """What the figure says."""
        return self.holds(figures)


@dataclass(frozen=True, slots=True)
class Tagged:
    """The session's tag."""

    test: TextTest

    def of_figures(self, figures: Figures, notes: Notes) -> bool:
        """What its note says; read only for sessions that meet the rest."""
        return self.test((notes.get(figures.session_id).tag or "",))


CallLeaf: TypeAlias = Constant | Alike | Started | Single
"""A condition on calls."""
SessionLeaf: TypeAlias = Sum | Tagged
"""A condition on what those calls of a session that count come to."""
