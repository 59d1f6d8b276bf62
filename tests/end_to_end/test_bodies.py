"""What was sent and what came back, stored by a real mitmdump: whole, once, and without credentials."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessiontap.bodies import Body, CallBodies
from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from tests.end_to_end.place import BODY, CHAT, USAGE, Place, open_place, plain, raw

EVENTS = b"".join(
    b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"%d "}}]}\n\n' % number for number in range(50)
)
STREAM = EVENTS + b"data: [DONE]\n\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One proxy for the module."""
    with open_place(tmp_path_factory.mktemp("bodies")) as opened:
        yield opened


@contextlib.contextmanager
def place_with(folder: Path, **options: str) -> Iterator[Place]:
    """A proxy with options of its own."""
    with open_place(
        folder, options={f"sessiontap_{name}": value for name, value in options.items()}
    ) as opened:
        yield opened


def kept(body: Body | None) -> bytes:
    """The content of a side that was kept whole."""
    assert body is not None
    assert body.content is not None
    assert not body.cut
    return body.content


def stream(_: ReceivedCall) -> Answer:
    """A stream in gzip, in chunks that end anywhere."""
    packed = gzip.compress(STREAM)
    headers = (("Content-Type", "text/event-stream"), ("Content-Encoding", "gzip"))
    return Answer(headers=headers, chunks=(packed[:7], packed[7:100], packed[100:]))


def test_a_plain_call_comes_back_whole(place: Place) -> None:
    """The request as it was sent, the reply as it was received."""
    _, received = place.send("plain", plain)
    bodies = place.bodies("plain")
    assert (bodies.method, bodies.target) == ("POST", CHAT)
    assert bodies.headers["content-type"] == "application/json"
    assert kept(bodies.request) == BODY
    assert kept(bodies.reply) == received


def test_a_stream_is_kept_as_its_events(place: Place) -> None:
    """Compression is undone, nothing else: every byte of the events is there."""
    request = json.dumps({**json.loads(BODY), "stream": True}).encode()
    _, received = place.send("stream", stream, body=request)
    bodies = place.bodies("stream")
    assert gzip.decompress(received) == kept(bodies.reply) == STREAM
    # Without the question for its usage that the proxy added.
    assert kept(bodies.request) == request


def test_an_error_is_kept(place: Place) -> None:
    """What the provider said of a call that failed is there to be read."""
    error = b'{"error":{"message":"no such model","type":"invalid_request_error"}}'
    place.send("error", raw(error, status=404))
    assert kept(place.bodies("error").reply) == error


def test_a_client_can_ask_to_omit_each_side(place: Place) -> None:
    """`Helicone-Omit-Request` and `-Response` are heard; model, usage and sizes are recorded all the same."""
    place.send("omit request", plain, Helicone_Omit_Request="true")
    bodies = place.bodies("omit request")
    assert bodies.request is not None
    assert (bodies.request.content, bodies.request.left_out) == (None, "asked")
    assert bodies.request.size == len(BODY)
    assert kept(bodies.reply)
    place.send("omit reply", plain, Helicone_Omit_Response="true")
    bodies = place.bodies("omit reply")
    assert kept(bodies.request) == BODY
    assert bodies.reply is not None
    assert bodies.reply.content is None
    (call,) = place.calls("omit reply")
    assert (call.usage.input_tokens, call.usage.output_tokens) == (11, 7)


def test_no_credential_reaches_the_disk(tmp_path: Path) -> None:
    """Keys in headers, in the query, in prompt, reply, error and log: none is in any file of the home."""
    key = "sk-" + "ant-" + "api03-" + "Zz9" * 20
    own = "CORP-" + "12345"
    body = json.dumps({"model": "gpt-5-mini", "messages": [{"role": "user", "content": f"{key} {own}"}]})
    error = json.dumps({"error": {"message": f"bad key {key}", "type": "x"}}).encode()
    with place_with(tmp_path, mask=r"CORP-\d+") as opened:
        sent = {"Authorization": f"Bearer {key}", "X-Api-Key": key, "Cookie": key, "Helicone-Auth": key}
        for session, handler in (("a", plain), ("b", raw(error, status=401))):
            opened.send(session, handler, body=body.encode(), path=f"{CHAT}?api_key={key}", **sent)
            opened.bodies(session)
        opened.proxy.stop()
        text = b"".join(path.read_bytes() for path in opened.proxy.home.rglob("*") if path.is_file())
        assert b"gpt-5-mini" in text
        for secret in (key, own):
            assert secret.encode() not in text
            assert secret not in opened.proxy.log


def test_none_keeps_nothing(tmp_path: Path) -> None:
    """With `sessiontap_capture=none` calls are recorded as ever, and no file for bodies is made."""
    with place_with(tmp_path, capture="none") as opened:
        opened.send("none", plain)
        opened.proxy.stop()
        assert [call.usage.input_tokens for call in opened.calls("none")] == [11]
        assert list(opened.proxy.home.rglob("bodies*")) == []


def test_text_keeps_no_pictures(tmp_path: Path) -> None:
    """With `sessiontap_capture=text` a picture in a prompt is replaced by a word."""
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0KGgo" * 200}}
    body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": [picture]}]}
    with place_with(tmp_path, capture="text") as opened:
        opened.send("text", plain, body=json.dumps(body).encode())
        found = json.loads(kept(opened.bodies("text").request))
    (part,) = found["messages"][0]["content"]
    assert part["image_url"]["url"] == "data:image/png;base64,[media left out]"


def test_the_limit_cuts_what_is_kept_not_what_passes(tmp_path: Path) -> None:
    """The client gets everything; the record says at which size the stored body was cut."""

    def long_answer(_: ReceivedCall) -> Answer:
        return replies.openai_chat("gpt-5-mini", "word " * 2_000, USAGE, stream=False)

    with place_with(tmp_path, capture_limit="4k") as opened:
        _, received = opened.send("long", long_answer)
        bodies: CallBodies = opened.bodies("long")
        (call,) = opened.calls("long")
    assert bodies.reply is not None
    assert (bodies.reply.content, bodies.reply.size) == (received[:4096], len(received))
    assert call.body_limit == 4096
    assert (call.usage.input_tokens, call.usage.output_tokens) == (11, 7)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("capture", "some", "'some' is none of full, text, none"),
        ("capture_limit", "many", "'many' is no size"),
        ("mask", "(", "is no regular expression"),
        ("mask", ".*", "fits the empty text"),
    ],
)
def test_an_option_that_cannot_be_meant_ends_the_start(
    tmp_path: Path, option: str, value: str, said: str
) -> None:
    """In one line that names the option and the value."""
    with (
        pytest.raises(Exception, match="mitmdump did not start") as raised,
        place_with(tmp_path, **{option: value}),
    ):
        pass
    assert f"sessiontap_{option}: " in str(raised.value)
    assert said in str(raised.value)
