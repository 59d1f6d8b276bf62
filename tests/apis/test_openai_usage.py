from __future__ import annotations

import pytest

from sessiontap.apis.openai_usage import read_input_usage, read_timings, read_usage
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage, parts


@pytest.mark.parametrize(
    ("given", "produced", "given_details", "produced_details"),
    [
        ("prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details"),
        ("input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details"),
        ("prompt_tokens", "completion_tokens", "prompt_token_details", "completion_tokens_details"),
        ("input_tokens", "output_tokens", "input_token_details", "output_token_details"),
    ],
    ids=["chat", "responses", "assistants", "realtime"],
)
def test_every_class_is_read_in_each_spelling(
    given: str, produced: str, given_details: str, produced_details: str
) -> None:
    """Chat, Responses, Assistants and Realtime name the same figures differently."""
    usage: JsonObject = {
        given: 100,
        produced: 50,
        "total_tokens": 150,
        given_details: {
            "cached_tokens": 40,
            "cache_write_tokens": 30,
            "cache_write_tokens_details": {"ttl_30m_tokens": 18, "ttl_12h_tokens": 12},
            "cached_tokens_details": {"text_tokens": 35, "audio_tokens": 4, "image_tokens": 1},
            "audio_tokens": 20,
            "image_tokens": 10,
            "video_tokens": 6,
        },
        produced_details: {"reasoning_tokens": 25, "audio_tokens": 15, "image_tokens": 5},
    }
    assert read_usage(usage) == Usage(
        input_tokens=100,
        cache_read_input_tokens=40,
        cache_creation_input_tokens=30,
        cache_creation_12h_input_tokens=12,
        cache_read_input_audio_tokens=4,
        cache_read_input_image_tokens=1,
        input_audio_tokens=20,
        input_image_tokens=10,
        input_video_tokens=6,
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


def test_a_total_alone_is_input_where_there_is_no_output() -> None:
    """Voyage reports nothing but the total; where more is said, that counts."""
    assert read_input_usage({"total_tokens": 57}) == Usage(input_tokens=57)
    assert read_input_usage({"prompt_tokens": 8, "total_tokens": 8}) == Usage(input_tokens=8)
    assert read_input_usage({}) == Usage()
    assert read_usage({"total_tokens": 57}) == Usage()


@pytest.mark.parametrize(
    "cached",
    [
        {"prompt_tokens_details": {"cached_tokens": 40}},
        {"prompt_tokens_details": {"cached_tokens": 40}, "cached_tokens": 9, "num_cached_tokens": 9},
        {"input_tokens_details": {"cache_read_input_tokens": 40}},
        {"cached_tokens": 40},
        {"prompt_cache_hit_tokens": 40, "prompt_cache_miss_tokens": 60},
        {"num_cached_tokens": 40, "prompt_tokens_details": {"cached_tokens": None}},
    ],
    ids=["OpenAI", "the details win", "Perplexity's agent", "Together, Moonshot", "DeepSeek", "Mistral"],
)
def test_cached_tokens_are_a_part_of_the_input(cached: JsonObject) -> None:
    """Wherever a provider says how much was cached, it is inside of the prompt."""
    usage = read_usage({"prompt_tokens": 100, "completion_tokens": 5, **cached})
    assert usage == Usage(input_tokens=100, output_tokens=5, cache_read_input_tokens=40)


def test_reasoning_at_the_top_is_a_part_of_the_output() -> None:
    """Azure's DeepSeek writes beside the totals what others write in the details."""
    usage: JsonObject = {
        "prompt_tokens": 10,
        "completion_tokens": 50,
        "total_tokens": 60,
        "reasoning_tokens": 45,
        "audio_prompt_tokens": 0,
    }
    assert read_usage(usage) == Usage(
        input_tokens=10, output_tokens=50, reasoning_output_tokens=45, input_audio_tokens=0
    )


def test_deep_research_reads_and_reasons_beside_its_totals() -> None:
    """Perplexity bills citations like input and reasoning like output, and has neither in its total."""
    usage: JsonObject = {
        "prompt_tokens": 33,
        "completion_tokens": 11395,
        "total_tokens": 11428,
        "citation_tokens": 19028,
        "num_search_queries": 21,
        "reasoning_tokens": 193947,
    }
    assert read_usage(usage) == Usage(
        input_tokens=33 + 19028,
        output_tokens=11395 + 193947,
        reasoning_output_tokens=193947,
        web_search_requests=21,
    )


def test_what_connectors_bring_in_is_input_and_no_hidden_output() -> None:
    """Mistral's total has the connectors' tokens, which are no thinking; what is still beyond it is."""
    usage: JsonObject = {
        "prompt_tokens": 188,
        "completion_tokens": 55,
        "total_tokens": 7355,
        "connector_tokens": 7112,
        "connectors": {"web_search": 1},
    }
    assert read_usage(usage) == Usage(input_tokens=7300, output_tokens=55, web_search_requests=1)
    assert read_usage({**usage, "total_tokens": 7365}).output_tokens == 65


def test_sound_that_is_billed_by_its_length_is_no_hidden_output() -> None:
    """Mistral's total has the sound in tokens; seconds are what it bills."""
    usage: JsonObject = {
        "prompt_audio_seconds": 203,
        "prompt_tokens": 4,
        "completion_tokens": 635,
        "total_tokens": 3264,
    }
    assert read_usage(usage) == Usage(input_tokens=4, output_tokens=635, input_audio_ms=203000)


@pytest.mark.parametrize(
    ("said", "web", "files"),
    [
        ({"num_search_queries": 21}, 21, None),
        ({"tool_calls_details": {"search_web": {"invocation": 2}}}, 2, None),
        ({"server_tool_use_details": {"web_search_requests": 1, "tool_calls_executed": 1}}, 1, None),
        ({"server_tool_use": {"web_search_requests": 3}}, 3, None),
        (
            {
                "num_sources_used": 9,
                "server_side_tool_usage_details": {
                    "web_search_calls": 2,
                    "x_search_calls": 1,
                    "file_search_calls": 1,
                    "document_search_calls": 4,
                    "mcp_calls": 7,
                },
            },
            3,
            5,
        ),
        ({"num_sources_used": 9}, 9, None),
        ({"num_sources_used": 0}, None, None),
        ({"server_tool_use_details": {"tool_calls_executed": 1}}, None, None),
    ],
)
def test_searches_are_counted_under_every_name(said: JsonObject, web: int | None, files: int | None) -> None:
    """Searches that the provider made and bills are counted, whatever it calls them."""
    usage = read_usage({"prompt_tokens": 5, "completion_tokens": 1, **said})
    assert (usage.web_search_requests, usage.file_search_requests) == (web, files)


def test_tokens_both_read_and_written_are_priced_once() -> None:
    """OpenRouter's Gemini reports tokens as read from the cache and as written to it; none counts twice."""
    usage = read_usage(
        {
            "prompt_tokens": 2168,
            "completion_tokens": 9,
            "prompt_tokens_details": {"cached_tokens": 2161, "cache_write_tokens": 2161},
        }
    )
    taken = parts(usage)
    assert (taken.cache_read, taken.cache_write, taken.input) == (2161, 7, 0)
    assert sum(taken) == 2168 + 9


def test_timings_are_read_as_usage() -> None:
    """The prompt of llama.cpp is what it evaluated and what it had cached."""
    timings: JsonObject = {"cache_n": 236, "prompt_n": 1, "prompt_ms": 30.9, "predicted_n": 35}
    assert read_timings(timings) == Usage(input_tokens=237, cache_read_input_tokens=236, output_tokens=35)
    assert read_timings({"prompt_n": 4, "predicted_n": 2}) == Usage(input_tokens=4, output_tokens=2)
    assert read_timings({"cache_n": 4}) == Usage(cache_read_input_tokens=4)
