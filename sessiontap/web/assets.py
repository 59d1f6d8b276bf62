"""The addresses of scripts and styles: they change with the files' content, so that these may be cached.

The version is a folder of the address, so that a script that imports its neighbour gets the same one.
"""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
CACHED_S = 365 * 24 * 3600
"""How long a browser may keep a file."""


@cache
def assets() -> str:
    """The address of the folder, absolute on the server."""
    digest = 0
    for path in sorted(STATIC.iterdir()):
        digest = zlib.crc32(path.read_bytes(), zlib.crc32(path.name.encode(), digest))
    return f"/static/{digest:08x}"


def asset(name: str) -> str:
    """The address of a file."""
    return f"{assets()}/{name}"
