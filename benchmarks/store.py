"""The store's claims, measured, a line each.

- an append costs at most 60 µs (median) with 1,000,000 calls stored, and 1.2 times what it costs with 1,000;
- at 5,000 records it is at least 300 times faster than TinyDB's own JSONStorage;
- `sessiontap show` of a session of 1,000 calls takes at most 0.4 s, the whole process;
- those of `catalogue.py` (a list, the catalogue made from nothing) and `bodies_on_disk.py`.

Run it from the project's folder: `python -m benchmarks.store`. It writes 5 GB to a temporary folder (below
`$TMPDIR` where that is set) and takes some minutes; `python -m benchmarks.store appends` measures only what
is above the last of these lines.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from tinydb import TinyDB
from tinydb.storages import JSONStorage

from benchmarks import bodies_on_disk, catalogue
from benchmarks.sample import TEMPLATE
from sessiontap.call import Call, encode
from sessiontap.store import Ledger
from sessiontap.store.journal import documents_line

FEW, MANY = 1_000, 1_000_000
READ = 100_000
SHOWN = 1_000
APPEND_US, APPEND_RATIO, OF_JSON_STORAGE, SHOW_S = 60, 1.2, 300, 0.4
TINYDB_SIZE = 5_000
SAMPLES = 2_000
TINYDB_SAMPLES = 20
RUNS = 5


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


def append_us(folder: Path) -> tuple[float, float]:
    """The medians of `Ledger.append` in sessions of few and of many calls, taking turns."""
    times: dict[int, list[int]] = {FEW: [], MANY: []}
    with contextlib.ExitStack() as stack:
        ledgers = {count: stack.enter_context(Ledger(folder / str(count))) for count in times}
        for count, ledger in ledgers.items():
            stored(ledger, count)
            # Writing the rest of the file to the disk must not count for one of them.
            os.sync()
            ledger.append(TEMPLATE)
        for call in calls(MANY, SAMPLES):
            for count, ledger in ledgers.items():
                start = time.perf_counter_ns()
                ledger.append(call)
                times[count].append(time.perf_counter_ns() - start)
    return statistics.median(times[FEW]) / 1000, statistics.median(times[MANY]) / 1000


def append_to_us(folder: Path, count: int) -> float:
    """The median of `Ledger.append` in a session of so many calls."""
    with Ledger(folder / f"{count} calls") as ledger:
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
        path = stored(ledger, READ)
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            found = len(ledger.calls(TEMPLATE.session_id))
            best = min(best, time.perf_counter() - start)
        assert found == READ
        return found / best, path.stat().st_size / best / 1e6


def show_s(folder: Path) -> float:
    """The median time of `sessiontap show`, the whole process."""
    home = folder / "shown"
    with Ledger(home) as ledger:
        stored(ledger, SHOWN)
    command = [sys.executable, "-m", "sessiontap", "show", "benchmark", "--home", str(home)]
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def report(folder: Path) -> bool:
    """Prints a line a claim of this file; whether all hold."""
    few, many = append_us(folder)
    print(f"{f'append, median, {FEW:,} calls stored':42} {few:10.1f} µs")
    said = f"{f'append, median, {MANY:,} calls stored':42} {many:10.1f} µs"
    print(f"{said}   {many / few:.2f} times that; claims: <= {APPEND_US} µs, <= {APPEND_RATIO}")
    own, theirs = append_to_us(folder, TINYDB_SIZE), json_storage_us(folder / "db.json")
    print(f"{f'append, median, {TINYDB_SIZE:,} calls stored':42} {own:10.1f} µs")
    said = f"{f'JSONStorage of TinyDB, {TINYDB_SIZE:,} stored':42} {theirs:10.1f} µs"
    print(f"{said}   {theirs / own:,.0f} times that; claim: >= {OF_JSON_STORAGE}")
    rate, megabytes = read_per_s(folder)
    print(f"{'read whole, one core':42} {rate:10,.0f} calls/s   {megabytes:.0f} MB/s")
    shown = show_s(folder)
    print(f"{f'show, {SHOWN:,} calls, whole process':42} {shown:10.2f} s    claim: <= {SHOW_S}")
    return (
        many <= APPEND_US
        and many / few <= APPEND_RATIO
        and theirs / own >= OF_JSON_STORAGE
        and shown <= SHOW_S
    )


def main() -> int:
    """Measures and prints; 1 where a claim does not hold."""
    print(f"Python {sys.version.split()[0]}, {len(encode(TEMPLATE))} bytes a call")
    with tempfile.TemporaryDirectory() as name:
        holds = [report(Path(name))]
    if sys.argv[1:] != ["appends"]:
        with tempfile.TemporaryDirectory() as name:
            holds.append(catalogue.report(Path(name) / "many"))
            catalogue.report_growth(Path(name) / "long")
        holds.append(bodies_on_disk.report(bodies_on_disk.sizes()))
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
