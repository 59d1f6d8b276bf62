"""Forward: has the new replies stand where later calls repeat the recorded ones.

A later call repeats a reply as a message of the assistant that says the same (see `conversation.comparing`):
its place takes the new reply, in the same dialect, with the recorded ids of tool calls, to which the results
that follow belong. A reply that calls other tools than the recorded one did is not taken, for the recorded
results would not be its own. Elsewhere the words of a reply are replaced where they stand as a whole, if
they are twenty characters or more. And what a call names as the reply that it continues is the new one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from sessiontap.apis import APIS, ReplyFacts
from sessiontap.bodies import Body
from sessiontap.conversation.comparing import key_of
from sessiontap.conversation.heard import events_of
from sessiontap.conversation.messages import messages_of
from sessiontap.conversation.parts import Message, Text, Thinking, ToolCall
from sessiontap.replaying.members import MemberError, json_of, members, value_of, with_member
from sessiontap.replies import maker
from sessiontap.untrusted import JsonObject

LEAST_WORDS = 20
"""Characters from which on the words of a reply are known when they stand in another text."""

_LISTS = ("messages", "contents", "input", "inputs", "chat_history")
_TEXTS = (
    *("system", "instructions", "systemInstruction", "system_instruction", "preamble", "message", "prompt"),
    *("input", "inputs", "query", "text", "texts", "documents"),
)
_CONTINUES = ("previous_response_id", "previous_interaction_id")
# Of a message that a model made, what a request may always hold.
_SAYS = frozenset(
    {
        *("role", "content", "parts", "tool_calls", "function_call", "message", "text"),
        # Of the items of OpenAI's Responses.
        *(
            "type",
            "name",
            "arguments",
            "input",
            "call_id",
            "summary",
            "encrypted_content",
            "action",
            "output",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Fed:
    """A body with the new replies in it."""

    content: bytes
    replaced: int = 0
    """How many recorded replies have made room."""
    kept: tuple[str, ...] = ()
    """For a person: why others have not."""


@dataclass(frozen=True, slots=True)
class _Reply:
    api: str
    keys: tuple[bytes, ...]
    """Of its messages, without those that are only thinking."""
    values: tuple[JsonObject, ...]
    """The new messages, or items, in the dialect of the reply."""
    words: str
    """The recorded words."""
    new_words: str
    kept: str | None
    """Why it does not take the recorded one's place."""


@dataclass(slots=True)
class Forward:
    """Takes the replies as they come, and changes the bodies of the calls that follow."""

    _by_key: dict[bytes, list[_Reply]] = field(default_factory=dict)
    _all: list[_Reply] = field(default_factory=list)
    _ids: dict[str, str] = field(default_factory=dict)
    # What became of a text that many calls repeat: when it first came, all was known that it can hold.
    _rewritten: dict[bytes, tuple[bytes, int]] = field(default_factory=dict)

    def answered(self, api: str, recorded: Body | None, fresh: Body | None, *, failed: bool) -> None:
        """Takes a recorded reply and the new one; `failed` where the new one is an error, or not whole."""
        before, now = _values(api, recorded), _values(api, fresh)
        if not before:
            return
        old_id, new_id = facts_of(api, recorded).response_id, facts_of(api, fresh).response_id
        if old_id and new_id and not failed:
            self._ids[old_id] = new_id
        kept = _why_kept(before, now, failed=failed)
        reply = _Reply(
            api=api,
            keys=tuple(key for value in before if (key := _key(value, "assistant")) is not None),
            values=() if kept else tuple(_with_ids(now, _calls(now), _calls(before))),
            words=_words(before),
            new_words=_words(now),
            kept=kept,
        )
        self._all.append(reply)
        if reply.keys:
            self._by_key.setdefault(reply.keys[0], []).append(reply)

    def fed(self, api: str, content: bytes) -> Fed:
        """The body of a later call. One that cannot be read is given as it is."""
        try:
            found = members(content)
        except MemberError:
            return Fed(content)
        replaced, kept = 0, list[str]()
        for name in _CONTINUES:
            new = self._ids.get(str(value_of(found[name]))) if name in found else None
            if new is not None:
                content = with_member(content, (name,), msgspec.json.encode(new))
                replaced += 1
        for name in dict.fromkeys((*_LISTS, *_TEXTS)):
            if name not in found:
                continue
            raw = bytes(found[name])
            said = self._list(api, raw, kept) if raw[:1] == b"[" and name in _LISTS else self._said(raw)
            if said[0] != raw:
                content = with_member(content, (name,), said[0])
                replaced += said[1]
        if "request" in found and api == "gemini.code_assist":
            inner = self.fed("gemini.generate_content", bytes(found["request"]))
            content = with_member(content, ("request",), inner.content)
            replaced, kept = replaced + inner.replaced, [*kept, *inner.kept]
        return Fed(content, replaced, tuple(kept))

    def _list(self, api: str, raw: bytes, kept: list[str]) -> tuple[bytes, int]:
        elements = _elements(raw)
        values = [_said_by_assistant(bytes(element)) for element in elements]
        keys = [None if value is None else _key(value, "user") for value in values]
        made: list[msgspec.Raw] = []
        replaced, at = 0, 0
        times: Counter[bytes] = Counter()
        while at < len(elements):
            key = keys[at]
            replies = self._by_key.get(key, ()) if key is not None else ()
            if key is not None and replies:
                # The second "Done." is the second reply that said so.
                reply = replies[min(times[key], len(replies) - 1)]
                times[key] += 1
                end = _run(reply.keys, keys, values, at)
                if end is not None and reply.kept is None and _same_dialect(reply.api, api):
                    while made and at and values[at - 1] is not None and keys[at - 1] is None:
                        made.pop()  # what it thought before it spoke
                        at -= 1
                    before = [value for value in values[at:end] if value is not None]
                    made += [msgspec.Raw(json_of(each)) for each in _like(before, reply.values)]
                    replaced, at = replaced + 1, end
                    continue
                if reply.kept is not None:
                    kept.append(reply.kept)
                    made += elements[at : end or at + 1]
                    at = end or at + 1
                    continue
            rewritten, count = self._said(bytes(elements[at]))
            made.append(msgspec.Raw(rewritten))
            replaced, at = replaced + count, at + 1
        return (msgspec.json.encode(made), replaced) if replaced else (raw, 0)

    def _said(self, raw: bytes) -> tuple[bytes, int]:
        """A JSON text in which the words of replies are the new ones, and how many were."""
        if len(raw) <= LEAST_WORDS:
            return raw, 0
        digest = blake2b(raw, digest_size=16).digest()
        known = self._rewritten.get(digest)
        if known is None:
            count = 0
            value = value_of(raw)
            for reply in self._all:
                if reply.kept is None and len(reply.words) >= LEAST_WORDS and reply.new_words != reply.words:
                    changed = _replaced(value, reply.words, reply.new_words)
                    count += changed != value
                    value = changed
            known = (json_of(value), count) if count else (raw, 0)
            self._rewritten[digest] = known
        return known


def facts_of(api: str, reply: Body | None) -> ReplyFacts:
    """What a reply says of its call."""
    if reply is None or api not in APIS:
        return ReplyFacts()
    reader = APIS[api].reader()
    for event in events_of(api, reply):
        reader.feed(event)
    return reader.facts()


def _values(api: str, reply: Body | None) -> tuple[JsonObject, ...]:
    """The messages or items of a reply, the first to choose from."""
    making = maker(api)
    if making is None or reply is None or not reply.content:
        return ()
    for event in events_of(api, reply):
        making.feed(event)
    rows = [[value for value in row if isinstance(value, dict)] for row in making.messages()]
    row = rows[0] if rows else []
    return tuple(row) if any(_messages(value, "assistant") for value in row) else ()


def _why_kept(before: Sequence[JsonObject], now: Sequence[JsonObject], *, failed: bool) -> str | None:
    if failed or not now:
        return "there is no new reply to go on from"
    if [name for _, name in _calls(before)] != [name for _, name in _calls(now)]:
        return "the new reply calls other tools, and the recorded results would not be theirs"
    return None


def _messages(value: object, role: str) -> tuple[Message, ...]:
    return messages_of(value, "assistant" if role == "assistant" else "user")


def _key(value: JsonObject, role: str) -> bytes | None:
    """What a message of the assistant's is known by; None for one that only thinks."""
    found = _messages(value, role)
    parts = tuple(part for message in found for part in message.parts)
    if not any(not isinstance(part, Thinking) for part in parts):
        return None
    return key_of(Message("assistant", parts))


def _said_by_assistant(raw: bytes) -> JsonObject | None:
    value = value_of(raw)
    if not isinstance(value, dict):
        return None
    found = _messages(value, "user")
    if value.get("type") == "reasoning":
        return value
    return value if len(found) == 1 and found[0].role == "assistant" else None


def _run(
    wanted: Sequence[bytes], keys: Sequence[bytes | None], values: Sequence[JsonObject | None], at: int
) -> int | None:
    """Where the messages of a reply end that begin there; None where not all of them follow."""
    left = list(wanted)
    while left and at < len(keys) and values[at] is not None:
        if keys[at] is not None and keys[at] != left.pop(0):
            return None
        at += 1
    return None if left else at


def _same_dialect(reply: str, request: str) -> bool:
    return reply == request or {reply, request} <= {"gemini.generate_content", "gemini.code_assist"}


def _calls(values: Sequence[JsonObject]) -> list[tuple[str | None, str | None]]:
    """Id and name of each tool that is called, in order."""
    return [
        (part.call_id, part.name)
        for value in values
        for message in _messages(value, "assistant")
        for part in message.parts
        if isinstance(part, ToolCall)
    ]


def _words(values: Sequence[JsonObject]) -> str:
    parts = [part for value in values for message in _messages(value, "assistant") for part in message.parts]
    return "".join(part.text for part in parts if isinstance(part, Text)).strip()


def _with_ids(
    values: Sequence[JsonObject],
    new: Sequence[tuple[str | None, str | None]],
    old: Sequence[tuple[str | None, str | None]],
) -> Sequence[JsonObject]:
    """The new messages with the recorded ids of tool calls, which the results that follow name."""
    ids = {mine: theirs for (mine, _), (theirs, _) in zip(new, old, strict=True) if mine and theirs}
    made = [_renamed(value, ids) for value in values]
    return [value for value in made if isinstance(value, dict)]


def _renamed(value: object, ids: dict[str, str]) -> object:
    if isinstance(value, str):
        return ids.get(value, value)
    if isinstance(value, list):
        return [_renamed(each, ids) for each in value]
    if isinstance(value, dict):
        return {key: _renamed(each, ids) for key, each in value.items()}
    return value


def _replaced(value: object, old: str, new: str) -> object:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        return [_replaced(each, old, new) for each in value]
    if isinstance(value, dict):
        return {key: _replaced(each, old, new) for key, each in value.items()}
    return value


def _like(before: Sequence[JsonObject], values: Sequence[JsonObject]) -> list[JsonObject]:
    """The new messages with the members that the client sent of the recorded ones, and what they say.

    A client that left thinking out, or ids, leaves them out of the new ones too.
    """
    had = {member for value in before for member in value}
    as_text = all(isinstance(value.get("content"), str) for value in before)
    thinks = any(_thinks(value) for value in before)
    made = []
    for value in values:
        if not thinks and value.get("type") == "reasoning":
            continue
        kept = {key: each for key, each in value.items() if key in had or key in _SAYS}
        if value.get("type") == "message" and "type" not in had:
            del kept["type"]
        content = kept.get("content")
        if not thinks and isinstance(content, list):
            content = [each for each in content if not _is_thought(each)]
            only_text = as_text and all(isinstance(each, dict) and "text" in each for each in content)
            kept["content"] = _words([value]) if only_text else content
        made.append(kept)
    return made


def _thinks(value: JsonObject) -> bool:
    return value.get("type") == "reasoning" or any(
        isinstance(part, Thinking) for message in _messages(value, "assistant") for part in message.parts
    )


def _is_thought(block: object) -> bool:
    return isinstance(block, dict) and (
        str(block.get("type")) in {"thinking", "redacted_thinking", "reasoning"}
        or "reasoningContent" in block
    )


def _elements(raw: bytes) -> list[msgspec.Raw]:
    try:
        found: list[msgspec.Raw] = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return []
    return found
