"""Whose TLS is opened, who would not have that, and the heartbeat, in a real mitmdump."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509

from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.launch.heartbeat import Heartbeat, ask, listen
from sessiontap.store import Ledger
from sessiontap.store.refusals import read_refusals
from tests.end_to_end.conftest import UNRELATED_HOST
from tests.end_to_end.place import BODY, CHAT, USAGE, WAIT_S, tries

OPENAI = "api.openai.com"
OURS, THEIRS = "mitmproxy", "sessiontap throw-away CA"
Start = Callable[..., ProxyProcess]


@pytest.fixture(autouse=True)
def _answers(double: Double) -> None:
    def answer(call: ReceivedCall) -> Answer:
        if call.path == CHAT:
            return replies.openai_chat("gpt-5-mini", "Hello", USAGE, stream=False)
        return Answer(chunks=(b"theirs",), chunked=False)

    double.handler = answer


@contextlib.contextmanager
def _started(folder: Path) -> Iterator[ProxyProcess]:
    answer = Answer(chunks=(b"theirs",), chunked=False)
    with (
        Double(lambda _: answer, hosts=(UNRELATED_HOST, OPENAI), folder=folder) as double,
        ProxyProcess(home=folder / "home", confdir=folder / "conf", double=double) as proxy,
    ):
        yield proxy


@pytest.fixture(scope="module")
def tls_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    """One proxy for all handshakes."""
    with _started(tmp_path_factory.mktemp("handshakes")) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    """One proxy for all that is asked of the heartbeat's host."""
    with _started(tmp_path_factory.mktemp("heartbeats")) as proxy:
        yield proxy


@contextlib.contextmanager
def tunnel(proxy: ProxyProcess, target: str) -> Iterator[socket.socket]:
    """A CONNECT to a host and port, answered."""
    with socket.create_connection(("127.0.0.1", proxy.port), WAIT_S) as connection:
        connection.sendall(
            f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: probe/1\r\n\r\n".encode()
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        yield connection


def issuer(proxy: ProxyProcess, target: str, name: str | None) -> str:
    """Who made the certificate that a client is shown in a tunnel, when it asks for a name or for none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with tunnel(proxy, target) as plain, context.wrap_socket(plain, server_hostname=name) as secured:
        shown = secured.getpeercert(binary_form=True)
    assert shown is not None
    made_by = x509.load_der_x509_certificate(shown).issuer
    return str(made_by.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)


def call(proxy: ProxyProcess, ca_file: Path, host: str, path: str = CHAT, session: str = "s") -> bytes:
    """A call through the proxy by a client that trusts one authority alone."""
    context = ssl.create_default_context(cafile=str(ca_file))
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=WAIT_S, context=context)
    connection.set_tunnel(host, headers={"User-Agent": "probe/1"})
    with contextlib.closing(connection):
        connection.request("POST", path, BODY, {"Helicone-Session-Id": session})
        return connection.getresponse().read()


def beat(proxy: ProxyProcess) -> Heartbeat:
    """The proxy's heartbeat."""
    found = ask(proxy.port, WAIT_S)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("target", "name", "expected"),
    [
        (f"{OPENAI}:443", OPENAI, OURS),
        (f"{OPENAI.upper()}:443", OPENAI, OURS),
        (f"{OPENAI}:443", None, OURS),
        ("203.0.113.7:443", OPENAI, OURS),
        # The public name before an encrypted one.
        (f"{OPENAI}:443", "public.example", OURS),
        (f"{UNRELATED_HOST}:443", UNRELATED_HOST, THEIRS),
        (f"{UNRELATED_HOST}:443", None, THEIRS),
        (f"{OPENAI}.evil.example:443", f"{OPENAI}.evil.example", THEIRS),
        ("127.0.0.1:8443", "localhost", THEIRS),
    ],
)
def test_only_a_providers_tls_is_opened(
    tls_only: ProxyProcess, target: str, name: str | None, expected: str
) -> None:
    """By the name of the handshake or of the CONNECT; everybody else shows a certificate of their own."""
    assert issuer(tls_only, target, name) == expected


def test_a_strangers_traffic_arrives(proxy: ProxyProcess, double: Double) -> None:
    """A client that trusts only the stranger's authority gets through; nothing of it is recorded."""
    assert call(proxy, double.ca_file, UNRELATED_HOST, "/info/refs") == b"theirs"
    assert double.received[-1].header("helicone-session-id") == "s"
    assert call(proxy, proxy.ca_file, OPENAI, session="theirs")
    assert [each.session_id for each in Ledger(proxy.home).sessions()] == ["theirs"]


@pytest.mark.parametrize("proxy", [{"options": {"sessiontap_passthrough": "off"}}], indirect=True)
def test_the_option_opens_everything(proxy: ProxyProcess) -> None:
    """For scripts beside ours: a stranger's TLS is opened as mitmproxy does it."""
    assert issuer(proxy, f"{UNRELATED_HOST}:443", UNRELATED_HOST) == OURS
    assert call(proxy, proxy.ca_file, UNRELATED_HOST, "/info/refs") == b"theirs"


@pytest.mark.parametrize(
    "proxy", [{"options": {"sessiontap_hosts": f"{UNRELATED_HOST}=openai,localhost=openai"}}], indirect=True
)
def test_a_gateways_tls_is_opened(proxy: ProxyProcess) -> None:
    """Also that of one on this machine, once it is named."""
    assert issuer(proxy, f"{UNRELATED_HOST}:443", UNRELATED_HOST) == OURS
    assert issuer(proxy, "localhost:8443", "localhost") == OURS


@pytest.mark.parametrize(
    "proxy", [{"options": {"mode": f"reverse:https://{UNRELATED_HOST}/"}}], indirect=True
)
def test_a_reverse_mode_is_left_as_it_is(proxy: ProxyProcess) -> None:
    """Whoever names an upstream wants it read: the TLS of its clients ends at the proxy."""
    context = ssl.create_default_context(cafile=str(proxy.ca_file))
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=WAIT_S, context=context)
    with contextlib.closing(connection):
        connection.request("GET", "/page")
        assert connection.getresponse().read() == b"theirs"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_keeps_the_strangers_certificate(proxy: ProxyProcess, double: Double) -> None:
    """A real client, whose only root is the stranger's."""
    done = subprocess.run(
        [
            "curl",
            "-sS",
            "-m",
            str(WAIT_S),
            "-x",
            proxy.url,
            "--cacert",
            str(double.ca_file),
            f"https://{UNRELATED_HOST}/x",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "theirs"), done.stderr


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_keeps_the_strangers_certificate(proxy: ProxyProcess, double: Double) -> None:
    """Another one, with a TLS library of its own: it gets to the question that it asks of any server."""
    url = f"https://{UNRELATED_HOST}/project"
    variables = {"HTTPS_PROXY": proxy.url, "GIT_SSL_CAINFO": str(double.ca_file), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["git", "ls-remote", url],
        env={**variables, "HOME": str(proxy.home), "GIT_TERMINAL_PROMPT": "0"},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert "certificate" not in done.stderr
    assert double.received[0].path == "/project/info/refs?service=git-upload-pack"


def refused_by(proxy: ProxyProcess, double: Double, host: str = OPENAI) -> None:
    """A client that does not trust the proxy's authority tries."""
    with pytest.raises(ssl.SSLCertVerificationError):
        call(proxy, double.ca_file, host)


def test_a_client_that_does_not_trust_is_kept_and_forgotten(start_proxy: Start, double: Double) -> None:
    """One line of log; a count in the home, also for the next proxy; until a call is recorded."""
    proxy = start_proxy()
    for _ in range(3):
        refused_by(proxy, double)
    (seen,) = beat(proxy).refused
    assert (seen.host, seen.count) == (OPENAI, 3)
    assert seen.first_at < seen.last_at
    (line,) = [line for line in proxy.log.splitlines() if line.startswith(f"sessiontap: {OPENAI}:")]
    assert line == (
        f"sessiontap: {OPENAI}: a client (probe/1) does not trust the proxy's certificate; what it sends is"
        f" not recorded. Start it with `sessiontap run`, or have it trust {proxy.ca_file};"
        " `sessiontap doctor` says how"
    )
    proxy.stop()
    (kept,) = read_refusals(proxy.home)
    assert (kept.host, kept.count, kept.first_at, kept.last_at) == (OPENAI, 3, seen.first_at, seen.last_at)
    assert (kept.certain, kept.address, kept.agent) == (True, "127.0.0.1", "probe/1")
    assert (proxy.home / "refusals.json").stat().st_mode & 0o777 == 0o600
    again = start_proxy()
    assert beat(again).refused == ()
    assert call(again, again.ca_file, OPENAI)
    again.stop()
    assert read_refusals(proxy.home) == []


def test_a_stranger_is_not_refused(proxy: ProxyProcess, double: Double) -> None:
    """A host's own certificate that a client does not trust is none of our business."""
    with pytest.raises(ssl.SSLCertVerificationError):
        call(proxy, proxy.ca_file, UNRELATED_HOST)
    refused_by(proxy, double)
    assert [each.host for each in beat(proxy).refused] == [OPENAI]


def test_a_client_that_leaves_without_a_word_is_kept(proxy: ProxyProcess) -> None:
    """As Node does it: no alert, the connection is closed once the certificate was seen."""
    outgoing = ssl.MemoryBIO()
    context = ssl.create_default_context()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=OPENAI)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    with tunnel(proxy, f"{OPENAI}:443") as connection:
        connection.sendall(outgoing.read())
        assert connection.recv(4096)
    for _ in tries():
        if beat(proxy).refused:
            break
    proxy.stop()
    assert f"{OPENAI}: a client (probe/1) left when it had seen the proxy's certificate" in proxy.log
    assert [each.certain for each in read_refusals(proxy.home)] == [False]


def test_the_heartbeat(proxy: ProxyProcess, double: Double) -> None:
    """The proxy says how it is, without asking anybody else and without making a home."""
    found = beat(proxy)
    assert (found.pid, found.home, found.recording, found.trouble) == (proxy.pid, str(proxy.home), True, None)
    assert (found.ca_file, found.refused) == (str(proxy.ca_file), ())
    assert double.received == ()
    assert not proxy.home.exists()


@pytest.mark.parametrize(
    ("asked", "headers", "status"),
    [
        ("GET http://sessiontap.invalid/heartbeat", {}, 200),
        ("GET http://SESSIONTAP.invalid:80/heartbeat", {"Host": "SESSIONTAP.invalid:80"}, 200),
        ("POST http://sessiontap.invalid/heartbeat", {}, 404),
        ("GET http://sessiontap.invalid/calls", {}, 404),
        ("GET http://sessiontap.invalid/heartbeat", {"Host": "evil.example"}, 400),
    ],
)
def test_what_is_asked_of_its_host_never_leaves(
    shared: ProxyProcess, asked: str, headers: dict[str, str], status: int
) -> None:
    """Nothing is passed on, and no answer may be read by a page of another origin, or kept."""
    connection = http.client.HTTPConnection("127.0.0.1", shared.port, timeout=WAIT_S)
    sent = {"Host": "sessiontap.invalid", "Origin": "http://evil.example", **headers}
    with contextlib.closing(connection):
        method, url = asked.split()
        connection.request(method, url, headers=sent)
        reply = connection.getresponse()
        assert json.loads(reply.read())
    assert reply.status == status
    assert reply.getheader("access-control-allow-origin") is None
    assert reply.getheader("cache-control") == "no-store"
    assert "server connect" not in shared.log


@pytest.mark.parametrize("proxy", [{"options": {"proxyauth": "ann:secret"}}], indirect=True)
def test_strangers_get_no_heartbeat_where_a_password_is_wanted(proxy: ProxyProcess) -> None:
    """Mitmproxy asks for it; whoever has it gets the heartbeat, which does not say it."""
    assert listen(proxy.port, WAIT_S) == "wants a password"
    found = listen(proxy.port, WAIT_S, authorization="Basic YW5uOnNlY3JldA==")
    assert isinstance(found, Heartbeat)
    assert b"secret" not in found.encode()


def test_the_heartbeat_says_that_nothing_is_recorded(proxy: ProxyProcess) -> None:
    """A home that nothing can be written to is trouble before the first call, and until it is gone."""
    proxy.home.write_text("in the way")
    assert (beat(proxy).recording, beat(proxy).trouble) == (False, f"{proxy.home}: not a folder")
    assert call(proxy, proxy.ca_file, OPENAI)
    during = beat(proxy)
    assert not during.recording
    assert "not everything can be recorded for now" in (during.trouble or "")
    proxy.home.unlink()
    for _ in tries():
        if beat(proxy).recording:
            break
    assert beat(proxy).trouble is None


def test_another_program_has_no_heartbeat(double: Double, unused_port: int) -> None:
    """What it answers, or that nobody is there, is told apart."""
    assert listen(double.port, WAIT_S) == "no heartbeat"
    assert listen(unused_port, WAIT_S) == "nothing listens"


@pytest.fixture
def unused_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
