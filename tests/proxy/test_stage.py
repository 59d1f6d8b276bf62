"""The stage, by a real client: what it plays, how, and to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sessiontap.bodies import Piece
from sessiontap.proxy.stage import Performance, Stage

TEXT = b"data: one\n\ndata: two\n\n"
HALVES = (Piece(0, 11), Piece(300, 11))


def performance(**fields: Any) -> Performance:
    """A streamed reply of two pieces."""
    given: dict[str, Any] = {
        "status": 200,
        "headers": [("Content-Type", "text/event-stream")],
        "content": TEXT,
        "pieces": HALVES,
        "streamed": True,
        "whole": True,
        **fields,
    }
    return Performance(**given)


def on_stage(play: Callable[[Stage], Awaitable[Any]]) -> Any:
    """What a client makes of a stage; a fault of the stage's is one of the test's."""
    faults: list[Exception] = []

    async def run() -> Any:
        stage = Stage(faults.append)
        try:
            return await play(stage)
        finally:
            stage.close()

    found = asyncio.run(run())
    assert faults == []
    return found


async def get(place: tuple[str, int, str]) -> bytes:
    """All that comes for a request, over a connection of its own."""
    host, port, path = place
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n".encode())
    found = await reader.read()
    writer.close()
    await writer.wait_closed()
    return found


def test_a_stream_comes_in_its_pieces_at_their_time() -> None:
    """Each a chunk, the second no sooner than it is due."""

    async def play(stage: Stage) -> tuple[bytes, float]:
        begun = asyncio.get_running_loop().time()
        return await get(stage.put(performance())), asyncio.get_running_loop().time() - begun

    found, took = on_stage(play)
    head, _, rest = found.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"text/event-stream" in head
    assert rest == b"b\r\ndata: one\n\n\r\nb\r\ndata: two\n\n\r\n0\r\n\r\n"
    assert took >= 0.3


def test_a_whole_reply_has_its_length() -> None:
    """And no chunks, whatever its size."""
    content = b"x" * 3_000_000
    found = on_stage(
        lambda stage: get(stage.put(performance(content=content, pieces=(), streamed=False, status=429)))
    )
    head, _, rest = found.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 429")
    assert b"Content-Length: 3000000" in head
    assert rest == content


def test_a_reply_without_a_body() -> None:
    """204, and an empty 200."""

    async def play(stage: Stage) -> list[bytes]:
        empty = {"content": b"", "pieces": (), "streamed": False, "headers": []}
        return [await get(stage.put(performance(status=status, **empty))) for status in (204, 200)]

    first, second = on_stage(play)
    assert first.startswith(b"HTTP/1.1 204")
    assert second.endswith(b"Content-Length: 0\r\nConnection: close\r\n\r\n")


def test_what_broke_off_breaks_off() -> None:
    """After its last byte, without the end of the message."""
    found = on_stage(lambda stage: get(stage.put(performance(whole=False, pieces=()))))
    assert found.endswith(b"16\r\n" + TEXT + b"\r\n")


def test_a_place_holds_once_and_is_not_guessed() -> None:
    """A second time, and at any other path, there is nothing."""

    async def play(stage: Stage) -> list[bytes]:
        host, port, path = stage.put(performance(pieces=()))
        places = (path, path, "/", "/guess")
        return [await get((host, port, each)) for each in places]

    statuses = [found.split()[1] for found in on_stage(play)]
    assert statuses == [b"200", b"404", b"404", b"404"]


def test_it_listens_on_loopback_only() -> None:
    """Nobody else's machine can ask."""

    async def play(stage: Stage) -> str:
        return stage.put(performance())[0]

    assert on_stage(play) == "127.0.0.1"


def test_one_connection_plays_several() -> None:
    """As mitmproxy keeps it open; the body of a request is read and left aside."""

    async def play(stage: Stage) -> bytes:
        host, port, first = stage.put(performance(pieces=(), streamed=False))
        _, _, second = stage.put(performance(pieces=(), streamed=False, status=201))
        reader, writer = await asyncio.open_connection(host, port)
        body = b"y" * 200_000
        for path, last in ((first, b""), (second, b"Connection: close\r\n")):
            writer.write(b"POST " + path.encode() + b" HTTP/1.1\r\nHost: a\r\n" + last)
            writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        found = await reader.read()
        writer.close()
        await writer.wait_closed()
        return found

    found = on_stage(play)
    assert found.count(b"HTTP/1.1 200") == found.count(b"HTTP/1.1 201") == 1
    assert found.count(TEXT) == 2


def test_the_end_of_the_loop_ends_what_is_played() -> None:
    """As Ctrl-C does in the midst of a reply; nothing is complained of."""
    complaints: list[object] = []

    async def play(stage: Stage) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        pieces = (Piece(0, 11), Piece(600_000, 11))
        host, port, path = stage.put(performance(pieces=pieces))
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        await reader.readuntil(b"data: one\n\n")
        writer.close()

    on_stage(play)
    assert complaints == []


@pytest.mark.parametrize(
    "sent", [b"", b"GET", b"\x16\x03\x01" * 40, b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"]
)
def test_who_speaks_nonsense_is_left(sent: bytes) -> None:
    """And is no fault of the stage's."""

    async def play(stage: Stage) -> None:
        host, port, _ = stage.put(performance())
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(sent)
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()

    on_stage(play)
