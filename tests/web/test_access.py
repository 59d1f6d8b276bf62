"""Nobody sees a page but who has the token, at the address that was meant, and from our own pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.http import parse_cookie
from werkzeug.test import Client

from sessiontap.store import session_key
from sessiontap.web import server
from sessiontap.web.access import Access
from sessiontap.web.app import make_app
from sessiontap.web.server import listen
from sessiontap.web.source import source_of
from sessiontap.web.token import LiveToken, page_token
from tests.sessions.samples import TRIAGE_ID
from tests.web.conftest import HOST, TOKEN

PAGES = ("/", "/?q=x", "/static/style.css", f"/s/{session_key(TRIAGE_ID)}", "/nowhere")


@pytest.mark.parametrize("page", PAGES)
def test_without_the_token_there_is_nothing(stranger: FlaskClient, page: str) -> None:
    """A page, a style or a page that is not there: the answer is the same, and says what to do."""
    answer = stranger.get(page)
    assert answer.status_code == 403
    assert "sessiontap serve" in answer.text
    assert "triage" not in answer.text


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "0", TOKEN.upper(), "é", "\ud800"])
def test_another_token_opens_nothing(stranger: FlaskClient, token: str) -> None:
    """Only the whole token counts, in the address and in the header."""
    assert stranger.get("/", query_string={"token": token.encode("utf-8", "replace")}).status_code == 403
    bearer = {"Authorization": f"Bearer {token.encode('ascii', 'replace').decode()}"}
    assert stranger.get("/", headers=bearer).status_code == 403
    stranger.set_cookie(Access(TOKEN, {HOST}).cookie_name, TOKEN)
    assert stranger.get("/").status_code == 403


def test_the_token_becomes_a_cookie_and_leaves_the_address(stranger: FlaskClient) -> None:
    """The rest of the address stays; no page of another site and no script can use or read the cookie."""
    answer = stranger.get(f"/?q=a%20b&token={TOKEN}&sort=cost")
    assert (answer.status_code, answer.location) == (303, "/?q=a+b&sort=cost")
    cookie = answer.headers["Set-Cookie"]
    assert TOKEN not in cookie
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert stranger.get("/").status_code == 200


def test_a_redirect_stays_on_the_server(stranger: FlaskClient) -> None:
    """A path that looks like another host leads nowhere else."""
    answer = stranger.get(f"//evil.example/?token={TOKEN}")
    assert not re.match(r"(?:https?:)?//(?!localhost/)", answer.location or "")


def test_a_script_sends_the_token(stranger: FlaskClient) -> None:
    """As a bearer's, in any case of the scheme; no cookie is set."""
    answer = stranger.get("/", headers={"Authorization": f"bearer {TOKEN}"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1", "localhost:8427", "localhost.evil.example"]
)
def test_another_host_is_refused(browser: FlaskClient, host: str) -> None:
    """Also with the cookie: a name that was made to lead to this machine is not this server's."""
    answer = browser.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert "triage" not in answer.text


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", f"https://{HOST}", "http://localhost:8427"]
)
def test_a_form_of_another_site_changes_nothing(browser: FlaskClient, origin: str | None) -> None:
    """Even if a browser would send the cookie along."""
    headers = {} if origin is None else {"Origin": origin}
    key = session_key(TRIAGE_ID)
    assert browser.post(f"/s/{key}/feedback", data={"rating": "up"}, headers=headers).status_code == 403
    assert ">good<" not in browser.get("/").text


def test_every_answer_keeps_the_browser_from_running_what_is_not_ours(browser: FlaskClient) -> None:
    """Pages, refusals and files alike."""
    for page in PAGES:
        with browser.get(page) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
    assert browser.get("/").headers["Cache-Control"] == "no-store"


def test_a_browser_may_have_the_pages_of_two_homes_open(tmp_path: Path) -> None:
    """It sends the cookies of one to the other as well, for cookies know no ports."""
    homes = [tmp_path / name for name in "ab"]
    clients = [
        make_app(source_of(home), Access(page_token(home), {HOST})).test_client(use_cookies=False)
        for home in homes
    ]
    kept: dict[str, str] = {}
    for home, client in zip(homes, clients, strict=True):
        cookie = client.get("/", query_string={"token": page_token(home)}).headers["Set-Cookie"]
        kept |= parse_cookie(cookie.partition(";")[0])
    sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items())}
    assert [client.get("/", headers=sent).status_code for client in clients] == [200, 200]


def test_a_new_token_shuts_out_the_old_at_once(tmp_path: Path) -> None:
    """Also from a server that runs, whose address is printed with the new one."""
    live = LiveToken(tmp_path)
    client = make_app(source_of(tmp_path), Access(live(), {HOST}, live)).test_client()
    old = page_token(tmp_path)
    assert client.get("/", query_string={"token": old}, follow_redirects=True).status_code == 200
    new = page_token(tmp_path, new=True)
    assert client.get("/").status_code == 403
    assert client.get("/", headers={"Authorization": f"Bearer {old}"}).status_code == 403
    assert client.get("/", headers={"Authorization": f"Bearer {new}"}).status_code == 200
    (tmp_path / "page-token").unlink()
    assert client.get("/", headers={"Authorization": f"Bearer {new}"}).status_code == 200


def test_a_browser_leaves_the_port_of_http_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server there answers all the same; anywhere else a host without a port is not meant."""
    for usual, status in ((False, 400), (True, 200)):
        with listen(tmp_path, page_token(tmp_path), 0).server as serving:
            port = serving.port
        if usual:
            monkeypatch.setattr(server, "_HTTP_PORT", port)
        with listen(tmp_path, page_token(tmp_path), port).server as serving:
            client = Client(serving.app)
            headers = {"Host": "127.0.0.1", "Authorization": f"Bearer {page_token(tmp_path)}"}
            assert client.get("/", headers=headers).status_code == status
