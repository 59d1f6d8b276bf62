"""Which session a call goes into that names none: each rule, and what must not be taken for a sign."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sessiontap.inference import Client, Inference
from tests.inference.chat import CLIENT, LONG, Proxy, calling, model, result, user


def test_a_call_that_extends_an_earlier_one_and_its_reply_is_in_its_session() -> None:
    """The messages before and the reply, and something new."""
    proxy = Proxy()
    first = proxy.say(user("hi"), reply=model("Hello there."))
    assert proxy.say(user("hi"), model("Hello there."), user("go on"), reply=model("OK")) == first


def test_a_new_conversation_has_a_session_of_its_own_that_says_when_it_began() -> None:
    """The id has the second and some random letters."""
    proxy = Proxy(Inference(token=iter(("aa", "bb")).__next__))
    assert proxy.say(user("hi"), reply=model("Hello.")) == "conv-20270115-080001-aa"
    assert proxy.say(user("Name a colour."), reply=model("Red.")) == "conv-20270115-080003-bb"


def test_the_first_messages_alone_prove_nothing() -> None:
    """Equal beginnings are two sessions, at the same time and later, and the replies tell them apart."""
    proxy = Proxy()
    one, two = proxy.begin(user("hi")), proxy.begin(user("hi"))
    assert one.session_id != two.session_id
    proxy.end(one, model("Hello from the one."))
    proxy.end(two, model("And hello from two."))
    assert proxy.say(user("hi"), model("And hello from two."), user("x"), reply=model("a")) == two.session_id
    assert proxy.say(user("hi"), model("Hello from the one."), user("x"), reply=model("a")) == one.session_id


def test_of_twins_the_one_that_waits_goes_on() -> None:
    """Two conversations with equal words: the second answer to them is not taken for a fork of the first."""
    proxy = Proxy()
    sessions = {proxy.say(user("hi"), reply=model("OK")) for _ in range(2)}
    assert len(sessions) == 2
    continued = [proxy.say(user("hi"), model("OK"), user(text), reply=model("Yes")) for text in ("a", "b")]
    assert set(continued) == sessions


def test_twins_are_told_apart_by_the_model_and_by_a_connection_of_their_own() -> None:
    """The words are equal; what is asked for, or the process that asks, is not."""
    proxy = Proxy()
    small = proxy.say(user("hi"), reply=model("OK"))
    large = proxy.say(user("hi"), reply=model("OK"), model="large")
    assert proxy.say(user("hi"), model("OK"), user("a"), reply=model("a")) == small
    assert proxy.say(user("hi"), model("OK"), user("b"), reply=model("b"), model="large") == large
    here, there = (Client("127.0.0.1", "node", connection) for connection in ("c1", "c2"))
    one = proxy.say(user("ho"), reply=model("OK"), client=here)
    two = proxy.say(user("ho"), reply=model("OK"), client=there)
    assert proxy.say(user("ho"), model("OK"), user("a"), reply=model("a"), client=here) == one
    assert proxy.say(user("ho"), model("OK"), user("a"), reply=model("a"), client=there) == two


def test_a_fork_and_an_edit_stay_in_the_session() -> None:
    """Two calls go on from one reply; and an earlier message is written anew, with all behind it gone."""
    proxy = Proxy()
    talk = [user("hi"), model("Hello there."), user("a"), model("Then b.")]
    session = proxy.say(talk[0], reply=talk[1])
    proxy.say(*talk[:3], reply=talk[3])
    assert proxy.say(*talk, user("c"), reply=model("d")) == session
    assert proxy.say(*talk, user("e"), reply=model("f")) == session
    assert proxy.say(*talk[:2], user("quite another a"), reply=model("g")) == session


def test_a_reply_that_is_wanted_again_stays_in_the_session() -> None:
    """Further on in a conversation, the same messages are the same conversation."""
    proxy = Proxy()
    session = proxy.say(user("hi"), reply=model("Hello there."))
    for reply in ("One.", "Two."):
        again = proxy.say(user("hi"), model("Hello there."), user("a"), reply=model(reply))
        assert again == session


@pytest.mark.parametrize("ending", ["failed", "still open, and the client counts its tries"])
def test_another_try_is_in_the_session_of_the_first(ending: str) -> None:
    """The same messages soon after a failure are no second conversation, and each failure is tried once."""
    proxy = Proxy()
    first = proxy.begin(user("hi"))
    attempt = None if ending == "failed" else 1
    if ending == "failed":
        proxy.end(first, ok=False)
    assert proxy.begin(user("hi"), attempt=attempt).session_id == first.session_id
    if ending == "failed":
        assert proxy.begin(user("hi"), attempt=attempt).session_id != first.session_id


@pytest.mark.parametrize(
    "change",
    [
        {"client": Client("127.0.0.1", "node/22")},
        {"client": Client("10.0.0.7", CLIENT.agent)},
        {"model": "large"},
        {"later": 600},
        {"ok": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_no_other_try_begins_a_session(change: dict[str, Any]) -> None:
    """Another client, another model, much later, or after a good reply."""
    proxy = Proxy()
    first = proxy.begin(user("hi"))
    proxy.end(first, model("Hello."), ok=change.pop("ok", False))
    proxy.now += change.pop("later", 0)
    assert proxy.begin(user("hi"), **change).session_id != first.session_id


def test_what_a_client_writes_for_the_model_is_no_reply() -> None:
    """Examples in a prompt are equal in many sessions, and nobody heard them."""
    proxy = Proxy()
    examples = [user("good"), model("positive"), user("bad"), model("negative"), user("so so"), model(LONG)]
    sessions = [proxy.say(*examples, user(text), reply=model("positive")) for text in ("fine", "awful")]
    assert len(set(sessions)) == 2
    assert proxy.say(*examples, user("fine"), model("positive"), user("why"), reply=model("x")) == sessions[0]


def test_a_conversation_whose_beginning_was_dropped_is_known_by_its_calls_and_long_texts() -> None:
    """Clients that run out of room send the last turns only."""
    proxy = Proxy()
    session = proxy.say(user("hi"), reply=calling("call_Xy7aQ2mN8pR4"))
    proxy.say(user("hi"), calling("call_Xy7aQ2mN8pR4"), result("call_Xy7aQ2mN8pR4", "a"), reply=model(LONG))
    assert proxy.say(user("and now?"), model(LONG), user("go on"), reply=model("OK")) == session
    tail = [calling("call_Xy7aQ2mN8pR4"), result("call_Xy7aQ2mN8pR4", "cleared"), user("go on")]
    assert proxy.say(user("Of late:"), *tail, reply=model("OK")) == session


def test_a_note_that_is_gone_in_the_next_call_does_no_harm() -> None:
    """Agents remind the model beside what the user says, in the newest message only."""
    proxy = Proxy()
    note = {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": "Note 1."}]}
    session = proxy.say(note, reply=model("OK"))
    assert proxy.say(user("hi"), model("OK"), user("a\nNote 2."), reply=model("Yes")) == session
    other = proxy.say(user("quite another"), reply=model("OK"))
    talk = [user("hi"), model("OK"), user("a"), model("Yes"), user("b")]
    assert proxy.say(*talk, reply=model("No")) == session != other


def test_a_habit_of_the_model_does_not_join_sessions() -> None:
    """A long text that several conversations were told is no sign of one of them."""
    proxy = Proxy()
    sessions = [proxy.say(user(text), reply=model(LONG)) for text in ("one", "two", "three")]
    for number, text in enumerate(("one", "two", "three")):
        assert proxy.say(user(text), model(LONG), user("go on"), reply=model("OK")) == sessions[number]


def test_a_reply_that_the_client_has_changed_is_known_by_its_beginning() -> None:
    """What a client cuts, or formats anew, still begins or ends as it did; another text is another talk."""
    proxy = Proxy()
    session = proxy.say(user("hi"), reply=model(f"# Why\n\n* {LONG}"))
    changed = model(f"Why {LONG} (cut)")
    assert proxy.say(user("hi"), changed, user("go on"), reply=model("OK")) == session
    assert proxy.say(user("hi"), model("Something else."), user("go on"), reply=model("OK")) != session


def test_a_reply_that_nobody_could_read_is_taken_as_the_client_has_it() -> None:
    """All of the request, and some words of the model: there is no other that it could be."""
    proxy = Proxy()
    ticket = proxy.begin(user("hi"))
    proxy.inference.ended(ticket, proxy.now, heard=None, answered=True)
    assert proxy.begin(user("hi"), model("Hello."), user("a")).session_id == ticket.session_id


def test_a_reply_that_was_cut_is_known_by_what_came() -> None:
    """The client shows a part of it, and goes on from there."""
    proxy = Proxy()
    ticket = proxy.begin(user("hi"))
    proxy.end(ticket, model(LONG[:60]), ok=False)
    assert proxy.begin(user("hi"), model(LONG[:40]), user("a")).session_id == ticket.session_id


def test_each_of_several_choices_may_be_gone_on_from() -> None:
    """`n` replies are as many ways on."""
    proxy = Proxy()
    ticket = proxy.begin(user("hi"))
    proxy.end(ticket, model("One."), model("Two."))
    for text in ("One.", "Two."):
        assert proxy.begin(user("hi"), model(text), user("a")).session_id == ticket.session_id


def test_a_reply_that_goes_on_from_words_put_in_the_models_mouth_is_one_text_with_them() -> None:
    """The client sends both as one message."""
    proxy = Proxy()
    session = proxy.say(user("hi"), model("{"), reply=model('"a": 1}'))
    assert proxy.begin(user("hi"), model('{"a": 1}'), user("b")).session_id == session
    assert proxy.begin(user("hi"), model("{"), model('"a": 1}'), user("b")).session_id == session


def test_a_summary_opens_the_rest_of_its_session() -> None:
    """An agent that runs out of room goes on from the model's summary alone; its thoughts are left out."""
    proxy = Proxy()
    lines = "\n".join(f"{number}. {LONG} It is number {number}." for number in range(4))
    session = proxy.say(user("hi"), reply=model("Hello there."))
    talk = [user("hi"), model("Hello there."), user("Sum it up.")]
    proxy.say(*talk, reply=model(f"<analysis>So this is what it was about.</analysis>\n{lines}"))
    resumed = user(f"This goes on from an earlier conversation:\n{lines}\nGo on.")
    assert proxy.say(resumed, reply=model("OK")) == session
    other = Client("127.0.0.1", "node")
    assert proxy.say(resumed, reply=model("OK"), client=other) != session


def test_what_was_handed_to_a_tool_opens_a_sub_agent() -> None:
    """The prompt of a sub-agent is an argument of the call that starts it, with a note behind it or none."""
    proxy = Proxy()
    task = calling("call_Xy7aQ2mN8pR4", "task", prompt=LONG)
    session = proxy.say(user("Find out why."), reply=task)
    assert proxy.say(user(LONG), reply=model("So.")) == session
    assert proxy.say(user(f"{LONG}\nNote 1."), reply=model("So.")) == session
    assert proxy.say(user(LONG + " And more."), reply=model("So.")) != session


def test_an_opening_that_the_model_repeats_to_a_tool_joins_nobody() -> None:
    """`search(query=what the user asked)` says nothing of the next one who asks the same."""
    proxy = Proxy()
    first = proxy.say(user(LONG), reply=calling("call_Xy7aQ2mN8pR4", "search", query=LONG))
    assert proxy.say(user(LONG), reply=model("OK")) != first


def test_previous_response_id_names_the_session_of_that_response() -> None:
    """Also where that call named its session itself, and where the response was never seen."""
    proxy = Proxy()
    body = {"model": "m", "input": "hi"}
    ticket = proxy.begin_any("openai.responses", body, named="mine")
    proxy.end_any(ticket, "openai.responses", response_id="resp_1")
    onward = {**body, "previous_response_id": "resp_1"}
    assert proxy.begin_any("openai.responses", onward).session_id == "mine"
    unknown = {**body, "previous_response_id": "resp_of_yesterday"}
    begun = proxy.begin_any("openai.responses", unknown).session_id
    assert begun != "mine"
    assert proxy.begin_any("openai.responses", unknown).session_id == begun


def test_a_call_without_an_id_goes_on_in_a_session_that_was_named() -> None:
    """Whoever named it, its words are its own."""
    proxy = Proxy()
    body = {"model": "small", "messages": [user("hi")]}
    ticket = proxy.begin_any("openai.chat", body, named="mine")
    proxy.end(ticket, model("Hello there."))
    assert proxy.say(user("hi"), model("Hello there."), user("a"), reply=model("b")) == "mine"


def test_with_the_mode_client_all_go_into_the_clients_session() -> None:
    """But `previous_response_id` names one outright."""
    proxy = Proxy(Inference(mode="client"))
    session = proxy.say(user("hi"), reply=model("Hello."))
    assert session == "127.0.0.1-python-httpx-20270115-0800"
    assert proxy.say(user("ho"), reply=model("Hello.")) == session
    ticket = proxy.begin_any("openai.responses", {"input": "hi"}, named="mine")
    proxy.end_any(ticket, "openai.responses", response_id="resp_1")
    onward = {"input": "a", "previous_response_id": "resp_1"}
    assert proxy.begin_any("openai.responses", onward).session_id == "mine"


def test_the_mode_may_change_while_calls_are_under_way() -> None:
    """What was known stays known."""
    proxy = Proxy()
    session = proxy.say(user("hi"), reply=model("Hello there."))
    proxy.inference.use("client", 60)
    assert proxy.say(user("ho"), reply=model("Hello.")).startswith("127.0.0.1-")
    proxy.inference.use("conversation", 60)
    assert proxy.say(user("hi"), model("Hello there."), user("a"), reply=model("b")) == session


def test_a_socket_is_a_conversation() -> None:
    """Each has a session of its own, but where all of a client's calls go into one."""
    inference = Inference()
    one, two = (inference.socket(CLIENT, 1.8e9) for _ in range(2))
    assert one.session_id != two.session_id
    assert (one.source, Inference(mode="client").socket(CLIENT, 1.8e9).source) == ("inferred", "none")


def test_an_end_that_comes_twice_or_late_changes_nothing_else() -> None:
    """A reply that took hours is still that of its call."""
    proxy = Proxy()
    ticket = proxy.begin(user("hi"))
    proxy.now += 7200
    assert proxy.end(ticket, model("Hello there.")) == proxy.end(ticket, model("Hello there."))
    onward = [user("hi"), model("Hello there."), user("a")]
    assert proxy.say(*onward, reply=model("b")) == ticket.session_id


def test_nothing_of_what_was_said_is_kept_as_text() -> None:
    """Digests only, and the first and last letters of a reply."""
    proxy = Proxy()
    secret = "the quick brown fox jumps over the lazy dog and then goes home to sleep until the morning"
    proxy.say(user(f"{LONG} {secret}"), reply=model(f"{LONG} {secret} {LONG}"))
    assert secret not in json.dumps(repr(proxy.inference._memory))
    assert "quickbrown" not in repr(proxy.inference._memory)
