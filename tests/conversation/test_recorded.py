"""The project's fixtures, and recorded traffic where it lies beside the checkout, as messages."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count

import pytest

from sessiontap.apis import APIS
from sessiontap.bodies import CallBodies
from sessiontap.capture import Capture, Metered
from sessiontap.conversation import CallMessages, Part, ToolResult, Unknown, call_messages
from sessiontap.identity import identify
from sessiontap.providers import DIRECTORY
from sessiontap.record import Moment
from sessiontap.socket_meter import SocketMeter
from tests.conformance.metering import Fixture, fixtures
from tests.conversation.samples import body, call, stored
from tests.oracles.corpus import HTTP_FILE, exchanges

_SOCKETS = HTTP_FILE.with_name("recorded-websockets.jsonl.gz")
_TALK = frozenset({"chat", "generate_content", "text_completion"})
# What a recording has that no rule knows, and why it is left as it is.
_EXPLAINED = {
    "error": "a provider's error, in its own words",
    "compaction": "a summary that the provider has encrypted",
    "mcp_list_tools": "a list of tools, not a word of anybody",
    "additional_tools": "a list of tools",
    "tool_addition": "a mark that a tool is there from here on",
    "function": "the description of a tool, which a search of tools gave",
    "namespace": "descriptions of tools, the same",
    "advisor_redacted_result": "an answer that the provider has encrypted",
    "request": "one body that was recorded with a mistake in its JSON",
    "chat": "a reply without a message: a filter took it, or the run goes on in the background",
    "generate_content": "a reply without a candidate's content: a filter took it",
}


def _unknown(parts: Iterable[Part]) -> Iterator[Unknown]:
    for part in parts:
        if isinstance(part, Unknown):
            yield part
        elif isinstance(part, ToolResult):
            yield from _unknown(part.parts)


def _all_unknown(found: CallMessages) -> Iterator[Unknown]:
    for messages in (found.request, *found.replies):
        for message in messages:
            yield from _unknown(message.parts)


@pytest.mark.parametrize("fixture", fixtures(), ids=lambda fixture: f"{fixture.file}: {fixture.name}")
def test_a_fixture_is_messages(fixture: Fixture) -> None:
    """Every call that was sent with a body asks something, and every reply with a body says something."""
    api = fixture.match().api
    found = call_messages(
        call(api.name, operation=api.operation),
        stored(
            body(fixture.request_body, fixture.request_type),
            body(fixture.response_body, fixture.content_type),
        ),
    )
    settings = isinstance(fixture.request, dict) and fixture.request.keys() <= {"model", "stream"}
    assert found.request or settings or not fixture.request_body
    assert found.replies or not fixture.response_body.strip()


@pytest.mark.skipif(not HTTP_FILE.is_file(), reason="no recorded exchanges")
def test_recorded_exchanges_are_messages() -> None:
    """At least one message on both sides; what no rule knows is counted, and there is a reason for it."""
    unknown: Counter[str] = Counter()
    seen = 0
    for exchange in exchanges():
        match = DIRECTORY.match(exchange.method, exchange.host, exchange.target)
        if match is None:
            continue
        seen += 1
        api = match.api
        found = call_messages(
            call(api.name, operation=api.operation),
            stored(body(exchange.request, exchange.request_type), body(exchange.body, exchange.content_type)),
        )
        where = f"{exchange.source} {exchange.url.path}"
        assert found.request or not exchange.request or "previous_response_id" in str(exchange.request), where
        assert found.replies or not exchange.body, where
        if api.operation in _TALK:
            unknown.update(part.kind for part in _all_unknown(found))
    print(dict(unknown))  # noqa: T201 -- pytest -s shows what is left over
    assert seen > 1000
    assert set(unknown) <= set(_EXPLAINED)
    assert sum(unknown.values()) < 100


@pytest.mark.skipif(not _SOCKETS.is_file(), reason="no recorded sockets")
def test_recorded_sockets_are_messages() -> None:
    """Each turn on a WebSocket says something, as the capture stored it: its messages one after the other."""
    calls = said = 0
    with gzip.open(_SOCKETS, "rt", encoding="utf-8") as lines:
        for line in lines:
            for metered in _metered(json.loads(line)):
                if metered.bodies is None:
                    continue
                calls += 1
                found = call_messages(metered.call, metered.bodies)
                said += bool(found.replies)
                assert not list(_all_unknown(found)) or metered.call.status != "ok"
                _same_without_pieces(metered.bodies, found, metered)
    assert calls > 30
    assert said >= calls * 0.8


def _same_without_pieces(bodies: CallBodies, found: CallMessages, metered: Metered) -> None:
    """Where something was masked, nobody knows any more where each message ended."""
    sides = [side and replace(side, pieces=()) for side in (bodies.request, bodies.reply)]
    again = call_messages(metered.call, replace(bodies, request=sides[0], reply=sides[1]))
    assert (again.request, again.replies) == (found.request, found.replies)


def _metered(row: dict[str, object]) -> Iterator[Metered]:
    messages = row["messages"]
    assert isinstance(messages, list)
    kinds = " ".join(str(each["text"])[:400] for each in messages)
    live = "serverContent" in kinds or "setupComplete" in kinds
    match = DIRECTORY.match(
        "GET",
        "generativelanguage.googleapis.com" if live else "api.openai.com",
        "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
        if live
        else "/v1/realtime?model=gpt-realtime",
    )
    assert match is not None
    assert match.api in APIS.values()
    ids = count(1)
    meter = SocketMeter(
        match,
        identify([], proxy_user=None, today="2026-01-01"),
        target="/",
        new_call_id=lambda: f"call-{next(ids)}",
        new_capture=lambda: Capture(limit=1 << 30),
    )
    now = Moment("2026-01-01T00:00:00.000Z", 1.0)
    for each in messages:
        data = str(each["text"]).encode()
        yield from meter.sent(data, now) if each["sent"] else meter.received(data, now)
    yield from meter.close("clean", now)
