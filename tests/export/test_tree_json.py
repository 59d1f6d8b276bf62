from __future__ import annotations

import json

from sessiontap.call import encode
from sessiontap.export.tree_json import tree_json
from sessiontap.sessions.rollup import encode_summary, summarize
from sessiontap.sessions.tree import build_tree
from tests.sessions.samples import TRIAGE_ID, make_call, triage


def test_summary_and_tree() -> None:
    """The summary as exported, then folders with totals, calls as recorded, in the tree's order."""
    summary, calls = summarize(TRIAGE_ID, triage()), triage()
    shown = json.loads(tree_json(summary, build_tree(calls)))
    assert shown["session"] == json.loads(encode_summary(summary))
    assert shown["tree"]["path"] == "/"
    (top,) = shown["tree"]["children"]
    assert (top["folder"]["path"], top["folder"]["totals"]["calls"]) == ("/triage", 6)
    kinds = [(*child,) for child in top["folder"]["children"]]
    assert kinds == [("call",), ("folder",), ("folder",), ("folder",)]
    assert top["folder"]["children"][0]["call"] == json.loads(encode(calls[0]))
    search = top["folder"]["children"][2]["folder"]["children"][0]["folder"]
    assert [child["call"]["call_id"] for child in search["children"]] == ["c02", "c04"]


def test_a_hostile_depth_stays_readable_json() -> None:
    """Folders stop nesting at 64; the calls below stand in the last one, in order."""
    calls = [make_call(1, "/d" * 10_000), make_call(2, "/d" * 100), make_call(3, "/d")]
    shown = json.loads(tree_json(summarize(None, calls), build_tree(calls)))
    node, depth = shown["tree"], 0
    while "folder" in node["children"][0]:
        node, depth = node["children"][0]["folder"], depth + 1
    assert depth == 64
    assert sorted(child["call"]["call_id"] for child in node["children"]) == ["c01", "c02"]
