"""The log of a shared proxy: what it would print, in `<home>/proxy.log`, 0600, and never large.

At 8 MiB it becomes `proxy.log.1`, and the one before that goes. A log that cannot be written is left out:
mitmproxy itself would end where it cannot print, on a full disk for example.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from sessiontap import __version__
from sessiontap.store.appender import make_private_folder
from sessiontap.times import rfc3339

NAME = "proxy.log"
_MODE = 0o600
_LARGEST = 8 << 20
_PIECE = 65536
_OUTPUTS = (1, 2)
_DRAIN_S = 2.0
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class LogFile:
    """The log of this very process. Raises OSError where it cannot be opened."""

    def __init__(self, home: Path, *, largest: int = _LARGEST) -> None:
        self._path = home / NAME
        self._largest = largest
        make_private_folder(home)
        self._handle: int | None = os.open(self._path, _FLAGS, _MODE)

    def take_over(self) -> None:
        """From now on standard output and error go there, and standard input is empty."""
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        printed, output = os.pipe()
        for stream in _OUTPUTS:
            os.dup2(output, stream)
        os.close(output)
        copying = threading.Thread(target=self._copy, args=(printed,), name="proxy-log", daemon=True)
        copying.start()
        atexit.register(_drain, copying, nothing)
        self.write(f"{rfc3339(time.time())} sessiontap {__version__}, pid {os.getpid()}\n".encode())

    def write(self, data: bytes) -> None:
        """Appends, in a new file where this one would be too large; does without where it cannot."""
        with suppress(OSError):
            if self._handle is None:
                self._handle = os.open(self._path, _FLAGS, _MODE)
            if os.fstat(self._handle).st_size + len(data) > self._largest:
                self._turn()
            os.write(self._handle, data)

    def _turn(self) -> None:
        if self._handle is not None:
            # Before the file moves: Windows moves no open one.
            os.close(self._handle)
            self._handle = None
        self._path.replace(self._path.with_name(NAME + ".1"))
        self._handle = os.open(self._path, _FLAGS, _MODE)

    def _copy(self, printed: int) -> None:
        while data := os.read(printed, _PIECE):
            self.write(data)


def _drain(copying: threading.Thread, nothing: int) -> None:
    """Has the last words written: those of an exception that ends the process."""
    for stream in _OUTPUTS:
        os.dup2(nothing, stream)
    copying.join(_DRAIN_S)
