"""decode_json: a JSON text that somebody else wrote, read as tolerantly as the common readers do.

https://www.rfc-editor.org/rfc/rfc8259
"""

from __future__ import annotations

import json
from collections.abc import Container

import msgspec

from sessiontap.errors import WireError

_decoder = msgspec.json.Decoder()
_head_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SMALL = 4096
_LONG = 1 << 20
SMALL_WITHIN = 64 * 1024
"""Bytes of what is small within a member that `decode_head` looks into."""
_BOM = b"\xef\xbb\xbf"


def decode_json(data: bytes) -> object:
    """The value of a JSON text: dict, list, str, int, float, bool or None.

    Also reads what is not strictly JSON but is sent: a byte order mark, NaN, Infinity, numbers beyond a
    float (they become infinite), lone surrogates (they stay) and invalid UTF-8 (U+FFFD).
    Raises WireError for what is malformed or nested too deeply, and nothing else.
    """
    try:
        value: object = _decoder.decode(data)
    except RecursionError as error:
        message = "JSON is nested too deeply to be read"
        raise WireError(message) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _lenient(data, str(error))
    return value


def decode_head(
    data: bytes, *, long: Container[str] = (), within: Container[str] = (), small: int = _SMALL
) -> dict[str, object]:
    """The small members of a JSON object; {} for JSON of any other kind.

    Small is up to 4 KiB, for those that `long` names up to 1 MiB. The large ones are passed over without
    being built, so that a conversation of megabytes takes milliseconds; of large objects that `within`
    names, the members up to 64 KiB are given. Strict JSON only.
    Raises WireError for anything else, and nothing else.
    """
    try:
        return _head(data, long, within, small)
    except msgspec.ValidationError:
        return {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"not JSON: {error}"
        raise WireError(message) from error
    except RecursionError as error:
        message = "JSON is nested too deeply to be read"
        raise WireError(message) from error


def _head(
    data: bytes | msgspec.Raw, long: Container[str], within: Container[str], small: int
) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, raw in _head_decoder.decode(data).items():
        view = memoryview(raw)
        if len(view) <= (_LONG if key in long else small):
            found[key] = _decoder.decode(raw)
        elif key in within and bytes(view[:1]) == b"{":
            found[key] = _head(raw, (), (), SMALL_WITHIN)
    return found


def _lenient(data: bytes, reason: str) -> object:
    try:
        value: object = json.loads(data.removeprefix(_BOM).decode("utf-8", "replace"))
    except RecursionError as error:
        message = "JSON is nested too deeply to be read"
        raise WireError(message) from error
    except ValueError as error:
        message = f"not JSON: {reason}"
        raise WireError(message) from error
    return value
