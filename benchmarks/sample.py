"""A call as agents make it, for the benchmarks."""

from __future__ import annotations

from decimal import Decimal

from sessiontap.call import Call
from sessiontap.usage import Usage

TEMPLATE = Call(
    call_id="00000000-0000-4000-8000-000000000000",
    session_id="benchmark",
    session_name="nightly",
    session_path="/plan/search",
    session_source="header",
    agent="claude-cli/2.0.1",
    provider="anthropic",
    api="anthropic.messages",
    operation="chat",
    host="api.anthropic.com",
    url_path="/v1/messages",
    request_model="claude-sonnet-4-5",
    response_model="claude-sonnet-4-5-20250929",
    response_id="msg_01XFDUDYJgAACzvnptvVoYEL",
    stream=True,
    finish_reasons=("tool_use",),
    tools=("search",),
    status="ok",
    http_status=200,
    started_at="2026-11-23T20:00:00.000Z",
    ended_at="2026-11-23T20:00:04.200Z",
    ttft_ms=610,
    duration_ms=4200,
    usage=Usage(input_tokens=20_000, cache_read_input_tokens=18_000, output_tokens=400),
    usage_source="reported",
    cost_usd=Decimal("0.017400"),
    cost_breakdown={"input": Decimal("0.006"), "cache_read": Decimal("0.0054"), "output": Decimal("0.006")},
    cost_source="table",
    price_id="anthropic/claude-sonnet-4-5@2025-09-29",
    request_bytes=81_234,
    response_bytes=9_876,
)
