"""What a run has recorded: waits a short while for its last calls, and says why there may be none."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from sessiontap.call import Call
from sessiontap.launch.environment import bypassed
from sessiontap.launch.heartbeat import Refused
from sessiontap.launch.node import BASE_URLS
from sessiontap.providers import DIRECTORY, GATEWAYS, PROVIDERS
from sessiontap.store import Ledger
from sessiontap.times import epoch_ms

SETTLE_S = 2.0
"""How long the end of a call is waited for after the command's."""

_PAUSE_S = 0.02
_NAMED = 3


def calls_since(home: Path, session_id: str, since: str, settle_s: float = SETTLE_S) -> list[Call]:
    """The calls of a session that started at that time or later, once they have ended or the wait has.

    Raises StoreError where the store cannot be read.
    """
    deadline = time.monotonic() + settle_s
    ledger = Ledger(home)
    while True:
        calls = [call for call in ledger.calls(session_id) if call.started_at >= since]
        if time.monotonic() >= deadline or not any(call.status == "running" for call in calls):
            return calls
        time.sleep(_PAUSE_S)


def sessions_since(home: Path, since: str) -> list[str]:
    """The sessions with calls that started at that time or later. Raises StoreError."""
    from sessiontap.store.stamps import session_stamps

    # A second back: a file system's clock may be coarse.
    oldest_ns = (epoch_ms(since) - 1000) * 1_000_000
    touched = {
        key
        for key, stamp in session_stamps(home).items()
        if not isinstance(stamp, OSError) and stamp.mtime_ns >= oldest_ns
    }
    if not touched:
        return []
    return [
        session.session_id
        for session in Ledger(home).sessions()
        if session.key in touched and session.session_id and any(c.started_at >= since for c in session.calls)
    ]


def likely_causes(
    environ: Mapping[str, str], refused: Sequence[Refused], elsewhere: Sequence[str]
) -> Iterator[str]:
    """Why nothing was recorded, the surest first; each is a line with what to do.

    `environ` is the command's; `refused` are the hosts whose certificate it did not take; `elsewhere` are
    other sessions with calls of the same time.
    """
    if elsewhere:
        yield f"calls of that time are in {some(elsewhere)}: the command may name its session itself"
    for each in refused:
        yield (
            f"the client of {each.host} refused the proxy's certificate: it has roots of its own, or reads"
            " them from a setting; a base URL and reverse mode may do"
        )
    if covered := bypassed(environ, PROVIDER_HOSTS):
        yield f"NO_PROXY keeps {some(covered)} from the proxy; take that entry out"
    for name in (each.variable for each in BASE_URLS):
        if (stated := environ.get(name)) and not _is_provider(stated):
            yield (
                f"{name} leads to a host that is no provider here; record it with"
                " --mitmdump '--set sessiontap_hosts=HOST=PROVIDER'"
            )
    yield (
        "it called no model, or one on this machine, or its program knows neither HTTPS_PROXY nor a CA of its"
        " user's"
    )


PROVIDER_HOSTS = tuple(
    host for provider in (*PROVIDERS, *GATEWAYS) if provider.billing != "free" for host in provider.hosts
)
"""The providers' hosts, without this machine's; `*` is any label."""


def some(names: Sequence[str]) -> str:
    """The first few of them, and how many there are beside."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _is_provider(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return DIRECTORY.known_host(host) is not None and not DIRECTORY.on_this_machine(host)
