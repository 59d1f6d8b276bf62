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
        ("POST", "openrouter.ai", "/api/v1/chat/completions", "openrouter", "openai.chat", "call"),
        ("POST", "openrouter.ai", "/api/v1/messages", "openrouter", "anthropic.messages", "call"),
        ("POST", "api.mistral.ai", "/v1/fim/completions", "mistral_ai", "openai.chat", "call"),
        ("POST", "api.mistral.ai", "/v1/conversations/c1", "mistral_ai", "mistral.conversations", "call"),
        ("POST", "api.deepseek.com", "/beta/chat/completions", "deepseek", "openai.chat", "call"),
        ("POST", "api.deepseek.com", "/responses", "deepseek", "openai.responses", "call"),
        ("POST", "api.groq.com", "/openai/v1/chat/completions", "groq", "openai.chat", "call"),
        ("POST", "us-east-1.api.x.ai", "/v1/responses", "x_ai", "openai.responses", "call"),
        ("GET", "api.x.ai", "/v1/responses", "x_ai", "openai.responses", "socket"),
        ("POST", "api.perplexity.ai", "/v1/sonar", "perplexity", "openai.chat", "call"),
        ("POST", "router.huggingface.co", "/v1/chat/completions", "huggingface", "openai.chat", "call"),
        (
            "POST",
            "router.huggingface.co",
            "/fireworks-ai/inference/v1/chat/completions",
            "huggingface",
            "openai.chat",
            "call",
        ),
        (
            "POST",
            "ab1.eu-central-1.snowflakecomputing.com",
            "/api/v2/cortex/inference:complete",
            "snowflake",
            "snowflake.complete",
            "call",
        ),
        ("POST", "api.voyageai.com", "/v1/rerank", "voyage", "voyage.rerank", "call"),
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
        "localhost.evil.example",
        "x.openai.azure.com.evil.example",
        "api.x.ai.evil.example",
        "a.b.api.x.ai",
        "evilapi.x.ai",
        ".api.x.ai",
        "x..api.x.ai",
        "eu-west-1.api.x.ai\n",
        "snowflakecomputing.com",
        "acme.snowflakecomputing.com.evil.example",
        "a.b.c.d.snowflakecomputing.com",
        "ac/me.snowflakecomputing.com",
        "acme.snowflakecomputing.com:443",
        "api.githubcopilot.com.evil.example",
        "router-huggingface.co",
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
        ("GET", "openrouter.ai", "/api/v1/generation"),
        ("GET", "openrouter.ai", "/api/v1/models"),
        ("POST", "openrouter.ai", "/v1/chat/completions"),
        ("GET", "api.mistral.ai", "/v1/conversations/c1"),
        ("POST", "api.mistral.ai", "/v1/agents"),
        ("POST", "api.mistral.ai", "/v1/files"),
        ("POST", "api.x.ai", "/v1/tokenize-text"),
        ("POST", "api.deepseek.com", "/anthropic/v1/messages/count_tokens"),
        ("GET", "api.deepseek.com", "/user/balance"),
        ("POST", "api.perplexity.ai", "/search"),
        ("POST", "acme.snowflakecomputing.com", "/api/v2/statements"),
        ("POST", "acme.snowflakecomputing.com", "/session/v1/login-request"),
        ("GET", "api.githubcopilot.com", "/models"),
        ("POST", "models.github.ai", "/catalog/models"),
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


def test_a_host_belongs_to_one_row() -> None:
    """No host stands in two rows, and all are in the form that is compared: lower case, no port."""
    counted = collections.Counter(host for provider in PROVIDERS for host in provider.hosts)
    assert set(counted.values()) == {1}
    plain = {host for host in counted if "*" not in host}
    assert {DIRECTORY.known_host(host) for host in plain} == plain
    assert all(host == host.lower().strip(".") for host in counted)
    # An IPv6 address is a host without a port.
    assert [host for host in counted if ":" in host] == ["::1"]


@pytest.mark.parametrize("host", [host for row in PROVIDERS for host in row.hosts if "*" in host])
def test_a_pattern_stands_for_labels_and_never_for_a_domain(host: str) -> None:
    """A `*` is one label or a part of one, so a pattern holds nothing outside of its domain."""
    assert DIRECTORY.known_host(host.replace("*", "a-1")) is not None
    for other in ("", "a.b.c.d.e", "a_b", "a/b", "a:1", "a@b"):
        assert DIRECTORY.known_host(host.replace("*", other)) is None
    assert DIRECTORY.known_host(f"{host.replace('*', 'a')}.evil.example") is None


def test_rows_of_one_provider_have_hosts_or_bills_of_their_own() -> None:
    """A provider has a second row only where something besides the hosts differs."""
    rows = [(row.name, row.routes, row.billing, row.recognised_by_reply) for row in PROVIDERS]
    assert all(rows.count(row) == 1 for row in rows)


def test_a_plan_pays_by_host_or_by_path() -> None:
    """What a subscription covers is known from the host, or where hosts are shared from the path."""
    billed = {
        ("api.githubcopilot.com", "/chat/completions"): "subscription",
        ("codestral.mistral.ai", "/v1/fim/completions"): "subscription",
        ("api.mistral.ai", "/v1/fim/completions"): "metered",
        ("api.kimi.com", "/coding/v1/messages"): "subscription",
        ("api.z.ai", "/api/coding/paas/v4/chat/completions"): "subscription",
        ("api.z.ai", "/api/paas/v4/chat/completions"): "metered",
    }
    for (host, path), billing in billed.items():
        found = DIRECTORY.match("POST", host, path)
        assert found is not None
        assert found.billing == billing


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
