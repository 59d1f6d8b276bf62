"""What counts as the same request, and which recorded call answers it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sessiontap.bodies import Body, CallBodies, Piece
from sessiontap.call import Call
from sessiontap.errors import StoreError
from sessiontap.masking import Masker
from sessiontap.playback import Asked, Matcher, Recorded, asked, kind_of
from sessiontap.store import Ledger
from tests.sessions.samples import make_call

MODEL = "gpt-5-mini"
HI: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}


def body(said: object, content_type: str = "application/json") -> Body:
    """A request's body."""
    content = said if isinstance(said, bytes) else json.dumps(said).encode()
    return Body(content=content, size=len(content), content_type=content_type)


def call(number: int, path: str = "/", **fields: Any) -> Call:
    """A chat completion of the session `s`."""
    known = {"call_id": f"n{number}", "session_id": "s", "request_model": MODEL, "stream": False}
    return make_call(number, path, **{"http_status": 200, **known, **fields})


def keys(said: object, content_type: str = "application/json", masker: Masker | None = None) -> Any:
    """The keys of a chat completion."""
    return asked(kind_of(call(0)), "/", body(said, content_type), masker).keys


@pytest.mark.parametrize(
    "other",
    [
        {"messages": [{"content": "Hi", "role": "user"}], "model": MODEL},
        {**HI, "user": "u-1", "metadata": {"run": "7"}, "prompt_cache_key": "k", "safety_identifier": "s"},
        {**HI, "stream_options": {"include_usage": True}},
        {**HI, "messages": [{"role": "user", "content": "Hi", "cache_control": {"type": "ephemeral"}}]},
    ],
    ids=["order of members", "ids of a run", "stream options", "cache marks"],
)
def test_the_same_request(other: dict[str, Any]) -> None:
    """What clients draw anew for a run, and how they write JSON, makes no other request."""
    assert keys(other) == keys(HI)


def test_numbers_are_alike_however_they_are_written() -> None:
    """1 and 1.0 are one number."""
    assert keys({**HI, "temperature": 1}) == keys({**HI, "temperature": 1.0})


def test_another_request_may_have_the_same_words() -> None:
    """Another temperature is another request with the same messages; other instructions, another still."""
    first, warm = keys(HI), keys({**HI, "temperature": 0.5})
    told = keys({**HI, "messages": [{"role": "system", "content": "Today is Friday"}, *HI["messages"]]})
    assert first["request"] != warm["request"]
    assert first["messages"] == warm["messages"]
    assert first["messages"] != told["messages"]
    assert first["conversation"] == told["conversation"]


def test_forms_are_alike_whatever_their_boundary() -> None:
    """Clients draw it anew."""

    def form(boundary: str) -> Any:
        field = 'Content-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
        text = f"--{boundary}\r\n{field}--{boundary}--\r\n"
        return keys(text.encode(), f"multipart/form-data; boundary={boundary}")

    assert form("abcdef0123456789") == form("9876543210fedcba")


def test_a_credential_is_as_the_store_has_it() -> None:
    """Masked, so that what was recorded is found."""
    secret = {**HI, "messages": [{"role": "user", "content": "sk-proj-" + "a1B2" * 12}]}
    stored = json.loads(Masker().mask(json.dumps(secret)))
    assert stored != secret
    assert keys(secret, masker=Masker()) == keys(stored)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b'{"n":1e999}', b'"\\ud800"']
)
def test_any_bytes_have_keys(content: bytes) -> None:
    """Nothing that a client sends raises."""
    assert keys(content)["request"] == keys(content)["request"]


@pytest.mark.parametrize(
    "cut", [None, Body(content=None, size=9, left_out="asked"), Body(content=b"{", size=9)]
)
def test_what_is_not_whole_has_no_keys(cut: Body | None) -> None:
    """It is found by its order only."""
    assert asked(kind_of(call(0)), "/", cut, None).keys == {}


def store(home: Path, *recorded: tuple[Call, object]) -> Recorded:
    """A session with these calls and what they were asked; each was answered with its own id."""
    with Ledger(home) as ledger:
        for each, said in recorded:
            ledger.append(each)
            reply = Body(content=each.call_id.encode(), size=len(each.call_id), pieces=(Piece(5, 2),))
            ledger.put_bodies(
                CallBodies(
                    call_id=each.call_id,
                    session_id="s",
                    method="POST",
                    headers={},
                    request=None if said is None else body(said),
                    reply=reply,
                )
            )
    return Recorded(home, "s")


def ask(said: object, path: str = "/", **fields: Any) -> Asked:
    """What a new call asks."""
    return asked(kind_of(call(99, path, **fields)), path, body(said), None)


def answers(
    matcher: Matcher, *questions: Asked, run: str = "r", **options: Any
) -> list[tuple[str, str] | None]:
    """The ids of the calls that answer, and by what they were found."""
    found = [matcher.find(each, run, **options) for each in questions]
    return [(each.recorded.call.call_id, each.how) if each else None for each in found]


def test_the_same_request_is_answered_in_order_and_round_again(tmp_path: Path) -> None:
    """Each answers once before one answers again; each run begins anew."""
    matcher = Matcher(store(tmp_path, (call(1), HI), (call(2), HI), (call(3), {**HI, "n": 1})))
    hi = ask(HI)
    assert answers(matcher, hi, hi, hi) == [("n1", "request"), ("n2", "request"), ("n1", "request")]
    assert answers(matcher, hi, run="another") == [("n1", "request")]


def test_the_same_path_comes_first(tmp_path: Path) -> None:
    """The same question may have been asked in several; one of another path is better than none."""
    matcher = Matcher(store(tmp_path, (call(1, "/a"), HI), (call(2, "/b"), HI)))
    assert answers(matcher, ask(HI, "/b"), ask(HI, "/a"), ask(HI, "/c")) == [
        ("n2", "request"),
        ("n1", "request"),
        ("n1", "request"),
    ]


def test_words_count_where_the_request_is_another(tmp_path: Path) -> None:
    """Then the words without the instructions, then the order in the path; each as such."""
    told = {**HI, "messages": [{"role": "system", "content": "It is Friday"}, *HI["messages"]]}
    other = {**HI, "messages": [{"role": "user", "content": "Else"}]}
    recorded = store(tmp_path, (call(1), HI))
    for said, how in (({**HI, "n": 1}, "messages"), (told, "conversation"), (other, "order")):
        assert answers(Matcher(recorded), ask(said)) == [("n1", how)]
    assert answers(Matcher(recorded, "request"), ask(other)) == [None]
    assert answers(Matcher(recorded), ask(other), by_order=False) == [None]


def test_order_does_not_begin_again(tmp_path: Path) -> None:
    """An agent that goes on for longer than it did comes to the end of the recording."""
    matcher = Matcher(store(tmp_path, (call(1), HI), (call(2), HI)))
    other = ask({**HI, "messages": [{"role": "user", "content": "Else"}]})
    assert answers(matcher, ask(HI), other, other) == [("n1", "request"), ("n2", "order"), None]


@pytest.mark.parametrize(
    "fields", [{"request_model": "gpt-5-nano"}, {"stream": True}, {"api": "openai.responses"}]
)
def test_another_kind_of_call_answers_nothing(tmp_path: Path, fields: dict[str, Any]) -> None:
    """Another model, a stream where none was, another wire shape."""
    assert answers(Matcher(store(tmp_path, (call(1), HI))), ask(HI, **fields)) == [None]


def test_what_is_recorded_meanwhile_is_found(tmp_path: Path) -> None:
    """It is looked at again where a call is not found."""
    matcher = Matcher(store(tmp_path, (call(1), HI)), "request")
    other = {**HI, "messages": [{"role": "user", "content": "Else"}]}
    assert answers(matcher, ask(other)) == [None]
    store(tmp_path, (call(2), other))
    assert answers(matcher, ask(other)) == [("n2", "request")]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": "running", "http_status": None}, "not ended"),
        ({"status": "error", "error_type": "budget", "http_status": 402}, "refused by a budget"),
        ({"status": "error", "http_status": None}, "without a reply"),
    ],
)
def test_what_cannot_be_played_is_counted(tmp_path: Path, fields: dict[str, Any], why: str) -> None:
    """With why that is."""
    recorded = store(tmp_path, (call(1), HI), (call(2, **fields), HI))
    assert [each.call.call_id for each in recorded.calls] == ["n1"]
    if why != "not ended":
        assert recorded.left_out == {why: 1}


def test_a_reply_that_is_not_there_is_counted(tmp_path: Path) -> None:
    """Nothing of the call can be played."""
    with Ledger(tmp_path) as ledger:
        ledger.append(call(1))
    recorded = Recorded(tmp_path, "s")
    assert (recorded.calls, recorded.left_out) == ([], {"reply not stored": 1})


def test_a_reply_is_read_as_it_is_wanted(tmp_path: Path) -> None:
    """Or said not to be there."""
    recorded = store(tmp_path, (call(1), HI))
    assert recorded.reply("n1").content == b"n1"
    with pytest.raises(StoreError, match="'n2' is not there"):
        recorded.reply("n2")


def test_a_later_version_of_a_call_counts(tmp_path: Path) -> None:
    """A record that is written again is read again."""
    recorded = store(tmp_path, (call(1), HI))
    with Ledger(tmp_path) as ledger:
        ledger.append(msgspec.structs.replace(call(1), http_status=201))
    assert recorded.look() is False
    assert [each.call.http_status for each in recorded.calls] == [201]


def test_speech_that_was_streamed(tmp_path: Path) -> None:
    """It is asked for by `stream_format`, so that nothing is known of a stream before the reply."""
    said = {"model": MODEL, "input": "Hi", "stream_format": "sse"}
    heard = call(1, api="openai.speech", stream=True)
    before = msgspec.structs.replace(heard, stream=False)
    found = Matcher(store(tmp_path, (heard, said))).find(
        asked(kind_of(before), "/", body(said), Masker()), "r"
    )
    assert found is not None
    assert found.how == "request"


def test_parts_of_an_agent_that_are_asked_the_same_are_told_apart(tmp_path: Path) -> None:
    """A titler and the agent itself get the user's words; the day changes in the prompts of both."""

    def asked_by(role: str, day: str, **more: Any) -> dict[str, Any]:
        prompt = "\n".join([f"You are {role}.", *(f"{role} rule {number}" for number in range(20)), day])
        return {**HI, "messages": [{"role": "system", "content": prompt}, *HI["messages"]], **more}

    tool = {"type": "function", "function": {"name": "look", "parameters": {}}}
    recorded = store(
        tmp_path,
        (call(1), asked_by("a titler", "Monday")),
        (call(2), asked_by("an agent", "Monday")),
        (call(3), asked_by("a titler", "Monday", tools=[tool])),
    )
    for said, answer in (
        (asked_by("an agent", "Friday"), "n2"),
        (asked_by("a titler", "Friday"), "n1"),
        (asked_by("an agent", "Friday", tools=[tool]), "n3"),
    ):
        assert answers(Matcher(recorded), ask(said)) == [(answer, "conversation")]
