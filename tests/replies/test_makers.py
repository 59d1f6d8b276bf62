"""Whole messages of streams: what is particular to a dialect, and what is kept where little is wanted."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from sessiontap.replies import WHOLE, WORDS, Bounds, maker


def made(api: str, *events: dict[str, Any], bounds: Bounds = WHOLE) -> list[list[dict[str, Any]]]:
    """The replies that these events make."""
    making = maker(api, bounds)
    assert making is not None
    for event in events:
        making.feed(event)
    return [list(row) for row in making.messages()]


def chunk(delta: dict[str, Any], index: int = 0) -> dict[str, Any]:
    """A chunk of a chat completion."""
    return {"choices": [{"index": index, "delta": delta}]}


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    """A block of Anthropic's."""
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
    ]


def test_chat_has_a_message_of_each_choice() -> None:
    """Choices come in turns, thinking under several names, and lists of pictures."""
    (one,), (other,) = made(
        "openai.chat",
        chunk({"role": "assistant", "reasoning": "Hm"}),
        chunk({"content": "B"}, 1),
        chunk({"reasoning": "."}),
        chunk({"content": "A"}),
        chunk(
            {
                "content": "a",
                "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,x"}}],
            }
        ),
        chunk({"content": "b"}, 1),
    )
    assert (one["content"], one["reasoning_content"], len(one["images"])) == ("Aa", "Hm.", 1)
    assert other == {"role": "assistant", "content": "Bb"}


def test_chat_joins_tool_calls_refusals_and_chunks_of_thinking() -> None:
    """Calls by their index, custom ones with their input; Mistral's thinking comes in blocks."""
    ((message,),) = made(
        "openai.chat",
        chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "H"}]}]}),
        chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "m"}]}]}),
        chunk({"content": "So."}),
        chunk({"refusal": "N"}),
        chunk({"refusal": "o"}),
        chunk({"tool_calls": [{"index": 0, "id": "1", "function": {"name": "f", "arguments": '{"a"'}}]}),
        chunk(
            {
                "tool_calls": [
                    {"index": 1, "id": "2", "type": "custom", "custom": {"name": "sh", "input": "l"}}
                ]
            }
        ),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}),
        chunk({"tool_calls": [{"index": 1, "custom": {"input": "s"}}]}),
    )
    assert message["content"] == [
        {"type": "thinking", "thinking": "Hm"},
        {"type": "text", "text": "So."},
        {"type": "refusal", "refusal": "No"},
    ]
    assert message["tool_calls"] == [
        {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
        {"id": "2", "type": "custom", "custom": {"name": "sh", "input": "ls"}},
    ]


def test_a_plain_message_is_given_as_it_came() -> None:
    """With whatever stands in it."""
    message = {
        "role": "assistant",
        "content": "So.",
        "annotations": [{"type": "url_citation"}],
        "audio": {"data": "x"},
    }
    assert made("openai.chat", {"choices": [{"index": 0, "message": message}]}) == [[message]]


def test_anthropic_blocks_are_whole() -> None:
    """Thinking with its signature, server tools with what they found, citations, arguments."""
    found = {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"type": "web_search_result"}]}
    ((message,),) = made(
        "anthropic.messages",
        *block(
            0,
            {"type": "thinking", "thinking": ""},
            {"type": "thinking_delta", "thinking": "Hm."},
            {"type": "signature_delta", "signature": "sig"},
        ),
        *block(1, {"type": "redacted_thinking", "data": "x"}),
        *block(
            2,
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"query":'},
            {"type": "input_json_delta", "partial_json": '"rain"}'},
        ),
        *block(3, found),
        *block(
            4,
            {"type": "text", "text": ""},
            {"type": "text_delta", "text": "So"},
            {"type": "citations_delta", "citation": {"url": "u"}},
            {"type": "text_delta", "text": "."},
        ),
        *block(5, {"type": "tool_use", "id": "t", "name": "f", "input": {}}),
    )
    assert message["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "rain"}},
        found,
        {"type": "text", "text": "So.", "citations": [{"url": "u"}]},
        {"type": "tool_use", "id": "t", "name": "f", "input": {}},
    ]


def test_a_stream_of_responses_that_was_cut_keeps_what_had_begun() -> None:
    """Done items stay; what was in the making stands as far as it came."""
    (items,) = made(
        "openai.responses",
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {"type": "reasoning", "id": "r", "summary": []},
        },
        {
            "type": "response.reasoning_summary_text.delta",
            "output_index": 0,
            "summary_index": 0,
            "delta": "Hm.",
        },
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm, hm."}]},
        },
        {
            "type": "response.output_item.added",
            "output_index": 1,
            "item": {"type": "message", "role": "assistant", "content": []},
        },
        {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "So it"},
        {
            "type": "response.output_item.added",
            "output_index": 2,
            "item": {"type": "function_call", "call_id": "c", "name": "f", "arguments": ""},
        },
        {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '{"a"'},
    )
    assert items == [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm, hm."}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "So it"}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a"'},
    ]


def test_gemini_joins_texts_that_follow_each_other() -> None:
    """Thoughts apart from words; every other part as it came."""
    ((content,),) = made(
        "gemini.code_assist",
        *(
            {"response": {"candidates": [{"content": {"parts": [part]}}]}}
            for part in (
                {"text": "H", "thought": True},
                {"text": "m", "thought": True},
                {"text": "S"},
                {"text": "o", "thoughtSignature": "x"},
                {"inlineData": {"mimeType": "image/png", "data": "x"}},
                {"text": "."},
            )
        ),
    )
    assert content["parts"] == [
        {"text": "Hm", "thought": True},
        {"text": "So", "thoughtSignature": "x"},
        {"inlineData": {"mimeType": "image/png", "data": "x"}},
        {"text": "."},
    ]


def test_converse_names_its_blocks() -> None:
    """Words, thinking and tools by their index."""

    def delta(index: int, value: dict[str, Any]) -> dict[str, Any]:
        return {"contentBlockDelta": {"contentBlockIndex": index, "delta": value}}

    ((message,),) = made(
        "bedrock.converse",
        delta(0, {"reasoningContent": {"text": "Hm."}}),
        delta(0, {"reasoningContent": {"signature": "sig"}}),
        delta(1, {"text": "So"}),
        delta(1, {"text": "."}),
        {
            "contentBlockStart": {
                "contentBlockIndex": 2,
                "start": {"toolUse": {"toolUseId": "t", "name": "f"}},
            }
        },
        delta(2, {"toolUse": {"input": '{"a":'}}),
        delta(2, {"toolUse": {"input": "1}"}}),
    )
    assert message["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}},
        {"text": "So."},
        {"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": 1}}},
    ]


@pytest.mark.parametrize(
    "events",
    [
        [{"generation": "So"}, {"generation": "."}],
        [{"outputText": "So"}, {"outputText": "."}],
        [{"outputs": [{"text": "So."}]}],
        [{"completions": [{"data": {"text": "So."}}]}],
        [{"generations": [{"text": "So."}]}],
        [{"completion": "So."}],
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_invoke_reads_each_models_own(events: list[dict[str, Any]], packed: bool) -> None:
    """Llama's, Titan's, Mistral's, AI21's, Cohere's and Claude 2's, in a stream each in base64."""
    if packed:
        events = [
            {"chunk": {"bytes": base64.b64encode(json.dumps(event).encode()).decode()}} for event in events
        ]
    assert made("bedrock.invoke", *events) == [[{"role": "assistant", "content": "So."}]]


@pytest.mark.parametrize(
    ("api", "events", "content"),
    [
        (
            "openai.completions",
            [{"choices": [{"index": 0, "text": "So"}]}, {"choices": [{"index": 0, "text": "."}]}],
            "So.",
        ),
        ("anthropic.complete", [{"completion": "So"}, {"completion": "."}], "So."),
        ("writer.completions", [{"value": "So"}, {"value": "."}], "So."),
        ("cohere.generate", [{"generations": [{"text": "So."}]}], "So."),
        ("replicate.predictions", [{"status": "succeeded", "output": ["So", "."]}], "So."),
        ("openai.transcription", [{"text": "So."}], "So."),
        (
            "openai.transcription",
            [
                {"type": "transcript.text.delta", "delta": "So"},
                {"type": "transcript.text.delta", "delta": "."},
                {"type": "transcript.text.done", "text": "So."},
            ],
            "So.",
        ),
        ("ollama.generate", [{"response": "So"}, {"response": "."}], "So."),
    ],
)
def test_bare_texts(api: str, events: list[dict[str, Any]], content: str) -> None:
    """Completions of every kind are one text."""
    ((message,),) = made(api, *events)
    assert message["content"] == content


def test_live_turns_have_what_was_heard() -> None:
    """The user's words as the provider heard them, the model's as it spoke them, and its sound as one."""
    sound = [base64.b64encode(bytes([n])).decode() for n in (1, 2)]
    ((heard, spoken),) = made(
        "gemini.live",
        {"serverContent": {"inputTranscription": {"text": "Hel"}}},
        {"serverContent": {"inputTranscription": {"text": "lo"}}},
        *(
            {
                "serverContent": {
                    "modelTurn": {"parts": [{"inlineData": {"mimeType": "audio/pcm", "data": each}}]}
                }
            }
            for each in sound
        ),
        {"serverContent": {"outputTranscription": {"text": "Yes?"}}},
        {"toolCall": {"functionCalls": [{"id": "c", "name": "f", "args": {}}]}},
    )
    assert (heard["role"], heard["parts"]) == ("user", [{"text": "Hello"}])
    assert spoken["parts"] == [
        {"text": "Yes?"},
        {"functionCall": {"id": "c", "name": "f", "args": {}}},
        {"inlineData": {"mimeType": "audio/pcm", "data": base64.b64encode(b"\x01\x02").decode()}},
    ]


def test_interactions_mistral_runs_and_agents() -> None:
    """The dialects with steps and entries."""
    (steps,) = made(
        "gemini.interactions",
        {"event_type": "step.start", "index": 0, "step": {"type": "thought"}},
        {
            "event_type": "step.delta",
            "index": 0,
            "delta": {"type": "thought_summary", "content": {"type": "text", "text": "Hm."}},
        },
        {"event_type": "step.start", "index": 1, "step": {"type": "model_output"}},
        {"event_type": "step.delta", "index": 1, "delta": {"type": "text", "text": "So."}},
    )
    assert steps == [{"type": "thought", "thinking": "Hm."}, {"type": "model_output", "text": "So."}]
    (entries,) = made(
        "mistral.conversations",
        {"type": "message.output.delta", "id": "m", "content": "S"},
        {"type": "message.output.delta", "id": "m", "content": {"type": "text", "text": "o."}},
        {"type": "function.call.delta", "id": "f", "tool_call_id": "t", "name": "g", "arguments": "{}"},
    )
    assert entries == [
        {"type": "message.output", "role": "assistant", "content": "So."},
        {"type": "function.call", "tool_call_id": "t", "name": "g", "arguments": "{}"},
    ]
    ((message,),) = made(
        "openai.assistants",
        {
            "object": "thread.message.delta",
            "id": "m",
            "delta": {"content": [{"index": 0, "type": "text", "text": {"value": "So"}}]},
        },
        {
            "object": "thread.message.delta",
            "id": "m",
            "delta": {"content": [{"index": 0, "type": "text", "text": {"value": "."}}]},
        },
    )
    assert message == {"role": "assistant", "content": [{"type": "text", "text": "So."}]}
    ((agent,),) = made(
        "bedrock.agent", {"chunk": {"bytes": "U28u"}}, {"returnControl": {"invocationId": "i"}}
    )
    assert agent["content"] == [
        {"type": "text", "text": "So."},
        {"type": "returnControl", "invocationId": "i"},
    ]


def test_pictures_are_blocks() -> None:
    """With what the provider made of the prompt."""
    ((message,),) = made(
        "openai.images", {"data": [{"b64_json": "x", "revised_prompt": "A robot."}], "output_format": "webp"}
    )
    assert message["content"] == [
        {"type": "text", "text": "A robot."},
        {"type": "image", "source": {"type": "base64", "media_type": "image/webp", "data": "x"}},
    ]


def test_who_wants_words_only_keeps_nothing_else() -> None:
    """Neither thinking nor pictures nor what tools found, and no more than there is room for."""
    picture = {"type": "image_generation_call", "result": "x" * 999}
    assert made("openai.responses", {"output": [picture]}, bounds=WORDS) == [[]]
    assert made("openai.images", {"data": [{"b64_json": "x"}]}, bounds=WORDS) == []
    ((message,),) = made(
        "anthropic.messages",
        *block(0, {"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "Hm."}),
        *block(1, {"type": "web_search_tool_result", "content": ["x"]}),
        *block(2, {"type": "text", "text": ""}, {"type": "text_delta", "text": "So."}),
        bounds=WORDS,
    )
    assert message["content"] == [{"type": "text", "text": "So."}]
    few = Bounds(text=5, parts=2, replies=2, whole=False)
    ((short,), _) = made(
        "openai.chat", *(chunk({"content": "ab"}, n) for n in (0, 0, 0, 0, 1, 2, 3)), bounds=few
    )
    assert short["content"] == "ababa"
    many = [
        chunk({"tool_calls": [{"index": n, "function": {"name": "f", "arguments": "x"}}]}) for n in range(9)
    ]
    ((calls,),) = made("openai.chat", *many, bounds=few)
    assert len(calls["tool_calls"]) == 2


def test_other_wire_shapes_have_no_messages() -> None:
    """Embeddings are numbers, and speech is sound."""
    assert maker("openai.embeddings") is None
    assert maker("openai.speech") is None
