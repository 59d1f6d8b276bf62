"""Which calls on the user's own machine are model calls: told by the reply, for the path proves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.metered import END, JSON, SENT_AT, SSE, meter, sse

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
NDJSON = "application/x-ndjson"
HTML = "text/html; charset=utf-8"

ASKED = {"model": "llama3.2", "messages": []}


def _recognised(
    path: str, request: dict[str, Any], body: bytes, *, status: int = 200, content_type: str = JSON
) -> bool:
    started = meter(("localhost", path), json.dumps(request).encode())
    started.reply(status, {"content-type": content_type})
    started.feed(body, SENT_AT + 1)
    started.close("clean", END)
    return started.recognised


def _lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def _text(event: object) -> bytes:
    return json.dumps(event).encode()


HELLO = {"role": "assistant", "content": "Hello"}
CHUNK = {"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}


@pytest.mark.parametrize(
    ("path", "request_body", "body", "content_type"),
    [
        (CHAT, ASKED, _text({"model": "m", "choices": [{"message": HELLO}]}), JSON),
        (CHAT, {"messages": []}, _text({"model": "m", "choices": [{"message": HELLO}]}), JSON),
        (CHAT, ASKED, _text({"choices": [{"message": HELLO}]}), JSON),
        (CHAT, {"messages": []}, _text({"usage": {"prompt_tokens": 1, "completion_tokens": 1}}), JSON),
        (CHAT, ASKED, sse(CHUNK), SSE),
        ("/api/chat", ASKED, _lines({"model": "m", "message": HELLO, "done": False}), NDJSON),
        ("/api/embeddings", {"model": "m", "prompt": "a"}, _text({"embedding": [0.5]}), JSON),
    ],
    ids=[
        "a whole reply",
        "a server that needs no model named",
        "a reply that names no model",
        "usage alone",
        "a stream that was left before its first word",
        "Ollama's stream, cut",
        "Ollama's old embeddings",
    ],
)
def test_a_reply_in_the_wire_shape_is_a_call(
    path: str, request_body: dict[str, Any], body: bytes, content_type: str
) -> None:
    """Usage is enough; else two of: a model asked for, a model that answers, and its output."""
    assert _recognised(path, request_body, body, content_type=content_type)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/chat", {"error": "model 'llama3.2' not found"}),
        (CHAT, {"object": "error", "message": "Too long.", "type": "BadRequestError", "code": 400}),
        (CHAT, {"error": {"message": "Too long.", "type": "BadRequestError", "code": 400}}),
        (MESSAGES, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    ],
    ids=["Ollama", "vLLM of old", "vLLM", "Anthropic's"],
)
def test_an_error_of_a_model_server_is_a_call(path: str, body: dict[str, Any]) -> None:
    """A request that names a model, refused in an error's envelope, is a call that failed."""
    assert _recognised(path, ASKED, _text(body), status=400)


@pytest.mark.parametrize(
    ("path", "request_body", "status", "body", "content_type"),
    [
        (MESSAGES, {"to": "ann", "text": "Hi"}, 201, _text({"id": 7}), JSON),
        (MESSAGES, {"to": "ann"}, 401, _text({"error": "not signed in"}), JSON),
        (MESSAGES, ASKED, 404, _text({"detail": "Not Found"}), JSON),
        (MESSAGES, ASKED, 404, _text({"message": "no such route"}), JSON),
        (MESSAGES, {"to": "ann"}, 200, b"<!doctype html><p>Sent.", HTML),
        (MESSAGES, ASKED, 404, b"404 page not found", "text/plain"),
        (MESSAGES, {"to": "ann"}, 204, b"", JSON),
        ("/api/chat", {"messages": []}, 200, sse({"type": "text-delta", "delta": "Hi"}), SSE),
        ("/api/chat", ASKED, 200, sse({"type": "text-delta", "delta": "Hi"}), SSE),
        ("/api/chat", {"messages": []}, 200, _text({"response": "Hi"}), JSON),
        (CHAT, {"messages": []}, 200, _text({"model": "T", "price": 825}), JSON),
        ("/v1/responses", {"survey": 3}, 200, _text({"id": 9, "object": "survey"}), JSON),
        (
            "/api/generate",
            {"model": "llama3.2"},
            200,
            _text({"model": "llama3.2", "response": "", "done": True, "done_reason": "load"}),
            JSON,
        ),
    ],
    ids=[
        "JSON",
        "an error",
        "a web framework's 404",
        "a gateway's 404",
        "HTML",
        "plain text",
        "nothing",
        "a chat page's own stream",
        "a chat page's own stream for a model",
        "a chat page's own reply",
        "a car",
        "a survey",
        "a model that is only loaded",
    ],
)
def test_a_strangers_reply_is_no_call(
    path: str, request_body: dict[str, Any], status: int, body: bytes, content_type: str
) -> None:
    """A web application with a path like a provider's is not recorded, whatever it answers."""
    assert not _recognised(path, request_body, body, status=status, content_type=content_type)
