"""Changes: what a person wants otherwise than it was recorded, and how that is written on a command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from urllib.parse import urlsplit

import msgspec

from sessiontap.call import Call

_PORTS = MappingProxyType({"http": 80, "https": 443})
# RFC 9110, section 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_PROVIDER = re.compile(r"([a-z][a-z0-9_.]*)=(.*)", re.DOTALL)
# What belongs to the connection, to the body as it is sent, or to the new session.
_OURS = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "host",
        "proxy-authorization",
        "transfer-encoding",
        "helicone-request-id",
        "helicone-session-id",
        "helicone-session-name",
        "helicone-session-path",
        "sessiontap-budget-usd",
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call goes: scheme, host and port of a URL, and the path that stands before its own."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def url(self) -> str:
        """`https://api.openai.com`, with its port where it is another than the scheme's."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the body, by the keys that lead to it."""

    keys: tuple[str, ...]
    value: bytes | None
    """A JSON text; None takes the member away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be otherwise. Where nothing is said of it, a call is sent as it was recorded."""

    models: Mapping[str, str] = field(default_factory=dict)
    """The new model for a name or a pattern of the recorded one; the first that fits counts."""
    members: tuple[Member, ...] = ()
    """What is set in bodies, in this order."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where the calls of a provider go; of the empty name, all others."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """More headers for each call, by name; they win over what was recorded, and over credentials."""

    def model_for(self, *names: str | None) -> tuple[str, str] | None:
        """What of `models` fits a call whose model has these names, and the new one; None where none does."""
        for old, new in self.models.items():
            if any(name == old or fnmatchcase(name, old) for name in names if name):
                return old, new
        return None

    def place_for(self, call: Call) -> Place | None:
        """Where the call goes, where that is another place than it was."""
        return self.places.get(call.provider, self.places.get(""))

    def states(self, header: str) -> bool:
        """Whether a header of that name is given."""
        return header.lower() in {name.lower() for name in self.headers}


def read_model(text: str) -> tuple[str, str]:
    """Old and new name of `OLD=NEW`. Raises ValueError, saying what is allowed."""
    old, _, new = (part.strip() for part in text.partition("="))
    if not old or not new:
        message = f"{text!r} names no two models; write OLD=NEW, as in gpt-5=gpt-5-mini"
        raise ValueError(message)
    return old, new


def read_member(text: str, *, with_value: bool = True) -> Member:
    """The member of `KEY=VALUE`, or of `KEY` alone, which is to go. Raises ValueError."""
    name, equals, value = text.partition("=") if with_value else (text, "", "")
    keys = tuple(part.strip() for part in name.split("."))
    if not all(keys) or (with_value and not equals):
        wanted = "KEY=VALUE, as in temperature=0" if with_value else "a KEY, as in temperature"
        message = f"{text!r} names no member of a body; write {wanted}, or dotted keys: reasoning.effort"
        raise ValueError(message)
    return Member(keys, _json(value) if with_value else None)


def read_place(text: str) -> tuple[str, Place]:
    """The provider, or an empty name, and the place of `[PROVIDER=]URL`. Raises ValueError."""
    stated = _PROVIDER.fullmatch(text)
    provider, address = (stated[1], stated[2]) if stated else ("", text)
    message = (
        f"{text!r} is no base URL; write it as http://localhost:11434/v1, or openai=https://llm.corp.example"
    )
    try:
        url = urlsplit(address.strip())
        host, port = url.hostname or "", url.port
    except ValueError:
        raise ValueError(message) from None
    if url.scheme not in _PORTS or not _HOST.fullmatch(host) or url.query or url.fragment or url.username:
        raise ValueError(message)
    return provider, Place(url.scheme, host, port or _PORTS[url.scheme], url.path.rstrip("/"))


def read_header(text: str) -> tuple[str, str]:
    """Name and value of `NAME: VALUE`. Raises ValueError, which does not quote the value."""
    name, colon, value = (part.strip() for part in text.partition(":"))
    if not colon or not _TOKEN.fullmatch(name):
        message = "it is no header; write it as 'NAME: VALUE'"
        raise ValueError(message)
    if name.lower() in _OURS:
        message = f"the header {name} is set for each call; leave it out"
        raise ValueError(message)
    if not value.isprintable():
        message = f"the value of {name} has characters that no header may have"
        raise ValueError(message)
    return name, value


def _json(value: str) -> bytes:
    """The JSON value that a text is, else the text as one."""
    content = value.strip().encode("utf-8", "replace")
    try:
        msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return msgspec.json.encode(content.decode())
    return content
