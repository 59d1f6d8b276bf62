from __future__ import annotations

import itertools
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sessiontap.call import Call
from sessiontap.sessions.tree import PathNode, build_tree, folders
from tests.sessions.samples import make_call, triage


def outline(node: PathNode, depth: int = 0) -> list[str]:
    """The tree as indented lines."""
    lines: list[str] = []
    for child in node.children:
        if isinstance(child, Call):
            lines.append("  " * depth + child.call_id)
        else:
            lines.append("  " * depth + child.name + "/")
            lines += outline(child, depth + 1)
    return lines


def all_calls(root: PathNode) -> list[str]:
    """The ids of every call in the tree, without recursion."""
    found, left = [], [root]
    while left:
        node = left.pop()
        found += [call.call_id for call in node.calls]
        left += node.folders
    return sorted(found)


def test_each_segment_is_a_folder_and_each_call_a_leaf_of_its_own_path() -> None:
    """Calls and folders stand side by side where they were first seen."""
    assert outline(build_tree(triage())) == [
        "triage/",
        "  c00",
        "  classify/",
        "    c01",
        "  research/",
        "    search/",
        "      c02",
        "      c04",
        "    summarize/",
        "      c05",
        "  respond/",
        "    c09",
    ]


def test_order_is_by_start_whatever_order_the_calls_come_in() -> None:
    """The tree of the calls reversed is the tree of the calls."""
    assert outline(build_tree(reversed(triage()))) == outline(build_tree(triage()))


def test_a_folder_stays_where_it_was_first_seen() -> None:
    """A later call of an early path does not move its folder."""
    calls = [make_call(1, "/a"), make_call(2, "/b"), make_call(3, "/a")]
    assert outline(build_tree(calls)) == ["a/", "  c01", "  c03", "b/", "  c02"]


def test_calls_of_the_root_and_of_several_roots_are_all_there() -> None:
    """No call vanishes because another one has another first segment, or none."""
    calls = [make_call(1, "/a/x"), make_call(2, "/b"), make_call(3, "/"), make_call(4, "/a")]
    assert outline(build_tree(calls)) == ["a/", "  x/", "    c01", "  c04", "b/", "  c02", "c03"]


def test_paths_that_are_not_normalised_fall_into_the_same_folder() -> None:
    """Empty segments make no folders."""
    calls = [make_call(1, "/a/"), make_call(2, "//a"), make_call(3, "a"), make_call(4, "")]
    assert outline(build_tree(calls)) == ["a/", "  c01", "  c02", "  c03", "c04"]


def test_a_folder_sums_up_everything_below_it() -> None:
    """Calls, errors, unpriced calls, cost, wall time and latency roll up."""
    (top,) = build_tree(triage()).folders
    research = top.folders[1].totals
    assert (research.calls, research.errors, research.unpriced_calls) == (3, 1, 1)
    assert research.cost_usd == Decimal("0.000123")
    assert research.usage.input_tokens == 2468
    assert research.duration_ms == 5300
    assert research.latency_ms == 6900
    assert top.totals.calls == 6
    assert top.totals.running == 1
    assert top.totals.cost_usd == Decimal("0.012546")


def test_wall_time_spans_the_latest_end_not_the_last_started() -> None:
    """A long call that started first ends the folder."""
    calls = [make_call(1, "/a", ended_at="2026-11-23T20:00:30.000Z"), make_call(5, "/a/b")]
    assert build_tree(calls).folders[0].totals.duration_ms == 29_000


def test_a_path_of_ten_thousand_segments_is_ten_thousand_folders() -> None:
    """Depth is no matter of the interpreter's stack."""
    root = build_tree([make_call(1, "/d" * 10_000), make_call(2, "/d" * 9_999)])
    depth, node = 0, root
    while node.folders:
        depth, node = depth + 1, node.folders[0]
    assert depth == 10_000
    assert all_calls(root) == ["c01", "c02"]
    assert root.totals.calls == 2


def test_the_listing_of_a_deep_path_passes_over_folders_without_calls() -> None:
    """Below the depth that is asked for only the calls' own paths are listed."""
    root = build_tree([make_call(1, "/d" * 10_000), make_call(2, "/d" * 9_999), make_call(3, "/e")])
    listed = [path for path, _ in folders(root, max_depth=2)]
    assert listed == ["/d", "/d/d", "/d" * 9_999, "/d" * 10_000, "/e"]


@given(st.lists(st.text(alphabet="ab/", max_size=8), max_size=12))
def test_no_call_vanishes(paths: list[str]) -> None:
    """Whatever the paths, each call is in the tree once and the root counts them all."""
    calls = [make_call(second, path) for second, path in zip(itertools.count(), paths, strict=False)]
    root = build_tree(calls)
    assert all_calls(root) == sorted(call.call_id for call in calls)
    assert root.totals.calls == len(calls)
