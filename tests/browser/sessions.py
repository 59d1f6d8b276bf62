"""The sessions that the browser looks at: an agent's run with bodies, a hostile one, and many small ones."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec

from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.store import Ledger
from sessiontap.usage import Usage
from tests.sessions.samples import TRIAGE_ID, make_call, triage

HOSTILE = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
"""If it ever ran, the title would say so."""
HOSTILE_ID = f"hostile {HOSTILE}"
MANY = 60


def fill(ledger: Ledger) -> None:
    """Writes the sessions."""
    for call in triage():
        ledger.append(call)
        if call.api == "openai.chat" and call.status == "ok":
            ledger.put_bodies(bodies_of(call, "Where is the parcel of ticket 4711?", "It is **on its way**."))
    hostile = make_call(
        3, f"/{HOSTILE}", model=HOSTILE, call_id="hostile-call", session_id=HOSTILE_ID, session_name=HOSTILE
    )
    ledger.append(hostile)
    ledger.put_bodies(bodies_of(hostile, HOSTILE, f"{HOSTILE} [link](javascript:document.title='owned')"))
    for number in range(MANY):
        ledger.append(small(number))


def small(number: int, **fields: object) -> Call:
    """A session of one call; they begin on several days, and their costs differ."""
    day = 1 + number % 20
    call = make_call(
        0,
        "/",
        call_id=f"small-{number}",
        session_id=f"small-{number:03}",
        session_name=f"nightly {number % 3}",
        agent="codex/0.169",
        usage=Usage(input_tokens=100 + number, output_tokens=10),
        cost_usd=Decimal(number) / 1000,
        started_at=f"2026-11-{day:02}T10:00:00.000Z",
        ended_at=f"2026-11-{day:02}T10:00:02.300Z",
    )
    return msgspec.structs.replace(call, **fields)


def bodies_of(call: Call, asked: str, said: str) -> CallBodies:
    """A chat completion's, plain."""
    request = {
        "model": call.request_model,
        "messages": [
            {"role": "system", "content": "You answer questions about parcels."},
            {"role": "user", "content": asked},
        ],
    }
    reply = {
        "id": "chatcmpl-1",
        "model": call.response_model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5},
    }
    return CallBodies(
        call_id=call.call_id,
        session_id=call.session_id,
        method="POST",
        target=call.url_path,
        headers={"content-type": "application/json"},
        request=_body(request),
        reply=_body(reply),
    )


def _body(value: object) -> Body:
    content = json.dumps(value).encode()
    return Body(content=content, size=len(content), content_type="application/json")


__all__ = ["HOSTILE", "HOSTILE_ID", "MANY", "TRIAGE_ID", "bodies_of", "fill", "small"]
