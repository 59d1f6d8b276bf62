"""The REST calls as a script makes them."""

from __future__ import annotations

from typing import Any, Protocol

import jsonschema
import pytest
from flask.testing import FlaskClient

from tests.web.conftest import TOKEN
from tests.web.helicone import schemas

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Ask(Protocol):
    """Makes a call, holds its reply against a schema, and gives the data of it."""

    def __call__(self, path: str, body: object, schema: schemas.Schema) -> Any:
        """The data."""


class Refuse(Protocol):
    """Makes a call that is to be refused, and gives the reason."""

    def __call__(self, path: str, body: object, status: int = 400) -> str:
        """The reason."""


@pytest.fixture
def ask(stranger: FlaskClient) -> Ask:
    """Calls the app of the small store; without a body it is a GET."""

    def asked(path: str, body: object, schema: schemas.Schema) -> Any:
        answer = (
            stranger.get(path, headers=HEADERS)
            if body is None
            else stranger.post(path, json=body, headers=HEADERS)
        )
        assert answer.status_code == 200, answer.text
        assert answer.content_type == "application/json"
        reply: Any = answer.json
        jsonschema.validate(reply, schema)
        return reply["data"]

    return asked


@pytest.fixture
def refuse(stranger: FlaskClient) -> Refuse:
    """The same for what is refused. Bytes are sent as they are."""

    def refused(path: str, body: object, status: int = 400) -> str:
        if isinstance(body, bytes):
            answer = stranger.post(path, data=body, headers=HEADERS)
        else:
            answer = stranger.post(path, json=body, headers=HEADERS)
        assert answer.status_code == status, answer.text
        reply: Any = answer.json
        jsonschema.validate(reply, schemas.ERROR)
        return str(reply["error"])

    return refused
