"""Recorded traffic written as captures and imported: the usage of each call is what the meter reads of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import TypeAlias
from urllib.parse import urlunsplit

import pytest
from mitmproxy import http
from mitmproxy.flow import Flow

from sessiontap.call import Call
from sessiontap.times import rfc3339
from sessiontap.usage import Usage
from tests.conformance.recorded import Metered, metered_exchanges
from tests.imports.captures import BEGAN, flow, har, mitm, socket
from tests.imports.importing import calls_of
from tests.oracles.corpus import HTTP_FILE, Exchange
from tests.oracles.sockets import SOCKETS_FILE, Conversation, conversations

pytestmark = pytest.mark.skipif(
    not HTTP_FILE.is_file(), reason="the recorded traffic is not beside the checkout"
)
Write: TypeAlias = Callable[[Iterable[Flow]], bytes]

WRITERS = pytest.mark.parametrize("write", [mitm, har], ids=["mitm", "har"])
PLACES = {
    "openai": "wss://api.openai.com/v1/realtime?model=gpt-realtime",
    "azure": "wss://r.openai.azure.com/openai/v1/realtime?model=gpt-realtime",
    "xai": "wss://api.x.ai/v1/realtime?model=grok",
}


@pytest.fixture(scope="module")
def everything() -> list[Metered]:
    """Every recorded exchange."""
    return metered_exchanges()


def _flow(exchange: Exchange, number: int) -> http.HTTPFlow:
    """The exchange as it went over the wire; one begins a second."""
    coding = {"content-encoding": exchange.content_encoding} if exchange.content_encoding else {}
    return flow(
        urlunsplit(exchange.url),
        exchange.request,
        exchange.wire,
        method=exchange.method,
        status=exchange.status,
        request_headers={"content-type": exchange.request_type},
        reply_headers={**exchange.headers, **coding},
        began=BEGAN + number,
        number=number,
    )


@WRITERS
def test_usage_is_what_the_meter_reads(everything: list[Metered], write: Write) -> None:
    """Of every recorded exchange that is a call; polls are joined with theirs, and no other is a call."""
    flows = [_flow(each.exchange, number) for number, each in enumerate(everything)]
    by_start: dict[str, Call] = {call.started_at: call for call in calls_of(write(flows))}
    wrong = []
    for number, each in enumerate(everything):
        found = by_start.pop(rfc3339(BEGAN + number), None)
        if each.poll or (each.call is not None and each.call.status == "running"):
            continue
        of_meter = None if each.call is None else each.call.usage
        if of_meter != (None if found is None else found.usage):
            wrong.append((each.where, of_meter, found and found.usage))
    assert wrong == []
    assert by_start == {}


def _said(each: Conversation) -> list[tuple[bool, bytes]]:
    return [(message.sent, message.text.encode()) for message in each.messages]


@pytest.mark.skipif(not SOCKETS_FILE.is_file(), reason="the recorded sockets are not beside the checkout")
@WRITERS
def test_usage_of_sockets_is_what_their_messages_report(write: Write) -> None:
    """Each recorded conversation of the realtime APIs; the sums of what its messages report."""
    numbers = count(1)
    checked = 0
    for each in conversations():
        if each.provider not in PLACES or not each.billed():
            continue
        made = socket(PLACES[each.provider], _said(each), number=next(numbers))
        total = sum((call.usage for call in calls_of(write([made]))), Usage())
        billed = each.billed()
        assert (total.input_tokens, total.output_tokens) == (
            sum(one.input for one in billed),
            sum(one.output for one in billed),
        ), each.name
        checked += 1
    assert checked > 3
