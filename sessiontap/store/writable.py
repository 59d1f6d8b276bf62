"""Whether records can be written under a home now, tried for real."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# A file system counts in blocks of about this size; one byte might still fit where a record does not.
_PROBE_BYTES = 4096


def write_and_remove(folder: Path) -> None:
    """Writes a file that is the user's alone and takes it away again; raises OSError."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        file.write(bytes(_PROBE_BYTES))
        # A full disk takes a part of it without a word: this goes on until it complains.
        file.flush()
        os.fsync(file.fileno())


def why_not_writable(home: Path) -> str | None:
    """Why nothing can be recorded under a home; None where it can. The home is made by nothing in here."""
    # Not Path.is_dir, which raises where a folder above may not be looked into.
    for folder in (home / "sessions", home):
        if os.path.isdir(folder):  # noqa: PTH112
            try:
                write_and_remove(folder)
            except OSError as error:
                return f"{folder}: {error.strerror or error}"
            return None
        if os.path.lexists(folder):
            return f"{folder}: not a folder"
    above = next(each for each in home.parents if os.path.lexists(each))
    if os.path.isdir(above) and os.access(above, os.W_OK | os.X_OK):  # noqa: PTH112
        return None
    return f"{home}: not there, and {above} cannot be written"
