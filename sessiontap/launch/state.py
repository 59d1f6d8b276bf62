"""The state of a home's shared proxy, on disk while it runs: who it is and where.

    <home>/proxy.json    0600

It is true as long as the proxy gives the sign of life that the file names (see store.presence): a process id
alone may be another's by now.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from sessiontap import __version__
from sessiontap.launch.told import CA_NAME, Report, from_json, proxy_address, to_json
from sessiontap.store.presence import Presence, is_alive
from sessiontap.times import rfc3339

NAME = "proxy.json"
_MODE = 0o600
_LARGEST = 65536


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says."""

    pid: int
    url: str
    port: int
    ca_file: str
    started_at: str
    version: str
    """sessiontap's, of the proxy."""
    proxy_id: str
    """The name of its sign of life."""


class Published:
    """The state of this very process, on disk. Raises OSError where it cannot be written."""

    def __init__(self, home: Path, report: Report) -> None:
        url, port = proxy_address(report)
        self._path = home / NAME
        self._presence = Presence(home)
        self._presence.keep()
        self._state = State(
            pid=report.pid,
            url=url,
            port=port,
            ca_file=os.path.join(report.confdir, CA_NAME),  # noqa: PTH118 - text, as the file has it
            started_at=rfc3339(time.time()),
            version=__version__,
            proxy_id=self._presence.proxy_id,
        )
        self._write()

    def withdraw(self) -> None:
        """Removes the file, where it is ours."""
        if read_state(self._path.parent) == self._state:
            with suppress(OSError):
                self._path.unlink()

    def _write(self) -> None:
        """In one step: a reader finds the former file or this one, whole."""
        draft = self._path.with_name(f".{NAME}-{self._state.proxy_id}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        with open(handle, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            file.write(to_json(self._state) + "\n")
        draft.replace(self._path)


def read_state(home: Path) -> State | None:
    """What the file says, true or not; None where there is none that can be read."""
    try:
        with (home / NAME).open("rb") as file:
            text = file.read(_LARGEST).decode("ascii")
        return from_json(text, State)
    except (OSError, ValueError, RecursionError):
        return None


def is_true(home: Path, state: State) -> bool:
    """Whether the proxy of a state runs now."""
    return is_alive(home, state.proxy_id) and _exists(state.pid)


def _exists(pid: int) -> bool:
    """Whether there is such a process: who asks for the sign holds it for a moment, as the proxy does."""
    if os.name == "nt":
        return True  # to ask there is to end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
