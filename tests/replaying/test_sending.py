from __future__ import annotations

from pathlib import Path

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


def test_nothing_listens(tmp_path: Path) -> None:
    """A proxy that has gone away is a fault of the call, in a few words."""
    sender = Sender(9, make_certificates(tmp_path, ["a.example"]).ca_file, "s:n")
    assert sender.send(sent()).fault == "Connection refused"
    sender.stop()
    sender.stop()
    assert sender.send(sent()).fault == "stopped"
