"""What the end-to-end tests stand on: a double of the providers and a real mitmdump before it.

The types are `sessiontap.demo`'s; tests ask for the fixtures and annotate with those.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.demo.replies import not_found
from sessiontap.demo.script import HOSTS

UNRELATED_HOST = "unrelated.example"


@pytest.fixture(scope="session")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mitmproxy's own folder, with one CA for all the tests: making one takes longer than most of them."""
    return tmp_path_factory.mktemp("mitmproxy")


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    """The providers' double; set its `handler` to say what it answers (a 404 until then).

    Its certificate is good for the providers' hosts and for `unrelated.example`. A handler that raises
    fails the test.
    """
    folder = tmp_path / "double"
    folder.mkdir()
    with Double(lambda call: not_found(call.path), hosts=(*HOSTS, UNRELATED_HOST), folder=folder) as running:
        yield running
    assert running.faults == []


@pytest.fixture
def start_proxy(double: Double, confdir: Path, tmp_path: Path) -> Iterator[Callable[..., ProxyProcess]]:
    """Starts a real mitmdump before the double, with the keywords of `ProxyProcess`; each ends with the test.

    Without `home` it records into a folder of the test's own, the same for all that the test starts.
    """
    with contextlib.ExitStack() as running:

        def start(**changes: Any) -> ProxyProcess:
            keywords = {"home": tmp_path / "home", "confdir": confdir, "double": double, **changes}
            return running.enter_context(ProxyProcess(**keywords))

        yield start


@pytest.fixture
def proxy(start_proxy: Callable[..., ProxyProcess], request: pytest.FixtureRequest) -> ProxyProcess:
    """A running mitmdump with the addon; `stop()` ends it with SIGTERM, so that all is on disk.

    Other keywords of `ProxyProcess` come by indirect parametrisation:
    `@pytest.mark.parametrize("proxy", [{"options": {"stream_large_bodies": "1m"}}], indirect=True)`.
    """
    return start_proxy(**getattr(request, "param", {}))


@pytest.fixture
def connect() -> Iterator[Callable[[ProxyProcess, str], http.client.HTTPSConnection]]:
    """Gives a standard library's connection to a host, through a proxy's CONNECT, trusting its CA only."""
    with contextlib.ExitStack() as open_connections:

        def through(proxy: ProxyProcess, host: str) -> http.client.HTTPSConnection:
            context = ssl.create_default_context(cafile=str(proxy.ca_file))
            connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=30, context=context)
            connection.set_tunnel(host)
            open_connections.callback(connection.close)
            return connection

        yield through
