"""Headers and bodies that mean harm, or nothing: there is always an identity that can be stored."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.identity import LAST_RULES, RULES, Identifier
from sessiontap.identity.evidence import Body, Header
from sessiontap.identity.identifier import PLACES
from tests.identity.asking import TODAY, session, whose

_HEADERS = sorted({place.name for place in PLACES if isinstance(place, Header)})
_PATHS = sorted({place.path for place in PLACES if isinstance(place, Body)})
_MEMBERS = sorted({key for path in _PATHS for key in path.split(".")})
_RAW = st.binary(max_size=24).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
_ANY_TEXT = st.text(st.characters(), max_size=24)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _ANY_TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_MEMBERS) | _ANY_TEXT, inner, max_size=4)
    ),
    max_leaves=12,
)
_TEXTS = _RAW | _JSON.map(json.dumps)
_OTHER_HEADERS = [
    "user-agent",
    "originator",
    "version",
    "copilot-integration-id",
    "x-acme-session-id",
    "x-own",
]


@settings(deadline=None, max_examples=300)
@given(
    headers=st.lists(st.tuples(st.sampled_from([*_HEADERS, *_OTHER_HEADERS]) | _RAW, _TEXTS), max_size=8),
    body=st.dictionaries(st.sampled_from(_MEMBERS) | _ANY_TEXT, _JSON | _TEXTS, max_size=6),
    proxy_user=st.none() | _ANY_TEXT,
    url_path=_ANY_TEXT,
)
def test_nothing_that_a_client_sends_raises(
    headers: list[tuple[str, str]], body: dict[str, Any], proxy_user: str | None, url_path: str
) -> None:
    """There is a session id and a path, all texts are Unicode, and no id is longer than its bound."""
    claims = Identifier().claims(
        headers, proxy_user=proxy_user, today=TODAY, url_path=url_path, session_headers=["x-own"]
    )
    found = claims.settled(body)
    for text in (found.session_id, found.session_name, found.session_path, found.user_id, found.agent):
        assert (text or "").encode("utf-8") is not None
    assert found.session_id.strip() == found.session_id != ""
    assert len(found.session_id) <= 256
    assert found.session_path.startswith("/")
    assert "//" not in found.session_path


@pytest.mark.parametrize("where", ["header", "body", "proxy user"])
def test_long_ids_are_cut_and_stay_apart(where: str) -> None:
    """An id of more than 256 characters is cut; two that begin alike are two, and the same is the same."""

    def found(value: str) -> str:
        if where == "header":
            return session({"helicone-session-id": value})
        return session({}, {"session_id": value}) if where == "body" else session(proxy_user=value)

    whole, one, other = "w" * 256, "x" * 100_000 + "1", "x" * 100_000 + "2"
    assert found(whole) == whole
    assert len(found(one)) <= 256
    assert found(one).startswith("x" * 190)
    assert found(one) == found(one) != found(other)


def test_control_characters_in_a_body_are_kept_as_those_of_a_header_are() -> None:
    """What is shown strips them; an id is trimmed and otherwise as it was sent."""
    assert session({}, {"session_id": " a\x1b[31m\x00b\n"}) == "a\x1b[31m\x00b"
    assert session({"helicone-session-id": " a\x1b[31mb\t"}) == "a\x1b[31mb"


def test_lone_surrogates_of_a_body_become_replacement_characters() -> None:
    """JSON can spell what no UTF-8 can hold."""
    assert session({}, {"session_id": "a\ud800b"}) == "a\N{REPLACEMENT CHARACTER}b"
    assert session({}, {"session_id": "\ud83d\ude00"}) == "\N{GRINNING FACE}"


def test_texts_that_are_built_to_take_long_do_not() -> None:
    """Every rule and path answers within milliseconds, whatever stands in the values."""
    slow = ["_session_" * 7000, "user_" + "_session_a" * 6000 + "!", "session.id" * 6000, "," * 60_000]
    slow += ["{" * 60_000, '{"a":' * 10_000, " " * 60_000 + "x", "/root" + "/" * 60_000, "#" * 60_000]
    started = time.process_time()
    for text in slow:
        body: dict[str, object] = dict.fromkeys(_PATHS, text)
        body |= {
            path.split(".")[0]: dict.fromkeys([path.split(".")[-1]], text) for path in _PATHS if "." in path
        }
        whose(dict.fromkeys([*_HEADERS, *_OTHER_HEADERS[:-1]], text), body, proxy_user=text, url_path=text)
        whose({}, body)
    assert time.process_time() - started < 2


def test_the_rules_look_where_the_table_says() -> None:
    """All that is looked for by name is in the places that make up what is read of large bodies."""
    assert {place for rule in (*RULES, *LAST_RULES) for place in rule.where} <= set(PLACES)
