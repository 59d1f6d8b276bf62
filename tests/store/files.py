"""Files as crashes leave them."""

from __future__ import annotations

import os
from pathlib import Path


def write_old(path: Path, data: bytes) -> None:
    """Writes a file that looks as if nobody had written it for years.

    Who reads one that is new waits for a moment for the end of its last line.
    """
    path.write_bytes(data)
    os.utime(path, (0, 0))
