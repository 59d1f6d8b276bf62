"""The report as a file: how large it becomes, and what it says of what has no room."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from sessiontap.bodies import Body, CallBodies
from sessiontap.export.document import WholeSession
from sessiontap.web import report
from sessiontap.web.report import html_report
from tests.browser.sessions import bodies_of
from tests.sessions.samples import make_call

COUNT = 12
CALLS = [
    make_call(number, "/", call_id=f"n{number}", provider="anthropic", api="anthropic.messages")
    for number in range(COUNT)
]


def made(bodies: Mapping[str, CallBodies]) -> str:
    """The file."""
    return b"".join(html_report(WholeSession("s", CALLS, bodies))).decode()


def screenshot(call_id: str, size: int) -> CallBodies:
    """A request in which a tool gives a picture of so many bytes."""
    call = CALLS[int(call_id[1:])]
    data = base64.b64encode(call_id.encode() * (size // len(call_id))).decode()
    source = {"type": "base64", "media_type": "image/png", "data": data}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image", "source": source}]}
    content = json.dumps({"messages": [{"role": "user", "content": [result]}]}).encode()
    body = Body(content=content, size=len(content), content_type="application/json")
    return replace(bodies_of(call, "x", "y"), request=body)


def test_pictures_that_tools_gave_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are most of what an agent that uses a computer is told; the report stays as large as it may be."""
    monkeypatch.setattr(report, "MOST_BYTES", 400_000)
    monkeypatch.setattr(report, "MOST_OF_BODY", 1_000)
    page = made({call.call_id: screenshot(call.call_id, 150_000) for call in CALLS})
    assert page.count("data:image/png;base64,") == 2
    assert f"What was said in the last {COUNT - 2} calls is left out" in page


def test_what_has_no_room_is_not_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stored, and only not in the report."""
    monkeypatch.setattr(report, "MOST_BYTES", 1)
    page = made({call.call_id: bodies_of(call, "When?", "On Friday.") for call in CALLS})
    assert page.count("left out of the report, which would be too large") == 2 * (COUNT - 1)
    assert "not stored" not in page


def test_no_id_stands_twice() -> None:
    """A link to a call leads to its place."""
    page = made({call.call_id: bodies_of(call, "x", "y") for call in CALLS})
    ids = re.findall(r'\sid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert {f"call-{number}" for number in range(COUNT)} <= set(ids)
