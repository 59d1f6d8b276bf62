"""Headers that ask Helicone for what it does: kept as properties, without anybody's key."""

from __future__ import annotations

import json

import pytest

from sessiontap.identity import Claims, identify
from sessiontap.identity.features import kept_of

KEY = "sk-proj-1234567890abcdefghij"


def _claims(*headers: tuple[str, str]) -> Claims:
    return identify(headers, proxy_user=None, today="2026-11-23")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Helicone-Prompt-Id", "greeting"),
        ("helicone-cache-enabled", "true"),
        ("HELICONE-RETRY-NUM", "3"),
        ("Helicone-RateLimit-Policy", "100;w=60;s=user"),
        ("Helicone-LLM-Security-Enabled", "true"),
    ],
)
def test_a_feature_is_a_property_under_its_own_name(name: str, value: str) -> None:
    """In lower case, beside the client's own properties."""
    claims = _claims((name, value), ("Helicone-Property-Env", "prod"))
    assert claims.settled().properties == {name.lower(): value, "env": "prod"}


@pytest.mark.parametrize(
    "name",
    [
        "Helicone-Auth",
        "Helicone-Target-URL",
        "Helicone-OpenAI-Api-Base",
        "Helicone-Posthog-Key",
        "Helicone-Webhook-Secret",
        "Helicone-User-Id",
        "X-Cache-Enabled",
    ],
)
def test_no_other_header_is_kept(name: str) -> None:
    """Least of all one that holds a key, or an address with one."""
    assert _claims((name, KEY)).settled().properties == {}


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        (
            json.dumps([{"target-url": "https://x", "headers": {"K": KEY}, "onCodes": [500], "k": KEY}]),
            '[{"target-url":"https://x","onCodes":[500]}]',
        ),
        (
            json.dumps({"target-url": "https://x", "headers": {"K": "pass-4711"}}),
            '[{"target-url":"https://x"}]',
        ),
        (json.dumps([{"target-url": f"https://x/{KEY}"}]), '[{"target-url":"https://x/[redacted]"}]'),
        ("[" * 100_000, None),
        (f"no JSON {KEY}", None),
        ("\ud800", None),
    ],
)
def test_fallbacks_are_kept_without_their_headers(stated: str, kept: str | None) -> None:
    """Where each would go and on which status; no header of theirs, and nothing that cannot be read."""
    assert kept_of({"helicone-fallbacks": stated}).get("helicone-fallbacks") == kept


def test_a_key_in_a_feature_is_redacted_and_a_long_one_cut() -> None:
    """Whatever people write into such a header."""
    assert kept_of({"helicone-cache-seed": f"ann {KEY}"}) == {"helicone-cache-seed": "ann [redacted]"}
    assert len(kept_of({"helicone-cache-seed": "x y" * 9_000})["helicone-cache-seed"]) == 2_000


@pytest.mark.parametrize(
    ("name", "told"),
    [("Helicone-Auth", True), ("helicone-property-a", True), ("X-Session-Id", False), ("X-Helicone", False)],
)
def test_who_speaks_to_helicone_is_known(name: str, told: bool) -> None:
    """By any header of its family, and by no other."""
    assert _claims((name, "x")).by_helicone == told


def test_the_model_of_the_price_is_the_clients() -> None:
    """As it says; None where it says nothing."""
    assert _claims(("Helicone-Model-Override", " gpt-4o ")).settled().priced_as == "gpt-4o"
    assert _claims().settled().priced_as is None
