"""Replies that are bare texts: completions of every provider, and what was heard in a recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sessiontap.replies.bounds import Bounds, Growing, Room
from sessiontap.untrusted import JsonObject, obj, objects

# Where the text stands in a reply or an event of one; the lists hold each of several replies.
_MEMBERS = ("completion", "value", "outputText", "generation", "text", "output_text", "summary")
_LISTS = ("choices", "results", "outputs", "generations", "completions")
_DELTAS = ("transcript.text.delta", "transcription.text.delta")


class Texts:
    """Makes a message of each text."""

    def __init__(self, bounds: Bounds) -> None:
        self._most = bounds.replies
        self._room = Room(bounds)
        self._texts: dict[int, Growing] = {}

    def feed(self, event: JsonObject) -> None:
        """Takes one event of the reply, or all of a plain one."""
        kind = event.get("type")
        if isinstance(kind, str) and kind.startswith(("transcript", "transcription")):
            if kind in _DELTAS:
                self._grow(0, event.get("delta", event.get("text")))
            elif kind.endswith(".done") and 0 not in self._texts:
                self._grow(0, event.get("text"))
            return
        for index, words in _texts_in(event):
            self._grow(index, words)

    def _grow(self, index: int, words: object) -> None:
        index = index if len(self._texts) < self._most or index in self._texts else 0
        if isinstance(words, str) and words:
            if index not in self._texts:
                self._texts[index] = Growing({"role": "assistant"})
            self._texts[index].grow("content", words, self._room)

    def messages(self) -> Iterable[Sequence[JsonObject]]:
        """Each reply so far."""
        return [[text.whole()] for text in self._texts.values()]


def _texts_in(event: JsonObject) -> Iterator[tuple[int, object]]:
    for name in _LISTS:
        for number, each in enumerate(objects(event, name)):
            index = each.get("index", number)
            words = next((each[key] for key in _MEMBERS if isinstance(each.get(key), str)), None)
            yield (
                index if isinstance(index, int) else number,
                obj(each, "data").get("text") if words is None else words,
            )
    # Replicate's language models give their text in pieces.
    output = event.get("output")
    if isinstance(output, list):
        output = "".join(piece for piece in output if isinstance(piece, str))
    yield 0, output
    yield 0, next((event[key] for key in _MEMBERS if isinstance(event.get(key), str)), None)
