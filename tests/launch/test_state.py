from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from sessiontap import __version__
from sessiontap.launch.shared import left_behind, shared_proxy
from sessiontap.launch.state import Published, State, read_state
from sessiontap.launch.told import Listening, Report, to_json

_REPORT = Report(
    pid=os.getpid(),
    listening=(Listening(mode="regular", kind="regular", host="127.0.0.1", port=8080),),
    confdir="/conf",
)


def test_is_there_as_long_as_the_proxy(tmp_path: Path) -> None:
    """Who it is and where, in a file of the user's alone; nothing is left of it when it goes."""
    home = tmp_path / "home"
    published = Published(home, _REPORT)
    assert stat.S_IMODE((home / "proxy.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    found = shared_proxy(home)
    assert found is not None
    assert (found.pid, found.url, found.port) == (os.getpid(), "http://127.0.0.1:8080", 8080)
    assert (found.ca_file, found.version) == (Path("/conf/mitmproxy-ca-cert.pem"), __version__)
    assert left_behind(home) is None
    published.withdraw()
    assert shared_proxy(home) is None
    assert {path.name for path in home.iterdir()} == {"proxies"}


def test_a_process_id_alone_proves_nothing(tmp_path: Path) -> None:
    """The file of a proxy that was killed is stale, also where its number is another process's by now."""
    state = State(
        pid=os.getpid(),
        url="http://127.0.0.1:8080",
        port=8080,
        ca_file="/c",
        started_at="2026-11-25T13:00:00.000Z",
        version="0.0.1",
        proxy_id="0123456789ab",
    )
    (tmp_path / "proxy.json").write_text(to_json(state), "ascii")
    assert shared_proxy(tmp_path) is None
    dead = left_behind(tmp_path)
    assert dead is not None
    assert (dead.pid, dead.started_at) == (os.getpid(), "2026-11-25T13:00:00.000Z")


def test_the_file_of_a_successor_stays(tmp_path: Path) -> None:
    """Who goes removes only what it has written."""
    first, second = Published(tmp_path, _REPORT), Published(tmp_path, _REPORT)
    first.withdraw()
    assert read_state(tmp_path) is not None
    second.withdraw()
    assert read_state(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[" * 60_000,
        json.dumps({"pid": "1"}).encode(),
        json.dumps({"pid": 1, "port": 2}).encode(),
        json.dumps(
            {
                "pid": 1,
                "url": "u",
                "port": 1,
                "ca_file": "/c",
                "started_at": "",
                "version": "",
                "proxy_id": "../x",
            }
        ).encode(),
    ],
)
def test_a_file_that_says_nothing_is_no_proxy(tmp_path: Path, content: bytes) -> None:
    """Whatever somebody has put there."""
    (tmp_path / "proxy.json").write_bytes(content)
    assert shared_proxy(tmp_path) is None
