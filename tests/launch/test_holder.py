from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from sessiontap.launch.holder import holder


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_names_who_listens(family: int, host: str) -> None:
    """Name and process id of a process of the user's own."""
    with socket.socket(family) as listening:
        try:
            listening.bind((host, 0))
        except OSError:
            pytest.skip(f"no {host} here")
        listening.listen()
        port = listening.getsockname()[1]
        name = Path("/proc/self/comm").read_text("utf-8").strip()
        assert holder(port) == f"{name} (pid {os.getpid()})"
    assert holder(port) is None


def test_says_nothing_where_the_system_does_not_tell(tmp_path: Path) -> None:
    """Without Linux's /proc nobody is named."""
    assert holder(80, tmp_path) is None
