"""members_of: the top of a request's JSON, of one that was cut short too."""

from __future__ import annotations

import json
import re

import msgspec

from sessiontap.errors import WireError
from sessiontap.nesting import nests_deeply
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
        value = decode_shallow(mended(content))
    if not isinstance(value, dict):
        message = "not a JSON object"
        raise WireError(message)
    # Half a surrogate pair cannot be written again.
    said = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    try:
        return _object.decode(said)
    except _UNREADABLE as error:
        raise WireError(str(error)) from error


def decode_shallow(content: bytes) -> object:
    """The value of a JSON text. Raises WireError for what is none, and for what is nested too deeply."""
    if nests_deeply(content):
        message = "JSON is nested too deeply to be read"
        raise WireError(message)
    return decode_json(content)


def mended(content: bytes) -> bytes:
    """The same where it can be read; else closed where it ends, so that what came before can be."""
    if _reads(content):
        return content
    head, brackets = content, _open_at_end(content)
    if brackets.startswith(b'"'):
        # Half an escape, half a character.
        head = _CUT_ESCAPE.sub(b"", head).decode("utf-8", "ignore").encode("utf-8") + b'"'
    close = brackets.removeprefix(b'"')
    tries = (start + end + close for start in (head, _LAST_WORD.sub(b"", head)) for end in _ENDS)
    return next((tried for tried in tries if _reads(tried)), content)


def _open_at_end(content: bytes) -> bytes:
    """What closes a JSON text that was cut: a quote where it ends within a string, then its brackets."""
    brackets: list[bytes] = []
    quote = b""
    for token in _TOKENS.finditer(content):
        sign = token[0][:1]
        if sign == b'"':
            quote = b"" if token[1] else b'"'
        elif sign in b"[{":
            brackets.append(b"]" if sign == b"[" else b"}")
        elif brackets:
            brackets.pop()
    return quote + b"".join(reversed(brackets))


def _reads(text: bytes) -> bool:
    try:
        decode_shallow(text)
    except WireError:
        return False
    return True
