"""Reads a price file: YAML without surprises, every mistake with its file, line and key.

Read event by event: twice as fast as composed nodes, no recursion to overflow (libyaml's own ends the
process), and each scalar keeps its text, so that no rate passes through a float.
Left out of YAML on purpose: tags, anchors and aliases, several documents, keys that are no names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import yaml

from sessiontap.errors import PricingError
from sessiontap.pricing.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    described,
    fault,
    quoted,
    whole,
)

_MAX_DEPTH = 16
_TOO_DEEP = f"nested deeper than {_MAX_DEPTH} levels"
# libyaml's scanner runs ahead of its events, and may meet its own limit before this meets its.
_LIBYAML_TOO_DEEP = "exceeded maximum nesting depth"
_INDENT = re.compile(r"[ \t]*")


def read(path: Path) -> Mapping:
    """The file's top mapping; an empty file is an empty one.

    Raises PricingError, one line, for a file that cannot be read or is no such YAML.
    """
    file = str(path)
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        message = f"{whole(file)}: cannot be read: {error.strerror or type(error).__name__}"
        raise PricingError(message) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        fault(file, line, (), f"the byte {error.object[error.start]:#04x}; the file must be UTF-8")
    return _parse(file, text)


def _parse(file: str, text: str) -> Mapping:
    builder = _Builder(file)
    try:
        builder.feed(getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        rows = text.splitlines()
        indent = _INDENT.match(rows[line]) if line < len(rows) else None
        tab = indent is not None and "\t" in indent[0]
        if tab:
            problem = "a tab in the indentation; only spaces are allowed"
        elif error.problem == _LIBYAML_TOO_DEEP:
            problem = _TOO_DEEP
        else:
            problem = f"not YAML: {error.problem}"
        fault(file, line + 1, builder.trail(), problem)
    except yaml.reader.ReaderError as error:
        sign = error.character if isinstance(error.character, int) else ord(error.character)
        line = text.count("\n", 0, error.position) + 1
        fault(file, line, (), f"the character U+{sign:04X}; only printable ones are allowed")
    root = builder.root
    if root is None or (isinstance(root, Scalar) and root.null):
        return Mapping({}, {}, 1)
    if not isinstance(root, Mapping):
        fault(file, root.line, (), f"{described(root)}, where a mapping is due")
    return root


class _Builder:
    """Puts the events of one document together, on a stack of its own."""

    def __init__(self, file: str) -> None:
        self.root: Node | None = None
        self._file = file
        self._open: list[Sequence | Mapping] = []
        self._keys: list[str] = []  # the last key of each open mapping; empty for a list
        self._key_next = False  # the innermost mapping waits for a key, and not for a value
        self._documents = 0

    def trail(self) -> list[str]:
        """The keys that lead to where the reading stands."""
        return [key for key in (self._keys[:-1] if self._key_next else self._keys) if key]

    def feed(self, loader: yaml.SafeLoader) -> None:
        """Takes all events; raises PricingError, or whatever the loader raises."""
        next_event: Callable[[], yaml.Event] = loader.get_event
        event = next_event()
        # Classes are compared, and scalars come first: nine in ten events of tens of thousands are one.
        while type(event) is not yaml.StreamEndEvent:
            if type(event) is yaml.ScalarEvent:
                self._scalar(event)
            elif type(event) is yaml.MappingStartEvent:
                self._start(event, Mapping({}, {}, _line(event)))
            elif type(event) is yaml.SequenceStartEvent:
                self._start(event, Sequence([], _line(event)))
            elif isinstance(event, yaml.CollectionEndEvent):
                self._open.pop()
                self._keys.pop()
                self._key_next = bool(self._open) and isinstance(self._open[-1], Mapping)
            elif isinstance(event, yaml.AliasEvent):
                self._refuse(_line(event), None, event.anchor)
            elif isinstance(event, yaml.DocumentStartEvent):
                self._document(_line(event))
            event = next_event()

    def _document(self, line: int) -> None:
        self._documents += 1
        if self._documents > 1:
            self._fault(line, "a second document; one a file is allowed")

    def _fault(self, line: int, message: str) -> NoReturn:
        fault(self._file, line, self.trail(), message)

    def _refuse(self, line: int, tag: str | None, anchor: str | None) -> None:
        if tag is not None:
            self._fault(line, f"the tag {quoted(tag)}; tags are not allowed")
        if anchor is not None:
            self._fault(line, f"the anchor {quoted(anchor)}; anchors and aliases are not allowed")

    def _start(
        self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, node: Sequence | Mapping
    ) -> None:
        self._refuse(node.line, event.tag, event.anchor)
        if len(self._open) == _MAX_DEPTH:
            self._fault(node.line, _TOO_DEEP)
        if self._key_next:
            self._fault(node.line, f"{described(node)} as a key, where a name is due")
        self._add(node)
        self._open.append(node)
        self._keys.append("")
        self._key_next = isinstance(node, Mapping)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        line = _line(event)
        if event.tag is not None or event.anchor is not None:
            self._refuse(line, event.tag, event.anchor)
        if not self._key_next:
            self._add(Scalar(event.value, event.implicit[0], line))
            return
        inside, key = self._open[-1], event.value
        assert isinstance(inside, Mapping)
        lines = inside.lines
        if key in lines:
            self._fault(line, f"the key {quoted(key)} a second time; once is allowed")
        lines[key] = line
        self._keys[-1] = key
        self._key_next = False

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        inside = self._open[-1]
        if isinstance(inside, Mapping):
            inside.values[self._keys[-1]] = node
            self._key_next = True
        else:
            inside.items.append(node)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
