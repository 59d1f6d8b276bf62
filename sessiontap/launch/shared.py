"""The shared proxy of a home: one in the background, for whoever wants to record there.

It outlives who started it, and ends with `stop`. Two that start one at the same moment have the same one.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sessiontap.errors import SessiontapError
from sessiontap.launch.started import NO_OPTIONS, start_proxy
from sessiontap.launch.state import NAME, State, is_true, read_state
from sessiontap.store.appender import locked, make_private_folder

DEFAULT_PORT = 8080
_QUIET = ("--flow-detail", "0")
# As long as a start takes on the busiest machine, and then some: the other one's start is waited for.
_LOCK_S = 90.0
_STOP_S = 15.0
_LOOK_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedProxy:
    """A shared proxy, as its state says."""

    home: Path
    pid: int
    url: str
    """Where clients are to be pointed."""
    port: int
    ca_file: Path
    started_at: str
    """RFC 3339, UTC."""
    version: str
    """sessiontap's, of the proxy."""


class Detached(NamedTuple):
    """What `detach` has found or made."""

    proxy: SharedProxy
    started: bool
    """False where it ran already."""
    replaced: SharedProxy | None
    """One that had ended without a word: killed, or the machine was switched off."""


def shared_proxy(home: Path) -> SharedProxy | None:
    """The shared proxy that runs for a home now; None where none does."""
    state = read_state(home)
    return _proxy(home, state) if state is not None and is_true(home, state) else None


def left_behind(home: Path) -> SharedProxy | None:
    """The shared proxy that had ended without a word, where one has and none has followed it."""
    state = read_state(home)
    return _proxy(home, state) if state is not None and not is_true(home, state) else None


def detach(
    *,
    home: Path,
    port: int = DEFAULT_PORT,
    confdir: Path | None = None,
    options: Mapping[str, str] = NO_OPTIONS,
    modes: Sequence[str] = (),
    arguments: Sequence[str] = (),
    environ: Mapping[str, str] = NO_OPTIONS,
) -> Detached:
    """The shared proxy of a home, started where none runs; the keywords are those of `start_proxy`.

    Its log is `proxy.log` in the home, without the flows: their addresses may have a key in them.
    Raises SessiontapError, in one line, where mitmdump does not start, and OSError for the home.
    """
    home = home.absolute()
    make_private_folder(home)
    with locked(home / NAME, timeout_s=_LOCK_S):
        running = shared_proxy(home)
        if running is not None:
            return Detached(running, started=False, replaced=None)
        dead = left_behind(home)
        start_proxy(
            home=home,
            port=port,
            confdir=confdir,
            options=options,
            modes=modes,
            arguments=[*_QUIET, *arguments],
            environ=environ,
            detached=True,
        ).let_go()
        running = shared_proxy(home)
        if running is None:
            message = f"the proxy has ended right after its start; {home}/proxy.log says why"
            raise SessiontapError(message)
        return Detached(running, started=True, replaced=dead)


def stop(home: Path) -> SharedProxy | None:
    """Ends the shared proxy of a home, and returns when it is gone; None where none ran.

    It has written its records by then. One that does not heed SIGTERM is killed after fifteen seconds.
    Raises OSError where it may not be ended.
    """
    home = home.absolute()
    if not home.exists():
        return None
    # Also where there is no state yet: one that is about to start is waited for.
    with locked(home / NAME, timeout_s=_LOCK_S):
        state = read_state(home)
        if state is None or not is_true(home, state):
            return None
        os.kill(state.pid, signal.SIGTERM)
        if not _is_gone(home, state):
            os.kill(state.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            if not _is_gone(home, state):
                message = f"the proxy (pid {state.pid}) does not end, not even when it is killed"
                raise SessiontapError(message)
        return _proxy(home, state)


def _is_gone(home: Path, state: State) -> bool:
    """Waits until the process has ended; False where it has not."""
    end = time.monotonic() + _STOP_S
    while is_true(home, state):
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_S)
    return True


def _proxy(home: Path, state: State) -> SharedProxy:
    return SharedProxy(
        home=home,
        pid=state.pid,
        url=state.url,
        port=state.port,
        ca_file=Path(state.ca_file),
        started_at=state.started_at,
        version=state.version,
    )
