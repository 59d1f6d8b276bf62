"""form_fields: the short fields of a multipart/form-data body, files left out.

https://www.rfc-editor.org/rfc/rfc7578
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TYPE = "multipart/form-data"
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^;\s"]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="([^"]{1,128})"', re.IGNORECASE)
_FILE = re.compile(rb"[;\s]filename\*?=", re.IGNORECASE)
_MOST_PARTS = 256
_LONGEST_HEAD = 4096
_LONGEST_VALUE = 4096
_WORDS: dict[str, object] = {"true": True, "false": False}


def is_form(content_type: str) -> bool:
    """True for the Content-Type of a form whose fields `form_fields` can give."""
    return content_type.lstrip().lower().startswith(_TYPE)


def form_fields(body: bytes, content_type: str) -> dict[str, object]:
    """The fields by name; the last of a name wins. `true` and `false` become booleans, as JSON has them.

    Left out: files, values above 4 KiB, and what comes after 256 parts. Never raises; a body that is no
    form has no fields.
    """
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return {}
    found: dict[str, object] = {}
    for start, end in _parts(body, b"--" + (boundary[1] or boundary[2]).encode("utf-8", "replace")):
        head_end = body.find(b"\r\n\r\n", start, min(end, start + _LONGEST_HEAD))
        if head_end < 0 or end - (head_end + 4) > _LONGEST_VALUE:
            continue
        head = body[start:head_end]
        name = _NAME.search(head)
        if name is not None and not _FILE.search(head):
            value = body[head_end + 4 : end].decode("utf-8", "replace")
            found[name[1].decode("utf-8", "replace")] = _WORDS.get(value, value)
    return found


def _parts(body: bytes, delimiter: bytes) -> Iterator[tuple[int, int]]:
    """Where each part starts and ends, the line ends around its delimiters left out."""
    start = body.find(delimiter)
    for _ in range(_MOST_PARTS):
        if start < 0:
            return
        start += len(delimiter)
        end = body.find(b"\r\n" + delimiter, start)
        if end < 0:
            return
        yield start, end
        start = end + 2
