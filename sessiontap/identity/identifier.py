"""Identifier: settles which session, path, name, user and agent a call belongs to."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from sessiontap.call import SessionSource
from sessiontap.identity.agents import agent_of, known_agent
from sessiontap.identity.evidence import Body, Evidence
from sessiontap.identity.features import kept_of
from sessiontap.identity.lineage import Lineage
from sessiontap.identity.paths import PLACES_OF_PATHS, path_within, standing
from sessiontap.identity.proxy_user import amount, read_proxy_user
from sessiontap.identity.rules import AGENT_RULES, LAST_RULES, RULES, Found, first
from sessiontap.identity.texts import cleaned, normalise_path
from sessiontap.untrusted import JsonObject, label

_HELICONE_PREFIX = "helicone-"
_PROPERTY_PREFIX = f"{_HELICONE_PREFIX}property-"
_NO_BODY: JsonObject = {}
PLACES = (*(place for rule in (*RULES, *LAST_RULES) for place in rule.where), *PLACES_OF_PATHS)

LARGE_MEMBERS = frozenset(
    place.path.partition(".")[0] for place in PLACES if isinstance(place, Body) and "." in place.path
)
"""The members of a body in which something may stand that identifies, however large they are."""


class Follower(Protocol):
    """Sees one call go by, and finds its session where it does not name one. No method raises."""

    def continued(self, evidence: Evidence) -> Found | None:
        """The session of the reply that the call says it continues (`previous_response_id`)."""

    def inferred(self, evidence: Evidence) -> Found | None:
        """The session that the call most likely belongs to, where nothing in it says one."""

    def begun(self, evidence: Evidence, session_id: str) -> None:
        """Takes the session that the call is in, whoever named it."""

    def hear(self, event: JsonObject) -> None:
        """Takes the next event of the reply."""

    def ended(self, *, answered: bool, heard: bool, response_id: str | None) -> None:
        """The call is over; `answered` where its reply came whole or still comes, and was no error.

        `heard` is false where the reply, or a part of it, could not be read.
        """


def _nobody() -> Follower | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who and what a call belongs to. Texts are stored as sent, trimmed: they may hold anything."""

    session_id: str
    session_name: str | None
    session_path: str
    session_source: SessionSource
    user_id: str | None
    properties: dict[str, str]
    agent: str | None
    attempt: int | None
    """0 for a first try, where the SDK counts its tries."""
    priced_as: str | None = None
    """The model whose prices count, where the client says that it is another than the call's."""
    follower: Follower | None = None
    """Wants to hear what the call is answered, and when it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a call's headers say of whose it is; the rest is in its body."""

    evidence: Evidence
    properties: dict[str, str]
    settle: Callable[[Claims, Follower | None], Identity]
    follow: Callable[[], Follower | None] = _nobody
    """Gives who follows a call that begins."""

    @property
    def call_id(self) -> str | None:
        """The client's own id for the call, where it is a UUID."""
        return _uuid(self.evidence.headers.get("helicone-request-id", ""))

    @property
    def by_helicone(self) -> bool:
        """The client speaks to Helicone, as far as it knows."""
        names = self.evidence.headers
        return bool(self.properties) or any(name.startswith(_HELICONE_PREFIX) for name in names)

    @property
    def omit_request(self) -> bool:
        """The client asks that what it sends is not stored."""
        return self._asks("helicone-omit-request")

    @property
    def omit_reply(self) -> bool:
        """The client asks that what comes back is not stored."""
        return self._asks("helicone-omit-response")

    @property
    def budget(self) -> Decimal | None:
        """What the call's session may cost, in USD, by a header or else the proxy's user; None: not said."""
        stated = amount(self._stated_budget)
        if stated is None and self.evidence.proxy_user is not None:
            return self.evidence.proxy_user.budget
        return stated

    @property
    def unread_budget(self) -> str | None:
        """What is stated as a budget and is no amount: it limits nothing, which somebody should know."""
        user = self.evidence.proxy_user
        if (stated := self._stated_budget) is not None:
            return stated if amount(stated) is None else None
        return user.unread_budget if user is not None else None

    @property
    def _stated_budget(self) -> str | None:
        stated = self.evidence.headers.get("sessiontap-budget-usd")
        return None if stated is None else stated.removeprefix("$")

    def settled(self, body: JsonObject = _NO_BODY, text: bytes = b"") -> Identity:
        """Whose the call is, now that its body is known: the small members, and the whole of it decoded.

        Once a call: what is settled may be remembered for the calls that follow.
        """
        claims = replace(self, evidence=replace(self.evidence, body=body, text=text))
        follower = self.follow()
        identity = self.settle(claims, follower)
        if follower is not None:
            follower.begun(claims.evidence, identity.session_id)
        return replace(identity, follower=follower)

    def unfollowed(self) -> Claims:
        """The same, for a call that nobody follows."""
        return replace(self, follow=_nobody)

    def _asks(self, header: str) -> bool:
        return self.evidence.headers.get(header, "").lower() == "true"


class Identifier:
    """Finds whose calls are, by the rules in their order, and remembers the sub-agents that it met."""

    def __init__(self) -> None:
        self._lineage = Lineage()

    def claims(
        self,
        headers: Iterable[tuple[str, str]],
        *,
        proxy_user: str | None,
        today: str,
        provider: str = "",
        url_path: str = "",
        session_headers: Sequence[str] = (),
        session: str = "",
        follow: Callable[[], Follower | None] = _nobody,
    ) -> Claims:
        """What the headers of a call say.

        `headers` are in their order (the last of a name wins), `proxy_user` is as the proxy's URL has it,
        `today` an ISO date. `session_headers` are the user's own names for a session's header, and
        `session` what goes for a proxy's user where there is none; `follow` gives who follows each call.
        """
        known: dict[str, str] = {}
        own: dict[str, str] = {}
        for name, raw in headers:
            value = cleaned(raw)
            if not value:
                continue
            lowered = name.lower()
            if lowered.startswith(_PROPERTY_PREFIX):
                if property_name := cleaned(lowered.removeprefix(_PROPERTY_PREFIX)):
                    own[property_name] = value
            else:
                known[lowered] = value
        evidence = Evidence(
            headers=known,
            agent=known_agent(known),
            provider=provider,
            url_path=url_path,
            proxy_user=read_proxy_user(proxy_user) or read_proxy_user(session),
            own_headers=tuple(name.lower() for name in session_headers),
            today=today,
        )
        return Claims(
            evidence=evidence, properties={**kept_of(known), **own}, settle=self._settle, follow=follow
        )

    def _settle(self, claims: Claims, follower: Follower | None) -> Identity:
        evidence = claims.evidence
        headers, proxy_user = evidence.headers, evidence.proxy_user
        found, path = self._placed(evidence, follower)
        mine = proxy_user if found.source == "proxy-user" else None
        base = mine.path if mine is not None and mine.path is not None else ""
        return Identity(
            session_id=found.session_id,
            session_name=headers.get("helicone-session-name") or (mine.name if mine is not None else None),
            session_path=normalise_path(headers.get("helicone-session-path") or f"{base}/{path}"),
            session_source=found.source,
            user_id=headers.get("helicone-user-id") or (proxy_user.user if proxy_user is not None else None),
            properties=claims.properties,
            agent=agent_of(headers),
            attempt=attempt_of(headers),
            priced_as=label(headers.get("helicone-model-override")),
        )

    def _placed(self, evidence: Evidence, follower: Follower | None) -> tuple[Found, str]:
        """The session, and the path of a sub-agent or a step in it."""
        found = self._session(evidence, follower)
        # What an agent says of its sub-agents counts whoever named the session.
        own = found if found.source == "agent" else first(AGENT_RULES, evidence)
        if own is None:
            return found, path_within(evidence, found.session_id, self._lineage)
        stands = standing(evidence, own.session_id, self._lineage)
        if own is found:
            return replace(found, session_id=stands.session_id), stands.path
        return found, stands.path

    def _session(self, evidence: Evidence, follower: Follower | None) -> Found:
        """What the first rule that answers finds; else the day's `unassigned-…`, source `none`."""
        found = first(RULES, evidence)
        if found is None and follower is not None:
            found = follower.continued(evidence)
        if found is None:
            found = first(LAST_RULES, evidence)
        if found is None and follower is not None:
            found = follower.inferred(evidence)
        return found or Found(session_id=f"unassigned-{evidence.today}", source="none", rule="none")


def identify(
    headers: Iterable[tuple[str, str]],
    *,
    proxy_user: str | None,
    today: str,
    provider: str = "",
    url_path: str = "",
) -> Claims:
    """What the headers of one call say, for an identifier of its own; see `Identifier.claims`."""
    return Identifier().claims(
        headers, proxy_user=proxy_user, today=today, provider=provider, url_path=url_path
    )


def attempt_of(headers: Mapping[str, str]) -> int | None:
    """Which try of a call this is, 0 for the first, where the SDK counts them."""
    return _small_number(headers.get("x-stainless-retry-count", ""))


def _uuid(value: str) -> str | None:
    try:
        return str(uuid.UUID(value))
    except ValueError:
        return None


def _small_number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None  # noqa: PLR2004 -- nobody retries 10^9 times
