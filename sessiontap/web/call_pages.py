"""The page of one call, which other pages show in a drawer, and its bodies as they are stored."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, Response, abort, make_response, render_template

from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.conversation import call_messages
from sessiontap.export.document import Spared
from sessiontap.store import Ledger
from sessiontap.web.curl import curl
from sessiontap.web.gantt import text_of
from sessiontap.web.messages import shown_messages
from sessiontap.web.opened import Opened
from sessiontap.web.session_pages import opened_or_404
from sessiontap.web.source import Source

_NO_BODY = {
    "asked": "left out: the client asked for that",
    "media": "left out: it is no text, and only text is kept",
    "unreadable": "left out: its content-encoding could not be undone",
}
# A browser that opens a body shows it as a text, whatever it says that it is.
_BODY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def call_pages(source: Source) -> Blueprint:
    """`/s/<key>/calls/<path:call_id>`, and below it `/request` and `/reply`."""
    pages = Blueprint("call", __name__)

    @pages.get("/s/<key>/calls/<path:call_id>")
    def call(key: str, call_id: str) -> str:
        opened = opened_or_404(source, key)
        number = opened.by_id.get(call_id)
        if number is None:
            abort(404, "This session has no such call.")
        bodies = Spared(Ledger(source.home).bodies(opened.session_id))
        shown = shown_call(opened, number, bodies.get(call_id), bodies.faults.get(call_id, ""))
        return render_template("call_page.html", note=source.notes.get(opened.session_id), **shown)

    @pages.get("/s/<key>/calls/<path:call_id>/line")
    def line(key: str, call_id: str) -> Response:
        """What a tooltip says."""
        opened = opened_or_404(source, key)
        number = opened.by_id.get(call_id)
        if number is None:
            abort(404, "This session has no such call.")
        answer = make_response(text_of(opened.calls[number]))
        answer.content_type = "text/plain; charset=utf-8"
        return answer

    @pages.get("/s/<key>/calls/<path:call_id>/<any(request, reply):side>")
    def body(key: str, call_id: str, side: Literal["request", "reply"]) -> Response:
        opened = opened_or_404(source, key)
        if call_id not in opened.by_id:
            abort(404, "This session has no such call.")
        bodies = Ledger(source.home).bodies(opened.session_id).get(call_id)
        found = None if bodies is None else getattr(bodies, side)
        if found is None or found.content is None:
            abort(404, f"The {side} of this call is not stored.")
        answer = make_response(found.content)
        is_json = found.content.lstrip()[:1] in {b"{", b"["}
        answer.content_type = "application/json" if is_json else "text/plain; charset=utf-8"
        answer.headers.update(_BODY_HEADERS)
        return answer

    return pages


def shown_call(opened: Opened, number: int, bodies: CallBodies | None, fault: str) -> dict[str, object]:
    """What the templates show of a call; `fault` is why its bodies could not be read."""
    call = opened.calls[number]
    return {
        "opened": opened,
        "call": call,
        "number": number,
        "before": opened.calls[number - 1] if number else None,
        "after": opened.calls[number + 1] if number + 1 < len(opened.calls) else None,
        "bodies": bodies,
        "messages": None if bodies is None else shown_messages(call_messages(call, bodies)),
        "missing": {side: fault or why_missing(call, bodies, side) for side in ("request", "reply")},
        "curl": curl(call, bodies),
    }


def why_missing(call: Call, bodies: CallBodies | None, side: str) -> str:
    """Why a body is not there, or not whole; empty where it is."""
    body: Body | None = None if bodies is None else getattr(bodies, side)
    if body is None:
        return "not there yet" if call.status == "running" else "not stored"
    if body.left_out is not None and body.content is None:
        return _NO_BODY[body.left_out]
    said = []
    if body.cut:
        said.append(f"only the first {len(body.content or b''):,} of {body.size:,} bytes are stored")
    if body.masked:
        said.append("credentials in it were masked")
    return "; ".join(said)
