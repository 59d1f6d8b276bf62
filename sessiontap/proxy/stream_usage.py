"""StreamUsage: which streams are asked for their usage for the client, and what filters their replies.

A request is asked for more only where the client did not ask, the provider documents the question (or the
user said `on`), and nothing signs the body. The reply is filtered, so that the client sees what it would
have seen; one whose header asks for the usage gets it. A reply that comes compressed all the same goes on as
it is, with one event more than expected: taking it apart could not be undone where it proves corrupt.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from mitmproxy.http import Headers, HTTPFlow, Request

from sessiontap.providers import Match
from sessiontap.settings import StreamUsageMode
from sessiontap.stream_usage import with_usage, without_usage
from sessiontap.wire.ssefilter import SSEFilter

HEADER = "helicone-stream-usage"
_APIS = frozenset({"openai.chat", "openai.completions"})
_SIGNATURES = (
    "signature",
    "signature-input",
    "content-digest",
    "repr-digest",
    "digest",
    "content-md5",
    "x-amz-content-sha256",
)
# Azure refuses what an older version of its API does not know.
_AZURE_SINCE = "2024-09-01"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class StreamUsage:
    """Remembers, by flow, which calls are to be asked and which were."""

    def __init__(self) -> None:
        self._to_ask: set[str] = set()
        self._asked: set[str] = set()
        # Whose client wants to see the answer.
        self._told: set[str] = set()

    def recognised(self, flow: HTTPFlow, found: Match, mode: StreamUsageMode) -> None:
        """Takes a model call at its headers, before those of the session are taken off."""
        if _wanted(flow.request.headers, found, mode) and _can_be_asked(flow.request, found):
            self._to_ask.add(flow.id)
            if _said(flow.request.headers) == "true":
                self._told.add(flow.id)

    def ask(self, flow: HTTPFlow) -> None:
        """Adds the question to a request that is complete, where it is wanted and not there yet."""
        if flow.id not in self._to_ask:
            return
        self._to_ask.discard(flow.id)
        request = flow.request
        body = request.raw_content
        edited = None if body is None else with_usage(body)
        if edited is None:
            return
        request.raw_content = edited
        if "content-length" in request.headers:
            request.headers["content-length"] = str(len(edited))
        if flow.id not in self._told:
            # What is compressed could not be filtered.
            request.headers["accept-encoding"] = "identity"
            self._asked.add(flow.id)

    def filter(self, flow: HTTPFlow) -> SSEFilter | None:
        """What takes the answer to the question out of a reply again; fits the reply's headers to it."""
        response = flow.response
        if flow.id not in self._asked or response is None:
            return None
        headers = response.headers
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in {"", "identity"} or "text/event-stream" not in headers.get("content-type", ""):
            return None
        if headers.pop("content-length", None) is not None and flow.request.http_version == "HTTP/1.1":
            headers["transfer-encoding"] = "chunked"
        return SSEFilter(without_usage)

    def forget(self, flow: HTTPFlow) -> None:
        """Lets go of a flow that has ended."""
        self._to_ask.discard(flow.id)
        self._asked.discard(flow.id)
        self._told.discard(flow.id)


def _said(headers: Headers) -> str:
    said: str = headers.get(HEADER, "")
    return said.strip().lower()


def _wanted(headers: Headers, found: Match, mode: StreamUsageMode) -> bool:
    said = _said(headers)
    if said in {"true", "false"}:
        return said == "true"
    return mode == "on" or (mode == "auto" and found.stream_usage)


def _can_be_asked(request: Request, found: Match) -> bool:
    headers = request.headers
    if found.kind != "call" or found.api.name not in _APIS:
        return False
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        return False
    if headers.get("authorization", "").startswith("AWS4-") or any(name in headers for name in _SIGNATURES):
        return False
    version = parse_qs(request.path.partition("?")[2]).get("api-version", [""])[0]
    return _DATE.match(version) is None or version >= _AZURE_SINCE
