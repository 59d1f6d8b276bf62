"""members_of: the top of a request's JSON, also of one that was cut short or that only tolerant readers take."""

from __future__ import annotations

import json
import re

import msgspec

from sessiontap.errors import WireError
from sessiontap.wire.jsontext import decode_json

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
# A whole string, one that is cut, or a bracket.
_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+("?)|[\[\]{}]', re.DOTALL)
_CUT_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?$")
# What may have to stand between the cut and the brackets: half a member, half a word.
_ENDS = (b"", b"null", b":null")
_LAST_WORD = re.compile(rb"[,:]?\s*[A-Za-z0-9+\-.]*$")


def members_of(content: bytes) -> dict[str, msgspec.Raw]:
    """The members of a JSON object, each as JSON. Raises WireError where the content is no object."""
    try:
        return _object.decode(content)
    except _UNREADABLE:
        value = decode_json(mended(content))
    if not isinstance(value, dict):
        message = "not a JSON object"
        raise WireError(message)
    # Half a surrogate pair cannot be written again.
    said = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    try:
        return _object.decode(said)
    except _UNREADABLE as error:
        raise WireError(str(error)) from error


def mended(content: bytes) -> bytes:
    """The same where it can be read; else closed where it ends, so that what came before can be."""
    try:
        decode_json(content)
    except WireError:
        pass
    else:
        return content
    open_brackets: list[bytes] = []
    quote = False
    for token in _TOKENS.finditer(content):
        bracket = token[0][:1]
        if bracket == b'"':
            quote = token[1] == b""
        elif bracket in b"[{":
            open_brackets.append(b"]" if bracket == b"[" else b"}")
        elif open_brackets:
            open_brackets.pop()
    head = content
    if quote:
        # Half an escape, half a character.
        head = _CUT_ESCAPE.sub(b"", head).decode("utf-8", "ignore").encode("utf-8") + b'"'
    close = b"".join(reversed(open_brackets))
    for start in (head, _LAST_WORD.sub(b"", head)):
        for end in _ENDS:
            try:
                decode_json(start + end + close)
            except WireError:
                continue
            return start + end + close
    return content
