"""What the estimate makes of texts and requests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.estimate import TOKENS_PER_CALL, call_tokens, request_tokens, text_tokens


@pytest.mark.parametrize(
    ("words", "tokens"),
    [("", 0), ("a" * 44, 10), ("漢" * 13, 10), ("ж" * 25, 10), ("漢" * 13 + "a" * 44, 20)],
)
def test_scripts_have_their_own_measure(words: str, tokens: float) -> None:
    """Latin, East Asian and other letters are counted apart."""
    assert text_tokens(words) == pytest.approx(tokens)


@given(st.text(), st.text())
def test_pieces_come_to_what_the_whole_does(first: str, second: str) -> None:
    """A streamed text counts the same however it is cut."""
    assert text_tokens(first) + text_tokens(second) == pytest.approx(text_tokens(first + second))


def test_a_request_counts_messages_calls_and_schemas() -> None:
    """Texts, parts, calls of tools and schemas count; pictures do not."""
    body: dict[str, object] = {
        "messages": [
            {"role": "user", "content": "a" * 44},
            {"role": "user", "content": [{"text": "a" * 44}, {"image_url": {"url": "x" * 9999}}]},
            {"role": "assistant", "tool_calls": [{"function": {"name": "b" * 44, "arguments": "{}" * 22}}]},
        ],
        "tools": ["x" * 598],
    }
    assert request_tokens(body) == 3 + 3 * 4 + 4 * 10 + TOKENS_PER_CALL + 100
    assert request_tokens({"prompt": "a" * 44}) == 10
    assert request_tokens({"prompt": ["a" * 44, "a" * 44, 3]}) == 20


@pytest.mark.parametrize("body", [{}, {"messages": 3, "prompt": {}}, {"messages": [3, {"content": [3]}]}])
def test_any_request_is_counted(body: dict[str, object]) -> None:
    """What is not in the shape counts next to nothing and raises nothing."""
    assert request_tokens(body) <= 7


def test_a_streamed_call_counts_its_frame_once() -> None:
    """Only the piece with the name adds what a call takes besides its text."""
    first = call_tokens({"function": {"name": "f" * 44, "arguments": ""}})
    rest = call_tokens({"function": {"arguments": "a" * 44}})
    assert first == pytest.approx(10 + TOKENS_PER_CALL)
    assert rest == pytest.approx(10)
