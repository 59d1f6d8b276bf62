"""Usage that a chat completions stream reports only where it is asked to: how to ask, how to hide it again.

OpenAI documents both halves: with `stream_options.include_usage` one more chunk comes before `[DONE]`, with
`choices: []` and the usage, and every other chunk has a `usage` of null
(https://platform.openai.com/docs/api-reference/chat/create#chat_create-stream_options).
"""

from __future__ import annotations

import re

import msgspec

from sessiontap.wire.jsonmembers import find_member, without

MOST_BYTES = 16 << 20
"""A larger request is left as it is: reading it would hold up the other streams."""

_ASKED = b'{"include_usage":true}'
_EMPTY_LIST = re.compile(rb"\[\s*\]")
_top = msgspec.json.Decoder(dict[str, msgspec.Raw])


def with_usage(body: bytes) -> bytes | None:
    """The request's body, asking for usage; every byte besides stays.

    None where there is nothing to add: no stream, usage asked for already, `stream_options` that are no
    object, a body that is no JSON object or too large. Never raises.
    """
    if len(body) > MOST_BYTES or b'"stream"' not in body:
        return None
    try:
        top = _top.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if bytes(top.get("stream", b"")) != b"true":
        return None
    if "stream_options" in top:
        return _with_options(body)
    opening = body.index(b"{") + 1
    return body[:opening] + b'"stream_options":' + _ASKED + b"," + body[opening:]


def _with_options(body: bytes) -> bytes | None:
    """The body with its `stream_options` edited."""
    found = find_member(body, b"stream_options")
    if found is None:
        return None
    value = body[found.value : found.end]
    edited = _ASKED if value == b"null" else _asking(value)
    return None if edited is None else body[: found.value] + edited + body[found.end :]


def _asking(options: bytes) -> bytes | None:
    if not options.startswith(b"{"):
        return None
    if b'"include_usage"' not in options:
        return _ASKED[:-1] + (b"," if options.strip(b"{} \t\r\n") else b"") + options[1:]
    found = find_member(options, b"include_usage")
    if found is None or options[found.value : found.end] not in {b"false", b"null"}:
        return None
    return options[: found.value] + b"true" + options[found.end :]


def without_usage(chunk: bytes) -> bytes | None:
    """A chunk's data as it would have been without the asking; None for the chunk that came on top.

    Only what the asking adds is taken away: a `usage` of null, and the chunk without choices but with usage.
    A usage beside choices, which some providers report unasked, stays. Never raises.
    """
    if b'"usage"' not in chunk:
        return chunk
    usage = find_member(chunk, b"usage")
    if usage is None:
        return chunk
    reported = chunk[usage.value : usage.end]
    if reported == b"null":
        return without(chunk, usage)
    choices = find_member(chunk, b"choices") if reported.startswith(b"{") else None
    if choices is not None and _EMPTY_LIST.fullmatch(chunk, choices.value, choices.end):
        return None
    return chunk
