"""part_lines: the lines of one part of a message, long ones folded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text as Line

from sessiontap.conversation.parts import Media, Part, Text, Thinking, ToolCall, ToolResult, Unknown
from sessiontap.conversation.values import json_text
from sessiontap.views.numbers import counted, size
from sessiontap.views.safe_text import safe, safe_lines
from sessiontap.views.wrapping import wrap

_BASE64_LENGTH, _BASE64_BYTES = 4, 3
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Signs:
    """The marks in front of what is no plain text."""

    call: str
    result: str
    thinking: str
    more: str
    note: str
    bad: str
    rule: str
    between: str

    @classmethod
    def of(cls, *, ascii_only: bool) -> Signs:
        """Those that an output of ASCII only has, or the usual ones."""
        return _ASCII if ascii_only else _DRAWN


_DRAWN = Signs(call="→", result="←", thinking="✻", more="…", note="ⓘ", bad="✗", rule="─", between=" · ")
_ASCII = Signs(call="->", result="<-", thinking="*", more="...", note="(i)", bad="!", rule="-", between=", ")


@dataclass(frozen=True, slots=True)
class Fold:
    """How many rows of one text are shown; None is all of them."""

    most: int | None

    def rows(self, text: str, width: int, indent: int, signs: Signs, style: str = "") -> Iterator[Line]:
        """The text's rows, and how much of it is not shown."""
        text = text.strip("\r\n")
        if not text:
            return
        shown, room = 0, max(width - indent, 10)
        head = text if self.most is None else _head(text, self.most, room)
        lines = safe_lines(head)
        for number, line in enumerate(lines):
            for at, row in enumerate(wrap(line.rstrip(), room)):
                if shown == self.most:
                    # A line of which something is seen is none of those that are left.
                    left = len(lines) - number - (at > 0) + text.count("\n", len(head))
                    yield Line(" " * indent + _more(left, len(text), signs), "dim italic")
                    return
                shown += 1
                yield Line(" " * indent + row if row else "", style)
        if len(head) < len(text):
            left = text.count("\n", len(head))
            yield Line(" " * indent + _more(left, len(text), signs), "dim italic")


def _head(text: str, rows: int, room: int) -> str:
    """The beginning of a text, long enough for so many rows; cut at a line's end where one is near."""
    most = rows * room * 2
    if len(text) <= most:
        return text
    end = text.rfind("\n", 0, most)
    return text[: end if end > 0 else most]


def _more(lines: int, characters: int, signs: Signs) -> str:
    left = counted(lines, "more line") if lines else f"{characters:,} characters in all"
    return f"{signs.more} {left}, --full shows {'them' if lines != 1 else 'it'}"


def part_lines(
    part: Part,
    width: int,
    fold: Fold,
    signs: Signs,
    *,
    indent: int = 2,
    depth: int = 0,
    of: str | None = None,
) -> Iterator[Line]:
    """The lines of a part, none wider than `width`; `of` is the tool of a result that names none."""
    match part:
        case Text():
            yield from fold.rows(part.text, width, indent, signs)
        case Thinking():
            if part.text.strip():
                yield _mark(indent, signs.thinking, "thinking", width)
                yield from fold.rows(part.text, width, indent + 2, signs, "dim italic")
            else:
                yield _mark(indent, signs.thinking, "thinking, not shown by the provider", width)
        case ToolCall():
            yield from _call(part, width, fold, signs, indent)
        case ToolResult():
            failed = " failed" if part.is_error else ""
            name = part.name or of
            said = f" of {safe(name, 100)}" if name else ""
            yield _mark(indent, signs.result, f"result{said}{failed}", width, "red" if failed else "")
            for inner in part.parts if depth < _DEEPEST else ():
                yield from part_lines(inner, width, fold, signs, indent=indent + 2, depth=depth + 1)
        case Media():
            yield _mark(indent, "", _media(part), width)
        case Unknown():
            yield _mark(indent, "", f"[{safe(part.kind, 60) or 'unknown'}]", width)
            said = part.content if isinstance(part.content, str) else pretty(part.content)
            yield from fold.rows(said, width, indent + 2, signs)


def pretty(value: object) -> str:
    """A JSON value over several lines."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def _call(part: ToolCall, width: int, fold: Fold, signs: Signs, indent: int) -> Iterator[Line]:
    """A call of a tool: short arguments behind the name, others below it."""
    name = safe(part.name or "?", 100)
    arguments = part.arguments
    if arguments in (None, {}, ""):
        yield _mark(indent, signs.call, name, width, "bold")
        return
    one_line = arguments if isinstance(arguments, str) else json_text(arguments)
    values = arguments.values() if isinstance(arguments, dict) else (arguments,)
    several = any(isinstance(value, str) and "\n" in value for value in values)
    if not several and indent + len(name) + len(one_line) + 4 <= width:
        line = _mark(indent, signs.call, name, width, "bold")
        yield line.append(" " + safe(one_line, width), "not bold")
        return
    yield _mark(indent, signs.call, name, width, "bold")
    if not isinstance(arguments, dict):
        yield from fold.rows(one_line, width, indent + 2, signs)
        return
    for key, value in arguments.items():
        label = safe(str(key), 60)
        said = value if isinstance(value, str) else json_text(value)
        if "\n" not in said and indent + len(label) + len(said) + 4 <= width:
            yield Line(" " * (indent + 2), no_wrap=True).append(f"{label}: ", "dim").append(safe(said, width))
        else:
            yield Line(" " * (indent + 2) + f"{label}:", "dim")
            yield from fold.rows(said, width, indent + 4, signs)


def _mark(indent: int, sign: str, words: str, width: int, style: str = "") -> Line:
    line = Line(" " * indent, no_wrap=True)
    if sign:
        line.append(f"{sign} ", "bold" if style != "red" else "bold red")
    line.append(words, style or "dim")
    line.truncate(width, overflow="ellipsis")
    return line


def _media(part: Media) -> str:
    known = [part.mime_type and safe(part.mime_type, 60), part.name and safe(part.name, 100)]
    if part.data is not None:
        known.append(size(len(part.data) * _BASE64_BYTES // _BASE64_LENGTH))
    if part.url:
        known.append(safe(part.url, 200))
    return " ".join([f"[{part.kind}", *(each for each in known if each)]) + "]"
