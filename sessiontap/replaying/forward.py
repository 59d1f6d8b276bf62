"""Forward: has the new replies stand where later calls repeat the recorded ones.

A later call repeats a reply as a message of the assistant that says the same (see `conversation.comparing`):
its place takes the new reply, in the same dialect, with the ids of tool calls that stand there, to which the
results that follow belong. Of several replies that said the same it is the one to the message that stands
before it. A reply that calls other tools than the recorded one did is not taken, for the recorded results
would not be its own. Elsewhere the words of a reply are replaced where they stand as a whole, if they are
twenty characters or more, but never in what was thought. And what a call names as the reply that it
continues is the new one.
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
from sessiontap.conversation.parts import Message, Thinking
from sessiontap.replaying.members import MemberError, json_of, members, value_of, with_member
from sessiontap.replaying.rewriting import calls_of, like, spoken, with_ids, with_words, words_of
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
    to: bytes | None
    """What the last message is known by that it answered."""
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

    def answered(
        self, api: str, recorded: Body | None, fresh: Body | None, *, failed: bool, asked: bytes = b""
    ) -> None:
        """Takes a recorded reply and the new one; `failed` where the new one is an error, or not whole.

        `asked` is the recorded body that was answered.
        """
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
            values=() if kept else now,
            to=_last_of(asked),
            words=words_of(before),
            new_words=words_of(now),
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
        times: Counter[tuple[int, ...]] = Counter()
        while at < len(elements):
            key = keys[at]
            replies = self._by_key.get(key, ()) if key is not None else ()
            if key is not None and replies:
                reply = _meant(replies, _before(elements, keys, values, at), times)
                end = _run(reply.keys, keys, values, at)
                if end is not None and reply.kept is None and _same_dialect(reply.api, api):
                    while made and at and values[at - 1] is not None and keys[at - 1] is None:
                        made.pop()  # what it thought before it spoke
                        at -= 1
                    before = [value for value in values[at:end] if value is not None]
                    new = with_ids(reply.values, calls_of(reply.values), calls_of(before))
                    made += [msgspec.Raw(json_of(each)) for each in like(before, new)]
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
                    changed = with_words(value, reply.words, reply.new_words)
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
    return tuple(row) if any(spoken(value, "assistant") for value in row) else ()


def _why_kept(before: Sequence[JsonObject], now: Sequence[JsonObject], *, failed: bool) -> str | None:
    if failed or all(_key(value, "assistant") is None for value in now):
        return "there is no new reply to go on from"
    if [name for _, name in calls_of(before)] != [name for _, name in calls_of(now)]:
        return "the new reply calls other tools, and the recorded results would not be theirs"
    return None


def _key(value: JsonObject, role: str) -> bytes | None:
    """What a message of the assistant's is known by; None for one that only thinks."""
    found = spoken(value, role)
    parts = tuple(part for message in found for part in message.parts)
    if not any(not isinstance(part, Thinking) for part in parts):
        return None
    return key_of(Message("assistant", parts))


def _said_by_assistant(raw: bytes) -> JsonObject | None:
    value = value_of(raw)
    if not isinstance(value, dict):
        return None
    found = spoken(value, "user")
    if value.get("type") == "reasoning":
        return value
    return value if len(found) == 1 and found[0].role == "assistant" else None


def _meant(replies: Sequence[_Reply], before: bytes | None, times: Counter[tuple[int, ...]]) -> _Reply:
    """Which of the replies that said the same it is: sub-agents may all begin alike."""
    if len(replies) > 1 and before is not None:
        known = _known_by(before)
        replies = [each for each in replies if each.to == known] or replies
    # The second "Done." is the second reply that said so.
    which = tuple(map(id, replies))
    times[which] += 1
    return replies[min(times[which], len(replies)) - 1]


def _before(
    elements: Sequence[msgspec.Raw],
    keys: Sequence[bytes | None],
    values: Sequence[JsonObject | None],
    at: int,
) -> bytes | None:
    """The message before a reply and what it thought; None where it is the first."""
    while at and values[at - 1] is not None and keys[at - 1] is None:
        at -= 1
    return bytes(elements[at - 1]) if at else None


def _last_of(asked: bytes) -> bytes | None:
    """What the last message of a request is known by."""
    try:
        found = members(asked)
        found = members(found["request"]) if "contents" not in found and "request" in found else found
    except MemberError:
        return None
    said = next((bytes(found[name]) for name in _LISTS if name in found), b"")
    elements = _elements(said)
    return _known_by(bytes(elements[-1]) if elements else said)


def _known_by(raw: bytes) -> bytes:
    return b"".join(map(key_of, messages_of(value_of(raw))))


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


def _elements(raw: bytes) -> list[msgspec.Raw]:
    try:
        found: list[msgspec.Raw] = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return []
    return found
