"""Assets: the addresses of scripts and styles; they change with their content, so that it may be cached."""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path

from flask import Flask

STATIC = Path(__file__).parent / "static"
_YEAR_S = 365 * 24 * 3600


class Assets:
    """Gives the address of each file in `static/`, and has browsers keep the files."""

    def __init__(self, app: Flask) -> None:
        app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _YEAR_S

    def address(self, name: str) -> str:
        """The address of a file, absolute on the server."""
        return f"/static/{name}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    return f"{zlib.crc32((STATIC / name).read_bytes()):08x}"
