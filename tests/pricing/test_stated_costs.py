"""What providers themselves state that calls cost, beside our table's figures for the same calls.

Recorded traffic has OpenRouter's costs and those of Pydantic's gateway; for xAI, Perplexity, Copilot and
DeepInfra the replies are those of the fixtures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from msgspec.structs import replace

from sessiontap.call import Call
from sessiontap.pricing import PriceTable
from tests.conformance.metering import finish, fixtures, meter
from tests.conformance.recorded import Metered, metered_exchanges
from tests.oracles.corpus import HTTP_FILE
from tests.oracles.reasons import Figures, Reason, explain

_STARTED_AT = "2026-11-23T12:00:00.000Z"
_USAGE_ACCOUNTING = "https://openrouter.ai/docs/use-cases/usage-accounting"
_WEB_SEARCH = "https://openrouter.ai/docs/features/web-search"

_BEHIND = {"bedrock": "aws.bedrock", "google-vertex": "gcp.vertex_ai", "groq": "groq", "openai": "openai"}
"""Who is behind the gateway, by the first part of the path."""


def _is(model: str, *, stated: str | None = None, more: str | None = None) -> Callable[[Figures], bool]:
    """Calls of a model for which just that is stated, or just so much more than our cost."""

    def explains(figures: Figures) -> bool:
        ours = figures.call.cost_usd
        return figures.call.model == model and (
            (stated is not None and figures.theirs == Decimal(stated))
            or (more is not None and ours is not None and figures.is_theirs(ours + Decimal(more)))
        )

    return explains


_RECORDED = (
    Reason(
        "another of the providers behind it answered, at 0.1 and 0.3; the table has a cheaper one",
        _USAGE_ACCOUNTING,
        _is("qwen/qwen3-30b-a3b-instruct-2507", more="0.0000028"),
    ),
    Reason(
        "its advisor tool asked another model, whose tokens the reply does not count",
        "https://openrouter.ai/docs/features/tool-calling",
        _is("openai/gpt-4o-mini", more="0.015885"),
    ),
    Reason(
        "its reading of a document costs extra, 2 USD per 1000 pages",
        "https://openrouter.ai/docs/features/multimodal/pdfs",
        _is("openai/gpt-5.1-codex-mini", more="0.002"),
    ),
    Reason(
        "unpriced: a search of its own engine's, and only its own figure says how much",
        _WEB_SEARCH,
        lambda each: (
            each.call.model == "deepseek/deepseek-chat"
            and each.call.cost_usd is None
            and bool(each.call.usage.web_search_requests)
        ),
    ),
    Reason(
        "recorded before the introductory rates, which are half of those",
        "https://ai.google.dev/gemini-api/docs/pricing",
        lambda each: (
            each.call.model == "google/gemini-3.6-flash"
            and each.is_theirs(2 * (each.call.cost_usd or Decimal(0)))
        ),
    ),
)

_DOCUMENTED = (
    Reason(
        "the reply names Sonnet, its cost is that of Opus 4.5 at 5 and 25",
        _USAGE_ACCOUNTING,
        _is("anthropic/claude-sonnet-4.5", stated="0.025365"),
    ),
    Reason(
        "the fee that OpenRouter takes from those who bring their own key",
        "https://openrouter.ai/docs/use-cases/byok",
        _is("google/gemini-2.5-flash", more="0.00001"),
    ),
    Reason(
        "figures of an example, of no price that ever was",
        "the page that the fixture names",
        lambda each: (
            (each.call.provider, each.call.model, str(each.theirs))
            in {
                ("openrouter", "google/gemini-3-flash-preview", "0.0003"),
                ("openrouter", "openai/gpt-5-mini", "0.0160614"),
                ("openrouter", "openai/gpt-5-mini", "0.0000042"),
                ("perplexity", "openai/gpt-5-mini", "0.01248"),
                # The same figure as of 100 tokens.
                ("github.copilot", "gpt-5-mini", "0.000035"),
            }
        ),
    ),
    Reason(
        "unpriced: a model that neither public table has for Copilot",
        "https://docs.github.com/en/copilot/reference/copilot-billing/models-and-pricing",
        lambda each: each.call.model == "claude-sonnet-4.5" and each.call.cost_usd is None,
    ),
    Reason(
        "unpriced: pictures and searches of xAI's are in neither public table",
        "https://docs.x.ai/docs/models",
        lambda each: (
            each.call.provider == "x_ai"
            and each.call.cost_usd is None
            and bool(each.call.usage.output_images or each.call.usage.web_search_requests)
        ),
    ),
)


def _by_table(table: PriceTable, where: str, call: Call) -> Figures:
    assert call.cost_usd is not None
    return Figures(where, table.price(replace(call, cost_usd=None, cost_source=None)), call.cost_usd)


def _recorded(table: PriceTable) -> Iterator[Figures]:
    for each in metered_exchanges():
        if each.call is not None and each.call.cost_source == "provider":
            yield _by_table(table, each.where, _as_of_who_is_behind(each, each.call))


def _as_of_who_is_behind(metered: Metered, call: Call) -> Call:
    """The call as its gateway made it: one on the user's own machine has no prices."""
    if call.provider != "local":
        return replace(call, started_at=_STARTED_AT)
    first = metered.exchange.url.path.split("/")[1]
    return replace(call, started_at=_STARTED_AT, provider=_BEHIND[first])


def _documented(table: PriceTable) -> Iterator[Figures]:
    for each in fixtures():
        started = meter(each.match(), each.request_body, each.request_headers())
        call = finish(started, each.status, each.response_headers(), [each.response_body])
        if call.cost_source == "provider":
            yield _by_table(table, f"{each.file}: {each.name}", replace(call, started_at=_STARTED_AT))


def _shown(figures: list[Figures], reasons: tuple[Reason, ...]) -> str:
    lines = [f"{'provider':15} {'model':38} {'stated':>13} {'table':>13} {'difference':>13}"]
    for each in figures:
        call, reason = each.call, next((reason for reason in reasons if reason.explains(each)), None)
        ours = "none" if call.cost_usd is None else f"{call.cost_usd:.9f}"
        apart = "" if call.cost_usd is None else f"{each.theirs - call.cost_usd:+.9f}"
        why = "" if each.equal or reason is None else f"  {reason.text}"
        lines.append(
            f"{call.provider:15} {call.model or '':38} {each.theirs:13.9f} {ours:>13} {apart:>13}{why}"
        )
    return "\n".join(lines)


@pytest.mark.skipif(not HTTP_FILE.is_file(), reason="the recorded traffic is not beside the checkout")
def test_recorded_costs_are_the_tables(ours: PriceTable, print_table: Callable[[str], None]) -> None:
    """To a billionth of a dollar, but where it is named, and needed, why not."""
    figures = list(_recorded(ours))
    print_table(_shown(figures, _RECORDED))
    found = explain(figures, _RECORDED)
    assert (found.strange, found.idle) == ((), ())
    assert found.counted["equal"] > 30


def test_documented_costs_are_the_tables(ours: PriceTable, print_table: Callable[[str], None]) -> None:
    """The same for whom no traffic with a cost was recorded."""
    figures = list(_documented(ours))
    print_table(_shown(figures, _DOCUMENTED))
    found = explain(figures, _DOCUMENTED)
    assert (found.strange, found.idle) == ((), ())
    assert found.counted["equal"] > 8
