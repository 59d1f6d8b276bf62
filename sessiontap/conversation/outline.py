"""outline: a request's body cut into its messages, each still the JSON that it was sent as.

A body of megabytes is cut without being built, so that a message which was seen before is known by its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from sessiontap.conversation.mending import members_of
from sessiontap.conversation.parts import Role

Raw: TypeAlias = msgspec.Raw | bytes
Members: TypeAlias = Mapping[str, Raw]

_elements = msgspec.json.Decoder(list[msgspec.Raw])
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text = msgspec.json.Decoder(str)
_encode = msgspec.json.Encoder().encode
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
_NOTHING = (b"", b"null", b'""', b"[]", b"{}")


@dataclass(slots=True)
class Outline:
    """What a request says, message by message."""

    messages: list[tuple[Role, Raw]] = field(default_factory=list)
    """Each with who speaks where it does not say so; instructions first."""
    tools: list[Raw] = field(default_factory=list)
    continues: bool = False
    """It goes on from what the provider has kept: the messages are new ones only."""
    rest: Members = field(default_factory=dict)
    """All of the body."""


def outline(api: str, content: bytes) -> Outline:
    """The messages of a request of that wire shape. Raises WireError for what is no JSON object at all."""
    said: Members = members_of(content)
    if api in {"openai.realtime", "openai.responses"} and "response" in said and "input" not in said:
        said = {**said, **members_in(said["response"])}
    if api == "gemini.code_assist":
        said = members_in(said.get("request", b""))
    found = Outline()
    for read in _BY_API.get(api, (_system, _messages, _contents, _input, _prompts)):
        read(said, found)
    _tools(said, found)
    found.rest = said
    return found


def members_in(raw: Raw) -> Members:
    """The members of an object; none for anything else."""
    try:
        return _object.decode(raw)
    except _UNREADABLE:
        return {}


def elements_in(raw: Raw) -> list[Raw]:
    """The elements of a list, or the one value that stands in its place; none for null and what is blank."""
    if bytes(memoryview(raw)[:1]) == b"[":
        try:
            return list(_elements.decode(raw))
        except _UNREADABLE:
            return []
    return [] if len(memoryview(raw)) < _SHORT and bytes(raw) in _NOTHING else [raw]


_SHORT = 8


def _says(said: Members, *names: str) -> Iterator[Raw]:
    for name in names:
        if (raw := said.get(name)) is not None and (
            len(memoryview(raw)) >= _SHORT or bytes(raw) not in _NOTHING
        ):
            yield raw


def _system(said: Members, found: Outline) -> None:
    names = ("system", "instructions", "instruction", "systemInstruction", "system_instruction", "preamble")
    found.messages += [("system", _spoken("system", raw)) for raw in _says(said, *names)]
    # Mistral's conversations may bring their agent along.
    for raw in _says(said, "developer"):
        found.messages.append(("system", _spoken("system", raw)))


def _spoken(role: Role, raw: Raw) -> Raw:
    """A message of what is a content, or of Gemini's instructions, whose role means nothing."""
    members = members_in(raw) if bytes(memoryview(raw)[:1]) == b"{" else {}
    content = members.get("parts", members.get("content", raw))
    return _encode({"role": role, "content": msgspec.Raw(content)})


def _messages(said: Members, found: Outline) -> None:
    for raw in _says(said, "messages", "additional_messages"):
        found.messages += [("user", each) for each in elements_in(raw)]
    for raw in _says(members_in(said.get("thread", b"")), "messages"):
        found.messages += [("user", each) for each in elements_in(raw)]


def _contents(said: Members, found: Outline) -> None:
    for raw in _says(said, "contents"):
        found.messages += [("user", each) for each in elements_in(raw)]


def _history(said: Members, found: Outline) -> None:
    for raw in _says(said, "chat_history"):
        found.messages += [("user", each) for each in elements_in(raw)]
    for raw in _says(said, "message"):
        found.messages.append(("user", _spoken("user", raw)))
    for raw in _says(said, "tool_results"):
        found.messages.append(("tool", _encode({"role": "tool", "tool_results": msgspec.Raw(raw)})))


def _input(said: Members, found: Outline) -> None:
    found.continues = any(
        True for _ in _says(said, "previous_response_id", "previous_interaction_id", "conversation")
    )
    for raw in _says(said, "input", "inputs"):
        inner = members_in(raw)
        if inner and "type" not in inner and "role" not in inner:
            # Replicate's models each have their own; OpenAI's realtime calls have it all in a response.
            _system(inner, found)
            _prompts(inner, found)
        else:
            found.messages += [("user", each) for each in elements_in(raw)]


def _prompts(said: Members, found: Outline) -> None:
    """The inputs of calls that are no conversations, by the names that they have at any provider."""
    if found.messages and any(role != "system" for role, _ in found.messages):
        return
    for raw in _says(said, *_PROMPTS):
        found.messages += [("user", _spoken("user", each)) for each in elements_in(raw)]
    images = next(_says(said, "images", "image"), None)
    if images is not None and found.messages and bytes(memoryview(images)[:1]) == b"[":
        found.messages.append(("user", _encode({"role": "user", "images": msgspec.Raw(images)})))


_PROMPTS = (
    "prompt",
    "inputText",
    "text",
    "texts",
    "query",
    "documents",
    "content",
    "requests",
    "instances",
    "state",
    "document",
)


def _outputs(said: Members, found: Outline) -> None:
    """What tools gave, handed in to a run of the Assistants API."""
    for raw in _says(said, "tool_outputs"):
        for each in elements_in(raw):
            members = members_in(each)
            result = {
                "role": "tool",
                "tool_call_id": msgspec.Raw(members.get("tool_call_id", b"null")),
                "content": msgspec.Raw(members.get("output", b"null")),
            }
            found.messages.append(("tool", _encode(result)))


def _live(said: Members, found: Outline) -> None:
    """One message of a client's on a socket of Gemini's Live API."""
    setup = members_in(said.get("setup", b""))
    _system(setup, found)
    for name in ("clientContent", "client_content"):
        for raw in _says(members_in(said.get(name, b"")), "turns"):
            found.messages += [("user", each) for each in elements_in(raw)]
    for name in ("realtimeInput", "realtime_input"):
        spoken = members_in(said.get(name, b""))
        for raw in _says(spoken, "text"):
            found.messages.append(("user", _spoken("user", raw)))
        for raw in _says(spoken, "audio", "video", "mediaChunks", "media_chunks"):
            found.messages += [
                ("user", _encode({"parts": [{"inlineData": msgspec.Raw(each)}]})) for each in elements_in(raw)
            ]
    for name in ("toolResponse", "tool_response"):
        for raw in _says(members_in(said.get(name, b"")), "functionResponses", "function_responses"):
            found.messages += [
                ("tool", _encode({"parts": [{"functionResponse": msgspec.Raw(each)}]}))
                for each in elements_in(raw)
            ]


def _tools(said: Members, found: Outline) -> None:
    for holder in (said, members_in(said.get("setup", b""))):
        for raw in _says(holder, "tools"):
            found.tools += elements_in(raw)
        for raw in _says(holder, "functions"):
            found.tools += elements_in(raw)
        for raw in _says(members_in(holder.get("toolConfig", b"")), "tools"):
            found.tools += elements_in(raw)


_Read: TypeAlias = Callable[[Members, Outline], None]
_BY_API: Mapping[str, tuple[_Read, ...]] = {
    "cohere.chat_v1": (_system, _history),
    "openai.assistants": (_system, _messages, _outputs),
    "gemini.live": (_live,),
    "bedrock.invoke": (_system, _messages, _history, _contents, _input, _prompts),
}
