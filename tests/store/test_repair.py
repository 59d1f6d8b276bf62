from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.call import Call, encode
from sessiontap.store import Ledger, journal
from sessiontap.store.appender import locked
from sessiontap.store.records import read_calls
from sessiontap.store.repair import Aside, repair
from sessiontap.store.verify import Totals, verify_journal
from tests.store.files import write_old
from tests.store.limits import LargestFile

NewCall = Callable[..., Call]


def line(*calls: Call) -> bytes:
    """A line with calls."""
    return journal.documents_line("calls", {call.call_id: encode(call) for call in calls})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal of a test stands."""
    return tmp_path / "calls.jsonl"


def asides(path: Path) -> list[Path]:
    """The files of damaged lines beside a journal, oldest first."""
    return sorted(path.parent.glob(f"{path.name}.damaged-*"))


def put_back(repaired: bytes, aside: bytes) -> bytes:
    """The journal as it was, out of what a repair has left."""
    kept = list(BytesIO(repaired))
    rows = aside.split(b"\n")[:-1]
    before: list[bytes] = []
    for head, raw in zip(rows[::2], rows[1::2], strict=True):
        about = msgspec.json.decode(head, type=Aside)
        missing = about.line - 1 - len(before)
        before += kept[:missing]
        assert len(b"".join(before)) == about.offset
        assert len(raw) == about.bytes
        before.append(raw + b"\n" * about.ended)
        kept = kept[missing + about.replaced_by :]
    return b"".join([*before, *kept])


def test_nothing_is_written_where_nothing_is_damaged(path: Path, new_call: NewCall) -> None:
    """Not even where there is a record of a newer schema, a blank line, or no last LF."""
    path.write_bytes(
        line(new_call("a")) + b"\n\r\n" + line(new_call("b", schema=4)) + line(new_call("c"))[:-1]
    )
    before = path.stat()
    assert repair(path) is None
    assert path.stat().st_ino == before.st_ino
    assert {file.name for file in path.parent.iterdir()} == {"calls.jsonl", "calls.jsonl.lock"}


def test_damaged_lines_go_aside_and_the_others_stay(path: Path, new_call: NewCall) -> None:
    """Byte by byte as they were, blank ones too; the file aside is private and puts the journal back."""
    good = [line(new_call("a")), b"\n", line(new_call("b"), new_call("c"))]
    path.write_bytes(good[0] + b"oops\n" + good[1] + b"\xff\0\n" + good[2] + b'{"calls":{"x"')
    before = path.read_bytes()
    done = repair(path)
    assert done is not None
    assert (done.damaged, done.bytes, done.recovered) == (3, 4 + 2 + 13, 0)
    assert path.read_bytes() == b"".join(good)
    assert asides(path) == [done.aside]
    assert put_back(path.read_bytes(), done.aside.read_bytes()) == before
    rows = done.aside.read_bytes().split(b"\n")
    assert json.loads(rows[0]) == {
        "line": 2,
        "offset": len(good[0]),
        "bytes": 4,
        "ended": True,
        "replaced_by": 0,
        "reason": "not a line of a store (JSON is malformed: invalid character (byte 0))",
    }
    assert rows[1] == b"oops"
    if os.name == "posix":
        assert done.aside.stat().st_mode & 0o777 == path.stat().st_mode & 0o777 == 0o600
    assert repair(path) is None


def test_the_file_cut_at_every_byte_of_its_last_three_lines(path: Path, new_call: NewCall) -> None:
    """After the repair every earlier record is there, the cut line is aside, and nothing is damaged."""
    lines = [line(new_call(name)) for name in "abcd"]
    whole = b"".join(lines)
    for cut in range(len(lines[0]), len(whole)):
        write_old(path, whole[:cut])
        before = read_calls(path).calls
        assert len(before) == sum(len(b"".join(lines[: count + 1])) - 1 <= cut for count in range(4))
        done = repair(path)
        assert read_calls(path) == (before, ())
        if done is not None:
            assert put_back(path.read_bytes(), done.aside.read_bytes()) == whole[:cut]
            done.aside.unlink()


@pytest.mark.parametrize(
    ("pattern", "there"),
    [
        ("{A}{B}", "ab"),
        ("{A} \t{B}", "ab"),
        ('{{"calls":{{"x":{{"sch{A}', "a"),
        ('{{"calls":{{"x":{{"sch{A}{{"calls":{{"y":{{"call{B}', "ab"),
        ("{A}{{", "a"),
        ('{A}{{"calls":{{"x":', "a"),
        ("\0\0\0{A}", "a"),
        ("{A}\0\0\0", "a"),
        ('{A}{{"calls":{{"b":null}}}}', ""),
        ('{A}{{"calls":null}}', ""),
        ("[{A}]", ""),
        ('{{"x":[{A}]}}', ""),
        ('{{"x":"{{\\"calls\\":{{\\"a\\"', ""),
        ('{{"calls":{{"a":5}}}}{B}', "b"),
    ],
)
def test_whole_records_in_a_damaged_line(path: Path, new_call: NewCall, pattern: str, there: str) -> None:
    """What was certainly written as it stands there is read afterwards; nothing that would delete is."""
    made = {name.upper(): line(new_call(name))[:-1].decode() for name in "ab"}
    text = pattern.format(**made).encode() + b"\n"
    path.write_bytes(line(new_call("z")) + text + line(new_call("y")))
    assert {call.call_id for call in read_calls(path).calls} == {"z", "y"}
    done = repair(path)
    assert done is not None
    assert {call.call_id for call in read_calls(path).calls} == {"z", "y", *there}
    assert read_calls(path).problems == ()
    assert done.recovered == len(there)
    assert text.rstrip(b"\n") in done.aside.read_bytes()


def test_the_good_documents_of_a_line_stay(path: Path, new_call: NewCall) -> None:
    """Also in a line that only the reader of calls can use; deletions and drops keep their force."""
    a, b = encode(new_call("a")), encode(new_call("b"))
    lines = [
        line(new_call("c"), new_call("d"), new_call("e")),
        b'{"calls":{"a":%b,"x":{"no":"record"},"c":null}}\n' % a,
        b'{"calls":{"b":%b},"other":5}\n' % b,
        b'{"calls":{"d":null,"y":7}}\n',
        b'{"empty":{},"calls":{"w":[]}}\n',
    ]
    path.write_bytes(b"".join(lines))
    before = read_calls(path).calls
    assert [call.call_id for call in before] == ["a", "b", "e"]
    done = repair(path)
    assert done is not None
    assert (done.damaged, done.recovered) == (4, 0)
    assert read_calls(path) == (before, ())
    assert set(journal.read(path).tables) == {"calls", "empty"}
    assert put_back(path.read_bytes(), done.aside.read_bytes()) == b"".join(lines)


def test_a_record_that_only_its_reader_can_use_stays(path: Path, new_call: NewCall) -> None:
    """Bytes that are no text, in a field that this version does not know, go aside; the record does not."""
    text = line(new_call("a")).replace(b'{"schema":1', b'{"later":"\xff","schema":1')
    write_old(path, text)
    before = read_calls(path)
    assert [call.call_id for call in before.calls] == ["a"]
    assert repair(path) is not None
    assert read_calls(path) == before
    assert repair(path) is None


def test_of_other_journals_only_what_stands_at_the_start_of_a_line(tmp_path: Path) -> None:
    """A body may hold, word for word, what looks like a line of a store: that is never taken for one."""
    path = tmp_path / "bodies.jsonl"
    path.write_bytes(
        b'{"parts":{"p":{"x":1}}}{"parts":{"q":{}}}\n'
        b'{"parts":{"r":{"deep":{"parts":{"evil":{}}}\n'
        b'{"parts":{"s":{}}}{"parts":{"t"\n'
    )
    done = repair(path)
    assert done is not None
    assert set(journal.read(path).tables["parts"]) == {"p", "q", "s"}


def test_a_line_full_of_beginnings_ends(path: Path) -> None:
    """A megabyte that begins to be ours again and again is set aside in no time."""
    path.write_bytes(b'{"calls":{"a":' * 80_000 + b"\n" + b'{"calls":{' * 100_000)
    done = repair(path)
    assert done is not None
    assert (done.damaged, path.read_bytes()) == (2, b"")


@pytest.mark.skipif(os.name == "nt", reason="RLIMIT_FSIZE is POSIX's")
def test_a_repair_that_fails_leaves_all_as_it_was(
    path: Path, new_call: NewCall, largest_file: LargestFile
) -> None:
    """Without room for the new file, or for what goes aside, and while somebody holds the lock."""
    for first in (b"oops" * 1000, b"oops"):
        path.write_bytes(first + b"\n" + b"".join(line(new_call(str(number))) for number in range(20)))
        before = path.read_bytes()
        with largest_file(2000), pytest.raises(OSError):
            repair(path)
        with locked(path), pytest.raises(TimeoutError):
            repair(path, lock_timeout_s=0.01)
        assert path.read_bytes() == before
        assert {file.name for file in path.parent.iterdir()} == {"calls.jsonl", "calls.jsonl.lock"}


def test_a_proxy_goes_on_beside_repairs(
    tmp_path: Path, new_call: NewCall, run_together: Callable[[str, list[list[str]]], None]
) -> None:
    """One process appends, one damages and repairs: every call is there, and no append fails."""
    template = encode(new_call("template")).decode()
    run_together(BESIDE, [[str(tmp_path), "append", template], [str(tmp_path), "repair", template]])
    with Ledger(tmp_path) as ledger:
        calls = ledger.calls("run-1")
    assert {f"n{number}" for number in range(1500)} <= {call.call_id for call in calls}


BESIDE = """
from pathlib import Path
import msgspec
from sessiontap.call import decode
from sessiontap.store import Ledger
from sessiontap.store.appender import locked
from sessiontap.store.repair import repair
home, what, template = Path(sys.argv[1]), sys.argv[2], decode(sys.argv[3].encode())
with Ledger(home) as ledger:
    path = ledger.path("run-1")
    for number in range(1500 if what == "append" else 60):
        if what == "append":
            ledger.append(msgspec.structs.replace(template, call_id=f"n{number}"))
        else:
            ledger.append(msgspec.structs.replace(template, call_id="r"))
            with locked(path), path.open("ab") as file:
                file.write(b'{"calls":{"torn' if number % 2 else b"oops\\n")
            assert repair(path) is not None
"""


def _calls() -> list[Call]:
    """Twelve calls of one session, with texts that look like lines."""
    return [
        Call(
            call_id=f"c{number}",
            session_id="s",
            session_name='{"calls":{"c0":null}}é',
            provider="openai",
            api="openai.chat",
            operation="chat",
            host="h",
            url_path="/",
            status="ok",
            started_at=f"2026-11-23T20:00:{number:02}.000Z",
        )
        for number in range(12)
    ]


_damage = st.one_of(
    st.tuples(st.just("flip"), st.integers(0), st.integers(1, 255)),
    st.tuples(st.just("cut"), st.integers(0), st.integers(0)),
    st.tuples(st.just("remove"), st.integers(0), st.integers(1, 400)),
    st.tuples(
        st.just("insert"),
        st.integers(0),
        st.sampled_from([b"\n", b"\0" * 9, b"{", b"}", b"\xff", b'"', b"null", b'{"calls":{', b"}}\n"]),
    ),
    st.tuples(st.just("join"), st.integers(0), st.just(0)),
    st.tuples(st.just("copy"), st.integers(0), st.integers(1, 700)),
)


def _damaged(data: bytes, kind: str, at: int, how: int | bytes) -> bytes:
    at %= len(data) + 1
    if isinstance(how, bytes):
        return data[:at] + how + data[at:]
    match kind:
        case "flip":
            return data[:at] + bytes([byte ^ how for byte in data[at : at + 1]]) + data[at + 1 :]
        case "cut":
            return data[:at]
        case "remove":
            return data[:at] + data[at + how :]
        case "join":
            end = data.find(b"\n", at)
            return data[:end] + data[end + 1 :] if end >= 0 else data
        case _:
            return data[:at] + data[max(0, at - how) :]


@settings(max_examples=300)
@given(
    st.lists(_damage, max_size=6),
    st.lists(st.integers(0, 11), max_size=6),
    st.lists(st.integers(0, 11), max_size=2),
)
def test_whatever_is_damaged_nothing_that_could_be_read_is_lost(
    damages: list[tuple[str, int, int | bytes]], again: list[int], deleted: list[int]
) -> None:
    """Each call is as it was read before, or as the repair has found it; all damaged bytes are aside."""
    calls = _calls()
    lines = [line(call) for call in calls]
    lines += [line(msgspec.structs.replace(calls[number], status="error")) for number in again]
    lines += [b'{"calls":{"c%d":null}}\n' % number for number in deleted]
    data = b"".join(lines)
    for kind, at, how in damages:
        data = _damaged(data, kind, at, how)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.jsonl"
        write_old(path, data)
        before = {call.call_id: call for call in read_calls(path).calls}
        findings = [each for each in verify_journal(path, Totals()) if each.line is not None]
        done = repair(path)
        after = {call.call_id: call for call in read_calls(path).calls}
        assert (done is None) == (findings == [])
        assert before.keys() <= after.keys()
        changed = {call_id for call_id in after if after[call_id] != before.get(call_id)}
        if done is None:
            assert path.read_bytes() == data
            assert changed == set()
            return
        assert done.damaged == len({each.line for each in findings})
        assert len(changed) <= done.recovered
        assert put_back(path.read_bytes(), done.aside.read_bytes()) == data
        assert [each for each in verify_journal(path, Totals()) if each.line is not None] == []
        assert all(problem.line is None for problem in read_calls(path).problems)
        assert repair(path) is None


@given(
    st.binary() | st.lists(st.sampled_from([b'{"t":{"a":{}}}', b"\n", b"null", b"{", b"\r"])).map(b"".join)
)
def test_no_bytes_make_a_repair_fail(data: bytes) -> None:
    """Any file can be repaired; documents of a journal that is no file of calls stay as they were."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bodies.jsonl"
        write_old(path, data)
        before = journal.read(path).tables
        done = repair(path)
        after = journal.read(path)
        assert after.problems == ()
        for table, documents in before.items():
            for doc_id, raw in documents.items():
                if bytes(raw).startswith(b"{"):
                    assert bytes(after.tables[table][doc_id]) == bytes(raw)
        if done is not None:
            assert put_back(path.read_bytes(), done.aside.read_bytes()) == data
