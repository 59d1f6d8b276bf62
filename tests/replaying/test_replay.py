from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal

import pytest

from sessiontap.apis.refusal import refusal
from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.providers import DIRECTORY
from sessiontap.replaying.changes import Changes
from sessiontap.replaying.forward import Forward
from sessiontap.replaying.keys import Keys
from sessiontap.replaying.plan import Planned, planned
from sessiontap.replaying.replay import Head, Replay
from sessiontap.replaying.sending import Answered, Sent
from tests.replaying.samples import bodies, json_body
from tests.sessions.samples import make_call

OK = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}}]}


class Recording:
    """Calls of one model, each with a body that says its number."""

    def __init__(self, calls: list[Call]) -> None:
        self.calls = calls
        self._bodies = {
            call.call_id: bodies({"model": "m", "messages": [], "n": number}, OK, call_id=call.call_id)
            for number, call in enumerate(calls)
        }

    def get(self, call_id: str) -> CallBodies:
        """The bodies of a call."""
        return self._bodies[call_id]

    def plans(self) -> list[Planned]:
        """All of them."""
        made = [
            planned(number, call, self.get(call.call_id), Changes(), DIRECTORY)
            for number, call in enumerate(self.calls, 1)
        ]
        return [each for each in made if isinstance(each, Planned)]


class Provider:
    """Answers as a test says, and remembers what it got."""

    def __init__(self, answer: Callable[[int], Answered]) -> None:
        self.answer = answer
        self.sent: list[Sent] = []
        self.stopped = threading.Event()

    def send(self, sent: Sent) -> Answered:
        """See `Sends`."""
        self.sent.append(sent)
        return self.answer(json.loads(sent.body)["n"])

    def stop(self) -> None:
        """See `Sends`."""
        self.stopped.set()


def answered(reply: object = OK, status: int = 200, fault: str | None = None) -> Answered:
    """What comes back."""
    body = reply if isinstance(reply, Body) else json_body(reply)
    return Answered(http_status=status, reply=body, fault=fault)


def replay(
    provider: Provider, count: int = 3, *, max_cost: Decimal | None = None, **fields: object
) -> Replay:
    """A replay of so many calls, one after the other."""
    recording = Recording([make_call(2 * n, f"/größe/{n}", ended_at=None) for n in range(count)])
    changes = Changes()
    head = Head(session_id="new", name="Replay of a\nb", replay_of="öld", max_cost=max_cost)
    given: dict[str, object] = {
        "plans": recording.plans(),
        "recording": recording,
        "changes": changes,
        "keys": Keys({"OPENAI_API_KEY": "k"}, changes),
        "sender": provider,
        "head": head,
        **fields,
    }
    return Replay(**given)  # type: ignore[arg-type]


def test_what_each_call_carries() -> None:
    """Session, name, path and an id of its own for the proxy; texts as headers can hold them."""
    provider = Provider(lambda _: answered())
    results = list(replay(provider).results())
    assert [result.error for result in results] == [None, None, None]
    headers = provider.sent[1].headers
    assert headers["Helicone-Session-Id"] == "new"
    assert headers["Helicone-Session-Name"] == "Replay of a b"
    assert headers["Helicone-Session-Path"] == "/größe/1"
    assert headers["Helicone-Property-replay-of"] == "öld"
    assert headers["Helicone-Request-Id"] == results[1].call_id
    assert headers["Authorization"] == "Bearer k"
    assert headers["content-type"] == "application/json"
    assert "Sessiontap-Budget-Usd" not in headers


@pytest.mark.parametrize(
    ("came", "error"),
    [
        (answered({"error": {"type": "x", "message": "no"}}, 400), "HTTP 400 x: no"),
        (answered(b"", 502), "HTTP 502"),
        (answered({"error": {"type": "x", "message": "late"}}), "x: late"),
        (Answered(http_status=None, reply=None, fault="Connection refused"), "Connection refused"),
        (
            answered(fault="the reply ended early: the connection was cut"),
            "the reply ended early: the connection was cut",
        ),
    ],
)
def test_what_is_a_failure(came: Answered, error: str) -> None:
    """An error's status, an error within a good one, a reply that did not come or not whole."""
    [result] = list(replay(Provider(lambda _: came), 1).results())
    assert result.error == error
    assert result.worse


def test_what_had_failed_before_is_no_worse() -> None:
    """It is named, and costs no exit code."""
    provider = Provider(lambda _: answered(b"", 500))
    running = replay(provider, 1)
    recording = Recording([make_call(0, "/", status="error")])
    running.plans, running.recording = recording.plans(), recording
    [result] = list(running.results())
    assert (result.error, result.worse) == ("HTTP 500", False)


def test_it_stops_where_it_may_not_cost_more() -> None:
    """What is asked before each call; the header has the proxy stop it, too."""
    costs: Iterator[Decimal] = iter([Decimal(0), Decimal("0.4"), Decimal("1.25")])
    provider = Provider(lambda _: answered())
    running = replay(provider, 4, max_cost=Decimal(1), spent=lambda: next(costs))
    assert len(list(running.results())) == 2
    assert running.stopped == "it has cost $1.2500, and may cost $1"
    assert provider.sent[0].headers["Sessiontap-Budget-Usd"] == "1"


@pytest.mark.parametrize("api", ["openai.chat", "anthropic.messages"])
def test_it_stops_where_the_proxy_refuses(api: str) -> None:
    """A budget of the user's that holds for replays as for all else."""
    said = refusal(api, "budget", "sessiontap: this day has cost $9 of its budget; raise it.")
    provider = Provider(lambda _: answered(json_body(said.body), said.status))
    running = replay(provider)
    assert len(list(running.results())) == 1
    assert running.stopped == "the proxy refuses further calls: this day has cost $9 of its budget; raise it."


def test_new_replies_are_fed_forward() -> None:
    """As soon as they are there."""
    running = replay(Provider(lambda _: answered()), 2, forward=Forward())
    assert [result.fed.replaced for result in running.results()] == [0, 0]
    assert running.forward is not None
    body = json.dumps({"messages": [{"role": "assistant", "content": "Hi"}]}).encode()
    assert running.forward.fed("openai.chat", body).replaced == 1


def test_left_early_it_cuts_what_is_under_way() -> None:
    """As on Ctrl-C: the calls under way end, and none begins after them."""
    provider = Provider(lambda _: answered())

    def answer(number: int) -> Answered:
        if number:
            assert provider.stopped.wait(30)
            return Answered(http_status=None, reply=None, fault="stopped")
        return answered()

    provider.answer = answer
    # Nobody knows when they ended, so that they begin at once.
    with closing(replay(provider, 3, parallel=True).results()) as results:
        assert next(results).plan.number == 1
        assert not provider.stopped.is_set()
    assert provider.stopped.is_set()
    assert len(provider.sent) == 3
