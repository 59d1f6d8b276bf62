from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sessiontap.call import SCHEMA, Call, UsagePart, decode, encode
from sessiontap.errors import StoreError
from sessiontap.usage import Usage

COUNTS = st.none() | st.integers(0, 2**53 - 1)
MONEY = st.decimals(min_value=0, max_value=10**9, places=12) | st.decimals(0, 1)
TEXTS = st.none() | st.text()
USAGES = st.builds(Usage, **dict.fromkeys(Usage.__struct_fields__, COUNTS))
CALLS = st.builds(
    Call,
    call_id=st.text(),
    session_id=TEXTS,
    session_path=st.text(),
    session_source=st.sampled_from(["header", "proxy-user", "agent", "api", "inferred", "none"]),
    properties=st.dictionaries(st.text(), st.text(), max_size=3),
    provider=st.text(),
    api=st.just("openai.chat"),
    operation=st.just("chat"),
    host=st.text(),
    url_path=st.text(),
    request_model=TEXTS,
    stream=st.booleans(),
    finish_reasons=st.lists(st.text(), max_size=3).map(tuple),
    status=st.sampled_from(["running", "ok", "error", "cancelled", "interrupted"]),
    http_status=st.none() | st.integers(100, 599),
    error_message=TEXTS,
    started_at=st.just("2026-11-23T20:00:00.000Z"),
    ttft_ms=COUNTS,
    usage=USAGES,
    usage_parts=st.lists(
        st.builds(UsagePart, model=st.text(), usage=USAGES, cost_usd=st.none() | MONEY), max_size=2
    ).map(tuple),
    usage_source=st.sampled_from(["reported", "partial", "estimated", "none"]),
    billing=st.sampled_from(["metered", "subscription", "free"]),
    cost_usd=st.none() | MONEY,
    cost_breakdown=st.none() | st.dictionaries(st.text(), MONEY, max_size=3),
    cost_source=st.sampled_from([None, "table", "provider"]),
)
ALWAYS = {"schema", "session_path", "session_source", "stream", "billing", "usage_source"}


@pytest.fixture
def call() -> Call:
    """A call of which only the necessary is known."""
    return Call(
        call_id="c1",
        provider="openai",
        api="openai.chat",
        operation="chat",
        host="api.openai.com",
        url_path="/v1/chat/completions",
        status="running",
        started_at="2026-11-23T20:00:00.000Z",
    )


@given(CALLS)
def test_a_call_comes_back_from_its_line(call: Call) -> None:
    """Every field survives encode and decode; it is one line of JSON whatever the texts hold."""
    line = encode(call)
    assert decode(line) == call
    assert b"\n" not in line
    assert isinstance(json.loads(line), dict)


@given(MONEY)
def test_money_is_a_number_of_all_its_digits(cost: Decimal) -> None:
    """The cost in the line is a JSON number that reads back as the same Decimal, digit by digit."""
    part = UsagePart(model="m", usage=Usage(), cost_usd=cost)
    line = encode(
        Call(
            call_id="c",
            provider="p",
            api="a",
            operation="chat",
            host="h",
            url_path="/",
            status="ok",
            started_at="",
            cost_usd=cost,
            cost_breakdown={"input": cost},
            usage_parts=(part,),
        )
    )
    read = json.loads(line, parse_float=Decimal, parse_int=Decimal)
    assert read["cost_usd"] == read["cost_breakdown"]["input"] == cost
    assert read["usage_parts"][0]["cost_usd"] == cost
    back = decode(line)
    assert back.cost_usd == cost
    assert isinstance(back.cost_usd, Decimal)


def test_what_is_not_known_is_absent_and_what_has_a_meaning_is_written(call: Call) -> None:
    """A new call's line has its own fields and those whose default says something, and no other."""
    given_fields = {"call_id", "provider", "api", "operation", "host", "url_path", "status", "started_at"}
    line = json.loads(encode(call))
    assert set(line) == ALWAYS | given_fields
    assert line["schema"] == SCHEMA == 1
    assert line["session_path"] == "/"


def test_fields_of_a_later_version_are_ignored(call: Call) -> None:
    """A record with more than we know is still read."""
    line = json.dumps({**json.loads(encode(call)), "schema": 2, "colour": {"a": [1]}}).encode()
    read = decode(line)
    assert read.schema == 2
    assert read.call_id == "c1"


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"null", b'{"call_id":1}', b"\xff", b"{", b"[" * 100_000, b'{"call_id":"\xff"}']
)
def test_anything_else_is_a_store_error_in_one_line(line: bytes) -> None:
    """A damaged record raises StoreError and nothing else."""
    with pytest.raises(StoreError, match="not a call record") as caught:
        decode(line)
    assert "\n" not in str(caught.value)


@given(st.binary())
def test_arbitrary_bytes_raise_only_the_store_error(line: bytes) -> None:
    """No other exception leaves, whatever is decoded."""
    with pytest.raises(StoreError):
        decode(line)


def test_the_model_is_the_one_that_answered(call: Call) -> None:
    """The reply's model wins over the one that was asked for."""
    assert call.model is None
    asked = replace(call, request_model="gpt-x")
    assert asked.model == "gpt-x"
    assert replace(asked, response_model="gpt-x-2026").model == "gpt-x-2026"


def test_a_call_is_unpriced_where_it_has_usage_and_no_cost(call: Call) -> None:
    """Neither a call without usage nor one that costs zero is unpriced."""
    assert not call.unpriced
    assert replace(call, usage=Usage(input_tokens=1)).unpriced
    assert not replace(call, usage=Usage(input_tokens=1), cost_usd=Decimal(0)).unpriced


@pytest.mark.parametrize(
    ("fields", "unpriced"),
    [
        ({"status": "ok", "http_status": 200}, True),
        ({"status": "cancelled", "http_status": 200}, True),
        ({"status": "ok", "http_status": 200, "billing": "free"}, False),
        ({"status": "running"}, False),
        ({"status": "error", "http_status": 429}, False),
        ({"status": "interrupted"}, False),
        ({"status": "error", "http_status": 200, "usage": Usage(input_tokens=1)}, True),
        ({"status": "ok", "http_status": 200, "cost_usd": Decimal(0)}, False),
    ],
)
def test_what_may_have_been_billed_without_a_price_is_unpriced(
    fields: dict[str, Any], unpriced: bool
) -> None:
    """A reply that came without its usage counts as well: a total must not leave it out in silence."""
    call = Call(
        **{
            "call_id": "c",
            "provider": "openai",
            "api": "openai.chat",
            "operation": "chat",
            "host": "api.openai.com",
            "url_path": "/v1/chat/completions",
            "started_at": "2026-01-01T00:00:00.000Z",
            **fields,
        }
    )
    assert call.unpriced is unpriced
