"""Helicone's gateway hosts: which they are, where a call to each goes, and that no key of theirs is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.doctor.no_proxy import check_no_proxy
from sessiontap.doctor.shell import Shell
from sessiontap.launch.environment import bypassed
from sessiontap.launch.recorded import PROVIDER_HOSTS
from sessiontap.providers import DIRECTORY, GATEWAYS
from sessiontap.providers.helicone import (
    UPSTREAMS,
    destination,
    has_key,
    label_of,
    without_key,
    without_keys,
)
from sessiontap.settings import Settings

KEY = "sk-helicone-abcdefg-1234567"
OWN_ADDRESS = {"Helicone-Target-URL": "https://api.groq.com/openai"}

# The table as Helicone's users have it.
_TABLE = {
    "oai": "api.openai.com",
    "anthropic": "api.anthropic.com",
    "google": "generativelanguage.googleapis.com",
    "openrouter": "openrouter.ai",
    "groq": "api.groq.com",
    "mistral": "api.mistral.ai",
    "together": "api.together.xyz",
    "fireworks": "api.fireworks.ai",
    "perplexity": "api.perplexity.ai",
    "deepseek": "api.deepseek.com",
    "deepinfra": "api.deepinfra.com",
    "cerebras": "api.cerebras.ai",
    "hyperbolic": "api.hyperbolic.xyz",
    "x": "api.x.ai",
    "nebius": "api.studio.nebius.ai",
    "novita": "api.novita.ai",
    "nvidia": "integrate.api.nvidia.com",
    "llama": "api.llama.com",
    "vercel": "ai-gateway.vercel.sh",
}


@pytest.mark.parametrize("domain", ["helicone.ai", "eu.helicone.ai", "hconeai.com", "HELICONE.ai."])
@pytest.mark.parametrize("label", _TABLE)
def test_a_gateway_stands_for_its_provider(label: str, domain: str) -> None:
    """On each of its domains, with the path and the query that were asked for."""
    found = destination(f"{label}.{domain}", "/v1/x?a=1", {})
    assert found is not None
    assert (found.scheme, found.host, found.port, found.target) == ("https", _TABLE[label], 443, "/v1/x?a=1")
    assert (found.refused, found.gateway) == (None, f"{label}.{domain}".lower().removesuffix("."))


def test_the_table_is_whole() -> None:
    """Nothing stands for a host that is not in the table above."""
    assert dict(UPSTREAMS) == _TABLE


@pytest.mark.parametrize(
    "host",
    [
        "helicone.ai",
        "www.helicone.ai",
        "api.helicone.ai",
        "us.helicone.ai",
        "oai.helicone.ai.evil.example",
        "oai.nothelicone.ai",
        "oai.hconeai.ai",
        "oai_helicone.ai",
        "api.openai.com",
        "",
        ".",
        "oai." + "a." * 200 + "helicone.ai",
    ],
)
def test_no_other_host_is_one(host: str) -> None:
    """Helicone's own site and API, near misses, and names that only contain the domain."""
    assert label_of(host) is None
    assert destination(host, "/", {}) is None
    assert DIRECTORY.provider_host(host) == (host if host == "api.openai.com" else None)


@pytest.mark.parametrize("row", GATEWAYS, ids=lambda row: f"{row.hosts[0]} {row.name}")
def test_a_gateway_is_known_wherever_providers_are(row: object) -> None:
    """Its TLS is opened, NO_PROXY is looked at for it, and `run` says where a client did not trust for it."""
    for host in row.hosts:  # type: ignore[attr-defined]
        name = host.replace("*", "eu")
        assert DIRECTORY.provider_host(name) == name
        assert label_of(name) is not None
        assert host in PROVIDER_HOSTS
    assert bypassed({"NO_PROXY": ".helicone.ai"}, PROVIDER_HOSTS)


def test_the_doctor_names_a_gateway_that_no_proxy_keeps_away(tmp_path: Path) -> None:
    """An entry of the user's from days without a proxy."""
    shell = Shell({"NO_PROXY": "localhost,.helicone.ai"}, tmp_path)
    (finding,) = check_no_proxy(Settings(home=tmp_path), shell)
    assert finding.verdict == "warning"
    assert "oai.helicone.ai" in finding.message


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("https://api.groq.com/openai/v1", ("https", "api.groq.com", 443)),
        (" HTTPS://API.Groq.com ", ("https", "api.groq.com", 443)),
        ("http://models.corp.example:8000/", ("http", "models.corp.example", 8000)),
        ("http://[::1]:11434", ("http", "::1", 11434)),
    ],
)
def test_a_header_states_the_upstream(stated: str, expected: tuple[str, str, int]) -> None:
    """Its scheme, host and port count; its path does not, as with Helicone."""
    found = destination("gateway.helicone.ai", "/v1/messages", {"Helicone-Target-URL": stated})
    assert found is not None
    assert (found.scheme, found.host, found.port) == expected
    assert (found.target, found.refused) == ("/v1/messages", None)


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ("", "set base_url to that"),
        ("api.openai.com", "no address"),
        ("ftp://api.openai.com", "no address"),
        ("file:///etc/passwd", "no address"),
        ("https://", "no address"),
        ("https://api.openai.com:0", "no address"),
        ("https://api.openai.com:99999", "no address"),
        ("https://api.openai.com:x", "no address"),
        ("https://a b.example", "no address"),
        ("https://[::1", "no address"),
        ("https://" + "a" * 300 + ".example", "no address"),
        ("https://ann:pass-4711@api.openai.com", "a user or a password"),
        ("https://sk-4711@api.openai.com", "a user or a password"),
        ("https://oai.helicone.ai/v1", "to Helicone again"),
        ("https://api.hconeai.com", "to Helicone again"),
    ],
)
def test_what_is_no_upstream_is_refused(stated: str, words: str) -> None:
    """The message says what to set, and repeats nothing of what may hold a secret."""
    found = destination("gateway.helicone.ai", "/v1/messages", {"Helicone-Target-URL": stated})
    assert found is not None
    assert words in (found.refused or "")
    assert "4711" not in (found.refused or "")
    assert found.host == "gateway.helicone.ai"


def test_only_two_gateways_heed_a_header() -> None:
    """`oai` takes its own header before the other; `anthropic` stands for Anthropic whatever is stated."""
    base = {"Helicone-OpenAI-Api-Base": "https://my.openai.azure.com/openai"}
    hosts = [
        destination("oai.helicone.ai", "/", {}),
        destination("oai.helicone.ai", "/", OWN_ADDRESS),
        destination("oai.helicone.ai", "/", {**OWN_ADDRESS, **base}),
        destination("gateway.helicone.ai", "/", {**OWN_ADDRESS, **base}),
        destination("anthropic.helicone.ai", "/", {**OWN_ADDRESS, **base}),
    ]
    assert [found and found.host for found in hosts] == [
        "api.openai.com",
        "api.groq.com",
        "my.openai.azure.com",
        "api.groq.com",
        "api.anthropic.com",
    ]


@pytest.mark.parametrize(
    ("target", "left"),
    [
        (f"/{KEY}/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/PK-Helicone-x/chat?a=1", "/v1/chat?a=1"),
        ("/%73k-helicone-x/v1", "/v1"),
        (f"/v1/chat?key={KEY}&a=1", "/v1/chat?a=1"),
        (f"/v1?key={KEY}", "/v1"),
        (f"/{KEY}", "/"),
        ("/v1/models/risk-helicone", "/v1/models/risk-helicone"),
        ("/v1//x?", "/v1//x?"),
    ],
)
def test_a_key_in_the_path_is_taken_out(target: str, left: str) -> None:
    """Whole segments and parameters go; without a key not a byte changes."""
    assert without_keys(target) == left


@given(st.lists(st.sampled_from(["v1", KEY, "PK-HELICONE-1", "a=b", "x?", "%73k-helicone-2", "&", ""])))
def test_no_key_is_left_in_any_path(parts: list[str]) -> None:
    """Wherever in path or query they stand, and however often."""
    left = without_keys("/" + "/".join(parts))
    assert not has_key(left)
    assert left.startswith("/")


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (f"Bearer sk-none, Bearer {KEY}", "Bearer sk-none"),
        (f"Bearer {KEY},Bearer sk-none", "Bearer sk-none"),
        (f"Bearer {KEY}", ""),
        ("Bearer sk-none", "Bearer sk-none"),
    ],
)
def test_a_key_beside_the_providers_is_taken_out(value: str, left: str) -> None:
    """Of the values that a comma parts, the provider's stays."""
    assert without_key(value) == left


def test_bedrock_names_the_region_that_was_asked_for() -> None:
    """The call stands under AWS's own host, and the way around names it."""
    found = destination("bedrock.helicone.ai", "/v1/eu-central-1/model/m/converse", {})
    assert found is not None
    assert (found.host, found.target) == (
        "bedrock-runtime.eu-central-1.amazonaws.com",
        "/model/m/converse",
    )
    assert "region_name='eu-central-1'" in (found.refused or "")
    other = destination("bedrock.helicone.ai", "/model/m/converse", {})
    assert other is not None
    assert (other.host, other.refused is None) == ("bedrock.helicone.ai", False)


def test_a_capture_with_a_key_in_its_path_is_not_recorded() -> None:
    """Where nobody has taken it out, as in an import, such a path is no call's."""
    assert DIRECTORY.match("POST", "gateway.helicone.ai", f"/{KEY}/v1/messages") is None
    assert DIRECTORY.match("POST", "gateway.helicone.ai", "/v1/messages") is not None
