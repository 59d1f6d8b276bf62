"""The token that opens the pages of a home: made once, so that bookmarks and cookies go on working.

<home>/page-token        0600
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

TOKEN_FILE = "page-token"  # noqa: S105 -- a file's name

_BYTES = 24
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


def page_token(home: Path, *, new: bool = False) -> str:
    """The home's token; made where there is none, or with `new`: then every page opened so far is closed.

    Raises OSError where it can be neither read nor written.
    """
    path = home / TOKEN_FILE
    if not new and (token := _read(path)) is not None:
        return token
    home.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    token = secrets.token_urlsafe(_BYTES)
    fresh = home / f".{TOKEN_FILE}.{secrets.token_hex(8)}"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    try:
        with open(handle, "w", encoding="ascii") as file:  # noqa: PTH123 -- of a descriptor
            file.write(token + "\n")
        try:
            # Of two that begin at once one wins, and both take its token.
            os.link(fresh, path)
        except OSError:
            # There is one, or the file system has no links.
            if new or _read(path) is None:
                fresh.replace(path)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()
    return _read(path) or token


class LiveToken:
    """The home's token as it is now: a new one shuts out the old one also from pages that are served.

    Where the file is gone, or something else, the last one goes on.
    """

    def __init__(self, home: Path) -> None:
        """Makes the token where there is none. Raises OSError where it can be neither read nor written."""
        self._path = home / TOKEN_FILE
        self._last = page_token(home)

    def __call__(self) -> str:
        """The token."""
        with suppress(OSError):
            self._last = _read(self._path) or self._last
        return self._last


def _read(path: Path) -> str | None:
    """The token in the file; None where there is none, or something else."""
    try:
        text = path.read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return text if _TOKEN.fullmatch(text) else None
