from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from sessiontap.demo.certificates import make_certificates
from sessiontap.replaying.changes import Place
from sessiontap.replaying.sending import Sender, Sent


def sent(**headers: str) -> Sent:
    """A call with these headers."""
    place = Place("https", "api.openai.com", 443)
    return Sent(method="POST", place=place, target="/v1/x", headers=headers, body=b"{}")


def test_a_key_that_cannot_be_sent_is_not_quoted(tmp_path: Path) -> None:
    """http.client's own words would show it."""
    sender = Sender(9, make_certificates(tmp_path, ["a.example"]).ca_file, "s:n")
    came = sender.send(sent(Authorization="Bearer sec\nret"))
    assert came.fault is not None
    assert "sec" not in came.fault
    assert came.http_status is None


@pytest.mark.parametrize("head", ["Content-Length: 500\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1f4\r\n"])
def test_a_reply_that_is_cut_is_a_fault(tmp_path: Path, head: str) -> None:
    """What came of it is given, and that it is not whole."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            client, _ = listener.accept()
            with client:
                while not client.recv(65_536).endswith(b"{}"):
                    pass
                client.sendall(f"HTTP/1.1 200 OK\r\n{head}".encode() + b'{"choices"')

        thread = threading.Thread(target=answer)
        thread.start()
        sender = Sender(listener.getsockname()[1], make_certificates(tmp_path, ["a.example"]).ca_file, "s:n")
        place = Place("http", "a.example", 80)
        came = sender.send(Sent(method="POST", place=place, target="/v1", headers={}, body=b"{}"))
        thread.join()
    assert came.reply is not None
    assert came.reply.content == b'{"choices"'
    assert came.fault == "the reply ended early: the connection was cut"


def test_nothing_listens(tmp_path: Path) -> None:
    """A proxy that has gone away is a fault of the call, in a few words."""
    sender = Sender(9, make_certificates(tmp_path, ["a.example"]).ca_file, "s:n")
    assert sender.send(sent()).fault == "Connection refused"
    sender.stop()
    sender.stop()
    assert sender.send(sent()).fault == "stopped"
