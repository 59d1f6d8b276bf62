"""JSON: one array, a record a line, so that two exports can be compared line by line (RFC 8259)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sessiontap.export.record import Record, encode_record


def json_array(_kind: type[Record], records: Iterable[Record]) -> Iterator[bytes]:
    """The array; `[]` where there are no records."""
    before = b"[\n"
    for record in records:
        yield before + encode_record(record)
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"
