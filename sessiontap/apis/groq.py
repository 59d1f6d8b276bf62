"""What Groq adds to a chat completion: usage and errors in `x_groq`, and the models behind a system.

https://console.groq.com/docs/api-reference and https://console.groq.com/docs/compound
"""

from __future__ import annotations

from functools import reduce
from operator import add

from sessiontap.apis.openai_usage import read_usage
from sessiontap.apis.reading import ErrorFacts
from sessiontap.call import UsagePart
from sessiontap.untrusted import JsonObject, label, obj, objects, text
from sessiontap.usage import Usage

_COMPARED = ("input_tokens", "output_tokens")
# No system calls so many models; a record must stay small.
_MOST_PARTS = 256


class GroqFacts:
    """Folds Groq's own members of the chunks of a completion; a plain completion is one chunk."""

    __slots__ = ("_parts", "error", "usage")

    def __init__(self) -> None:
        self.usage = Usage()
        """`x_groq.usage`: the same figures as `usage`, which not every stream has beside it."""
        self.error: ErrorFacts | None = None
        self._parts: tuple[UsagePart, ...] = ()

    def feed(self, event: JsonObject) -> None:
        """Takes a chunk, whoever sent it."""
        own = obj(event, "x_groq")
        if usage := obj(own, "usage"):
            self.usage = read_usage(usage)
        if words := text(own, "error"):
            self.error = ErrorFacts("error", words)
        breakdown = obj(event, "usage_breakdown") or obj(own, "usage_breakdown")
        if models := objects(breakdown, "models")[:_MOST_PARTS]:
            self._parts = tuple(_part(each) for each in models)

    def parts_of(self, usage: Usage) -> tuple[UsagePart, ...]:
        """What each model of a compound system was billed, where that is the whole of the usage."""
        if not self._parts or not all(part.model for part in self._parts):
            return ()
        summed = reduce(add, (part.usage for part in self._parts))
        whole = all(getattr(summed, name) == getattr(usage, name) for name in _COMPARED)
        return self._parts if whole else ()


def _part(entry: JsonObject) -> UsagePart:
    return UsagePart(model=label(text(entry, "model")) or "", usage=read_usage(obj(entry, "usage")))
