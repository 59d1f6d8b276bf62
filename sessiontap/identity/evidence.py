"""Evidence: what a call says of itself, cleaned, for the rules to look at; and the places they look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from sessiontap.identity.proxy_user import ProxyUser
from sessiontap.identity.texts import cleaned
from sessiontap.untrusted import JsonObject, obj

# Codex writes the state of each repository into its metadata; a longer text is no metadata.
_LONGEST_JSON = 64 * 1024
_json = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one call says. Names of headers are lower case, their values trimmed and not empty."""

    headers: Mapping[str, str]
    agent: str | None = None
    """The name by which the rules know the agent, `codex`; None where they do not know it."""
    provider: str = ""
    url_path: str = ""
    body: JsonObject = field(default_factory=dict)
    """The small members of the request's body, or of the message that began the call."""
    text: bytes = b""
    """The whole of that body or message, decoded; empty where nobody kept it."""
    proxy_user: ProxyUser | None = None
    """The user of the proxy's URL; where there is none, what the user chose for such calls."""
    own_headers: tuple[str, ...] = ()
    """Names of session headers that the user added, lower case."""
    today: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """A header's value or, with `inside`, a member of the JSON object that it is."""

    name: str
    inside: str = ""

    def find(self, evidence: Evidence) -> str | None:
        """What stands there, or None."""
        value = evidence.headers.get(self.name)
        return value if value is None or not self.inside else _member(value, self.inside)


@dataclass(frozen=True, slots=True)
class AnyHeader:
    """The first header whose name and value are of a kind, but for some names."""

    name: re.Pattern[str]
    value: re.Pattern[str]
    but: re.Pattern[str]

    def find(self, evidence: Evidence) -> str | None:
        """What stands there, or None."""
        for name, value in evidence.headers.items():
            if self.name.fullmatch(name) and self.value.fullmatch(value) and not self.but.fullmatch(name):
                return value
        return None


@dataclass(frozen=True, slots=True)
class OwnHeader:
    """The first of the headers that the user named."""

    def find(self, evidence: Evidence) -> str | None:
        """What stands there, or None."""
        found = (evidence.headers.get(name) for name in evidence.own_headers)
        return next((value for value in found if value), None)


@dataclass(frozen=True, slots=True)
class OfProxyUser:
    """The id that the user of the proxy's URL is."""

    def find(self, evidence: Evidence) -> str | None:
        """What stands there, or None."""
        return None if evidence.proxy_user is None else evidence.proxy_user.session_id


@dataclass(frozen=True, slots=True)
class Body:
    """A text in the body, by its dotted path; with `inside`, a member of the JSON object that it is."""

    path: str
    inside: str = ""

    def find(self, evidence: Evidence) -> str | None:
        """What stands there, or None."""
        *above, last = self.path.split(".")
        value = obj(evidence.body, *above).get(last)
        if self.inside:
            return _member(value, self.inside)
        return _text(value)


@dataclass(frozen=True, slots=True)
class Url:
    """The first group of a regular expression that is the whole of the URL's path."""

    path: re.Pattern[str]

    def find(self, evidence: Evidence) -> str | None:
        """What stands there, or None."""
        found = self.path.fullmatch(evidence.url_path)
        return None if found is None else found[1]


Place = Header | AnyHeader | OwnHeader | OfProxyUser | Body | Url


def texts_at(places: tuple[Place, ...], evidence: Evidence) -> Iterator[str]:
    """What stands at each of the places where anything does, in order."""
    return (value for place in places if (value := place.find(evidence)))


def text_at(places: tuple[Place, ...], evidence: Evidence) -> str | None:
    """What stands at the first of the places where anything does."""
    return next(texts_at(places, evidence), None)


def _text(value: object) -> str | None:
    return cleaned(value) or None if isinstance(value, str) else None


def _member(value: object, key: str) -> str | None:
    """A text in an object, which may come as JSON within a text."""
    if isinstance(value, str):
        if not value.startswith("{") or len(value) > _LONGEST_JSON:
            return None
        try:
            value = _json.decode(value.encode("utf-8", "surrogatepass"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
    return _text(value.get(key)) if isinstance(value, dict) else None
