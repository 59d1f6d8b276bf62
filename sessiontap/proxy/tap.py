"""Tap: the stream callable that reads a reply as it passes.

mitmproxy hands it the raw bytes of the body, then `b""` once at a clean end. Whatever happens in the
meter, the same bytes go on to the client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from sessiontap.meter import CallMeter
from sessiontap.wire.ssefilter import SSEFilter

Stream = Callable[[bytes], Iterable[bytes] | bytes]


class Tap:
    """Feeds a meter and gives every chunk on at once, unchanged where there is nothing to `edit`.

    `on_whole` is called once, before the last byte goes on to the client, so that a call is on disk
    when its client has read it; `on_fault` gets whatever the meter raised, and the meter then rests.
    `edit` takes out of the stream what the client did not ask for; the meter sees what came. `inner` is a
    callable that another addon had set: it sees what would go on, and what it gives goes on.
    """

    __slots__ = ("_edit", "_expected", "_inner", "_meter", "_on_fault", "_on_whole", "_seen")

    def __init__(
        self,
        meter: CallMeter,
        *,
        expected: int | None,
        on_whole: Callable[[], None],
        on_fault: Callable[[Exception], None],
        edit: SSEFilter | None = None,
        inner: Stream | None = None,
    ) -> None:
        self._meter: CallMeter | None = meter
        self._expected = expected
        self._on_whole = on_whole
        self._on_fault = on_fault
        self._edit = edit
        self._inner = inner
        self._seen = 0

    def __call__(self, data: bytes) -> Iterable[bytes] | bytes:
        """The chunk as it came, but for what `edit` takes out of it; never raises on our account."""
        if self._meter is not None:
            try:
                self._read(self._meter, data)
            except Exception as error:  # noqa: BLE001 -- an exception here would cut the user's reply short
                self._meter = None
                self._on_fault(error)
        return self._passed_on(data)

    def _passed_on(self, data: bytes) -> Iterable[bytes] | bytes:
        if self._edit is None:
            return data if self._inner is None else self._inner(data)
        left = self._edited(self._edit, data)
        # A chunk without a byte would end a chunked reply.
        if self._inner is None:
            return [left] if left else []
        chunks = [left] if left else []
        if not data:
            chunks.append(b"")
        return [piece for chunk in chunks for piece in _pieces(self._inner(chunk))]

    def _edited(self, edit: SSEFilter, data: bytes) -> bytes:
        try:
            return edit.feed(data) if data else edit.close()
        except Exception as error:  # noqa: BLE001 -- as above: what was held back goes on as it came
            self._edit = None
            self._on_fault(error)
            return edit.rest() + data

    @property
    def used(self) -> bool:
        """True where at least one byte has passed here."""
        return self._seen > 0

    def _read(self, meter: CallMeter, data: bytes) -> None:
        self._seen += len(data)
        if data:
            meter.feed(data, time.monotonic())
        # Clients of OpenAI's streams leave as soon as they have read [DONE].
        if not data or self._seen == self._expected or meter.over:
            self._meter = None
            self._on_whole()


def _pieces(given: Iterable[bytes] | bytes) -> list[bytes]:
    pieces = [given] if isinstance(given, bytes) else list(given)
    return [piece for piece in pieces if piece]
