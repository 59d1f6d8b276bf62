"""Whose a call is settles with its body: through the meters of HTTP calls and of sockets, and by import."""

from __future__ import annotations

import gzip
import itertools
import json
import time
from typing import Any

import pytest

from sessiontap.identity import Claims, Identifier
from sessiontap.meter import CallMeter
from sessiontap.providers import DIRECTORY
from sessiontap.record import Moment
from sessiontap.socket_meter import SocketMeter
from sessiontap.wire.jsontext import decode_head
from tests.identity.asking import CLAUDE_CODE, CODEX, TODAY
from tests.imports.captures import flow, mitm, socket
from tests.imports.importing import calls_of

NOW = Moment("2026-11-23T00:00:00.000Z", 100.0)
_ID = "7f3c1d20-8a4e-4b6f-9c11-2d5e6f708192"
_MESSAGES = ("api.anthropic.com", "/v1/messages")
_USER = {"user_id": json.dumps({"device_id": "d", "account_uuid": "", "session_id": _ID})}
_CREATE = {"type": "response.create", "model": "gpt-5.3-codex", "input": []}
_COMPLETED = {
    "type": "response.completed",
    "response": {
        "id": "r",
        "model": "m",
        "status": "completed",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
}


def _claims(provider: str, headers: dict[str, str]) -> Claims:
    return Identifier().claims(headers.items(), proxy_user=None, today=TODAY, provider=provider)


def _meter(where: tuple[str, str] = _MESSAGES, headers: dict[str, str] | None = None) -> CallMeter:
    found = DIRECTORY.match("POST", *where)
    assert found is not None
    return CallMeter(found, _claims(found.provider, headers or {}), "the-call", NOW.stamp)


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_the_body_says_whose_a_call_is_before_it_is_recorded(encoding: str) -> None:
    """The record of the running call stands in the session that the body names, and so does the last one."""
    body = json.dumps({"model": "claude-sonnet-4-5", "messages": [], "metadata": _USER}).encode()
    meter = _meter()
    meter.request(gzip.compress(body) if encoding else body, {"content-encoding": encoding}, 100.0)
    running, ended = meter.running(), meter.close("cut", NOW)
    for call in (running, ended):
        assert (call.session_id, call.session_source, call.request_model) == (
            _ID,
            "agent",
            "claude-sonnet-4-5",
        )
        # Claude Code's is no user's name.
        assert call.user_id is None


@pytest.mark.parametrize("body", [None, b"\xff", b"[1]", b"", b"{", b'{"metadata": 1}'])
def test_without_a_body_that_can_be_read_the_headers_decide(body: bytes | None) -> None:
    """A body that was streamed by, or that is none, leaves what the headers say."""
    meter = _meter(headers={"x-claude-code-session-id": _ID})
    meter.request(body, {}, 100.0)
    assert meter.running().session_id == _ID


def test_a_call_whose_request_never_came_whole_has_a_session() -> None:
    """A client that leaves while it sends is recorded where its headers say."""
    call = _meter(headers={"x-claude-code-session-id": _ID}).close("client-left", NOW)
    assert (call.session_id, call.status) == (_ID, "cancelled")


def test_a_body_of_megabytes_is_read_for_it_at_once() -> None:
    """What identifies is found beside 30 MB of messages, and within a request that Google wraps."""
    messages = [{"role": "user", "content": "x" * 20}] * 500_000
    metadata = {**_USER, "note": "n" * 10_000}
    body = json.dumps({"model": "m", "messages": messages, "metadata": metadata}).encode()
    started = time.process_time()
    meter = _meter()
    meter.request(body, {}, 100.0)
    assert time.process_time() - started < 0.5
    assert meter.running().session_id == _ID

    wrapped = {"model": "m", "project": "p", "request": {"contents": messages[:50_000], "session_id": _ID}}
    meter = _meter(("cloudcode-pa.googleapis.com", "/v1internal:generateContent"))
    meter.request(json.dumps(wrapped).encode(), {}, 100.0)
    assert meter.running().session_id == _ID


def test_of_large_objects_that_are_named_the_small_members_are_given() -> None:
    """One level down, up to 64 KiB each; other objects and what is no object are passed over."""
    large = {"a": 1, "b": "x" * 5_000, "c": "x" * 70_000}
    body = json.dumps({"in": large, "out": large, "list": [1] * 5_000, "n": 1}).encode()
    assert decode_head(body, within={"in", "list"}) == {"in": {"a": 1, "b": "x" * 5_000}, "n": 1}


def _socket(**headers: str) -> SocketMeter:
    found = DIRECTORY.match("GET", "chatgpt.com", "/backend-api/codex/responses")
    assert found is not None
    numbers = itertools.count(1)
    claims = _claims(found.provider, {name.replace("_", "-"): value for name, value in headers.items()})
    return SocketMeter(found, claims, target="/", new_call_id=lambda: f"call-{next(numbers)}")


def _asks(meter: SocketMeter, **metadata: Any) -> tuple[str, str, str]:
    message = {**_CREATE, "client_metadata": metadata} if metadata else _CREATE
    (begun,) = meter.sent(json.dumps(message).encode(), NOW)
    (ended,) = meter.received(json.dumps(_COMPLETED).encode(), NOW)
    assert begun.call.session_id == ended.call.session_id
    return ended.call.session_id or "", ended.call.session_path, ended.call.session_source


def test_each_message_of_a_socket_may_say_its_own_session() -> None:
    """Sub-agents share Codex's socket; a message that says nothing goes with the one before it."""
    meter = _socket(user_agent=CODEX, session_id="of-the-handshake")
    assert _asks(meter) == ("of-the-handshake", "/", "agent")
    assert _asks(meter, session_id="one") == ("one", "/", "agent")
    turn = json.dumps({"session_id": "one", "agent_name": "/root/tests", "workspaces": {"w" * 9_000: {}}})
    assert _asks(meter, **{"x-codex-turn-metadata": turn}) == ("one", "/tests", "agent")
    assert _asks(meter, session_id="two") == ("two", "/", "agent")
    silent = _socket()
    assert _asks(silent) == (f"unassigned-{TODAY}", "/", "none")
    assert _asks(silent, session_id="one") == ("one", "/", "agent")
    assert _asks(silent) == ("one", "/", "agent")


def test_of_a_large_message_the_metadata_is_read() -> None:
    """Beside a conversation of megabytes the turn's metadata is found, though it is long itself."""
    turn = json.dumps({"session_id": "one", "agent_name": "/root/tests", "workspaces": {"w" * 9_000: {}}})
    message = {**_CREATE, "input": ["x" * 1_000_000], "client_metadata": {"x-codex-turn-metadata": turn}}
    (begun,) = _socket(user_agent=CODEX).sent(json.dumps(message).encode(), NOW)
    assert (begun.call.session_id, begun.call.session_path) == ("one", "/tests")


def test_a_realtime_session_is_no_conversation_by_its_flag() -> None:
    """`conversation: auto` of a `response.create` names nothing; metadata within `response` counts."""
    found = DIRECTORY.match("GET", "api.openai.com", "/v1/realtime?model=gpt-realtime")
    assert found is not None
    meter = SocketMeter(found, _claims("openai", {}), target="/", new_call_id=lambda: "c")
    inner = {"conversation": "auto", "metadata": {"session_id": "mine"}}
    meter.sent(json.dumps({"type": "response.create", "response": inner}).encode(), NOW)
    made = {"type": "response.created", "response": {"id": "r1"}}
    calls = [*meter.received(json.dumps(made).encode(), NOW), *meter.close("client-left", NOW)]
    assert {each.call.session_source for each in calls} <= {"api", "none"}


def test_imports_go_the_same_way() -> None:
    """The calls of a capture stand in the sessions of their agents, sub-agents below, sockets too."""
    body = json.dumps({"model": "claude-sonnet-4-5", "messages": [], "metadata": _USER}).encode()
    headers = {"User-Agent": CLAUDE_CODE, "content-type": "application/json"}
    agent = {"x-claude-code-agent-id": "a1", "x-claude-code-agent-type": "Explore"}
    below = {"x-claude-code-agent-id": "a2", "x-claude-code-parent-agent-id": "a1"}
    url = "https://api.anthropic.com/v1/messages"
    sent = [
        flow(url, body, b"{}", request_headers={**headers, **more}, began=1_795_500_000 + 60 * at, number=at)
        for at, more in enumerate(({}, agent, below), 1)
    ]
    create = json.dumps({**_CREATE, "client_metadata": {"session_id": "of-codex"}}).encode()
    over = socket(
        "https://chatgpt.com/backend-api/codex/responses",
        [(True, create), (False, json.dumps(_COMPLETED).encode())],
        number=9,
    )
    calls = calls_of(mitm([*sent, over]))
    assert [(call.session_id, call.session_path) for call in calls] == [
        (_ID, "/"),
        (_ID, "/explore-a1"),
        (_ID, "/explore-a1/agent-a2"),
        ("of-codex", "/"),
    ]
