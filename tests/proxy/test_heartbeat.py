from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import pytest
from mitmproxy.http import HTTPFlow
from mitmproxy.test import tflow, tutils

from sessiontap.launch.heartbeat import Heartbeat, _decode
from sessiontap.proxy import heartbeat
from sessiontap.proxy.heartbeat import HeartbeatAnswer, Pulse, is_loopback


def asked(address: str = "127.0.0.1") -> HTTPFlow:
    """A flow that asks for the heartbeat, from an address."""
    request = tutils.treq(host="sessiontap.invalid", port=80, path=b"/heartbeat", authority=b"", content=b"")
    request.host_header = "sessiontap.invalid"
    flow = tflow.tflow(req=request)
    flow.client_conn.peername = (address, 4711)
    return flow


def answer(home: Path, flow: HTTPFlow, why_not: str | None = None, trouble: str | None = None) -> HTTPFlow:
    """The flow, answered."""
    pulse = Pulse(home, home / "ca.pem", "0123", trouble, ())
    asyncio.run(HeartbeatAnswer(lambda: pulse, _raise, lambda _: why_not).request(flow))
    return flow


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.0.2.1", False),
        ("::ffff:192.0.2.1", False),
        ("fe80::1%eth0", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_only_clients_on_loopback_are_answered(tmp_path: Path, address: str, expected: bool) -> None:
    """Also where IPv6 writes an address of IPv4."""
    assert is_loopback(address) == expected
    response = answer(tmp_path, asked(address)).response
    assert response is not None
    assert response.status_code == (200 if expected else 403)
    assert (str(tmp_path).encode() in (response.content or b"")) == expected


@pytest.mark.parametrize(
    ("why_not", "trouble", "said"), [(None, None, None), ("full", None, "full"), (None, "known", "known")]
)
def test_recording_is_what_the_store_and_its_disk_say(
    tmp_path: Path, why_not: str | None, trouble: str | None, said: str | None
) -> None:
    """True only where neither knows of a trouble."""
    response = answer(tmp_path, asked(), why_not, trouble).response
    assert response is not None
    beat = json.loads(response.content or b"")
    assert (beat["recording"], beat["trouble"]) == (said is None, said)


def test_other_hosts_and_what_has_an_answer_are_left_alone(tmp_path: Path) -> None:
    """A refusal of mitmproxy's stays one."""
    other, refused = tflow.tflow(), asked()
    refused.response = tutils.tresp(status_code=407)
    assert answer(tmp_path, other).response is None
    response = answer(tmp_path, refused).response
    assert response is not None
    assert response.status_code == 407


def test_a_disk_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer says so, the event loop goes on, and however many ask, one thread hangs."""
    monkeypatch.setattr(heartbeat, "_PATIENCE_S", 0.05)
    released, looks = threading.Event(), []

    def hang(home: Path) -> None:
        looks.append(home)
        released.wait(30)

    async def ask_both() -> list[HTTPFlow]:
        pulse = Pulse(tmp_path, tmp_path, "0123", None, ())
        answering = HeartbeatAnswer(lambda: pulse, _raise, hang)
        flows = [asked(), asked()]
        await asyncio.gather(*map(answering.request, flows))
        await answering.request(asked())
        released.set()
        return flows

    for flow in asyncio.run(ask_both()):
        assert flow.response is not None
        beat = json.loads(flow.response.content or b"")
        assert (beat["recording"], beat["trouble"]) == (False, f"{tmp_path}: its disk does not answer")
    assert len(looks) == 1


def test_a_fault_is_an_answer_too(tmp_path: Path) -> None:
    """It is reported, and never reaches mitmproxy."""
    faults: list[Exception] = []

    def fail() -> Pulse:
        raise ValueError(tmp_path)

    flow = asked()
    asyncio.run(HeartbeatAnswer(fail, faults.append).request(flow))
    assert flow.response is not None
    assert flow.response.status_code == 500
    assert len(faults) == 1


def test_before_there_are_settings_there_is_no_heartbeat() -> None:
    """And no traceback."""
    flow = asked()
    asyncio.run(HeartbeatAnswer(lambda: None, _raise).request(flow))
    assert flow.response is not None
    assert flow.response.status_code == 503


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"3", b'{"version": 1}', b"[" * 100_000, b"\xff", b'{"refused": 3}']
)
def test_whatever_a_stranger_answers_is_no_heartbeat(body: bytes) -> None:
    """No bytes raise."""
    assert _decode(body) is None


def test_what_is_encoded_is_decoded(tmp_path: Path) -> None:
    """As it was."""
    response = answer(tmp_path, asked()).response
    assert response is not None
    beat = _decode(response.content or b"")
    assert isinstance(beat, Heartbeat)
    assert _decode(beat.encode()) == beat
