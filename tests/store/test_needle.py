"""Searching stored bytes: never a no where the text is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sessiontap.bodies import Body, CallBodies
from sessiontap.store import Ledger
from sessiontap.store.body_search import BodySearch
from sessiontap.store.needle import Needle

_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_around = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=400)
@given(_around, _texts, st.booleans(), st.integers(0, 2), st.booleans())
@example("", 'say "hi"\n', True, 2, True)
@example("", "größer 日本", True, 1, False)
@example("", "\U0001f642", True, 2, True)
def test_a_text_is_found_however_it_is_written(
    around: str, text: str, escaped: bool, depth: int, case: bool
) -> None:
    """Raw or escaped, in JSON within JSON, in upper or lower case."""
    value: object = {"content": around + text + around}
    for _ in range(depth):
        value = {"arguments": json.dumps(value, ensure_ascii=escaped)}
    stored = json.dumps(value, ensure_ascii=escaped).encode()
    assert Needle(text, case=case).may_be_in(stored)
    if text.upper().lower() == text.lower():
        assert Needle(text.upper(), case=False).may_be_in(stored)


@settings(max_examples=300)
@given(_around, _texts, st.data(), st.booleans())
def test_a_text_is_found_however_a_stream_cuts_it(
    before: str, text: str, data: st.DataObject, escaped: bool
) -> None:
    """In events that each bring some letters."""
    whole = before + text
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    events = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": each}}
        for each in pieces
    ]
    stored = b"".join(b"data: %b\n\n" % json.dumps(event, ensure_ascii=escaped).encode() for event in events)
    assert Needle(text).may_be_in_stream(stored)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("connection refused", b'{"content": "connection accepted"}'),
        ("日本", "日 本".encode()),
        ("Größe", b"gross"),
        ("abc def", b'data: {"text":"abc"}\n\ndata: {"text":"def"}\n\n'),
    ],
)
def test_another_text_is_not(text: str, stored: bytes) -> None:
    """Most of what does not hold it is told so."""
    assert not Needle(text).may_be_in_stream(stored)
    assert not Needle(text).may_be_in(stored)


def test_case_tells_apart_where_that_is_asked() -> None:
    """`TODO` is not `todo`."""
    assert not Needle("TODO", case=True).may_be_in(b"todo")
    assert Needle("TODO").may_be_in(b"todo")


def _put(ledger: Ledger, number: int, request: object, reply: bytes = b"") -> None:
    content = json.dumps(request).encode()
    ledger.put_bodies(
        CallBodies(
            call_id=f"c{number}",
            session_id="s",
            headers={},
            request=Body(content=content, size=len(content), content_type="application/json"),
            reply=Body(content=reply, size=len(reply), content_type="text/event-stream"),
        )
    )


def _messages(*texts: str) -> dict[str, Any]:
    return {
        "system": "You are an agent. " * 60,
        "messages": [{"role": "user", "content": text} for text in texts],
    }


@pytest.mark.parametrize("long", [1, 60], ids=["short", "long"])
def test_only_calls_that_bring_something_are_looked_at(tmp_path: Path, long: int) -> None:
    """A text that later calls repeat is in the call that brought it; the others are passed over."""
    texts = [f"this is text {n}, {word}. " * long for n, word in enumerate(["red", "green", "blue", "black"])]
    with Ledger(tmp_path) as ledger:
        for number in range(len(texts)):
            _put(
                ledger,
                number,
                _messages(*texts[: number + 1]),
                b'data: {"text":"whi"}\n\ndata: {"text":"te"}\n\n',
            )
        bodies = ledger.bodies("s")
        found = {
            word: [number for number in range(4) if search.may_be_new_in(f"c{number}")]
            for word in ("green", "blue", "white", "an agent", "purple")
            if (search := BodySearch(bodies, Needle(word)))
        }
    assert found["green"][0] == 1
    assert found["blue"][0] == 2
    # Small texts stand in the literal text around them, which grows.
    assert found["green"] == ([1] if long > 1 else found["green"])
    assert found["white"] == [0, 1, 2, 3]
    assert found["an agent"] == [0]
    assert found["purple"] == []


def test_a_list_of_chunks_and_packed_chunks_are_always_looked_at(tmp_path: Path) -> None:
    """A text may stand in several of them; and so it is with a call that cannot be read."""
    with Ledger(tmp_path) as ledger:
        _put(ledger, 1, {}, b'[{"text":"whi"},{"text":"te"}]')
        _put(ledger, 2, {}, b'\x00{"bytes":"eyJ0"}')
        _put(ledger, 3, {}, b'data: {"choices":[{"index":1}]}\n\n')
        _put(ledger, 4, {}, b"nothing")
        search = BodySearch(ledger.bodies("s"), Needle("white"))
        assert [search.may_be_new_in(f"c{n}") for n in range(1, 6)] == [True, True, True, False, False]
