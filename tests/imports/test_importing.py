"""Importing: sessions, ids that stay, and nothing counted twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sessiontap.identity import identify
from sessiontap.imports.importing import Importing, Unassigned
from sessiontap.imports.known import Known
from sessiontap.meter import CallMeter
from sessiontap.providers import DIRECTORY
from sessiontap.record import Moment
from sessiontap.store import Ledger
from sessiontap.times import rfc3339
from tests.conformance.metering import fixture
from tests.conformance.replies import CHAT, found
from tests.imports.captures import BEGAN, ENDED_S, SENT_S, flow, har, mitm, of_fixture
from tests.imports.importing import SETTINGS, UNASSIGNED, Listed, calls_of, flows_of, one, settling, take
from tests.imports.test_flowfile import ASKED, JSON, REPLY

CLIENTS_ID = "0b1c2d3e-4f50-4617-8a9b-0c1d2e3f4a5b"


def chat(
    number: int = 1, *, began: float | None = None, model: str = "gpt-4.1-mini", **headers: str
) -> bytes:
    """A flow file with one chat; each number begins a minute later."""
    reply = json.loads(REPLY) | {"id": f"chat-{number}", "model": model}
    return mitm(
        [
            flow(
                CHAT,
                json.dumps({"model": model}).encode(),
                json.dumps(reply).encode(),
                request_headers={name.replace("_", "-"): value for name, value in headers.items()},
                reply_headers=JSON,
                began=BEGAN + 60 * number if began is None else began,
                number=number,
            )
        ]
    )


def test_a_call_keeps_the_session_that_its_headers_name() -> None:
    """Name, path, user and properties too; the file's name is one property more."""
    call = one(
        chat(
            helicone_session_id="run-1",
            helicone_session_name="Nightly",
            helicone_session_path="/plan",
            helicone_user_id="ann",
            helicone_property_env="prod",
        )
    )
    assert (call.session_id, call.session_name, call.session_path) == ("run-1", "Nightly", "/plan")
    assert (call.session_source, call.user_id) == ("header", "ann")
    assert call.properties == {"env": "prod", "import": "capture"}


def test_a_call_that_names_no_session_gets_that_of_the_file() -> None:
    """What it says of itself stays: its path, its name."""
    store = Listed()
    take(
        store,
        chat(1) + chat(2, helicone_session_path="/own"),
        unassigned=Unassigned(session_id="s", session_name="n", session_path="/p"),
    )
    assert [(c.session_id, c.session_name, c.session_path, c.session_source) for c in store.calls] == [
        ("s", "n", "/p", "none"),
        ("s", "n", "/own", "none"),
    ]


def test_importing_again_writes_nothing(tmp_path: Path) -> None:
    """Ids are the same each time, and so is every call."""
    store = Listed()
    data = chat(1) + chat(2) + chat(3, helicone_request_id=CLIENTS_ID)
    (first,) = take(store, data)
    written = len(store.written)
    (again,) = take(store, data)
    assert (first.calls, first.new, again.calls, again.new, again.there) == (3, 3, 3, 0, 3)
    assert len(store.written) == written == 3
    assert CLIENTS_ID in {call.call_id for call in store.calls}
    with Ledger(tmp_path) as ledger:
        for call in store.written:
            ledger.append(call)
        assert ledger.calls("import-1") == store.calls


def test_a_call_that_is_different_now_is_brought_up_to_date() -> None:
    """Under another name the file's calls are the same calls: replaced, not doubled."""
    store = Listed()
    take(store, chat())
    other = Unassigned(session_id=UNASSIGNED.session_id, session_name="renamed", session_path="/")
    (result,) = take(store, chat(), unassigned=other)
    assert (result.new, result.changed, len(store.calls)) == (0, 1, 1)
    assert store.calls[0].session_name == "renamed"


def test_a_har_of_a_flow_file_that_was_imported_brings_nothing_new() -> None:
    """The same traffic in another format is known by its place and millisecond."""
    flows = [
        flow(CHAT, ASKED, REPLY, reply_headers=JSON, began=BEGAN + number, number=number)
        for number in range(5)
    ]
    store = Listed()
    of_flow_file, of_har, again = take(store, mitm(flows), har(flows), har(flows))
    assert (of_flow_file.new, of_har.there, of_har.new, again.there) == (5, 5, 0, 5)
    assert of_har.sessions == of_flow_file.sessions


def test_what_was_recorded_live_is_not_imported_again() -> None:
    """The proxy's own record stays as it is, whatever the capture kept of it."""
    meter = CallMeter(found(CHAT), identify([], proxy_user="run-9", today=""), "live-1", rfc3339(BEGAN))
    meter.request(ASKED, JSON, BEGAN + SENT_S)
    meter.reply(200, JSON)
    meter.feed(REPLY, BEGAN + ENDED_S)
    live = meter.close("clean", Moment(rfc3339(BEGAN + ENDED_S), BEGAN + ENDED_S))
    store = Listed([live])
    whole, unkept = take(
        store,
        mitm([flow(CHAT, ASKED, REPLY, reply_headers=JSON)]),
        mitm([flow(CHAT, ASKED, None, reply_headers=JSON, number=2)]),
    )
    assert (whole.there, unkept.there, whole.sessions) == (1, 1, ("run-9",))
    assert store.calls == [live]


def test_calls_that_began_in_one_millisecond_are_told_apart() -> None:
    """As many are there already as were stored, and not one more."""
    store = Listed()
    same = [flow(CHAT, ASKED, REPLY, reply_headers=JSON, number=number) for number in (1, 2, 3)]
    take(store, mitm(same[:2]))
    (result,) = take(store, har(same))
    assert (result.there, result.new, len(store.calls)) == (2, 1, 3)


@pytest.mark.parametrize("other", [chat(2, began=BEGAN), chat(2, began=BEGAN, model="gpt-4.1")])
def test_another_call_of_the_same_millisecond_is_new(other: bytes) -> None:
    """The provider's id of the reply is another, or the model."""
    store = Listed()
    take(store, chat(1, began=BEGAN))
    assert take(store, other)[0].new == 1


def test_a_retry_under_the_same_clients_id_is_a_call_of_its_own() -> None:
    """SDKs send the same headers when they try again; both have their ids whenever they are imported."""
    data = chat(1, helicone_request_id=CLIENTS_ID) + chat(2, helicone_request_id=CLIENTS_ID)
    ids = [call.call_id for call in calls_of(data)]
    assert ids[0] == CLIENTS_ID
    assert len(set(ids)) == 2
    assert ids == [call.call_id for call in calls_of(data)]


def test_a_flow_that_was_saved_twice_is_one_call() -> None:
    """A proxy may save one again; its id stays."""
    store = Listed()
    (result,) = take(store, chat(1) * 2)
    assert (result.calls, len(store.calls)) == (1, 1)


def _background() -> list[bytes]:
    """A background response: its start, a poll too early, the last poll, and one more."""
    names = (
        "a background response is accepted and queued",
        "the background response is polled and still runs",
        "the background response is polled and has ended",
    )
    start, early, last = (
        mitm([of_fixture(fixture("openai.responses", name), "", number)]) for number, name in enumerate(names)
    )
    more = mitm([of_fixture(fixture("openai.responses", names[2]), "", 9)])
    return [start, early, last, more]


def test_a_background_response_and_its_polls_are_one_call() -> None:
    """As in live traffic; importing it again changes nothing."""
    store = Listed()
    data = b"".join(_background())
    take(store, data)
    (call,) = store.written
    assert (call.status, call.request_model, call.url_path) == ("ok", "o3", "/v1/responses")
    assert call.usage.input_tokens is not None
    take(store, data)
    assert len(store.written) == 1


def test_polls_may_be_in_a_later_file() -> None:
    """What was left running is ended by them; the first file again does not undo it."""
    start, early, last, more = _background()
    store = Listed()
    take(store, start, early + last + more)
    assert [call.status for call in store.written] == ["running", "ok"]
    take(store, start)
    (call,) = store.calls
    assert call.status == "ok"


def test_without_a_store_all_is_told_and_nothing_written() -> None:
    """A dry run says what a real one would."""
    data = chat(1) + chat(2)
    steps: list[None] = []
    dry = Importing(directory=DIRECTORY, settling=settling(), known=Known(), store=None, settings=SETTINGS)
    told = dry.take("capture", UNASSIGNED, flows_of(data), lambda: steps.append(None))
    store = Listed()
    assert [told] == take(store, data)
    assert len(steps) == len(store.written) == 2
