"""openai.responses: what stands beside the usage, and calls that go on after their connection."""

from __future__ import annotations

import pytest

from sessiontap.apis.openai_responses import ResponsesReader
from sessiontap.apis.reading import ReplyFacts
from sessiontap.background import BackgroundCalls
from sessiontap.call import Call
from sessiontap.providers import DIRECTORY
from sessiontap.untrusted import JsonObject
from tests.conformance.metering import finish, fixture, meter

_USAGE: JsonObject = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}


def _facts(**members: object) -> ReplyFacts:
    reader = ResponsesReader()
    reader.feed({"object": "response", "status": "completed", "model": "gpt-5.5", "usage": _USAGE, **members})
    return reader.facts()


def _call(file: str, name: str) -> Call:
    each = fixture(file, name)
    started = meter(each.match(), each.request_body, each.request_headers())
    return finish(started, each.status, each.response_headers(), [each.response_body])


@pytest.mark.parametrize(
    ("file", "start", "resumed"),
    [
        (
            "openai.responses@tools",
            "a background response is streamed, and the stream breaks off",
            "the background response is streamed on from where it broke off",
        ),
        ("openai.responses@azure", "a background response is accepted", "the background response is polled"),
    ],
)
def test_a_background_response_that_is_taken_up_again_is_one_call(
    file: str, start: str, resumed: str
) -> None:
    """The stream that goes on, or the poll, ends the call that began; the same again is nothing new."""
    begun, taken_up = _call(file, start), _call(file, resumed)
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(begun)
    ended = background.polled(taken_up)
    assert ended is not None
    assert (ended.status, ended.request_model, ended.usage) == ("ok", begun.request_model, taken_up.usage)
    assert background.polled(taken_up) is None


def test_what_a_tool_drew_is_no_part_of_the_responses_own_usage() -> None:
    """The whole is the sum of the parts, and the first part is what the response reports."""
    facts = _facts(tool_usage={"image_gen": {"input_tokens": 7, "output_tokens": 9, "total_tokens": 16}})
    assert [part.model for part in facts.usage_parts] == ["gpt-5.5", "image_generation"]
    assert [part.usage.input_tokens for part in facts.usage_parts] == [100, 7]
    assert (facts.usage.input_tokens, facts.usage.output_tokens) == (107, 19)


@pytest.mark.parametrize(
    ("stated", "usage", "searches"),
    [
        ({"web_search": {"num_requests": 2}}, {}, 2),
        ({}, {"server_side_tool_usage_details": {"web_search_calls": 3}}, 3),
        ({}, {}, 1),
    ],
)
def test_the_best_statement_of_searches_wins(stated: JsonObject, usage: JsonObject, searches: int) -> None:
    """The billable count, else the usage's, else the search actions of the output."""
    output = [
        {"type": "web_search_call", "action": {"type": "search"}},
        {"type": "web_search_call", "action": {"type": "open_page"}},
    ]
    facts = _facts(output=output, tool_usage=stated, usage={**_USAGE, **usage})
    assert facts.usage.web_search_requests == searches


def test_a_partial_picture_is_output() -> None:
    """Time to first output ends with what a tool has drawn so far."""
    assert ResponsesReader().feed({"type": "response.image_generation_call.partial_image"})
