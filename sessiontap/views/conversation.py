"""What was said in calls: for each a head, and the messages that are new in it.

Speakers stand on lines of their own, what they say is indented; calls of tools, results and thinking each
have a mark, so that they are told apart without colours too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.text import Text as Line

from sessiontap.call import Call
from sessiontap.conversation import (
    CallMessages,
    Message,
    ToolCall,
    ToolOffered,
    ToolResult,
    Turn,
    Unknown,
)
from sessiontap.conversation.values import json_text
from sessiontap.views.columns import facts
from sessiontap.views.message_parts import Fold, Signs, part_lines
from sessiontap.views.numbers import counted, duration, moment, money, tokens
from sessiontap.views.safe_text import safe
from sessiontap.views.wrapping import wrap

_ROLES = {"system": "magenta", "user": "bold cyan", "assistant": "bold green", "tool": "yellow"}
_SHORT_ID = 8
# Rows of a text that are shown where not all is asked for.
_MOST_ROWS = 12
_MOST_OF_TOOL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How messages are shown."""

    width: int
    ascii_only: bool = False
    full: bool = False
    """Long texts are not cut."""

    @property
    def signs(self) -> Signs:
        """The marks that the output's encoding has."""
        return Signs.of(ascii_only=self.ascii_only)

    @property
    def fold(self) -> Fold:
        """How much is shown of each text."""
        return Fold(None) if self.full else Fold(_MOST_ROWS)


def turn_lines(turn: Turn, number: int, look: Look) -> Iterator[Line]:
    """The lines for one call, with what is new in it; `number` is its place in the session, from 1."""
    yield from call_head(turn.call, number, look)
    if turn.new_tools:
        yield from _tools(turn.messages.tools, look)
    if turn.folded:
        said = counted(turn.folded, "earlier message")
        yield Line(f"  {look.signs.more} {said}", "dim")
    yield from messages_lines(turn.messages if look.full else _without_error(turn), look, turn.new)
    yield from _trouble(turn.call, look)


def _without_error(turn: Turn) -> CallMessages:
    """What was said without an error that the call's record tells in one line."""
    found = turn.messages
    if turn.call.status != "error" or not turn.call.error_message:
        return found
    replies = tuple(tuple(message for message in reply if not _is_error(message)) for reply in found.replies)
    return replace(found, replies=tuple(reply for reply in replies if reply))


def _is_error(message: Message) -> bool:
    return all(isinstance(part, Unknown) and part.kind == "error" for part in message.parts)


def call_head(call: Call, number: int, look: Look) -> Iterator[Line]:
    """Which call it is: its path, then its model, time, tokens and cost."""
    rule = look.signs.rule
    title = f"{rule * 2} {number}  {safe(call.session_path, 200)} "
    line = Line(title, "bold", no_wrap=True)
    line.truncate(look.width, overflow="ellipsis")
    yield line.append(rule * (look.width - line.cell_len))
    usage = call.usage
    cached = usage.cache_read_input_tokens
    known = [
        safe(call.model or call.operation, 200),
        f"{moment(call.started_at, '%H:%M:%S')} UTC",
        duration(call.duration_ms) if call.duration_ms is not None else call.status,
        f"{tokens(usage.input_tokens)} in" + (f" ({tokens(cached)} cached)" if cached else ""),
        f"{tokens(usage.output_tokens)} out",
        "unpriced" if call.unpriced else money(call.cost_usd),
        f"call {safe(call.call_id[:_SHORT_ID], _SHORT_ID)}",
    ]
    for line in facts([Line(each, "dim") for each in known], look.width - 2, look.signs.between):
        yield Line("  ").append_text(line)


def messages_lines(
    found: CallMessages, look: Look, request: Sequence[Message] | None = None
) -> Iterator[Line]:
    """What was said, and why not all is there; with `request`, only these of what was sent."""
    sent = found.request if request is None else request
    names = _names(found.request, sent)
    for message in sent:
        yield from _message(message, message.role, look, names)
    for number, reply in enumerate(found.replies, 1):
        several = f" ({number} of {len(found.replies)})" if len(found.replies) > 1 else ""
        for message in reply:
            yield from _message(message, message.role + several, look, names)
    for why in found.missing:
        yield from _note(f"{look.signs.note} {why}", look, "dim italic")


def said_lines(found: CallMessages, look: Look) -> Iterator[Line]:
    """All that was said in one call, with the tools that were offered."""
    rule = look.signs.rule
    for title, lines in (
        ("Tools offered", _described(found.tools, look)),
        ("Request", messages_lines(CallMessages(request=found.request), look)),
        ("Reply", messages_lines(CallMessages(replies=found.replies, missing=found.missing), look)),
    ):
        rows = list(lines)
        if rows:
            yield Line()
            yield Line(f"{rule * 2} {title} ".ljust(look.width, rule), "bold")
            yield from rows


def _described(tools: Sequence[ToolOffered], look: Look) -> Iterator[Line]:
    """Each tool with what it is for and, where all is asked for, its parameters."""
    if not look.full and len(tools) > _MOST_ROWS:
        yield from _tools(tools, look)
        return
    for tool in tools:
        yield Line(f"  {safe(tool.name, 200)}", "bold")
        body = tool.description or ""
        if look.full and tool.parameters is not None:
            body = "\n".join(each for each in (body, json_text(tool.parameters)) if each)
        most = look.fold if look.full else Fold(_MOST_OF_TOOL)
        yield from most.rows(body, look.width, 4, look.signs)


def _names(all_sent: Sequence[Message], shown: Sequence[Message]) -> Mapping[str, str]:
    """The tools whose results are shown, by the ids of the calls: most dialects name them there only."""
    wanted = {
        part.call_id
        for message in shown
        for part in message.parts
        if isinstance(part, ToolResult) and part.call_id and not part.name
    }
    found: dict[str, str] = {}
    for message in reversed(all_sent):
        if len(found) == len(wanted):
            break
        for part in message.parts:
            if isinstance(part, ToolCall) and part.name and part.call_id in wanted:
                found[part.call_id] = part.name
    return found


def _message(message: Message, label: str, look: Look, names: Mapping[str, str]) -> Iterator[Line]:
    name = f" {safe(message.name, 100)}" if message.name else ""
    yield Line(label + name, _ROLES[message.role])
    for part in message.parts:
        of = names.get(part.call_id or "") if isinstance(part, ToolResult) else None
        yield from part_lines(part, look.width, look.fold, look.signs, of=of)


def _tools(tools: Sequence[ToolOffered], look: Look) -> Iterator[Line]:
    names = ", ".join(safe(tool.name, 60) for tool in tools[:_MOST_ROWS])
    more = len(tools) - _MOST_ROWS
    rest = f", {look.signs.more} {more} more" if more > 0 else ""
    yield from _note(f"{counted(len(tools), 'tool')} offered: {names}{rest}", look, "dim")


def _trouble(call: Call, look: Look) -> Iterator[Line]:
    if call.status in {"ok", "running"}:
        return
    known = (str(call.http_status or ""), safe(call.error_type or "", 100))
    kind = " ".join(each for each in known if each)
    text = ": ".join(each for each in (kind, safe(call.error_message or "", 2000)) if each)
    style = "red" if call.status == "error" else "yellow"
    yield from _note(f"{look.signs.bad} {call.status} {text}".rstrip(), look, style)


def _note(text: str, look: Look, style: str) -> Iterator[Line]:
    for row in wrap(safe(text, len(text) + 1), look.width - 2):
        yield Line("  " + row, style)
