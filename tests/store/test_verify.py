from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call, encode
from sessiontap.store import Ledger, journal, session_key
from sessiontap.store.appender import locked
from sessiontap.store.folders import look_into
from sessiontap.store.verify import Finding, Totals, verify_folder
from tests.store.files import write_old

NewCall = Callable[..., Call]

posix_only = pytest.mark.skipif(os.name == "nt", reason="modes and links are POSIX's")


@pytest.fixture
def path(tmp_path: Path, new_call: NewCall) -> Path:
    """A journal with three calls of one session."""
    with Ledger(tmp_path) as ledger:
        for name in ("a", "b", "c"):
            ledger.append(new_call(name))
        return ledger.path("run-1")


def found(path: Path) -> list[Finding]:
    """What is found in the journal's folder."""
    return list(verify_folder(path.parent, Totals()))


def line_of(new_call: NewCall, call_id: str, **fields: object) -> bytes:
    """A line with one call."""
    return journal.documents_line("calls", {call_id: encode(new_call(call_id, **fields))})


def test_a_good_session_has_no_findings(path: Path) -> None:
    """What was read is counted."""
    totals = Totals()
    assert list(verify_folder(path.parent, totals)) == []
    assert totals == Totals(files=1, lines=3, calls=3, bytes=path.stat().st_size)


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        (b'{"calls":{"x":{"call_id"', ["torn"]),
        (b"oops", ["unreadable"]),
        (b"\0" * 40, ["unreadable"]),
        (b"\xff\xfe{}", ["not-utf-8"]),
        (b'{"calls":{"x":{"call_id":"x"}}}', ["no-record"]),
        (b'{"calls":{"x":5}}', ["no-record"]),
        (b'{"calls":5}', ["unreadable"]),
        (b'{"other":{"x":"text"}}', ["no-record"]),
        (b'{"calls":{"x":{"a":1},"y":[]}}', ["no-record", "no-record"]),
        (b"[]", ["unreadable"]),
        (b'{"calls":{}}{"calls":{}}', ["unreadable"]),
    ],
)
def test_damage_is_named_where_it_stands(path: Path, line: bytes, kinds: list[str]) -> None:
    """Each by its kind, with line, offset and length; the lines around it are read."""
    first, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(first + b"\n" + line + b"\n" + rest)
    findings = found(path)
    assert [each.kind for each in findings] == kinds
    assert {(each.severity, each.path, each.line, each.offset, each.bytes) for each in findings} == {
        ("damage", path, 2, len(first) + 1, len(line))
    }
    assert all(each.reason.isprintable() for each in findings)


def test_a_document_under_another_id(path: Path, new_call: NewCall) -> None:
    """Both ids are named."""
    with path.open("ab") as file:
        file.write(journal.documents_line("calls", {"x": encode(new_call("y"))}))
    (finding,) = found(path)
    assert (finding.kind, finding.line) == ("other-id", 4)
    assert finding.reason == "call 'x' says that its id is 'y'"


def test_bytes_that_are_no_text_in_a_field_of_a_later_version(path: Path, new_call: NewCall) -> None:
    """The record can be read; other readers of the file could not read it."""
    line = line_of(new_call, "x").replace(b'{"schema":1', b'{"later":"\xff","schema":1')
    with path.open("ab") as file:
        file.write(line)
    (finding,) = found(path)
    assert (finding.kind, finding.severity) == ("not-utf-8", "damage")


def test_records_of_a_newer_schema_are_no_damage(path: Path, new_call: NewCall) -> None:
    """They are counted, by schema, in a note."""
    with path.open("ab") as file:
        file.write(line_of(new_call, "x", schema=7) + b'{"calls":{"y":{"schema":7,"all":"other"}}}\n')
    totals = Totals()
    (finding,) = verify_folder(path.parent, totals)
    assert (finding.severity, finding.kind, finding.line) == ("note", "newer-schema", None)
    assert finding.reason.startswith("2 record(s) of schema 7, and this sessiontap reads up to 1;")
    assert (totals.calls, totals.damaged) == (3, 0)


def test_the_file_cut_at_every_byte_of_its_last_three_lines(path: Path) -> None:
    """At most the line that was cut is named, with its place; every earlier one counts."""
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == 0x0A]
    for cut in range(len(whole)):
        write_old(path, whole[:cut])
        totals = Totals()
        findings = list(verify_folder(path.parent, totals))
        # A line without its LF is whole.
        before = sum(end - 1 <= cut for end in ends)
        start = max((end for end in ends if end <= cut), default=0)
        torn = cut not in {0, *ends, *(end - 1 for end in ends)}
        assert [(each.kind, each.line, each.offset) for each in findings] == [
            ("torn", before + 1, start)
        ] * torn
        assert totals.calls == before


def test_a_line_that_is_being_written_is_not_torn(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes it holds the lock: it is looked at again when that is free."""
    line = b'{"calls":{}}\n'
    with path.open("ab") as file:
        file.write(line[:5])

    def writer_ends(_path: Path) -> None:
        with path.open("ab") as file:
            file.write(line[5:])

    monkeypatch.setattr("sessiontap.store.verify.wait_for_writer", writer_ends)
    assert found(path) == []


def test_verifying_takes_no_lock_and_makes_nothing(path: Path) -> None:
    """It reads while somebody holds the lock, and beside the journal nothing is new."""
    before = sorted(path.parent.iterdir())
    with locked(path):
        assert found(path) == []
    assert sorted(path.parent.iterdir()) == before
    Path(f"{path}.lock").unlink()
    path.write_bytes(path.read_bytes()[:-9])
    assert [each.kind for each in found(path)] == ["torn"]
    assert list(path.parent.iterdir()) == [path]


def test_a_copied_folder_is_named(path: Path) -> None:
    """Its calls are not listed: the finding says whose they are, and what their folder is."""
    copy = path.parent.parent / "copy"
    shutil.copytree(path.parent, copy)
    (finding,) = verify_folder(copy, Totals())
    assert (finding.severity, finding.kind) == ("damage", "wrong-folder")
    assert finding.reason.startswith(
        f"holds calls of session 'run-1', whose folder is {session_key('run-1')}"
    )


def test_a_file_that_cannot_be_read_is_damage(path: Path) -> None:
    """The finding gives the system's reason."""
    bodies = path.with_name("bodies.jsonl")
    bodies.write_bytes(b"")
    bodies.chmod(0)
    if os.access(bodies, os.R_OK):
        pytest.skip("this user reads everything")
    (finding,) = found(path)
    assert (finding.kind, finding.reason) == ("unreadable-file", "cannot be read: Permission denied")


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    """Never raised."""
    (finding,) = verify_folder(tmp_path / "gone", Totals())
    assert finding.kind == "unreadable-file"


@posix_only
def test_what_others_may_read_is_a_warning(path: Path) -> None:
    """Folder and files, each with what to type."""
    path.chmod(0o644)
    path.parent.chmod(0o750)
    totals = Totals()
    findings = list(verify_folder(path.parent, totals))
    assert [(each.severity, each.path) for each in findings] == [
        ("warning", path.parent),
        ("warning", path),
    ]
    assert (totals.damaged, totals.warnings) == (0, 2)


def test_what_a_killed_compaction_left_is_a_warning(path: Path) -> None:
    """After a day: before that it may be at work."""
    left = path.with_name(f"{path.name}.0123456789abcdef.tmp")
    left.touch(0o600)
    assert found(path) == []
    os.utime(left, (0, 0))
    assert [(each.severity, each.kind) for each in found(path)] == [("warning", "left-over")]


@posix_only
def test_links_and_foreign_files_are_not_looked_into(path: Path, tmp_path: Path) -> None:
    """They are named, and nothing at the end of a link is read."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"oops\n")
    path.with_name("bodies.jsonl").symlink_to(outside)
    path.with_name("notes.txt").write_text("mine")
    path.with_name("folder.jsonl").mkdir()
    assert [(each.severity, each.kind, each.path.name) for each in found(path)] == [
        ("note", "foreign", name) for name in ("bodies.jsonl", "folder.jsonl", "notes.txt")
    ]


def test_bodies_are_checked_as_documents(path: Path) -> None:
    """Objects of any content, numbers of any size; a newer schema is a note."""
    bodies = path.with_name("bodies.jsonl")
    bodies.write_bytes(
        b'{"parts":{"p":{"n":%b,"e":1e400}},"bodies":{"a":{"schema":9}}}\n{"parts":{"q":"text"}}\n'
        % (b"9" * 400)
    )
    bodies.chmod(0o600)
    findings = found(path)
    assert [(each.kind, each.line) for each in findings] == [("no-record", 2), ("newer-schema", None)]


@pytest.fixture
def bodies(path: Path) -> Path:
    """The bodies of two calls, the second of which shares what it sent with the first."""
    with Ledger(path.parent.parent.parent) as ledger:
        for call_id, more in (("a", b""), ("b", b" and more")):
            content = b'[%b,{"x":"%b"}]' % (json.dumps({"t": " ".join(map(str, range(400)))}).encode(), more)
            body = Body(content=content, size=len(content))
            ledger.put_bodies(CallBodies(call_id=call_id, session_id="run-1", headers={}, request=body))
    return path.with_name("bodies.jsonl")


def test_whole_bodies_have_no_findings(bodies: Path) -> None:
    """Each part is what its id stands for, and all are there."""
    assert found(bodies) == []


@pytest.mark.parametrize(
    ("damage", "calls", "why"),
    [
        (lambda part: {**part, "zstd": part["zstd"][:40] + "AAAA" + part["zstd"][44:]}, "ab", "is "),
        (lambda _: {"text": "other"}, "ab", "is not what it was"),
        (lambda _: {"zstd": "!"}, "ab", "is damaged ("),
        (lambda _: {"rope": 5}, "ab", "is damaged ("),
        (lambda _: None, "ab", "is not there"),
    ],
)
def test_bodies_that_cannot_be_joined(
    bodies: Path, damage: Callable[[dict[str, str]], object], calls: str, why: str
) -> None:
    """Of every call that needs the part, which is named; no line of the file is to blame."""
    parts = journal.read(bodies).tables["parts"]
    (part_id,) = (name for name, raw in parts.items() if "zstd" in journal.loads(raw))
    with bodies.open("ab") as file:
        file.write(json.dumps({"parts": {part_id: damage(journal.loads(parts[part_id]))}}).encode() + b"\n")
    findings = found(bodies)
    assert [(each.kind, each.severity, each.line) for each in findings] == [
        ("broken-body", "damage", None)
    ] * len(calls)
    for finding, call_id in zip(findings, calls, strict=True):
        start = f"what call '{call_id}' sent or got cannot be joined: part {part_id} "
        assert finding.reason.startswith(start + why)


def test_bodies_that_are_no_bodies(bodies: Path) -> None:
    """The call is named; what a later version wrote is not judged."""
    with bodies.open("ab") as file:
        file.write(b'{"bodies":{"a":{"schema":1,"request":[]},"b":{"schema":2,"request":[]}}}\n')
    assert [(each.kind, each.severity) for each in found(bodies)] == [
        ("broken-body", "damage"),
        ("newer-schema", "note"),
    ]


def test_names_in_a_folder(tmp_path: Path) -> None:
    """Journals, their locks and what belongs to them are told from what is not ours."""
    ours = {
        "journals": ["a.jsonl", "b.jsonl"],
        "locks": ["a.jsonl.lock", "c.jsonl.lock"],
        "others": ["a.jsonl.0123456789abcdef.tmp", "b.jsonl.damaged-2026"],
        "foreign": [".hidden.jsonl", "a.jsonl.bak", "a.jsonl.tmp", "x.lock"],
    }
    for names in ours.values():
        for name in names:
            (tmp_path / name).touch()
    looked = look_into(tmp_path)
    assert {kind: [path.name for path in getattr(looked, kind)] for kind in ours} == ours
    assert [path.name for path in looked.of("a.jsonl").locks] == ["a.jsonl.lock"]
