"""ListQuery: which sessions a person asked a page for, out of the address, and the address of another choice.

An address is typed, bookmarked and sent on: what it says wrongly is named on the page, and left out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args
from urllib.parse import urlencode

from sessiontap.catalog import CatalogSession
from sessiontap.sessions.filters import CallFilter
from sessiontap.times import parse_when

State = Literal["", "errors", "unpriced", "running"]
STATES: tuple[State, ...] = get_args(State)

_MOST_TEXT = 500
_MOST_DIGITS = 6
_PARAMETERS = ("q", "name", "agent", "model", "user", "since", "until", "state", "sort", "page")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """Everything narrows; an empty text asks for nothing."""

    q: str = ""
    """A part of the id or of a name, in any case."""
    name: str = ""
    agent: str = ""
    model: str = ""
    user: str = ""
    since: str = ""
    """As it was typed, like `until`."""
    until: str = ""
    state: State = ""
    sort: str = "start"
    page: int = 1
    wrong: tuple[str, ...] = ()
    """For the person: what of the address means nothing."""

    def address(self, **changes: str | int) -> str:
        """The address with something else chosen; any change but of the page leads to the first."""
        if "page" not in changes:
            changes["page"] = 1
        chosen = {name: changes.get(name, getattr(self, name)) for name in _PARAMETERS}
        given = {name: value for name, value in chosen.items() if value != getattr(_NOTHING, name)}
        return "/?" + urlencode(given) if given else "/"

    @property
    def narrows(self) -> bool:
        """True where not all sessions are asked for."""
        return any(getattr(self, name) for name in _PARAMETERS[:-2])

    def calls(self, now: float) -> CallFilter:
        """What of it is about single calls; `now` is seconds since the epoch."""
        return CallFilter(
            since=parse_when(self.since, now) if self.since else None,
            until=parse_when(self.until, now) if self.until else None,
            names=(self.name,) if self.name else (),
            users=(self.user,) if self.user else (),
            models=(self.model,) if self.model else (),
        )

    def fits(self, session: CatalogSession) -> bool:
        """What of it is about the session as a whole."""
        totals = session.totals
        if self.state == "errors" and not totals.errors:
            return False
        if self.state == "unpriced" and not totals.unpriced_calls:
            return False
        if self.state == "running" and not totals.running:
            return False
        if self.agent and not any(self.agent.casefold() in agent.casefold() for agent in totals.agents):
            return False
        wanted = self.q.casefold()
        texts = (session.session_id or session.key, *totals.names)
        return not wanted or any(wanted in text.casefold() for text in texts)


_NOTHING = ListQuery()


def read_query(arguments: Mapping[str, str], sorts: tuple[str, ...]) -> ListQuery:
    """The query in an address's parameters. `sorts` are the orders that there are."""
    texts = {name: arguments.get(name, "").strip()[:_MOST_TEXT] for name in _PARAMETERS}
    wrong: list[str] = []
    for name in ("since", "until"):
        try:
            parse_when(texts[name] or "1d", time.time())
        except ValueError as error:
            wrong.append(f"{name}: {error}")
            texts[name] = ""
    state = next((state for state in STATES if state == texts["state"]), None)
    if state is None:
        wrong.append(f"state: {texts['state']!r} is none; allowed are {', '.join(filter(None, STATES))}")
    if texts["sort"] and texts["sort"] not in sorts:
        wrong.append(f"sort: {texts['sort']!r} is none; allowed are {', '.join(sorts)}")
        texts["sort"] = ""
    page = texts["page"]
    is_number = page.isascii() and page.isdecimal() and len(page) <= _MOST_DIGITS
    return ListQuery(
        q=texts["q"],
        name=texts["name"],
        agent=texts["agent"],
        model=texts["model"],
        user=texts["user"],
        since=texts["since"],
        until=texts["until"],
        state=state or "",
        sort=texts["sort"] or _NOTHING.sort,
        page=max(1, int(page)) if is_number else 1,
        wrong=tuple(wrong),
    )


PERIODS: Mapping[str, str] = MappingProxyType(
    {"": "any time", "1h": "last hour", "24h": "last 24 hours", "7d": "last 7 days", "30d": "last 30 days"}
)
"""What the page offers for `since`; any other time can be typed into the address."""
