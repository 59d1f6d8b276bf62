from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.replaying.forward import Fed, Forward
from tests.replaying.samples import json_body

CHAT, CLAUDE, GEMINI, RESPONSES = (
    "openai.chat",
    "anthropic.messages",
    "gemini.generate_content",
    "openai.responses",
)
QUESTION, MORE = {"role": "user", "content": "Which parcel?"}, {"role": "user", "content": "And why?"}
OLD, NEW = "The first parcel is the late one.", "It is the second parcel."


def chat_reply(content: str | None, *calls: tuple[str, str]) -> dict[str, Any]:
    """A reply of chat completions; calls are ids and names of tools."""
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    if calls:
        message["tool_calls"] = [
            {
                "id": id_,
                "type": "function",
                "function": {"name": name, "arguments": json.dumps({"by": id_[:1]})},
            }
            for id_, name in calls
        ]
    return {"id": "x", "object": "chat.completion", "choices": [{"index": 0, "message": message}]}


def claude_reply(*content: dict[str, Any]) -> dict[str, Any]:
    """A reply of Anthropic's."""
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": list(content)}


def responses_reply(response_id: str, *output: dict[str, Any]) -> dict[str, Any]:
    """A reply of OpenAI's Responses."""
    return {"id": response_id, "object": "response", "status": "completed", "output": list(output)}


def said(text: str, number: int = 1) -> dict[str, Any]:
    """An item of it that is a message."""
    part = {"type": "output_text", "text": text, "annotations": []}
    return {
        "type": "message",
        "id": f"msg_{number}",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }


def forward(api: str, *pairs: tuple[object, object]) -> Forward:
    """What has been answered: recorded and new replies."""
    made = Forward()
    for old, new in pairs:
        made.answered(api, json_body(old), json_body(new), failed=False)
    return made


def fed(made: Forward, api: str, body: dict[str, Any]) -> tuple[Any, Fed]:
    """A later body with what was fed into it."""
    found = made.fed(api, json.dumps(body).encode())
    return json.loads(found.content), found


def test_a_message_that_says_the_recorded_reply_is_the_new_one() -> None:
    """The rest of the body stays as it was, also the recorded reply's form."""
    made = forward(CHAT, (chat_reply(OLD), chat_reply(NEW)))
    body = {"model": "m", "messages": [QUESTION, {"role": "assistant", "content": OLD}, MORE]}
    changed, found = fed(made, CHAT, body)
    assert changed == {"model": "m", "messages": [QUESTION, {"role": "assistant", "content": NEW}, MORE]}
    assert (found.replaced, found.kept) == (1, ())


def test_the_second_that_says_the_same_is_the_second_reply() -> None:
    """Short replies repeat."""
    made = forward(CHAT, (chat_reply("Done."), chat_reply("One.")), (chat_reply("Done."), chat_reply("Two.")))
    done = {"role": "assistant", "content": "Done."}
    changed, found = fed(made, CHAT, {"messages": [QUESTION, done, MORE, done, MORE]})
    assert [each["content"] for each in changed["messages"][1::2]] == ["One.", "Two."]
    assert found.replaced == 2


def test_a_tool_call_keeps_the_recorded_id() -> None:
    """The result that follows names it; the arguments are the new ones."""
    made = forward(CHAT, (chat_reply(None, ("a1", "look")), chat_reply(None, ("b1", "look"))))
    asked = chat_reply(None, ("a1", "look"))["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": "a1", "content": "late"}
    changed, _ = fed(made, CHAT, {"messages": [QUESTION, asked, result]})
    call = changed["messages"][1]["tool_calls"][0]
    assert (call["id"], json.loads(call["function"]["arguments"])) == ("a1", {"by": "b"})
    assert changed["messages"][2] == result


@pytest.mark.parametrize(
    "new",
    [
        chat_reply(NEW),
        chat_reply(None, ("b1", "other")),
        chat_reply(None, ("b1", "look"), ("b2", "look")),
    ],
)
def test_a_reply_that_calls_other_tools_is_not_taken(new: object) -> None:
    """The recorded results would not be its own, and the provider would refuse them."""
    made = forward(CHAT, (chat_reply(None, ("a1", "look")), new))
    asked = chat_reply(None, ("a1", "look"))["choices"][0]["message"]
    body = {"messages": [QUESTION, asked, {"role": "tool", "tool_call_id": "a1", "content": "late"}]}
    changed, found = fed(made, CHAT, body)
    assert changed == body
    assert found.kept == ("the new reply calls other tools, and the recorded results would not be theirs",)


def test_where_there_is_no_new_reply_the_recorded_one_stays() -> None:
    """The new call failed."""
    made = Forward()
    made.answered(CHAT, json_body(chat_reply(OLD)), json_body({"error": {"message": "no"}}), failed=True)
    body = {"messages": [QUESTION, {"role": "assistant", "content": OLD}, MORE]}
    changed, found = fed(made, CHAT, body)
    assert changed == body
    assert found.kept == ("there is no new reply to go on from",)


def test_anthropics_message_is_what_its_api_takes() -> None:
    """Only who speaks and what is said; thinking where the client had sent it, too."""
    old, new = {"type": "text", "text": OLD}, {"type": "text", "text": NEW}
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "s1"}
    again = {"type": "thinking", "thinking": "So.", "signature": "s2"}
    made = forward(CLAUDE, (claude_reply(thought, old), claude_reply(again, new)))
    changed, _ = fed(made, CLAUDE, {"messages": [QUESTION, {"role": "assistant", "content": [old]}, MORE]})
    assert changed["messages"][1] == {"role": "assistant", "content": [new]}
    body = {"messages": [QUESTION, {"role": "assistant", "content": [thought, old]}, MORE]}
    changed, _ = fed(made, CLAUDE, body)
    assert changed["messages"][1] == {"role": "assistant", "content": [again, new]}
    changed, _ = fed(made, CLAUDE, {"messages": [QUESTION, {"role": "assistant", "content": OLD}, MORE]})
    assert changed["messages"][1] == {"role": "assistant", "content": NEW}


def test_geminis_content() -> None:
    """Its parts; what stands beside it in the reply is left out."""

    def reply(text: str) -> dict[str, Any]:
        return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}]}

    made = forward(GEMINI, (reply(OLD), reply(NEW)))
    question = {"role": "user", "parts": [{"text": "Which?"}]}
    body = {"contents": [question, {"role": "model", "parts": [{"text": OLD}]}, question]}
    changed, _ = fed(made, GEMINI, body)
    assert changed["contents"][1] == {"role": "model", "parts": [{"text": NEW}]}
    changed, found = fed(made, "gemini.code_assist", {"model": "m", "request": body})
    assert changed["request"]["contents"][1]["parts"] == [{"text": NEW}]
    assert found.replaced == 1


def test_the_items_of_a_reply_are_taken_together() -> None:
    """Reasoning goes where the client had sent it, and ids where it had sent ids."""
    think = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "old"}
    rethink = {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "new"}
    call = {"type": "function_call", "id": "fc_1", "call_id": "a1", "name": "look", "arguments": "{}"}
    recall = {"type": "function_call", "id": "fc_2", "call_id": "b1", "name": "look", "arguments": '{"n":1}'}
    output = {"type": "function_call_output", "call_id": "a1", "output": "late"}
    made = forward(
        RESPONSES,
        (
            responses_reply("resp_1", think, said(OLD), call),
            responses_reply("resp_2", rethink, said(NEW), recall),
        ),
    )
    changed, found = fed(made, RESPONSES, {"input": [QUESTION, think, said(OLD), call, output]})
    assert changed["input"] == [QUESTION, rethink, said(NEW), {**recall, "call_id": "a1"}, output]
    assert found.replaced == 1
    bare = [
        {key: value for key, value in each.items() if key not in {"id", "status"}}
        for each in (said(OLD), call)
    ]
    changed, _ = fed(made, RESPONSES, {"input": [QUESTION, *bare, output]})
    assert [each.get("type") for each in changed["input"][1:]] == [
        "message",
        "function_call",
        "function_call_output",
    ]
    assert not any("id" in each for each in changed["input"])
    # Half of a reply is none.
    changed, found = fed(made, RESPONSES, {"input": [QUESTION, said(OLD), MORE]})
    assert found.replaced == 1
    assert changed["input"][1]["content"][0]["text"] == NEW


def test_what_a_call_continues_is_the_new_reply() -> None:
    """Where it says so by the reply's id."""
    made = forward(RESPONSES, (responses_reply("resp_1", said(OLD)), responses_reply("resp_2", said(NEW))))
    changed, found = fed(made, RESPONSES, {"previous_response_id": "resp_1", "input": "And why?"})
    assert changed == {"previous_response_id": "resp_2", "input": "And why?"}
    assert found.replaced == 1


def test_words_that_are_quoted_are_replaced() -> None:
    """In any text of the messages, of any dialect, from twenty characters on."""
    made = forward(CHAT, (chat_reply(OLD), chat_reply(NEW)), (chat_reply("late"), chat_reply("soon")))
    quote = [{"type": "text", "text": f"You said: {OLD} Why late?"}]
    changed, found = fed(
        made, CLAUDE, {"system": f"Of {OLD}", "messages": [{"role": "user", "content": quote}]}
    )
    assert changed["system"] == f"Of {NEW}"
    assert changed["messages"][0]["content"][0]["text"] == f"You said: {NEW} Why late?"
    assert found.replaced == 2
    assert fed(made, RESPONSES, {"input": f"About {OLD}"})[0] == {"input": f"About {NEW}"}


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b'{"messages": 5}', b'{"messages": [1, null, "a"]}', b"\xff{"]
)
def test_a_body_of_another_kind_stays(content: bytes) -> None:
    """Byte for byte."""
    made = forward(CHAT, (chat_reply(OLD), chat_reply(NEW)))
    assert made.fed(CHAT, content) == Fed(content)


def test_numbers_of_any_length_and_halves_of_characters() -> None:
    """JSON has them, and a reply or a message with one is no reason to stop."""
    huge = b'{"messages":[{"role":"user","content":"Of ' + OLD.encode() + b'","n":' + b"9" * 40 + b"}]}"
    made = forward(CHAT, (chat_reply(OLD), chat_reply(NEW)))
    assert json.loads(made.fed(CHAT, huge).content) == json.loads(huge.replace(OLD.encode(), NEW.encode()))
    half = json.dumps(chat_reply("Half \ud800 of it")).encode()
    made = forward(CHAT, (chat_reply(OLD), half))
    changed, found = fed(made, CHAT, {"messages": [QUESTION, {"role": "assistant", "content": OLD}]})
    assert changed["messages"][1]["content"] == "Half \ud800 of it"
    assert found.replaced == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([OLD, "assistant", "user", "reasoning"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "tool_calls", "parts"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(_JSON, st.sampled_from(["messages", "input", "contents"]), st.sampled_from([CHAT, CLAUDE, RESPONSES]))
def test_bodies_of_any_shape_come_back_as_json(value: object, member: str, api: str) -> None:
    """Nothing in them makes it raise."""
    made = forward(CHAT, (chat_reply(OLD), chat_reply(NEW)))
    made.answered(api, json_body(value), json_body(value), failed=False)
    changed, _ = fed(made, api, {member: value})
    assert list(changed) == [member]
