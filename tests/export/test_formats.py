from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from sessiontap.call import Call, decode, encode
from sessiontap.export import FORMATS
from sessiontap.export.record import Record
from sessiontap.sessions.rollup import SessionSummary, encode_summary, summarize
from sessiontap.usage import Usage
from tests.sessions.samples import TRIAGE_ID, make_call, triage


def written(name: str, kind: type[Record], records: list[Record]) -> bytes:
    """The whole export."""
    return b"".join(FORMATS[name](kind, records))


def rows(*calls: Call) -> list[dict[str, str]]:
    """The calls' CSV, read back as a spreadsheet would."""
    text = written("csv", Call, list(calls)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_jsonl_prints_exactly_the_record() -> None:
    """Each line is what the store holds, and reads back as the same call."""
    lines = written("jsonl", Call, [*triage()]).splitlines()
    assert lines == [encode(call) for call in triage()]
    assert [decode(line) for line in lines] == triage()


def test_json_is_one_array_with_a_record_a_line() -> None:
    """The array reads back whole; each record stands on its line."""
    text = written("json", Call, [*triage()])
    assert [item["call_id"] for item in json.loads(text)] == [call.call_id for call in triage()]
    assert len(text.splitlines()) == len(triage()) + 2


@pytest.mark.parametrize("kind", [Call, SessionSummary])
def test_an_export_without_records_is_a_valid_file(kind: type[Record]) -> None:
    """Nothing found is an empty array, no line, or a heading."""
    assert json.loads(written("json", kind, [])) == []
    assert written("jsonl", kind, []) == b""
    assert written("csv", kind, []).count(b"\r\n") == 1


def test_summaries_are_written_as_the_contract_has_them() -> None:
    """A session's line is its summary."""
    summary = summarize(TRIAGE_ID, triage())
    assert written("jsonl", SessionSummary, [summary]) == encode_summary(summary) + b"\n"


def test_csv_columns_are_the_records_fields_in_order_with_usage_spread() -> None:
    """One column a field, one a token class, in the record's order."""
    heading = written("csv", Call, []).decode().strip().split(",")
    flat: list[str] = []
    for field in Call.__struct_fields__:
        flat += [f"usage.{name}" for name in Usage.__struct_fields__] if field == "usage" else [field]
    assert heading == flat


def test_csv_values() -> None:
    """Numbers as numbers, flags as words, lists and objects as JSON, nothing where nothing is known."""
    call = make_call(
        4,
        "/a",
        properties={"env": "prod"},
        tools=("search", "read"),
        usage=Usage(input_tokens=5),
        cost_usd=Decimal("1E-7"),
        cost_breakdown={"input": Decimal("0.10")},
    )
    (row,) = rows(call)
    assert row["session_path"] == "/a"
    assert row["stream"] == "true"
    assert row["properties"] == '{"env":"prod"}'
    assert row["tools"] == '["search","read"]'
    assert row["usage.input_tokens"] == "5"
    assert row["usage.output_tokens"] == ""
    assert row["cost_usd"] == "0.0000001"
    assert row["cost_breakdown"] == '{"input":0.10}'
    assert row["finish_reasons"] == ""
    assert row["error_type"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＠"])
def test_csv_formulas_are_neutralised(start: str) -> None:
    """A spreadsheet takes a text that begins like a formula for a text."""
    formula = f'{start}HYPERLINK("http://evil.example")'
    (row,) = rows(make_call(1, "/", session_name=formula, user_id="a=b"))
    assert row["session_name"] == "'" + formula
    assert row["user_id"] == "a=b"


def test_csv_numbers_below_zero_are_untouched() -> None:
    """The minus of a number starts no formula."""
    (row,) = rows(make_call(1, "/", cost_usd=Decimal("-0.5")))
    assert row["cost_usd"] == "-0.5"


def test_csv_quotes_what_rfc_4180_quotes() -> None:
    """Commas, quotes and line breaks inside a cell survive; lines end in CRLF."""
    name = 'a "quoted", name\r\nin two lines'
    data = written("csv", Call, [make_call(1, "/", session_name=name)])
    assert b'"a ""quoted"", name\r\nin two lines"' in data
    assert data.endswith(b"\r\n")
    assert rows(make_call(1, "/", session_name=name))[0]["session_name"] == name


def test_csv_writes_a_monstrous_amount_short() -> None:
    """An exponent of a million is not a million digits."""
    (row,) = rows(make_call(1, "/", cost_usd=Decimal("1E+1000000")))
    assert row["cost_usd"] == "1E+1000000"


def test_csv_of_sessions_has_models_and_paths_as_json() -> None:
    """Lists of a summary are JSON cells that read back."""
    text = written("csv", SessionSummary, [summarize(TRIAGE_ID, triage())]).decode()
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["usage.input_tokens"] == "16047"
    assert row["agents"] == '["demo/0.1"]'
    assert [model["calls"] for model in json.loads(row["models"])] == [2, 2, 1, 1]
    assert json.loads(row["paths"])[0]["path"] == "/triage"


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_formats_stream(name: str) -> None:
    """A format gives the first record out before it asks for the next one."""
    asked: list[int] = []

    def source() -> Iterator[Call]:
        for number in range(3):
            asked.append(number)
            yield make_call(number, "/")

    chunks = iter(FORMATS[name](Call, source()))
    seen = b""
    while b"c00" not in seen:
        seen += next(chunks)
    assert asked == [0]
