"""Reads what a provider itself says that a call costs; that wins over every table of prices."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sessiontap.apis.reading import ReplyFacts
from sessiontap.untrusted import JsonObject, count, money, obj, text
from sessiontap.usage import Usage

_TICKS = 10**10
_NANO_AIU = 10**11
_LITELLM = "x-litellm-response-cost"
_MOST_DIGITS = 16
_FIREWORKS = {
    "fireworks-prompt-tokens": "input_tokens",
    "fireworks-cached-prompt-tokens": "cache_read_input_tokens",
}


def stated_cost(reply: JsonObject) -> Decimal | None:
    """The cost in USD that a reply, or an event of one, states beside or in its `usage`; None: none.

    - GitHub Copilot: `copilot_usage.total_nano_aiu`, 1e11 of which are a dollar
    - xAI: `usage.cost_in_usd_ticks`, 1e10 to the dollar (https://docs.x.ai/developers/cost-tracking)
    - OpenRouter: `usage.cost`, in credits, which are dollars
      (https://openrouter.ai/docs/use-cases/usage-accounting)
    - Perplexity: `usage.cost.total_cost` (https://docs.perplexity.ai/api-reference)
    - DeepInfra: `usage.estimated_cost`
    - Pydantic's gateway: `usage.pydantic_ai_gateway.cost_estimate`
    """
    usage = obj(reply, "usage") or obj(reply, "usageMetadata")
    aiu = count(obj(reply, "copilot_usage"), "total_nano_aiu")
    if aiu is not None:
        return Decimal(aiu) / _NANO_AIU
    ticks = count(usage, "cost_in_usd_ticks")
    if ticks is not None:
        return Decimal(ticks) / _TICKS
    return _first(_charged(usage), money(usage, "estimated_cost"), _gateway_estimate(usage))


def latest_cost(known: Decimal | None, *events: JsonObject) -> Decimal | None:
    """The cost that the last of the events states, else the one that is known from before."""
    stated = [cost for event in events if (cost := stated_cost(event)) is not None]
    return stated[-1] if stated else known


def facts_of_headers(headers: Mapping[str, str]) -> ReplyFacts:
    """What the reply's headers say where its body says nothing.

    The cost by LiteLLM's proxy (https://docs.litellm.ai/docs/proxy/cost_tracking), and the prompt by
    Fireworks (https://docs.fireworks.ai/guides/querying-text-models).
    """
    tokens = {field: _number(headers.get(name, "")) for name, field in _FIREWORKS.items()}
    # LiteLLM says 0 also of a stream that is not over, and of a model that it does not know.
    cost = money({"cost": headers.get(_LITELLM)}, "cost") or None
    return ReplyFacts(cost_usd=cost, usage=Usage(**tokens))


def _charged(usage: JsonObject) -> Decimal | None:
    """`usage.cost`, an amount or an object with the total.

    Where the user's own key paid (`is_byok`), `cost` is the gateway's fee alone and the provider bills
    the rest; without that rest the fee would pass for the whole, so then nothing is known.
    """
    breakdown = obj(usage, "cost")
    if breakdown:
        return money(breakdown, "total_cost") if text(breakdown, "currency") in {None, "USD"} else None
    cost = money(usage, "cost")
    if cost is None or usage.get("is_byok") is not True:
        return cost
    upstream = money(obj(usage, "cost_details"), "upstream_inference_cost")
    return None if upstream is None else cost + upstream


def _gateway_estimate(usage: JsonObject) -> Decimal | None:
    return money(obj(usage, "pydantic_ai_gateway"), "cost_estimate")


def _number(value: str) -> int | None:
    return int(value) if value.isdecimal() and len(value) < _MOST_DIGITS else None


def _first(*amounts: Decimal | None) -> Decimal | None:
    return next((amount for amount in amounts if amount is not None), None)
