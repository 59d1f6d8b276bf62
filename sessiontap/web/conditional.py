"""Answers that a page already has are not made again: it asks with the version that it shows.

A page that keeps itself up to date (`static/live.js`) asks for itself, and has the server wait with a 304
until there is something new. So it is told at once, and asks only a few times a minute.
https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match, https://www.rfc-editor.org/rfc/rfc7240#section-4.3
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable

from flask import Response, g, make_response, request

GONE = "sessiontap.gone"
"""In the environment of a request, where a server has it: tells whether the one that asked has left."""

_LONGEST_S = 25
_LOOK_S = 0.7
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,3})(?:$|[,;\s])")


def unless_known(
    version: Callable[[], str], render: Callable[[], str], stopping: threading.Event
) -> Response:
    """The page, or 304 where the one that asks has this version of it. The page says its version itself.

    `version` is asked for before the page is made; where the one that asks says so (`Prefer: wait=20`), again
    and again until it is another one. `stopping` ends the wait, and so does that the one that asked has left.
    """
    gone: Callable[[], bool] = request.environ.get(GONE, lambda: False)
    current = version()
    if request.if_none_match.contains(current):
        end = time.monotonic() + _patience(request.headers.get("Prefer", ""))
        while time.monotonic() < end and not stopping.wait(_LOOK_S) and not gone():
            if (current := version()) and not request.if_none_match.contains(current):
                break
    g.version = current
    known = request.if_none_match.contains(current)
    answer = make_response("", 304) if known else make_response(render())
    answer.set_etag(current)
    return answer


def _patience(preferences: str) -> int:
    """Seconds."""
    found = _WAIT.search(preferences)
    return min(int(found[1]), _LONGEST_S) if found else 0


def version_of(*parts: object) -> str:
    """A version that is another one where one of the parts is."""
    return hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()
