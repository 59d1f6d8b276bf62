"""The pages of a small store, as a browser with the cookie sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sessiontap.store import Ledger
from sessiontap.web.access import Access
from sessiontap.web.app import make_app
from sessiontap.web.source import source_of
from tests.sessions.samples import plain, triage

TOKEN = "0123456789abcdef0123456789abcdef"
HOST = "localhost"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A store with two sessions, and the proxy that holds the call under way."""
    folder = tmp_path / "home"
    with Ledger(folder) as proxy:
        for call in triage() + plain():
            proxy.append(call)
        yield folder


@pytest.fixture
def app(home: Path) -> Flask:
    """The app of that store."""
    return make_app(source_of(home), Access(TOKEN, {HOST}))


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """A browser that has no cookie."""
    return app.test_client()


@pytest.fixture
def browser(stranger: FlaskClient) -> FlaskClient:
    """A browser that has it."""
    access = Access(TOKEN, {HOST})
    stranger.set_cookie(access.cookie_name, access.cookie)
    return stranger
