"""LiveCatalog: the sessions again and again, for those who watch; each look reads only what is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from sessiontap.catalog.catalog import Catalog, CatalogSession
from sessiontap.sessions.state import Settle
from sessiontap.store.journal import Problem
from sessiontap.store.records import Stamp


class Look(NamedTuple):
    """The sessions at one moment."""

    catalog: Catalog
    """Its sessions by key, and what could not be read."""
    changed: frozenset[str]
    """The keys of sessions that are new or have grown since the look before, or that have calls under way:
    these may change by themselves. At the first look, of all."""
    gone: frozenset[str]
    """The keys of sessions that were there at the look before."""

    @property
    def sessions(self) -> list[CatalogSession]:
        """Every session with at least one call, by key."""
        return self.catalog.sessions

    @property
    def by_key(self) -> Mapping[str, CatalogSession]:
        """The same, to be found by their keys."""
        return self.catalog.by_key

    @property
    def problems(self) -> Iterable[Problem]:
        """What was left out; their texts are lines to tell the user."""
        return (problem for of_file in self.catalog.problems.values() for problem in of_file)


class LiveCatalog:
    """Looks at the sessions under a home as often as it is asked to.

    A look where nothing is new costs a stat a session. Not for several threads at once.
    """

    def __init__(self, home: Path, *, settle: Settle | None = None, processes: int | None = 1) -> None:
        """As for `Catalog`."""
        self._home = home
        self._settle = settle
        self._processes = processes
        self._catalog: Catalog | None = None
        self._stamps: dict[str, Stamp] = {}
        self._running: frozenset[str] = frozenset()

    def look(self) -> Look:
        """The sessions as they are now. Raises StoreError where they cannot be listed."""
        if self._catalog is None:
            catalog = Catalog(self._home, settle=self._settle, processes=self._processes)
        else:
            catalog = self._catalog.again()
        stamps = {session.key: session.stamp for session in catalog.sessions}
        before, self._stamps, self._catalog = self._stamps, stamps, catalog
        running = frozenset(session.key for session in catalog.sessions if session.totals.running)
        # What ran at the last look may have ended without a word: its proxy has died.
        changed = running | self._running & stamps.keys()
        changed |= {key for key, stamp in stamps.items() if before.get(key) != stamp}
        self._running = running
        return Look(catalog, changed, frozenset(before.keys() - stamps.keys()))
