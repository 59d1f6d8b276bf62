from __future__ import annotations

import pytest

from sessiontap.apis.gemini_usage import read_interaction_usage, read_usage
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
            {"modality": "DOCUMENT", "tokenCount": 15},
        ],
        "toolUsePromptTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}],
    }
    assert read_usage(usage) == Usage(
        input_tokens=100, input_audio_tokens=12, input_image_tokens=0, input_video_tokens=5
    )


def test_cached_modalities_need_a_cached_total() -> None:
    """Details of a cache without the cache's total are not taken."""
    details = [{"modality": "AUDIO", "tokenCount": 10}, {"modality": "IMAGE", "tokenCount": 30}]
    usage: JsonObject = {"promptTokenCount": 100, "cacheTokensDetails": details}
    assert read_usage(usage) == Usage(input_tokens=100)
    usage["cachedContentTokenCount"] = 50
    assert read_usage(usage) == Usage(
        input_tokens=100,
        cache_read_input_tokens=50,
        cache_read_input_audio_tokens=10,
        cache_read_input_image_tokens=30,
    )


def test_embeddings_spell_their_details_otherwise() -> None:
    """`promptTokenDetails`, as embeddings have it, are the details of the prompt."""
    usage: JsonObject = {
        "promptTokenCount": 6,
        "promptTokenDetails": [{"modality": "IMAGE", "tokenCount": 4}],
    }
    assert read_usage(usage) == Usage(input_tokens=6, input_image_tokens=4)


def test_an_interaction_has_names_of_its_own() -> None:
    """Totals, details in lower case and counts of searches are read; other tools are not searches."""
    usage: JsonObject = {
        "total_input_tokens": 300,
        "total_tool_use_tokens": 25,
        "total_cached_tokens": 100,
        "total_output_tokens": 10,
        "total_thought_tokens": 40,
        "total_tokens": 375,
        "input_tokens_by_modality": [{"modality": "audio", "tokens": 32}, {"modality": "text", "tokens": 9}],
        "tool_use_tokens_by_modality": [{"modality": "image", "tokens": 25}],
        "cached_tokens_by_modality": [{"modality": "audio", "tokens": 8}],
        "output_tokens_by_modality": [{"modality": "image", "tokens": 10}],
        "grounding_tool_count": [{"type": "google_search", "count": 3}, {"type": "google_maps", "count": 1}],
    }
    assert read_interaction_usage(usage) == Usage(
        input_tokens=325,
        cache_read_input_tokens=100,
        cache_read_input_audio_tokens=8,
        input_audio_tokens=32,
        input_image_tokens=25,
        output_tokens=50,
        output_image_tokens=10,
        reasoning_output_tokens=40,
        web_search_requests=3,
    )


@pytest.mark.parametrize("tools", [None, [], [{"type": "google_search"}], ["google_search"], [{"count": 2}]])
def test_searches_that_are_not_counted_are_not_known(tools: object) -> None:
    """Without a count of Google searches there is none."""
    usage: JsonObject = {"total_input_tokens": 3, "grounding_tool_count": tools}
    assert read_interaction_usage(usage) == Usage(input_tokens=3)
