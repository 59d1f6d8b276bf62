"""What messages are made of, whichever provider's dialect they were written in.

Everything in here came from a client or a model and is hostile: whoever shows it makes it harmless first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
"""`system` is also OpenAI's `developer`; `tool` brings results only, whoever the dialect has say them."""

MediaKind: TypeAlias = Literal["image", "audio", "video", "file"]


@dataclass(frozen=True, slots=True)
class Text:
    """Words, as they were said; of a model mostly Markdown. A refusal is text too."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """What the model thought, or a summary of it."""

    text: str
    """Empty where the provider keeps it to itself, or gives it encrypted."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool, its own client's or one of the provider's."""

    call_id: str | None
    name: str | None
    arguments: object
    """The JSON value; the text as it came where it is none (cut short, or free text)."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave."""

    call_id: str | None
    name: str | None
    parts: tuple[Part, ...]
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, sound, film or file."""

    kind: MediaKind
    mime_type: str | None
    data: str | None = None
    """Base64, where the message holds it."""
    url: str | None = None
    """Where the message only says where it is; nothing is ever fetched from there."""
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A part that no rule here knows: shown as it is, never hidden."""

    kind: str
    content: object
    """Its JSON value."""


Part: TypeAlias = Text | Thinking | ToolCall | ToolResult | Media | Unknown


@dataclass(frozen=True, slots=True)
class Message:
    """One message: who says it, and its parts in order."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None
    """The speaker's name, where the message gives one."""


@dataclass(frozen=True, slots=True)
class ToolOffered:
    """A tool that the request lets the model call."""

    name: str
    description: str | None = None
    parameters: object = None
    """Its JSON schema, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMessages:
    """What was said in one call."""

    request: tuple[Message, ...] = ()
    """Instructions first, then the conversation as the client sent it."""
    replies: tuple[tuple[Message, ...], ...] = ()
    """Each of the replies to choose from (mostly one); a reply is mostly one message."""
    tools: tuple[ToolOffered, ...] = ()
    missing: tuple[str, ...] = ()
    """For a person, why not all is there: left out on request, cut at the limit, credentials masked."""
