from __future__ import annotations

import collections

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.apis import APIS
from sessiontap.providers import DIRECTORY, PROVIDERS

OPENAI, ANTHROPIC, GEMINI = (
    "api.openai.com",
    "api.anthropic.com",
    "generativelanguage.googleapis.com",
)


@pytest.mark.parametrize(
    ("method", "host", "target", "provider", "api", "kind"),
    [
        ("POST", OPENAI, "/v1/chat/completions", "openai", "openai.chat", "call"),
        ("POST", "us.api.openai.com", "/v1/responses", "openai", "openai.responses", "call"),
        ("POST", "eu.api.openai.com", "/v1/responses/compact", "openai", "openai.responses", "call"),
        ("GET", OPENAI, "/v1/responses/resp_abc", "openai", "openai.responses", "poll"),
        ("POST", OPENAI, "/v1/completions", "openai", "openai.completions", "call"),
        ("POST", OPENAI, "/v1/embeddings", "openai", "openai.embeddings", "call"),
        ("POST", OPENAI, "/v1/threads/runs", "openai", "openai.assistants", "call"),
        ("POST", OPENAI, "/v1/threads/thread_1/runs", "openai", "openai.assistants", "call"),
        ("GET", OPENAI, "/v1/threads/thread_1/runs/run_1", "openai", "openai.assistants", "poll"),
        ("POST", ANTHROPIC, "/v1/messages", "anthropic", "anthropic.messages", "call"),
        ("POST", ANTHROPIC, "/v1/chat/completions", "anthropic", "openai.chat", "call"),
        ("POST", GEMINI, "/v1beta/openai/chat/completions", "gcp.gemini", "openai.chat", "call"),
        ("POST", GEMINI, "/v1beta/openai/embeddings", "gcp.gemini", "openai.embeddings", "call"),
    ],
)
def test_a_model_call_is_recognised(
    method: str, host: str, target: str, *, provider: str, api: str, kind: str
) -> None:
    """Method, host and path of a model call give its provider and wire shape."""
    found = DIRECTORY.match(method, host, target)
    assert found is not None
    assert (found.provider, found.api.name, found.kind) == (provider, api, kind)
    assert (found.host, found.url_path, found.model, found.streams) == (host, target, None, False)


@pytest.mark.parametrize(
    ("target", "model", "streams"),
    [
        ("/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro", False),
        ("/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", "gemini-2.5-pro", True),
        ("/v1/models/gemini-2.5-pro:streamGenerateContent", "gemini-2.5-pro", True),
        ("/v1alpha/tunedModels/my%20model:generateContent", "my model", False),
        ("/v1beta/models/text-embedding-004:embedContent", "text-embedding-004", False),
        ("/v1beta/models/text-embedding-004:batchEmbedContents", "text-embedding-004", False),
    ],
)
def test_the_path_names_the_model_and_the_stream(target: str, model: str, *, streams: bool) -> None:
    """Gemini's path says which model is meant, percent-decoded, and whether the reply streams."""
    found = DIRECTORY.match("POST", GEMINI, target)
    assert found is not None
    assert (found.model, found.streams) == (model, streams)


@pytest.mark.parametrize(
    "host",
    [
        "api.openai.com.evil.example",
        "evilapi.openai.com",
        "evil.api.openai.com",
        "openai.com",
        "api.openai.co",
        "api-openai.com",
        "apixopenai.com",
        "api.openai.com:443",
        "user@api.openai.com",
        " api.openai.com",
        "api.openai.com\n",
        "api.anthropic.com@evil.example",
        "",
        "localhost",
    ],
)
@pytest.mark.parametrize("target", ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
def test_a_host_that_only_resembles_a_providers_is_nobody(host: str, target: str) -> None:
    """Hosts are compared whole: neither a part of one nor one with something around it is a provider."""
    assert DIRECTORY.match("POST", host, target) is None


@pytest.mark.parametrize("host", ["API.OpenAI.com", "api.openai.com.", "API.OPENAI.COM."])
def test_case_and_the_root_dot_of_a_host_do_not_matter(host: str) -> None:
    """Hosts have no case and may be written with a final dot; the record has the plain form."""
    found = DIRECTORY.match("POST", host, "/v1/chat/completions")
    assert found is not None
    assert found.host == "api.openai.com"


@pytest.mark.parametrize(
    ("method", "host", "target"),
    [
        ("POST", OPENAI, "/v1/files"),
        ("GET", OPENAI, "/v1/models"),
        ("GET", OPENAI, "/v1/chat/completions"),
        ("GET", OPENAI, "/v1/chat/completions/chatcmpl-1"),
        ("OPTIONS", OPENAI, "/v1/chat/completions"),
        ("DELETE", OPENAI, "/v1/responses/resp_1"),
        ("GET", OPENAI, "/v1/responses/resp_1/input_items"),
        ("POST", OPENAI, "/v1/responses/input_tokens"),
        ("POST", OPENAI, "/v1/threads"),
        ("POST", OPENAI, "/v1/threads/thread_1/messages"),
        ("GET", OPENAI, "/v1/threads/thread_1/runs"),
        ("GET", OPENAI, "/v1/threads/thread_1/runs/run_1/steps"),
        ("POST", OPENAI, "/v1/batches"),
        ("POST", OPENAI, "/v1/vector_stores"),
        ("POST", OPENAI, "/v1/moderations/../chat/completions"),
        ("POST", OPENAI, "/proxy/v1/chat/completions"),
        ("POST", OPENAI, "/v1/chat/completions/"),
        ("POST", OPENAI, "/?/v1/chat/completions"),
        ("POST", OPENAI, "/#/v1/chat/completions"),
        ("POST", OPENAI, "/v1/messages"),
        ("POST", ANTHROPIC, "/v1/messages/count_tokens"),
        ("POST", ANTHROPIC, "/v1/messages/batches"),
        ("GET", ANTHROPIC, "/v1/messages/batches/b/results"),
        ("POST", ANTHROPIC, "/v1/files"),
        ("GET", ANTHROPIC, "/v1/models"),
        ("POST", GEMINI, "/v1beta/models/gemini-2.5-pro:countTokens"),
        ("GET", GEMINI, "/v1beta/models/gemini-2.5-pro"),
        ("GET", GEMINI, "/v1beta/models"),
        ("POST", GEMINI, "/v1beta/cachedContents"),
        ("POST", GEMINI, "/upload/v1beta/files"),
        ("POST", GEMINI, "/v1beta/models/a/b:generateContent"),
        ("POST", GEMINI, "/v1beta/models/:generateContent"),
        ("POST", OPENAI, ""),
    ],
)
def test_what_is_no_model_call_matches_nothing(method: str, host: str, target: str) -> None:
    """Files, listings, counts, other methods and other paths of a provider are no calls."""
    assert DIRECTORY.match(method, host, target) is None


@pytest.mark.parametrize(
    "tail", ["?key=AIzaSyA1234567890", "?", "#part", "?a=b#c", "?x=/v1/messages", "?a=%0a"]
)
def test_query_and_fragment_are_ignored_and_never_kept(tail: str) -> None:
    """A query or fragment changes no match, and no part of it, a key least of all, is in what is recorded."""
    found = DIRECTORY.match("POST", GEMINI, f"/v1beta/models/gemini-2.5-flash:generateContent{tail}")
    assert found is not None
    assert found.url_path == "/v1beta/models/gemini-2.5-flash:generateContent"
    assert found.model == "gemini-2.5-flash"


@settings(deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT"]) | st.text(),
    host=st.sampled_from([OPENAI, ANTHROPIC, GEMINI]) | st.text(),
    target=st.text()
    | st.from_regex(r"/v1beta/models/.{0,20}:generateContent.{0,20}", fullmatch=True)
    | st.from_regex(r"/v1/(responses|threads)/.{0,20}", fullmatch=True),
)
def test_any_url_is_judged_without_a_fault(method: str, host: str, target: str) -> None:
    """Whatever the URL is, it is a known provider's call without a query, or nobody's."""
    found = DIRECTORY.match(method, host, target)
    assert found is None or (DIRECTORY.known_host(found.host) == found.host and "?" not in found.url_path)


def test_a_host_belongs_to_one_provider() -> None:
    """No host stands in two rows, and all are in the form that is compared: lower case, no port."""
    counted = collections.Counter(host for provider in PROVIDERS for host in provider.hosts)
    assert set(counted.values()) == {1}
    assert {DIRECTORY.known_host(host) for host in counted} == set(counted)
    assert all(host == host.lower().strip(".") and ":" not in host for host in counted)


def test_provider_names_are_unique() -> None:
    """Each provider has one row."""
    names = [provider.name for provider in PROVIDERS]
    assert len(set(names)) == len(names)


def test_every_wire_shape_is_spoken_by_somebody() -> None:
    """No api stands in the table of wire shapes that no route leads to, and each is under its own name."""
    assert {route.api.name for provider in PROVIDERS for route in provider.routes} == set(APIS)
    assert all(api.name == name for name, api in APIS.items())


@pytest.mark.parametrize("name", ["API.OpenAI.com", "api.openai.com."])
def test_a_host_is_known_in_any_spelling(name: str) -> None:
    """Upper case and the final dot of a full name are the same host."""
    assert DIRECTORY.known_host(name) == OPENAI
    found = DIRECTORY.match("POST", name, "/v1/responses")
    assert found is not None
    assert found.host == OPENAI
