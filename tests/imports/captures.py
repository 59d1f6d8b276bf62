"""Captures for the tests: flows of mitmproxy from fixtures, written by mitmproxy's own writers."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from mitmproxy import http
from mitmproxy.flow import Error, Flow
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketData, WebSocketMessage
from wsproto.frame_protocol import Opcode

from tests.conformance.metering import COMPRESSORS, Fixture

with warnings.catch_warnings():
    # mitmproxy's addons import ldap3, which uses names that pyasn1 gives up.
    warnings.simplefilter("ignore", DeprecationWarning)
    from mitmproxy.addons.savehar import SaveHar

BEGAN = 1_795_500_000.25
"""2026-11-24T06:00:00.250Z, when the first flow begins; each takes 1.5 s from its request's last byte."""
SENT_S, FIRST_BYTE_S, ENDED_S = 0.125, 0.625, 1.625


def flow(
    url: str,
    request: bytes,
    reply: bytes | None,
    *,
    method: str = "POST",
    status: int = 200,
    request_headers: Mapping[str, str] | None = None,
    reply_headers: Mapping[str, str] | None = None,
    began: float = BEGAN,
    number: int = 1,
) -> http.HTTPFlow:
    """A flow that is over; `reply` None is one that was streamed and not kept."""
    made = tflow.tflow()
    made.id = f"00000000-0000-4000-8000-{number:012}"
    made.client_conn.timestamp_end = None
    made.request = http.Request.make(method, url, request, _headers(request_headers))
    # mitmproxy 12 doubles the slashes of a path that begins with two.
    made.request.path = "/" + url.partition("://")[2].partition("/")[2]
    made.request.timestamp_start = began
    made.request.timestamp_end = began + SENT_S
    made.response = http.Response.make(status, b"", _headers(reply_headers))
    made.response.raw_content = reply
    made.response.timestamp_start = began + FIRST_BYTE_S
    made.response.timestamp_end = began + ENDED_S
    return made


def _headers(named: Mapping[str, str] | None) -> http.Headers:
    return http.Headers([(name.encode(), value.encode()) for name, value in (named or {}).items()])


def of_fixture(each: Fixture, encoding: str = "", number: int = 1) -> http.HTTPFlow:
    """The flow that a fixture's call is on the wire, its reply in this coding; one begins a minute."""
    wire = COMPRESSORS[encoding](each.response_body)
    return flow(
        each.url,
        each.request_body,
        wire,
        method=each.method,
        status=each.status,
        request_headers={"content-type": each.request_type},
        reply_headers={k: v for k, v in each.response_headers(encoding).items() if v},
        began=BEGAN + 60 * number,
        number=number,
    )


def failed(made: http.HTTPFlow, said: str) -> http.HTTPFlow:
    """The flow without a reply, ended by this error."""
    made.response = None
    made.error = Error(said, made.request.timestamp_start + ENDED_S)
    return made


def socket(
    url: str,
    messages: Iterable[tuple[bool, bytes]],
    *,
    closed: tuple[bool, int, str] = (True, 1000, ""),
    number: int = 1,
) -> http.HTTPFlow:
    """A WebSocket of these messages, `True` by the client, one a second."""
    made = flow(url, b"", b"", method="GET", status=101, number=number)
    by_client, code, reason = closed
    made.websocket = WebSocketData(
        messages=[
            WebSocketMessage(Opcode.TEXT, sent, data, made.request.timestamp_start + 1 + at)
            for at, (sent, data) in enumerate(messages)
        ],
        closed_by_client=by_client,
        close_code=code,
        close_reason=reason,
    )
    made.websocket.timestamp_end = made.request.timestamp_start + 1 + len(made.websocket.messages)
    return made


def mitm(flows: Iterable[Flow]) -> bytes:
    """A flow file."""
    file = io.BytesIO()
    writer = FlowWriter(file)  # type: ignore[no-untyped-call]
    for each in flows:
        writer.add(each)
    return file.getvalue()


def har(flows: Iterable[Flow]) -> bytes:
    """A HAR."""
    return json.dumps(SaveHar().make_har(list(flows)), indent=1).encode()


def entry(har_text: bytes, number: int = 0) -> dict[str, Any]:
    """One entry of a HAR."""
    found: dict[str, Any] = json.loads(har_text)["log"]["entries"][number]
    return found


def with_entries(*entries: object) -> bytes:
    """A HAR of these entries, as a browser writes it."""
    creator = {"name": "WebInspector", "version": "537.36"}
    return json.dumps({"log": {"version": "1.2", "creator": creator, "entries": entries}}).encode()
