"""decoded: the arguments of a tool call, which many dialects write as a text."""

from __future__ import annotations

import msgspec

from sessiontap.nesting import nests_deeply


def decoded(written: object) -> object:
    """The JSON value that a text of arguments means; the text itself where it means none.

    A blank one is {}. Anything that is no text is given as it is.
    """
    if not isinstance(written, str):
        return written
    if not written.strip():
        return {}
    try:
        if nests_deeply(written.encode("utf-8")):
            return written
        value: object = msgspec.json.decode(written)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return written
    return value
