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
    own_calls: int
    """How many calls have this very path."""
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


@dataclass(slots=True, eq=False)
class _Builder:
    name: str
    parent: _Builder | None
    folders: dict[str, _Builder] = field(default_factory=dict)
    children: list[_Builder | Call] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


class _Builders:
    """The folders of a session, made as they are asked for."""

    def __init__(self) -> None:
        self._root = _Builder("", None)
        self._all = [self._root]
        self._by_path: dict[str, _Builder] = {}

    def at(self, path: str) -> _Builder:
        """The folder of a path; those above it are made before it."""
        folder = self._by_path.get(path)
        if folder is None:
            folder = self._root
            for segment in filter(None, path.split("/")):
                below = folder.folders.get(segment)
                if below is None:
                    below = folder.folders[segment] = _Builder(segment, folder)
                    folder.children.append(below)
                    self._all.append(below)
                folder = below
            self._by_path[path] = folder
        return folder

    def freeze(self) -> PathNode:
        """The root; a folder is always made after its parent, so that backwards is children first."""
        frozen: dict[int, PathNode] = {}
        own_calls = [builder.tally.calls for builder in self._all]
        for builder, own in zip(reversed(self._all), reversed(own_calls), strict=True):
            children = tuple(
                child if isinstance(child, Call) else frozen.pop(id(child)) for child in builder.children
            )
            frozen[id(builder)] = PathNode(builder.name, builder.tally.totals(), own, children)
            if builder.parent is not None:
                builder.parent.tally.merge(builder.tally)
        return frozen[id(self._root)]


def build_tree(calls: Iterable[Call]) -> PathNode:
    """The root folder `/` of the calls, in whatever order they come; its totals are the session's."""
    builders = _Builders()
    for call in sorted(calls, key=lambda call: (call.started_at, call.call_id)):
        folder = builders.at(call.session_path)
        folder.children.append(call)
        folder.tally.add(call)
    return builders.freeze()


def build_folders(tallies: Iterable[tuple[str, Tally]]) -> PathNode:
    """The same tree without its calls, from what those of each path come to, in the order of the first."""
    builders = _Builders()
    for path, tally in tallies:
        builders.at(path).tally.merge(tally)
    return builders.freeze()


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
        if depth <= max_depth or folder.own_calls:
            yield "/" + "/".join(segments), folder
        stack.extend((child, depth + 1) for child in reversed(folder.folders))
