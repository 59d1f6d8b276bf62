"""Which calls a subscription pays for, by the token that they carry."""

from __future__ import annotations

import pytest

from sessiontap.providers import DIRECTORY
from sessiontap.providers.plan import paid_by

_PLACES = {
    "anthropic": ("api.anthropic.com", "/v1/messages"),
    "openai": ("api.openai.com", "/v1/chat/completions"),
}


@pytest.mark.parametrize(
    ("provider", "authorization", "billing"),
    [
        ("anthropic", "Bearer sk-ant-oat01-abc", "subscription"),
        ("anthropic", "bearer  sk-ant-oat01-abc", "subscription"),
        ("anthropic", "Bearer sk-ant-api03-abc", "metered"),
        ("anthropic", "sk-ant-oat01-abc", "metered"),
        ("anthropic", "", "metered"),
        ("openai", "Bearer sk-ant-oat01-abc", "metered"),
    ],
)
def test_a_plans_token_makes_a_subscription(provider: str, authorization: str, billing: str) -> None:
    """Claude's OAuth token is a plan's; keys, other schemes and other providers' hosts are metered."""
    found = DIRECTORY.match("POST", *_PLACES[provider])
    assert found is not None
    assert paid_by(found, {"authorization": authorization}).billing == billing


def test_no_header_no_plan() -> None:
    """A call without the header is the table's."""
    found = DIRECTORY.match("POST", *_PLACES["anthropic"])
    assert found is not None
    assert paid_by(found, {}) is found
