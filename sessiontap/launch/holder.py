"""Who holds a port of this machine, where the system tells: Linux does, of the user's own processes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_LISTENS = "0A"
_TABLES = ("net/tcp", "net/tcp6")


def holder(port: int, proc: Path = _PROC) -> str | None:
    """The process that listens on a TCP port, as `python3 (pid 4711)`; None where that cannot be told."""
    wanted = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    if not wanted:
        return None
    for process in proc.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # another user's, or gone meanwhile
            if any(str(handle.readlink()) in wanted for handle in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text('utf-8', 'replace').strip()} (pid {process.name})"
    return None


def _inodes(port: int, proc: Path) -> Iterator[str]:
    """The sockets that listen there."""
    # https://docs.kernel.org/networking/proc_net_tcp.html
    for table in _TABLES:
        with contextlib.suppress(OSError):  # no Linux
            for line in (proc / table).read_text("ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]
