"""The pages inside the proxy, asked for at once, and left again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from mitmproxy.connection import ConnectionState
from mitmproxy.http import HTTPFlow, Request
from mitmproxy.test import tflow

from sessiontap.proxy.page import PageAnswer
from sessiontap.web.token import page_token


@pytest.fixture
def page(tmp_path: Path) -> Iterator[PageAnswer]:
    """The addon of a home without a session."""

    def fail(error: Exception) -> None:
        raise error

    made = PageAnswer(lambda: tmp_path, fail)
    yield made
    made.done()


def asked(home: Path, path: str, **headers: str) -> HTTPFlow:
    """A request of a browser on this machine."""
    sent = {"Host": "sessiontap.local", "Authorization": f"Bearer {page_token(home)}", **headers}
    fields = [(name.encode(), value.encode()) for name, value in sent.items()]
    return tflow.tflow(req=Request.make("GET", f"http://sessiontap.local{path}", headers=fields))


def test_pages_that_were_left_hold_up_no_other(tmp_path: Path, page: PageAnswer) -> None:
    """Each page that is open has one request waiting; who goes on leaves it behind."""

    async def many() -> float:
        first = asked(tmp_path, "/")
        await page.request(first)
        assert first.response is not None
        version = first.response.headers["ETag"]
        waiting = [asked(tmp_path, "/", **{"If-None-Match": version, "Prefer": "wait=25"}) for _ in range(13)]
        answers = [asyncio.ensure_future(page.request(flow)) for flow in waiting]
        await asyncio.sleep(0)
        for flow in waiting:
            flow.client_conn.state = ConnectionState.CAN_WRITE
        begun, last = time.monotonic(), asked(tmp_path, "/names")
        await page.request(last)
        assert last.response is not None
        assert last.response.status_code == 200
        took = time.monotonic() - begun
        page.done()
        await asyncio.gather(*answers)
        return took

    assert asyncio.run(many()) < 12


def test_pages_that_are_first_at_once_are_of_one_app(tmp_path: Path, page: PageAnswer) -> None:
    """Another one would not be told when the proxy ends, and hold it up."""
    begin = Barrier(8)

    def made(_: int) -> object:
        begin.wait(30)
        return page._app(tmp_path)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(made, range(8)))) == 1


@pytest.mark.parametrize("path", ["//[", "//evil.example/", "/%2F%2F[", "/?a=//["])
def test_any_path_is_answered(tmp_path: Path, page: PageAnswer, path: str) -> None:
    """A path that would be read as an address with a host is none; a fault of the page would be raised."""
    flow = asked(tmp_path, "/")
    flow.request.path = path
    asyncio.run(page.request(flow))
    assert flow.response is not None
    assert flow.response.status_code in {200, 404}
