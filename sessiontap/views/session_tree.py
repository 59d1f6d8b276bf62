"""One session as a tree: what it came to, its folders rolled up, its calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rich.text import Text

from sessiontap.call import Call
from sessiontap.sessions.rollup import SessionSummary
from sessiontap.sessions.tally import Totals
from sessiontap.sessions.tree import Child, PathNode
from sessiontap.views.bars import bar
from sessiontap.views.columns import Cell, Column, cut, fit
from sessiontap.views.numbers import cost, counted, duration, money, tokens
from sessiontap.views.safe_text import safe
from sessiontap.views.session_head import model_table, session_head

_COLUMNS = (
    Column("Path", "left", most=100, least=30),
    Column("Time"),
    Column("TTFT", gives_way=4),
    Column("Input"),
    Column("Cached", gives_way=2),
    Column("Written", gives_way=5),
    Column("Output"),
    Column("Reasoning", gives_way=6),
    Column("Cost"),
    Column("Share", "left", gives_way=1),
    Column("Finish", "left", most=20, gives_way=3),
)
_SHARE = 8
# How a reply mostly ends; what else it may say is worth a look.
_ORDINARY = frozenset(
    {"stop", "end_turn", "completed", "tool_calls", "tool_use", "function_call", "complete", "finish_stop"}
)
_MOST_TOOLS = 4
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


class _Shares:
    """Draws what part of the whole session something is."""

    def __init__(self, whole: Totals, *, ascii_only: bool) -> None:
        self._cost, self._latency_ms = whole.cost_usd, whole.latency_ms
        self._ascii_only = ascii_only

    def bar(self, cost_usd: Decimal | None, latency_ms: int | None) -> Cell:
        """A bar; nothing where the part is not known."""
        if self._cost:
            part = float(cost_usd / self._cost) if cost_usd else 0.0
        else:
            part = (latency_ms or 0) / self._latency_ms if self._latency_ms else 0.0
        return Text(bar(part, _SHARE, ascii_only=self._ascii_only), "blue")


@dataclass(frozen=True, slots=True)
class _Row:
    name: Text
    marks: Text
    """Cut only after the name has been."""
    indent: int
    figures: list[Cell]
    below: Text | None = None
    narrow: _Row | None = None
    """What stands in its place where there is no room for every column; None: the same."""

    @property
    def cells(self) -> list[Cell]:
        """What takes as much room as the row."""
        return [self.name.plain + self.marks.plain, *self.figures]


def session_tree(
    summary: SessionSummary, root: PathNode, width: int, *, ascii_only: bool = False
) -> Iterator[Text]:
    """The lines for one session: head, tree, and the models where there are several.

    `~` after a model marks a streamed reply, `>` the tools that it called. A share is of the session's cost,
    or, where none is known, of the time in calls. Where there is no room for every column, those that are
    asked for least go first, and a folder's unpriced calls stand beside its name.
    """
    yield from session_head(summary, width)
    yield Text()
    guides = _ASCII if ascii_only else _DRAWN
    levels = max(4, width // 10)
    rows = list(_rows(root, guides, levels, ascii_only=ascii_only))
    layout = fit(_COLUMNS, [row.cells for row in rows], width)
    if not layout.fits:
        rows = [row.narrow or row for row in rows]
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
        yield from model_table(summary, width)


def _rows(root: PathNode, guides: _Guides, levels: int, *, ascii_only: bool) -> Iterator[_Row]:
    """Each folder and call, indented by depth.

    Beyond `levels` the indentation stands still and a folder is drawn as `…/name`, only where it
    holds more than one other folder: a path of ten thousand segments must not push all else out.
    """
    stack: list[tuple[Child, int, str, bool]] = []
    shares = _Shares(root.totals, ascii_only=ascii_only)

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
            yield _call(child, indent + guide, below, shares)
            continue
        deep = depth >= levels
        if not (deep and len(child.children) == 1 and isinstance(child.children[0], PathNode)):
            yield _folder(child, indent + guide, "…/" if deep else "", shares)
        push(child.children, depth + 1, indent if deep else below)


def _folder(node: PathNode, indent: str, prefix: str, shares: _Shares, *, wide: bool = True) -> _Row:
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
            tokens(totals.usage.cache_creation_input_tokens),
            tokens(totals.usage.output_tokens),
            tokens(totals.usage.reasoning_output_tokens),
            cost(totals.cost_usd, unpriced) if wide else money(totals.cost_usd),
            shares.bar(totals.cost_usd, totals.latency_ms),
            "",
        ],
        narrow=_folder(node, indent, prefix, shares, wide=False) if wide and unpriced else None,
    )


def _call(call: Call, indent: str, below: str, shares: _Shares) -> _Row:
    marks = Text(" ~" if call.stream else "")
    if call.status != "ok":
        marks.append(" ").append(call.status, _colour(call))
    if call.attempt:
        marks.append(f" retry {call.attempt:,}")
    if call.usage_source in {"partial", "estimated"}:
        marks.append(f" {call.usage_source}", "yellow")
    if call.tools:
        marks.append(f" > {_tools(call)}", "cyan")
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
            tokens(usage.cache_creation_input_tokens),
            tokens(usage.output_tokens),
            tokens(usage.reasoning_output_tokens),
            Text("unpriced", "yellow") if call.unpriced else money(call.cost_usd),
            shares.bar(call.cost_usd, call.duration_ms),
            _finish(call),
        ],
        _error(call, below),
    )


def _finish(call: Call) -> Cell:
    """Why the reply ended."""
    reasons = list(dict.fromkeys(safe(reason, 40) for reason in call.finish_reasons))
    ordinary = all(reason.lower() in _ORDINARY for reason in reasons)
    return ", ".join(reasons) if ordinary else Text(", ".join(reasons), "yellow")


def _tools(call: Call) -> str:
    """The tools that the model called, each once: `search, read 2x`."""
    times = Counter(safe(name, 60) for name in call.tools)
    names = [name if count == 1 else f"{name} {count}x" for name, count in times.items()]
    more = f" and {len(names) - _MOST_TOOLS:,} more" if len(names) > _MOST_TOOLS else ""
    return ", ".join(names[:_MOST_TOOLS]) + more


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
