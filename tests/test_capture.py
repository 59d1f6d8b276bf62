"""Capture: what is kept of a call while it runs."""

from __future__ import annotations

from pathlib import Path

from sessiontap.bodies import Body, Piece
from sessiontap.call import Call
from sessiontap.capture import Capture, capture_for
from sessiontap.identity import identify
from sessiontap.settings import Settings

CALL = Call(
    call_id="c1",
    session_id="s",
    provider="openai",
    api="openai.chat",
    operation="chat",
    host="api.openai.com",
    url_path="/v1/chat/completions",
    status="ok",
    started_at="2026-11-23T20:00:00.000Z",
)


def test_both_sides_are_kept() -> None:
    """The request whole, the reply with how it came: what comes within 50 ms is one piece."""
    capture = Capture(
        limit=100, method="POST", target="/v1/x?key=k", headers={"accept": "*/*", "cookie": "c"}
    )
    capture.request(b"{}", "application/json")
    capture.reply_type("text/event-stream")
    for at_ms, data in ((100, b"ab"), (149, b"c"), (150, b"d"), (700, b"ef")):
        capture.reply(data, at_ms)
    bodies = capture.bodies(CALL)
    assert (bodies.call_id, bodies.session_id) == ("c1", "s")
    assert (bodies.method, bodies.target, bodies.headers) == ("POST", "/v1/x", {"accept": "*/*"})
    assert bodies.request == Body(content=b"{}", size=2, content_type="application/json")
    assert bodies.reply == Body(
        content=b"abcdef",
        size=6,
        content_type="text/event-stream",
        pieces=(Piece(100, 3), Piece(150, 1), Piece(700, 2)),
    )
    assert capture.stated_in(CALL) == CALL


def test_the_messages_of_a_socket_stay_apart() -> None:
    """However fast they come, each is a piece."""
    capture = Capture(limit=100)
    for message in (b"{}", b'{"a":1}'):
        capture.sent(message, 0)
        capture.received(message, 1)
    bodies = capture.bodies(CALL)
    assert bodies.request is not None
    assert bodies.request.pieces == (Piece(0, 2), Piece(0, 7))
    assert bodies.reply is not None
    assert bodies.reply.pieces == (Piece(1, 2), Piece(1, 7))


def test_what_is_too_long_is_cut_and_the_record_says_where() -> None:
    """Memory holds no more than the limit; the size is that of the whole."""
    capture = Capture(limit=10)
    capture.request(b"x" * 10)
    for _ in range(1_000):
        capture.reply(b"abc", 0)
    bodies = capture.bodies(CALL)
    assert bodies.request is not None
    assert not bodies.request.cut
    assert bodies.reply is not None
    assert (bodies.reply.content, bodies.reply.size, bodies.reply.cut) == (b"abcabcabca", 3_000, True)
    assert capture.stated_in(CALL).body_limit == 10


def test_what_the_client_asks_to_omit_is_not_kept() -> None:
    """Size and type stay, as does the other side."""
    capture = Capture(limit=100, omit_request=True)
    capture.request(b"secret", "text/plain")
    capture.reply(b"ok", 1)
    bodies = capture.bodies(CALL)
    assert bodies.request == Body(content=None, size=6, content_type="text/plain", left_out="asked")
    assert bodies.reply is not None
    assert bodies.reply.content == b"ok"


def test_what_cannot_be_decoded_says_so() -> None:
    """What came before the fault is kept."""
    capture = Capture(limit=100)
    capture.unreadable_request()
    capture.reply(b"begin", 1)
    capture.unreadable_reply()
    bodies = capture.bodies(CALL)
    assert bodies.request == Body(content=None, size=0, left_out="unreadable")
    assert bodies.reply == Body(content=b"begin", size=5, left_out="unreadable")


def test_a_side_that_never_was_is_none() -> None:
    """A call whose connection failed has no reply, not an empty one."""
    capture = Capture(limit=100)
    capture.request(b"")
    bodies = capture.bodies(CALL)
    assert bodies.request == Body(content=b"", size=0)
    assert bodies.reply is None


def test_settings_and_headers_decide() -> None:
    """`none` keeps nothing; `Helicone-Omit-…` is heard for each side by itself."""
    headers = [("Helicone-Omit-Request", "true"), ("helicone-omit-response", "TRUE")]
    identity = identify(headers, proxy_user=None, today="2026-01-01")
    settings = Settings(home=Path("home"), capture="none")
    assert capture_for(settings, identity, method="POST", target="/", headers={}) is None
    kept = capture_for(Settings(home=Path("home")), identity, method="POST", target="/", headers={})
    assert kept is not None
    kept.request(b"a")
    kept.reply(b"b", 0)
    bodies = kept.bodies(CALL)
    assert [side.left_out for side in (bodies.request, bodies.reply) if side] == ["asked", "asked"]
