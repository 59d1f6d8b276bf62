"""Requests: the messages of requests' bodies. Messages that were read before are known by their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from sessiontap.apis import APIS
from sessiontap.bodies import Body
from sessiontap.conversation.comparing import key_of
from sessiontap.conversation.mending import decode_shallow
from sessiontap.conversation.messages import messages_of
from sessiontap.conversation.outline import Outline, Raw, outline
from sessiontap.conversation.parts import Media, Message, Part, Role, Text, ToolOffered, Unknown
from sessiontap.conversation.sockets import socket_messages
from sessiontap.conversation.tools import offered
from sessiontap.errors import WireError
from sessiontap.recent import Recent
from sessiontap.wire.form import form_fields, is_form

_DIGEST = 16
_GROUP = 64
_FORM_TEXTS = ("prompt", "input", "text")
_MOST_KNOWN = 20_000


@dataclass(frozen=True, slots=True)
class Read:
    """A message, and the key by which it is compared."""

    message: Message
    key: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says."""

    messages: tuple[Read, ...] = ()
    tools: tuple[ToolOffered, ...] = ()
    tools_key: bytes = b""
    continues: bool = False
    """It goes on from what the provider has kept."""
    unreadable: bool = False
    """The body is no JSON: it is there as it is."""


class Requests:
    """Reads requests; remembers some 20,000 messages, and lists of tools, by digests of their bytes."""

    def __init__(self, most: int = _MOST_KNOWN) -> None:
        self._groups: Recent[bytes, tuple[Read, ...]] = Recent(most // _GROUP)
        self._messages: Recent[bytes, tuple[Read, ...]] = Recent(most)
        self._tools: Recent[bytes, tuple[ToolOffered, ...]] = Recent(64)

    def read(self, api: str, body: Body) -> Asked:
        """The messages of a request's body, whose content is there."""
        content = body.content or b""
        if is_form(body.content_type or ""):
            return Asked(_compared("user", _form_parts(content, body.content_type or "")))
        messages: list[Read] = []
        tools: list[Raw] = []
        continues = False
        try:
            for text in _texts(api, body):
                found = outline(api, text)
                messages += self._read(found)
                tools += found.tools
                continues = continues or found.continues
        except WireError:
            said = content.decode("utf-8", "replace")
            return Asked(_compared("user", (Unknown("request", said),)) if said else (), unreadable=True)
        key = _digest(b"\n".join(bytes(raw) for raw in tools)) if tools else b""
        known = self._tools.get(key) if key else ()
        if known is None:
            known = tuple(tool for raw in tools for tool in offered(_value(raw)))
            self._tools.put(key, known)
        return Asked(tuple(messages), known, key, continues)

    def _read(self, found: Outline) -> list[Read]:
        messages: list[Read] = []
        for at in range(0, len(found.messages), _GROUP):
            messages += self._group(found.messages[at : at + _GROUP])
        if not messages and not found.continues:
            rest = {name: _value(raw) for name, raw in found.rest.items() if name not in _SETTINGS}
            if rest:
                messages += _compared("user", (Unknown("request", rest),))
        return messages

    def _group(self, group: Sequence[tuple[Role, Raw]]) -> Sequence[Read]:
        if len(group) < _GROUP:
            return [read for role, raw in group for read in self._message(role, raw)]
        digest = _digest(b"\n".join([raw for _, raw in group]), "".join(role[0] for role, _ in group))
        known = self._groups.get(digest)
        if known is None:
            known = tuple(read for role, raw in group for read in self._message(role, raw))
            self._groups.put(digest, known)
        return known

    def _message(self, role: Role, raw: Raw) -> tuple[Read, ...]:
        digest = _digest(raw, role)
        known = self._messages.get(digest)
        if known is None:
            known = tuple(Read(message, key_of(message)) for message in messages_of(_value(raw), role))
            self._messages.put(digest, known)
        return known


_SETTINGS = frozenset({"model", "stream", "type", "event_id", "max_tokens", "temperature", "tools", "setup"})


def _compared(role: Role, parts: tuple[Part, ...]) -> tuple[Read, ...]:
    message = Message(role, parts)
    return (Read(message, key_of(message)),) if parts else ()


def _digest(raw: Raw, role: str = "") -> bytes:
    return blake2b(raw, digest_size=_DIGEST, key=role.encode("ascii")).digest()


def _value(raw: Raw) -> object:
    try:
        return decode_shallow(bytes(raw))
    except WireError:
        return bytes(raw).decode("utf-8", "replace")


def _texts(api: str, body: Body) -> list[bytes]:
    """The JSON texts that a body holds: one, or each message of a socket."""
    if body.content_type is None and api in APIS and APIS[api].socket is not None:
        return socket_messages(body)
    return [body.content] if body.content else []


def _form_parts(content: bytes, content_type: str) -> tuple[Part, ...]:
    fields = form_fields(content, content_type)
    parts: list[Part] = [
        Text(text) for name in _FORM_TEXTS if isinstance(text := fields.pop(name, None), str) and text
    ]
    fields.pop("model", None)
    name = _file_name(content)
    if name is not None:
        parts.append(Media("file", None, name=name))
    if fields:
        parts.append(Unknown("form", fields))
    return tuple(parts)


def _file_name(content: bytes) -> str | None:
    at = content.find(b'filename="')
    if at < 0:
        return None
    start = at + len(b'filename="')
    return content[start : content.find(b'"', start, start + 300)].decode("utf-8", "replace")
