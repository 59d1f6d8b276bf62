"""framing_for: which framing a body has, by its Content-Type and, where that says little, its first bytes.

Providers mislabel: event streams called JSON or text, and errors in JSON called event streams.
"""

from __future__ import annotations

from sessiontap.wire.event import Event, Framing
from sessiontap.wire.eventstream import EventStream
from sessiontap.wire.jsonarray import JSONArray
from sessiontap.wire.jsonbody import JSONBody
from sessiontap.wire.ndjson import NDJSON
from sessiontap.wire.sse import SSE

_SSE_TYPE = "text/event-stream"
_BINARY_TYPE = "application/vnd.amazon.eventstream"
_LINE_TYPES = frozenset(
    {
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonl",
        "application/jsonlines",
        "application/x-jsonlines",
        "application/json-lines",
        "application/stream+json",
        "application/x-json-stream",
    }
)
_FIELDS = (b"data:", b"event:", b":", b"id:", b"retry:")
# White space and the byte order mark: no framing needs them in front.
_BEFORE = b" \t\r\n\xef\xbb\xbf"


class _Sniffed:
    """Decides by the first bytes that are not white space, and hands everything on."""

    __slots__ = ("_array", "_framing", "_head", "_labelled_sse")

    def __init__(self, *, labelled_sse: bool, array: bool) -> None:
        self._labelled_sse = labelled_sse
        self._array = array
        self._head = b""
        self._framing: Framing | None = None

    @property
    def dropped(self) -> int:
        return 0 if self._framing is None else self._framing.dropped

    def feed(self, data: bytes) -> list[Event]:
        if self._framing is not None:
            return self._framing.feed(data)
        self._head = (self._head + data).lstrip(_BEFORE)
        if not self._head or self._undecided(self._head):
            return []
        return self._decide().feed(self._head)

    def close(self) -> list[Event]:
        if self._framing is not None:
            return self._framing.close()
        framing = self._decide()
        return framing.feed(self._head) + framing.close()

    @staticmethod
    def _undecided(head: bytes) -> bool:
        return any(field.startswith(head) and field != head for field in _FIELDS)

    def _decide(self) -> Framing:
        # A line of an event stream that starts with a bracket means nothing.
        labelled = self._labelled_sse and not self._head.startswith((b"{", b"["))
        if labelled or self._head.startswith(_FIELDS):
            self._framing = SSE()
        else:
            self._framing = JSONArray() if self._array else JSONBody()
        return self._framing


def framing_for(content_type: str, *, array: bool) -> Framing:
    """A new framing for a body with this Content-Type; parameters and case do not matter.

    Event streams (Amazon's binary ones too) and lines of JSON are taken at their word, except that an
    "event stream" that starts with `{` or `[` is read as JSON. Everything else is an event stream where it
    starts like one, else an array to be split where `array` says that the api streams arrays, else one
    JSON text.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in _LINE_TYPES:
        return NDJSON()
    if media_type == _BINARY_TYPE:
        return EventStream()
    return _Sniffed(labelled_sse=media_type == _SSE_TYPE, array=array)
