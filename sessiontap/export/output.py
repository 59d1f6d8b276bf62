"""Where an export goes: a private file that is whole or not there, or a stream."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO


def write_stream(stream: BinaryIO, chunks: Iterable[bytes]) -> None:
    """Writes the chunks as they come, and flushes."""
    stream.writelines(chunks)
    stream.flush()


def write_file(path: Path, chunks: Iterable[bytes]) -> None:
    """Writes the chunks to a new file (0600) and renames it to `path`, over what is there.

    Where anything fails the old file stays as it was and nothing is left behind. A path that is
    no regular file (`/dev/null`, a named pipe) is written to and not replaced. Raises OSError.
    """
    target = path.resolve()
    if target.exists() and not target.is_file() and not target.is_dir():
        with target.open("wb") as stream:
            write_stream(stream, chunks)
        return
    if target.is_dir():
        raise IsADirectoryError(21, "Is a directory", str(path))
    try:
        # mkstemp makes the file 0600, whatever the umask is.
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    except OSError as error:
        # The person gave the path, not the name of our temporary file beside it.
        raise type(error)(error.errno, error.strerror, str(path)) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            write_stream(stream, chunks)
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
