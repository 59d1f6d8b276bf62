"""A session's summary and tree as one JSON object: what `show --json` prints."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from sessiontap.call import Call, encode
from sessiontap.sessions.rollup import MAX_FOLDER_DEPTH, SessionSummary, encode_summary
from sessiontap.sessions.tally import Totals
from sessiontap.sessions.tree import PathNode

_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class _Folder:
    path: str
    totals: Totals
    children: list[_Leaf | _Branch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Leaf:
    call: msgspec.Raw


@dataclass(frozen=True, slots=True)
class _Branch:
    folder: _Folder


def tree_json(summary: SessionSummary, root: PathNode) -> bytes:
    """`{"session": …, "tree": {"path": "/", "totals": …, "children": […]}}`, without the line end.

    A child is `{"folder": …}` or `{"call": …}`; a call is its whole record. Folders nest to
    `MAX_FOLDER_DEPTH`, for JSON readers give up on deep nesting: the calls below that stand in the
    deepest folder drawn, and each has its whole path.
    """
    top = _Folder("/", root.totals)
    stack = [(child, top, 1) for child in reversed(root.children)]
    while stack:
        child, folder, depth = stack.pop()
        if isinstance(child, Call):
            folder.children.append(_Leaf(msgspec.Raw(encode(child))))
            continue
        below = folder
        if depth <= MAX_FOLDER_DEPTH:
            below = _Folder(f"{folder.path.rstrip('/')}/{child.name}", child.totals)
            folder.children.append(_Branch(below))
        stack.extend((grandchild, below, depth + 1) for grandchild in reversed(child.children))
    return _encoder.encode({"session": msgspec.Raw(encode_summary(summary)), "tree": top})
