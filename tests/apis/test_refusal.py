"""Refusals: every wire shape's reader finds the message in its own dialect, and so does its socket's."""

from __future__ import annotations

import json

import pytest

from sessiontap.apis import APIS
from sessiontap.apis.reading import read_error
from sessiontap.apis.refusal import refusal, socket_refusal


@pytest.mark.parametrize("api", sorted(APIS))
def test_the_reader_of_the_shape_finds_the_message(api: str) -> None:
    """What is sent as an error is read as one, with its words; no status that SDKs try again."""
    reply = refusal(api, "budget", "too much")
    assert reply.status == 402
    reader = APIS[api].reader()
    reader.feed(json.loads(reply.body))
    error = reader.facts().error
    assert error is not None
    assert error.message == "too much"
    assert dict(reply.headers)["X-Should-Retry"] == "false"


def test_the_event_of_a_socket_is_an_error() -> None:
    """Its kind and its words are where OpenAI has them."""
    error = read_error(json.loads(socket_refusal("budget", "too much")))
    assert error is not None
    assert (error.type, error.message) == ("budget", "too much")
