"""A user's own gateways: which hosts and paths they are, and what cannot be meant."""

from __future__ import annotations

import pytest

from sessiontap.errors import SettingsError
from sessiontap.providers import PROVIDERS, Directory
from sessiontap.providers.gateway import gateways

_OPTION = "sessiontap_hosts"


def _directory(*entries: str) -> Directory:
    return Directory((*gateways(_OPTION, entries, PROVIDERS), *PROVIDERS))


@pytest.mark.parametrize(
    ("path", "api"),
    [
        ("/v1/chat/completions", "openai.chat"),
        ("/chat/completions", "openai.chat"),
        ("/prefix/v1/chat/completions?x=1", "openai.chat"),
        ("/openai/chat/completions", "openai.chat"),
        ("/a/b/v1/responses", "openai.responses"),
        ("/team/embeddings", "openai.embeddings"),
    ],
)
def test_a_prefix_may_stand_before_the_path(path: str, api: str) -> None:
    """The provider's paths are known behind any prefix, with or without their version."""
    found = _directory("llm.corp.example=openai").match("POST", "LLM.corp.example", path)
    assert found is not None
    assert (found.provider, found.host, found.api.name) == ("openai", "llm.corp.example", api)
    assert (found.billing, found.stream_usage) == ("metered", False)


@pytest.mark.parametrize("path", ["/v1/files", "/v1/chat/completionsx", "/v1/chat/completions/x"])
def test_other_paths_are_no_calls(path: str) -> None:
    """Listings, uploads and near misses stay unrecorded."""
    assert _directory("llm.corp.example=openai").match("POST", "llm.corp.example", path) is None


def test_a_path_that_names_its_model_still_does() -> None:
    """Behind a prefix too, the model in the path is the call's."""
    found = _directory("llm.corp.example=gcp.gemini").match(
        "POST", "llm.corp.example", "/google/v1beta/models/gemini-2.5-flash:generateContent"
    )
    assert found is not None
    assert (found.provider, found.model) == ("gcp.gemini", "gemini-2.5-flash")


@pytest.mark.parametrize(
    "entries",
    [
        ("a.example=openai", "b.example=anthropic"),
        ("a.example=openai, b.example:8443 = anthropic,",),
    ],
    ids=["repeated", "with commas"],
)
def test_several_hosts(entries: tuple[str, ...]) -> None:
    """Entries are repeated or separated by commas; ports and white space do not count."""
    rows = gateways(_OPTION, entries, PROVIDERS)
    assert [(row.name, row.hosts) for row in rows] == [
        ("openai", ("a.example",)),
        ("anthropic", ("b.example",)),
    ]


def test_a_users_entry_goes_over_the_table() -> None:
    """A host that the table knows is what the user says it is."""
    found = _directory("api.openai.com=anthropic").match("POST", "api.openai.com", "/v1/messages")
    assert found is not None
    assert found.provider == "anthropic"


@pytest.mark.parametrize("host", ["[::1]:4000", "10.0.0.7:4000", "llm-*.corp.example"])
def test_addresses_and_patterns_are_hosts(host: str) -> None:
    """IPv6 addresses lose their brackets and ports; a `*` is a pattern."""
    (row,) = gateways(_OPTION, [f"{host}=openai"], PROVIDERS)
    assert row.hosts == ({"[::1]:4000": "::1", "10.0.0.7:4000": "10.0.0.7"}.get(host, host),)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("llm.corp.example=openia", ["'openia'", "llm.corp.example=openia", "openai, ", "anthropic"]),
        ("llm.corp.example", ["''", "is no provider"]),
        ("=openai", ["'=openai'", "names no host", "llm.corp.example=openai"]),
        ("https://llm.corp.example/v1=openai", ["names no host"]),
        ("a b=openai", ["names no host"]),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(entry: str, words: list[str]) -> None:
    """The error names the option, the entry, and what is allowed."""
    with pytest.raises(SettingsError) as refused:
        gateways(_OPTION, [entry], PROVIDERS)
    message = str(refused.value)
    assert "\n" not in message
    assert all(word in message for word in [_OPTION, *words])


def test_no_gateway_is_asked_for_usage_on_its_own() -> None:
    """Whatever a provider documents, its gateways' streams are asked only where the user says so."""
    entries = [f"gateway-{number}.example={row.name}" for number, row in enumerate(PROVIDERS)]
    rows = gateways(_OPTION, entries, PROVIDERS)
    assert not any(row.stream_usage for row in rows)
    assert {route.stream_usage for row in rows for route in row.routes} == {False}
