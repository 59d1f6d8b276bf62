"""The names under which the proxy's own port leads to providers."""

from __future__ import annotations

import pytest

from sessiontap.providers import DIRECTORY, PROVIDERS
from sessiontap.providers.named import HOSTS, base_urls


@pytest.mark.parametrize("name", HOSTS)
def test_a_name_leads_to_a_host_of_the_table(name: str) -> None:
    """A real one, of a provider that is not this machine."""
    assert DIRECTORY.provider_host(HOSTS[name]) == HOSTS[name]
    assert not DIRECTORY.on_this_machine(HOSTS[name])


def test_who_has_no_name() -> None:
    """This machine's servers, and who has a host for each customer or region."""
    assert {row.name for row in PROVIDERS} - set(HOSTS) == {
        "aws.bedrock",
        "azure.ai.openai",
        "local",
        "snowflake",
    }


def test_people_s_names_are_names_too() -> None:
    """Beside OpenTelemetry's."""
    assert HOSTS["gemini"] == HOSTS["gcp.gemini"] == "generativelanguage.googleapis.com"
    assert (HOSTS["openai"], HOSTS["anthropic"], HOSTS["xai"]) == (
        "api.openai.com",
        "api.anthropic.com",
        "api.x.ai",
    )


def test_the_base_urls_that_are_shown() -> None:
    """As the three SDKs want them."""
    assert base_urls("http://127.0.0.1:8080") == (
        "http://127.0.0.1:8080/openai/v1",
        "http://127.0.0.1:8080/anthropic",
        "http://127.0.0.1:8080/gemini",
    )
