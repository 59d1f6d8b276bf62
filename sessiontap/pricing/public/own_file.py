"""The user's own price file: models are put into it, and whatever else stands there stays as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace
from pathlib import Path

from sessiontap.pricing import yamlfile
from sessiontap.pricing.match import folded
from sessiontap.pricing.nodes import Mapping, Node, Scalar, Sequence, fault
from sessiontap.pricing.public.takeover import Taken
from sessiontap.pricing.public.written import model_lines, scalar

_HEAD = (
    "# Your own prices: they go over sessiontap's, model by model. USD per million tokens; what may stand",
    "# here is written at the top of the pricing.yaml that comes with it.",
    "version: 1",
)
_STEP = 2
_OPENS = re.compile(r"[^#{\[]*:[ ]*(#.*)?")
_BY_LINES = (
    "is not on a line of its own, so that nothing can be put under it; write it line by line, without braces"
)


@dataclass(frozen=True, slots=True)
class Changed:
    """A price file with models put in."""

    text: str
    put_in: tuple[Taken, ...]
    kept: tuple[Taken, ...]
    """Models that the file had already, and that stay as they were."""


def put_in(
    path: Path, taken: Iterable[Taken], derived: MappingOf[str, Collection[str]], *, overwrite: bool
) -> Changed:
    """The text of the file with these models; it is not written.

    A model that the file has already stays as it is; with `overwrite` its lines are replaced, and comments
    among them are lost. `derived` are by provider the classes that its `derive` fills in.
    Raises PricingError, one line, for a file that has a mistake or is not written line by line; and OSError.
    """
    file = _File(path)
    by_provider: dict[str, list[Taken]] = {}
    for each in taken:
        by_provider.setdefault(each.provider, []).append(each)
    new: list[Taken] = []
    kept: list[Taken] = []
    for provider, models in by_provider.items():
        own, names = file.models(provider), file.names(provider)
        fresh = [
            each
            for each in models
            if folded(each.model) not in names or (overwrite and folded(each.model) in own)
        ]
        kept += [each for each in models if each not in fresh]
        for name in (own[folded(each.model)] for each in fresh if folded(each.model) in own):
            file.take_out(provider, name)
        if fresh:
            names |= {folded(each.model) for each in fresh}
            file.add(provider, [_without(each, names) for each in fresh], derived.get(provider, ()))
        new += fresh
    return Changed(file.text(), tuple(new), tuple(kept))


def _without(taken: Taken, names: set[str]) -> Taken:
    """The model without the aliases that are names already; the others are from now on."""
    aliases = {folded(name): name for name in reversed(taken.aliases) if folded(name) not in names}
    names.update(aliases)
    return replace(taken, aliases=tuple(reversed(aliases.values())))


class _File:
    """The lines of a price file, those that go, and those that are put behind them."""

    def __init__(self, path: Path) -> None:
        there = path.is_file()  # and no pipe, which would be waited for
        self._path = str(path)
        # What is no such file at all is told by the first of the two.
        self._top = yamlfile.read(path) if there else Mapping({}, {}, 1)
        self._lines = path.read_text("utf-8-sig").splitlines() if there else list(_HEAD)
        if "providers" not in self._top.lines:
            self._lines.append("providers:")
            self._top.lines["providers"] = len(self._lines)
        self._behind: dict[int, list[str]] = {}
        self._gone: set[int] = set()

    def models(self, provider: str) -> dict[str, str]:
        """The names of a provider's models, by their folded form."""
        return {folded(name): name for name in self._models(provider).values}

    def names(self, provider: str) -> set[str]:
        """Every name that a model of the provider has, folded."""
        models = self._models(provider)
        found = {folded(name) for name in models.values}
        for model in models.values.values():
            aliases = model.values.get("aliases") if isinstance(model, Mapping) else None
            if isinstance(aliases, Sequence):
                found.update(folded(each.text) for each in aliases.items if isinstance(each, Scalar))
        return found

    def take_out(self, provider: str, model: str) -> None:
        """Leaves out the lines of a model, but not the comments behind them."""
        models = self._models(provider)
        first = last = models.lines[model]
        indent = self._indent(models, provider)
        for number, line in enumerate(self._lines[first:], start=first + 1):
            text = line.lstrip()
            if text and not text.startswith("#"):
                if len(line) - len(text) <= indent:
                    break
                last = number
        self._gone.update(range(first, last + 1))

    def add(self, provider: str, models: Iterable[Taken], derived: Collection[str]) -> None:
        """Puts models in, before the others of their provider."""
        at, indent, lines = self._place(provider)
        for each in models:
            lines += model_lines(each.model, each.aliases, each.dated, derived, indent)
        self._behind.setdefault(at, []).extend(lines)

    def text(self) -> str:
        """The file as it is now."""
        lines: list[str] = []
        for number, line in enumerate(self._lines, start=1):
            if number not in self._gone:
                lines.append(line)
            lines += self._behind.get(number, ())
        return "\n".join(lines) + "\n"

    def _models(self, provider: str) -> Mapping:
        return _under(_under(_under(self._top, "providers"), provider), "models")

    def _place(self, provider: str) -> tuple[int, int, list[str]]:
        """Behind which line a provider's models stand, how far in, and the keys that must come first."""
        node, at, indent = self._top, len(self._lines), 0
        missing: list[str] = []
        for key in ("providers", provider, "models"):
            if key in node.lines and not missing:
                at = node.lines[key]
                if not _OPENS.fullmatch(self._lines[at - 1]):
                    fault(self._path, at, (key,), _BY_LINES)
                node = _under(node, key)
            else:
                missing.append(f"{' ' * indent}{scalar(key)}:")
                node = Mapping({}, {}, 0)
            indent = self._indent(node, key) if node.values else indent + _STEP
        return at, indent, missing

    def _indent(self, node: Mapping, key: str) -> int:
        """How far in the keys of a mapping stand, which must each begin a line."""
        first, line = next(iter(node.lines.items()))
        text = self._lines[line - 1]
        if not text.lstrip().lstrip("'\"").startswith(first):
            fault(self._path, line, (key, first), _BY_LINES)
        return len(text) - len(text.lstrip())


def _under(node: Mapping, key: str) -> Mapping:
    """The mapping under a key; an empty one where there is none."""
    found: Node | None = node.values.get(key)
    return found if isinstance(found, Mapping) else Mapping({}, {}, 0)
