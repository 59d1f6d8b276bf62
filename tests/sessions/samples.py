"""Sessions with fixed figures, which the tests of sessions, views, exports and commands show."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec

from sessiontap.call import Call
from sessiontap.store.ledger import Ledger
from sessiontap.usage import Usage

TRIAGE_ID = "4711a3c2-9b5e-4d7e-8f10-2a3b4c5d6e7f"
SMALL = Usage(input_tokens=1234, output_tokens=56)
LARGE = Usage(input_tokens=12345, cache_read_input_tokens=8000, output_tokens=777)


def make_call(second: int, path: str, model: str | None = "gpt-5-mini-2025-08-07", **fields: object) -> Call:
    """A call that starts at that second of a minute and takes 2.3 s; fields replace what it has."""
    call = Call(
        call_id=f"c{second:02}",
        session_id=TRIAGE_ID,
        session_name="triage ticket 4711",
        session_path=path,
        session_source="header",
        agent="demo/0.1",
        provider="openai",
        api="openai.chat",
        operation="chat",
        host="api.openai.com",
        url_path="/v1/chat/completions",
        request_model=model,
        response_model=model,
        stream=True,
        status="ok",
        http_status=200,
        started_at=f"2026-11-23T20:00:{second:02}.000Z",
        ended_at=f"2026-11-23T20:00:{second + 2:02}.300Z",
        ttft_ms=340,
        duration_ms=2300,
        usage=SMALL,
        usage_source="reported",
        cost_usd=Decimal("0.000123"),
    )
    return msgspec.structs.replace(call, **fields)


def triage() -> list[Call]:
    """A session with every state that a view marks: failed, retried, unpriced, running."""
    sonnet = "claude-sonnet-4-5-20250929"
    return [
        make_call(0, "/triage"),
        make_call(1, "/triage/classify", usage=LARGE, cost_usd=Decimal("0.0123"), user_id="ann"),
        make_call(
            2,
            "/triage/research/search",
            sonnet,
            stream=False,
            status="error",
            http_status=429,
            error_type="rate_limit_error",
            error_message="This would exceed your organization's rate limit of 30,000 input tokens a minute",
            attempt=0,
            ttft_ms=None,
            usage=Usage(),
            usage_source="none",
            cost_usd=None,
        ),
        make_call(4, "/triage/research/search", sonnet, attempt=1, properties={"Env": "prod"}),
        make_call(5, "/triage/research/summarize", "gpt-experimental-unlisted", cost_usd=None),
        make_call(
            9,
            "/triage/respond",
            "gemini-2.5-pro",
            status="running",
            http_status=None,
            ended_at=None,
            duration_ms=None,
            ttft_ms=None,
            usage=Usage(),
            usage_source="none",
            cost_usd=None,
        ),
    ]


def plain() -> list[Call]:
    """A session of one call, without a name, an agent or a path; newer than the other."""
    return [make_call(50, "/", "o3", call_id="p1", session_id="b-2", session_name=None, agent=None)]


def fill(home: Path, *sessions: list[Call]) -> None:
    """Writes the calls into a store under `home`."""
    with Ledger(home) as ledger:
        for calls in sessions:
            for call in calls:
                ledger.append(call)
