"""Facts 1 to 8: which tokens are billed, each by the smallest reply that betrays a wrong reading.

Every reply goes through the meter as it would in the proxy, and where the fact is one of money, through a
price table with round rates. The figures are those of no recording.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from sessiontap.usage import Usage, parts
from tests.conformance import replies

# --- 1


def test_01_message_delta_replaces_message_start_field_by_field() -> None:
    """Anthropic's last word on each field counts, also where it is lower; what it leaves out stays."""
    first = {
        "input_tokens": 2479,
        "cache_read_input_tokens": 55_000,
        "cache_creation_input_tokens": 7,
        "output_tokens": 90,
    }
    last = {"input_tokens": 404, "cache_read_input_tokens": 0, "output_tokens": 12}
    call = replies.streamed(replies.MESSAGES, replies.start(first), replies.delta(last), replies.STOP)
    assert call.usage == Usage(
        input_tokens=404 + 0 + 7, cache_read_input_tokens=0, cache_creation_input_tokens=7, output_tokens=12
    )


# --- 2


def _iterations(*extra: dict[str, Any]) -> dict[str, Any]:
    own = {"type": "message", "input_tokens": 100, "output_tokens": 10}
    return {"input_tokens": 100, "output_tokens": 10, "iterations": [*extra, own]}


def test_02_a_compaction_is_billed_beside_the_totals(tmp_path: Path) -> None:
    """What the top level leaves out is counted and priced."""
    usage = _iterations({"type": "compaction", "input_tokens": 50_000, "output_tokens": 700})
    call = replies.said(replies.MESSAGES, replies.message(usage))
    assert call.usage == Usage(input_tokens=50_100, output_tokens=710)
    priced = replies.priced(call, tmp_path, "main: {input: 10, output: 100}")
    assert priced.cost_usd == Decimal("0.501") + Decimal("0.071")


def test_02_a_helper_is_billed_at_its_own_model(tmp_path: Path) -> None:
    """An advisor's tokens are in the call's usage, and cost what the advisor's model costs."""
    advisor = {"type": "advisor_message", "model": "helper", "input_tokens": 1000, "output_tokens": 200}
    call = replies.said(replies.MESSAGES, replies.message(_iterations(advisor)))
    assert call.usage == Usage(input_tokens=1100, output_tokens=210)
    priced = replies.priced(call, tmp_path, "main: {input: 10, output: 100}\nhelper: {input: 1, output: 2}")
    assert [(part.model, part.cost_usd) for part in priced.usage_parts] == [
        ("helper", Decimal("0.0014")),
        ("main", Decimal("0.002")),
    ]
    assert priced.cost_usd == Decimal("0.0034")


def test_02_each_iteration_is_a_prompt_of_its_own(tmp_path: Path) -> None:
    """Prices by the prompt's size look at each prompt, not at the sum of a loop of server tools."""
    rounds = [{"type": "message", "input_tokens": 150_000, "output_tokens": 10}] * 3
    call = replies.said(
        replies.MESSAGES,
        replies.message({"input_tokens": 450_000, "output_tokens": 30, "iterations": rounds}),
    )
    assert call.usage == Usage(input_tokens=450_000, output_tokens=30)
    prices = "main: {input: 1, output: 0, above: {200000: {input: 2, output: 0}}}"
    assert replies.priced(call, tmp_path, prices).cost_usd == Decimal("0.45")


# --- 3


def test_03_the_same_prompt_is_the_same_input_in_every_dialect() -> None:
    """OpenAI counts what was cached and written in the input; Anthropic and Bedrock beside it."""
    openai = replies.chat(
        replies.CHAT,
        {
            "prompt_tokens": 1000,
            "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 600, "cache_write_tokens": 300},
        },
    )
    anthropic = replies.said(
        replies.MESSAGES,
        replies.message(
            {
                "input_tokens": 100,
                "cache_read_input_tokens": 600,
                "cache_creation_input_tokens": 300,
                "output_tokens": 5,
            }
        ),
    )
    bedrock = replies.said(
        f"{replies.BEDROCK}/amazon.nova-lite-v1%3A0/converse",
        {
            "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
            "stopReason": "end_turn",
            "usage": {
                "inputTokens": 100,
                "outputTokens": 5,
                "cacheReadInputTokens": 600,
                "cacheWriteInputTokens": 300,
                "totalTokens": 1005,
            },
        },
    )
    assert openai.usage == anthropic.usage == bedrock.usage
    assert parts(openai.usage)[:3] == (100, 600, 300)


def test_03_what_was_written_to_a_cache_is_not_paid_twice(tmp_path: Path) -> None:
    """Of 4,020 input tokens 4,012 are written to the cache: 8 are paid as input."""
    usage = {
        "prompt_tokens": 4020,
        "completion_tokens": 0,
        "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 4012},
    }
    priced = replies.priced(
        replies.chat(replies.CHAT, usage), tmp_path, "m: {input: 5, cache_write: 6.25, output: 25}"
    )
    assert priced.cost_usd == Decimal("0.025115")


# --- 4


def test_04_thoughts_are_output_and_what_tools_fed_back_is_input() -> None:
    """Gemini's candidates leave out thoughts, its prompt leaves out tools' results and has the cached."""
    call = replies.streamed(
        replies.GEMINI,
        {
            "candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}],
            "usageMetadata": {
                "promptTokenCount": 100,
                "cachedContentTokenCount": 40,
                "toolUsePromptTokenCount": 30,
                "candidatesTokenCount": 7,
                "thoughtsTokenCount": 20,
                "totalTokenCount": 157,
            },
        },
    )
    usage = call.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens) == (130, 40)
    assert (usage.output_tokens, usage.reasoning_output_tokens) == (27, 20)


# --- 5


def test_05_xai_counts_reasoning_beside_completions_but_within_outputs() -> None:
    """At xAI, chat leaves reasoning out of the completion, the Responses API has it in the output."""
    chat = replies.chat(
        "https://api.x.ai/v1/chat/completions",
        {
            "prompt_tokens": 12,
            "completion_tokens": 1,
            "total_tokens": 303,
            "completion_tokens_details": {"reasoning_tokens": 290},
        },
    )
    assert (chat.usage.output_tokens, chat.usage.reasoning_output_tokens) == (291, 290)
    responses = replies.said(
        "https://api.x.ai/v1/responses",
        {
            "id": "resp_1",
            "object": "response",
            "status": "completed",
            "model": "m",
            "output": [],
            "usage": {
                "input_tokens": 12,
                "output_tokens": 291,
                "total_tokens": 303,
                "output_tokens_details": {"reasoning_tokens": 290},
            },
        },
    )
    assert (responses.usage.output_tokens, responses.usage.reasoning_output_tokens) == (291, 290)


def test_05_xai_says_in_ticks_what_a_call_costs() -> None:
    """Ten thousand million ticks are a dollar."""
    usage = {"prompt_tokens": 12, "completion_tokens": 1, "cost_in_usd_ticks": 1_466_250}
    call = replies.chat("https://api.x.ai/v1/chat/completions", usage)
    assert (call.cost_usd, call.cost_source) == (Decimal("0.000146625"), "provider")


# --- 6


def test_06_thinking_that_only_the_total_has_is_output() -> None:
    """Google's OpenAI-compatible endpoint shows hidden thinking in the total alone."""
    call = replies.chat(
        "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
        {"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 109},
    )
    assert (call.usage.input_tokens, call.usage.output_tokens) == (35, 12 + 62)


def test_06_the_total_of_live_leaves_thoughts_out() -> None:
    """In Gemini's Live API thoughts are billed output although prompt and response make up the total."""
    (call,) = replies.socket_calls(
        "wss://generativelanguage.googleapis.com"
        "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
        sent=[
            {"setup": {"model": "models/gemini-live"}},
            {"clientContent": {"turns": [], "turnComplete": True}},
        ],
        received=[
            {"setupComplete": {}},
            {"serverContent": {"modelTurn": {"parts": [{"text": "Hi"}]}}},
            {
                "serverContent": {"turnComplete": True},
                "usageMetadata": {
                    "promptTokenCount": 1197,
                    "responseTokenCount": 37,
                    "thoughtsTokenCount": 28,
                    "totalTokenCount": 1234,
                },
            },
        ],
    )
    assert (call.usage.input_tokens, call.usage.output_tokens) == (1197, 65)
    assert call.usage.reasoning_output_tokens == 28


# --- 7


def test_07_the_last_usage_of_a_gemini_stream_counts_whole() -> None:
    """Counters that fall, or vanish, on the last chunk are believed: neither a maximum nor a sum is."""
    content = {"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}
    call = replies.streamed(
        replies.GEMINI,
        {
            **content,
            "usageMetadata": {"promptTokenCount": 15, "thoughtsTokenCount": 51, "totalTokenCount": 66},
        },
        {
            **content,
            "usageMetadata": {"promptTokenCount": 13, "candidatesTokenCount": 4, "totalTokenCount": 17},
        },
        content,
    )
    assert call.usage == Usage(input_tokens=13, output_tokens=4)


# --- 8


def test_08_only_the_last_chunk_of_a_chat_stream_has_usage() -> None:
    """`usage: null` before it is nothing, and the last chunk counts though it has no choices."""
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    call = replies.streamed(
        replies.CHAT,
        replies.chunk(usage=None),
        replies.chunk(usage=None),
        replies.chunk(choices=[], usage=usage),
        end=b"data: [DONE]\n\n",
    )
    assert (call.usage, call.usage_source) == (Usage(input_tokens=9, output_tokens=2), "reported")


def test_08_usage_in_every_chunk_is_cumulative() -> None:
    """Of vLLM's or Perplexity's running totals the last one counts."""
    running = [{"prompt_tokens": 9, "completion_tokens": n, "total_tokens": 9 + n} for n in (1, 2, 3)]
    call = replies.streamed(
        "https://api.perplexity.ai/chat/completions",
        *(replies.chunk(usage=each) for each in running),
        end=b"data: [DONE]\n\n",
    )
    assert (call.usage.input_tokens, call.usage.output_tokens) == (9, 3)


def test_08_a_chat_stream_without_usage_never_says_that_it_was_reported() -> None:
    """Tokens that nobody reported are estimated and say so, or are not known."""
    call = replies.streamed(replies.CHAT, replies.chunk(), end=b"data: [DONE]\n\n")
    assert call.status == "ok"
    assert call.usage_source in {"estimated", "none"}
    assert bool(call.usage) == (call.usage_source == "estimated")
