from __future__ import annotations

import pytest

from sessiontap.apis.openai_usage import read_usage
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage


@pytest.mark.parametrize(
    ("given", "produced", "given_details", "produced_details"),
    [
        ("prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details"),
        ("input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details"),
        ("prompt_tokens", "completion_tokens", "prompt_token_details", "completion_tokens_details"),
    ],
    ids=["chat", "responses", "assistants"],
)
def test_every_class_is_read_in_each_spelling(
    given: str, produced: str, given_details: str, produced_details: str
) -> None:
    """Chat, Responses and Assistants name the same figures differently."""
    usage: JsonObject = {
        given: 100,
        produced: 50,
        "total_tokens": 150,
        given_details: {
            "cached_tokens": 40,
            "cache_write_tokens": 30,
            "audio_tokens": 20,
            "image_tokens": 10,
        },
        produced_details: {"reasoning_tokens": 25, "audio_tokens": 15, "image_tokens": 5},
    }
    assert read_usage(usage) == Usage(
        input_tokens=100,
        cache_read_input_tokens=40,
        cache_creation_input_tokens=30,
        input_audio_tokens=20,
        input_image_tokens=10,
        output_tokens=50,
        reasoning_output_tokens=25,
        output_audio_tokens=15,
        output_image_tokens=5,
    )


@pytest.mark.parametrize(
    ("total", "reasoning", "output", "reported"),
    [
        (109, None, 74, 62),
        (47, None, 12, None),
        (47, 8, 12, 8),
        (109, 62, 74, 62),
        (109, 0, 74, 62),
        (40, None, 12, None),
        (None, 5, 12, 5),
        ("109", None, 12, None),
    ],
    ids=[
        "hidden",
        "none hidden",
        "included",
        "reported but not included",
        "said to be none",
        "a total that is too small",
        "no total",
        "a total that is none",
    ],
)
def test_output_that_the_total_alone_shows_is_added(
    total: object, reasoning: int | None, output: int, reported: int | None
) -> None:
    """Of 35 tokens in and 12 out, what a larger total has besides is billed thinking."""
    usage: JsonObject = {"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": total}
    if reasoning is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    assert read_usage(usage) == Usage(input_tokens=35, output_tokens=output, reasoning_output_tokens=reported)


def test_an_embedding_has_no_output() -> None:
    """Without a figure for the output it is unknown, whatever the total says."""
    assert read_usage({"prompt_tokens": 8, "total_tokens": 99}) == Usage(input_tokens=8)
