"""What is new in each call of a session, and what is said of what is not there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from sessiontap.bodies import Body
from sessiontap.conversation import Text, Turn, Turns, Unknown
from tests.conversation.samples import answered, body, call, said, stored, stream


def chat(*contents: str, system: str = "", tools: Sequence[str] = ()) -> Body:
    """A request of these messages, the user's and the model's in turn."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    roles = ("user", "assistant")
    messages += [{"role": roles[n % 2], "content": content} for n, content in enumerate(contents)]
    return body(
        {"messages": messages, "tools": [{"type": "function", "function": {"name": n}} for n in tools]}
    )


def reply(content: str) -> Body:
    """A plain reply."""
    return body({"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]})


def words(turn: Turn) -> list[str]:
    """The new texts of a request."""
    return [part.text for message in turn.new for part in message.parts if isinstance(part, Text)]


def feed(turns: Turns, *sides: tuple[Body, str]) -> list[tuple[list[str], int]]:
    """The new texts of each call, and how many messages were folded."""
    fed = [turns.feed(call(number=n), stored(sent, reply(got))) for n, (sent, got) in enumerate(sides, 1)]
    return [(words(turn), turn.folded) for turn in fed]


def test_a_reply_that_comes_back_is_not_new() -> None:
    """Only the user's next words are."""
    assert feed(
        Turns(), (chat("a"), "A"), (chat("a", " A\n", "b"), "B"), (chat("a", "A", "b", "B", "c"), "C")
    ) == [
        (["a"], 0),
        (["b"], 2),
        (["c"], 4),
    ]


def test_the_same_words_again_are_new() -> None:
    """The second "Go on." is another message than the first."""
    sides = ((chat("a"), "A"), (chat("a", "A", "on"), "B"), (chat("a", "A", "on", "B", "on"), "C"))
    assert feed(Turns(), *sides)[-1] == (["on"], 4)


def test_threads_are_told_by_their_first_message() -> None:
    """Two conversations side by side each have their own past; a fork shows what it changed."""
    sides = (
        (chat("a"), "A"),
        (chat("x"), "X"),
        (chat("a", "A", "b"), "B"),
        (chat("x", "X", "b"), "Y"),
        (chat("a", "A", "c"), "C"),
    )
    assert [new for new, _ in feed(Turns(), *sides)] == [["a"], ["x"], ["b"], ["b"], ["c"]]


def test_instructions_and_tools_are_compared_over_the_session() -> None:
    """They are new where no call had them, whatever the thread."""
    turns = Turns()
    sides = [
        chat("a", system="S", tools=["f"]),
        chat("x", system="S", tools=["f"]),
        chat("a", system="T", tools=["f", "g"]),
        chat("x", system="S", tools=["f"]),
        chat("x", tools=[]),
    ]
    fed = [turns.feed(call(number=n), stored(sent)) for n, sent in enumerate(sides, 1)]
    assert [turn.new_system for turn in fed] == [True, False, True, False, False]
    assert [turn.new_tools for turn in fed] == [True, False, True, False, False]
    assert [turn.new[0].role for turn in fed if turn.new] == ["system", "user", "system"]


def test_what_the_provider_keeps_is_not_looked_for() -> None:
    """Where a request goes on from an earlier reply, all that it has is new."""
    turns = Turns()
    requests = [{"input": "on"}, {"input": "on", "previous_response_id": "resp_1"}, {"input": "on"}]
    fed = [turns.feed(call("openai.responses", n), stored(body(each))) for n, each in enumerate(requests, 1)]
    assert [words(turn) for turn in fed] == [["on"], ["on"], []]
    assert "does not repeat it" in fed[1].messages.missing[0] + fed[1].messages.missing[-1]


def test_one_may_begin_in_the_middle() -> None:
    """With some calls from before, the rest is as if all had been fed."""
    talk = [word for n in range(40) for word in (f"u{n}", f"a{n}")]
    sides = [(chat(*talk[: 2 * n + 1]), talk[2 * n + 1]) for n in range(40)]
    assert feed(Turns(), *sides)[30:] == feed(Turns(), *sides[29:])[1:]


def test_other_json_of_the_same_words_is_the_same() -> None:
    """Blocks for a text, other ids, a cache mark, numbers and arguments written in another way."""
    use = {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1, "b": [2.0]}}
    first = {
        "messages": [
            {"role": "user", "content": "a b"},
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "So."}, use],
            },
        ]
    }
    again = {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
                    {"type": "text", "text": " b"},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "So. "},
                    {**use, "id": "t2", "input": {"b": [2], "a": 1.0}},
                ],
            },
            {"role": "user", "content": "New."},
        ]
    }
    turns = Turns()
    turns.feed(call("anthropic.messages", 1), stored(body(first)))
    turn = turns.feed(call("anthropic.messages", 2), stored(body(again)))
    assert (words(turn), turn.folded) == (["New."], 2)


def test_of_several_replies_each_may_be_the_one() -> None:
    """The client may go on from the second choice."""
    choices = [{"index": n, "message": {"role": "assistant", "content": word}} for n, word in enumerate("AB")]
    turns = Turns()
    first = turns.feed(call(number=1), stored(chat("a"), body({"choices": choices})))
    assert [row[0].parts for row in first.messages.replies] == [(Text("A"),), (Text("B"),)]
    assert words(turns.feed(call(number=2), stored(chat("a", "B", "b")))) == ["b"]


@pytest.mark.parametrize(
    ("side", "why"),
    [
        (Body(content=None, size=9, left_out="asked"), "the client asked for that"),
        (Body(content=None, size=9, left_out="media"), "only text is kept"),
        (Body(content=b"{", size=9, left_out="unreadable"), "could not be undone"),
        (Body(content=b'{"messages": [', size=2000), "cut at the limit: 14 of 2,000 bytes"),
        (replace(chat("a"), masked=True), "credentials in the request are masked"),
        (
            body({"messages": [{"role": "user", "content": "[media left out]"}]}),
            "media in the request were left out",
        ),
        (body(b"so it is"), "cannot be read as its kind"),
    ],
)
def test_why_not_all_is_there(side: Body, why: str) -> None:
    """One sentence for a person."""
    assert any(why in each for each in said("openai.chat", side).missing)


def test_replies_that_hold_no_message_are_given_as_they_are() -> None:
    """Errors, pages of a gateway, results of other kinds, and events that nobody knows."""
    error = {"error": {"message": "No.", "type": "invalid_request_error"}}
    (message,) = answered("openai.chat", error)
    assert message.parts == (Unknown("error", error),)
    (message,) = answered("openai.chat", body(b"<html>Bad gateway</html>", "text/html"))
    assert message.parts == (Unknown("reply", "<html>Bad gateway</html>"),)
    (message,) = answered("openai.embeddings", {"data": [{"embedding": [0.5]}]})
    assert message.parts == (Unknown("embeddings", {"data": [{"embedding": [0.5]}]}),)
    (message,) = answered("openai.chat", stream([{"a": 1}, {"b": 2}]))
    assert message.parts == (Unknown("chat", [{"a": 1}, {"b": 2}]),)
    (message,) = answered("openai.transcription", body(b"So it is.", "text/plain"))
    assert message.parts == (Text("So it is."),)


def test_an_error_within_a_stream_stands_behind_the_words() -> None:
    """What had come is there, and what went wrong."""
    events = [{"choices": [{"index": 0, "delta": {"content": "So"}}]}, {"error": {"message": "Overloaded."}}]
    first, last = answered("openai.chat", stream(events))
    assert (first.parts, last.parts) == ((Text("So"),), (Unknown("error", events[1]),))


def test_each_call_of_a_long_conversation_brings_its_own_message() -> None:
    """However many there were before."""
    turns, talk, counts = Turns(), list[str](), []
    for n in range(300):
        talk += [f"question {n} " * 20, f"answer {n} " * 20]
        request = chat(*talk[:-1])
        turn = turns.feed(call(number=1), stored(request, reply(talk[-1])))
        counts.append((len(turn.new), turn.folded))
    assert counts == [(1, 2 * n) for n in range(300)]
    assert json.loads(request.content or b"")["messages"][-1]["content"] == talk[-2]
