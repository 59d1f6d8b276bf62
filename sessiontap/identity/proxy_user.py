"""ProxyUser: what the user of the proxy's URL says (`HTTPS_PROXY=http://ID:NAME@host:port`).

The same text names the session in the option `sessiontap_session`.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from urllib.parse import unquote

from sessiontap.identity.texts import cleaned

_KEYS = frozenset({"path", "user", "budget"})
_LARGEST_BUDGET = Decimal(10**9)
# opencode writes base64 in the alphabet for URLs.
_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyUser:
    """The parts of `ID`, `ID:NAME` or `ID?path=/a&user=ann&budget=2.50:NAME`."""

    session_id: str
    name: str | None = None
    path: str | None = None
    user: str | None = None
    budget: Decimal | None = None
    """In USD; None where none is stated, or what is stated is no amount."""
    unread_budget: str | None = None
    """What is stated in that case."""


def read_proxy_user(text: str | None) -> ProxyUser | None:
    """The parts of a proxy's user, percent-decoded; None where it names no session.

    What stands behind `?` is read as parameters only where each of them is one of path, user and budget;
    else it belongs to the id. The first colon ends it all: behind it stands the name.
    """
    if not text:
        return None
    before, _, name = text.partition(":")
    # Most clients decode a URL's user before they send it, some do not.
    stated, _, query = (before if "?" in before else unquote(before)).partition("?")
    parameters = dict(each.partition("=")[::2] for each in query.split("&")) if query else {}
    if not parameters.keys() <= _KEYS:
        stated, parameters = before, {}
    session_id = cleaned(unquote(stated))
    if not session_id:
        return None
    found = {key: cleaned(unquote(value)) or None for key, value in parameters.items()}
    budget = found.get("budget")
    return ProxyUser(
        session_id=session_id,
        name=cleaned(unquote(name)) or None,
        path=found.get("path"),
        user=found.get("user"),
        budget=amount(budget),
        unread_budget=budget if amount(budget) is None else None,
    )


def basic_user(authorization: str) -> str | None:
    """The `ID` or `ID:NAME` in the value of a `Proxy-Authorization` header; None where none can be read."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded.translate(_URL_SAFE), validate=True).decode("utf-8", "replace")
    except ValueError:  # also what b64decode says of characters that are not ASCII
        return None


def amount(stated: str | None) -> Decimal | None:
    """An amount of USD, zero or more; None where the text is none."""
    try:
        amount = Decimal(stated or "")
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount < _LARGEST_BUDGET else None
