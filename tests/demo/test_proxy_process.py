from __future__ import annotations

import http.client
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.errors import SessiontapError


@pytest.fixture
def proxy(double: Double, tmp_path: Path) -> Iterator[ProxyProcess]:
    """A bare mitmdump before a double of `api.openai.com`."""
    with ProxyProcess(
        home=tmp_path / "home", confdir=tmp_path / "conf", double=double, addon=False
    ) as running:
        yield running


def _ask(proxy: ProxyProcess, host: str) -> tuple[int, bytes]:
    """Status and body of a GET to a host through the proxy."""
    context = ssl.create_default_context(cafile=str(proxy.ca_file))
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=30, context=context)
    connection.set_tunnel(host)
    try:
        connection.request("GET", "/path")
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def test_is_a_proxy_that_keeps_real_hosts(proxy: ProxyProcess, double: Double) -> None:
    """A call reaches the double, and to mitmproxy its flow is one of the real host."""
    assert _ask(proxy, "api.openai.com") == (200, b"ok")
    assert [call.host for call in double.received] == ["api.openai.com"]
    assert proxy.stop() == 0
    assert "GET https://api.openai.com/path" in proxy.log
    assert proxy.stop() == 0, "a second stop is harmless"


def test_never_reaches_the_network(proxy: ProxyProcess, double: Double) -> None:
    """A host that the double does not stand for meets a certificate that mitmdump refuses."""
    status, body = _ask(proxy, "elsewhere.example")
    assert status == 502
    assert b"Certificate verify failed" in body
    assert double.received == ()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"mode": "nonsense"}, "unknown mode"),
        ({"sessiontap_pricing": "/nowhere/prices.yaml"}, "'/nowhere/prices.yaml' is not a file"),
    ],
    ids=["mitmproxy's option", "our option"],
)
def test_says_why_mitmdump_did_not_start(
    double: Double, tmp_path: Path, options: dict[str, str], reason: str
) -> None:
    """A mitmdump that does not come up is one line with its exit status and its own reason."""
    with pytest.raises(SessiontapError, match=r"^mitmdump did not start \(exit status 1\): .*") as caught:
        ProxyProcess(home=tmp_path / "home", confdir=tmp_path / "conf", double=double, options=options)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


_STARTER = """
import sys
from pathlib import Path
from sessiontap.demo.answer import Answer
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess

folder = Path(sys.argv[1])
double = Double(lambda call: Answer(), hosts=["localhost"], folder=folder)
proxy = ProxyProcess(home=folder / "home", confdir=folder / "conf", double=double, addon=False)
print(proxy.port, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_mitmdump_dies_with_its_starter(tmp_path: Path) -> None:
    """A starter that is killed outright leaves no mitmdump behind."""
    with subprocess.Popen(
        [sys.executable, "-c", _STARTER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as starter:
        assert starter.stdout is not None
        port = int(starter.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            starter.kill()
            assert connection.recv(1) == b"", "the connection ends when mitmdump does"
    assert starter.returncode == -signal.SIGKILL
