"""Gemini's Interactions: steps that start and grow, or all of a whole interaction.

https://ai.google.dev/api/interactions-api
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sessiontap.replies.bounds import Bounds, Parts, Room
from sessiontap.untrusted import JsonObject, obj, objects, text

# Members of a delta that say what it is, not what it brings.
_NO_GROWTH = frozenset({"type"})


class Interactions:
    """Makes the steps of one reply. The first version of the API wrote `content` and `outputs` for them."""

    def __init__(self, bounds: Bounds) -> None:
        self._whole: list[JsonObject] | None = None
        self._steps = Parts(Room(bounds))
        self._texts: dict[object, Parts] = {}
        self._bounds = bounds

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        interaction = obj(event, "interaction") or event
        if steps := objects(interaction, "steps") or objects(interaction, "outputs"):
            self._whole = [step for step in steps if step.get("type") != "user_input"]
        index = str(event.get("index"))
        if step := obj(event, "step") or (obj(event, "content") if "event_type" in event else {}):
            self._steps.at(index, dict(step))
        if delta := obj(event, "delta"):
            self._grow(index, delta)

    def _grow(self, index: str, delta: JsonObject) -> None:
        step = self._steps.at(index, {"type": "model_output"})
        kind = text(delta, "type") or ""
        words = text(delta, "text") or text(obj(delta, "content"), "text")
        if words is not None:
            member = "thinking" if kind.startswith("thought") else "text"
            step.grow(member, words, self._steps.room)
            return
        for member, value in delta.items():
            if isinstance(value, str) and member not in _NO_GROWTH:
                step.grow(member.removeprefix("partial_"), value, self._steps.room)
            elif member not in _NO_GROWTH:
                step.base[member] = value

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """The one reply so far."""
        return [self._steps.all() if self._whole is None else self._whole]
