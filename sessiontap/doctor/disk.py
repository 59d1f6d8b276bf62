"""Whether there is room for what is to be recorded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from sessiontap.doctor.findings import Finding
from sessiontap.doctor.shell import with_home
from sessiontap.settings import Settings

LITTLE = 1_000_000_000
"""With fewer bytes free there is a warning."""

TOO_LITTLE = 100_000_000
"""With fewer, a problem."""

_MEGABYTE = 1_000_000


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def check_disk(settings: Settings, free_bytes: Callable[[Path], int] = _free_bytes) -> Iterator[Finding]:
    """The free space where the home is, or will be."""
    home = settings.home
    # Not Path.is_dir, which raises where a folder above may not be looked into.
    folder = next(each for each in (home, *home.parents) if os.path.isdir(each))  # noqa: PTH112
    try:
        free = free_bytes(folder)
    except OSError as error:
        yield Finding(
            "warning", "disk", f"{folder}: its free space cannot be told: {error.strerror or error}"
        )
        return
    prune = with_home("sessiontap prune --older-than 30d --dry-run", home)
    said = f"{free // _MEGABYTE:,} MB free at {folder}"
    if free < TOO_LITTLE:
        yield Finding(
            "problem", "disk", f"{said}; make room, or set SESSIONTAP_HOME to another disk's folder", prune
        )
    elif free < LITTLE:
        yield Finding("warning", "disk", said, prune)
    else:
        yield Finding("ok", "disk", said)
