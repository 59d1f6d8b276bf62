"""Who pays: calls that carry a plan's token are covered by a subscription, and their cost is notional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sessiontap.providers.directory import Match

# Claude Code signs in with OAuth for Pro and Max plans; keys of the API begin with `sk-ant-api`.
# https://docs.anthropic.com/en/docs/claude-code/iam
_PLAN_TOKENS: Mapping[str, str] = {"anthropic": "sk-ant-oat"}


def paid_by(found: Match, headers: Mapping[str, str]) -> Match:
    """The match, with `subscription` for its billing where the request carries a plan's token.

    Names of headers are lower case, or found in any case. The token is looked at, and kept nowhere.
    """
    plan = _PLAN_TOKENS.get(found.provider)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if plan is None or scheme.lower() != "bearer" or not token.lstrip().startswith(plan):
        return found
    return replace(found, billing="subscription")
