"""The same conversation in the dialects of several providers: request bodies, and replies plain or streamed.

Written from the providers' documentation, as their clients send and their servers answer it.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class ToolUse:
    """A call of a tool, as the model made it."""

    call_id: str
    name: str
    arguments: Json


@dataclass(slots=True)
class Turn:
    """One turn: of the user, of the model, or what the tools answered (`results`, in the calls' order)."""

    role: str
    text: str = ""
    calls: list[ToolUse] = field(default_factory=list)
    results: list[tuple[ToolUse, str]] = field(default_factory=list)
    thinking: str = ""
    note: str = ""
    """A text beside the first."""


@dataclass(slots=True)
class Style:
    """What a client does to messages when it sends them again."""

    blocks: bool = False
    """Texts in lists of blocks; else as plain texts, where the dialect has them."""
    marks: bool = False
    """Cache marks on the last two messages, so that they move."""
    strips: bool = False
    """White space around the model's texts goes."""
    trims_results: bool = False
    """What tools answered long ago is replaced by a note."""
    drops_thinking: bool = False
    reminds: str = ""
    """The newest message of the user has a note behind it, which is gone in the next call: a `block` of its
    own where the dialect has blocks, or some more `text`."""
    window: int = 0
    """So many of the last turns are sent, and those before back to one of the user's; 0 is all."""

    def sent(self, turns: Sequence[Turn]) -> list[Turn]:
        """What is sent of the turns."""
        sent = list(turns)
        if self.window and len(sent) > self.window:
            latest = range(len(sent) - self.window, -1, -1)
            sent = sent[next((n for n in latest if sent[n].role == "user"), 0) :]
        if self.reminds and sent[-1].role == "user":
            note = f"<reminder>{len(turns)} turns so far.</reminder>"
            if self.reminds == "block":
                sent[-1] = replace(sent[-1], note=note)
            else:
                sent[-1] = replace(sent[-1], text=f"{sent[-1].text}\n{note}")
        return sent


@dataclass(slots=True)
class Dialect:
    """One wire shape. `reply` gives the events of a stream, or the one object of a plain reply."""

    api: str
    body: Callable[[str, str, Sequence[Turn], Style], Json]
    reply: Callable[[random.Random, Turn, bool], list[Json]]
    call_id: Callable[[random.Random], str]


def _id(rng: random.Random, prefix: str, length: int) -> str:
    return prefix + "".join(rng.choices(string.ascii_letters + string.digits, k=length))


def _cut(rng: random.Random, text: str) -> list[str]:
    """The text in the pieces of a stream."""
    pieces, at = [], 0
    while at < len(text):
        size = rng.randint(1, 40)
        pieces.append(text[at : at + size])
        at += size
    return pieces


def _said(turn: Turn, style: Style) -> str:
    return turn.text.strip() if style.strips and turn.role == "assistant" else turn.text


def _answer(turns: Sequence[Turn], turn: Turn, text: str, style: Style) -> str:
    if style.trims_results and all(turn is not each for each in turns[-4:]):
        return "[Old tool result content cleared]"
    return text


# openai.chat ------------------------------------------------------------------------------------------


def _chat_body(system: str, model: str, turns: Sequence[Turn], style: Style) -> Json:
    messages: list[Json] = [{"role": "system", "content": system}] if system else []
    for turn in turns:
        if turn.role == "results":
            messages += [
                {"role": "tool", "tool_call_id": use.call_id, "content": _answer(turns, turn, text, style)}
                for use, text in turn.results
            ]
            continue
        text = _said(turn, style)
        message: Json = {"role": turn.role, "content": text or None}
        if (style.blocks and text) or turn.note:
            message["content"] = [{"type": "text", "text": each} for each in (text, turn.note) if each]
        if turn.calls:
            message["tool_calls"] = [_chat_call(use) for use in turn.calls]
        messages.append(message)
    return {"model": model, "messages": messages}


def _chat_call(use: ToolUse) -> Json:
    return {
        "id": use.call_id,
        "type": "function",
        "function": {"name": use.name, "arguments": json.dumps(use.arguments)},
    }


def _chat_reply(rng: random.Random, turn: Turn, stream: bool) -> list[Json]:  # noqa: FBT001 -- as `Dialect` says
    head: Json = {"id": _id(rng, "chatcmpl-", 29), "model": "gpt-5-mini"}
    if not stream:
        message: Json = {"role": "assistant", "content": turn.text or None, "refusal": None}
        if turn.calls:
            message["tool_calls"] = [_chat_call(use) for use in turn.calls]
        return [{**head, "object": "chat.completion", "choices": [{"index": 0, "message": message}]}]
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": piece} for piece in _cut(rng, turn.text)]
    for index, use in enumerate(turn.calls):
        whole = _chat_call(use)
        arguments = whole["function"].pop("arguments")
        deltas.append({"tool_calls": [{"index": index, **whole}]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            for piece in _cut(rng, arguments)
        ]
    return [
        {**head, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
        for delta in deltas
    ]


# anthropic.messages -----------------------------------------------------------------------------------


def _messages_body(system: str, model: str, turns: Sequence[Turn], style: Style) -> Json:
    messages: list[Json] = []
    for turn in turns:
        if turn.role == "results":
            content: list[Json] = [
                {
                    "type": "tool_result",
                    "tool_use_id": use.call_id,
                    "content": _answer(turns, turn, text, style),
                }
                for use, text in turn.results
            ]
            messages.append({"role": "user", "content": content})
            continue
        blocks = _anthropic_blocks(turn, style)
        plain = not style.blocks and len(blocks) == 1 and blocks[0]["type"] == "text"
        messages.append({"role": turn.role, "content": blocks[0]["text"] if plain else blocks})
    if style.marks:
        for message in messages[-2:]:
            if isinstance(message["content"], str):
                message["content"] = [{"type": "text", "text": message["content"]}]
            message["content"][-1]["cache_control"] = {"type": "ephemeral"}
    return {"model": model, "max_tokens": 4096, "system": system, "messages": messages}


def _anthropic_blocks(turn: Turn, style: Style) -> list[Json]:
    blocks: list[Json] = []
    if turn.thinking and not style.drops_thinking:
        blocks.append({"type": "thinking", "thinking": turn.thinking, "signature": "c2ln"})
    blocks += [{"type": "text", "text": each} for each in (_said(turn, style), turn.note) if each]
    blocks += [
        {"type": "tool_use", "id": use.call_id, "name": use.name, "input": use.arguments}
        for use in turn.calls
    ]
    return blocks


def _messages_reply(rng: random.Random, turn: Turn, stream: bool) -> list[Json]:  # noqa: FBT001
    blocks = _anthropic_blocks(turn, Style())
    message: Json = {"id": _id(rng, "msg_", 24), "type": "message", "role": "assistant"}
    if not stream:
        return [{**message, "content": blocks, "stop_reason": "end_turn"}]
    events: list[Json] = [{"type": "message_start", "message": {**message, "content": []}}]
    for index, block in enumerate(blocks):
        kind = block["type"]
        if kind == "tool_use":
            empty = {**block, "input": {}}
            deltas = [
                {"type": "input_json_delta", "partial_json": piece}
                for piece in ["", *_cut(rng, json.dumps(block["input"]))]
            ]
        else:
            empty = {"type": kind, kind: ""}
            deltas = [{"type": f"{kind}_delta", kind: piece} for piece in _cut(rng, block[kind])]
        events.append({"type": "content_block_start", "index": index, "content_block": empty})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    return [
        *events,
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
    ]


# openai.responses -------------------------------------------------------------------------------------


def _responses_body(system: str, model: str, turns: Sequence[Turn], style: Style) -> Json:
    items: list[Json] = []
    for turn in turns:
        if turn.role == "results":
            items += [
                {
                    "type": "function_call_output",
                    "call_id": use.call_id,
                    "output": _answer(turns, turn, text, style),
                }
                for use, text in turn.results
            ]
        elif turn.role == "assistant":
            items += _responses_items(turn, style)
        elif style.blocks or turn.note:
            items.append(
                {
                    "type": "message",
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": each} for each in (turn.text, turn.note) if each
                    ],
                }
            )
        else:
            items.append({"role": "user", "content": turn.text})
    return {"model": model, "instructions": system, "input": items}


def _responses_items(turn: Turn, style: Style) -> list[Json]:
    items: list[Json] = []
    if turn.thinking and not style.drops_thinking:
        items.append({"type": "reasoning", "summary": [], "encrypted_content": "gAAA"})
    if text := _said(turn, style):
        content = [{"type": "output_text", "text": text, "annotations": []}]
        items.append({"type": "message", "role": "assistant", "content": content})
    items += [
        {
            "type": "function_call",
            "call_id": use.call_id,
            "name": use.name,
            "arguments": json.dumps(use.arguments),
        }
        for use in turn.calls
    ]
    return items


def _responses_reply(rng: random.Random, turn: Turn, stream: bool) -> list[Json]:  # noqa: FBT001
    items = _responses_items(turn, Style())
    response: Json = {"id": _id(rng, "resp_", 40), "object": "response", "output": items}
    if not stream:
        return [{**response, "status": "completed"}]
    events: list[Json] = [{"type": "response.created", "response": {**response, "output": []}}]
    for index, item in enumerate(items):
        events.append({"type": "response.output_item.added", "output_index": index, "item": item})
        if item["type"] == "message":
            events += [
                {"type": "response.output_text.delta", "output_index": index, "delta": piece}
                for piece in _cut(rng, item["content"][0]["text"])
            ]
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    return [*events, {"type": "response.completed", "response": {**response, "status": "completed"}}]


# gemini.generate_content ------------------------------------------------------------------------------


def _gemini_body(system: str, model: str, turns: Sequence[Turn], style: Style) -> Json:
    del model
    contents: list[Json] = []
    for turn in turns:
        if turn.role == "results":
            parts: list[Json] = [
                {
                    "functionResponse": {
                        "name": use.name,
                        "response": {"output": _answer(turns, turn, text, style)},
                    }
                }
                for use, text in turn.results
            ]
            contents.append({"role": "user", "parts": parts})
        elif turn.role == "assistant":
            contents.append({"role": "model", "parts": _gemini_parts(turn, style)})
        else:
            parts = [{"text": each} for each in (turn.text, turn.note) if each]
            contents.append({"role": "user", "parts": parts})
    return {"systemInstruction": {"parts": [{"text": system}]}, "contents": contents}


def _gemini_parts(turn: Turn, style: Style) -> list[Json]:
    parts: list[Json] = []
    if turn.thinking and not style.drops_thinking:
        parts.append({"text": turn.thinking, "thought": True})
    if text := _said(turn, style):
        parts.append({"text": text})
    return parts + [{"functionCall": {"name": use.name, "args": use.arguments}} for use in turn.calls]


def _gemini_reply(rng: random.Random, turn: Turn, stream: bool) -> list[Json]:  # noqa: FBT001
    parts = _gemini_parts(turn, Style())
    if stream:
        cut = [
            {**part, "text": piece} for part in parts if "text" in part for piece in _cut(rng, part["text"])
        ]
        rows = [[part] for part in cut + [part for part in parts if "text" not in part]]
    else:
        rows = [parts]
    response_id = _id(rng, "", 20)
    return [
        {"responseId": response_id, "candidates": [{"index": 0, "content": {"role": "model", "parts": row}}]}
        for row in rows
    ]


# bedrock.converse -------------------------------------------------------------------------------------


def _converse_body(system: str, model: str, turns: Sequence[Turn], style: Style) -> Json:
    del model
    messages: list[Json] = []
    for turn in turns:
        if turn.role == "results":
            content: list[Json] = [
                {
                    "toolResult": {
                        "toolUseId": use.call_id,
                        "content": [{"text": _answer(turns, turn, text, style)}],
                    }
                }
                for use, text in turn.results
            ]
            messages.append({"role": "user", "content": content})
        else:
            messages.append({"role": turn.role, "content": _converse_blocks(turn, style)})
    return {"system": [{"text": system}], "messages": messages}


def _converse_blocks(turn: Turn, style: Style) -> list[Json]:
    blocks: list[Json] = [{"text": each} for each in (_said(turn, style), turn.note) if each]
    return blocks + [
        {"toolUse": {"toolUseId": use.call_id, "name": use.name, "input": use.arguments}}
        for use in turn.calls
    ]


def _converse_reply(rng: random.Random, turn: Turn, stream: bool) -> list[Json]:  # noqa: FBT001
    blocks = _converse_blocks(turn, Style())
    if not stream:
        message = {"role": "assistant", "content": blocks}
        return [{"output": {"message": message}, "stopReason": "end_turn"}]
    events: list[Json] = [{"messageStart": {"role": "assistant"}}]
    for index, block in enumerate(blocks):
        if use := block.get("toolUse"):
            start: Json = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
            events.append({"contentBlockStart": {"contentBlockIndex": index, "start": start}})
            deltas: list[Json] = [
                {"toolUse": {"input": piece}} for piece in _cut(rng, json.dumps(use["input"]))
            ]
        else:
            deltas = [{"text": piece} for piece in _cut(rng, block["text"])]
        events += [{"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}} for delta in deltas]
    return [*events, {"messageStop": {"stopReason": "end_turn"}}]


# ollama.chat ------------------------------------------------------------------------------------------


def _ollama_body(system: str, model: str, turns: Sequence[Turn], style: Style) -> Json:
    messages: list[Json] = [{"role": "system", "content": system}]
    for turn in turns:
        if turn.role == "results":
            messages += [
                {"role": "tool", "tool_name": use.name, "content": _answer(turns, turn, text, style)}
                for use, text in turn.results
            ]
            continue
        message: Json = {"role": turn.role, "content": _said(turn, style) + turn.note}
        if turn.calls:
            message["tool_calls"] = [
                {"function": {"name": use.name, "arguments": use.arguments}} for use in turn.calls
            ]
        messages.append(message)
    return {"model": model, "messages": messages}


def _ollama_reply(rng: random.Random, turn: Turn, stream: bool) -> list[Json]:  # noqa: FBT001
    pieces = _cut(rng, turn.text) if stream else [turn.text]
    lines: list[Json] = [
        {"model": "qwen3", "message": {"role": "assistant", "content": piece}, "done": False}
        for piece in pieces
    ] or [{"model": "qwen3", "message": {"role": "assistant", "content": ""}}]
    if turn.calls:
        lines[-1]["message"]["tool_calls"] = [
            {"function": {"name": use.name, "arguments": use.arguments}} for use in turn.calls
        ]
    lines[-1]["done"] = True
    return lines


# cohere.chat ------------------------------------------------------------------------------------------


def _cohere_reply(rng: random.Random, turn: Turn, stream: bool) -> list[Json]:  # noqa: FBT001
    calls = [_chat_call(use) for use in turn.calls]
    if not stream:
        content: list[Json] = [{"type": "text", "text": turn.text}] if turn.text else []
        message: Json = {"role": "assistant", "content": content, "tool_calls": calls}
        return [{"id": _id(rng, "", 36), "message": message, "finish_reason": "COMPLETE"}]
    events: list[Json] = [{"type": "message-start", "id": _id(rng, "", 36)}]
    events += [
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": piece}}}}
        for piece in _cut(rng, turn.text)
    ]
    for index, call in enumerate(calls):
        arguments = call["function"].pop("arguments")
        start: Json = {**call, "function": {**call["function"], "arguments": ""}}
        events.append(
            {"type": "tool-call-start", "index": index, "delta": {"message": {"tool_calls": start}}}
        )
        events += [
            {
                "type": "tool-call-delta",
                "index": index,
                "delta": {"message": {"tool_calls": {"function": {"arguments": piece}}}},
            }
            for piece in _cut(rng, arguments)
        ]
    return [*events, {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}]


DIALECTS = (
    Dialect("openai.chat", _chat_body, _chat_reply, lambda rng: _id(rng, "call_", 24)),
    Dialect("openai.responses", _responses_body, _responses_reply, lambda rng: _id(rng, "call_", 24)),
    Dialect("anthropic.messages", _messages_body, _messages_reply, lambda rng: _id(rng, "toolu_01", 22)),
    Dialect("gemini.generate_content", _gemini_body, _gemini_reply, lambda _: ""),
    Dialect("bedrock.converse", _converse_body, _converse_reply, lambda rng: _id(rng, "tooluse_", 22)),
    Dialect("ollama.chat", _ollama_body, _ollama_reply, lambda _: ""),
    Dialect("cohere.chat", _chat_body, _cohere_reply, lambda rng: _id(rng, "get_weather_", 12)),
)
