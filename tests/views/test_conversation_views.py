"""What was said, as a terminal shows it."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text as Line

from sessiontap.conversation import (
    CallMessages,
    Media,
    Message,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turns,
    Unknown,
    call_messages,
)
from sessiontap.conversation.searching import found_in, pattern_of
from sessiontap.views.call_record import record_lines
from sessiontap.views.console import console, show
from sessiontap.views.conversation import Look, messages_lines, said_lines, turn_lines
from sessiontap.views.search_hits import hit_lines
from sessiontap.views.wrapping import wrap
from tests.conversation.talks import HOSTILE, talk
from tests.views.test_session_views import expected, printed


def all_turns(look: Look) -> Iterable[Line]:
    """The lines of the whole session."""
    turns = Turns()
    for number, (call, bodies) in enumerate(talk(), 1):
        if number > 1:
            yield Line()
        yield from turn_lines(turns.feed(call, bodies), number, look)


def one(*parts: Part, width: int = 60, full: bool = False, ascii_only: bool = False) -> list[str]:
    """The lines of one message of the model's, without its head."""
    found = CallMessages(replies=((Message("assistant", parts),),))
    return [
        line.plain for line in messages_lines(found, Look(width=width, full=full, ascii_only=ascii_only))
    ][1:]


@pytest.mark.parametrize("width", [80, 160])
def test_the_messages_of_a_session(width: int) -> None:
    """Each call with what is new in it, long texts folded."""
    assert printed(all_turns(Look(width=width)), width) == expected(f"messages-{width}")


@pytest.mark.parametrize("width", [80, 160])
def test_the_messages_in_full(width: int) -> None:
    """Nothing is cut, and an error is there as the provider said it."""
    assert printed(all_turns(Look(width=width, full=True)), width) == expected(f"messages-full-{width}")


@pytest.mark.parametrize("width", [80, 160])
def test_one_call(width: int) -> None:
    """Every figure, then all that was said."""
    call, bodies = list(talk())[1]
    lines = [*record_lines(call, 2, width), *said_lines(call_messages(call, bodies), Look(width=width))]
    assert printed(lines, width) == expected(f"call-{width}")


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("full", [False, True])
def test_no_line_is_wider_than_the_terminal(width: int, full: bool) -> None:
    """Whatever is shown: rich has nothing to fold."""
    for line in all_turns(Look(width=width, full=full)):
        assert line.cell_len <= width, line.plain


def test_an_output_of_ascii_gets_ascii() -> None:
    """Marks, rules and separators; what was said keeps its letters."""
    lines = [line.plain for line in all_turns(Look(width=80, ascii_only=True))]
    assert [line for line in lines if not line.isascii()] == ["    - größer 日本 👍"]
    assert '  -> read_file {"path": "src/app.py", "limit": 40}' in lines


@pytest.mark.parametrize("environ", [{"TERM": "xterm-256color"}, {"TERM": "xterm-256color", "NO_COLOR": "1"}])
def test_colours_say_nothing_that_the_words_do_not(environ: dict[str, str]) -> None:
    """With and without colours the same characters; of the escapes only rich's own colours."""
    stream = io.StringIO()
    on = console(stream, {"COLUMNS": "80", "FORCE_COLOR": "1", **environ})
    show(on, all_turns(Look(width=80)))
    said = stream.getvalue()
    assert ("\x1b[" in said) == ("NO_COLOR" not in environ) or "\x1b[1m" in said
    assert "\x1b]" not in said
    assert "\x9b" not in said


def test_hostile_text_stays_text() -> None:
    """In every part that a model or a tool can write, nothing that a terminal would obey."""
    parts = (
        Text(HOSTILE),
        Thinking(HOSTILE),
        ToolCall(HOSTILE, HOSTILE, {HOSTILE: HOSTILE, "long": HOSTILE * 9}),
        ToolCall(None, HOSTILE, HOSTILE),
        ToolResult(HOSTILE, HOSTILE, (Text(HOSTILE), Media("file", HOSTILE, url=HOSTILE, name=HOSTILE))),
        Unknown(HOSTILE, {HOSTILE: [HOSTILE]}),
    )
    found = CallMessages(request=(Message("user", parts, HOSTILE),), missing=(HOSTILE,))
    for full in (False, True):
        for line in messages_lines(found, Look(width=70, full=full)):
            kinds = {unicodedata.category(sign) for sign in line.plain}
            assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}, line.plain


def test_short_arguments_stand_behind_the_name_and_long_ones_below() -> None:
    """A text of several lines is shown as such."""
    assert one(ToolCall("1", "f", {"a": 1})) == ['  → f {"a": 1}']
    assert one(ToolCall("1", "f", {})) == ["  → f"]
    assert one(ToolCall("1", "sh", "ls\npwd")) == ["  → sh", "    ls", "    pwd"]
    assert one(ToolCall("1", "edit", {"path": "a.py", "new": "x = 1\ny = 2"})) == [
        "  → edit",
        "    path: a.py",
        "    new:",
        "      x = 1",
        "      y = 2",
    ]


def test_a_long_text_is_folded_and_says_how_much_is_left() -> None:
    """By its lines, or by its characters where it has none."""
    assert one(Text("\n".join(map(str, range(100)))))[-2:] == ["  11", "  … 88 more lines, --full shows them"]
    assert one(Text("\n".join(map(str, range(13)))))[-1] == "  … 1 more line, --full shows it"
    huge = one(Text("word " * 400_000))
    assert len(huge) == 13
    assert huge[-1] == "  … 2,000,000 characters in all, --full shows them"
    assert len(one(Text("word " * 400), full=True)) > 30


def test_thinking_media_and_failed_results() -> None:
    """Each has a mark that needs no colour."""
    assert one(Thinking("")) == ["  ✻ thinking, not shown by the provider"]
    assert one(ToolResult("1", "f", (Text("No."),), is_error=True)) == ["  ← result of f failed", "    No."]
    assert one(Media("image", "image/png", data="AAAA")) == ["  [image image/png 3 B]"]
    assert one(Media("file", None, url="https://a.example/b", name="b")) == ["  [file b https://a.example/b]"]
    assert one(Unknown("of_tomorrow", {"a": 1})) == ["  [of_tomorrow]", "    {", '      "a": 1', "    }"]


def test_several_replies_are_numbered() -> None:
    """So that it is seen which choice is which."""
    found = CallMessages(replies=tuple((Message("assistant", (Text(word),)),) for word in "AB"))
    lines = [line.plain for line in messages_lines(found, Look(width=60))]
    assert lines == ["assistant (1 of 2)", "  A", "assistant (2 of 2)", "  B"]


@settings(max_examples=300)
@given(st.text(max_size=60), st.integers(2, 30))
def test_wrapping_loses_no_word(text: str, width: int) -> None:
    """Rows fit, and hold all characters but blanks, in order."""
    line = text.replace("\n", " ")
    rows = list(wrap(line, width))
    assert all(cell_len(row) <= max(width, 2) for row in rows)
    assert "".join(rows).replace(" ", "") == line.replace(" ", "")


@pytest.mark.parametrize(
    ("line", "width", "rows"),
    [
        ("", 10, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("    indented words here", 14, ["    indented", "words here"]),
        ("unbreakable", 4, ["unbr", "eaka", "ble"]),
        ("日本語日本語", 5, ["日本", "語日", "本語"]),
        ("a       b", 5, ["a", "b"]),
    ],
)
def test_where_lines_are_broken(line: str, width: int, rows: list[str]) -> None:
    """At blanks where there are some; wide characters count as two."""
    assert list(wrap(line, width)) == rows


@pytest.mark.parametrize("width", [80, 160])
def test_hits_of_a_search(width: int) -> None:
    """The call, then each message that holds the text, with what stands around it."""
    turns, lines = Turns(), list[Line]()
    for number, (call, bodies) in enumerate(talk(), 1):
        found = list(found_in(turns.feed(call, bodies), pattern_of("the")))
        if found:
            lines += hit_lines("fix the total", call, number, found, width, plain=True)
    assert printed(lines, width) == expected(f"hits-{width}")


def test_a_hit_at_the_edges() -> None:
    """At the start, at the end, and longer than the line."""
    (call, bodies), *_ = talk()
    for text in ("Why", "👍", "file.", "I will read the file.", "W"):
        (found,) = list(found_in(Turns().feed(call, bodies), pattern_of(text, case=True)))[:1]
        for width in (30, 50, 80):
            *_, line = hit_lines("s", call, 1, [found], width, plain=True)
            assert line.cell_len <= width
    whole = replace(found, match="x" * 900)
    *_, line = hit_lines("s", call, 1, [whole], 60, ascii_only=True, plain=True)
    assert line.cell_len <= 60
