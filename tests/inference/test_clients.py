"""The sessions of calls that are no conversation: one a client and idle gap."""

from __future__ import annotations

import pytest

from sessiontap.inference import Client, Inference
from tests.inference.chat import Proxy, model, user

EMBED = {"input": "hi", "model": "e"}


def _embed(proxy: Proxy, client: Client) -> str:
    return proxy.end_any(proxy.begin_any("openai.embeddings", EMBED, client=client), "openai.embeddings")


@pytest.mark.parametrize(
    ("client", "session_id"),
    [
        (Client("127.0.0.1", "python/3.13 httpx/0.28"), "127.0.0.1-python-20270115-0800"),
        (Client("::1", "OpenAI/Python"), "..1-openai-20270115-0800"),
        (Client("10.0.0.7", None), "10.0.0.7-unknown-20270115-0800"),
        (Client("", "../../etc/passwd\u202e"), "unknown-..-20270115-0800"),
        (Client("127.0.0.1", "x" * 300), f"127.0.0.1-{'x' * 40}-20270115-0800"),
    ],
)
def test_the_id_says_who_and_when(client: Client, session_id: str) -> None:
    """Address, product and minute, in letters that need no quoting."""
    assert _embed(Proxy(), client) == session_id


def test_an_idle_gap_ends_a_session() -> None:
    """Half an hour of silence, counted from the last call's end; a call that takes longer does not end it."""
    proxy, client = Proxy(), Client("127.0.0.1", "python")
    first = _embed(proxy, client)
    proxy.now += 29 * 60
    under_way = proxy.begin_any("openai.embeddings", EMBED, client=client)
    assert under_way.session_id == first
    proxy.now += 40 * 60
    proxy.end_any(under_way, "openai.embeddings")
    assert _embed(proxy, client) == first
    proxy.now += 31 * 60
    assert _embed(proxy, client) != first


def test_each_client_has_its_own() -> None:
    """Another address or another product is another client; another version or connection is not."""
    proxy = Proxy()
    first = _embed(proxy, Client("127.0.0.1", "python/3.12", "c1"))
    assert _embed(proxy, Client("127.0.0.1", "python/3.13", "c2")) == first
    assert _embed(proxy, Client("127.0.0.1", "node/22")) != first
    assert _embed(proxy, Client("127.0.0.2", "python/3.12")) != first


def test_beside_its_only_conversation_a_clients_other_calls_belong_there() -> None:
    """With two, or after the gap, nobody can tell; and a session of theirs that they have stays theirs."""
    proxy, client = Proxy(), Client("127.0.0.1", "python")
    session = proxy.say(user("hi"), reply=model("Hello."), client=client)
    assert _embed(proxy, client) == session
    assert proxy.say(user("ho"), reply=model("Hello."), client=client) != session
    own = _embed(proxy, client)
    assert own.startswith("127.0.0.1-python-")
    other = Client("127.0.0.1", "node")
    proxy.say(user("hi"), reply=model("Hello."), client=other)
    proxy.now += 31 * 60
    assert _embed(proxy, other).startswith("127.0.0.1-node-")
    proxy.say(user("hi"), reply=model("Hello."), client=other)
    assert _embed(proxy, other).startswith("127.0.0.1-node-")


def test_a_body_that_was_not_read_is_no_conversation() -> None:
    """It goes where the client's other calls go."""
    proxy = Proxy(Inference(idle_gap_s=60))
    ticket = proxy.begin_any("openai.chat", {"messages": "?"}, client=Client("127.0.0.1", "python"))
    assert ticket.session_id == "127.0.0.1-python-20270115-0800"
