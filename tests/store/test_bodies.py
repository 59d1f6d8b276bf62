"""Bodies on disk: stored once by content, given back as they were, without credentials."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from tinydb import TinyDB

from sessiontap.bodies import Body, CallBodies, Piece
from sessiontap.errors import StoreError
from sessiontap.masking import MASK
from sessiontap.store import Ledger, journal
from sessiontap.store.body_checks import without_unused_parts
from sessiontap.store.tinydb_storage import AppendStorage

SYSTEM = {"role": "system", "content": "You are careful. " * 200}


def conversation(turns: int) -> bytes:
    """The request of a conversation that has come so far."""
    messages = [SYSTEM]
    for turn in range(turns):
        messages.append({"role": "user", "content": f"Question {turn}: " + "why? " * 200})
        messages.append({"role": "assistant", "content": f"Answer {turn}: " + "because. " * 150})
    return json.dumps({"model": "m", "messages": messages}).encode()


def of_call(number: int, request: bytes | Body | None, reply: bytes | Body | None = None) -> CallBodies:
    """The bodies of one call of session s."""
    return CallBodies(
        call_id=f"call-{number}",
        session_id="s",
        method="POST",
        target="/v1/chat/completions?api-version=1",
        headers={"content-type": "application/json"},
        request=_body(request, "application/json"),
        reply=_body(reply, "text/event-stream"),
    )


def _body(given: bytes | Body | None, content_type: str) -> Body | None:
    if isinstance(given, bytes):
        return Body(content=given, size=len(given), content_type=content_type)
    return given


def content(body: Body | None) -> bytes | None:
    """What was kept of a side."""
    assert body is not None
    return body.content


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that is not there yet."""
    return tmp_path / "home"


def file_of(home: Path) -> Path:
    """The file of session s."""
    return Ledger(home).path("s").with_name("bodies.jsonl")


def test_bodies_come_back_as_they_were(home: Path) -> None:
    """Both sides, with all that is known of them, are the same after a reading."""
    reply = Body(
        content=b'data: {"a":1}\n\ndata: [DONE]\n\n',
        size=28,
        content_type="text/event-stream",
        pieces=(Piece(120, 14), Piece(480, 14)),
    )
    stored = of_call(1, conversation(2), reply)
    with Ledger(home) as ledger:
        ledger.put_bodies(stored)
    assert Ledger(home).bodies("s").get("call-1") == stored


@pytest.mark.parametrize(
    "body", [b"", b"\xff\x00\xfe" * 400, b"not json " * 100, b"[" * 2000, b'"\\ud800"' * 100]
)
def test_what_is_no_json_comes_back_too(home: Path, body: bytes) -> None:
    """A body is bytes; that it is JSON is a hope."""
    with Ledger(home) as ledger:
        ledger.put_bodies(of_call(1, body, body))
        found = ledger.bodies("s").get("call-1")
    assert found is not None
    assert content(found.request) == content(found.reply) == body


def test_a_conversation_is_stored_once(home: Path) -> None:
    """Forty turns, each of which sends all before it, take about what the last one alone takes."""
    bodies = [of_call(turn, conversation(turn)) for turn in range(40)]
    with Ledger(home) as ledger:
        for each in bodies:
            ledger.put_bodies(each)
        read = ledger.bodies("s")
        assert [read.get(call_id) for call_id in read] == bodies
    sent = sum(each.size for each in bodies)
    assert file_of(home).stat().st_size < len(conversation(40)) * 1.5 < sent / 8


def test_another_process_shares_what_is_there(home: Path) -> None:
    """A ledger that is opened later looks which parts the file has."""
    with Ledger(home) as first:
        first.put_bodies(of_call(1, conversation(30)))
    before = file_of(home).stat().st_size
    with Ledger(home) as second:
        second.put_bodies(of_call(2, conversation(31)))
    assert file_of(home).stat().st_size - before < before / 5


def test_a_file_that_was_removed_gets_all_parts_again(home: Path) -> None:
    """Nobody may remember parts of a file that is gone."""
    with Ledger(home) as ledger:
        ledger.put_bodies(of_call(1, conversation(3)))
        file_of(home).unlink()
        ledger.put_bodies(of_call(2, conversation(3)))
        found = ledger.bodies("s").get("call-2")
    assert found is not None
    assert content(found.request) == conversation(3)


def test_a_file_that_was_replaced_gets_the_parts_it_lacks(home: Path) -> None:
    """A compaction beside a writer takes away no part that the writer counts on."""
    with Ledger(home) as ledger:
        ledger.put_bodies(of_call(1, conversation(3)))
        path = file_of(home)
        other = path.with_name("other")
        other.write_bytes(b'{"parts":{},"bodies":{}}\n')
        other.replace(path)
        ledger.put_bodies(of_call(2, conversation(3)))
        read = ledger.bodies("s")
        found = read.get("call-2")
    assert list(read) == ["call-2"]
    assert found is not None
    assert content(found.request) == conversation(3)


def test_credentials_are_masked_before_they_are_written(home: Path) -> None:
    """A key in a body, in the path or in a header is nowhere in the home; what is around it is."""
    key = "sk-" + "proj-" + "a1B2" * 10
    request = json.dumps({"messages": [{"role": "user", "content": f"my key is {key}, keep it"}]}).encode()
    bodies = of_call(1, request, f"data: {key}\n\n".encode())
    bodies = replace(bodies, target=f"/v1/{key}/chat", headers={"accept": f"x {key}"})
    with Ledger(home) as ledger:
        ledger.put_bodies(bodies)
        found = ledger.bodies("s").get("call-1")
    assert found is not None
    kept = content(found.request)
    assert kept is not None
    assert json.loads(kept)["messages"][0]["content"] == f"my key is {MASK}, keep it"
    assert content(found.reply) == f"data: {MASK}\n\n".encode()
    assert (found.target, found.headers) == (f"/v1/{MASK}/chat", {"accept": f"x {MASK}"})
    assert found.request is not None
    assert (found.request.masked, found.request.cut) == (True, False)


def test_a_side_that_comes_later_joins_the_other(home: Path) -> None:
    """A background call answers at once with an id, and in full by a poll: its request stays."""
    with Ledger(home) as ledger:
        ledger.put_bodies(of_call(1, conversation(1), b"queued"))
        poll = of_call(1, None, b"done")
        ledger.put_bodies(replace(poll, method="GET", target="/v1/responses/r1", headers={}))
        found = ledger.bodies("s").get("call-1")
    assert found == of_call(1, conversation(1), b"done")


def test_what_was_left_out_says_why(home: Path) -> None:
    """A body that the client did not want stored has its size and its reason, and no content."""
    asked = of_call(1, Body(content=None, size=81_234, left_out="asked"), b"reply")
    with Ledger(home) as ledger:
        ledger.put_bodies(asked)
        assert ledger.bodies("s").get("call-1") == asked


def test_a_body_that_was_cut_says_so(home: Path) -> None:
    """The size of the whole body stays, so that nobody takes its beginning for all of it."""
    cut = of_call(1, Body(content=b'{"a": "long', size=5_000))
    with Ledger(home) as ledger:
        ledger.put_bodies(cut)
        found = ledger.bodies("s").get("call-1")
    assert found is not None
    assert found.request is not None
    assert (found.request.cut, found.request.size) == (True, 5_000)


def test_tinydb_reads_the_file(home: Path) -> None:
    """A `bodies.jsonl` is a TinyDB database with two tables."""
    with Ledger(home) as ledger:
        ledger.put_bodies(of_call(1, conversation(1)))
    with TinyDB(file_of(home), storage=AppendStorage) as db:
        assert db.tables() == {"parts", "bodies"}


def test_bodies_of_a_later_version_are_refused_in_one_line(home: Path) -> None:
    """What a newer sessiontap wrote is not read half."""
    path = file_of(home)
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"bodies":{"call-1":{"schema":2,"request":{"size":1}}}}\n')
    with pytest.raises(StoreError, match=r"bodies of call 'call-1' .* schema 2, and this .* upgrade"):
        Ledger(home).bodies("s").get("call-1")


@pytest.mark.parametrize(
    "parts",
    [
        "{}",
        '{"p":{"zstd":"!"}}',
        '{"p":{"zstd":"aGVsbG8="}}',
        '{"p":{"rope":[["p"]]}}',
        '{"p":{"rope":["a",["q"]]}}',
        '{"p":{}}',
        '{"p":[]}',
    ],
)
def test_damaged_parts_are_told_in_one_line(home: Path, parts: str) -> None:
    """A part that is missing, no part, or without an end is a fault of that call only."""
    path = file_of(home)
    path.parent.mkdir(parents=True)
    path.write_text(
        f'{{"parts":{parts},"bodies":{{"call-1":{{"schema":1,"request":{{"rope":[["p"]],"size":9}}}},'
        '"call-2":{"schema":1,"request":{"rope":["text"],"size":4}}}}\n'
    )
    bodies = Ledger(home).bodies("s")
    with pytest.raises(StoreError, match=r"bodies of call 'call-1' cannot be read: they are damaged"):
        bodies.get("call-1")
    whole = bodies.get("call-2")
    assert whole is not None
    assert content(whole.request) == b"text"


def test_what_no_call_needs_is_told_from_what_is_needed(home: Path) -> None:
    """Without the bodies of one call, the parts of the other stay and give it back."""
    with Ledger(home) as ledger:
        ledger.put_bodies(of_call(1, conversation(5)))
        ledger.put_bodies(of_call(2, json.dumps({"input": "something else " * 100}).encode()))
    path = file_of(home)
    tables = dict(journal.read(path).tables)
    tables["bodies"] = {key: raw for key, raw in tables["bodies"].items() if key == "call-2"}
    rest = without_unused_parts(tables)
    assert 0 < len(rest["parts"]) < len(tables["parts"]) / 4
    path.write_bytes(
        b"".join(
            journal.documents_line(name, {key: bytes(raw) for key, raw in documents.items()})
            for name, documents in rest.items()
        )
    )
    found = Ledger(home).bodies("s").get("call-2")
    assert found is not None
    assert json.loads(content(found.request) or b"") == {"input": "something else " * 100}


def test_the_file_is_private(home: Path) -> None:
    """Nobody but the user may read what was said."""
    with Ledger(home) as ledger:
        ledger.put_bodies(of_call(1, b"{}"))
    assert stat.S_IMODE(file_of(home).stat().st_mode) == 0o600


def test_a_session_without_bodies_has_none(home: Path) -> None:
    """Asking creates nothing and finds nothing."""
    bodies = Ledger(home).bodies("s")
    assert (len(bodies), list(bodies), bodies.get("call-1")) == (0, [], None)
    assert not home.exists()
