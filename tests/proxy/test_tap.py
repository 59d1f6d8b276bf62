"""What the tap lets through, whatever its meter and its filter do."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from sessiontap.proxy.tap import Stream, Tap
from sessiontap.stream_usage import without_usage
from sessiontap.wire.ssefilter import Edit, SSEFilter
from tests.metered import CHAT, SSE, meter
from tests.streams_with_usage import Stream as ChatStream


def _passed(tap: Tap, body: bytes, cut: int) -> list[bytes]:
    """What goes on to the client, piece by piece."""
    chunks = [body[at : at + cut] for at in range(0, len(body), cut)]
    given = [tap(chunk) for chunk in [*chunks, b""]]
    return [piece for each in given for piece in ([each] if isinstance(each, bytes) else each)]


def _tap(faults: list[Exception], edit: Edit | None, inner: Stream | None = None) -> Tap:
    started = meter(CHAT, b'{"stream":true}')
    started.reply(200, {"content-type": SSE})
    return Tap(
        started,
        expected=None,
        on_whole=lambda: None,
        on_fault=faults.append,
        edit=None if edit is None else SSEFilter(edit),
        inner=inner,
    )


@pytest.mark.parametrize("cut", [1, 5, 64, 10_000])
def test_no_empty_piece_goes_on(cut: int) -> None:
    """A piece without a byte would end a chunked reply, so a filter that gives none passes none."""
    stream, faults = ChatStream(), list[Exception]()
    pieces = _passed(_tap(faults, without_usage), stream.body(with_usage=True), cut)
    assert b"" not in pieces
    assert b"".join(pieces) == stream.body(with_usage=False)
    assert faults == []


@pytest.mark.parametrize("cut", [1, 5, 64, 10_000])
def test_a_filter_that_fails_lets_everything_through(cut: int) -> None:
    """A fault in the edit is reported once, and from then on every byte goes on as it came."""

    def fails(_: bytes) -> bytes:
        raise ZeroDivisionError

    body, faults = ChatStream(line_end="\r\n").body(with_usage=True), list[Exception]()
    assert b"".join(_passed(_tap(faults, fails), body, cut)) == body
    assert [type(fault) for fault in faults] == [ZeroDivisionError]


@pytest.mark.parametrize("as_list", [True, False])
def test_another_addons_callable_sees_what_is_left(as_list: bool) -> None:
    """It gets the filtered bytes and the end, and what it gives goes on."""
    seen: list[bytes] = []

    def inner(data: bytes) -> Iterable[bytes] | bytes:
        seen.append(data)
        return [data.upper()] if as_list else data.upper()

    stream = ChatStream()
    passed = _passed(_tap([], without_usage, inner), stream.body(with_usage=True), 50)
    left = stream.body(with_usage=False)
    assert b"".join(passed) == left.upper()
    assert b"".join(seen) == left
    assert seen[-1] == b""
    assert b"" not in seen[:-1]


def test_a_stream_that_says_it_is_over_is_ended_before_the_client_reads_that() -> None:
    """Clients leave on `[DONE]`: the call is ended once, with that chunk, though the connection goes on."""
    started = meter(CHAT, b'{"stream":true}')
    started.reply(200, {"content-type": SSE})
    ends: list[str] = []
    tap = Tap(started, expected=None, on_whole=lambda: ends.append("whole"), on_fault=lambda _: None)
    body = ChatStream().body(with_usage=True)
    assert body.endswith(b"data: [DONE]\n\n")
    tap(body[:-3])
    assert ends == []
    assert tap(body[-3:]) == body[-3:]
    assert ends == ["whole"]
    assert tap(b"") == b""
    assert ends == ["whole"]
