"""The demonstration's story: the calls that the agent makes, and what the double answers to each.

A support ticket is classified, looked up, and answered. The story has what real runs have: streams, calls
side by side, prompts read from a cache, a rate limit that a retry overcomes, and a model that no price
table knows.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from sessiontap.demo.answer import Answer, Handler, ReceivedCall
from sessiontap.demo.compression import accepted_encoding, compressed
from sessiontap.demo.replies import (
    anthropic_messages,
    gemini_generate_content,
    not_found,
    openai_chat,
    openai_rate_limit,
    openai_responses,
)
from sessiontap.usage import Usage

OPENAI, ANTHROPIC, GEMINI = "api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com"
HOSTS = (OPENAI, ANTHROPIC, GEMINI)
SESSION_NAME = "Support triage"

_RETRY_AFTER_MS = 300
# A tenth of what providers take: enough to see a stream come, short enough to watch.
_LATENCY_S, _DELAY_S = 0.1, 0.008
_TICKET = (
    "Order 4711 arrived with a cracked screen. I need it for a talk on Friday. Can you replace it in time?"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the story, and its answer. `path` is the session path, `url` what is asked of the host."""

    path: str
    host: str
    url: str
    model: str
    body: bytes
    reply: Callable[[], Answer]
    rate_limited: bool = False
    """Its first attempt is refused."""


def story() -> tuple[tuple[Step, ...], ...]:
    """The steps in order; those that stand in one group are made side by side."""
    return (
        (
            _responses(
                "/triage", "gpt-5.4-mini", PLAN, Usage(input_tokens=412, output_tokens=96), stream=True
            ),
        ),
        (
            _gemini(
                "/triage/classify",
                "gemini-2.5-flash",
                CLASS,
                Usage(input_tokens=655, output_tokens=143, reasoning_output_tokens=121),
                stream=False,
            ),
            _chat(
                "/triage/classify",
                "gpt-experimental-unlisted",
                CLASS,
                Usage(input_tokens=640, output_tokens=24),
                stream=False,
            ),
        ),
        (
            _anthropic(
                "/triage/research/search",
                "claude-haiku-4-5-20251001",
                FOUND_ORDER,
                Usage(input_tokens=5_230, cache_creation_input_tokens=4_811, output_tokens=88),
                stream=True,
            ),
            _chat(
                "/triage/research/search",
                "gpt-5.4-mini",
                FOUND_POLICY,
                Usage(input_tokens=3_902, cache_read_input_tokens=2_816, output_tokens=131),
                stream=True,
            ),
            _gemini(
                "/triage/research/search",
                "gemini-2.5-flash",
                FOUND_STOCK,
                Usage(input_tokens=2_290, output_tokens=204, reasoning_output_tokens=140),
                stream=True,
            ),
        ),
        (
            _anthropic(
                "/triage/research/summarize",
                "claude-haiku-4-5-20251001",
                SUMMARY,
                Usage(input_tokens=6_104, cache_read_input_tokens=4_811, output_tokens=172),
                stream=False,
            ),
        ),
        (
            _anthropic(
                "/triage/respond",
                "claude-sonnet-4-6",
                ANSWER,
                Usage(input_tokens=7_415, cache_creation_input_tokens=5_120, output_tokens=318),
                stream=True,
            ),
        ),
        (
            replace(
                _responses(
                    "/triage/respond/review",
                    "gpt-5.4-mini",
                    REVIEW,
                    Usage(input_tokens=1_188, output_tokens=240, reasoning_output_tokens=192),
                    stream=False,
                ),
                rate_limited=True,
            ),
        ),
        (
            _anthropic(
                "/triage/respond",
                "claude-sonnet-4-6",
                FINAL,
                Usage(input_tokens=7_902, cache_read_input_tokens=5_120, output_tokens=187),
                stream=True,
            ),
        ),
    )


def handler(steps: tuple[tuple[Step, ...], ...]) -> Handler:
    """The double's part: knows a step by its host, URL and body, so a proxy that changed them gets a 404."""
    known = {(step.host, step.url, step.body): step for group in steps for step in group}

    def answer(call: ReceivedCall) -> Answer:
        step = known.get((call.host, call.path, call.body))
        if step is None:
            return not_found(call.path)
        if step.rate_limited and call.header("x-stainless-retry-count") == "0":
            return openai_rate_limit(step.model, retry_after_ms=_RETRY_AFTER_MS)
        reply = replace(step.reply(), latency_s=_LATENCY_S, delay_s=_DELAY_S)
        encoding = accepted_encoding(call)
        return compressed(reply, encoding) if encoding else reply

    return answer


def _chat(path: str, model: str, text: str, usage: Usage, *, stream: bool) -> Step:
    body: dict[str, object] = {
        "model": model,
        "messages": [{"role": "user", "content": _prompt(path)}],
        "stream": stream,
    }
    if stream:
        body["stream_options"] = {"include_usage": True}

    def reply() -> Answer:
        return openai_chat(model, text, usage, stream=stream)

    return Step(path, OPENAI, "/v1/chat/completions", model, _json(body), reply)


def _responses(path: str, model: str, text: str, usage: Usage, *, stream: bool) -> Step:
    body: dict[str, object] = {"model": model, "input": _prompt(path), "stream": stream}

    def reply() -> Answer:
        return openai_responses(model, text, usage, stream=stream)

    return Step(path, OPENAI, "/v1/responses", model, _json(body), reply)


def _anthropic(path: str, model: str, text: str, usage: Usage, *, stream: bool) -> Step:
    # The text stands in for the model's own words before it: two calls of one path must not be one body.
    content = f"{_prompt(path)} Reply in about {len(text)} characters."
    body: dict[str, object] = {
        "model": model,
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": content}],
        "stream": stream,
    }

    def reply() -> Answer:
        return anthropic_messages(model, text, usage, stream=stream)

    return Step(path, ANTHROPIC, "/v1/messages", model, _json(body), reply)


def _gemini(path: str, model: str, text: str, usage: Usage, *, stream: bool) -> Step:
    body: dict[str, object] = {"contents": [{"role": "user", "parts": [{"text": _prompt(path)}]}]}
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"

    def reply() -> Answer:
        return gemini_generate_content(model, text, usage, stream=stream)

    return Step(path, GEMINI, f"/v1beta/models/{model}:{verb}", model, _json(body), reply)


def _prompt(path: str) -> str:
    return f"Task {path.rpartition('/')[2]}. The ticket: {_TICKET}"


def _json(body: dict[str, object]) -> bytes:
    return json.dumps(body).encode()


PLAN = (
    "Three things to do. First find out what kind of ticket this is and how urgent. Then look up the "
    "order, the replacement policy and the stock. Then write a reply that names a date, and have it "
    "reviewed before it goes out."
)
CLASS = '{"category": "damaged in transit", "urgency": "high", "deadline": "Friday"}'
FOUND_ORDER = (
    "Order 4711: one 14-inch portable display, delivered on Monday, signed for at 10:42. The carrier's "
    "photo shows a dented box. No earlier claim on this order."
)
FOUND_POLICY = (
    "Damage in transit that is reported within 14 days is replaced free of charge. An express "
    "replacement needs no return first when the customer names a deadline; the damaged unit is "
    "collected on delivery."
)
FOUND_STOCK = (
    "Six units in the eastern warehouse. Orders before 16:00 leave the same day; express arrives in two"
    " working days, which is Thursday."
)
SUMMARY = (
    "A damaged display, reported in time, so an express replacement without prior return is within "
    "policy. Six in stock; ordered today before 16:00 it arrives on Thursday, one day before the talk."
)
ANSWER = (
    "I am sorry that your display arrived with a cracked screen. A replacement is on its way to you by "
    "express and will arrive on Thursday, in time for your talk on Friday. You need not send anything "
    "back first: the courier takes the damaged display along when the new one is delivered. There is "
    "nothing to pay."
)
REVIEW = '{"accurate": true, "tone": "good", "missing": "the number under which the parcel can be followed"}'
FINAL = (
    "I am sorry that your display arrived with a cracked screen. A replacement is on its way by express"
    " and arrives on Thursday, in time for your talk. The courier takes the damaged one along; there is"
    " nothing to pay. You get the tracking number by mail within the hour."
)
