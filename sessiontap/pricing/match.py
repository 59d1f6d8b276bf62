"""Which model of a price file a name means.

In this order: a model's own name or alias; the same without a dated snapshot's suffix or `-latest`; the
most specific pattern; then all of that again without one of the provider's prefixes or suffixes. Case and a
`models/` in front do not count. Nothing is guessed from a shared beginning: `gpt-5-foo` is not `gpt-5`, and
a fine-tuned model is not its base.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, NamedTuple, TypeAlias

Closeness: TypeAlias = Literal["name", "snapshot", "pattern"]
CLOSENESSES: tuple[Closeness, ...] = ("name", "snapshot", "pattern")
"""How a name can mean a model, the closest first."""

_LONGEST = 256
_MOST_FORMS = 16
_SNAPSHOT = re.compile(
    r"(?:[-@]20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"|-20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|-latest)$"
)


def folded(name: str) -> str:
    """The form in which names are compared."""
    return name.strip().lower().removeprefix("models/")


class Pattern(NamedTuple):
    """A folded text with wildcards: `#` is one digit, one `*` any run of characters, the empty one too."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Pattern | None:
        """The pattern, or None where the text has more than one `*`, or wildcards alone that are not `*`."""
        if text.count("*") > 1 or (text != "*" and not text.strip("*#")):
            return None
        return cls(folded(text))

    def fits(self, name: str) -> bool:
        """True for a folded name that it stands for."""
        start, star, end = self.text.partition("*")
        if not star:
            return _same(start, name)
        if len(name) < len(start) + len(end):
            return False
        return _same(start, name[: len(start)]) and _same(end, name[len(name) - len(end) :])

    def after(self, name: str) -> str | None:
        """What follows the shortest beginning of a name that it stands for; None where there is none."""
        start, star, end = self.text.partition("*")
        if not _same(start, name[: len(start)]):
            return None
        if not star:
            return name[len(start) :]
        at = name.find(end, len(start)) if end else -1
        return None if at < 0 else name[at + len(end) :]

    def before(self, name: str) -> str | None:
        """What stands before the end of a name that it stands for, from the first place on; None without."""
        start, star, _ = self.text.partition("*")
        if not star:
            cut = len(name) - len(start)
            return name[:cut] if cut > 0 and _same(start, name[cut:]) else None
        at = name.find(start) if start else -1
        return name[:at] if at > 0 and self.fits(name[at:]) else None

    @property
    def specificity(self) -> int:
        """How many characters it fixes; of two patterns that fit a name, the higher one is meant."""
        return len(self.text) - self.text.count("*")

    def rivals(self, other: Pattern) -> bool:
        """True where a name may fit both and nothing says which one is meant."""
        return self.specificity == other.specificity and _meet(self.text, other.text)


class Form(NamedTuple):
    """A name as it is looked up, and in words what was taken off it."""

    name: str
    without: str

    def shortened(self, rest: str, taken: str) -> Form:
        """The form that is left when something is taken off."""
        return Form(rest, f"{self.without} and {taken!r}" if self.without else f"without {taken!r}")


class Meaning(NamedTuple):
    """The model that a name means, and in a few words why."""

    model: str
    why: str


@dataclass(frozen=True, slots=True)
class Names:
    """Names, folded, to models; and patterns, with their model."""

    models: Mapping[str, str]
    patterns: tuple[tuple[Pattern, str], ...]
    prefixes: tuple[Pattern, ...] = ()
    """What may stand before a name without changing what it means."""
    suffixes: tuple[Pattern, ...] = ()

    def over(self, lower: Names) -> Names:
        """Both files' names; these win where both have one."""
        return Names(
            {**lower.models, **self.models},
            (*self.patterns, *lower.patterns),
            self.prefixes or lower.prefixes,
            self.suffixes or lower.suffixes,
        )

    def forms(self, name: str) -> Iterator[Form]:
        """The name, folded, and then without its prefixes and suffixes, the longest first; nothing twice.

        Names come from traffic: one that is too long has no form, and none has more than a few.
        """
        waiting = [Form(folded(name), "")] if len(name) <= _LONGEST else []
        for form in waiting:
            yield form
            shorter = self._shorter(form) if len(waiting) < _MOST_FORMS else ()
            waiting.extend(each for each in shorter if all(each.name != other.name for other in waiting))

    def find(self, form: Form, closeness: Closeness) -> Meaning | None:
        """The model that a form of a name means so closely; None where there is none."""
        lookups = {"name": self._named, "snapshot": self._dated, "pattern": self._fitting}
        found = lookups[closeness](form.name)
        return (
            found if found is None or not form.without else found._replace(why=f"{found.why}, {form.without}")
        )

    def _shorter(self, form: Form) -> Iterator[Form]:
        name = form.name
        for rest in (prefix.after(name) for prefix in self.prefixes):
            if rest:
                yield form.shortened(rest, name[: len(name) - len(rest)])
        for rest in (suffix.before(name) for suffix in self.suffixes):
            if rest:
                yield form.shortened(rest, name[len(rest) :])

    def _named(self, name: str) -> Meaning | None:
        found = self.models.get(name)
        return None if found is None else Meaning(found, "its name" if found == name else "its alias")

    def _dated(self, name: str) -> Meaning | None:
        shot = _SNAPSHOT.search(name)
        found = None if shot is None else self.models.get(name[: shot.start()])
        return (
            None if shot is None or found is None else Meaning(found, f"its name or alias with {shot[0]!r}")
        )

    def _fitting(self, name: str) -> Meaning | None:
        fitting = [pair for pair in self.patterns if pair[0].fits(name)]
        if not fitting:
            return None
        pattern, model = max(fitting, key=lambda pair: pair[0].specificity)
        return Meaning(model, f"the pattern {pattern.text!r}")


def _same(pattern: str, text: str) -> bool:
    """True where the text is the pattern's, digits in the place of its `#`."""
    if "#" not in pattern:
        return pattern == text
    return len(pattern) == len(text) and all(
        sign == other or (sign == "#" and "0" <= other <= "9")
        for sign, other in zip(pattern, text, strict=True)
    )


@lru_cache(maxsize=1024)
def _meet(one: str, other: str) -> bool:
    """True where some text fits both patterns."""
    literal = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine in "*#" or theirs in "*#":
            break
        if mine != theirs:
            return False
        literal += 1
    one, other = one[literal:], other[literal:]

    @cache
    def meet(i: int, j: int) -> bool:
        if i == len(one) or j == len(other):
            return set(one[i:]) | set(other[j:]) <= {"*"}
        if one[i] == "*":
            return meet(i + 1, j) or meet(i, j + 1)
        if other[j] == "*":
            return meet(i, j + 1) or meet(i + 1, j)
        same = one[i] == other[j] or ("#" in (one[i], other[j]) and (one[i] + other[j]).strip("#").isdigit())
        return same and meet(i + 1, j + 1)

    return meet(0, 0)
