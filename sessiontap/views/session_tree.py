"""One session as a tree: what it came to, its folders rolled up, its calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text

from sessiontap.call import Call
from sessiontap.sessions.rollup import SessionSummary
from sessiontap.sessions.tree import Child, PathNode
from sessiontap.views.columns import Cell, Column, cut, facts, fit
from sessiontap.views.numbers import UNKNOWN, cost, counted, duration, moment, money, tokens
from sessiontap.views.safe_text import safe
from sessiontap.views.session_list import title

_COLUMNS = (
    Column("Path", "left", most=100, least=38),
    Column("Time"),
    Column("TTFT", gives_way=2),
    Column("Input"),
    Column("Cached", gives_way=1),
    Column("Output"),
    Column("Cost"),
)
_MODEL_COLUMNS = (
    Column("Model", "left", most=60, least=20),
    Column("Calls"),
    Column("Input"),
    Column("Cached", gives_way=1),
    Column("Output"),
    Column("Cost"),
)


_LEAST_NAME = 10


@dataclass(frozen=True, slots=True)
class _Guides:
    """The pieces that draw a tree, each three cells wide."""

    fork: str
    end: str
    line: str
    blank: str = "   "


_DRAWN = _Guides("├─ ", "└─ ", "│  ")
_ASCII = _Guides("|- ", "`- ", "|  ")


@dataclass(frozen=True, slots=True)
class _Row:
    name: Text
    marks: Text
    """Cut only after the name has been."""
    indent: int
    figures: list[Cell]
    below: Text | None = None

    @property
    def cells(self) -> list[Cell]:
        return [self.name + self.marks, *self.figures]


def session_tree(
    summary: SessionSummary, root: PathNode, width: int, *, ascii_only: bool = False
) -> Iterator[Text]:
    """The lines for one session: head, tree, and the models where there are several.

    `~` after a model marks a streamed reply. Where there is no room for every column, the time to
    the first token and the cached input go first, and a folder's unpriced calls stand beside its name.
    """
    yield from _head(summary, width)
    yield Text()
    guides = _ASCII if ascii_only else _DRAWN
    levels = max(4, width // 10)
    rows = list(_rows(root, guides, levels, wide=True))
    layout = fit(_COLUMNS, [row.cells for row in rows], width)
    if not layout.fits:
        rows = list(_rows(root, guides, levels, wide=False))
        layout = fit(_COLUMNS, [row.cells for row in rows], width)
    yield layout.heading()
    for row in rows:
        name = cut(row.name, row.marks, layout.widths[0] or 1, row.indent + _LEAST_NAME)
        yield layout.line([name, *row.figures])
        if row.below is not None:
            row.below.truncate(width, overflow="ellipsis")
            yield row.below
    if len(summary.models) > 1:
        yield Text()
        yield from _models(summary, width)


def _head(summary: SessionSummary, width: int) -> Iterator[Text]:
    usage = summary.usage
    yield Text(title(summary), "bold")
    who = [summary.session_id] if summary.name and summary.session_id else []
    who += [*summary.agents[:5], *(f"user {user}" for user in summary.user_ids[:5])]
    if who:
        yield from facts([Text(safe(text), "dim") for text in who], width)
    yield from facts(
        [
            Text(f"{moment(summary.started_at)} UTC"),
            Text(f"{duration(summary.duration_ms)} wall time"),
            Text(f"{duration(summary.latency_ms)} in calls"),
        ],
        width,
    )
    cached = usage.cache_read_input_tokens
    counts = [
        Text(counted(summary.calls, "call")),
        Text(counted(summary.errors, "error") if summary.errors else "", "red"),
        Text(f"{summary.running:,} running" if summary.running else ""),
        Text(f"{tokens(usage.input_tokens)} in" + (f" ({tokens(cached)} cached)" if cached else "")),
        Text(f"{tokens(usage.output_tokens)} out"),
        Text(f"{summary.estimated_calls:,} estimated" if summary.estimated_calls else "", "yellow"),
    ]
    yield from facts([text for text in counts if text], width)
    costs = [Text(cost(summary.cost_usd, summary.unpriced_calls), "bold")]
    if summary.notional_cost_usd:
        costs.append(Text(f"{money(summary.notional_cost_usd)} of it notional: a subscription pays"))
    yield from facts(costs, width)


def _rows(root: PathNode, guides: _Guides, levels: int, *, wide: bool) -> Iterator[_Row]:
    """Each folder and call, indented by depth.

    Beyond `levels` the indentation stands still and a folder is drawn as `…/name`, only where it
    holds more than one other folder: a path of ten thousand segments must not push all else out.
    """
    stack: list[tuple[Child, int, str, bool]] = []

    def push(children: tuple[Child, ...], depth: int, indent: str) -> None:
        last = len(children) - 1
        stack.extend((children[index], depth, indent, index == last) for index in range(last, -1, -1))

    push(root.children, 0, "")
    while stack:
        child, depth, indent, is_last = stack.pop()
        # The first level stands at the margin: the root is the session, shown above.
        guide = "" if depth == 0 else guides.end if is_last else guides.fork
        below = indent + ("" if depth == 0 else guides.blank if is_last else guides.line)
        if isinstance(child, Call):
            yield _call(child, indent + guide, below)
            continue
        deep = depth >= levels
        if not (deep and len(child.children) == 1 and isinstance(child.children[0], PathNode)):
            yield _folder(child, indent + guide, "…/" if deep else "", wide=wide)
        push(child.children, depth + 1, indent if deep else below)


def _folder(node: PathNode, indent: str, prefix: str, *, wide: bool) -> _Row:
    totals = node.totals
    unpriced = totals.unpriced_calls
    marks = Text(f"  {counted(totals.calls, 'call')}", "dim")
    if unpriced and not wide:
        marks.append(", ").append(f"{unpriced:,} unpriced", "not dim yellow")
    if totals.errors:
        marks.append(", ").append(counted(totals.errors, "error"), "not dim red")
    if totals.running:
        marks.append(f", {totals.running:,} running")
    return _Row(
        Text(indent, "dim").append(prefix + safe(node.name, 200), "not dim bold"),
        marks,
        len(indent),
        [
            duration(totals.duration_ms),
            "",
            tokens(totals.usage.input_tokens),
            tokens(totals.usage.cache_read_input_tokens),
            tokens(totals.usage.output_tokens),
            cost(totals.cost_usd, unpriced) if wide else money(totals.cost_usd),
        ],
    )


def _call(call: Call, indent: str, below: str) -> _Row:
    marks = Text(" ~" if call.stream else "")
    if call.status != "ok":
        marks.append(" ").append(call.status, _colour(call))
    if call.attempt:
        marks.append(f" retry {call.attempt:,}")
    if call.usage_source in {"partial", "estimated"}:
        marks.append(f" {call.usage_source}", "yellow")
    usage = call.usage
    return _Row(
        Text(indent, "dim").append(safe(call.model or call.operation, 200), "not dim"),
        marks,
        len(indent),
        [
            duration(call.duration_ms),
            duration(call.ttft_ms),
            tokens(usage.input_tokens),
            tokens(usage.cache_read_input_tokens),
            tokens(usage.output_tokens),
            Text("unpriced", "yellow") if call.unpriced else money(call.cost_usd),
        ],
        _error(call, below),
    )


def _error(call: Call, below: str) -> Text | None:
    """`429 rate_limit_error: the provider's message`, under the call that failed."""
    if call.status in {"ok", "running"}:
        return None
    kind = " ".join(part for part in (str(call.http_status or ""), safe(call.error_type or "", 100)) if part)
    text = ": ".join(part for part in (kind, safe(call.error_message or "")) if part)
    if not text:
        return None
    return Text(below + "   ", "dim", no_wrap=True).append(text, f"not dim {_colour(call)}")


def _colour(call: Call) -> str:
    return "red" if call.status == "error" else "yellow"


def _models(summary: SessionSummary, width: int) -> Iterator[Text]:
    rows: list[list[Cell]] = [
        [
            safe(row.model) if row.model else UNKNOWN,
            f"{row.calls:,}",
            tokens(row.usage.input_tokens),
            tokens(row.usage.cache_read_input_tokens),
            tokens(row.usage.output_tokens),
            Text(cost(row.cost_usd, row.unpriced_calls), "yellow" if row.unpriced_calls else ""),
        ]
        for row in summary.models
    ]
    layout = fit(_MODEL_COLUMNS, rows, width)
    yield layout.heading()
    yield from map(layout.line, rows)
