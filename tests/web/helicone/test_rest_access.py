"""The REST calls are as closed as the pages, and say so as JSON; a real server answers a real script."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
from flask.testing import FlaskClient

from tests.sessions.samples import TRIAGE_ID
from tests.web.conftest import HOST, TOKEN
from tests.web.helicone import schemas

QUERY = "/v1/session/query"


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer  {TOKEN}", TOKEN])
def test_the_token_stands_where_helicone_s_key_stood(stranger: FlaskClient, given: str) -> None:
    """Helicone's own examples leave `Bearer` out. No origin has to be told."""
    answer = stranger.post(QUERY, json={}, headers={"Authorization": given})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", "Bearer ", "Bearer sk-helicone-abc", f"Basic {TOKEN}", f"Bearer {TOKEN} x", "é"],
)
def test_without_the_token_there_is_nothing(stranger: FlaskClient, given: str | None) -> None:
    """A key of Helicone's opens nothing here; the reply says where the token is found."""
    headers = {} if given is None else {"Authorization": given}
    for answer in (
        stranger.post(QUERY, json={}, headers=headers),
        stranger.get("/v1/session/has-session", headers=headers),
        stranger.get("/v1/nowhere", headers=headers),
        stranger.options(QUERY, headers={"Origin": "http://evil.example", **headers}),
    ):
        assert answer.status_code == 401
        jsonschema.validate(answer.json, schemas.ERROR)
        assert "sessiontap serve --url" in answer.text
        assert not any(name.lower().startswith("access-control") for name, _ in answer.headers)


def test_another_host_or_site_is_refused(browser: FlaskClient) -> None:
    """With the cookie that the browser has, and in the shape of the other replies."""
    answer = browser.post(QUERY, json={}, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    jsonschema.validate(answer.json, schemas.ERROR)
    for origin in ({}, {"Origin": "http://evil.example"}):
        answer = browser.post(f"/v1/session/{TRIAGE_ID}/tag", json={"tag": "x"}, headers=origin)
        assert answer.status_code == 403
        jsonschema.validate(answer.json, schemas.ERROR)
    assert browser.post(QUERY, json={}, headers={"Origin": f"http://{HOST}"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/session/nowhere", 404),
        ("POST", "/v1/request/query", 404),
        ("GET", "/v1/session//tag", 404),
        ("GET", QUERY, 405),
        ("PUT", f"/v1/session/{TRIAGE_ID}/tag", 405),
    ],
)
def test_what_is_not_there_is_said_as_json(
    stranger: FlaskClient, method: str, path: str, status: int
) -> None:
    """With the status that says it."""
    answer = stranger.open(path, method=method, headers={"Authorization": TOKEN})
    assert answer.status_code == status
    jsonschema.validate(answer.json, schemas.ERROR)
    assert status != 404 or "POST /v1/session/query" in answer.text


def test_a_body_that_is_too_large_is_refused(stranger: FlaskClient) -> None:
    """No filter is that long."""
    answer = stranger.post(QUERY, data=b" " * 70_000, headers={"Authorization": TOKEN})
    assert answer.status_code == 413
    jsonschema.validate(answer.json, schemas.ERROR)


def test_a_script_for_helicone_runs_with_another_base_url(home: Path) -> None:
    """Against `sessiontap serve`: list, judge and tag, with nothing changed but the address and the key."""
    program = [sys.executable, "-m", "sessiontap", "serve", "--home", str(home), "--port", "0"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            address = urlsplit(server.stdout.readline().strip())
            (token,) = parse_qs(address.query)["token"]
            _script(f"http://{address.netloc}", token)
        finally:
            server.send_signal(signal.SIGTERM)


def _script(base_url: str, key: str) -> None:
    def call(path: str, body: object = None, *, auth: str = f"Bearer {key}") -> Any:
        asked = urllib.request.Request(
            base_url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": auth, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.load(answer)

    everything = {
        "search": "",
        "timeFilter": {"startTimeUnixMs": 0, "endTimeUnixMs": 4_000_000_000_000},
        "timezoneDifference": 0,
        "filter": "all",
    }
    listed = call(QUERY, everything)
    jsonschema.validate(listed, schemas.SESSIONS)
    assert [row["session_id"] for row in listed["data"]] == ["b-2", TRIAGE_ID]
    for row in listed["data"]:
        done = call(f"/v1/session/{row['session_id']}/feedback", {"rating": row["total_cost"] < 0.01})
        jsonschema.validate(done, schemas.DONE)
    call(f"/v1/session/{TRIAGE_ID}/tag", {"tag": "dear"})
    assert call(f"/v1/session/{TRIAGE_ID}/tag")["data"] == "dear"
    with pytest.raises(HTTPError) as refused:
        call(QUERY, everything, auth="Bearer sk-helicone-1")
    with refused.value as answer:
        assert answer.code == 401
        jsonschema.validate(json.load(answer), schemas.ERROR)
