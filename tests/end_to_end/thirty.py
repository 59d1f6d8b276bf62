"""A session of thirty calls to three providers, with streams, tools and an error; and what a double answers.

Every reply depends on the model that is asked and on the number of the call only: the same session sent
again, with other models, has figures that are known beforehand.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.replies import anthropic_messages, gemini_generate_content, not_found, openai_chat
from sessiontap.usage import Usage

SESSION, NAME = "thirty-1", "Thirty calls"
PATHS = ("/plan", "/plan/research", "/plan/research/look", "/write", "/write/review")
COUNT = 30
# The fifth of Anthropic's: overloaded, whichever the model.
FAILS = 13
TOOL = "look_up"

# USD a million tokens of input and of output, as the providers' pages state them.
RATES = {
    "gpt-5-mini": (Decimal("0.25"), Decimal(2)),
    "gpt-5-nano": (Decimal("0.05"), Decimal("0.4")),
    "claude-sonnet-4-5": (Decimal(3), Decimal(15)),
    "claude-haiku-4-5": (Decimal(1), Decimal(5)),
    "gemini-2.5-flash": (Decimal("0.3"), Decimal("2.5")),
    "gemini-2.5-flash-lite": (Decimal("0.1"), Decimal("0.4")),
}
OLD = ("gpt-5-mini", "claude-sonnet-4-5", "gemini-2.5-flash")
NEW = ("gpt-5-nano", "claude-haiku-4-5", "gemini-2.5-flash-lite")
HOSTS = ("api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com")
_KEYS = (("Authorization", "Bearer {}"), ("x-api-key", "{}"), ("x-goog-api-key", "{}"))

_NUMBER = re.compile(rb"Call (\d+)\.")


def usage(number: int, model: str) -> Usage:
    """What a call takes: the newer models say less."""
    terse = model in NEW
    return Usage(input_tokens=1000 + number, output_tokens=(40 if terse else 100) + number)


def cost(models: tuple[str, str, str]) -> Decimal:
    """What the thirty calls cost with these models, in USD."""
    total = Decimal(0)
    for number in range(COUNT):
        if number != FAILS:
            model = models[number % 3]
            used, (read, written) = usage(number, model), RATES[model]
            total += ((used.input_tokens or 0) * read + (used.output_tokens or 0) * written) / 1_000_000
    return total


def tokens(models: tuple[str, str, str]) -> tuple[int, int]:
    """Input and output tokens of the thirty calls with these models."""
    found = [usage(number, models[number % 3]) for number in range(COUNT) if number != FAILS]
    return sum(each.input_tokens or 0 for each in found), sum(each.output_tokens or 0 for each in found)


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of the session."""

    host: str
    target: str
    path: str
    body: bytes
    key: tuple[str, str]


def calls() -> list[Asked]:
    """The session's calls, in order."""
    return [_asked(number) for number in range(COUNT)]


def _asked(number: int) -> Asked:
    provider, model = number % 3, OLD[number % 3]
    stream = number % 2 == 0
    said = f"Call {number}. Which parcels are late?"
    if provider == 0:
        target = "/v1/chat/completions"
        body: dict[str, object] = {
            "model": model,
            "messages": [{"role": "user", "content": said}],
            "stream": stream,
            "temperature": 1.0,
            "tools": [{"type": "function", "function": {"name": TOOL, "parameters": {"type": "object"}}}],
        }
        if stream:
            body["stream_options"] = {"include_usage": True}
    elif provider == 1:
        target = "/v1/messages"
        message = {"role": "user", "content": said}
        body = {"model": model, "max_tokens": 500, "messages": [message], "stream": stream}
    else:
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        target = f"/v1beta/models/{model}:{verb}"
        body = {"contents": [{"role": "user", "parts": [{"text": said}]}]}
    name, form = _KEYS[provider]
    return Asked(
        HOSTS[provider],
        target,
        PATHS[number % len(PATHS)],
        json.dumps(body).encode(),
        (name, form.format("recorded")),
    )


def record(port: int, ca_file: Path) -> None:
    """Makes the session's calls through a proxy."""
    tls = ssl.create_default_context(cafile=str(ca_file))
    user = base64.b64encode(b"thirty-1:Thirty calls").decode()
    for asked in calls():
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=tls)
        connection.set_tunnel(asked.host, headers={"Proxy-Authorization": f"Basic {user}"})
        headers = {
            "Content-Type": "application/json",
            "anthropic-version": "2023-06-01",
            "Helicone-Session-Id": SESSION,
            "Helicone-Session-Name": NAME,
            "Helicone-Session-Path": asked.path,
            asked.key[0]: asked.key[1],
        }
        connection.request("POST", asked.target, asked.body, headers)
        connection.getresponse().read()
        connection.close()


def answer(call: ReceivedCall) -> Answer:
    """The providers' part."""
    found = _NUMBER.search(call.body)
    if found is None or call.host not in HOSTS:
        return not_found(call.path)
    number, stream = int(found[1]), "stream" in call.path.lower() or b'"stream":true' in _compact(call.body)
    provider = HOSTS.index(call.host)
    model = call.path.split("/models/")[1].split(":")[0] if provider == 2 else json.loads(call.body)["model"]
    if number == FAILS:
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        return Answer(
            status=529,
            headers=(("Content-Type", "application/json"),),
            chunks=(json.dumps(error).encode(),),
            chunked=False,
        )
    text, used = f"Parcel {number} is late, says {model}.", usage(number, model)
    if provider == 1:
        return anthropic_messages(model, text, used, stream=stream)
    if provider == 2:
        return gemini_generate_content(model, text, used, stream=stream)
    if number % 4 == 3:
        return _tool_call(model, number, used)
    return openai_chat(model, text, used, stream=stream)


def _compact(body: bytes) -> bytes:
    return body.replace(b" ", b"")


def _tool_call(model: str, number: int, used: Usage) -> Answer:
    call = {
        "id": f"call_{number}",
        "type": "function",
        "function": {"name": TOOL, "arguments": json.dumps({"parcel": number})},
    }
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": used.input_tokens, "completion_tokens": used.output_tokens},
    }
    return Answer(
        headers=(("Content-Type", "application/json"),), chunks=(json.dumps(body).encode(),), chunked=False
    )
