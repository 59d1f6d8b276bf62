"""Content-Encoding undone as the bytes come: gzip, deflate, br, zstd, and stacks of them.

Whatever can be decoded is given before an error is raised, and no stream grows beyond a cap.
https://www.rfc-editor.org/rfc/rfc9110#section-8.4
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from sessiontap.errors import WireError
from sessiontap.wire.codings import CODINGS, Coding

MAX_DECODED = 1 << 30
# Nobody stacks more than two in earnest; each layer costs memory.
_MAX_STACK = 5


class ContentDecoder(Protocol):
    """Undoes the content coding of one body; fed once and closed once."""

    def feed(self, data: bytes) -> bytes:
        """Everything that can be decoded so far and was not given before.

        Raises WireError where the body is corrupt or decodes to more than the cap: at once, or, where
        bytes before the fault could still be given, on the next feed or close.
        """
        ...

    def close(self) -> bytes:
        """What is left, now that the input has ended; raises WireError where it is corrupt or cut off."""
        ...


class _Identity:
    __slots__ = ()

    def feed(self, data: bytes) -> bytes:
        return data

    def close(self) -> bytes:
        return b""


class _Stack:
    __slots__ = ("_codings", "_fault", "_left", "_limit")

    def __init__(self, codings: list[Coding], limit: int) -> None:
        self._codings = codings
        self._limit = limit
        self._left = limit
        self._fault: str | None = None

    def feed(self, data: bytes) -> bytes:
        if self._fault is not None:
            raise WireError(self._fault)
        pieces: list[bytes] = []
        try:
            pieces.extend(self._pump(data, 0))
        except WireError as error:
            self._fault = str(error)
            if not any(pieces):
                raise
        return b"".join(pieces)

    def close(self) -> bytes:
        if self._fault is not None:
            raise WireError(self._fault)
        if not all(coding.ended for coding in self._codings):
            message = "compressed content ends before its end marker: the body was cut off"
            raise WireError(message)
        return b""

    def _pump(self, data: bytes, layer: int) -> Iterator[bytes]:
        for piece in self._codings[layer].steps(data):
            self._left -= len(piece)
            if self._left < 0:
                message = f"compressed content decodes to more than {self._limit} bytes"
                raise WireError(message)
            if layer + 1 < len(self._codings):
                yield from self._pump(piece, layer + 1)
            else:
                yield piece


def content_decoder(encoding: str, *, limit: int = MAX_DECODED) -> ContentDecoder:
    """The decoder for the value of a Content-Encoding header; "" and identity pass everything through.

    `limit` caps the decoded bytes, those between stacked codings included.
    Raises WireError for a coding that is not known, and for more than five of them.
    """
    names = [name for part in encoding.split(",") if (name := part.strip().lower()) not in {"", "identity"}]
    if not names:
        return _Identity()
    if len(names) > _MAX_STACK:
        message = f"Content-Encoding names {len(names)} codings; at most {_MAX_STACK} are undone"
        raise WireError(message)
    for name in names:
        if name not in CODINGS:
            allowed = ", ".join([*CODINGS, "identity"])
            message = f"unknown Content-Encoding {name[:40]!a}; known are {allowed}"
            raise WireError(message)
    # The header lists them in the order in which they were applied.
    return _Stack([CODINGS[name]() for name in reversed(names)], limit)
