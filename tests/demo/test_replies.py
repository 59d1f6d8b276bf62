from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sessiontap.apis import APIS
from sessiontap.demo import replies
from sessiontap.demo.answer import Answer
from sessiontap.usage import Usage
from sessiontap.wire.sse import SSE

USAGES = {
    "plain": Usage(input_tokens=412, output_tokens=96),
    "cached and reasoned": Usage(
        input_tokens=900, cache_read_input_tokens=256, output_tokens=300, reasoning_output_tokens=120
    ),
}
SHAPES: dict[str, Callable[..., Answer]] = {
    "openai.chat": replies.openai_chat,
    "openai.responses": replies.openai_responses,
    "gemini.generate_content": replies.gemini_generate_content,
    "anthropic.messages": replies.anthropic_messages,
}


def _bodies(answer: Answer) -> list[dict[str, object]]:
    """The JSON objects of an answer, whole or streamed."""
    raw = b"".join(answer.chunks)
    if not answer.chunked:
        return [json.loads(raw)]
    framing = SSE()
    events = [*framing.feed(raw), *framing.close()]
    return [json.loads(event.data) for event in events if event.data != b"[DONE]"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("usage", USAGES.values(), ids=USAGES)
@pytest.mark.parametrize("shape", SHAPES)
def test_reports_the_given_usage(shape: str, usage: Usage, *, stream: bool) -> None:
    """Every shape, read as that shape, gives model and usage back, whole or streamed."""
    reader = APIS[shape].reader()
    for body in _bodies(SHAPES[shape]("model-1", "Good morning to you", usage, stream=stream)):
        reader.feed(body)
    facts = reader.facts()

    known = {name: value for name in Usage.__struct_fields__ if (value := getattr(usage, name)) is not None}
    if shape == "anthropic.messages":
        del known["output_tokens"], known["input_tokens"]
        known.pop("reasoning_output_tokens", None)  # the Messages API does not tell it apart
        assert facts.usage.input_tokens == usage.input_tokens
        assert facts.usage.output_tokens == usage.output_tokens
    assert {name: getattr(facts.usage, name) for name in known} == known
    assert (facts.model, facts.complete) == ("model-1", True)
    assert facts.response_id


def test_anthropic_counts_the_cache_beside_the_input() -> None:
    """Anthropic's own input count leaves out what was read from and written to the cache."""
    usage = Usage(
        input_tokens=1000,
        cache_read_input_tokens=300,
        cache_creation_input_tokens=500,
        cache_creation_1h_input_tokens=200,
        output_tokens=9,
    )
    [body] = _bodies(replies.anthropic_messages("m", "Hi", usage, stream=False))
    assert body["usage"] == {
        "input_tokens": 200,
        "cache_creation_input_tokens": 500,
        "cache_read_input_tokens": 300,
        "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 200},
        "output_tokens": 9,
        "service_tier": "standard",
    }


def test_gemini_counts_the_thoughts_beside_the_candidates() -> None:
    """Gemini's candidates leave the thoughts out, and the total has both."""
    usage = Usage(input_tokens=10, output_tokens=30, reasoning_output_tokens=20)
    [body] = _bodies(replies.gemini_generate_content("m", "Hi", usage, stream=False))
    assert body["usageMetadata"] == {
        "promptTokenCount": 10,
        "candidatesTokenCount": 10,
        "thoughtsTokenCount": 20,
        "totalTokenCount": 40,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}],
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_every_reply_has_an_id_of_its_own(shape: str) -> None:
    """Two replies of one shape never share an id, for a reply is counted once by its id."""
    ids = set()
    for _ in range(2):
        reader = APIS[shape].reader()
        for body in _bodies(SHAPES[shape]("m", "Hi", Usage(), stream=False)):
            reader.feed(body)
        ids.add(reader.facts().response_id)
    assert len(ids) == 2


def test_rate_limit() -> None:
    """The 429 says how long to wait in whole seconds, rounded up, and in milliseconds."""
    answer = replies.openai_rate_limit("gpt-5.4-mini", retry_after_ms=1300)
    headers = dict(answer.headers)
    [body] = _bodies(answer)
    assert (answer.status, headers["Retry-After"], headers["Retry-After-Ms"]) == (429, "2", "1300")
    error = body["error"]
    assert isinstance(error, dict)
    assert error["code"] == "rate_limit_exceeded"
