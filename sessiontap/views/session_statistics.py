"""A session in figures: how fast, by what, how the context grew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.text import Text

from sessiontap.sessions.spread import Spread
from sessiontap.sessions.statistics import ContextPoint, ErrorCount, Slice, Statistics
from sessiontap.views.bars import bar, columns
from sessiontap.views.columns import Cell, Column, facts, fit
from sessiontap.views.numbers import UNKNOWN, cost, counted, duration, tokens
from sessiontap.views.safe_text import safe

_BAR = 12
_MOST_ROWS = 30
_MOST_ERRORS = 10

_SPEED = (
    Column("", "left", most=24),
    Column("p50"),
    Column("p95"),
    Column("p99"),
    Column("most", gives_way=1),
    Column("of calls", gives_way=2),
)


def session_statistics(found: Statistics, width: int, *, ascii_only: bool = False) -> Iterator[Text]:
    """The lines, in parts with a blank line between them."""
    yield from _speed(found, width)
    yield Text()
    yield from _cache(found, width)
    yield from _errors(found.errors)
    parts = (("Model", found.models), ("Path (its own calls)", found.paths), ("Tool called", found.tools))
    for heading, slices in parts:
        if slices:
            yield Text()
            yield from _slices(heading, slices, width, ascii_only=ascii_only)
    yield from _context(found.context, width, ascii_only=ascii_only)


def _speed(found: Statistics, width: int) -> Iterator[Text]:
    rows = [
        _spread_row("Latency", found.latency, lambda amount: duration(round(amount))),
        _spread_row("First token", found.ttft, lambda amount: duration(round(amount))),
        _spread_row("Output tokens/s", found.output_tokens_per_s, lambda amount: f"{amount:,.0f}"),
    ]
    layout = fit(_SPEED, rows, width)
    yield layout.heading()
    yield from map(layout.line, rows)


def _spread_row(
    label: str, spread: Spread[int] | Spread[float] | None, shown: Callable[[float], str]
) -> list[Cell]:
    if spread is None:
        return [label, *[UNKNOWN] * 5]
    amounts = (spread.p50, spread.p95, spread.p99, spread.most)
    return [label, *map(shown, amounts), f"{spread.count:,}"]


def _cache(found: Statistics, width: int) -> Iterator[Text]:
    parts = ["cached input not known"]
    if found.cache_read_ratio is not None and found.cache_hits is not None:
        parts = [
            f"{100 * found.cache_read_ratio:.0f} % of the input from cache",
            f"{found.cache_hits:,} of {counted(found.calls, 'call')} hit it",
        ]
    retries = "retries not known"
    if found.retries is not None:
        retries = f"{found.retries:,} retries" if found.retries != 1 else "1 retry"
    return facts([Text(part) for part in (*parts, retries)], width)


def _errors(errors: Sequence[ErrorCount]) -> Iterator[Text]:
    for each in errors[:_MOST_ERRORS]:
        kind = " ".join(filter(None, (str(each.http_status or ""), safe(each.error_type or "", 120))))
        text = Text(f"{each.status} {kind}".rstrip(), "red" if each.status == "error" else "yellow")
        yield text.append(f": {counted(each.calls, 'call')}", "not red not yellow")
    if len(errors) > _MOST_ERRORS:
        yield Text(f"and {len(errors) - _MOST_ERRORS:,} other kinds", "dim")


def _slices(heading: str, slices: Sequence[Slice], width: int, *, ascii_only: bool) -> Iterator[Text]:
    times = heading.startswith("Tool")
    table = (
        Column(heading, "left", most=60, least=18),
        *([Column("Times")] if times else []),
        Column("Calls"),
        Column("Errors", gives_way=4),
        Column("Input", gives_way=2),
        Column("Output", gives_way=2),
        Column("p50", gives_way=3),
        Column("p95"),
        Column("Cost"),
        Column("", "left", most=_BAR, gives_way=5),
    )
    listed = slices[:_MOST_ROWS]
    most = max((each.totals.cost_usd for each in listed if each.totals.cost_usd), default=None)
    rows: list[list[Cell]] = []
    for each in listed:
        totals, latency = each.totals, each.latency
        part = float((totals.cost_usd or 0) / most) if most else 0.0
        rows.append(
            [
                safe(each.name) if each.name else UNKNOWN,
                *([f"{each.times:,}"] if times else []),
                f"{totals.calls:,}",
                Text(f"{totals.errors:,}", "red" if totals.errors else ""),
                tokens(totals.usage.input_tokens),
                tokens(totals.usage.output_tokens),
                duration(latency.p50 if latency else None),
                duration(latency.p95 if latency else None),
                Text(cost(totals.cost_usd, totals.unpriced_calls), "yellow" if totals.unpriced_calls else ""),
                Text(bar(part, _BAR, ascii_only=ascii_only), "blue"),
            ]
        )
    layout = fit(table, rows, width)
    yield layout.heading()
    yield from map(layout.line, rows)
    if len(listed) < len(slices):
        yield Text(f"and {len(slices) - len(listed):,} more", "dim")


def _context(points: Sequence[ContextPoint], width: int, *, ascii_only: bool) -> Iterator[Text]:
    """Input tokens call by call; of more calls than there are cells, the most of those in each cell."""
    if len(points) < 2:  # noqa: PLR2004 -- one point shows no growth
        return
    label = "Context "
    room = max(10, width - len(label) - 30)
    every = -(-len(points) // room)
    most = [
        max(point.input_tokens for point in points[at : at + every]) for at in range(0, len(points), every)
    ]
    top = max(most) or 1
    drawn = columns([amount / top for amount in most], ascii_only=ascii_only)
    yield Text()
    line = Text(label, "bold", no_wrap=True).append(drawn, "not bold blue")
    yield line.append(
        f"  {tokens(points[0].input_tokens)} to {tokens(points[-1].input_tokens)} in", "not bold"
    )
