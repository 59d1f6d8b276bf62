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


def priority(case: Case) -> bool:
    """Calls in the priority tier."""
    return case.tier == "priority"


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
_AZURE = "https://azure.microsoft.com/pricing/details/cognitive-services/openai-service/"
_BEDROCK = "https://aws.amazon.com/bedrock/pricing/"
_FIREWORKS = "https://fireworks.ai/pricing"
_GEMINI = "https://ai.google.dev/gemini-api/docs/pricing"
_GROQ = "https://groq.com/pricing"
_MISTRAL = "https://mistral.ai/pricing"
_NOVITA = "https://novita.ai/pricing"
_OVH = "https://www.ovhcloud.com/en/public-cloud/prices/"
_PERPLEXITY = "https://docs.perplexity.ai/getting-started/pricing"
_TOGETHER = "https://www.together.ai/pricing"
_XAI = "https://docs.x.ai/docs/models"
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
    Difference(_GENAI, "openai", "ft:gpt-4o ft:gpt-4o-mini", "no rate for the cache there", _OPENAI, cached),
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
        "anthropic/claude-sonnet-4",
        "no tier there for the months in which the beta of the 1M context had one",
        "https://thenewstack.io/anthropics-claude-sonnet-4-model-gets-a-1m-token-context-window/",
        before(date(2026, 4, 30), longer(200_000)),
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
        "perplexity",
        "sonar sonar-pro sonar-reasoning sonar-reasoning-pro",
        "the fee of the largest search context there; the smallest is what a request asks for by default",
        _PERPLEXITY,
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
        "azure/us/* azure/us-gov/* azure/eu/* azure/apac/* azure/global*",
        "deployments in a data zone cost more; nothing in the traffic tells them from global ones",
        _AZURE,
    ),
    Difference(
        "LiteLLM",
        "azure.ai.openai",
        "azure_ai/claude-sonnet-5-5",
        "cached input at a tenth there, which on Anthropic's page is a twentieth",
        _CLAUDE,
        calls=cached,
    ),
    Difference(
        "LiteLLM",
        "azure.ai.openai",
        "azure/gpt-5.4 azure/gpt-5.4-2026-03-05",
        "the rate for cached input in flex is missing there",
        _OPENAI,
        calls=cached,
    ),
    Difference(
        "LiteLLM",
        "azure.ai.openai",
        "azure*/mistral-large-latest",
        "two rows of the name there, with different rates",
        _AZURE,
    ),
    Difference(
        "LiteLLM",
        "azure.ai.openai",
        "azure/gpt-5.5*",
        "two and a half times the standard rate in priority there, twice in its other row of the model",
        _AZURE,
    ),
    Difference(
        "LiteLLM",
        "aws.bedrock",
        "*amazon.nova-2-pro-preview-*",
        "no rate for cached input in priority there",
        _BEDROCK,
        calls=cached,
    ),
    Difference(
        "LiteLLM", "aws.bedrock", "anthropic.claude-3-7-sonnet-20240620-*", "a model that never was", _BEDROCK
    ),
    Difference(
        "LiteLLM",
        "aws.bedrock",
        "bedrock/*/moonshotai.kimi-k2-thinking",
        "the flex rates of a region rounded to a hundredth there",
        _BEDROCK,
    ),
    Difference(
        "LiteLLM",
        "aws.bedrock",
        "bedrock/us-gov-*/*claude-sonnet-4-5-* bedrock_mantle/us-gov-*/openai.gpt-5.4",
        "no tier for long prompts in these regions there",
        _BEDROCK,
        calls=longer(200_000),
    ),
    Difference(
        "LiteLLM",
        "aws.bedrock",
        "bedrock_mantle/anthropic.claude-haiku-4-5",
        "the rate of the global profile there",
        _BEDROCK,
    ),
    Difference(
        "LiteLLM",
        "aws.bedrock",
        "moonshotai.kimi-k3",
        "a region's rate there; without a region ours is the global profile's",
        _BEDROCK,
    ),
    Difference(
        "LiteLLM",
        "fireworks",
        "*llama-v3p1-8b-instruct *gemma-3-27b-it *deepseek-v4-flash-0731 *deepseek-v4-pro",
        "other rates there than on the page that genai-prices quotes",
        _FIREWORKS,
    ),
    Difference(
        "LiteLLM", "fireworks", "*", "its function forgets the service tier", _FIREWORKS, calls=priority
    ),
    Difference(
        "LiteLLM",
        "gcp.gemini",
        "*gemini-2.5-pro-preview-tts",
        "a rate for cached input there, which the page does not have",
        _GEMINI,
        calls=cached,
    ),
    Difference(
        "LiteLLM",
        "gcp.vertex_ai",
        "*gemini-2.5-pro-preview-tts",
        "a rate for cached input there, which the page does not have",
        _GEMINI,
        calls=cached,
    ),
    Difference(
        "LiteLLM",
        "gcp.vertex_ai",
        "*gemini-3.5-flash*",
        "cached input in flex and priority is rounded up on Google's page",
        _GEMINI,
        calls=cached,
    ),
    Difference(
        "LiteLLM",
        "gcp.vertex_ai",
        "vertex_ai/gemini-2.0-flash",
        "half as much again there as on Google's page",
        _GEMINI,
    ),
    Difference(
        "LiteLLM",
        "groq",
        "groq/openai/gpt-oss-safeguard-20b",
        "0.037 for cached input there, the half of 0.075 is 0.0375",
        _GROQ,
        calls=cached,
    ),
    Difference(
        "LiteLLM",
        "mistral_ai",
        "mistral/mistral-large-4*",
        "the price of October there; reduced on 2026-10-29",
        _MISTRAL,
    ),
    Difference(
        "LiteLLM",
        "mistral_ai",
        "mistral/mistral-medium mistral/open-mistral-nemo",
        "what the alias was moved to there; the reply names the model",
        _MISTRAL,
    ),
    Difference(
        "LiteLLM",
        "novita",
        "novita/mistralai/mistral-nemo novita/mindai/macaron-v1-* novita/deepseek/deepseek-v4-pro-0813",
        "other rates there than on the page that genai-prices quotes",
        _NOVITA,
    ),
    Difference(
        "LiteLLM",
        "openai",
        "ft:gpt-4o-2024-11-20",
        "a rate for writing to the cache there, which is the one for reading",
        _OPENAI,
        calls=written,
    ),
    Difference(
        "LiteLLM",
        "openai",
        "gpt-5.6-cyber",
        "a tier for long prompts there, which the page does not have",
        _OPENAI,
        calls=longer(272_000),
    ),
    Difference("LiteLLM", "ovhcloud", "ovhcloud/*", "the page's euros there, its dollars here", _OVH),
    Difference(
        "LiteLLM",
        "perplexity",
        "perplexity/sonar* perplexity/perplexity/sonar*",
        "the fee for each request is not in its function",
        _PERPLEXITY,
    ),
    Difference(
        "LiteLLM",
        "perplexity",
        "perplexity/*",
        "its function charges cached input in full, and long prompts as short ones",
        _PERPLEXITY,
        calls=either(cached, written, longer(100_000)),
    ),
    Difference(
        "LiteLLM",
        "together",
        "together_ai/*",
        "other rates there than on the page that genai-prices quotes",
        _TOGETHER,
    ),
    Difference(
        "LiteLLM",
        "x_ai",
        "xai/grok-code-fast*",
        "five times as much there as on the page that genai-prices quotes",
        _XAI,
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
