"""Texts that a client sent, made fit to be stored: trimmed, Unicode, no longer than a record can bear."""

from __future__ import annotations

import hashlib
import re

LONGEST_ID = 256
"""Characters of a session's id. OpenRouter takes as many; UUIDs and names of runs are far shorter."""

_KEPT_OF_LONG = 190
_LONGEST_SEGMENT = 64
_NOT_IN_SEGMENT = re.compile(r"[\s/\x00-\x1f\x7f]+")


def cleaned(value: str) -> str:
    """The value trimmed; what is not Unicode text (a header may hold any bytes) becomes U+FFFD."""
    stripped = value.strip()
    if stripped.isascii():
        return stripped
    # Bytes of a header stand as surrogates; JSON may spell others, alone, and no UTF-8 can hold those.
    readable = stripped.encode("utf-8", "surrogateescape") if _of_bytes(stripped) else None
    if readable is None:
        return stripped.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()
    return readable.decode("utf-8", "replace").strip()


def _of_bytes(text: str) -> bool:
    """True where every surrogate in the text stands for a byte."""
    return all(not "\ud800" <= char <= "\udfff" or "\udc80" <= char <= "\udcff" for char in text)


def as_id(value: str) -> str:
    """The value as a session's id.

    One of more than 256 characters is cut, with a digest of the whole behind it: two long ids that begin
    alike are never one session.
    """
    if len(value) <= LONGEST_ID:
        return value
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{value[:_KEPT_OF_LONG].rstrip()}…{digest}"


def as_segment(value: str) -> str:
    """The value as one segment of a path: no slash, no white space, no control character, 64 at most."""
    return _NOT_IN_SEGMENT.sub("-", value.strip()).strip("-")[:_LONGEST_SEGMENT]


def normalise_path(path: str) -> str:
    """A path that begins with one `/`, with none doubled and none at the end: `a//b/` is `/a/b`."""
    return "/" + "/".join(segment for segment in path.strip().split("/") if segment.strip()).strip()
