from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.demo.double import Double

Connect = Callable[[], http.client.HTTPConnection]


def test_remembers_what_it_received(double: Double, connect: Connect) -> None:
    """A received call has host, method, path with query, headers as sent, and the body."""
    connection = connect()
    connection.request("PUT", "/v1/x?alt=sse", b"\x00body", {"X-One": "1", "x-two": "2"})
    connection.getresponse().read()
    connection.request("GET", "/second")
    connection.getresponse().read()

    first, second = double.received
    assert (first.host, first.method, first.path, first.body) == (
        "api.openai.com",
        "PUT",
        "/v1/x?alt=sse",
        b"\x00body",
    )
    assert [pair for pair in first.headers if pair[0].lower().startswith("x-")] == [
        ("X-One", "1"),
        ("x-two", "2"),
    ]
    assert (first.header("X-TWO"), first.header("x-three")) == ("2", None)
    assert (second.method, second.body) == ("GET", b"")


def test_reads_chunked_bodies(double: Double, connect: Connect) -> None:
    """A body that was sent in chunks arrives joined, and the connection can be used again."""
    connection = connect()
    for body in ([b"one", b"two"], [b"three"]):
        connection.request(
            "POST", "/", iter(body), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
        )
        connection.getresponse().read()
    assert [call.body for call in double.received] == [b"onetwo", b"three"]


def test_keeps_connections_alive(double: Double, connect: Connect) -> None:
    """Answers of every framing leave the connection usable for the next call."""
    answers = iter(
        [
            Answer(chunks=(b"a", b"", b"b")),
            Answer(chunks=(b"a", b"b"), chunked=False),
            Answer(status=204),
            Answer(status=404, headers=(("X-Why", "none"),), chunked=False),
        ]
    )
    double.handler = lambda _call: next(answers)
    connection = connect()
    seen = []
    for _ in range(4):
        connection.request("POST", "/", b"x")
        reply = connection.getresponse()
        seen.append(
            (reply.status, reply.headers["transfer-encoding"], reply.headers["content-length"], reply.read())
        )

    assert seen == [
        (200, "chunked", None, b"ab"),
        (200, None, "2", b"ab"),
        (204, None, None, b""),
        (404, None, "0", b""),
    ]


def test_head_has_no_body(double: Double, connect: Connect) -> None:
    """A HEAD is answered by headers alone, and the connection stays usable."""
    connection = connect()
    for method in ("HEAD", "GET"):
        connection.request(method, "/")
        reply = connection.getresponse()
        assert reply.read() == (b"ok" if method == "GET" else b"")
    assert len(double.received) == 2


def test_sends_each_chunk_at_once(double: Double, connect: Connect) -> None:
    """The client has a chunk while the generator of the next one still waits."""
    seen = threading.Event()

    def chunks() -> Iterator[bytes]:
        yield b"first"
        assert seen.wait(20), "the first chunk did not arrive on its own"
        yield b"second"

    double.handler = lambda _call: Answer(chunks=chunks())
    connection = connect()
    connection.request("POST", "/")
    reply = connection.getresponse()
    assert reply.read1(100) == b"first"
    seen.set()
    assert reply.read() == b"second"


@pytest.mark.parametrize("chunked", [True, False])
def test_aborts(double: Double, connect: Connect, *, chunked: bool) -> None:
    """An answer that is cut off ends before the end that its framing promises."""
    after = 1 if chunked else 0
    double.handler = lambda _call: Answer(chunks=(b"first", b"second"), chunked=chunked, abort_after=after)
    connection = connect()
    connection.request("POST", "/")
    with pytest.raises(http.client.IncompleteRead) as caught:
        connection.getresponse().read()
    assert caught.value.partial == (b"first" if chunked else b"")


def test_a_failing_handler_is_a_500_and_a_fault(double: Double, connect: Connect) -> None:
    """What a handler raises reaches the client as a 500 and the test as a fault."""

    def handler(_call: ReceivedCall) -> Answer:
        raise LookupError("no such thing")  # noqa: EM101, TRY003 - the text is what is looked for

    double.handler = handler
    connection = connect()
    connection.request("POST", "/")
    assert connection.getresponse().status == 500
    assert [repr(fault) for fault in double.faults] == ["LookupError('no such thing')"]


def test_an_answer_takes_its_connection_over(double: Double, connect: Connect) -> None:
    """After a 101 the connection is whoever took it over's, and is closed when that returns."""
    double.handler = lambda _call: Answer(
        status=101,
        headers=(("Upgrade", "echo"),),
        take_over=lambda taken: taken.sendall(taken.recv(100)[::-1]),
    )
    connection = connect()
    connection.sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\n\r\n")
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.sock.recv(1)
    connection.sock.sendall(b"abc")

    assert head.startswith(b"HTTP/1.1 101 ")
    assert connection.sock.recv(100) == b"cba"
    assert connection.sock.recv(100) == b""


def test_what_takes_over_and_fails_is_a_fault(double: Double, connect: Connect) -> None:
    """What is raised after the headers stands in the faults."""

    def take_over(_: socket.socket) -> None:
        raise LookupError("no such thing")  # noqa: EM101, TRY003 - the text is what is looked for

    double.handler = lambda _call: Answer(status=101, take_over=take_over)
    connection = connect()
    connection.request("GET", "/")
    assert connection.getresponse().status == 101
    assert connection.sock.recv(1) == b""
    assert [repr(fault) for fault in double.faults] == ["LookupError('no such thing')"]


def test_answers_plain_http_on_the_same_port(double: Double) -> None:
    """A connection that does not begin with TLS is answered in plain http."""
    connection = http.client.HTTPConnection("127.0.0.1", double.port, timeout=30)
    connection.request("GET", "/plain", headers={"Host": "localhost:11434"})
    assert connection.getresponse().read() == b"ok"
    connection.close()
    assert [call.host for call in double.received] == ["localhost:11434"]


def test_outlives_clients_that_do_not_trust_it(double: Double, connect: Connect) -> None:
    """A client that refuses the certificate harms nobody else."""
    with (
        socket.create_connection(("127.0.0.1", double.port), timeout=30) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        ssl.create_default_context().wrap_socket(plain, server_hostname="api.openai.com")
    connection = connect()
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"ok"
    assert double.faults == []


def test_close_ends_connections_and_threads(tmp_path: Path) -> None:
    """Closing cuts idle connections and answers that pause, leaves no thread, and can be repeated."""
    before = threading.active_count()
    double = Double(
        lambda _call: Answer(chunks=(b"first", b"never"), delay_s=600), hosts=("localhost",), folder=tmp_path
    )
    idle = socket.create_connection(("127.0.0.1", double.port), timeout=30)
    busy = http.client.HTTPConnection("127.0.0.1", double.port, timeout=30)
    busy.request("GET", "/")
    reply = busy.getresponse()
    assert reply.read1(5) == b"first"

    double.close()
    double.close()

    assert idle.recv(1) == b""
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        reply.read()
    assert threading.active_count() == before
    idle.close()
    busy.close()
