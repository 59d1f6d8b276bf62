"""The tree of a session: folders by path, calls as leaves, totals rolled up.

As users of Helicone Sessions know it: every `/` segment is a folder; a call is a leaf of the
folder that equals its path; calls are never parents of calls; a folder stands where it was
first seen, calls by their start. Unlike there, every root is shown and no call can vanish.
Nothing here recurses: a path may have ten thousand segments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from sessiontap.call import Call
from sessiontap.sessions.tally import Tally, Totals


# Compared by identity: comparing by value would recurse as deep as the path.
@dataclass(frozen=True, slots=True, eq=False)
class PathNode:
    """A folder: its segment's name, the totals of every call below it, its children in order."""

    name: str
    """One segment; empty for the root."""
    totals: Totals
    children: tuple[Child, ...] = field(repr=False)

    @property
    def folders(self) -> list[PathNode]:
        """The folders directly below."""
        return [child for child in self.children if isinstance(child, PathNode)]

    @property
    def calls(self) -> list[Call]:
        """The calls whose path is this folder."""
        return [child for child in self.children if isinstance(child, Call)]


Child: TypeAlias = PathNode | Call


@dataclass(frozen=True, slots=True, eq=False)
class _Builder:
    name: str
    parent: _Builder | None
    folders: dict[str, _Builder] = field(default_factory=dict)
    children: list[_Builder | Call] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


def build_tree(calls: Iterable[Call]) -> PathNode:
    """The root folder `/` of the calls, in whatever order they come; its totals are the session's."""
    root = _Builder("", None)
    builders = [root]
    by_path: dict[str, _Builder] = {}
    for call in sorted(calls, key=lambda call: (call.started_at, call.call_id)):
        folder = by_path.get(call.session_path)
        if folder is None:
            folder = root
            for segment in filter(None, call.session_path.split("/")):
                below = folder.folders.get(segment)
                if below is None:
                    below = folder.folders[segment] = _Builder(segment, folder)
                    folder.children.append(below)
                    builders.append(below)
                folder = below
            by_path[call.session_path] = folder
        folder.children.append(call)
        folder.tally.add(call)
    return _freeze(builders)


def _freeze(builders: list[_Builder]) -> PathNode:
    """The root; a folder is always made after its parent, so that backwards is children first."""
    frozen: dict[int, PathNode] = {}
    for builder in reversed(builders):
        children = tuple(
            child if isinstance(child, Call) else frozen.pop(id(child)) for child in builder.children
        )
        frozen[id(builder)] = PathNode(builder.name, builder.tally.totals(), children)
        if builder.parent is not None:
            builder.parent.tally.merge(builder.tally)
    return frozen[id(builders[0])]


def folders(root: PathNode, *, max_depth: int) -> Iterator[tuple[str, PathNode]]:
    """Every folder with its whole path, in the tree's order, the root left out.

    Folders deeper than `max_depth` that hold no call of their own are passed over: each whole
    path is as long as the folder is deep, and the sum would grow with the square of it.
    """
    # The path above a folder is kept as a chain and joined only for those that are given out.
    stack: list[tuple[PathNode, int]] = [(folder, 1) for folder in reversed(root.folders)]
    segments: list[str] = []
    while stack:
        folder, depth = stack.pop()
        del segments[depth - 1 :]
        segments.append(folder.name)
        if depth <= max_depth or any(isinstance(child, Call) for child in folder.children):
            yield "/" + "/".join(segments), folder
        stack.extend((child, depth + 1) for child in reversed(folder.folders))
