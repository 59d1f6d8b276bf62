"""Where our costs differ from those of another table, and why: complete, and with nothing idle."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import NamedTuple

from sessiontap.usage import Usage

_CLOSE = Decimal("1e-9")


class Case(NamedTuple):
    """One call, and what both sides say that it costs."""

    table: str
    provider: str
    model: str
    tier: str
    at: datetime
    usage: Usage
    ours: Decimal | None
    theirs: Decimal

    @property
    def equal(self) -> bool:
        """True to a billionth of a dollar."""
        return self.ours is not None and abs(self.ours - self.theirs) < _CLOSE


def anything(_: Case) -> bool:
    """Every call of the model."""
    return True


def cached(case: Case) -> bool:
    """Calls that read from a cache."""
    return bool(case.usage.cache_read_input_tokens)


def written(case: Case) -> bool:
    """Calls that wrote to a cache."""
    return bool(case.usage.cache_creation_input_tokens)


def heard(case: Case) -> bool:
    """Calls with sound in or out."""
    return bool(case.usage.input_audio_tokens or case.usage.output_audio_tokens)


def longer(tokens: int) -> Callable[[Case], bool]:
    """Calls with more tokens in than that."""
    return lambda case: (case.usage.input_tokens or 0) > tokens


def before(day: date, calls: Callable[[Case], bool] = anything) -> Callable[[Case], bool]:
    """Those calls that began before a day."""
    return lambda case: case.at.date() < day and calls(case)


def since(day: date, calls: Callable[[Case], bool] = anything) -> Callable[[Case], bool]:
    """Those calls that began on a day or later."""
    return lambda case: case.at.date() >= day and calls(case)


def either(*kinds: Callable[[Case], bool]) -> Callable[[Case], bool]:
    """Calls of any of these kinds."""
    return lambda case: any(kind(case) for kind in kinds)


@dataclass(frozen=True, slots=True)
class Difference:
    """In which calls of which models a table differs from ours, and why."""

    table: str
    provider: str
    models: str
    """One model or several, as a shell's pattern, separated by blanks."""
    reason: str
    source: str
    """The page that says so, or where nothing but the two tables do, the table that we follow."""
    calls: Callable[[Case], bool] = field(default=anything)

    def excuses(self, case: Case) -> bool:
        """True for a case that is meant."""
        return any(fnmatchcase(case.model, each) for each in self.models.split()) and self.calls(case)


_GENAI = "genai-prices"
_CLAUDE = "https://platform.claude.com/docs/en/about-claude/pricing"
_OPENAI = "https://developers.openai.com/api/docs/pricing"
_OPENROUTER = "https://openrouter.ai/docs/features/prompt-caching"
_LITELLM = "LiteLLM's table, which has the rate"

DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        _GENAI,
        "anthropic",
        "claude-sonnet-4-0",
        "no tier there for the months in which the beta of the 1M context had one",
        "https://thenewstack.io/anthropics-claude-sonnet-4-model-gets-a-1m-token-context-window/",
        before(date(2026, 4, 30), longer(200_000)),
    ),
    Difference(
        _GENAI,
        "anthropic",
        "claude-sonnet-4-5",
        "the tier stays there although, by its own comment, the 1M context ended on 2026-04-30",
        _CLAUDE,
        since(date(2026, 4, 30), longer(200_000)),
    ),
    Difference(
        _GENAI,
        "aws.bedrock",
        "global.anthropic.claude-sonnet-4-*",
        "no tier there for long prompts",
        _LITELLM,
        longer(200_000),
    ),
    Difference(
        _GENAI, "aws.bedrock", "openai.gpt-5.*", "no tier there for long prompts", _LITELLM, longer(272_000)
    ),
    Difference(
        _GENAI,
        "deepseek",
        "deepseek-chat deepseek-reasoner",
        "the prices of early 2025 for ever there",
        "https://api-docs.deepseek.com/news/news250929",
        since(date(2025, 9, 5)),
    ),
    Difference(_GENAI, "deepseek", "deepseek-v3.2", "the rates of a reseller there", _LITELLM),
    Difference(
        _GENAI,
        "deepseek",
        "deepseek-v4-flash",
        "the dear hours of September there on all days before, of which V4 Flash knew none until August",
        "https://api-docs.deepseek.com/updates",
        before(date(2026, 9, 10)),
    ),
    Difference(
        _GENAI,
        "deepseek",
        "deepseek-v4-pro",
        "the dear hours of August there on all days before",
        "https://api-docs.deepseek.com/updates",
        before(date(2026, 8, 17)),
    ),
    Difference(_GENAI, "fireworks", "glm-4p7 minimax-m2p1", "no rate for the cache there", _LITELLM, cached),
    Difference(
        _GENAI,
        "gcp.gemini",
        "gemini-1.5-pro",
        "no rate for the cache there; its gemini-pro-1.5 has ours",
        "https://ai.google.dev/gemini-api/docs/pricing",
        cached,
    ),
    Difference(
        _GENAI,
        "mistral_ai",
        "codestral devstral-small mistral-tiny pixtral-large",
        "no rate for the cache there",
        _LITELLM,
        cached,
    ),
    Difference(_GENAI, "openai", "gpt-4o*-audio-preview", "no rates for audio there", _LITELLM, heard),
    Difference(_GENAI, "openai", "gpt-4o-search-preview", "no rate for the cache there", _LITELLM, cached),
    Difference(
        _GENAI,
        "openai",
        "o3",
        "0.50 there before the reduction too; cached input was a quarter of 10 then as it is of 2 now",
        _OPENAI,
        before(date(2025, 6, 10), cached),
    ),
    Difference(
        _GENAI,
        "openrouter",
        "anthropic/claude-* claude-3-*",
        "what is written for an hour costs there what five minutes do, or what plain input does",
        _OPENROUTER,
        either(written, cached),
    ),
    Difference(
        _GENAI,
        "openrouter",
        "google/*",
        "writing to a cache costs there less than input: it is asked for on top of it",
        _OPENROUTER,
        written,
    ),
    Difference(
        _GENAI,
        "openrouter",
        "openai/*",
        "another day for a change of price there, or no rate for what is cached, written, heard or long",
        _OPENAI,
        either(cached, written, heard, before(date(2026, 10, 19)), longer(272_000)),
    ),
    Difference(
        _GENAI,
        "openrouter",
        "x-ai/grok-4-fast",
        "no tier there for long prompts",
        _LITELLM,
        longer(128_000),
    ),
    Difference(
        "LiteLLM",
        "azure.ai.openai",
        "azure/us/* azure/eu/* azure/apac/* azure/global*",
        "deployments in a data zone cost more; nothing in the traffic tells them from global ones",
        "https://azure.microsoft.com/pricing/details/cognitive-services/openai-service/",
    ),
)


def unexplained(table: str, provider: str, cases: Iterable[Case]) -> list[str]:
    """What is wrong with the list: the first case of each model that it does not excuse, and idle lines."""
    listed = [each for each in DIFFERENCES if (each.table, each.provider) == (table, provider)]
    needed: set[int] = set()
    strange: dict[str, str] = {}
    count = 0
    for case in cases:
        count += 1
        if case.equal:
            continue
        excuse = next((each for each in listed if each.excuses(case)), None)
        if excuse is None:
            strange.setdefault(case.model, str(case))
        else:
            needed.add(id(excuse))
    idle = [f"idle: {each.models}: {each.reason}" for each in listed if id(each) not in needed]
    return [*strange.values(), *idle, *([] if count else ["nothing was compared"])]
