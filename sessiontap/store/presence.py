"""Presence: says which proxies are alive, so that a call of a dead one is not shown as under way for ever.

    <home>/proxies/<proxy id>.lock

A proxy locks a file of its own as long as it lives; the operating system lets go of the lock however the
process ends. Who wants to know tries the lock: where it can be had, or there is no file, the proxy is dead.
"""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

import msgspec
from filelock import lock_descriptor

from sessiontap.call import Call
from sessiontap.store.appender import is_at, make_private_folder

_FOLDER = "proxies"
_SUFFIX = ".lock"
_MODE = 0o600
_TRIES = 8


class Presence:
    """The sign of one proxy's life. Making one touches nothing."""

    def __init__(self, home: Path) -> None:
        self.proxy_id = secrets.token_hex(6)
        self._path = home / _FOLDER / (self.proxy_id + _SUFFIX)
        self._handle: int | None = None

    def keep(self) -> None:
        """Gives the sign, where it is not there (the home may have been removed). Raises OSError."""
        if self._handle is not None and is_at(os.fspath(self._path), os.fstat(self._handle)):
            return
        self.end()
        make_private_folder(self._path.parent)
        _sweep(self._path.parent)
        for _ in range(_TRIES):
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, _MODE)
            # Somebody who sweeps may be faster than the lock.
            there = lock_descriptor(handle, blocking=False) and is_at(os.fspath(self._path), os.fstat(handle))
            if there:
                self._handle = handle
                return
            os.close(handle)
        raise OSError(errno.EAGAIN, "it is removed again and again", os.fspath(self._path))

    def end(self) -> None:
        """Takes the sign away."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            with suppress(OSError):
                self._path.unlink()
            os.close(handle)


class Liveness:
    """Calls as they are to be shown: one under way whose proxy is dead is `interrupted`.

    Each proxy is asked for once; make another one for another look.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / _FOLDER
        self._alive: dict[str, bool] = {}

    def __call__(self, call: Call) -> Call:
        """The call itself, or what has become of it."""
        if call.status != "running" or call.proxy_id is None:
            return call
        alive = self._alive.get(call.proxy_id)
        if alive is None:
            alive = self._alive[call.proxy_id] = _is_alive(self._folder, call.proxy_id)
        if alive:
            return call
        return msgspec.structs.replace(
            call,
            status="interrupted",
            error_type="interrupted",
            error_message="the proxy ended before the call did",
            proxy_id=None,
        )


def is_alive(home: Path, proxy_id: str) -> bool:
    """Whether a proxy that records to this home gives its sign now."""
    return _is_alive(home / _FOLDER, proxy_id)


def _is_alive(folder: Path, proxy_id: str) -> bool:
    # The id comes out of a file, so it may be a path.
    if not (proxy_id.isascii() and proxy_id.isalnum()):
        return False
    return not _abandoned(folder / (proxy_id + _SUFFIX), absent=True)


def _abandoned(path: Path, *, absent: bool) -> bool:
    """Whether nobody holds the file's lock; `absent` is the answer where there is no file."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return absent
    except OSError:
        return False  # another user's: not ours to judge
    try:
        return lock_descriptor(handle, blocking=False)
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Removes the signs of the dead."""
    for path in folder.glob("*" + _SUFFIX):
        if _abandoned(path, absent=False):
            with suppress(OSError):
                path.unlink()
