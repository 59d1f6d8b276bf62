from __future__ import annotations

from rich.text import Text

from sessiontap.views.columns import Cell, Column, cut, facts, fit

COLUMNS = (Column("Name", "left", least=6), Column("Time", gives_way=1), Column("Cost"))
ROW: list[Cell] = [Text("a long name"), "2.3 s", "$0.0123"]


def lines(width: int, row: list[Cell] | None = None) -> list[str]:
    """The heading and one row."""
    layout = fit(COLUMNS, [row or ROW], width)
    return [layout.heading().plain, layout.line(row or ROW).plain]


def test_wide_enough_for_everything() -> None:
    """No column is wider than what it holds."""
    assert lines(80) == ["Name          Time     Cost", "a long name  2.3 s  $0.0123"]


def test_the_flexible_column_shrinks_first() -> None:
    """It is cut with an ellipsis down to its least width."""
    assert lines(24) == ["Name       Time     Cost", "a long …  2.3 s  $0.0123"]


def test_then_columns_give_way() -> None:
    """The weakest column goes and its room is used."""
    assert lines(21) == ["Name            Cost", "a long name  $0.0123"]


def test_a_terminal_too_narrow_for_anything_does_not_fail() -> None:
    """The flexible column keeps one cell; the rest stays readable."""
    assert lines(5) == ["…     Cost", "…  $0.0123"]


def test_a_weak_column_without_content_is_not_shown() -> None:
    """Unknown in every row is no information."""
    row: list[Cell] = ["name", "-", "$1.00"]
    assert lines(80, row) == ["Name   Cost", "name  $1.00"]


def test_wide_characters_are_counted_as_the_terminal_draws_them() -> None:
    """A CJK character takes two cells."""
    line = lines(24, ["日本語日本語", "2.3 s", "$0.0123"])[1]
    assert line.startswith("日本語")
    assert line.endswith("  2.3 s  $0.0123")
    assert Text(line).cell_len == 24


def test_cut_takes_from_the_head_first() -> None:
    """The tail says what matters; only a head at its least lets the tail be cut."""
    assert cut(Text("claude-sonnet"), Text(" error"), 12, 4).plain == "claud… error"
    assert cut(Text("claude-sonnet"), Text(" error retry 1"), 12, 8).plain == "claude-… er…"
    assert cut(Text("o3"), Text(" error"), 12, 8).plain == "o3 error"


def test_facts_break_between_parts_only() -> None:
    """A part stands on one line, whole."""
    parts = [Text("2 sessions"), Text("7 calls"), Text("$0.0127 +1 unpriced")]
    assert [line.plain for line in facts(parts, 30)] == ["2 sessions · 7 calls", "$0.0127 +1 unpriced"]
    assert [line.plain for line in facts(parts, 80)] == ["2 sessions · 7 calls · $0.0127 +1 unpriced"]
