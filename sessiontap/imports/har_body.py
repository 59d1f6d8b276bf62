"""The bytes of a body out of the text that a HAR has of it.

A HAR holds bodies decoded: without their content coding, and as text where they are text, base64 else. Some
writers fall short of that: mitmproxy reads a text that names no charset as Latin-1, and keeps the coded bytes
of what it cannot decode. http://www.softwareishard.com/blog/har-12-spec/#content
"""

from __future__ import annotations

import base64

from sessiontap.untrusted import clean

_TEXTS = ("text/", "json", "multipart/", "x-www-form-urlencoded")
# gzip (RFC 1952, 2.3.1) and zstd (RFC 8878, 3.1.1): no body that is not coded begins so.
_CODED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


def body_bytes(text: str, encoding: str, content_type: str) -> bytes | None:
    """The bytes that a text stands for; None where it says base64 and is none."""
    if is_base64(encoding):
        try:
            # Some break it into lines.
            return base64.b64decode("".join(text.split()), validate=True)
        except ValueError:  # also for characters that are not ASCII
            return None
    if text.isascii():
        return text.encode()
    try:
        narrow = text.encode("latin-1")
    except UnicodeEncodeError:
        return clean(text).encode()
    # UTF-8 that was read as Latin-1, or what was no text at all.
    return narrow if not _is_text(content_type) or _is_utf8(narrow) else text.encode()


def is_base64(encoding: str) -> bool:
    """True where a text's `encoding` says that it is base64."""
    return encoding.strip().lower() == "base64"


def is_coded(body: bytes, content_type: str) -> bool:
    """True where bytes out of base64 still have the content coding that the headers name."""
    return body.startswith(_CODED) or (_is_text(content_type) and not _is_utf8(body))


def _is_text(content_type: str) -> bool:
    return any(kind in content_type.lower() for kind in _TEXTS)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
