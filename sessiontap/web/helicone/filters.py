"""Filters: Helicone's trees of conditions, read and asked.

A tree is `"all"`, `{}`, a leaf `{table: {column: {operator: value}}}`, or a branch `{left, operator, right}`
with `and` or `or`. What cannot be asked here is refused by name: a condition that is passed over would let
everything through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sessiontap.call import Call
from sessiontap.catalog import CatalogSession
from sessiontap.sessions.fold import Group
from sessiontap.store.notes import Notes
from sessiontap.untrusted import JsonObject
from sessiontap.web.helicone.answers import RestError
from sessiontap.web.helicone.columns import PROPERTIES, TABLES, property_column
from sessiontap.web.helicone.figures import Figures
from sessiontap.web.helicone.leaves import CallLeaf, SessionLeaf, Sum, Tagged

_DEEPEST = 100

_Leaf: TypeAlias = CallLeaf | SessionLeaf


@dataclass(frozen=True, slots=True)
class _Branch:
    """Several conditions; none under `and` is met by everything."""

    operator: Literal["and", "or"]
    parts: Sequence[_Node]


_Node: TypeAlias = "_Branch | _Leaf"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which calls count, and which sessions then stay. Every part of both must be met."""

    where: Sequence[_Node] = ()
    having: Sequence[_Node] = ()

    def of_session(self, session: CatalogSession) -> bool | None:
        """Whether all calls of a session count, or none; None: look closer."""
        return _all(self.where, lambda leaf: leaf.of_session(session))

    def of_group(self, session: CatalogSession, group: Group) -> bool | None:
        """Whether all calls of a group count, or none; None: look closer."""
        return _all(self.where, lambda leaf: leaf.of_group(session, group))

    def of_call(self, session: CatalogSession, call: Call) -> bool:
        """Whether a call counts."""
        return _all(self.where, lambda leaf: leaf.of_call(session, call)) is True

    def keeps(self, figures: Figures, notes: Notes) -> bool:
        """Whether a session stays, with the figures of the calls that count."""
        return all(_kept(node, figures, notes) for node in self.having)

    def __and__(self, other: Filter) -> Filter:
        return Filter((*self.where, *other.where), (*self.having, *other.having))


def read_filter(tree: object) -> Filter:
    """The filter that a tree means. Raises RestError, naming what cannot be asked."""
    where: list[_Node] = []
    having: list[_Node] = []
    for node in _conjuncts(_read(tree, "filter", _DEEPEST)):
        kinds = {isinstance(leaf, Sum | Tagged) for leaf in _leaves(node)}
        if len(kinds) > 1:
            message = (
                "filter: an `or` has a condition on calls beside one on what a session comes to;"
                " only one kind can be joined by `or`"
            )
            raise RestError(message)
        (having if True in kinds else where).append(node)
    return Filter(where, having)


def leaf(table: str, column: str, operator: str, value: object) -> Filter:
    """A filter of one condition."""
    return read_filter({table: {column: {operator: value}}})


def _read(tree: object, where: str, depth: int) -> _Node:
    if tree == "all":
        return _Branch("and", ())
    if not isinstance(tree, dict):
        message = f'{where}: a filter is "all", a leaf or a branch, not {tree!r:.60}'
        raise RestError(message)
    if not depth:
        message = f"filter: more than {_DEEPEST} branches in each other"
        raise RestError(message)
    if "left" not in tree and "right" not in tree:
        return _Branch("and", [part for table in tree for part in _of_table(tree[table], table, where)])
    operator = tree.get("operator")
    if operator not in {"and", "or"} or tree.keys() != {"left", "operator", "right"}:
        message = (
            f"{where}: a branch has `left`, `right` and `operator`, which is `and` or `or`, and nothing else"
        )
        raise RestError(message)
    parts = [_read(tree[side], f"{where}.{side}", depth - 1) for side in ("left", "right")]
    return _Branch(operator, parts)


def _of_table(columns: object, table: str, where: str) -> Iterator[_Node]:
    where = f"{where}.{table:.60}"
    if table == PROPERTIES:
        yield from _of_properties(columns, where)
        return
    known = TABLES.get(table)
    if known is None:
        message = f"{where}: no such table here; there are {', '.join((*TABLES, PROPERTIES))}"
        raise RestError(message)
    for column, operators in _object(columns, where).items():
        there = f"{where}.{column:.60}"
        if column == PROPERTIES:
            yield from _of_properties(operators, there)
            continue
        make = known.get(column)
        if make is None:
            message = f"{there}: nothing of it is kept here; there are {', '.join((*known, PROPERTIES))}"
            raise RestError(message)
        yield from (make(operator, value, there) for operator, value in _object(operators, there).items())


def _of_properties(properties: object, where: str) -> Iterator[_Node]:
    for key, operators in _object(properties, where).items():
        make, there = property_column(key), f"{where}.{key:.60}"
        yield from (make(operator, value, there) for operator, value in _object(operators, there).items())


def _object(value: object, where: str) -> JsonObject:
    if not isinstance(value, dict):
        message = f"{where}: an object is due here, not {value!r:.60}"
        raise RestError(message)
    return value


def _conjuncts(node: _Node) -> Iterator[_Node]:
    if isinstance(node, _Branch) and node.operator == "and":
        for part in node.parts:
            yield from _conjuncts(part)
    else:
        yield node


def _leaves(node: _Node) -> Iterator[_Leaf]:
    if isinstance(node, _Branch):
        for part in node.parts:
            yield from _leaves(part)
    else:
        yield node


def _all(nodes: Sequence[_Node], ask: Callable[[CallLeaf], bool | None]) -> bool | None:
    return _joined("and", nodes, ask)


def _joined(
    operator: Literal["and", "or"], nodes: Sequence[_Node], ask: Callable[[CallLeaf], bool | None]
) -> bool | None:
    """Three-valued: what decides, decides whatever the others are."""
    decisive = operator == "or"
    unsure = False
    for node in nodes:
        assert not isinstance(node, Sum | Tagged), "`read_filter` keeps the kinds apart"
        answer = _joined(node.operator, node.parts, ask) if isinstance(node, _Branch) else ask(node)
        if answer is decisive:
            return decisive
        unsure |= answer is None
    return None if unsure else not decisive


def _kept(node: _Node, figures: Figures, notes: Notes) -> bool:
    if isinstance(node, _Branch):
        answers = (_kept(part, figures, notes) for part in node.parts)
        return any(answers) if node.operator == "or" else all(answers)
    assert isinstance(node, Sum | Tagged), "`read_filter` keeps the kinds apart"
    return node.of_figures(figures, notes)
