"""What an export is made of: records of one kind, and the shape of a format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeAlias

import msgspec

from sessiontap.call import Call, encode
from sessiontap.sessions.rollup import SessionSummary, encode_summary

Record: TypeAlias = Call | SessionSummary


class Format(Protocol):
    """Turns records of one kind into chunks of bytes, as they come; holds none of them back."""

    def __call__(self, kind: type[Record], records: Iterable[Record], /) -> Iterator[bytes]:
        """The whole file in chunks. `kind` is the type of the records: there may be none."""


def encode_record(record: Record) -> bytes:
    """The record as one line of JSON, without the line end."""
    return encode(record) if isinstance(record, Call) else encode_summary(record)


_encoder = msgspec.json.Encoder(decimal_format="number")


def json_of(value: object) -> bytes:
    """Structs of the figures as JSON, without the line end; money stays exact."""
    return _encoder.encode(value)
