from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.views.safe_text import safe, safe_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("größer 日本 👍", "größer 日本 👍"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$qm\x1b\\dcs", "dcs"),
        ("\x1b]0;never ended", "0;never ended"),
        ("\x1bcreset", "reset"),
        ("\x1b(Bcharset", "charset"),
        ("a\x00b\x07c\x7fd\x85e", "abcd e"),
        ("two\r\nlines\tand\u2028more", "two  lines and more"),
        ("\u202etxt.exe\u202c \u2066x\u2069 \u200f\u061c", "txt.exe x "),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("tag\U000e0041", "tag"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
        ("", ""),
    ],
)
def test_what_a_terminal_would_obey_is_dropped(text: str, shown: str) -> None:
    """Escapes, controls, bidi marks and invisible characters go; everything else stays."""
    assert safe(text) == shown


@given(
    st.text(st.characters(exclude_categories=[]) | st.sampled_from("\x1b[]\\\x9b\x9c\x07;mP"), max_size=40)
)
def test_nothing_that_comes_out_is_a_control(text: str) -> None:
    """For any text: no control, no format character but the joiners, no surrogate, no line break."""
    kinds = {unicodedata.category(char) for char in safe(text) if char not in "\u200c\u200d"}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_a_huge_text_is_cut() -> None:
    """The rest of a text that no line can hold is an ellipsis."""
    assert safe("x" * 10_000_000, 10) == "xxxxxxxxx…"


def test_a_text_full_of_unended_escapes_is_read_once() -> None:
    """A million introducers cost no more than a million characters (a square of that would not end)."""
    assert safe("\x9d" * 1_000_000, 1_000_000) == ""
    assert safe("\x1b]" * 500_000, 1_000_000) == ""


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a\nb", ["a", "b"]),
        ("a\r\nb\rc\n", ["a", "b", "c", ""]),
        ("\tx\ty", ["    x   y"]),
        ("a\x1b[31mb\x1b[0m\nc\x1b]0;t\x07d", ["ab", "cd"]),
        ("\x1b]0;never\nended", ["0;never", "ended"]),
        ("a\x0bb\u2028c", ["a b c"]),
        ("\u202eabc", ["abc"]),
    ],
)
def test_lines_stay_lines(text: str, lines: list[str]) -> None:
    """Line ends and tabs are kept as what they mean; nothing else that moves a cursor is."""
    assert safe_lines(text) == lines


@given(
    st.text(
        st.characters(exclude_categories=[]) | st.sampled_from("\x1b[]\\\x9b\x9c\x07;m\n\r\t"), max_size=40
    )
)
def test_no_line_has_a_control(text: str) -> None:
    """For any text: what `safe` promises of each line."""
    for line in safe_lines(text):
        kinds = {unicodedata.category(char) for char in line if char not in "\u200c\u200d"}
        assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_long_lines_are_whole() -> None:
    """Two megabytes on one line, and a hundred thousand lines."""
    assert safe_lines("x" * 2_000_000) == ["x" * 2_000_000]
    assert len(safe_lines("x\n" * 100_000)) == 100_001
