"""Requests: what is particular to one dialect or another, and what they all come to."""

from __future__ import annotations

from typing import Any

import pytest

from sessiontap.conversation import (
    Media,
    Message,
    Text,
    Thinking,
    ToolCall,
    ToolOffered,
    ToolResult,
    Unknown,
)
from tests.conversation.samples import asked, body, said, socket


def user(*parts: Any) -> Message:
    """A user's message of these parts."""
    return Message("user", parts)


def model(*parts: Any) -> Message:
    """A model's."""
    return Message("assistant", parts)


_PNG = "iVBORw0KGgo="
CASES: list[tuple[str, dict[str, Any], tuple[Message, ...]]] = [
    ("openai.completions", {"prompt": "Once"}, (user(Text("Once")),)),
    ("openai.completions", {"prompt": ["a", "b"]}, (user(Text("a")), user(Text("b")))),
    (
        "openai.chat",
        {
            "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "name": "Ann", "content": "Hi"},
            ]
        },
        (Message("system", (Text("Be brief."),)), Message("user", (Text("Hi"),), "Ann")),
    ),
    (
        "openai.chat",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is it?"},
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_PNG}"}},
                        {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
                        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                        {
                            "type": "file",
                            "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
                        },
                        {"type": "file", "file": {"file_id": "file-1"}},
                    ],
                }
            ]
        },
        (
            user(
                Text("What is it?"),
                Media("image", "image/png", data=_PNG),
                Media("image", None, url="https://a.example/b.png"),
                Media("audio", "audio/wav", data="AAAA"),
                Media("file", "application/pdf", data="JVBE", name="a.pdf"),
                Media("file", None, name="file-1"),
            ),
        ),
    ),
    (
        "openai.chat",
        {
            "messages": [
                {
                    "role": "assistant",
                    "reasoning_content": "Hm.",
                    "content": None,
                    "tool_calls": [
                        {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
                        {"id": "2", "type": "custom", "custom": {"name": "sh", "input": "ls -l"}},
                        {"id": "3", "type": "function", "function": {"name": "g", "arguments": ""}},
                    ],
                },
                {"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "42"}]},
                {"role": "function", "name": "g", "content": "43"},
            ]
        },
        (
            model(
                Thinking("Hm."),
                ToolCall("1", "f", {"a": 1}),
                ToolCall("2", "sh", "ls -l"),
                ToolCall("3", "g", {}),
            ),
            Message("tool", (ToolResult("1", None, (Text("42"),)),)),
            Message("tool", (ToolResult(None, "g", (Text("43"),)),)),
        ),
    ),
    (
        "openai.chat",
        {
            "messages": [
                {"role": "ipython", "content": "1"},
                {"role": "assistant", "refusal": "No.", "content": None},
            ]
        },
        (Message("user", (Text("1"),), "ipython"), model(Text("No."))),
    ),
    (
        "openai.responses",
        {"input": "Hi", "instructions": "Be brief."},
        (Message("system", (Text("Be brief."),)), user(Text("Hi"))),
    ),
    (
        "openai.responses",
        {
            "input": [
                {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "Hm."}]},
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
                {
                    "type": "function_call_output",
                    "call_id": "c",
                    "output": [{"type": "input_text", "text": "42"}],
                },
                {"type": "web_search_call", "id": "w", "action": {"type": "search", "query": "rain"}},
                {
                    "type": "mcp_call",
                    "id": "m",
                    "name": "ask",
                    "arguments": '{"q": 1}',
                    "output": "So.",
                    "error": None,
                },
                {"type": "custom_tool_call", "call_id": "d", "name": "patch", "input": "*** Begin"},
                {"type": "custom_tool_call_output", "call_id": "d", "output": "Done"},
                {"type": "image_generation_call", "id": "i", "result": _PNG, "output_format": "png"},
                {"type": "of_tomorrow", "x": 1},
                {
                    "role": "user",
                    "content": [{"type": "input_image", "image_url": "https://a.example/c.png"}],
                },
            ]
        },
        (
            model(Thinking("Hm."), ToolCall("c", "f", {})),
            Message("tool", (ToolResult("c", None, (Text("42"),)),)),
            model(
                ToolCall("w", "web_search", {"type": "search", "query": "rain"}),
                ToolCall("m", "ask", {"q": 1}),
                ToolResult("m", "ask", (Text("So."),)),
                ToolCall("d", "patch", "*** Begin"),
            ),
            Message("tool", (ToolResult("d", None, (Text("Done"),)),)),
            model(ToolCall("i", "image_generation", {}), Media("image", "image/png", data=_PNG)),
            user(Unknown("of_tomorrow", {"type": "of_tomorrow", "x": 1})),
            user(Media("image", None, url="https://a.example/c.png")),
        ),
    ),
    (
        "anthropic.messages",
        {
            "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
            "messages": [
                {
                    "role": "assistant",
                    "content": [
                        {"type": "redacted_thinking", "data": "x"},
                        {
                            "type": "server_tool_use",
                            "id": "s",
                            "name": "web_search",
                            "input": {"query": "rain"},
                        },
                        {
                            "type": "web_search_tool_result",
                            "tool_use_id": "s",
                            "content": [
                                {
                                    "type": "web_search_result",
                                    "title": "Rain",
                                    "url": "https://r.example",
                                    "encrypted_content": "x",
                                }
                            ],
                        },
                        {"type": "tool_use", "id": "t", "name": "f", "input": {}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "t",
                            "is_error": True,
                            "content": [
                                {"type": "text", "text": "No."},
                                {
                                    "type": "image",
                                    "source": {"type": "base64", "media_type": "image/png", "data": _PNG},
                                },
                            ],
                        },
                        {"type": "text", "text": "Go on."},
                        {
                            "type": "document",
                            "title": "a.txt",
                            "source": {"type": "text", "media_type": "text/plain", "data": "Words."},
                        },
                    ],
                },
            ],
        },
        (
            Message("system", (Text("Be brief."),)),
            model(
                Thinking(""),
                ToolCall("s", "web_search", {"query": "rain"}),
                ToolResult("s", "web_search", (Text("Rain\nhttps://r.example"),)),
                ToolCall("t", "f", {}),
            ),
            Message(
                "tool",
                (
                    ToolResult(
                        "t", None, (Text("No."), Media("image", "image/png", data=_PNG)), is_error=True
                    ),
                ),
            ),
            user(Text("Go on."), Text("Words.")),
        ),
    ),
    (
        "bedrock.converse",
        {
            "system": [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
            "messages": [
                {
                    "role": "assistant",
                    "content": [
                        {"reasoningContent": {"reasoningText": {"text": "Hm."}}},
                        {"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": 1}}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "toolResult": {
                                "toolUseId": "t",
                                "status": "error",
                                "content": [{"json": {"b": 2}}, {"text": "x"}],
                            }
                        },
                        {"image": {"format": "png", "source": {"bytes": _PNG}}},
                        {
                            "document": {
                                "format": "pdf",
                                "name": "d",
                                "source": {"s3Location": {"uri": "s3://b/k"}},
                            }
                        },
                    ],
                },
            ],
        },
        (
            Message("system", (Text("Be brief."),)),
            model(Thinking("Hm."), ToolCall("t", "f", {"a": 1})),
            Message("tool", (ToolResult("t", None, (Text('{"b": 2}'), Text("x")), is_error=True),)),
            user(Media("image", "image/png", data=_PNG), Media("file", "pdf", url="s3://b/k", name="d")),
        ),
    ),
    (
        "bedrock.invoke",
        {"anthropic_version": "b", "system": "S", "messages": [{"role": "user", "content": "Hi"}]},
        (Message("system", (Text("S"),)), user(Text("Hi"))),
    ),
    ("bedrock.invoke", {"inputText": "Hi", "textGenerationConfig": {}}, (user(Text("Hi")),)),
    ("bedrock.invoke", {"prompt": "<s>Hi", "max_gen_len": 9}, (user(Text("<s>Hi")),)),
    (
        "bedrock.invoke",
        {"message": "Hi", "chat_history": [{"role": "CHATBOT", "message": "Yes?"}]},
        (model(Text("Yes?")), user(Text("Hi"))),
    ),
    (
        "gemini.generate_content",
        {
            "system_instruction": {"parts": [{"text": "Be brief."}]},
            "contents": [
                {
                    "role": "user",
                    "parts": [
                        {"text": "What is it?"},
                        {"inlineData": {"mimeType": "image/png", "data": _PNG}},
                        {"fileData": {"fileUri": "gs://a/b.mp4", "mimeType": "video/mp4"}},
                    ],
                },
                {
                    "role": "model",
                    "parts": [
                        {"text": "Hm.", "thought": True},
                        {"executableCode": {"language": "PYTHON", "code": "1+1"}},
                        {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "2"}},
                        {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "x"},
                    ],
                },
                {
                    "role": "user",
                    "parts": [{"functionResponse": {"name": "f", "response": {"a": 1, "b": 2}}}],
                },
            ],
        },
        (
            Message("system", (Text("Be brief."),)),
            user(
                Text("What is it?"),
                Media("image", "image/png", data=_PNG),
                Media("video", "video/mp4", url="gs://a/b.mp4"),
            ),
            model(
                Thinking("Hm."),
                ToolCall(None, "code_execution", {"language": "PYTHON", "code": "1+1"}),
                ToolResult(None, "code_execution", (Text("2"),), is_error=True),
                ToolCall(None, "f", {"a": 1}),
            ),
            Message("tool", (ToolResult(None, "f", (Text('{"a": 1, "b": 2}'),)),)),
        ),
    ),
    (
        "gemini.code_assist",
        {"model": "m", "request": {"contents": [{"parts": [{"text": "Hi"}]}]}},
        (user(Text("Hi")),),
    ),
    (
        "gemini.interactions",
        {"input": "Hi", "system_instruction": "S"},
        (Message("system", (Text("S"),)), user(Text("Hi"))),
    ),
    (
        "gemini.interactions",
        {
            "input": [
                {"type": "text", "text": "Hi"},
                {"type": "image", "data": _PNG, "mime_type": "image/png"},
            ]
        },
        (user(Text("Hi")), user(Media("image", "image/png", data=_PNG))),
    ),
    (
        "gemini.interactions",
        {
            "input": [
                {"type": "user_input", "content": [{"type": "text", "text": "Hi"}]},
                {"type": "model_output", "content": [{"type": "text", "text": "Yes?"}]},
                {"type": "function_result", "call_id": "c", "name": "f", "result": "42"},
            ]
        },
        (user(Text("Hi")), model(Text("Yes?")), Message("tool", (ToolResult("c", "f", (Text("42"),)),))),
    ),
    (
        "cohere.chat",
        {
            "messages": [
                {
                    "role": "assistant",
                    "tool_plan": "Look.",
                    "tool_calls": [
                        {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                    ],
                },
                {
                    "role": "tool",
                    "tool_call_id": "1",
                    "content": [{"type": "document", "document": {"data": "42"}}],
                },
            ]
        },
        (
            model(Thinking("Look."), ToolCall("1", "f", {})),
            Message("tool", (ToolResult("1", None, (Text("42"),)),)),
        ),
    ),
    (
        "cohere.chat_v1",
        {
            "preamble": "S",
            "message": "Hi",
            "tool_results": [{"call": {"name": "f", "parameters": {}}, "outputs": [{"a": 1}]}],
        },
        (
            Message("system", (Text("S"),)),
            user(Text("Hi")),
            Message("tool", (ToolResult(None, "f", (Text('{"a": 1}'),)),)),
        ),
    ),
    (
        "ollama.chat",
        {
            "messages": [
                {"role": "user", "content": "What?", "images": [_PNG]},
                {"role": "tool", "tool_name": "f", "content": "42"},
            ]
        },
        (
            user(Text("What?"), Media("image", None, data=_PNG)),
            Message("tool", (ToolResult(None, "f", (Text("42"),)),)),
        ),
    ),
    ("ollama.generate", {"system": "S", "prompt": "Hi"}, (Message("system", (Text("S"),)), user(Text("Hi")))),
    (
        "mistral.conversations",
        {
            "inputs": [
                {"type": "message.input", "role": "user", "content": "Hi"},
                {"type": "function.result", "tool_call_id": "t", "result": "42"},
            ],
            "instructions": "S",
        },
        (
            Message("system", (Text("S"),)),
            user(Text("Hi")),
            Message("tool", (ToolResult("t", None, (Text("42"),)),)),
        ),
    ),
    (
        "openai.assistants",
        {"tool_outputs": [{"tool_call_id": "c", "output": "4 °C"}]},
        (Message("tool", (ToolResult("c", None, (Text("4 °C"),)),)),),
    ),
    ("openai.assistants", {"thread": {"messages": [{"role": "user", "content": "Hi"}]}}, (user(Text("Hi")),)),
    ("openai.embeddings", {"input": ["a", "b"]}, (user(Text("a")), user(Text("b")))),
    ("openai.moderations", {"input": [{"type": "text", "text": "a"}]}, (user(Text("a")),)),
    ("openai.images", {"prompt": "A robot."}, (user(Text("A robot.")),)),
    ("openai.speech", {"input": "Say it."}, (user(Text("Say it.")),)),
    ("gemini.embeddings", {"content": {"parts": [{"text": "a"}]}}, (user(Text("a")),)),
    ("cohere.rerank", {"query": "q", "documents": ["a"]}, (user(Text("q")), user(Text("a")))),
    (
        "vertex.images",
        {"instances": [{"prompt": "A robot."}]},
        (user(Unknown("prompt", {"prompt": "A robot."})),),
    ),
    ("replicate.predictions", {"version": "v", "input": {"prompt": "Salt is"}}, (user(Text("Salt is")),)),
    ("bedrock.agent", {"inputText": "Hi"}, (user(Text("Hi")),)),
    ("of.tomorrow", {"messages": [{"role": "user", "content": "Hi"}]}, (user(Text("Hi")),)),
    ("of.tomorrow", {"model": "m", "wish": "Rain"}, (user(Unknown("request", {"wish": "Rain"})),)),
]


@pytest.mark.parametrize(
    ("api", "request_body", "messages"), CASES, ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)]
)
def test_what_a_request_says(api: str, request_body: dict[str, Any], messages: tuple[Message, ...]) -> None:
    """Each dialect comes to the same few parts."""
    assert asked(api, request_body) == messages


def test_the_messages_of_a_socket() -> None:
    """The client's messages of one turn, one after the other."""
    live = [
        {"clientContent": {"turns": [{"role": "user", "parts": [{"text": "Hi"}]}], "turnComplete": True}},
        {"realtimeInput": {"text": "And?"}},
        {"toolResponse": {"functionResponses": [{"id": "c", "name": "f", "response": {"output": "42"}}]}},
    ]
    assert said("gemini.live", socket(live)).request == (
        user(Text("Hi")),
        user(Text("And?")),
        Message("tool", (ToolResult("c", "f", (Text("42"),)),)),
    )
    create = {
        "type": "response.create",
        "response": {"instructions": "S", "input": [{"role": "user", "content": "Hi"}]},
    }
    assert said("openai.responses", socket([create])).request == (
        Message("system", (Text("S"),)),
        user(Text("Hi")),
    )


def test_a_form_is_its_words_and_its_file() -> None:
    """What is sent as a form: an edit of a picture, a recording to be written down."""
    lines = [
        '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'.format(*each)
        for each in [("model", "m"), ("prompt", "Blue."), ("n", "2")]
    ]
    content = (
        "".join(lines)
        + '--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\nxx\r\n--b--\r\n'
    )
    found = said("openai.images", body(content.encode(), "multipart/form-data; boundary=b"))
    assert found.request == (
        user(Text("Blue."), Media("file", None, name="a.png"), Unknown("form", {"n": "2"})),
    )


@pytest.mark.parametrize(
    ("api", "request_body", "tools"),
    [
        (
            "openai.chat",
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {"name": "f", "description": "D", "parameters": {"a": 1}},
                    }
                ]
            },
            [ToolOffered("f", "D", {"a": 1})],
        ),
        ("openai.chat", {"functions": [{"name": "f"}]}, [ToolOffered("f")]),
        (
            "openai.responses",
            {
                "tools": [
                    {"type": "web_search"},
                    {"type": "function", "name": "f", "parameters": {}},
                    {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "g"}]},
                ]
            },
            [ToolOffered("web_search"), ToolOffered("f", None, {}), ToolOffered("g")],
        ),
        (
            "anthropic.messages",
            {
                "tools": [
                    {"name": "f", "input_schema": {"a": 1}},
                    {"type": "web_search_20250305", "name": "web_search"},
                ]
            },
            [ToolOffered("f", None, {"a": 1}), ToolOffered("web_search")],
        ),
        (
            "bedrock.converse",
            {
                "toolConfig": {
                    "tools": [
                        {"toolSpec": {"name": "f", "inputSchema": {"json": {"a": 1}}}},
                        {"cachePoint": {"type": "default"}},
                    ]
                }
            },
            [ToolOffered("f", None, {"a": 1})],
        ),
        (
            "gemini.generate_content",
            {"tools": [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}, {"googleSearch": {}}]},
            [ToolOffered("f"), ToolOffered("g"), ToolOffered("googleSearch")],
        ),
    ],
)
def test_the_tools_that_are_offered(api: str, request_body: dict[str, Any], tools: list[ToolOffered]) -> None:
    """Every dialect's lists of tools, the providers' own among them."""
    assert list(said(api, request_body).tools) == tools
