"""Which model of a price file a name means.

In this order: a model's own name or alias; the same without a dated snapshot's suffix or `-latest`; the
most specific pattern. Case and a `models/` in front do not count. Nothing is guessed from a shared
beginning: `gpt-5-foo` is not `gpt-5`, and a fine-tuned model is not its base.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

_LONGEST = 256
_SNAPSHOT = re.compile(
    r"(?:[-@]20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"|-20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|-latest)$"
)


def folded(name: str) -> str:
    """The form in which names are compared."""
    return name.strip().lower().removeprefix("models/")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A name with wildcards: `#` is one digit, one `*` is any run of characters, the empty one too."""

    text: str
    model: str
    regex: re.Pattern[str]

    @classmethod
    def parse(cls, text: str, model: str) -> Pattern | None:
        """The pattern, or None where the text has more than one `*`, or wildcards alone that are not `*`."""
        if text.count("*") > 1 or (text != "*" and not text.strip("*#")):
            return None
        parts = {"*": ".*", "#": "[0-9]"}
        regex = "".join(parts.get(sign) or re.escape(sign) for sign in folded(text))
        return cls(text, model, re.compile(regex))

    @property
    def specificity(self) -> int:
        """How many characters it fixes; of two patterns that fit a name, the higher one is meant."""
        return len(self.text.replace("*", ""))

    def rivals(self, other: Pattern) -> bool:
        """True where a name may fit both and nothing says which of two models it means."""
        return (
            self.model != other.model
            and self.specificity == other.specificity
            and _meet(folded(self.text), folded(other.text))
        )


@dataclass(frozen=True, slots=True)
class Names:
    """Names, folded, to models; and patterns."""

    models: Mapping[str, str]
    patterns: tuple[Pattern, ...]

    def over(self, lower: Names) -> Names:
        """Both files' names; these win where both have one."""
        return Names({**lower.models, **self.models}, (*self.patterns, *lower.patterns))

    def find(self, name: str) -> str | None:
        """The model that is meant; None where no name, alias or pattern says so."""
        if len(name) > _LONGEST:
            return None
        name = folded(name)
        found = self.models.get(name) or self.models.get(_SNAPSHOT.sub("", name))
        if found is not None:
            return found
        fitting = [pattern for pattern in self.patterns if pattern.regex.fullmatch(name)]
        return max(fitting, key=lambda pattern: pattern.specificity).model if fitting else None


def _meet(one: str, other: str) -> bool:
    """True where some text fits both patterns."""
    literal = min(len(_literal(one)), len(_literal(other)))
    if one[:literal] != other[:literal]:
        return False
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


def _literal(pattern: str) -> str:
    return "".join(takewhile(lambda sign: sign not in "*#", pattern))
