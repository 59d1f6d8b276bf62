"""Whether records can be kept where they are to be kept, and are the user's alone."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from sessiontap.doctor.findings import Finding
from sessiontap.settings import Settings

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_home(settings: Settings) -> Iterator[Finding]:
    """Whether the home is there, or can be made, and can be written."""
    home, quoted = settings.home, shlex.quote(str(settings.home))
    if not home.exists():
        parent = next(folder for folder in home.parents if folder.exists())
        if _writable(parent):
            yield Finding("ok", "home", f"{home}: not there yet; the first call makes it")
        else:
            yield Finding("problem", "home", f"{home}: not there, and {parent} cannot be written")
    elif not home.is_dir():
        yield Finding("problem", "home", f"{home}: not a folder; name another one with --home")
    elif not _writable(home):
        yield Finding(
            "problem",
            "home",
            f"{home}: cannot be written; calls are kept in memory only",
            f"chmod u+rwx {quoted}",
        )
    elif os.name == "posix" and home.stat().st_mode & _OTHERS:
        yield Finding("warning", "home", f"{home}: others may look into it", f"chmod 700 {quoted}")
    else:
        yield Finding("ok", "home", str(home))


def _writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
