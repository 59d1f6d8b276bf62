"""The store's claims, measured: an append costs the same at any size, and reading is fast.

Run it from the project's folder: `python -m benchmarks.store`. It writes to a temporary folder (below
`$TMPDIR` where that is set) and takes less than a minute.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
from tinydb import TinyDB
from tinydb.storages import JSONStorage

from sessiontap.call import Call, encode
from sessiontap.store import Ledger
from sessiontap.store.journal import documents_line
from sessiontap.usage import Usage

FEW, MANY = 1_000, 100_000
TINYDB_SIZE = 5_000
SAMPLES = 2_000
TINYDB_SAMPLES = 20

TEMPLATE = Call(
    call_id="00000000-0000-4000-8000-000000000000",
    session_id="benchmark",
    session_name="nightly",
    session_path="/plan/search",
    session_source="header",
    agent="claude-cli/2.0.1",
    provider="anthropic",
    api="anthropic.messages",
    operation="chat",
    host="api.anthropic.com",
    url_path="/v1/messages",
    request_model="claude-sonnet-4-5",
    response_model="claude-sonnet-4-5-20250929",
    response_id="msg_01XFDUDYJgAACzvnptvVoYEL",
    stream=True,
    finish_reasons=("tool_use",),
    tools=("search",),
    status="ok",
    http_status=200,
    started_at="2026-11-23T20:00:00.000Z",
    ended_at="2026-11-23T20:00:04.200Z",
    ttft_ms=610,
    duration_ms=4200,
    usage=Usage(input_tokens=20_000, cache_read_input_tokens=18_000, output_tokens=400),
    usage_source="reported",
    cost_usd=Decimal("0.017400"),
    cost_breakdown={"input": Decimal("0.006"), "cache_read": Decimal("0.0054"), "output": Decimal("0.006")},
    cost_source="table",
    price_id="anthropic/claude-sonnet-4-5@2025-09-29",
    request_bytes=81_234,
    response_bytes=9_876,
)


def calls(start: int, count: int) -> list[Call]:
    """Calls that differ in their ids only."""
    return [
        msgspec.structs.replace(TEMPLATE, call_id=f"00000000-0000-4000-8000-{number:012x}")
        for number in range(start, start + count)
    ]


def median_us(work: Callable[[Call], object], inputs: list[Call]) -> float:
    """The median time of one piece of work, in microseconds."""
    times = []
    for one in inputs:
        start = time.perf_counter_ns()
        work(one)
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1000


def stored(ledger: Ledger, count: int) -> Path:
    """Makes the benchmark's session hold so many calls; gives its file."""
    path = ledger.path(TEMPLATE.session_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"".join(documents_line("calls", {call.call_id: encode(call)}) for call in calls(0, count))
    )
    return path


def append_us(folder: Path, count: int) -> float:
    """The median of `Ledger.append` in a session of so many calls."""
    with Ledger(folder / str(count)) as ledger:
        stored(ledger, count)
        ledger.append(TEMPLATE)
        return median_us(ledger.append, calls(count, SAMPLES))


def json_storage_us(path: Path) -> float:
    """The median of an insert with TinyDB's own storage."""
    with TinyDB(path, storage=JSONStorage) as db:
        table = db.table("calls")
        table.insert_multiple(msgspec.json.decode(encode(call)) for call in calls(0, TINYDB_SIZE))
        return median_us(
            lambda call: table.insert(msgspec.json.decode(encode(call))), calls(TINYDB_SIZE, TINYDB_SAMPLES)
        )


def read_per_s(folder: Path) -> tuple[float, float]:
    """Calls and megabytes read in a second from a session of many calls."""
    with Ledger(folder / "read") as ledger:
        path = stored(ledger, MANY)
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            found = len(ledger.calls(TEMPLATE.session_id))
            best = min(best, time.perf_counter() - start)
        assert found == MANY
        return found / best, path.stat().st_size / best / 1e6


def main() -> None:
    """Prints a line a claim."""
    print(f"Python {sys.version.split()[0]}, {len(encode(TEMPLATE))} bytes a call")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        few, many = append_us(folder, FEW), append_us(folder, MANY)
        print(f"append, median, {FEW:>7,} calls stored   {few:10.1f} µs")
        print(f"append, median, {MANY:>7,} calls stored   {many:10.1f} µs   {many / few:.2f} times that")
        own, theirs = append_us(folder, TINYDB_SIZE), json_storage_us(folder / "db.json")
        print(f"append, median, {TINYDB_SIZE:>7,} calls stored   {own:10.1f} µs")
        more = f"{theirs / own:,.0f} times that"
        print(f"TinyDB's JSONStorage, {TINYDB_SIZE:,} stored    {theirs:10.1f} µs   {more}")
        rate, megabytes = read_per_s(folder)
        print(f"read, one core                       {rate:10,.0f} calls/s   {megabytes:.0f} MB/s")


if __name__ == "__main__":
    main()
