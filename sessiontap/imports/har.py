"""HAR 1.2: the entries of a file, one at a time.

The file is one JSON text. It is held in memory as it is, and only one entry at a time is built from it.
http://www.softwareishard.com/blog/har-12-spec/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec

from sessiontap.errors import CaptureError, WireError
from sessiontap.imports.har_entry import stored_flow
from sessiontap.imports.stored import StoredFlow, Unreadable
from sessiontap.untrusted import text
from sessiontap.wire.jsonarray import JSONArray
from sessiontap.wire.jsontext import decode_json

_BOM = b"\xef\xbb\xbf"
_ENTRIES = re.compile(rb'"entries"[ \t\r\n]*:[ \t\r\n]*(?=\[)')
_PIECE = 1 << 16
_CREATOR = re.compile(rb'"creator"[ \t\r\n]*:[ \t\r\n]*\{[^{}]{0,400}"mitmproxy"')


class _Log(msgspec.Struct, gc=False):
    entries: list[msgspec.Raw]
    creator: msgspec.Raw = msgspec.Raw(b"null")


class _Har(msgspec.Struct, gc=False):
    log: _Log


_decoder = msgspec.json.Decoder(_Har)


def har_flows(data: bytes) -> Iterator[StoredFlow | Unreadable]:
    """The flows of a HAR's entries, in the file's order.

    Raises CaptureError for what is no HAR; where the JSON is damaged, after the entries before the damage.
    """
    try:
        # Of bytes the entries are views, of anything else copies.
        log = _decoder.decode(data.removeprefix(_BOM)).log
    except msgspec.ValidationError as error:
        message = f"is JSON but no HAR ({error}); a HAR has its entries in log.entries"
        raise CaptureError(message) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield from _salvaged(data, "nested too deeply" if isinstance(error, RecursionError) else str(error))
        return
    yield from _flows(map(bytes, log.entries), Counter(), by_mitmproxy=_is_mitmproxy(bytes(log.creator)))


def _salvaged(data: bytes, reason: str) -> Iterator[StoredFlow | Unreadable]:
    """The entries that are whole in a JSON text that is not."""
    found = _ENTRIES.search(data)
    if found is not None:
        array, seen = JSONArray(), Counter[str]()
        by_mitmproxy = _CREATOR.search(data, 0, found.start()) is not None
        for start in range(found.end(), len(data), _PIECE):
            events = array.feed(data[start : start + _PIECE])
            yield from _flows((event.data for event in events), seen, by_mitmproxy=by_mitmproxy)
        yield from (Unreadable("an entry is larger than 64 MiB") for _ in range(array.dropped))
    message = f"is no whole JSON: {reason}"
    raise CaptureError(message)


def _flows(
    entries: Iterable[bytes], seen: Counter[str], *, by_mitmproxy: bool
) -> Iterator[StoredFlow | Unreadable]:
    for entry in entries:
        try:
            built = decode_json(entry)
        except WireError as error:
            yield Unreadable(f"an entry is no JSON: {error}")
            continue
        flow = stored_flow(built, by_mitmproxy=by_mitmproxy)
        if isinstance(flow, StoredFlow):
            # Two calls that were the same at the same moment are two, whenever the file is read.
            seen[flow.key] += 1
            if seen[flow.key] > 1:
                flow = replace(flow, key=f"{flow.key} {seen[flow.key]}")
        yield flow


def _is_mitmproxy(creator: bytes) -> bool:
    try:
        return text(decode_json(creator), "name") == "mitmproxy"
    except WireError:
        return False
