"""The log of a shared proxy: what it would print, in `<home>/proxy.log`, 0600, and never large.

At 8 MiB it becomes `proxy.log.1`, and the one before that goes.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path

from sessiontap import __version__
from sessiontap.store.appender import make_private_folder
from sessiontap.times import rfc3339

NAME = "proxy.log"
_MODE = 0o600
_LARGEST = 8 << 20
_LOOK_S = 10.0
_OUTPUTS = (1, 2)


class LogFile:
    """The log of this very process. Raises OSError where it cannot be opened."""

    def __init__(self, home: Path, *, largest: int = _LARGEST) -> None:
        self._path = home / NAME
        self._largest = largest
        make_private_folder(home)
        self._handle = self._open()

    def take_over(self) -> None:
        """From now on standard output and error go there, and standard input is empty."""
        started = f"{rfc3339(time.time())} sessiontap {__version__}, mitmdump's pid {os.getpid()}\n"
        os.write(self._handle, started.encode())
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        self._redirect()

    async def keep_small(self) -> None:
        """Looks at the size from time to time; never returns."""
        while True:
            await asyncio.sleep(_LOOK_S)
            self.turn()

    def turn(self) -> None:
        """Begins a new file where this one is large."""
        if os.fstat(1).st_size <= self._largest:
            return
        with suppress(OSError):  # Windows moves no open file: then it grows
            self._path.replace(self._path.with_name(NAME + ".1"))
            self._handle = self._open()
            self._redirect()

    def _open(self) -> int:
        return os.open(
            self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), _MODE
        )

    def _redirect(self) -> None:
        for output in _OUTPUTS:
            os.dup2(self._handle, output)
        os.close(self._handle)
