"""Bad input, in a real mitmdump: traffic goes on, the call is recorded as far as known, one line tells."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessiontap.demo.answer import Answer
from sessiontap.errors import SessiontapError
from tests.end_to_end.place import BODY, CHAT, Place, open_place, plain, raw


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One proxy for the module."""
    with open_place(tmp_path_factory.mktemp("bad")) as opened:
        yield opened


BAD_BODIES = {
    "no JSON": b"this is no JSON {",
    "cut JSON": b'{"id": "c", "usage": {"prompt_tok',
    "usage is a string": b'{"choices": [], "usage": "twelve"}',
    "usage is negative": b'{"choices": [], "usage": {"prompt_tokens": -4, "completion_tokens": "7"}}',
    "usage is null": b'{"choices": [], "usage": null}',
    "usage is huge": b'{"choices": [], "usage": {"prompt_tokens": 1e400, "completion_tokens": 1e300}}',
    "deep": b'{"choices": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "no UTF-8": b'{"id": "\xff\xfe", "choices": [], "usage": null}',
    "nothing": b"",
    "an array": b"[1, 2, 3]",
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_reply_passes_unchanged_and_is_recorded(place: Place, name: str) -> None:
    """Whatever the reply is, the client gets just that, and the call stands there with no usage made up."""
    assert place.send(name, raw(BAD_BODIES[name])) == (200, BAD_BODIES[name])
    (call,) = place.calls(name)
    assert call.status == "ok"
    assert call.request_model == "gpt-5-mini"
    assert not call.usage
    assert (call.usage_source, call.cost_usd) == ("none", None)
    assert call.response_bytes == len(BAD_BODIES[name])


def test_a_truncated_gzip_reply_passes_unchanged(place: Place) -> None:
    """Half a gzip stream reaches the client as it is, the call is recorded, and one line tells of it."""
    half = gzip.compress(BODY * 50)[:-20]
    assert place.send("half gzip", raw(half, ("Content-Encoding", "gzip"))) == (200, half)
    (call,) = place.calls("half gzip")
    assert (call.status, call.usage_source) == ("ok", "none")
    assert len(place.logged(call.call_id)) == 1


def test_an_unknown_encoding_passes_unchanged(place: Place) -> None:
    """A content encoding that nobody here knows is the client's affair."""
    answer = raw(b"\x00\x01\x02", ("Content-Encoding", "pied-piper"))
    assert place.send("unknown encoding", answer) == (200, b"\x00\x01\x02")
    (call,) = place.calls("unknown encoding")
    assert (call.status, call.usage_source) == ("ok", "none")


def test_a_stream_cut_in_an_event_keeps_what_came_before(place: Place) -> None:
    """Half an event at the end is left out; the stream's usage up to there is kept, marked partial."""
    events = (
        b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"x"}}],'
        b'"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}\n\n'
        b'data: {"id":"c","choices":[{"ind'
    )
    answer = Answer(headers=(("Content-Type", "text/event-stream"),), chunks=(events,), chunked=False)
    assert place.send("cut event", lambda _: answer) == (200, events)
    (call,) = place.calls("cut event")
    assert (call.usage.input_tokens, call.usage_source) == (3, "partial")


def test_a_reply_of_100_mb_passes_and_its_usage_is_read(place: Place) -> None:
    """A reply of a hundred megabytes reaches the client whole, and the usage at its end is recorded."""
    image = b"A" * 100_000_000
    body = (
        b'{"data": [{"b64_json": "' + image + b'"}], "usage": {"prompt_tokens": 5, "completion_tokens": 9}}'
    )
    status, received = place.send("100 MB", raw(body))
    assert (status, len(received), received[-60:]) == (200, len(body), body[-60:])
    (call,) = place.calls("100 MB")
    assert (call.usage.input_tokens, call.usage.output_tokens) == (5, 9)


@pytest.mark.parametrize(
    "session",
    ["s" * 10_000, "../../etc/passwd", "a\tb", "con", "ünïcödé", "x/../../y"],
    ids=["10,000 characters", "a path up", "control", "reserved", "unicode", "a path"],
)
def test_a_hostile_session_id_stays_in_the_home(place: Place, session: str) -> None:
    """The call is recorded under the very id, in a folder of the home."""
    place.handlers["hostile"] = plain
    connection = place.connection()
    connection.putrequest("POST", CHAT)
    connection.putheader("x-test", "hostile")
    connection.putheader("Helicone-Session-Id", session.encode())
    connection.putheader("Content-Length", str(len(BODY)))
    connection.endheaders(BODY)
    assert connection.getresponse().status == 200
    connection.close()
    (call,) = place.calls(session)
    assert call.session_id == session
    files = list(place.folder.rglob("calls.jsonl"))
    assert all(file.parent.parent == place.proxy.home / "sessions" for file in files)


def test_an_unwritable_home_does_not_stop_the_traffic(tmp_path: Path) -> None:
    """Calls go on, and the log says once that they cannot be recorded, and why."""
    home = tmp_path / "home"
    home.write_text("a file where a folder should be")
    with open_place(tmp_path, home=home) as place:
        for _ in range(3):
            assert place.send("nowhere", plain)[0] == 200
    lines = [line for line in place.proxy.log.splitlines() if "can be recorded for now" in line]
    assert len(lines) == 1
    assert str(home) in lines[0]


def test_a_broken_price_file_of_the_user_is_named_and_ours_is_used(tmp_path: Path) -> None:
    """The proxy starts, prices with our table, and the log names file, line and key of the mistake."""
    mine = tmp_path / "mine.yaml"
    mine.write_text("version: 1\nproviders:\n  openai:\n    modles: {}\n")
    with open_place(tmp_path, options={"sessiontap_pricing": str(mine)}) as place:
        place.send("prices", plain)
        (call,) = place.calls("prices")
    assert call.cost_usd is not None
    lines = [line for line in place.proxy.log.splitlines() if "your prices are not used" in line]
    assert len(lines) == 1
    assert "mine.yaml" in lines[0]
    assert "modles" in lines[0]


def _refused(folder: Path, **options: str) -> str:
    """Why mitmdump does not start with these options."""
    with pytest.raises(SessiontapError) as refused, open_place(folder, options=options):
        pytest.fail("mitmdump has started")
    return str(refused.value)


def test_an_unknown_option_is_refused_at_the_start(tmp_path: Path) -> None:
    """A typing error in one of our options' names stops mitmdump with a line that names the right one."""
    said = _refused(tmp_path, sessiontap_hom="x")
    assert said.endswith("sessiontap: unknown option sessiontap_hom: did you mean sessiontap_home?")


def test_a_price_file_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    """A path that names no file cannot be meant."""
    said = _refused(tmp_path, sessiontap_pricing=str(tmp_path / "none.yaml"))
    assert "sessiontap_pricing" in said
    assert "is not a file" in said
