"""Following: calls are put where they belong, and a fault in the guess costs nothing but the guess."""

from __future__ import annotations

import json

import pytest

from sessiontap.following import Follower, Following
from sessiontap.identity import Evidence
from sessiontap.inference import Client

CLIENT = Client("127.0.0.1", "python-httpx/0.28")


def evidence(*words: str, **more: object) -> Evidence:
    """A chat: the user's words and the model's, in turn."""
    roles = ("user", "assistant")
    messages = [{"role": roles[index % 2], "content": each} for index, each in enumerate(words)]
    return Evidence(headers={}, text=json.dumps({"model": "m", "messages": messages, **more}).encode())


def following() -> Following:
    """One that has no faults."""
    return Following(on_fault=lambda error: pytest.fail(repr(error)), clock=lambda: 1_000_000.0)


def call(made: Following, asked: Evidence, reply: str) -> str:
    """A whole call; the session that it was put into."""
    follower = made.call("openai.chat", CLIENT)
    assert follower is not None
    assert follower.continued(asked) is None
    found = follower.inferred(asked)
    assert found is not None
    follower.begun(asked, found.session_id)
    follower.hear({"choices": [{"index": 0, "message": {"role": "assistant", "content": reply}}]})
    follower.ended(answered=True, heard=True, response_id=None)
    return found.session_id


def test_what_quotes_a_reply_is_in_its_session() -> None:
    """The same first words twice are two sessions; each goes on where its reply is quoted."""
    made = following()
    one = call(made, evidence("Hello"), "The answer is forty-two.")
    other = call(made, evidence("Hello"), "The answer is seven, as ever.")
    assert one != other
    assert call(made, evidence("Hello", "The answer is seven, as ever.", "Why?"), "So.") == other
    assert call(made, evidence("Hello", "The answer is forty-two.", "Why?"), "Thus.") == one


def test_the_modes() -> None:
    """`client` puts all into the client's session, `off` follows nothing."""
    made = following()
    made.use("client")
    assert call(made, evidence("One"), "a") == call(made, evidence("Two"), "b")
    made.use("off")
    assert made.call("openai.chat", CLIENT) is None


def test_a_fault_is_told_and_goes_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks in the inference, the call has no guess, and its record is as ever."""
    faults: list[Exception] = []
    made = Following(on_fault=faults.append)

    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    for method in ("continued", "inferred", "begun", "ended"):
        monkeypatch.setattr(f"sessiontap.inference.Inference.{method}", breaks)
    follower = made.call("openai.chat", CLIENT)
    assert isinstance(follower, Follower)
    asked = evidence("Hello")
    assert follower.continued(asked) is None
    assert follower.inferred(asked) is None
    follower.begun(asked, "s")
    follower.hear({"choices": "none"})
    follower.ended(answered=True, heard=True, response_id=None)
    assert [type(fault) for fault in faults] == [ZeroDivisionError] * 3


def test_a_reply_that_nobody_could_read_does_not_end_the_conversation() -> None:
    """All of the earlier request and then words of the model: they can only be that reply."""
    made = following()
    asked = evidence("A question of its own, asked here only.")
    follower = made.call("openai.chat", CLIENT)
    assert follower is not None
    found = follower.inferred(asked)
    assert found is not None
    follower.begun(asked, found.session_id)
    follower.ended(answered=True, heard=False, response_id=None)
    later = evidence("A question of its own, asked here only.", "An answer that went by unread.", "Why?")
    assert call(made, later, "So.") == found.session_id
