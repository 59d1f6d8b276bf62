"""What a run came to, as `sessiontap run` prints it when its command has ended."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from sessiontap.call import ANSWERED_BY, FOUND_BY, UNRECORDED, Call
from sessiontap.sessions.rollup import SessionSummary
from sessiontap.store.notes import BudgetNote
from sessiontap.views.numbers import UNKNOWN, cost, counted, duration, money, tokens
from sessiontap.views.safe_text import safe

_MOST_MODELS = 3
_LABEL = 8
_WHOLE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One run."""

    summary: SessionSummary
    """Of the run's own calls."""
    wall_ms: int
    """How long the command ran."""
    exit_code: int
    causes: Sequence[str] = ()
    """Where no call was recorded: why that may be, the likely ones first."""
    budgets: Sequence[BudgetNote] = ()
    """The budgets that its calls have brought near their end."""
    playback: PlayedBack | None = None
    replay_of: str | None = None
    """The session whose calls were sent again, as a command takes it."""
    home_option: str = ""
    """What the next command needs to find the records: ` --home FOLDER`, or nothing."""


class PlayedBack(msgspec.Struct, frozen=True, kw_only=True):
    """What of a run a recorded session has answered."""

    session_id: str | None
    """The recorded session."""
    answered: int
    by_order: int
    """How many of them were found by their order only: they were asked something else."""
    refused: int
    """Calls that it has not, and that were not sent."""


class ReceiptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON of a receipt. Ratios are from 0 to 1, null is *not known*."""

    exit_code: int
    wall_ms: int
    cache_read_ratio: float | None
    session: SessionSummary
    causes: Sequence[str]
    budgets: Sequence[BudgetNote]
    playback: PlayedBack | None


def receipt_text(receipt: Receipt) -> str:
    """Lines of a label and what it came to; the last says how to look further."""
    summary = receipt.summary
    lines = _figures(receipt) if summary.calls else _nothing(receipt)
    return "\n".join(lines) + "\n"


def receipt_json(receipt: Receipt) -> bytes:
    """The same as one line of JSON, without the line end; money stays exact."""
    record = ReceiptRecord(
        exit_code=receipt.exit_code,
        wall_ms=receipt.wall_ms,
        cache_read_ratio=_ratio(receipt.summary),
        session=receipt.summary,
        causes=receipt.causes,
        budgets=receipt.budgets,
        playback=receipt.playback,
    )
    return msgspec.json.Encoder(decimal_format="number").encode(record)


def _figures(receipt: Receipt) -> Iterator[str]:
    summary, usage = receipt.summary, receipt.summary.usage
    running = f", {summary.running:,} not ended" if summary.running else ""
    errors = f", {counted(summary.errors, 'error')}" if summary.errors else ""
    estimated = f", {summary.estimated_calls:,} estimated" if summary.estimated_calls else ""
    yield _line("calls", f"{summary.calls:,}{errors}{running}{estimated}")
    yield _line("time", f"{duration(receipt.wall_ms)}, {duration(summary.latency_ms)} in calls")
    ratio = _ratio(summary)
    parts = []
    if usage.cache_read_input_tokens and ratio is not None:
        parts.append(f"{tokens(usage.cache_read_input_tokens)} cached ({ratio:.1%})".replace("%", " %"))
    if usage.cache_creation_input_tokens:
        parts.append(f"{tokens(usage.cache_creation_input_tokens)} written to a cache")
    yield _line("input", _with_parts(usage.input_tokens, parts))
    reasoning = usage.reasoning_output_tokens
    yield _line(
        "output", _with_parts(usage.output_tokens, [f"{tokens(reasoning)} reasoning"] if reasoning else [])
    )
    yield _line("cost", _cost(summary))
    for budget in receipt.budgets:
        over = ", further calls are refused" if budget.percent >= _WHOLE else ""
        yield _line(
            "budget",
            f"{safe(budget.whose, 120)}: {money(budget.spent_usd)} of {money(budget.budget_usd)}"
            f" ({budget.percent} %{over})",
        )
    if receipt.playback is not None:
        yield _line("playback", _playback(receipt.playback))
    shown = safe(summary.session_id or UNKNOWN, 200)
    yield _line("session", shown)
    words = ["show", shown]
    if receipt.playback is not None or receipt.replay_of is not None:
        other = receipt.replay_of or (receipt.playback and receipt.playback.session_id) or UNKNOWN
        words = ["diff", safe(other, 200), shown]
    yield _line("next", f"sessiontap {shlex.join(words)}{receipt.home_option}")


def played_back(session_id: str | None, calls: Sequence[Call]) -> PlayedBack:
    """What of these calls that session has answered."""
    found = [call.properties.get(FOUND_BY) for call in calls if ANSWERED_BY in call.properties]
    return PlayedBack(
        session_id=session_id,
        answered=len(found),
        by_order=found.count("order"),
        refused=sum(call.error_type == UNRECORDED for call in calls),
    )


def _playback(played: PlayedBack) -> str:
    parts = [f"{counted(played.answered, 'call')} answered by {safe(played.session_id or UNKNOWN, 200)}"]
    if played.by_order:
        parts.append(f"{played.by_order:,} by order only")
    if played.refused:
        parts.append(f"{played.refused:,} refused, for it has none like them")
    return ", ".join(parts)


def _cost(summary: SessionSummary) -> str:
    text = cost(summary.cost_usd, summary.unpriced_calls)
    if summary.unpriced_calls:
        names = [
            safe(each.model, 60) if each.model else UNKNOWN for each in summary.models if each.unpriced_calls
        ]
        more = f" and {len(names) - _MOST_MODELS:,} more" if len(names) > _MOST_MODELS else ""
        text += f": {', '.join(names[:_MOST_MODELS])}{more}"
    if summary.notional_cost_usd:
        whole = summary.notional_cost_usd == summary.cost_usd
        part = "notional" if whole else f"{money(summary.notional_cost_usd)} of it notional"
        text += f" ({part}: a subscription pays)"
    return text


def _nothing(receipt: Receipt) -> Iterator[str]:
    yield _line("calls", "none was recorded")
    yield _line("time", duration(receipt.wall_ms))
    for cause in receipt.causes:
        yield _line("why", safe(cause, 400))
    yield _line("next", f"sessiontap doctor{receipt.home_option}")


def _ratio(summary: SessionSummary) -> float | None:
    """Input that was read from a cache by all input."""
    read, whole = summary.usage.cache_read_input_tokens, summary.usage.input_tokens
    return None if read is None or not whole else float(round(Decimal(read) / whole, 4))


def _with_parts(number: int | None, parts: Sequence[str]) -> str:
    return tokens(number) + (f", {', '.join(parts)}" if parts else "")


def _line(label: str, text: str) -> str:
    return f"{label:{_LABEL}} {text}"
