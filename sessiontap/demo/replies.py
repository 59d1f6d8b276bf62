"""Replies in the providers' own shapes, made from a model, a text and a `Usage`.

One function a wire shape; each gives an `Answer` that the provider's SDK reads, streamed or whole, and
whose reported usage is the given one: written as that provider counts, so that reading it gives it back.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import TypeAlias

from sessiontap.demo.answer import Answer, Headers
from sessiontap.usage import Usage

_Json: TypeAlias = dict[str, object]

_CREATED = 1_750_000_000  # seconds since the epoch; nobody reads it, the SDKs want one
_EVENT_STREAM = ("Content-Type", "text/event-stream; charset=utf-8")
_JSON = ("Content-Type", "application/json")
_WORD = re.compile(r"\S+\s*")


def openai_chat(model: str, text: str, usage: Usage, *, stream: bool) -> Answer:
    """Chat completions, the stream as with `stream_options.include_usage`.

    https://platform.openai.com/docs/api-reference/chat
    """
    head: _Json = {"id": _id("chatcmpl-"), "created": _CREATED, "model": model, "service_tier": "default"}
    reported: _Json = {
        "prompt_tokens": usage.input_tokens or 0,
        "completion_tokens": usage.output_tokens or 0,
        "total_tokens": (usage.input_tokens or 0) + (usage.output_tokens or 0),
        "prompt_tokens_details": {"cached_tokens": usage.cache_read_input_tokens or 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_output_tokens or 0,
            "audio_tokens": 0,
        },
    }
    headers = _openai_headers()
    if not stream:
        message: _Json = {"role": "assistant", "content": text, "refusal": None}
        choice: _Json = {"index": 0, "message": message, "finish_reason": "stop"}
        return _whole({**head, "object": "chat.completion", "choices": [choice], "usage": reported}, headers)
    head["object"] = "chat.completion.chunk"

    def events() -> Iterator[bytes]:
        deltas: list[_Json] = [{"role": "assistant", "content": ""}]
        deltas.extend({"content": word} for word in _words(text))
        for delta in deltas:
            choice: _Json = {"index": 0, "delta": delta, "finish_reason": None}
            yield _data({**head, "choices": [choice], "usage": None})
        end: _Json = {"index": 0, "delta": {}, "finish_reason": "stop"}
        yield _data({**head, "choices": [end], "usage": None})
        yield _data({**head, "choices": [], "usage": reported})
        yield b"data: [DONE]\n\n"

    return Answer(headers=(_EVENT_STREAM, *headers), chunks=events())


def openai_responses(model: str, text: str, usage: Usage, *, stream: bool) -> Answer:
    """The Responses API: https://platform.openai.com/docs/api-reference/responses."""
    part: _Json = {"type": "output_text", "text": text, "annotations": []}
    item: _Json = {
        "type": "message",
        "id": _id("msg_"),
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }
    reported: _Json = {
        "input_tokens": usage.input_tokens or 0,
        "input_tokens_details": {"cached_tokens": usage.cache_read_input_tokens or 0},
        "output_tokens": usage.output_tokens or 0,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_output_tokens or 0},
        "total_tokens": (usage.input_tokens or 0) + (usage.output_tokens or 0),
    }
    running: _Json = {
        "id": _id("resp_"),
        "object": "response",
        "created_at": _CREATED,
        "status": "in_progress",
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": None,
    }
    done = {**running, "status": "completed", "output": [item], "usage": reported, "service_tier": "default"}
    headers = _openai_headers()
    if not stream:
        return _whole(done, headers)

    def steps() -> Iterator[tuple[str, _Json]]:
        at: _Json = {"item_id": item["id"], "output_index": 0, "content_index": 0}
        yield "response.created", {"response": running}
        yield "response.in_progress", {"response": running}
        begun = {**item, "status": "in_progress", "content": []}
        yield "response.output_item.added", {"output_index": 0, "item": begun}
        yield "response.content_part.added", {**at, "part": {**part, "text": ""}}
        for word in _words(text):
            yield "response.output_text.delta", {**at, "delta": word, "logprobs": []}
        yield "response.output_text.done", {**at, "text": text, "logprobs": []}
        yield "response.content_part.done", {**at, "part": part}
        yield "response.output_item.done", {"output_index": 0, "item": item}
        yield "response.completed", {"response": done}

    def events() -> Iterator[bytes]:
        for number, (name, body) in enumerate(steps()):
            yield _data({"type": name, "sequence_number": number, **body}, name)

    return Answer(headers=(_EVENT_STREAM, *headers), chunks=events())


def anthropic_messages(model: str, text: str, usage: Usage, *, stream: bool) -> Answer:
    """The Messages API, whose input count leaves out what was read from or written to a cache.

    https://docs.anthropic.com/en/api/messages
    """
    read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    long = usage.cache_creation_1h_input_tokens or 0
    reported: _Json = {
        "input_tokens": (usage.input_tokens or 0) - read - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": written - long, "ephemeral_1h_input_tokens": long},
        "output_tokens": usage.output_tokens or 0,
        "service_tier": "standard",
    }
    message: _Json = {
        "id": _id("msg_01"),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": reported,
    }
    headers: Headers = (("Request-Id", _id("req_01")), ("Anthropic-Organization-Id", str(uuid.uuid4())))
    if not stream:
        return _whole(message, headers)

    def events() -> Iterator[bytes]:
        begun = {**message, "content": [], "stop_reason": None, "usage": {**reported, "output_tokens": 1}}
        block: _Json = {"type": "text", "text": ""}
        yield _data({"type": "message_start", "message": begun}, "message_start")
        yield _data(
            {"type": "content_block_start", "index": 0, "content_block": block}, "content_block_start"
        )
        yield _data({"type": "ping"}, "ping")
        for word in _words(text):
            delta: _Json = {"type": "text_delta", "text": word}
            yield _data({"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta")
        yield _data({"type": "content_block_stop", "index": 0}, "content_block_stop")
        end: _Json = {"stop_reason": "end_turn", "stop_sequence": None}
        total: _Json = {"output_tokens": usage.output_tokens or 0}
        yield _data({"type": "message_delta", "delta": end, "usage": total}, "message_delta")
        yield _data({"type": "message_stop"}, "message_stop")

    return Answer(headers=(_EVENT_STREAM, *headers), chunks=events())


def gemini_generate_content(model: str, text: str, usage: Usage, *, stream: bool) -> Answer:
    """generateContent, and streamGenerateContent as with `alt=sse`.

    Its candidates' count leaves the thoughts out: https://ai.google.dev/api/generate-content
    """
    thoughts = usage.reasoning_output_tokens or 0
    counts: _Json = {
        "promptTokenCount": usage.input_tokens or 0,
        "candidatesTokenCount": (usage.output_tokens or 0) - thoughts,
        "totalTokenCount": (usage.input_tokens or 0) + (usage.output_tokens or 0),
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.input_tokens or 0}],
    }
    if thoughts:
        counts["thoughtsTokenCount"] = thoughts
    if usage.cache_read_input_tokens:
        counts["cachedContentTokenCount"] = usage.cache_read_input_tokens
    tail: _Json = {"modelVersion": model, "responseId": _id("")}
    headers: Headers = (("Server-Timing", "gfet4t7; dur=20"), ("X-Content-Type-Options", "nosniff"))

    def candidate(piece: str, *, last: bool) -> _Json:
        content: _Json = {"parts": [{"text": piece}], "role": "model"}
        return {"content": content, "index": 0, **({"finishReason": "STOP"} if last else {})}

    if not stream:
        return _whole({"candidates": [candidate(text, last=True)], "usageMetadata": counts, **tail}, headers)

    def events() -> Iterator[bytes]:
        words = _words(text)
        for number, word in enumerate(words, start=1):
            last = number == len(words)
            # Running counts before the last: the last ones are the bill.
            so_far = counts if last else {**counts, "candidatesTokenCount": number}
            yield _data({"candidates": [candidate(word, last=last)], "usageMetadata": so_far, **tail})

    return Answer(headers=(_EVENT_STREAM, *headers), chunks=events())


def openai_rate_limit(model: str, *, retry_after_ms: int) -> Answer:
    """OpenAI's 429, with the two headers that its SDKs heed before they try again."""
    message = (
        f"Rate limit reached for {model} on tokens per min (TPM): Limit 200000, Used 199113, Requested 2204."
    )
    error: _Json = {"message": message, "type": "tokens", "param": None, "code": "rate_limit_exceeded"}
    wait = (("Retry-After", str(-(-retry_after_ms // 1000))), ("Retry-After-Ms", str(retry_after_ms)))
    return _whole({"error": error}, (*_openai_headers(), *wait), status=429)


def not_found(path: str) -> Answer:
    """What an OpenAI-style API says of a path that it does not have."""
    error: _Json = {
        "message": f"Invalid URL (POST {path})",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }
    return _whole({"error": error}, _openai_headers(), status=404)


def _openai_headers() -> Headers:
    return (("X-Request-Id", _id("req_")), ("Openai-Version", "2020-10-01"), ("Openai-Processing-Ms", "212"))


def _id(prefix: str) -> str:
    return prefix + uuid.uuid4().hex


def _words(text: str) -> list[str]:
    return _WORD.findall(text) or [""]


def _whole(body: _Json, headers: Headers, status: int = 200) -> Answer:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Answer(status=status, headers=(_JSON, *headers), chunks=(text.encode(),), chunked=False)


def _data(body: _Json, name: str = "") -> bytes:
    """One server-sent event."""
    line = f"event: {name}\n" if name else ""
    return f"{line}data: {json.dumps(body, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
