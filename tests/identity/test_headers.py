from __future__ import annotations

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.identity import Identity, identify, normalise_path

TODAY = "2026-11-23"
UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def _identify(*headers: tuple[str, str], proxy_user: str | None = None) -> Identity:
    return identify(headers, proxy_user=proxy_user, today=TODAY).settled()


def _call_id(*headers: tuple[str, str]) -> str | None:
    return identify(headers, proxy_user=None, today=TODAY).call_id


# --- which session


def test_the_header_wins_over_the_proxy_user() -> None:
    """Helicone-Session-Id names the session even where the proxy's URL has a user."""
    found = _identify(("Helicone-Session-Id", "from-header"), proxy_user="from-proxy:Its name")
    assert (found.session_id, found.session_source, found.session_name) == ("from-header", "header", None)


def test_the_proxy_user_wins_over_nothing() -> None:
    """Without a header the proxy user names the session and, behind a colon, its name."""
    found = _identify(("user-agent", "x/1"), proxy_user="run-7:Nightly build")
    assert (found.session_id, found.session_source, found.session_name) == (
        "run-7",
        "proxy-user",
        "Nightly build",
    )


def test_the_header_names_a_session_of_the_proxy_user() -> None:
    """Helicone-Session-Name wins over the name in the proxy's URL."""
    found = _identify(("Helicone-Session-Name", "Header's"), proxy_user="run-7:Proxy's")
    assert (found.session_id, found.session_name) == ("run-7", "Header's")


@pytest.mark.parametrize("proxy_user", [None, "", ":", " : ", ":only-a-name", "%20:x"])
def test_a_call_that_names_no_session_is_unassigned(proxy_user: str | None) -> None:
    """Without a session's id anywhere the call goes into the day's unassigned session, and has no name."""
    found = _identify(("Helicone-Session-Id", "  "), proxy_user=proxy_user)
    assert (found.session_id, found.session_source) == (f"unassigned-{TODAY}", "none")
    assert found.session_name is None


@pytest.mark.parametrize("name", ["Helicone-Session-Id", "helicone-session-id", "HELICONE-SESSION-ID"])
def test_header_names_have_no_case(name: str) -> None:
    """Header names are read in any case."""
    assert _identify((name, "s")).session_id == "s"


def test_the_last_of_a_name_wins() -> None:
    """Of two headers with one name the last counts; an empty one is as good as none."""
    found = _identify(
        ("helicone-session-id", "a"), ("Helicone-Session-Id", "b"), ("Helicone-Session-Id", " ")
    )
    assert found.session_id == "b"


@pytest.mark.parametrize(
    ("proxy_user", "session_id", "name"),
    [
        ("run%3A7:a%20b", "run:7", "a b"),
        ("%C3%BCber:gr%C3%BC%C3%9Fe", "über", "grüße"),
        ("a:b:c", "a", "b:c"),
        ("50%:100%", "50%", "100%"),
        ("%zz", "%zz", None),
        ("bad%ff", "bad\N{REPLACEMENT CHARACTER}", None),
        ("  spaced  :  name  ", "spaced", "name"),
    ],
)
def test_the_proxy_user_is_percent_decoded(proxy_user: str, session_id: str, name: str | None) -> None:
    """A user and password of a URL may be percent-encoded; what is no encoding stays as it is."""
    found = _identify(proxy_user=proxy_user)
    assert (found.session_id, found.session_name) == (session_id, name)


# --- texts as sent


def test_values_are_trimmed_and_otherwise_kept() -> None:
    """White space around a value is no part of it; everything within it is."""
    found = _identify(
        ("Helicone-Session-Id", "\t two  words \u00a0"),
        ("Helicone-Session-Name", " a/b:c "),
        ("Helicone-User-Id", " ada@example.com "),
    )
    assert (found.session_id, found.session_name, found.user_id) == ("two  words", "a/b:c", "ada@example.com")


def test_header_bytes_that_are_not_utf8_become_replacement_characters() -> None:
    """Such bytes come as surrogates from mitmproxy, and no record could be written with those."""
    raw = b"caf\xe9 \xff".decode("utf-8", "surrogateescape")
    found = _identify(
        ("Helicone-Session-Id", raw),
        ("Helicone-Session-Path", f"/{raw}/x"),
        (f"Helicone-Property-{raw}", raw),
        ("User-Agent", f"{raw} y"),
    )
    bad = "caf\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}"
    assert found.session_id == bad
    assert found.session_path == f"/{bad}/x"
    assert found.properties == {bad: bad}
    assert found.agent == "caf\N{REPLACEMENT CHARACTER}"
    assert _call_id(("Helicone-Request-Id", raw)) is None


def test_header_bytes_that_are_utf8_are_text() -> None:
    """UTF-8 in a header is read as such, however it was split into surrogates."""
    raw = "grüße".encode().decode("ascii", "surrogateescape")
    assert _identify(("Helicone-Session-Name", raw)).session_name == "grüße"


_HEADER_TEXT = st.binary(max_size=12).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
_KNOWN_NAMES = (
    "helicone-session-id helicone-session-name helicone-session-path helicone-user-id helicone-request-id "
    "helicone-property-x user-agent x-stainless-retry-count"
)
_NAMES = st.sampled_from(_KNOWN_NAMES.split())


@settings(deadline=None)
@given(
    headers=st.lists(st.tuples(_NAMES | _HEADER_TEXT, _HEADER_TEXT), max_size=8),
    proxy_user=st.none() | st.binary(max_size=12).map(lambda raw: raw.decode("utf-8", "replace")),
)
def test_any_header_gives_an_identity_that_can_be_stored(
    headers: list[tuple[str, str]], proxy_user: str | None
) -> None:
    """Whatever bytes a client sends, there is a session id and a path, and all texts are Unicode."""
    found = identify(headers, proxy_user=proxy_user, today=TODAY).settled()
    texts = [found.session_id, found.session_name, found.session_path, found.user_id, found.agent]
    for text in [*texts, *found.properties, *found.properties.values()]:
        assert (text or "").encode("utf-8") is not None
    assert found.session_id.strip() == found.session_id != ""
    assert found.session_path.startswith("/")


# --- paths


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ("", "/"),
        ("/", "/"),
        ("///", "/"),
        ("a", "/a"),
        ("/a", "/a"),
        ("a//b/", "/a/b"),
        ("/a/b", "/a/b"),
        (" /a /b ", "/a /b"),
        ("/a/../b", "/a/../b"),
        ("/a%2Fb", "/a%2Fb"),
        ("/ä/\N{SNOWMAN}", "/ä/\N{SNOWMAN}"),
    ],
)
def test_a_path_is_normalised(sent: str, path: str) -> None:
    """A path begins with one slash, doubles none and ends with none; nothing else about it changes."""
    assert normalise_path(sent) == path
    assert _identify(("Helicone-Session-Path", sent)).session_path == path


def test_a_call_without_a_path_is_at_the_root() -> None:
    """No path header is the path `/`."""
    assert _identify().session_path == "/"


@settings(deadline=None)
@given(st.text(alphabet="/ab.%"))
def test_a_normalised_path_stays_as_it_is(path: str) -> None:
    """Normalising twice changes nothing, and never leaves an empty segment."""
    once = normalise_path(path)
    assert normalise_path(once) == once
    assert "//" not in once


# --- user, properties, agent, id, attempt


def test_properties_are_those_with_the_prefix() -> None:
    """Each Helicone-Property-* header is a property under the rest of its name, in lower case."""
    found = _identify(
        ("Helicone-Property-Environment", "staging"),
        ("helicone-property-team", " core "),
        ("Helicone-Property-Environment", "production"),
        ("Helicone-Property-Empty", ""),
        ("Helicone-Session-Id", "s"),
        ("X-Helicone-Property-Other", "no"),
    )
    assert found.properties == {"environment": "production", "team": "core"}


def test_nothing_sent_is_nothing_known() -> None:
    """Without headers everything that is optional is not known."""
    found = _identify()
    assert (found.user_id, found.agent, found.attempt, found.properties) == (None, None, None, {})
    assert _call_id() is None


@pytest.mark.parametrize(
    ("user_agent", "agent"),
    [
        ("claude-cli/2.1.330 (external, cli)", "claude-cli/2.1.330"),
        ("OpenAI/Python 3.54.0", "OpenAI/Python"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("  ", None),
    ],
)
def test_the_agent_is_the_first_product(user_agent: str, agent: str | None) -> None:
    """The agent is the product that the User-Agent names first."""
    assert _identify(("User-Agent", user_agent)).agent == agent


@pytest.mark.parametrize("sent", [UUID, UUID.upper(), f"  {UUID} ", UUID.replace("-", ""), f"{{{UUID}}}"])
def test_the_clients_id_is_taken_where_it_is_a_uuid(sent: str) -> None:
    """A UUID in any of its spellings is the call's id, in the usual one."""
    assert _call_id(("Helicone-Request-Id", sent)) == UUID


@pytest.mark.parametrize("sent", ["", "42", "../../etc/passwd", UUID[:-1], UUID + "0", "g" * 32, "\x1b[31m"])
def test_an_id_that_is_no_uuid_is_not_taken(sent: str) -> None:
    """Any other id is left out, so that a call's id is always a UUID."""
    assert _call_id(("Helicone-Request-Id", sent)) is None


@settings(deadline=None)
@given(st.uuids())
def test_every_uuid_is_taken(value: uuid.UUID) -> None:
    """Every UUID comes back as it was sent."""
    assert _call_id(("helicone-request-id", str(value))) == str(value)


@pytest.mark.parametrize(
    ("sent", "attempt"),
    [
        ("0", 0),
        ("2", 2),
        (" 3 ", 3),
        ("-1", None),
        ("1.5", None),
        ("two", None),
        ("", None),
        ("\N{ARABIC-INDIC DIGIT TWO}", None),
        ("9" * 5000, None),
    ],
)
def test_the_attempt_is_the_sdks_count(sent: str, attempt: int | None) -> None:
    """The retry count that SDKs send is read where it is a small whole number."""
    assert _identify(("X-Stainless-Retry-Count", sent)).attempt == attempt


def test_normalising_twice_changes_nothing() -> None:
    """`/a/ /` leaves a path that ends in white space today, and that another pass would trim."""
    assert normalise_path(normalise_path("/a/ /")) == normalise_path("/a/ /")


def test_a_property_without_a_name_is_none() -> None:
    """`Helicone-Property-:` names nothing."""
    assert identify([("Helicone-Property-", "x")], proxy_user=None, today="d").properties == {}
