from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path

import msgspec
import pytest

from sessiontap.call import decode, encode
from tests.cli.running import Run
from tests.sessions.samples import TRIAGE_ID, plain, triage


def test_without_options_summaries_as_json_on_stdout(run: Run) -> None:
    """The plain command writes every session."""
    result = run("export")
    assert result.exit_code == 0
    assert {row["session_id"]: row["calls"] for row in json.loads(result.stdout)} == {TRIAGE_ID: 6, "b-2": 1}


def test_calls_as_jsonl_are_exactly_the_records(run: Run) -> None:
    """Each line is the stored record, byte for byte."""
    lines = run("export", "--what", "calls", "--format", "jsonl").stdout_bytes.splitlines()
    # The store adds the proxy to the call under way.
    stored = [encode(msgspec.structs.replace(decode(line), proxy_id=None)) for line in lines]
    assert sorted(stored) == sorted(encode(call) for call in triage() + plain())


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--session", TRIAGE_ID], ["c00", "c01", "c02", "c04", "c05", "c09"]),
        (["--session", "-1"], ["p1"]),
        (["--session", "b-2", "--session", "-1"], ["p1"]),
        (["--session", "b-2", "--session", "triage ticket 4711", "--model", "o3"], ["p1"]),
        (["--since", "2026-11-23T20:00:05Z", "--until", "2026-11-23T20:00:30Z"], ["c05", "c09"]),
        (["--model", "gpt-5*", "--model", "o3"], ["c00", "c01", "p1"]),
        (["--user", "ann"], ["c01"]),
        (["--property", "env=prod"], ["c04"]),
        (["--name", "TRIAGE TICKET *", "--model", "gemini*"], ["c09"]),
        (["--name", "none"], []),
    ],
)
def test_filters_choose_calls(run: Run, args: list[str], expected: list[str]) -> None:
    """Of calls, only those that meet every filter are written."""
    result = run("export", "--what", "calls", "--format", "jsonl", *args)
    assert result.exit_code == 0, result.output
    assert sorted(json.loads(line)["call_id"] for line in result.stdout.splitlines()) == expected


def test_a_session_is_written_whole(run: Run) -> None:
    """A filter on calls chooses sessions and does not change their figures."""
    (summary,) = json.loads(run("export", "--user", "ann").stdout)
    assert (summary["session_id"], summary["calls"]) == (TRIAGE_ID, 6)


@pytest.mark.parametrize(
    ("name", "args", "first"),
    [
        ("out.csv", [], b"schema,call_id,"),
        ("out.jsonl", [], b'{"schema":1,'),
        ("out.json", [], b"[\n{"),
        ("out.txt", [], b"[\n{"),
        ("out.csv", ["--format", "jsonl"], b'{"schema":1,'),
    ],
)
def test_a_file_is_written_in_the_format_of_its_ending(
    run: Run, tmp_path: Path, name: str, args: list[str], first: bytes
) -> None:
    """`--format` wins over the ending; the file is private and nothing goes to stdout."""
    target = tmp_path / name
    result = run("export", "--what", "calls", "-o", str(target), *args)
    assert (result.exit_code, result.output) == (0, "")
    assert target.read_bytes().startswith(first)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_csv_on_stdout(run: Run) -> None:
    """The bytes of the file: CRLF stays CRLF."""
    result = run("export", "--what", "calls", "--format", "csv", "--session", "-1", "-o", "-")
    assert result.stdout_bytes.count(b"\r\n") == 2
    (row,) = csv.DictReader(io.StringIO(result.stdout_bytes.decode(), newline=""))
    assert row["call_id"] == "p1"


def test_an_export_of_nothing_is_a_valid_file(run: Run, tmp_path: Path) -> None:
    """A home without sessions is an empty array."""
    result = run("export", "--home", str(tmp_path / "none"))
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--since", "soon"], "'soon' is no time; allowed is a time ago such as 30m, 2h, 7d or 2w"),
        (["--property", "nothing"], "'nothing' is no property; write it as KEY=VALUE"),
        (["--property", "=x"], "'=x' is no property"),
        (["--format", "xml"], "'xml' is not one of 'json', 'jsonl', 'csv'"),
        (["--what", "bodies"], "'bodies' is not one of 'sessions', 'calls'"),
        (["extra"], "unexpected extra argument (extra)"),
    ],
)
def test_wrong_usage(run: Run, args: list[str], says: str) -> None:
    """Exit code 2; the message names the value and what is allowed."""
    result = run("export", *args)
    assert result.exit_code == 2
    assert says in result.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("output", "reason"),
    [("missing/out.json", "No such file or directory"), (".", "Is a directory")],
)
def test_a_path_that_cannot_be_written(run: Run, tmp_path: Path, output: str, reason: str) -> None:
    """One line that names the path as it was given, exit code 1, no traceback."""
    target = str(tmp_path / output)
    result = run("export", "-o", target)
    assert result.exit_code == 1
    assert result.stderr == f"sessiontap: {target}: {reason}\n"


def test_a_session_that_is_not_there_leaves_the_old_file(run: Run, tmp_path: Path) -> None:
    """The file is replaced only by a whole export."""
    target = tmp_path / "out.json"
    target.write_bytes(b"old")
    result = run("export", "--session", "none-such", "-o", str(target))
    assert result.exit_code == 1
    assert result.stderr.startswith("sessiontap: no session fits 'none-such' in ")
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out.json"]
