"""The record of one call: every figure that is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rich.text import Text as Line

from sessiontap.call import Call
from sessiontap.usage import Usage
from sessiontap.views.numbers import UNKNOWN, duration, moment, money, size
from sessiontap.views.safe_text import safe
from sessiontap.views.wrapping import wrap

_LABEL = 16


def record_lines(call: Call, number: int, width: int) -> Iterator[Line]:
    """A line or more for each thing that is known; `number` is the call's place in its session."""
    yield Line(f"Call {number} of {safe(call.session_path, 500)}", "bold")
    for label, text, style in _known(call):
        if not text or text == UNKNOWN:
            continue
        rows = list(wrap(text, width - _LABEL - 2))
        for at, row in enumerate(rows):
            head = label if at == 0 else ""
            yield Line(f"  {head:<{_LABEL}}", "dim").append(row, f"not dim {style}".strip())


def _known(call: Call) -> Iterator[tuple[str, str, str]]:
    yield "call id", safe(call.call_id), ""
    yield "session", " ".join(_safe(call.session_id, call.session_name)), ""
    yield "agent, user", ", ".join(_safe(call.agent, call.user_id)), ""
    yield "provider", f"{safe(call.provider)}, {safe(call.api)}, {safe(call.operation)}", ""
    yield "address", safe(f"{call.host}{call.url_path}"), ""
    yield "model", _model(call), ""
    yield "reply id", safe(call.response_id or ""), ""
    yield from _outcome(call)
    yield "started", f"{moment(call.started_at)} UTC", ""
    yield "first token", f"after {duration(call.ttft_ms)}" if call.ttft_ms is not None else "", ""
    yield "took", duration(call.duration_ms), ""
    yield from ((label, text, "") for label, text in _usage(call.usage))
    yield "usage is", "" if call.usage_source == "none" else call.usage_source, ""
    yield from _cost(call)
    yield "tools called", ", ".join(_safe(*call.tools)), ""
    yield "properties", ", ".join(f"{safe(key)}={safe(value)}" for key, value in call.properties.items()), ""
    sizes = [
        f"{name} {size(number)}"
        for name, number in (("request", call.request_bytes), ("reply", call.response_bytes))
        if number is not None
    ]
    yield "bytes", ", ".join(sizes), ""


def _outcome(call: Call) -> Iterator[tuple[str, str, str]]:
    status = " ".join(each for each in (call.status, str(call.http_status or "")) if each)
    bad = "" if call.status in {"ok", "running"} else "red" if call.status == "error" else "yellow"
    yield "status", status + (f", retry {call.attempt:,}" if call.attempt else ""), bad
    yield "error", ": ".join(_safe(call.error_type, call.error_message)), bad
    yield "ended because", ", ".join(_safe(*call.finish_reasons)), ""


def _cost(call: Call) -> Iterator[tuple[str, str, str]]:
    if call.priced_as:
        yield "priced as", safe(call.priced_as), ""
    if call.unpriced:
        yield "cost", f"unpriced: {safe(call.unpriced_reason or 'no price is known')}", "yellow"
        return
    stated = " (stated by the provider)" if call.cost_source == "provider" else ""
    notional = ", notional: a subscription pays" if call.billing == "subscription" else ""
    yield "cost", f"{money(call.cost_usd)}{stated}{notional}" if call.cost_usd is not None else "", ""
    parts = call.cost_breakdown or {}
    spelled = (f"{_words(name)} {money(Decimal(usd))}" for name, usd in parts.items())
    yield "of which", ", ".join(spelled) if len(parts) > 1 else "", ""
    yield "price", ", ".join(_safe(call.price_id, call.service_tier, call.region)), ""


def _usage(usage: Usage) -> Iterator[tuple[str, str]]:
    known = [
        f"{_words(name.removesuffix('_tokens'))} {number:,}"
        for name in Usage.__struct_fields__
        if (number := getattr(usage, name)) is not None
    ]
    yield "usage", ", ".join(known)


def _model(call: Call) -> str:
    asked, answered = call.request_model, call.response_model
    both = asked and answered and asked != answered
    return f"{safe(answered or '')}, asked for as {safe(asked or '')}" if both else safe(call.model or "")


def _words(name: str) -> str:
    return safe(name).replace("_", " ")


def _safe(*texts: str | None) -> list[str]:
    return [safe(text) for text in texts if text]
