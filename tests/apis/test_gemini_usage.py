from __future__ import annotations

import pytest

from sessiontap.apis.gemini_usage import read_usage
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"promptTokenCount": 5}, Usage(input_tokens=5)),
        ({"thoughtsTokenCount": 7}, Usage(output_tokens=7, reasoning_output_tokens=7)),
        ({"candidatesTokenCount": 3}, Usage(output_tokens=3)),
        ({"toolUsePromptTokenCount": 9}, Usage(input_tokens=9)),
        ({"promptTokenCount": 5, "toolUsePromptTokenCount": 9}, Usage(input_tokens=14)),
        (
            {"candidatesTokenCount": 3, "thoughtsTokenCount": 7},
            Usage(output_tokens=10, reasoning_output_tokens=7),
        ),
        ({"totalTokenCount": 99}, Usage()),
        ({"promptTokenCount": None, "candidatesTokenCount": -1}, Usage()),
    ],
)
def test_totals_are_the_sums_of_what_is_known(usage: JsonObject, expected: Usage) -> None:
    """Input is prompt and what tools fed back, output candidates and thoughts; the unknown adds nothing."""
    assert read_usage(usage) == expected


def test_details_of_a_modality_add_up() -> None:
    """A modality's tokens come from the prompt and from the tools; one without a count adds nothing."""
    usage: JsonObject = {
        "promptTokenCount": 100,
        "promptTokensDetails": [
            {"modality": "AUDIO", "tokenCount": 10},
            {"modality": "IMAGE"},
            {"modality": "TEXT", "tokenCount": 70},
            "strange",
            {"modality": "VIDEO", "tokenCount": 5},
        ],
        "toolUsePromptTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}],
    }
    assert read_usage(usage) == Usage(input_tokens=100, input_audio_tokens=12, input_image_tokens=0)


def test_cached_audio_needs_a_cached_total() -> None:
    """Details of a cache without the cache's total are not taken."""
    details = [{"modality": "AUDIO", "tokenCount": 10}]
    usage: JsonObject = {"promptTokenCount": 100, "cacheTokensDetails": details}
    assert read_usage(usage).cache_read_input_audio_tokens is None
    usage["cachedContentTokenCount"] = 50
    assert read_usage(usage).cache_read_input_audio_tokens == 10
