"""Which models of the newest sessions have no price."""

from __future__ import annotations

import time
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

from sessiontap.call import Call
from sessiontap.doctor.findings import Finding
from sessiontap.doctor.shell import with_home
from sessiontap.errors import PricingError, StoreError
from sessiontap.pricing import load_prices
from sessiontap.resources import find
from sessiontap.settings import Settings
from sessiontap.store.folders import CALLS_FILE
from sessiontap.store.records import Stamp, read_calls
from sessiontap.store.stamps import session_stamps
from sessiontap.views.numbers import counted

_NEWEST = 50
_MOST_BYTES = 16 << 20
_LONGEST_S = 0.5
_MOST_SHOWN = 3


def check_unpriced(settings: Settings) -> Iterator[Finding]:
    """The models by their newest call; nothing where nothing is recorded, or no price can be read."""
    theirs = settings.user_pricing
    try:
        ours = find("pricing.yaml")
        table = load_prices(ours) if theirs is None else load_prices(ours, theirs)
        calls, sessions = _newest_calls(settings.home)
    except (PricingError, StoreError, OSError):
        return  # other checks say so
    if not calls:
        return
    calls.sort(key=attrgetter("started_at"), reverse=True)
    open_calls = [call for call in calls if call.unpriced]
    lacking = [priced for priced in map(table.price, open_calls) if priced.unpriced]
    of = f"of the newest {counted(sessions, 'session')}"
    if lacking:
        models = list(dict.fromkeys(f"{call.provider}/{call.model or '?'}" for call in lacking))
        more = f" and {len(models) - _MOST_SHOWN} more" if len(models) > _MOST_SHOWN else ""
        message = f"{counted(len(lacking), 'call')} {of}: {', '.join(models[:_MOST_SHOWN])}{more}"
        yield Finding("warning", "unpriced", message, with_home("sessiontap prices unpriced", settings.home))
    elif open_calls:
        message = f"{counted(len(open_calls), 'call')} {of} can have a price by now"
        yield Finding("warning", "unpriced", message, with_home("sessiontap reprice", settings.home))
    else:
        yield Finding("ok", "unpriced", f"no call {of}")


def _newest_calls(home: Path) -> tuple[list[Call], int]:
    """The calls of the sessions that were written to last, and how many those are: as can be read quickly."""
    stamps = [(stamp, key) for key, stamp in session_stamps(home).items() if isinstance(stamp, Stamp)]
    stamps.sort(key=lambda each: each[0].mtime_ns, reverse=True)
    calls: list[Call] = []
    deadline, size, read = time.monotonic() + _LONGEST_S, 0, 0
    for stamp, key in stamps[:_NEWEST]:
        size += stamp.size
        if read and (size > _MOST_BYTES or time.monotonic() > deadline):
            break
        try:
            calls += read_calls(home / "sessions" / key / CALLS_FILE).calls
        except OSError:
            continue
        read += 1
    return calls, read
