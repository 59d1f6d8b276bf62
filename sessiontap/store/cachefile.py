r"""A cache on disk: entries of which a later one replaces an earlier one, and none of which need be there.

    {"crc32":"89abcdef","entry":…}\n

What the checksum does not fit is passed over: a torn or damaged line, one of another form (the form goes into
the sum), a stranger's file. So it takes no lock: what commands that write at once spoil or lose is made anew.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_START, _MIDDLE, _END = b'{"crc32":"', b'","entry":', b"}"
_SUM = slice(len(_START), len(_START) + 8)
_ENTRY = slice(_SUM.stop + len(_MIDDLE), -len(_END))
_FILE_MODE = 0o600
_WRITE_BYTES = 1 << 20
# Windows: no translation of line ends. POSIX has no such flag.
_BINARY: int = getattr(os, "O_BINARY", 0)


class CacheFile:
    """The entries of one form in a file. `form` says all that the entries' meaning depends on."""

    def __init__(self, path: Path, form: str) -> None:
        self._path = path
        self._seed = zlib.crc32(form.encode())

    def read(self) -> list[memoryview]:
        """The entries that are whole, each as JSON, in the order in which they were written.

        A file that is not there or cannot be read has none.
        """
        try:
            data = memoryview(self._path.read_bytes())
        except OSError:
            return []
        return [line[_ENTRY] for line in _lines(data) if self._is_whole(line)]

    def append(self, entries: Iterable[bytes]) -> None:
        """Adds entries to a file that is there. Raises OSError."""
        # Whatever an interrupted write has left is ended first; blank lines are nothing.
        data = b"\n" + b"".join(map(self._line, entries))
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | _BINARY)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(handle, left) :]
        finally:
            os.close(handle)

    def replace(self, entries: Iterable[bytes | memoryview]) -> None:
        """Makes the file, 0600, with these entries alone; its folder has to be there. Raises OSError."""
        # One name for all: commands that use it at once spoil a cache, and none ever leaves two files behind.
        new = self._path.with_name(self._path.name + ".tmp")
        try:
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, _FILE_MODE)
            with open(handle, "wb", buffering=_WRITE_BYTES) as file:  # noqa: PTH123 - only open() takes one
                if hasattr(os, "fchmod"):
                    os.fchmod(handle, _FILE_MODE)
                file.writelines(map(self._line, entries))
            new.replace(self._path)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise

    def _line(self, entry: bytes | memoryview) -> bytes:
        return b"".join((_START, b"%08x" % zlib.crc32(entry, self._seed), _MIDDLE, entry, _END, b"\n"))

    def _is_whole(self, line: memoryview) -> bool:
        return line[_SUM] == b"%08x" % zlib.crc32(line[_ENTRY], self._seed)


def _lines(data: memoryview) -> Iterable[memoryview]:
    raw, start = data.obj, 0
    assert isinstance(raw, bytes)
    while (end := raw.find(b"\n", start)) >= 0:
        if end > start:
            yield data[start:end]
        start = end + 1
