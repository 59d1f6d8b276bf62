"""Streams that end without saying their usage: the meter estimates it from their text, and says so."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from sessiontap.call import Call
from sessiontap.record import Ending
from sessiontap.usage import Usage
from tests.metered import CHAT, END, MESSAGES, SENT_AT, SSE, TEXT_DELTA, meter, sse

_REQUEST = {"model": "gpt-4.1", "stream": True, "messages": [{"role": "user", "content": "a" * 44}]}
_WORDS = {"model": "gpt-4.1", "choices": [{"index": 0, "delta": {"content": "b" * 44}}]}
_STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
_ESTIMATE = Usage(input_tokens=17, output_tokens=10)


def _call(
    *events: dict[str, Any], ending: Ending = "clean", request: bytes | None = None, encoding: str = ""
) -> Call:
    started = meter(CHAT, json.dumps(_REQUEST).encode() if request is None else request, encoding)
    started.reply(200, {"content-type": SSE})
    started.feed(sse(*events), SENT_AT + 1)
    return started.close(ending, END)


@pytest.mark.parametrize("ending", ["clean", "cut", "client-left"])
def test_a_stream_without_usage_is_estimated(ending: Ending) -> None:
    """However it ended, what was seen is estimated, and is not called reported or partial."""
    call = _call(_WORDS, ending=ending)
    assert (call.usage, call.usage_source) == (_ESTIMATE, "estimated")
    assert call.status == {"clean": "interrupted", "cut": "interrupted", "client-left": "cancelled"}[ending]


def test_a_compressed_request_is_estimated() -> None:
    """The request's text is what was compressed."""
    call = _call(_WORDS, _STOP, request=gzip.compress(json.dumps(_REQUEST).encode()), encoding="gzip")
    assert (call.usage, call.usage_source) == (_ESTIMATE, "estimated")


def test_calls_of_tools_are_output() -> None:
    """Names and arguments of a streamed call of a tool count, and its frame once."""
    first = {"index": 0, "function": {"name": "f" * 44, "arguments": ""}}
    rest = {"index": 0, "function": {"arguments": "a" * 44}}
    chunks = [{"choices": [{"index": 0, "delta": {"tool_calls": [each]}}]} for each in (first, rest)]
    assert _call(*chunks, _STOP).usage.output_tokens == 27


def test_an_error_after_output_is_estimated() -> None:
    """What was made before the error may be billed."""
    call = _call(_WORDS, {"error": {"message": "no"}})
    assert (call.status, call.usage, call.usage_source) == ("error", _ESTIMATE, "estimated")


def test_reported_usage_is_never_estimated() -> None:
    """What the provider says counts, whatever was seen."""
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    call = _call(_WORDS, _STOP, {"choices": [], "usage": usage})
    assert (call.usage.input_tokens, call.usage.output_tokens, call.usage_source) == (1, 2, "reported")


@pytest.mark.parametrize(
    "call",
    [
        lambda: _call(_STOP),
        lambda: _call({"error": {"message": "no"}}),
        lambda: _call(_WORDS, request=b'{"model":"m"}'),
        lambda: _call(_WORDS, request=b"not JSON"),
    ],
    ids=[
        "nothing was seen",
        "an error before any output",
        "no stream was asked for",
        "the request cannot be read",
    ],
)
def test_nothing_is_made_up(call: Any) -> None:
    """Without output, and without the request's text the usage stays unknown."""
    made = call()
    assert (made.usage, made.usage_source) == (Usage(), "none")


def test_other_shapes_keep_what_they_said() -> None:
    """A cut stream of Anthropic's has its own interim figure, or none."""
    started = meter(MESSAGES, b'{"model":"claude-sonnet-4-5","stream":true}')
    started.reply(200, {"content-type": SSE})
    started.feed(sse(TEXT_DELTA), SENT_AT + 1)
    assert started.close("cut", END).usage_source == "none"
