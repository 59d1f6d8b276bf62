"""Messages as the pages show them: words rendered, long ones folded, harmless pictures shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from markupsafe import Markup

from sessiontap.conversation.parts import (
    CallMessages,
    Media,
    Message,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from sessiontap.views.numbers import size
from sessiontap.web.markdown import markdown
from sessiontap.web.shown import visible

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What is shown as a picture: no format that can hold a script."""

LARGEST_PICTURE = 8 * 1024 * 1024
"""Characters of base64."""

_LONG = 3000
_LONG_LINES = 40
_SUMMARY = 140
_LONGEST_TEXT = 400_000
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")
_DEEPEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPart:
    """One part; `kind` says how the template writes it."""

    kind: str
    html: Markup = field(default_factory=Markup)
    text: str = ""
    name: str = ""
    summary: str = ""
    source: str = ""
    bad: bool = False
    parts: tuple[ShownPart, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One message."""

    role: str
    name: str
    parts: tuple[ShownPart, ...]


@dataclass(frozen=True, slots=True)
class ShownMessages:
    """What was said in one call, or what was new in it."""

    request: tuple[ShownMessage, ...]
    replies: tuple[tuple[ShownMessage, ...], ...]
    missing: tuple[str, ...]


def shown_messages(found: CallMessages, request: Iterable[Message] | None = None) -> ShownMessages:
    """All of a call's messages; with `request`, only these of what was sent."""
    return ShownMessages(
        tuple(map(shown_message, found.request if request is None else request)),
        tuple(tuple(map(shown_message, reply)) for reply in found.replies),
        found.missing,
    )


def shown_message(message: Message) -> ShownMessage:
    """One message."""
    parts = tuple(_part(part, 0) for part in message.parts)
    return ShownMessage(message.role, visible(message.name or "", 80), parts)


def _part(part: Part, depth: int) -> ShownPart:
    match part:
        case Text():
            return _words(part.text)
        case Thinking():
            if not part.text:
                return ShownPart(kind="thinking", summary="which the provider keeps to itself")
            return ShownPart(kind="thinking", html=markdown(part.text), summary=_short(part.text))
        case ToolCall():
            text = as_text(part.arguments)
            return ShownPart(
                kind="tool-call",
                name=_name(part.name),
                summary=_short(text),
                text=_cut(pretty(part.arguments)),
            )
        case ToolResult():
            inner = tuple(_part(each, depth + 1) for each in part.parts) if depth < _DEEPEST else ()
            words = next((each.text for each in part.parts if isinstance(each, Text)), "")
            return ShownPart(
                kind="tool-result",
                name=_name(part.name or part.call_id),
                summary=_short(words),
                bad=part.is_error,
                parts=inner,
            )
        case Media():
            return _media(part)
        case _:
            return ShownPart(kind="other", name=_name(part.kind), text=_cut(pretty(part.content)))


def _words(text: str) -> ShownPart:
    lines = text.count("\n") + 1
    if len(text) > _LONG or lines > _LONG_LINES:
        summary = f"{_short(text)} ({len(text):,} characters, {lines:,} lines)"
        return ShownPart(kind="long", html=markdown(text), text=text, summary=summary)
    return ShownPart(kind="text", html=markdown(text), text=text)


def _media(part: Media) -> ShownPart:
    mime = (part.mime_type or "").lower()
    about = [visible(part.mime_type or part.kind, 80)]
    if part.data is not None:
        about.append(size(len(part.data) * 3 // 4))
    if part.url is not None:
        about.append(f"at {visible(part.url, 300)}, not fetched")
    data = part.data or ""
    if mime in PICTURES and len(data) <= LARGEST_PICTURE and _BASE64.fullmatch(data):
        source = f"data:{mime};base64,{''.join(data.split())}"
        label = visible(part.name or "picture in the message", 120)
        return ShownPart(kind="image", source=source, name=label, summary=", ".join(about))
    return ShownPart(kind="media", name=_name(part.name or part.kind), summary=", ".join(about))


def pretty(value: object) -> str:
    """A JSON value for reading; a text that is JSON is read first."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return visible(str(value))
        if isinstance(value, str):
            return visible(value)
    try:
        return visible(json.dumps(value, indent=2, ensure_ascii=False))
    except (ValueError, RecursionError, TypeError):
        return visible(repr(value))


def as_text(value: object) -> str:
    """The same on one line."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError, TypeError):
        return repr(value)


def _name(name: str | None) -> str:
    return visible(name or "", 120)


def _short(text: str) -> str:
    """The beginning on one line."""
    return visible(" ".join(text[: 4 * _SUMMARY].split()), _SUMMARY)


def _cut(text: str) -> str:
    if len(text) <= _LONGEST_TEXT:
        return text
    return f"{text[:_LONGEST_TEXT]}\n… {len(text) - _LONGEST_TEXT:,} more characters"
