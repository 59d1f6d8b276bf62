"""Keys that a person presses while a command runs, one at a time and without Enter."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Keys(Protocol):
    """Where keys come from."""

    def wait(self, seconds: float) -> str | None:
        """The next key, or None where none comes in that time."""
        ...


class _NoKeys:
    """There is no keyboard: only time goes by."""

    def wait(self, seconds: float) -> str | None:
        time.sleep(seconds)
        return None


class _PosixKeys:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def wait(self, seconds: float) -> str | None:
        ready, _, _ = select.select([self._descriptor], [], [], seconds)
        if not ready:
            return None
        # An arrow is several bytes: none of them is a key of its own.
        read = os.read(self._descriptor, 32).decode("utf-8", "replace")
        return read if len(read) == 1 else ""


class _WindowsKeys:
    _LOOK_S = 0.05

    def wait(self, seconds: float) -> str | None:
        import msvcrt

        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if msvcrt.kbhit():  # type: ignore[attr-defined,unused-ignore]
                return str(msvcrt.getwch())  # type: ignore[attr-defined,unused-ignore]
            time.sleep(self._LOOK_S)
        return None


@contextmanager
def keys() -> Iterator[Keys]:
    """The keys of the terminal, which is as it was afterwards; Ctrl-C stays Ctrl-C."""
    if not sys.stdin or not sys.stdin.isatty():
        yield _NoKeys()
    elif os.name == "nt":
        yield _WindowsKeys()
    else:
        import termios
        import tty

        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        try:
            tty.setcbreak(descriptor, termios.TCSANOW)
            yield _PosixKeys(descriptor)
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
