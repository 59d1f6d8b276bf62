"""What the user of the proxy's URL says, and what goes for it where there is none."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.identity import ProxyUser, normalise_path, read_proxy_user
from tests.identity.asking import whose


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("run-1", ProxyUser(session_id="run-1")),
        ("run-1:Nightly", ProxyUser(session_id="run-1", name="Nightly")),
        (
            "run-1?path=/a/b&user=ann&budget=2.50:Nightly build",
            ProxyUser(
                session_id="run-1", name="Nightly build", path="/a/b", user="ann", budget=Decimal("2.50")
            ),
        ),
        ("run-1?user=ann", ProxyUser(session_id="run-1", user="ann")),
        ("run-1?path=&user=", ProxyUser(session_id="run-1")),
        ("r?user=a+b%40x%26y", ProxyUser(session_id="r", user="a+b@x&y")),
        # Not taken apart by the client that sent it.
        ("run-1%3Fpath%3D%2Fa%26user%3Dann", ProxyUser(session_id="run-1", path="/a", user="ann")),
        # Not all of them are parameters: it is the id.
        ("run-1?path=/a&colour=red", ProxyUser(session_id="run-1?path=/a&colour=red")),
        ("what?", ProxyUser(session_id="what")),
        ("why?why:Not", ProxyUser(session_id="why?why", name="Not")),
        ("r?budget=much", ProxyUser(session_id="r", unread_budget="much")),
        ("r?budget=-1", ProxyUser(session_id="r", unread_budget="-1")),
        ("r?budget=NaN", ProxyUser(session_id="r", unread_budget="NaN")),
        ("r?budget=1e400", ProxyUser(session_id="r", unread_budget="1e400")),
        ("r?budget=0", ProxyUser(session_id="r", budget=Decimal(0))),
    ],
)
def test_a_proxy_user_is_taken_apart(text: str, user: ProxyUser) -> None:
    """Id, parameters and name; what is no parameter belongs to the id."""
    assert read_proxy_user(text) == user


@pytest.mark.parametrize("text", [None, "", ":", ":name", " ", "?path=/a", "%20:x"])
def test_a_proxy_user_without_an_id_names_no_session(text: str | None) -> None:
    """Without an id there is nobody."""
    assert read_proxy_user(text) is None


_WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text and "\x00" not in text
)


@given(session_id=_WORDS, path=_WORDS, user=_WORDS, name=_WORDS, decoded=st.booleans())
def test_what_is_encoded_once_for_us_and_once_for_the_url_comes_back(
    session_id: str, path: str, user: str, name: str, *, decoded: bool
) -> None:
    """Whether the client undoes the URL's encoding or leaves it, the parts are those that were put in."""
    before = f"{quote(session_id, safe='')}?path={quote(path, safe='')}&user={quote(user, safe='')}"
    sent = before if decoded else quote(before, safe="")
    found = read_proxy_user(f"{sent}:{quote(name, safe='')}")
    assert found is not None
    assert (found.session_id, found.path, found.user, found.name) == (session_id, path, user, name)


def test_the_parameters_are_the_calls() -> None:
    """Path and user of the proxy's user are those of calls that say none; a header's stand over them."""
    found = whose({}, proxy_user="run-1?path=/a//b/&user=ann:Nightly")
    assert (found.session_path, found.user_id, found.session_name) == ("/a/b", "ann", "Nightly")
    said = {"helicone-user-id": "bob", "helicone-session-path": "/c", "helicone-session-name": "Mine"}
    found = whose(said, proxy_user="run-1?path=/a//b/&user=ann:Nightly")
    assert (found.session_path, found.user_id, found.session_name) == ("/c", "bob", "Mine")


def test_a_session_by_option_is_for_calls_without_a_proxy_user() -> None:
    """It is written as a proxy's user is, and counts as one where there is no such user."""
    found = whose({}, session="day?path=/x&user=ann:The day")
    assert (found.session_id, found.session_source, found.session_name) == ("day", "proxy-user", "The day")
    assert (found.session_path, found.user_id) == ("/x", "ann")
    assert whose({}, session="day", proxy_user="run-1").session_id == "run-1"
    assert whose({"helicone-session-id": "h"}, session="day:The day").session_name is None


@given(st.text())
def test_any_proxy_user_can_be_read(text: str) -> None:
    """Whatever text it is, it names a session that can be stored, or none."""
    found = read_proxy_user(text)
    if found is not None:
        assert found.session_id.encode("utf-8")
        assert normalise_path(found.path or "").encode("utf-8")
