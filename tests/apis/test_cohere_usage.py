from __future__ import annotations

import pytest

from sessiontap.apis import APIS
from sessiontap.apis.cohere_usage import read_billed, read_failure
from sessiontap.apis.reading import ErrorFacts
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage


@pytest.mark.parametrize(
    ("meta", "usage"),
    [
        (
            {
                "billed_units": {"input_tokens": 8, "output_tokens": 3},
                "tokens": {"input_tokens": 1394, "output_tokens": 5},
                "cached_tokens": 1024,
            },
            Usage(input_tokens=8, output_tokens=3),
        ),
        (
            {"tokens": {"input_tokens": 1394, "output_tokens": 5}, "cached_tokens": 1024},
            Usage(input_tokens=1394, cache_read_input_tokens=1024, output_tokens=5),
        ),
        (
            {"billed_units": {"input_tokens": 4.0, "image_tokens": 0}},
            Usage(input_tokens=4, input_image_tokens=0),
        ),
        ({"billed_units": {"image_tokens": 512}}, Usage(input_tokens=512, input_image_tokens=512)),
        ({"billed_units": {"search_units": 2}}, Usage(search_units=2)),
        ({"billed_units": {"classifications": 2}}, Usage()),
        ({"cached_tokens": 1024}, Usage()),
        ({"billed_units": "none", "tokens": [1]}, Usage()),
    ],
    ids=[
        "billed",
        "tokens only",
        "text",
        "pictures",
        "searches",
        "classifications",
        "cached only",
        "garbled",
    ],
)
def test_what_is_billed_is_read_and_nothing_else(meta: JsonObject, usage: Usage) -> None:
    """The billed units win over the tokens, and cached tokens count against the tokens only."""
    assert read_billed(meta) == usage


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"finish_reason": "ERROR", "error": "it broke"}, ErrorFacts("error", "it broke")),
        ({"finish_reason": "ERROR", "err": "it broke"}, ErrorFacts("error", "it broke")),
        ({"finish_reason": "TIMEOUT"}, ErrorFacts("timeout", None)),
        ({"finish_reason": "COMPLETE"}, None),
        ({"id": "1", "message": {"role": "assistant", "content": []}}, None),
    ],
)
def test_a_finish_reason_can_be_an_error(event: JsonObject, error: ErrorFacts | None) -> None:
    """A generation that ends in an error is one, with the words that stand beside the reason."""
    assert read_failure(event) == error


@pytest.mark.parametrize("name", ["cohere.chat", "cohere.chat_v1"])
def test_a_stream_that_is_cut_knows_its_tools_and_no_usage(name: str) -> None:
    """Until the last event nothing is billed as far as is known, and the reply is not whole."""
    reader = APIS[name].reader()
    events: list[JsonObject] = [
        {"type": "tool-call-start", "delta": {"message": {"tool_calls": {"function": {"name": "look"}}}}}
        if name == "cohere.chat"
        else {"event_type": "tool-calls-generation", "tool_calls": [{"name": "look"}]},
    ]
    assert [reader.feed(event) for event in events] == [True]
    facts = reader.facts()
    assert (facts.tools, facts.complete, bool(facts.usage)) == (("look",), False, False)
