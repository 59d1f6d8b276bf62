"""Every dialect of conversations: a request, and a plain and a streamed reply, give the same messages."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

import pytest

from benchmarks.dialects import DIALECTS, Dialect, Style, ToolUse, Turn
from sessiontap.bodies import CallBodies
from sessiontap.conversation import Message, Part, Text, Thinking, ToolCall, ToolResult, Turns
from sessiontap.conversation.comparing import key_of
from tests.conversation.samples import body, call, stored, stream

_rng = random.Random(3)
_every_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.api)
_THOUGHT = "Let me think."


def _replies(dialect: Dialect) -> Iterator[Turn]:
    uses = [ToolUse(dialect.call_id(_rng), f"tool_{n}", {"path": "ä b.py", "n": n}) for n in range(2)]
    yield Turn("assistant", "Hello \u00e9\U0001f642 there.\n\nIt is so.")
    yield Turn("assistant", "Let me see.", uses[:1], thinking=_THOUGHT)
    yield Turn("assistant", "", uses)


def _bodies(
    dialect: Dialect, talk: Sequence[Turn], reply: Turn, style: Style, *, streamed: bool
) -> CallBodies:
    request = dialect.body("Be brief.", "small", talk, style)
    events = dialect.reply(_rng, reply, streamed)
    return stored(body(request), stream(events) if streamed else body(events[0]))


def _wanted(turn: Turn) -> list[Part]:
    parts: list[Part] = [Text(turn.text)] if turn.text else []
    return parts + [ToolCall(None, use.name, use.arguments) for use in turn.calls]


def _bare(messages: Sequence[Message]) -> list[Part]:
    """The parts without ids and thinking, texts in a row joined."""
    found: list[Part] = []
    for part in (part for message in messages for part in message.parts):
        if isinstance(part, ToolCall):
            found.append(ToolCall(None, part.name, part.arguments))
        elif not isinstance(part, Thinking):
            found.append(part)
    return found


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
@_every_dialect
def test_a_reply_is_a_message(dialect: Dialect, streamed: bool) -> None:
    """Words and tool calls are the same however they come; thinking is there where the dialect has it."""
    for reply in _replies(dialect):
        bodies = _bodies(dialect, [Turn("user", "Where?")], reply, Style(), streamed=streamed)
        turn = Turns().feed(call(dialect.api), bodies)
        (messages,) = turn.messages.replies
        assert [message.role for message in messages] == ["assistant"]
        assert _bare(messages) == _wanted(reply)
        thoughts = [part.text for part in messages[0].parts if isinstance(part, Thinking)]
        assert thoughts in ([], [""], [_THOUGHT])
        assert turn.messages.missing == ()


@pytest.mark.parametrize(
    "style",
    [Style(), Style(blocks=True), Style(marks=True), Style(strips=True), Style(drops_thinking=True)],
    ids=repr,
)
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
@_every_dialect
def test_only_what_is_new_is_new(dialect: Dialect, streamed: bool, style: Style) -> None:
    """A conversation of several calls: each brings what the tools gave and the user's next words."""
    turns, talk, given = Turns(), [Turn("user", "Where is it?")], list[str]()
    for number, reply in enumerate(_replies(dialect), 1):
        bodies = _bodies(dialect, talk, reply, style, streamed=streamed)
        turn = turns.feed(call(dialect.api, number), bodies)
        others = [message for message in turn.new if message.role != "system"]
        said = [part for message in others for part in message.parts]
        assert turn.new_system == (number == 1)
        assert {message.role for message in others} <= {"user", "tool"}
        assert [_words(part) for part in said if isinstance(part, ToolResult)] == given
        assert [part.text for part in said if isinstance(part, Text)] == [talk[-1].text]
        assert turn.folded >= number - 1
        results = [(use, f"It is there: {use.name} {number}.") for use in reply.calls]
        given = [text for _, text in results]
        talk += [reply, *([Turn("results", results=results)] if results else []), Turn("user", "And then?")]


def _words(result: ToolResult) -> str:
    return "".join(part.text for part in result.parts if isinstance(part, Text))


@_every_dialect
def test_instructions_come_first(dialect: Dialect) -> None:
    """The system's words are a message of its own, before all others."""
    turn = Turns().feed(
        call(dialect.api), stored(body(dialect.body("Be brief.", "small", [Turn("user", "Hi")], Style())))
    )
    assert [(each.role, _bare([each])) for each in turn.messages.request] == [
        ("system", [Text("Be brief.")]),
        ("user", [Text("Hi")]),
    ]


@_every_dialect
def test_a_request_that_was_cut_is_read_as_far_as_it_goes(dialect: Dialect) -> None:
    """Cut anywhere, it gives the beginnings of the messages, and says that it was cut."""
    talk = [Turn("user", "Where is \u00e9 it? " * 9), Turn("assistant", "There.")] * 3 + [Turn("user", "So?")]
    whole = body(dialect.body("Be brief.", "small", talk, Style()))
    raw = json.dumps(json.loads(whole.content or b""), ensure_ascii=False).encode()
    everything = Turns().feed(call(dialect.api), stored(body(raw))).messages.request
    keys = [key_of(message) for message in everything]
    most = 0
    for end in range(len(raw) // 2, len(raw) - 1):
        cut = body(raw[:end])
        cut = type(cut)(content=cut.content, size=len(raw), content_type=cut.content_type)
        found = Turns().feed(call(dialect.api), stored(cut)).messages
        assert any("cut at the limit" in each for each in found.missing)
        known = [key_of(message) for message in found.request]
        assert known[:-1] == keys[: len(known) - 1], raw[:end][-60:]
        most = max(most, len(known))
    assert most >= len(keys) - 1
