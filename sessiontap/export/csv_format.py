"""CSV as RFC 4180 has it: a heading, CRLF, quotes where needed; UTF-8.

The columns are the record's fields in its order, usage spread over `usage.input_tokens` and so
on; lists and objects stand as JSON in one cell. A cell is empty where nothing is known. Text that
a spreadsheet would run as a formula gets a `'` before it; numbers are as they are.
https://www.rfc-editor.org/rfc/rfc4180
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from sessiontap.export.record import Record
from sessiontap.usage import Usage

# https://owasp.org/www-community/attacks/CSV_Injection; the wide forms do the same in some locales.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

_LONGEST_EXPONENT = 30

_encoder = msgspec.json.Encoder(decimal_format="number")


def csv_lines(kind: type[Record], records: Iterable[Record]) -> Iterator[bytes]:
    """The heading, then a row a record."""
    fields = kind.__struct_fields__
    heading: list[str] = []
    for field in fields:
        heading += [f"usage.{name}" for name in Usage.__struct_fields__] if field == "usage" else [field]
    yield _line(heading)
    for record in records:
        cells: list[str] = []
        for field in fields:
            value = getattr(record, field)
            if isinstance(value, Usage):
                cells += [_cell(getattr(value, name)) for name in Usage.__struct_fields__]
            else:
                cells.append(_cell(value))
        yield _line(cells)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, str):
        return "'" + value if value.startswith(_FORMULA) else value
    return _encoder.encode(value).decode() if value else ""


def _plain(value: Decimal) -> str:
    """Without an exponent, which some readers take for text, unless it would be very long."""
    _, _, exponent = value.as_tuple()
    return f"{value:f}" if isinstance(exponent, int) and abs(exponent) <= _LONGEST_EXPONENT else str(value)


def _line(cells: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode("utf-8", "replace")
