"""Calls with bodies, as a store gives them."""

from __future__ import annotations

import json
from typing import Any

from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from tests.sessions.samples import make_call


def json_body(value: object, **fields: Any) -> Body:
    """A whole body of JSON; fields replace what it has."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Body(**{"content": content, "size": len(content), "content_type": "application/json", **fields})


def bodies(
    request: object, reply: object = None, *, target: str = "/v1/chat/completions", **fields: Any
) -> CallBodies:
    """What a call sent and got."""
    return CallBodies(
        **{
            "call_id": "c01",
            "session_id": "s",
            "method": "POST",
            "target": target,
            "headers": {"content-type": "application/json"},
            "request": request if isinstance(request, Body) else json_body(request),
            "reply": None if reply is None else json_body(reply),
            **fields,
        }
    )


def chat(model: str = "gpt-5-mini", **fields: object) -> Call:
    """A chat completion of OpenAI's."""
    return make_call(1, "/talk", model, **fields)


def gemini(model: str = "gemini-2.5-flash", **fields: object) -> Call:
    """A call of Gemini's."""
    return make_call(
        1,
        "/talk",
        model,
        **{
            "provider": "gcp.gemini",
            "api": "gemini.generate_content",
            "host": "generativelanguage.googleapis.com",
            "url_path": f"/v1beta/models/{model}:generateContent",
            **fields,
        },
    )
