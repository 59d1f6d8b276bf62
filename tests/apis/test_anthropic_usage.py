from __future__ import annotations

import pytest

from sessiontap.apis.anthropic_usage import read_parts, read_usage
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage

MODEL = "claude-opus-4-6"
MESSAGE: JsonObject = {"type": "message", "input_tokens": 100, "output_tokens": 10}
COMPACTION: JsonObject = {"type": "compaction", "input_tokens": 900, "output_tokens": 90}


def _whole(usage: JsonObject, first: JsonObject | None = None) -> Usage:
    return read_usage(usage, usage if first is None else first, read_parts(usage, MODEL))


def test_input_includes_what_was_cached() -> None:
    """Anthropic counts cached input apart; the record's input includes it."""
    usage = _whole(
        {
            "input_tokens": 1,
            "cache_read_input_tokens": 20,
            "cache_creation_input_tokens": 300,
            "output_tokens": 4,
        }
    )
    assert usage == Usage(
        input_tokens=321, cache_read_input_tokens=20, cache_creation_input_tokens=300, output_tokens=4
    )


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({}, Usage()),
        ({"output_tokens": 4}, Usage(output_tokens=4)),
        ({"input_tokens": 0, "output_tokens": 0}, Usage(input_tokens=0, output_tokens=0)),
        ({"input_tokens": 5, "cache_read_input_tokens": None}, Usage(input_tokens=5)),
        ({"cache_read_input_tokens": 7}, Usage(cache_read_input_tokens=7)),
    ],
)
def test_what_is_not_reported_is_not_known(usage: JsonObject, expected: Usage) -> None:
    """Missing and null counts stay unknown; without the uncached part the whole input is unknown."""
    assert _whole(usage) == expected


@pytest.mark.parametrize(
    ("first_written", "first_1h", "written", "expected"),
    [
        (1000, 750, 4000, 3000),
        (1000, 0, 4000, 0),
        (1000, 1000, 4000, 4000),
        (1000, 750, 1000, 750),
        (1000, 750, 0, 0),
        (0, 0, 4000, 0),
        (3, 1, 100, 33),
    ],
)
def test_the_split_by_lifetime_is_scaled_to_the_last_total(
    first_written: int, first_1h: int, written: int, expected: int
) -> None:
    """Only message_start splits cache writes by lifetime; a later total keeps its proportion."""
    split = {
        "ephemeral_5m_input_tokens": first_written - first_1h,
        "ephemeral_1h_input_tokens": first_1h,
    }
    first: JsonObject = {"cache_creation_input_tokens": first_written, "cache_creation": split}
    last = {**first, "cache_creation_input_tokens": written, "input_tokens": 1}
    assert _whole(last, first).cache_creation_1h_input_tokens == expected


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": 100, "output_tokens": 10},
        {"input_tokens": 100, "output_tokens": 10, "iterations": None},
        {"input_tokens": 100, "output_tokens": 10, "iterations": []},
        {"input_tokens": 100, "output_tokens": 10, "iterations": [MESSAGE]},
        {"input_tokens": 100, "output_tokens": 10, "iterations": ["x", 3, MESSAGE]},
    ],
    ids=["none", "null", "empty", "the message itself", "strangers"],
)
def test_totals_that_say_everything_have_no_parts(usage: JsonObject) -> None:
    """Without iterations, or with one that is the message, the totals are the usage."""
    assert read_parts(usage, MODEL) == ()
    assert _whole(usage) == Usage(input_tokens=100, output_tokens=10)


def test_iterations_that_leave_messages_out_never_lose_tokens() -> None:
    """Where iterations sum to less than the totals, the totals stand and only compactions are added."""
    usage: JsonObject = {"input_tokens": 500, "output_tokens": 50, "iterations": [COMPACTION, MESSAGE]}
    usage["output_tokens"] = 5000
    parts = read_parts(usage, MODEL)
    assert [part.usage for part in parts] == [
        Usage(input_tokens=500, output_tokens=5000),
        Usage(input_tokens=900, output_tokens=90),
    ]
    assert _whole(usage) == Usage(input_tokens=1400, output_tokens=5090)


def test_parts_name_their_model() -> None:
    """An iteration without a model ran on the message's."""
    usage: JsonObject = {
        "input_tokens": 200,
        "output_tokens": 20,
        "iterations": [MESSAGE, {**MESSAGE, "model": "claude-haiku-4-5"}],
    }
    assert [part.model for part in read_parts(usage, MODEL)] == [MODEL, "claude-haiku-4-5"]


def test_parts_sum_to_the_whole() -> None:
    """The tokens of the whole are those of its parts, class by class."""
    usage: JsonObject = {
        "input_tokens": 100,
        "output_tokens": 10,
        "iterations": [MESSAGE, {**COMPACTION, "cache_read_input_tokens": 5}],
        "server_tool_use": {"web_search_requests": 2},
        "output_tokens_details": {"thinking_tokens": 3},
    }
    assert _whole(usage) == Usage(
        input_tokens=1005,
        cache_read_input_tokens=5,
        output_tokens=100,
        reasoning_output_tokens=3,
        web_search_requests=2,
    )


@pytest.mark.parametrize("apart", ["compaction", "advisor_message"])
def test_what_stands_apart_does_not_stand_in_for_the_totals(apart: str) -> None:
    """Only the message iterations can cover the totals; where they do not, the totals are billed besides."""
    usage = {
        "input_tokens": 100,
        "output_tokens": 10,
        "iterations": [{"type": apart, "input_tokens": 900, "output_tokens": 90}],
    }
    whole = read_usage(usage, usage, read_parts(usage, "m"))
    assert whole == Usage(input_tokens=1000, output_tokens=100)
