"""Every fixture becomes exactly its record, however its bytes are cut and compressed."""

from __future__ import annotations

import collections
import fnmatch
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.apis import APIS
from sessiontap.background import BackgroundCalls
from sessiontap.call import Call, encode
from sessiontap.pricing import load_prices
from sessiontap.providers import DIRECTORY, PROVIDERS, Directory, Provider, Route
from sessiontap.resources import find
from tests.conformance.metering import (
    COMPRESSORS,
    ENDED_AT,
    STARTED_AT,
    TODAY,
    Fixture,
    finish,
    fixture,
    fixtures,
    meter,
)

_ALL = fixtures()
_every_fixture = pytest.mark.parametrize("each", _ALL, ids=lambda each: f"{each.file}: {each.name}")
# Sockets have fixtures of their own: see test_sockets.py.
_ROUTES = [(provider, route) for provider in PROVIDERS for route in provider.routes if route.kind != "socket"]
_ON_SOCKETS_ONLY = {
    route.api.name for provider in PROVIDERS for route in provider.routes if route.kind == "socket"
} - {route.api.name for _, route in _ROUTES}


def _expected(each: Fixture, wire: bytes, request: bytes) -> dict[str, Any]:
    """The whole record: what the fixture says, and what this test's way of metering makes of every call."""
    ended = {} if each.expect["status"] == "running" else {"ended_at": ENDED_AT, "duration_ms": 1000}
    return {
        "schema": 1,
        "call_id": "the-call",
        "session_id": f"unassigned-{TODAY}",
        "session_path": "/",
        "session_source": "none",
        "provider": each.provider,
        "api": each.api,
        "host": each.host,
        "url_path": each.path,
        "http_status": each.status,
        "stream": False,
        "usage": {},
        "billing": "metered",
        "started_at": STARTED_AT,
        "request_bytes": len(request),
        "response_bytes": len(wire),
        **ended,
        **each.expect,
    }


def _metered(each: Fixture, wire: bytes, encoding: str, cuts: list[int]) -> tuple[Call, str | None]:
    edges = [0, *sorted(cuts), len(wire)]
    pieces = [wire[start:end] for start, end in pairwise(edges)]
    started = meter(each.match(), each.request_body, each.request_headers())
    call = finish(started, each.status, each.response_headers(encoding), pieces)
    return call, started.problem


def _check(each: Fixture, encoding: str, wire: bytes, cuts: list[int]) -> None:
    call, problem = _metered(each, wire, encoding, cuts)
    assert problem is None
    assert json.loads(encode(call)) == _expected(each, wire, each.request_body)


@pytest.mark.parametrize("encoding", COMPRESSORS, ids=lambda name: name or "identity")
@_every_fixture
def test_record_of_a_whole_reply(each: Fixture, encoding: str) -> None:
    """A reply that comes in one piece becomes exactly the expected record."""
    _check(each, encoding, COMPRESSORS[encoding](each.response_body), [])


@pytest.mark.parametrize("encoding", COMPRESSORS, ids=lambda name: name or "identity")
@_every_fixture
def test_record_of_a_reply_that_comes_byte_by_byte(each: Fixture, encoding: str) -> None:
    """A reply that comes one byte at a time becomes the same record."""
    wire = COMPRESSORS[encoding](each.response_body)
    _check(each, encoding, wire, list(range(1, len(wire))))


@settings(deadline=None, max_examples=300)
@given(each=st.sampled_from(_ALL), encoding=st.sampled_from(list(COMPRESSORS)), data=st.data())
def test_record_of_a_reply_that_is_cut_anywhere(each: Fixture, encoding: str, data: st.DataObject) -> None:
    """A reply cut at any places, empty pieces among them, becomes the same record."""
    wire = COMPRESSORS[encoding](each.response_body)
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=8), label="cuts")
    _check(each, encoding, wire, cuts)


@pytest.mark.parametrize("encoding", COMPRESSORS, ids=lambda name: name or "identity")
def test_a_compressed_request_is_read(encoding: str) -> None:
    """A request body in any coding gives its model, its stream flag and its size on the wire."""
    each = fixture("openai.responses", "a streamed response: only the last event has usage")
    body = COMPRESSORS[encoding](each.request_body)
    started = meter(each.match(), body, each.request_headers(encoding))
    running = started.running()
    assert (running.request_model, running.stream, running.request_bytes) == ("gpt-5-mini", True, len(body))
    assert started.problem is None


def test_a_background_response_and_its_polls_are_one_call() -> None:
    """Of a start, a poll too early, the poll that ends it and one more, one ended call is recorded."""
    start, early, last = (
        finish(
            meter(each.match(), each.request_body), each.status, each.response_headers(), [each.response_body]
        )
        for each in (
            fixture("openai.responses", "a background response is accepted and queued"),
            fixture("openai.responses", "the background response is polled and still runs"),
            fixture("openai.responses", "the background response is polled and has ended"),
        )
    )
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(start)
    assert background.polled(early) is None
    ended = background.polled(last)
    assert ended is not None
    assert (ended.status, ended.request_model, ended.url_path) == ("ok", "o3", "/v1/responses")
    assert ended.usage == last.usage
    assert background.polled(last) is None


def test_names_are_unique_and_sources_are_pages() -> None:
    """A name finds one fixture, and every fixture says which page documents it."""
    assert len({(each.file, each.name) for each in _ALL}) == len(_ALL)
    assert all(each.source.startswith("https://") for each in _ALL)


@pytest.mark.parametrize("api", [name for name in APIS if name not in _ON_SOCKETS_ONLY])
def test_every_wire_shape_has_fixtures_of_success_and_failure(api: str) -> None:
    """Each wire shape is shown answering, and answering an error."""
    statuses = collections.Counter(each.expect["status"] for each in _ALL if each.api == api)
    assert statuses["ok"]
    assert statuses["error"]


@pytest.mark.parametrize(
    ("provider", "route"), _ROUTES, ids=[f"{p.name} {r.method} {r.path.pattern}" for p, r in _ROUTES]
)
def test_every_route_has_a_fixture(provider: Provider, route: Route) -> None:
    """Each route of each provider is the first that matches some fixture, which expects its wire shape."""
    here = Directory([provider])
    shown = [each for each in _ALL if here.known_host(each.host) and _route(provider, each) is route]
    assert shown
    assert {each.api for each in shown} == {route.api.name}


def _route(provider: Provider, each: Fixture) -> Route | None:
    return next(
        (r for r in provider.routes if r.method == each.method and r.path.fullmatch(each.path)),
        None,
    )


@pytest.mark.parametrize("host", [host for provider in PROVIDERS for host in provider.hosts])
def test_every_host_has_a_fixture(host: str) -> None:
    """Each host of the table, or one that fits its pattern, is that of some fixture."""
    assert [each.host for each in _ALL if fnmatch.fnmatchcase(each.host, host)]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_every_provider_has_prices(provider: Provider) -> None:
    """Each provider has models in pricing.yaml, or another's, or a reason why it has none."""
    rows = load_prices(find("pricing.yaml")).providers[provider.name]
    assert rows.models or rows.models_of or rows.unpriced
