"""Reading changed sessions: one after the other, or on all cores where there is much to read."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeAlias

from sessiontap.catalog.entry import decode_entry, updated

WORTH_PROCESSES_BYTES = 64 << 20
"""Reading less takes less time than starting processes does, and they their Python."""

_MOST_PROCESSES = 8
_PART_BYTES = 8 << 20


class Change(NamedTuple):
    """A session to be read."""

    key: str
    known: bytes
    """Its entry so far, as JSON; empty where there is none."""
    new_bytes: int
    """About how much there is to be read."""


Found: TypeAlias = tuple[str, bytes | OSError]
"""A session's key, and its entry as JSON or why its journal cannot be read."""


def read_changes(folder: Path, changes: Sequence[Change], *, processes: int | None = 1) -> Iterator[Found]:
    """The entries of changed sessions, in the same order.

    `processes` None is as many as there are cores. They start this program's main module anew, without
    running it: for a main module that does not guard itself against that, leave it at 1.
    """
    count = min(processes or _cores(), _MOST_PROCESSES)
    if count < 2 or sum(change.new_bytes for change in changes) < WORTH_PROCESSES_BYTES:  # noqa: PLR2004
        yield from _read(folder, changes)
        return
    parts = _parts(changes)
    done = 0
    for found in _in_processes(folder, parts, count):
        done += 1
        yield from found
    # Where there can be no processes, or no more of them, this one does the work.
    yield from _read(folder, list(chain.from_iterable(parts[done:])))


def _in_processes(folder: Path, parts: list[list[Change]], count: int) -> Iterator[list[Found]]:
    """What came of each part, in their order; ends early where the processes fail."""
    # Late, for a small list needs none of it.
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    try:
        pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_leave_interrupts)
        with pool:
            try:
                yield from pool.map(_read_part, [folder] * len(parts), parts)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    except (BrokenProcessPool, OSError, NotImplementedError):
        return


def _leave_interrupts() -> None:
    """Ctrl-C ends the program that started the processes, and with it these, without a word of theirs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read_part(folder: Path, changes: list[Change]) -> list[Found]:
    return list(_read(folder, changes))


def _read(folder: Path, changes: Sequence[Change]) -> Iterator[Found]:
    for change in changes:
        try:
            known = decode_entry(change.known) if change.known else None
            yield change.key, updated(folder, change.key, known)
        except OSError as error:
            yield change.key, error


def _parts(changes: Sequence[Change]) -> list[list[Change]]:
    """The changes in parts of about the same size, each enough work for one round trip."""
    parts: list[list[Change]] = []
    left = 0
    for change in changes:
        if left <= 0:
            parts.append([])
            left = _PART_BYTES
        parts[-1].append(change)
        left -= change.new_bytes
    return parts


def _cores() -> int:
    """Those that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
