from __future__ import annotations

import io
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from rich.text import Text

from sessiontap.call import Call
from sessiontap.sessions.fold import folded
from sessiontap.sessions.grouping import Grouping
from sessiontap.sessions.rollup import summarize
from sessiontap.sessions.statistics import statistics
from sessiontap.sessions.tree import build_tree
from sessiontap.usage import Usage
from sessiontap.views.console import console, draws_lines, show
from sessiontap.views.group_list import group_list
from sessiontap.views.session_list import session_list
from sessiontap.views.session_statistics import session_statistics
from sessiontap.views.session_tree import session_tree
from sessiontap.views.timeline import session_timeline
from tests.sessions.samples import TRIAGE_ID, make_call, plain, triage


def expected(name: str) -> str:
    """What a person has looked at and found right."""
    return (Path(__file__).parent / "expected" / f"{name}.txt").read_text("utf-8")


def printed(lines: Iterable[Text], width: int, **environ: str) -> str:
    """What a console of that width prints."""
    stream = io.StringIO()
    show(console(stream, {"COLUMNS": str(width), **environ}), lines)
    return stream.getvalue()


def tree_of(calls: list[Call], width: int, *, ascii_only: bool = False) -> str:
    """A session's tree."""
    summary = summarize(calls[0].session_id, calls)
    return printed(session_tree(summary, build_tree(calls), width, ascii_only=ascii_only), width)


def list_of(width: int, *sessions: list[Call]) -> str:
    """The list of the sessions."""
    summaries = [summarize(calls[0].session_id, calls) for calls in sessions]
    return printed(session_list(summaries, width), width)


def test_the_list_at_80_columns() -> None:
    """Two lines for a session: figures, then its id, its agent and what has no price."""
    assert list_of(80, plain(), triage()) == expected("list-80")


def test_the_list_at_200_columns() -> None:
    """One line for a session, its id whole."""
    assert list_of(200, plain(), triage()) == expected("list-200")


def test_the_tree_at_80_columns() -> None:
    """The time to the first token gives way; unpriced calls stand beside the folder's name."""
    assert tree_of(triage(), 80) == expected("tree-80")


def test_list_and_tree_at_160_columns() -> None:
    """A wide terminal that is not the widest."""
    assert list_of(160, plain(), triage()) == expected("list-160")
    assert tree_of(triage(), 160) == expected("tree-160")


def test_the_tree_at_200_columns() -> None:
    """Every column, and every name whole."""
    assert tree_of(triage(), 200) == expected("tree-200")


def test_the_tree_in_ascii() -> None:
    """An output that cannot hold the guides gets plain ones."""
    lines = tree_of(triage(), 80, ascii_only=True).splitlines()
    assert lines[8].startswith("|- gpt-5-mini-2025-08-07 ~ ")
    assert lines[10].startswith("|  `- gpt-5-mini-2025-08-07 ~ ")


def test_views_write_no_other_characters_of_their_own_in_ascii() -> None:
    """What is cut, and what stands between facts, is told by plain signs, in as many cells."""
    stream = io.TextIOWrapper(io.BytesIO(), "ascii")
    summary = summarize(TRIAGE_ID, triage())
    drawn = console(stream, {"COLUMNS": "80"})
    show(drawn, session_tree(summary, build_tree(triage()), 80, ascii_only=True))
    show(drawn, session_timeline(triage(), 80, ascii_only=True))
    show(drawn, session_statistics(statistics(triage()), 80, ascii_only=True))
    show(drawn, session_list([summary], 80, ascii_only=True))
    stream.seek(0)
    text = stream.read()
    assert "4711a3c2-9b5e-4d7e-8f10-2a3b4c5d6e7f - demo/0.1 - user ann\n" in text
    assert "classify gpt-5-mini-2025-*  " in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("width", [1, 5, 20, 40, 60, 80, 100, 133, 200, 400])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Whatever the width, each printed line fits."""
    text = list_of(width, plain(), triage()) + tree_of(triage(), width)
    assert max(Text(line).cell_len for line in text.splitlines()) <= width


def hostile() -> list[Call]:
    """A call whose every text attacks the terminal."""
    bad = "\x1b]0;owned\x07\x1b[2J\u202e[red]evil[/red]\r\n\x9b1m"
    return [
        make_call(
            1,
            f"/{bad}",
            bad,
            session_id=bad,
            session_name=bad,
            agent=bad,
            user_id=bad,
            status="error",
            error_type=bad,
            error_message=bad,
        )
    ]


@pytest.mark.parametrize("width", [80, 200])
def test_text_from_outside_cannot_reach_the_terminal_as_commands(width: int) -> None:
    """No escape, control or bidi mark is printed, and markup is not interpreted."""
    text = list_of(width, hostile()) + tree_of(hostile(), width)
    assert text.replace("\n", "").isprintable()
    assert "[red]evil[/red]" in text


def test_a_path_of_ten_thousand_segments_is_drawn_short() -> None:
    """Indentation stands still and folders that only hold one folder are passed over."""
    text = tree_of([make_call(1, "/d" * 10_000), make_call(2, "/d" * 5_000)], 80)
    lines = [line for line in text.splitlines() if "─ …/d" in line]
    assert len(lines) == 2
    assert text.count("gpt-5-mini") == 2
    assert len(text.splitlines()) < 30


def test_colours_only_where_they_are_wanted() -> None:
    """A pipe gets none, a forced terminal gets them, NO_COLOR takes them away again."""
    lines = list(session_list([summarize(TRIAGE_ID, triage())], 200))
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    assert "\x1b" not in printed(lines, 200)
    assert "\x1b[31m1\x1b[0m" in printed(lines, 200, **terminal)
    assert "\x1b[31m" not in printed(lines, 200, **terminal, NO_COLOR="1")


def test_a_pipe_without_a_width_is_wide() -> None:
    """Ids are not cut for a program that reads on."""
    assert console(io.StringIO(), {}).width == 200
    assert console(io.StringIO(), {"COLUMNS": "72"}).width == 72
    assert console(io.StringIO(), {"COLUMNS": "no number"}).width == 200
    assert console(io.StringIO(), {"COLUMNS": "0"}).width == 200


@pytest.mark.parametrize(("encoding", "draws"), [("utf-8", True), ("ascii", False), ("cp1252", False)])
def test_guides_need_an_encoding_that_has_them(encoding: str, *, draws: bool) -> None:
    """Only Unicode encodings hold the box-drawing characters for sure."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    assert draws_lines(console(stream, {})) is draws


def test_what_a_call_must_admit_is_marked() -> None:
    """Partial and estimated counts, cancelled and interrupted calls say so."""
    text = tree_of(
        [
            make_call(1, "/", usage_source="partial", status="cancelled"),
            make_call(2, "/", usage_source="estimated", status="interrupted", error_type="connection_lost"),
        ],
        120,
    )
    assert "gpt-5-mini-2025-08-07 ~ cancelled partial" in text
    assert "gpt-5-mini-2025-08-07 ~ interrupted estimated" in text
    assert "200 connection_lost" in text


def test_a_subscriptions_share_is_told() -> None:
    """A cost that a plan pays is called notional."""
    text = tree_of([make_call(1, "/", billing="subscription", cost_usd=Decimal("0.4"))], 120)
    assert "$0.4000 · $0.4000 of it notional: a subscription pays" in text


def test_an_unknown_figure_is_no_zero() -> None:
    """A session of failed calls shows `-` for tokens and cost."""
    failed = make_call(1, "/", status="error", usage=Usage(), cost_usd=None, duration_ms=None, ended_at=None)
    row = list_of(200, [failed]).splitlines()[1]
    assert row.split()[-3:] == ["-", "-", "-"]


def test_calls_without_a_session_are_listed_under_the_name_that_finds_them() -> None:
    """`unassigned` is what the store calls them too."""
    assert "unassigned" in list_of(80, [make_call(1, "/", session_id=None, session_name=None)])


def test_no_sessions_are_said_to_be_none() -> None:
    """An empty list is one line."""
    assert printed(session_list([], 80), 80) == "No sessions.\n"


def test_totals_say_that_an_estimate_is_in_them() -> None:
    """The list marks such tokens and counts the calls, and so does the head of the session."""
    reported, estimated = (
        [make_call(1, "/")],
        [make_call(1, "/"), make_call(2, "/", usage_source="estimated")],
    )
    assert "~" not in list_of(120, reported)
    assert "estimated" not in tree_of(reported, 120)
    text = list_of(120, estimated)
    assert "~2,468" in text
    assert "1 estimated" in text.splitlines()[-1]
    assert "1 estimated" in tree_of(estimated, 120).splitlines()[3]


def test_the_list_over_several_days_has_a_column_a_day() -> None:
    """Days without a call, or of which no cost is known, are blank."""
    costs = {"2026-11-26": Decimal(3), "2026-11-23": Decimal("0.1"), "2026-11-25": Decimal(0)}
    lines = session_list([summarize(TRIAGE_ID, triage())], 80, costs=costs)
    last = printed(lines, 80).splitlines()[-1]
    assert last == "cost a day  ▁  █  2026-11-23 to 2026-11-26, at most $3.00"


def timeline_of(calls: list[Call], width: int, *, ascii_only: bool = False) -> str:
    """A session's calls to scale."""
    return printed(session_timeline(calls, width, ascii_only=ascii_only), width)


@pytest.mark.parametrize("width", [80, 160])
def test_the_timeline(width: int) -> None:
    """A line a call; lighter until its first output; a long pause is short, and told."""
    assert timeline_of(triage(), width) == expected(f"timeline-{width}")


def test_the_timeline_in_ascii() -> None:
    """With the signs that every output has."""
    lines = timeline_of(triage(), 80, ascii_only=True)
    assert "..######" in lines
    assert set(lines) & set("░█▏┊") == set()


def test_the_timeline_of_many_calls_has_lanes() -> None:
    """A path is named once; what overlaps stands below it."""
    calls = [make_call(number % 50, "/a", call_id=f"c{number}", ttft_ms=None) for number in range(130)]
    lines = timeline_of(calls, 80).splitlines()
    assert sum(line.startswith("/a ") for line in lines) == 1
    assert len(lines) < 20


@pytest.mark.parametrize("width", [80, 160])
def test_the_statistics(width: int) -> None:
    """Speed, cache and errors, models, paths, tools, and how the context grew."""
    lines = session_statistics(statistics(with_tools()), width)
    assert printed(lines, width) == expected(f"statistics-{width}")


def with_tools() -> list[Call]:
    """The triage, whose second call used tools."""
    first, second, *others = triage()
    return [first, msgspec.structs.replace(second, tools=("search", "read", "search")), *others]


def test_the_tree_names_the_tools_that_a_call_used() -> None:
    """Each once, with how often."""
    assert "> search 2x, read" in tree_of(with_tools(), 200)


@pytest.mark.parametrize("width", [80, 160])
def test_groups(width: int) -> None:
    """Totals by day with a bar of the cost; by anything else the dearest first."""
    later = [make_call(1, "/", session_id="b", started_at="2026-11-26T10:00:00.000Z", cost_usd=Decimal(3))]
    shown = ""
    for by in ("day", "model"):
        grouping = Grouping(by)
        for calls in (triage(), plain(), later):
            grouping.add(None, folded(calls))
        shown += printed(group_list(grouping.groups(), grouping.whole(), by, width), width) + "\n"
    assert shown == expected(f"groups-{width}")


@pytest.mark.parametrize("width", [1, 5, 20, 40, 60, 80, 100, 133, 200, 400])
def test_no_line_of_the_other_views_is_wider_than_the_terminal(width: int) -> None:
    """Whatever the width; the timeline needs some room for its plot."""
    text = printed(session_statistics(statistics(triage()), width), width)
    text += timeline_of(triage(), width)
    assert max(Text(line).cell_len for line in text.splitlines()) <= width


def test_the_other_views_are_harmless() -> None:
    """Paths, models, tools and errors of others are shown without what a terminal would obey."""
    calls = hostile()
    text = printed(session_statistics(statistics(calls), 120), 120) + timeline_of(calls, 120)
    grouping = Grouping("model")
    grouping.add(None, folded(calls))
    text += printed(group_list(grouping.groups(), grouping.whole(), "model", 120), 120)
    assert set(text) & set("\x1b\x07\x9b\u202e\r") == set()
