"""Polls of calls that this proxy did not see to start: counted once, whoever saw them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.pricing import load_prices
from sessiontap.proxy.recorder import Recorder
from sessiontap.proxy.store_thread import StoreThread
from sessiontap.proxy.trouble import Trouble
from sessiontap.resources import find
from sessiontap.store import Ledger
from sessiontap.usage import Usage

STARTED = Call(
    call_id="c1",
    session_id="s",
    provider="openai",
    api="openai.responses",
    operation="chat",
    host="api.openai.com",
    url_path="/v1/responses",
    request_model="gpt-5-mini",
    response_id="resp_1",
    status="running",
    started_at="2026-11-23T20:00:00.000Z",
)
POLL = msgspec.structs.replace(
    STARTED,
    call_id="poll",
    session_id="unassigned-2026-11-23",
    url_path="/v1/responses/resp_1",
    status="ok",
    finish_reasons=("completed",),
    usage=Usage(input_tokens=10, output_tokens=5),
    usage_source="reported",
    http_status=200,
    started_at="2026-11-23T20:10:00.000Z",
    ended_at="2026-11-23T20:10:00.100Z",
)


def side(content: bytes) -> Body:
    """A body."""
    return Body(content=content, size=len(content))


def bodies(call_id: str, request: bytes | None, reply: bytes) -> CallBodies:
    """What a call sent and got; a poll sends nothing."""
    return CallBodies(
        call_id=call_id,
        session_id="s",
        headers={},
        request=None if request is None else side(request),
        reply=side(reply),
    )


class Proxy:
    """A recorder with its thread, as the addon has it."""

    def __init__(self, home: Path) -> None:
        ledger = Ledger(home)
        trouble = Trouble()
        thread = StoreThread(ledger, trouble, on_fault=lambda error: pytest.fail(repr(error)))
        prices = load_prices(find("pricing.yaml"))
        self.recorder = Recorder(ledger, prices, thread=thread, trouble=trouble)
        self._ledger = ledger

    def end(self) -> None:
        """In order, as with SIGTERM."""
        self.recorder.close()
        self._ledger.close()


def calls(home: Path) -> list[tuple[str, str, str | None]]:
    """All calls of the store."""
    return [
        (call.call_id, call.status, call.session_id)
        for session in Ledger(home).sessions()
        for call in session.calls
    ]


def test_a_call_that_another_proxy_began_is_ended_by_the_poll(tmp_path: Path) -> None:
    """A background response goes on while the proxy is started anew: id, session and request stay."""
    first = Proxy(tmp_path)
    first.recorder.ended(STARTED, poll=False, bodies=bodies("c1", b"question", b"queued"))
    first.end()
    second = Proxy(tmp_path)
    second.recorder.ended(POLL, poll=True, bodies=bodies("poll", None, b"answer"))
    second.end()
    assert calls(tmp_path) == [("c1", "ok", "s")]
    found = Ledger(tmp_path).bodies("s").get("c1")
    assert found is not None
    assert (found.request, found.reply) == (side(b"question"), side(b"answer"))


def test_a_call_that_another_proxy_has_counted_is_not_counted_again(tmp_path: Path) -> None:
    """A finished response may be read for weeks."""
    first = Proxy(tmp_path)
    first.recorder.ended(msgspec.structs.replace(POLL, call_id="c1", session_id="s"), poll=False)
    first.end()
    second = Proxy(tmp_path)
    for _ in range(3):
        second.recorder.ended(POLL, poll=True)
    second.end()
    assert calls(tmp_path) == [("c1", "ok", "s")]


def test_a_call_that_nobody_saw_is_counted_once(tmp_path: Path) -> None:
    """Begun past any proxy, it is a call of its own by its first poll with a result."""
    proxy = Proxy(tmp_path)
    for _ in range(3):
        proxy.recorder.ended(POLL, poll=True)
    proxy.end()
    assert calls(tmp_path) == [("poll", "ok", "unassigned-2026-11-23")]


def test_the_same_id_of_another_host_is_another_call(tmp_path: Path) -> None:
    """Ids are a provider's own."""
    first = Proxy(tmp_path)
    first.recorder.ended(msgspec.structs.replace(STARTED, host="eu.api.openai.com"), poll=False)
    first.end()
    second = Proxy(tmp_path)
    second.recorder.ended(POLL, poll=True)
    second.end()
    assert len(calls(tmp_path)) == 2
