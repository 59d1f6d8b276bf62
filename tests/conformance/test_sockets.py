"""Every conversation of `sockets/` becomes exactly its records.

A conversation is one WebSocket as a provider documents it, in a file named after its wire shape, and where
that is crowded `<wire shape>@<provider>`. Its `messages` are objects under `sent` (by the client) or
`received`, or a text as it stands; a last `closed` says who closed the socket (`client` or `provider`), with
a `code` and a `reason`. `calls` are the records, in the order in which they end.
"""

from __future__ import annotations

import fnmatch
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sessiontap.apis import APIS
from sessiontap.apis.reading import ErrorFacts
from sessiontap.call import Call, encode
from sessiontap.capture import Metered
from sessiontap.identity import identify
from sessiontap.providers import DIRECTORY, PROVIDERS, Provider, Route
from sessiontap.record import Moment
from sessiontap.socket_meter import SocketMeter

FOLDER = Path(__file__).parent / "sockets"
TODAY = "2026-01-01"


@dataclass(frozen=True, slots=True)
class Conversation:
    """One socket of a provider, and the records that it must become."""

    file: str
    name: str
    source: str
    provider: str
    url: str
    messages: list[dict[str, Any]]
    calls: list[dict[str, Any]] = field(default_factory=list)

    @property
    def api(self) -> str:
        """The wire shape, which the file is named after."""
        return self.file.partition("@")[0]

    @property
    def host(self) -> str:
        """The host of the URL."""
        return urlsplit(self.url).hostname or ""

    @property
    def path(self) -> str:
        """The path of the URL, without its query."""
        return urlsplit(self.url).path


def _conversations() -> list[Conversation]:
    return [
        Conversation(file=path.stem, **each)
        for path in sorted(FOLDER.glob("*.json"))
        for each in json.loads(path.read_text("utf-8"))
    ]


_ALL = _conversations()
_ROUTES = [(provider, route) for provider in PROVIDERS for route in provider.routes if route.kind == "socket"]


def _moment(number: int) -> Moment:
    """The moment of a message: they come one a second."""
    return Moment(f"2026-01-01T00:00:{number:02}.000Z", float(number))


def _metered(each: Conversation, *, indent: int | None = None) -> tuple[list[Call], list[Call]]:
    """The records of the calls as they begin, and as they end."""
    target = each.url.partition(urlsplit(each.url).netloc)[2]
    found = DIRECTORY.match("GET", each.host, target)
    assert found is not None
    assert found.kind == "socket"
    numbers = itertools.count(1)
    meter = SocketMeter(
        found,
        identify([], proxy_user=None, today=TODAY),
        target=target,
        new_call_id=lambda: f"call-{next(numbers)}",
    )
    calls = [metered.call for step in _steps(meter, each, indent) for metered in step]
    return [c for c in calls if c.status == "running"], [c for c in calls if c.status != "running"]


def _steps(meter: SocketMeter, each: Conversation, indent: int | None) -> Iterator[list[Metered]]:
    for number, message in enumerate(each.messages):
        now = _moment(number)
        if "closed" in message:
            error = ErrorFacts(f"websocket_close_{message['code']}", message["reason"])
            refused = message["closed"] == "provider" and message["code"] != 1000
            by_client = message["closed"] == "client"
            yield meter.close("client-left" if by_client else "cut", now, error if refused else None)
            return
        ((direction, content),) = message.items()
        text = content if isinstance(content, str) else json.dumps(content, indent=indent)
        yield (meter.sent if direction == "sent" else meter.received)(text.encode(), now)
    yield meter.close("client-left", _moment(len(each.messages)))


def _expected(each: Conversation, expect: dict[str, Any]) -> dict[str, Any]:
    """The whole record: what the file says (null: not known), and what is the same for every call of it."""
    whole = {
        "schema": 1,
        "session_id": f"unassigned-{TODAY}",
        "session_path": "/",
        "session_source": "none",
        "provider": each.provider,
        "api": each.api,
        "host": each.host,
        "url_path": each.path,
        "http_status": 101,
        "stream": True,
        "usage": {},
        "billing": "metered",
        "status": "ok",
        "usage_source": "reported",
        **expect,
    }
    return {name: value for name, value in whole.items() if value is not None}


# How long messages are depends on how they are written, which the files leave open.
_SIZES = ("request_bytes", "response_bytes")


@pytest.mark.parametrize("indent", [None, 2], ids=["compact", "indented"])
@pytest.mark.parametrize("each", _ALL, ids=lambda each: f"{each.file}: {each.name}")
def test_records_of_a_conversation(each: Conversation, indent: int | None) -> None:
    """A conversation becomes exactly the expected records, however its JSON is written."""
    _, ended = _metered(each, indent=indent)
    records = [json.loads(encode(call)) for call in ended]
    for record in records:
        for size in _SIZES:
            record.pop(size, None)
    assert records == [_expected(each, expect) for expect in each.calls]


@pytest.mark.parametrize("each", _ALL, ids=lambda each: f"{each.file}: {each.name}")
def test_what_begins_ends(each: Conversation) -> None:
    """Every call that was recorded as it began is recorded as it ended, with its model already known."""
    begun, ended = _metered(each)
    by_id = {call.call_id: call for call in ended}
    assert len(by_id) == len(ended)
    assert {call.call_id for call in begun} <= set(by_id)
    assert all(call.request_model == by_id[call.call_id].request_model for call in begun)


def test_names_are_unique_and_sources_are_pages() -> None:
    """A name finds one conversation, and every one says which page documents it."""
    assert len({(each.file, each.name) for each in _ALL}) == len(_ALL)
    assert all(each.source.startswith("https://") for each in _ALL)


@pytest.mark.parametrize("api", [api.name for api in APIS.values() if api.socket is not None])
def test_every_socket_is_shown_in_success_and_failure(api: str) -> None:
    """Each wire shape that has sockets is shown answering, and failing."""
    statuses = {call.get("status", "ok") for each in _ALL if each.api == api for call in each.calls}
    assert statuses >= {"ok", "error"}


@pytest.mark.parametrize(
    ("provider", "route"), _ROUTES, ids=[f"{p.name} {r.path.pattern}" for p, r in _ROUTES]
)
def test_every_socket_route_has_a_conversation(provider: Provider, route: Route) -> None:
    """Each route of a socket is that of some conversation, at a host of its provider."""
    assert [
        each
        for each in _ALL
        if each.api == route.api.name
        and route.path.fullmatch(each.path)
        and any(fnmatch.fnmatchcase(each.host, host) for host in provider.hosts)
    ]
