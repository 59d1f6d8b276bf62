"""A client that speaks to a double directly, and trusts nothing but its authority."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sessiontap.demo.answer import Answer
from sessiontap.demo.double import Double


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    """A double of one host that answers `ok` until a test sets another handler."""
    with Double(lambda _call: Answer(chunks=(b"ok",)), hosts=("api.openai.com",), folder=tmp_path) as running:
        yield running


@pytest.fixture
def connect(double: Double) -> Iterator[Callable[[], http.client.HTTPConnection]]:
    """Gives a TLS connection to the double under the name `api.openai.com`."""
    with contextlib.ExitStack() as open_connections:

        def secured() -> http.client.HTTPConnection:
            context = ssl.create_default_context(cafile=str(double.ca_file))
            plain = socket.create_connection(("127.0.0.1", double.port), timeout=30)
            connection = http.client.HTTPConnection("api.openai.com", timeout=30)
            connection.sock = open_connections.enter_context(
                context.wrap_socket(plain, server_hostname="api.openai.com")
            )
            open_connections.callback(connection.close)
            return connection

        yield secured
