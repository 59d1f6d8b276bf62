"""What a session came to in a few lines, and what each of its models did."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from sessiontap.sessions.rollup import SessionSummary
from sessiontap.views.columns import Cell, Column, facts, fit
from sessiontap.views.numbers import UNKNOWN, cost, counted, duration, moment, money, tokens, tokens_in
from sessiontap.views.safe_text import safe
from sessiontap.views.session_list import title

_MODEL_COLUMNS = (
    Column("Model", "left", most=60, least=20),
    Column("Calls"),
    Column("Input"),
    Column("Cached", gives_way=1),
    Column("Output"),
    Column("Cost"),
)


def session_head(summary: SessionSummary, width: int) -> Iterator[Text]:
    """The lines: its title, who it was, when, how many calls and tokens, and the cost."""
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
    counts = [
        Text(counted(summary.calls, "call")),
        Text(counted(summary.errors, "error") if summary.errors else "", "red"),
        Text(f"{summary.running:,} running" if summary.running else ""),
        Text(tokens_in(usage)),
        Text(f"{tokens(usage.output_tokens)} out"),
        Text(f"{summary.estimated_calls:,} estimated" if summary.estimated_calls else "", "yellow"),
    ]
    yield from facts([text for text in counts if text], width)
    costs = [Text(cost(summary.cost_usd, summary.unpriced_calls), "bold")]
    if summary.notional_cost_usd:
        costs.append(Text(f"{money(summary.notional_cost_usd)} of it notional: a subscription pays"))
    yield from facts(costs, width)


def model_table(summary: SessionSummary, width: int) -> Iterator[Text]:
    """A line a model."""
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
