"""The pages inside a real proxy, at http://sessiontap.local/, and `sessiontap serve` beside it."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.web.assets import asset
from sessiontap.web.token import page_token
from tests.end_to_end.test_passthrough import OPENAI, call

Start = Callable[..., ProxyProcess]


def through(proxy: ProxyProcess, path: str, **headers: str) -> tuple[int, str]:
    """What the proxy answers a browser that asks for a page."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
    try:
        connection.putrequest("GET", f"http://sessiontap.local{path}", skip_host=True)
        connection.putheader("Host", "sessiontap.local")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_proxy_shows_its_sessions_to_who_has_the_token(proxy: ProxyProcess) -> None:
    """Nobody else; and nothing that is asked of that host is recorded, or leaves the machine."""
    assert call(proxy, proxy.ca_file, OPENAI)
    bearer = {"Authorization": f"Bearer {page_token(proxy.home)}"}
    assert through(proxy, "/")[0] == 403
    status, page = through(proxy, "/", **bearer)
    assert status == 200
    assert page.count("<tr data-key=") == 1
    assert through(proxy, "/nowhere", **bearer)[0] == 404
    assert through(proxy, asset("live.js"), **bearer)[0] == 200
    status, page = through(proxy, f"/?q=nothing%20like%20it&token={page_token(proxy.home)}")
    assert status == 303
    assert through(proxy, "/?q=nothing+like%20it", **bearer)[1].count("<tr data-key=") == 0
    proxy.stop()
    assert "a call may be missing" not in proxy.log
    # mitmdump prints every address that is asked for.
    assert "sessiontap.local" in proxy.log
    assert page_token(proxy.home) not in proxy.log


def test_a_proxy_answers_helicone_s_rest_calls(proxy: ProxyProcess) -> None:
    """At the same host and with the same token, also for an id with slashes, and its log has no token."""
    assert call(proxy, proxy.ca_file, OPENAI, session="a/b//c")
    token = page_token(proxy.home)
    tag = "/v1/session/a%2Fb%2F%2Fc/tag"

    def asked(path: str, body: object = None, auth: str = f"Bearer {token}") -> tuple[int, object]:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
        sent = None if body is None else json.dumps(body)
        method, headers = ("GET" if body is None else "POST"), {"Authorization": auth}
        connection.request(method, f"http://sessiontap.local{path}", body=sent, headers=headers)
        answer = connection.getresponse()
        reply = json.load(answer)
        connection.close()
        return answer.status, reply

    status, reply = asked("/v1/session/query", {"search": "A/B", "timezoneDifference": 0, "filter": "all"})
    assert status == 200
    (row,) = reply["data"]  # type: ignore[index]
    assert (row["session_id"], row["total_requests"]) == ("a/b//c", 1)
    assert asked(tag, {"tag": "abc"}) == (200, {"data": None, "error": None})
    assert asked(tag) == (200, {"data": "abc", "error": None})
    assert asked(tag, auth="Bearer sk-helicone-1")[0] == 401
    proxy.stop()
    assert token not in proxy.log


def test_a_waiting_page_does_not_hold_up_the_proxy_s_end(proxy: ProxyProcess) -> None:
    """A page that waits for what is new is let go at once."""
    assert call(proxy, proxy.ca_file, OPENAI)
    bearer = f"Bearer {page_token(proxy.home)}"
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
    connection.request("GET", "http://sessiontap.local/", headers={"Authorization": bearer})
    answer = connection.getresponse()
    answer.read()
    version = answer.getheader("ETag") or ""
    waits = {"Authorization": bearer, "If-None-Match": version, "Prefer": "wait=25"}
    connection.request("GET", "http://sessiontap.local/", headers=waits)
    # The traffic goes on meanwhile.
    assert call(proxy, proxy.ca_file, OPENAI)
    assert connection.getresponse().status == 200
    connection.close()
    begun = time.monotonic()
    proxy.stop()
    assert time.monotonic() - begun < 10


@pytest.fixture
def home(proxy: ProxyProcess) -> Path:
    """A home with one recorded session."""
    assert call(proxy, proxy.ca_file, OPENAI)
    proxy.stop()
    return proxy.home


def test_serve_prints_an_address_that_opens_the_pages(home: Path) -> None:
    """Ctrl-C ends it as it ends a proxy, with 0; a second one on the port says what to do."""
    program = [sys.executable, "-m", "sessiontap", "serve", "--home", str(home), "--port", "0"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        try:
            opener = urllib.request.build_opener(
                urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()
            )
            with opener.open(address, timeout=30) as page:
                assert "<tr data-key=" in page.read().decode()
                assert "token" not in page.url
            port = address.split(":")[2].partition("/")[0]
            second = subprocess.run([*program[:-1], port], capture_output=True, text=True, check=False)
            assert second.returncode == 1
            assert second.stderr.startswith(f"sessiontap: port {port} of 127.0.0.1 is taken")
            known = subprocess.run([*program[:-1], port, "--url"], capture_output=True, text=True, check=True)
            assert known.stdout.strip() == address
        finally:
            server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=30)
    assert server.returncode == 0
    assert "Traceback" not in said


@pytest.mark.parametrize("proxy", [{"options": {"stream_large_bodies": "8"}}], indirect=True)
def test_no_form_leaves_the_machine_where_bodies_stream(proxy: ProxyProcess, double: Double) -> None:
    """A short one is answered; a longer one, and one whose length nobody knows beforehand, is cut off."""
    form = {
        "Authorization": f"Bearer {page_token(proxy.home)}",
        "Content-Type": "application/x-www-form-urlencoded",
    }

    def post(
        connection: http.client.HTTPConnection, body: bytes | Iterator[bytes]
    ) -> http.client.HTTPResponse:
        connection.request("POST", "http://sessiontap.local/s/none/tag", body, headers=form)
        return connection.getresponse()

    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)) as connection:
        answer = post(connection, b"tag=x")
        assert (answer.status, "no such session" in answer.read().decode()) == (404, True)
    for body in (b"tag=" + b"x" * 100, iter([b"tag=", b"x" * 100])):
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
        with contextlib.closing(connection), pytest.raises((http.client.HTTPException, OSError)):
            post(connection, body)
    assert double.received == ()
