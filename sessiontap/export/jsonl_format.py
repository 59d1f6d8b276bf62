"""JSON Lines: one record a line, exactly as the stable contract has it.

https://jsonlines.org
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sessiontap.export.record import Record, encode_record


def json_lines(_kind: type[Record], records: Iterable[Record]) -> Iterator[bytes]:
    """A line a record; nothing at all where there are none."""
    for record in records:
        yield encode_record(record) + b"\n"
