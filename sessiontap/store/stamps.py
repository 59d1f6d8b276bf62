"""Which sessions there are and which of their journals were written to, without opening one of them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from sessiontap.errors import StoreError
from sessiontap.store.folders import CALLS_FILE
from sessiontap.store.journal import printable
from sessiontap.store.records import Stamp


def session_stamps(home: Path) -> dict[str, Stamp | OSError]:
    """Each session's key, in order, and its calls' stamp, or why there is none to be had.

    Sessions without a file of calls are left out. Raises StoreError where the sessions cannot be listed.
    """
    folder = os.fspath(home / "sessions")
    try:
        with os.scandir(folder) as entries:
            keys = sorted(entry.name for entry in entries if entry.is_dir())
    except FileNotFoundError:
        return {}
    except OSError as error:
        reason = printable(error.strerror or str(error))
        message = (
            f"{printable(folder, 400)} cannot be read: {reason};"
            " make it accessible for this user, or set SESSIONTAP_HOME to another folder"
        )
        raise StoreError(message) from error
    found: dict[str, Stamp | OSError] = {}
    for key in keys:
        try:
            # Texts, not Paths, which cost as much as the call: there may be ten thousand sessions.
            there = os.stat(f"{folder}{os.sep}{key}{os.sep}{CALLS_FILE}")  # noqa: PTH116
        except OSError as error:
            if error.errno not in {errno.ENOENT, errno.ENOTDIR}:
                found[key] = error
        else:
            found[key] = Stamp(there.st_ino, there.st_size, there.st_mtime_ns)
    return found
