"""How a mitmdump is told to send its calls to a double, and a call through it."""

from __future__ import annotations

import http.client
import json
import os
import select
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

_BODY = json.dumps({"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hi"}]})
WAIT_S = 30


@dataclass(frozen=True, slots=True)
class Rerouted:
    """Arguments for mitmdump, and its environment, so that `api.openai.com` is a double."""

    arguments: tuple[str, ...]
    environ: Mapping[str, str]


def send(port: int, ca_file: Path, *, session: str, query: str = "") -> int:
    """The status of a chat completion through the proxy on a port."""
    tls = ssl.create_default_context(cafile=str(ca_file))
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=WAIT_S, context=tls)
    connection.set_tunnel("api.openai.com")
    headers = {"Helicone-Session-Id": session, "Content-Type": "application/json"}
    connection.request("POST", "/v1/chat/completions" + query, _BODY, headers)
    reply = connection.getresponse()
    reply.read()
    connection.close()
    return reply.status


def wait_for_text(path: Path, text: str) -> str:
    """What is in a file, once there is that text in it."""
    pause = threading.Event()
    for _ in range(WAIT_S * 100):
        if path.is_file() and text in (found := path.read_text("utf-8")):
            return found
        pause.wait(0.01)
    pytest.fail(f"{text!r} did not come into {path}")


def wait_for_end(pid: int) -> None:
    """Returns when a process has ended that need not be this one's child. Linux only."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended, _, _ = select.select([process], [], [], WAIT_S)
    finally:
        os.close(process)
    assert ended, f"process {pid} has not ended"
