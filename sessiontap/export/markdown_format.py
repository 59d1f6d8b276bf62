"""Markdown of a session for a pull request: what it came to, its tree, its models, its errors.

Everything that came from outside is written as text: no name becomes a link, a mention, HTML or the end of a
table.
https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sessiontap.call import Call
from sessiontap.export.document import WholeSession
from sessiontap.sessions.tree import Child, PathNode
from sessiontap.views.numbers import cost, counted, duration, moment, tokens
from sessiontap.views.safe_text import safe

MOST_CALLS = 10
"""So many calls of a folder are listed; the others are counted."""

MOST_ROWS = 200
"""So many rows of the tree are written."""

_DEEPEST = 8
_MOST_ERRORS = 10
# What Markdown, or GitHub's, takes for more than a character; `www.` and `:` begin links without any mark.
_SIGNS = re.compile(r"([\\`*_\[\]<>|~&$#:!]|(?<=www)\.)", re.IGNORECASE)
# A mention and a reference are found in the text that is left: only a joiner that nobody sees parts them.
_MENTION = re.compile(r"(@|\\#)(?=\w)")


def markdown(sessions: Iterator[WholeSession]) -> Iterator[bytes]:
    """The sessions one after the other, each under a heading of its own."""
    for number, session in enumerate(sessions):
        if number:
            yield b"\n"
        yield "".join(f"{line}\n" for line in _lines(session)).encode("utf-8", "replace")


def escaped(text: str, limit: int = 120) -> str:
    """The text on one line, as Markdown that shows it as it is."""
    return _MENTION.sub("\\1\u2060", _SIGNS.sub(r"\\\1", safe(text, limit)))


def _lines(session: WholeSession) -> Iterator[str]:
    summary = session.summary
    yield f"### {escaped(session.title)}"
    yield ""
    usage = summary.usage
    cached = usage.cache_read_input_tokens
    figures = [
        ("Cost", cost(summary.cost_usd, summary.unpriced_calls)),
        ("Calls", f"{summary.calls:,}" + (f", {counted(summary.errors, 'error')}" if summary.errors else "")),
        ("Time", f"{duration(summary.duration_ms)}, {duration(summary.latency_ms)} in calls"),
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
        for each in summary.models:
            figure = (
                f"{each.calls:,} | {tokens(each.usage.input_tokens)} | {tokens(each.usage.output_tokens)}"
            )
            spent = cost(each.cost_usd, each.unpriced_calls)
            yield f"| {escaped(each.model or '-')} | {figure} | {spent} |"
    yield from _errors([call for call in session.calls if call.status not in {"ok", "running"}])


def _tree(root: PathNode) -> Iterator[str]:
    """A row a folder and call, indented by depth."""
    stack: list[tuple[Child, int]] = [(child, 0) for child in reversed(root.children)]
    listed: dict[int, int] = {}
    rows, left = 0, 0
    parents = {id(child): root for child in root.children}
    while stack:
        child, depth = stack.pop()
        if isinstance(child, PathNode):
            stack.extend((below, depth + 1) for below in reversed(child.children))
            parents |= {id(below): child for below in child.children}
        else:
            folder = parents[id(child)]
            listed[id(folder)] = listed.get(id(folder), 0) + 1
            if listed[id(folder)] > MOST_CALLS:
                if listed[id(folder)] == folder.own_calls:
                    yield f"| {_indent(depth)}… {folder.own_calls - MOST_CALLS:,} more calls | | | | |"
                continue
        rows += 1
        if rows > MOST_ROWS:
            left += 1
            continue
        yield _folder(child, depth) if isinstance(child, PathNode) else _call(child, depth)
    if left:
        yield f"| … {left:,} more rows | | | | |"


def _indent(depth: int) -> str:
    return "&nbsp;&nbsp;&nbsp;" * min(depth, _DEEPEST)


def _folder(node: PathNode, depth: int) -> str:
    totals = node.totals
    marks = counted(totals.calls, "call") + (f", {counted(totals.errors, 'error')}" if totals.errors else "")
    usage = totals.usage
    spent = cost(totals.cost_usd, totals.unpriced_calls)
    return (
        f"| {_indent(depth)}**{escaped(node.name)}** ({marks}) | {duration(totals.duration_ms)}"
        f" | {tokens(usage.input_tokens)} | {tokens(usage.output_tokens)} | {spent} |"
    )


def _call(call: Call, depth: int) -> str:
    mark = "" if call.status == "ok" else f" **{call.status}**"
    spent = "unpriced" if call.unpriced else cost(call.cost_usd, 0)
    return (
        f"| {_indent(depth)}{escaped(call.model or call.operation)}{mark} | {duration(call.duration_ms)}"
        f" | {tokens(call.usage.input_tokens)} | {tokens(call.usage.output_tokens)} | {spent} |"
    )


def _errors(calls: Sequence[Call]) -> Iterator[str]:
    if not calls:
        return
    yield ""
    for call in calls[:_MOST_ERRORS]:
        parts = [str(call.http_status or ""), call.error_type or "", call.error_message or ""]
        said = escaped(" ".join(filter(None, parts)) or call.status, 300)
        yield f"- {escaped(call.session_path)}: {said}"
    if len(calls) > _MOST_ERRORS:
        yield f"- … {len(calls) - _MOST_ERRORS:,} more"
