"""Markdown of a session for a pull request: what it came to, its tree, its models, its errors.

Everything that came from outside is written as text: no name becomes a link, a mention, HTML or the end of a
table.
https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from sessiontap.call import Call
from sessiontap.export.document import WholeSession
from sessiontap.sessions.rollup import SessionSummary
from sessiontap.sessions.tree import Child, PathNode
from sessiontap.views.numbers import UNKNOWN, cost, counted, duration, moment, tokens
from sessiontap.views.safe_text import safe

MOST_CALLS = 10
"""So many calls of a folder are listed; the others are counted."""

MOST_ROWS = 200
"""So many rows of the tree are written: a comment on GitHub has 65,536 characters."""

_DEEPEST = 8
_MOST_MODELS = 20
_MOST_ERRORS = 10
# What Markdown, or GitHub's, takes for more than a character; `www.` and `:` begin links without any mark.
_SIGNS = re.compile(r"([\\`*_\[\]<>|~&$#:!]|(?<=www)\.)", re.IGNORECASE)
# Mentions and references are found in the text that is left: only a joiner that nobody sees parts them.
# https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
_MENTION = re.compile(r"(@|\\#|\bGH-)(?=\w)", re.IGNORECASE)


def markdown(sessions: Iterator[WholeSession]) -> Iterator[bytes]:
    """The sessions one after the other, each under a heading of its own."""
    for number, session in enumerate(sessions):
        if number:
            yield b"\n"
        yield "".join(f"{line}\n" for line in _lines(session)).encode("utf-8", "replace")


def escaped(text: str, limit: int = 120) -> str:
    """The text on one line, as Markdown that shows it as it is; empty where nothing of it can be shown."""
    return _MENTION.sub("\\1\u2060", _SIGNS.sub(r"\\\1", safe(text, limit).strip()))


def _lines(session: WholeSession) -> Iterator[str]:
    summary = session.summary
    yield f"### {_named(session.title)}"
    yield ""
    usage = summary.usage
    cached = usage.cache_read_input_tokens
    figures = [
        ("Cost", cost(summary.cost_usd, summary.unpriced_calls)),
        ("Calls", f"{summary.calls:,}" + (f", {counted(summary.errors, 'error')}" if summary.errors else "")),
        ("Time", _time(summary)),
        ("Input", f"{tokens(usage.input_tokens)}" + (f", {tokens(cached)} from cache" if cached else "")),
        ("Output", tokens(usage.output_tokens)),
        ("Started", f"{moment(summary.started_at)} UTC"),
        ("Agent", ", ".join(escaped(agent) for agent in summary.agents[:5])),
        ("Session", escaped(summary.session_id or "", 300)),
    ]
    yield "| | |"
    yield "|---|---|"
    yield from (f"| {label} | {value} |" for label, value in figures if value)
    yield ""
    yield "| Path | Time | Input | Output | Cost |"
    yield "|---|--:|--:|--:|--:|"
    yield from _tree(session.tree)
    if len(summary.models) > 1:
        yield ""
        yield "| Model | Calls | Input | Output | Cost |"
        yield "|---|--:|--:|--:|--:|"
        for each in summary.models[:_MOST_MODELS]:
            figure = (
                f"{each.calls:,} | {tokens(each.usage.input_tokens)} | {tokens(each.usage.output_tokens)}"
            )
            spent = cost(each.cost_usd, each.unpriced_calls)
            yield f"| {_named(each.model)} | {figure} | {spent} |"
        if len(summary.models) > _MOST_MODELS:
            yield f"| … {counted(len(summary.models) - _MOST_MODELS, 'more model')} | | | | |"
    yield from _errors([call for call in session.calls if call.status not in {"ok", "running"}])


def _named(text: str | None) -> str:
    """A name, or a dash where there is nothing to show: an empty one would take its marks for text."""
    return escaped(text or "") or UNKNOWN


def _time(summary: SessionSummary) -> str:
    in_calls = "" if summary.latency_ms is None else f", {duration(summary.latency_ms)} in calls"
    return f"{duration(summary.duration_ms)}{in_calls}"


def _tree(root: PathNode) -> Iterator[str]:
    """The first rows of the tree, and a last one for the calls that have no row."""
    told = 0
    for row, calls in islice(_rows(root), MOST_ROWS):
        told += calls
        yield row
    if told < root.totals.calls:
        yield f"| … {counted(root.totals.calls - told, 'more call')} | | | | |"


def _rows(root: PathNode) -> Iterator[tuple[str, int]]:
    """A row a folder and call, indented by depth, and how many calls it is about without the rows below."""
    stack: list[tuple[Child | int, int]] = [(child, 0) for child in reversed(_shown(root))]
    while stack:
        child, depth = stack.pop()
        if isinstance(child, PathNode):
            stack.extend((below, depth + 1) for below in reversed(_shown(child)))
            yield _folder(child, depth), 0
        elif isinstance(child, int):
            yield f"| {_indent(depth)}… {counted(child, 'more call')} | | | | |", child
        else:
            yield _call(child, depth), 1


def _shown(node: PathNode) -> list[Child | int]:
    """What stands below a folder, and last how many of its own calls are left out."""
    shown: list[Child | int] = []
    calls = 0
    for child in node.children:
        calls += not isinstance(child, PathNode)
        if isinstance(child, PathNode) or calls <= MOST_CALLS:
            shown.append(child)
    return [*shown, calls - MOST_CALLS] if calls > MOST_CALLS else shown


def _indent(depth: int) -> str:
    return "&nbsp;&nbsp;&nbsp;" * min(depth, _DEEPEST)


def _folder(node: PathNode, depth: int) -> str:
    totals = node.totals
    marks = counted(totals.calls, "call") + (f", {counted(totals.errors, 'error')}" if totals.errors else "")
    usage = totals.usage
    spent = cost(totals.cost_usd, totals.unpriced_calls)
    return (
        f"| {_indent(depth)}**{_named(node.name)}** ({marks}) | {duration(totals.duration_ms)}"
        f" | {tokens(usage.input_tokens)} | {tokens(usage.output_tokens)} | {spent} |"
    )


def _call(call: Call, depth: int) -> str:
    mark = "" if call.status == "ok" else f" **{call.status}**"
    spent = "unpriced" if call.unpriced else cost(call.cost_usd, 0)
    return (
        f"| {_indent(depth)}{_named(call.model or call.operation)}{mark} | {duration(call.duration_ms)}"
        f" | {tokens(call.usage.input_tokens)} | {tokens(call.usage.output_tokens)} | {spent} |"
    )


def _errors(calls: Sequence[Call]) -> Iterator[str]:
    if not calls:
        return
    yield ""
    for call in calls[:_MOST_ERRORS]:
        parts = [str(call.http_status or ""), call.error_type or "", call.error_message or ""]
        said = escaped(" ".join(filter(None, parts)) or call.status, 300)
        yield f"- {_named(call.session_path)}: {said}"
    if len(calls) > _MOST_ERRORS:
        yield f"- … {len(calls) - _MOST_ERRORS:,} more"
