"""Two sessions side by side: what they came to, path by path, and the calls that ended otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from rich.text import Text

from sessiontap.call import Call
from sessiontap.sessions.compare import Comparison, Pair, difference, differs
from sessiontap.sessions.tally import Totals
from sessiontap.views.columns import Cell, Column, fit
from sessiontap.views.numbers import UNKNOWN, cost, counted, duration, money, tokens
from sessiontap.views.safe_text import safe

FOLDED_LINES = 12
"""So many lines of a reply's diff are shown, where not all are asked for."""

_FIGURES = (
    Column("", "left", most=18),
    Column("A", most=34),
    Column("B", most=34),
    Column("Difference", most=34),
)
_PATHS = (
    Column("Path", "left", most=70, least=18),
    Column("Calls A"),
    Column("Calls B"),
    Column("Time A", gives_way=2),
    Column("Time B", gives_way=2),
    Column("Cost A"),
    Column("Cost B"),
    Column("Difference", gives_way=1),
)

Replies = Mapping[int, Sequence[str]]
"""By the number of a pair, the lines of its replies' diff; none where they are alike."""


def comparison(
    found: Comparison,
    titles: tuple[str, str],
    width: int,
    *,
    replies: Replies | None = None,
    full: bool = False,
) -> Iterator[Text]:
    """The lines. Without `replies` nothing is said of what was replied."""
    for letter, title, models in zip("AB", titles, (found.models_before, found.models_after), strict=True):
        line = Text(f"{letter}  ", "bold", no_wrap=True).append(safe(title, 200), "bold")
        line.append(f"  {', '.join(safe(model, 60) for model in models[:6]) or UNKNOWN}", "not bold")
        line.truncate(width, overflow="ellipsis")
        yield line
    yield Text()
    yield from _figures(found.before, found.after, width)
    if len(found.paths) > 1:
        yield Text()
        yield from _paths(found, width)
    yield Text()
    yield from _pairs(found.pairs, width, replies, full=full)


def _figures(before: Totals, after: Totals, width: int) -> Iterator[Text]:
    rows: list[list[Cell]] = [
        _row("Calls", before.calls, after.calls, lambda each: f"{each:,}"),
        _row("Errors", before.errors, after.errors, lambda each: f"{each:,}"),
        _row("Input", before.usage.input_tokens, after.usage.input_tokens, tokens),
        _row("Cached", before.usage.cache_read_input_tokens, after.usage.cache_read_input_tokens, tokens),
        _row("Output", before.usage.output_tokens, after.usage.output_tokens, tokens),
        _row("Reasoning", before.usage.reasoning_output_tokens, after.usage.reasoning_output_tokens, tokens),
        _row("Wall time", before.duration_ms, after.duration_ms, duration),
        _row("In calls", before.latency_ms, after.latency_ms, duration),
        [
            "Cost",
            cost(before.cost_usd, before.unpriced_calls),
            cost(after.cost_usd, after.unpriced_calls),
            _money_difference(before, after),
        ],
    ]
    layout = fit(_FIGURES, rows, width)
    yield layout.heading()
    yield from map(layout.line, rows)


def _row(label: str, before: int | None, after: int | None, shown: Callable[[int], str]) -> list[Cell]:
    more = difference(before, after)
    return [
        label,
        UNKNOWN if before is None else shown(before),
        UNKNOWN if after is None else shown(after),
        _signed(more, lambda each: shown(int(each)), before),
    ]


def _money_difference(before: Totals, after: Totals) -> Text:
    """Of what is priced: a call without a price may have cost anything."""
    more = difference(before.cost_usd, after.cost_usd)
    text = Text(_signed(more, money, before.cost_usd), "" if not more else "red" if more > 0 else "green")
    if more is not None and (before.unpriced_calls or after.unpriced_calls):
        text.append(" of the priced", "dim")
    return text


def _signed(more: Decimal | None, shown: Callable[[Decimal], str], before: Decimal | int | None) -> str:
    """`+$0.0100 (+25 %)`, `=` where there is none, `-` where it is not known."""
    if more is None:
        return UNKNOWN
    if not more:
        return "="
    percent = f" ({100 * more / Decimal(before):+.0f} %)" if before else ""
    return f"{'+' if more > 0 else '-'}{shown(abs(more))}{percent}"


def _paths(found: Comparison, width: int) -> Iterator[Text]:
    rows: list[list[Cell]] = [
        [
            safe(each.path, 200),
            f"{each.before.calls:,}",
            f"{each.after.calls:,}",
            duration(each.before.latency_ms),
            duration(each.after.latency_ms),
            cost(each.before.cost_usd, each.before.unpriced_calls),
            cost(each.after.cost_usd, each.after.unpriced_calls),
            _money_difference(each.before, each.after),
        ]
        for each in found.paths
    ]
    layout = fit(_PATHS, rows, width)
    yield layout.heading()
    yield from map(layout.line, rows)


def _pairs(pairs: Sequence[Pair], width: int, replies: Replies | None, *, full: bool) -> Iterator[Text]:
    """The pairs that differ, each with how, and the diff of its replies."""
    shown = 0
    for number, pair in enumerate(pairs):
        lines = [] if replies is None else replies.get(number, [])
        if not (differs(pair) or lines):
            continue
        shown += 1
        yield from _pair(pair, lines, width, full=full)
    alike = len(pairs) - shown
    if shown and alike:
        yield Text()
    if alike:
        what = "ended alike" if replies is None else "ended alike, with the same reply"
        yield Text(f"{counted(alike, 'call')} {what}", "dim")


def _pair(pair: Pair, lines: Sequence[str], width: int, *, full: bool) -> Iterator[Text]:
    head = Text(safe(pair.path, 200), "bold", no_wrap=True)
    if pair.before is None or pair.after is None:
        call = pair.before or pair.after
        assert call is not None, "a pair has a call"
        letter = "A" if pair.after is None else "B"
        head.append(f"  only in {letter}: {_said(call)}", "not bold yellow")
    else:
        head.append(f"  {_said(pair.before)}", "not bold").append(" -> ", "dim").append(
            _said(pair.after), "not bold"
        )
        if pair.same_request is False:
            head.append("  asked otherwise", "not bold yellow")
    head.truncate(width, overflow="ellipsis")
    yield head
    folded = lines if full else lines[:FOLDED_LINES]
    for line in folded:
        style = "green" if line.startswith("+") else "red" if line.startswith("-") else "dim"
        text = Text(f"  {safe(line, 2000)}", style, no_wrap=True)
        if not full:
            text.truncate(width, overflow="ellipsis")
        yield text
    if len(folded) < len(lines):
        yield Text(f"  {len(lines) - len(folded):,} more lines, --full shows them", "dim")


def _said(call: Call) -> str:
    """`gpt-5 2.3 s $0.0123`, with how it ended where that was not well."""
    parts = [safe(call.model or call.operation, 60), duration(call.duration_ms)]
    parts.append("unpriced" if call.unpriced else money(call.cost_usd))
    if call.status != "ok":
        # A call that was cancelled or interrupted has that as its error's type, too.
        kind = "" if call.error_type == call.status else safe(call.error_type or "", 60)
        parts.append(f"{call.status} {kind}".rstrip())
    return " ".join(parts)
