from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.launch.session import proxy_url, proxy_user, run_id, run_name


def test_a_fresh_id() -> None:
    """The time, and something that no other run of that second has."""
    now = datetime(2026, 11, 25, 13, 4, 0, tzinfo=UTC)
    assert re.fullmatch(r"run-20261125-130400-[0-9a-f]{6}", run_id(now))
    assert len({run_id(now) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["claude", "-p", "fix the tests"], "claude"),
        (["/usr/local/bin/codex", "exec", "fix the tests"], "codex exec"),
        (["npm", "run", "agent", "more"], "npm run agent"),
        (["python3", "-m", "my_agent", "--fast"], "python3 -m my_agent"),
        (["python", "agents/triage.py"], "python agents/triage.py"),
        (["curl", "https://user:word@api.example/x"], "curl"),
        (["run", "sk-ant-api03-AbCdEf0123456789AbCdEf0123456789"], "run"),
        (["agent", "TOKEN=1"], "agent"),
    ],
)
def test_a_runs_name(command: list[str], name: str) -> None:
    """The words that name what runs; never an option, a prompt, a key or an address."""
    assert run_name(command) == name


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, "s-1"),
        ({"name": "Support triage"}, "s-1:Support triage"),
        (
            {"path": "/a/b", "user": "ann", "budget": Decimal("2.50"), "name": "n"},
            "s-1?path=/a/b&user=ann&budget=2.50:n",
        ),
        ({"budget": Decimal("1E+2")}, "s-1?budget=100"),
        ({"path": "/a?b&c=d:e%", "user": "ä"}, "s-1?path=/a%3Fb%26c%3Dd%3Ae%25&user=%C3%A4"),
    ],
)
def test_a_proxy_user(parts: dict[str, object], text: str) -> None:
    """As the proxy reads it: parameters behind the id, the name behind the only colon."""
    assert proxy_user("s-1", **parts) == text  # type: ignore[arg-type]


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@given(session_id=texts, name=st.none() | texts, path=st.none() | texts)
def test_any_text_survives_the_url(session_id: str, name: str | None, path: str | None) -> None:
    """Clients that take the URL apart have the text again, in ASCII, with its colon in the right place."""
    text = proxy_user(session_id, name=name, path=path)
    url = urlsplit(proxy_url(4000, text))
    assert (url.hostname, url.port, url.path) == ("127.0.0.1", 4000, "")
    user, password = unquote(url.username or ""), unquote(url.password or "")
    assert (f"{user}:{password}" if name else user) == text
    assert text.isascii()
    assert ":" not in user


def test_a_url_without_a_session() -> None:
    """Nothing stands before the host."""
    assert proxy_url(4000, None) == "http://127.0.0.1:4000"
