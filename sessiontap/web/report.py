"""The report: one session as one HTML file that opens anywhere, offline, and runs nothing but its own script.

Its views are those of the pages. What would make the file too large is left out, and the report says so.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from sessiontap import __version__
from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.conversation import Turns
from sessiontap.export.document import Spared, WholeSession
from sessiontap.sessions.statistics import statistics
from sessiontap.web.assets import STATIC
from sessiontap.web.call_pages import why_missing
from sessiontap.web.conversation_pages import ShownTurn
from sessiontap.web.gantt import gantt
from sessiontap.web.messages import ShownMessages, ShownPart, shown_messages
from sessiontap.web.session_plots import context_plot, cost_by_model, latency_by_path
from sessiontap.web.templating import prepare
from sessiontap.web.tree_rows import tree_rows

MOST_BYTES = 12 * 1024 * 1024
"""About how much of what was said stands in a report, in bytes of the bodies."""

MOST_OF_BODY = 512 * 1024
"""How much of one request or reply stands in it as it is stored."""

_NO_ROOM = "left out of the report, which would be too large"
_SCRIPTS = ("keys.js", "json-tree.js", "timeline.js", "report.js")
# One script has no modules to import; the names that they give each other are then all in one scope.
_MODULE_LINES = re.compile(r"^import .*$|^export (?=function)", re.MULTILINE)

Progress = Callable[[int, int], None]
"""Told how many calls are done, of how many."""


@dataclass(frozen=True, slots=True)
class _ShownCall:
    """A call at the end of the report."""

    call: Call
    number: int
    bodies: CallBodies | None
    missing: dict[str, str]
    embedded: dict[str, str] | None


def html_report(session: WholeSession, *, progress: Progress | None = None) -> Iterator[bytes]:
    """The file in chunks.

    Without bodies in the session it holds figures only: no word of a message, and no provider's error
    message, which may quote one.
    """
    calls = list(session.calls)
    if session.bodies is None:
        calls = [msgspec.structs.replace(call, error_message=None) for call in calls]
        session = WholeSession(session.session_id, calls)
    turns, shown, left_out = _said(session, calls, progress)
    style, script = _style(), _script()
    found = statistics(calls)
    numbers = {call.call_id: number for number, call in enumerate(calls)}
    page = (
        _environment()
        .get_template("report.html")
        .stream(
            session=session,
            policy=_policy(style, script),
            style=Markup(style),  # noqa: S704 -- our own file
            script=Markup(script),  # noqa: S704
            tree_root=tree_rows(session.tree, most_calls=len(calls)),
            gantt=gantt(calls),
            call_at=lambda call: f"#call-{numbers[call.call_id]}",
            path_at=lambda _: "#tree",
            turns=turns,
            shown=shown,
            left_out=left_out,
            with_bodies=session.bodies is not None,
            stats=found,
            latencies=latency_by_path(found),
            costs=cost_by_model(found),
            context=context_plot(found.context),
            context_rows=found.context[:500],
            version=__version__,
        )
    )
    page.enable_buffering(64)
    for text in page:
        yield text.encode("utf-8", "replace")


def _said(
    session: WholeSession, calls: list[Call], progress: Progress | None
) -> tuple[list[ShownTurn], list[_ShownCall], int]:
    """The turns, the calls with their bodies, and of how many calls what was said had no room."""
    turns, seen = Turns(), list[ShownTurn]()
    shown: list[_ShownCall] = []
    room, left_out = MOST_BYTES, 0
    stored = None if session.bodies is None else Spared(session.bodies)
    for number, call in enumerate(calls):
        bodies = None if stored is None else stored.get(call.call_id)
        fault = "" if stored is None else stored.faults.get(call.call_id, "")
        if progress is not None:
            progress(number + 1, len(calls))
        stored_but_left = bodies is not None and room <= 0
        if stored_but_left:
            left_out += 1
            bodies = None
        no_room = _NO_ROOM if stored_but_left else ""
        missing = {side: fault or no_room or why_missing(call, bodies, side) for side in ("request", "reply")}
        embedded = None
        if bodies is not None:
            turn = turns.feed(call, bodies)
            new = shown_messages(turn.messages, turn.new)
            seen.append(ShownTurn(call, number, new, turn.folded))
            embedded = {side: _text(getattr(bodies, side)) for side in ("request", "reply")}
            room -= sum(map(len, embedded.values())) + _length(new)
        shown.append(_ShownCall(call, number, bodies, missing, embedded))
    return seen, shown, left_out


def _text(body: Body | None) -> str:
    """A body as text, the beginning of a long one."""
    if body is None or body.content is None:
        return ""
    text = body.content[:MOST_OF_BODY].decode("utf-8", "replace")
    more = len(body.content) - MOST_OF_BODY
    return text if more <= 0 else f"{text}\n… {more:,} more bytes are not in the report"


def _length(shown: ShownMessages) -> int:
    messages = [*shown.request, *(message for reply in shown.replies for message in reply)]
    return sum(_length_of(part) for message in messages for part in message.parts)


def _length_of(part: ShownPart) -> int:
    """With the parts in it: what tools gave is most of what an agent says."""
    return len(part.html) + len(part.text) + len(part.source) + sum(map(_length_of, part.parts))


def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("sessiontap.web"), autoescape=True)
    prepare(environment)
    return environment


def _style() -> str:
    return (STATIC / "style.css").read_text("utf-8")


def _script() -> str:
    return "\n".join(_MODULE_LINES.sub("", (STATIC / name).read_text("utf-8")) for name in _SCRIPTS)


def _policy(style: str, script: str) -> str:
    """Nothing runs, or is laid out, but by our own script and sheet; nothing is loaded."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
