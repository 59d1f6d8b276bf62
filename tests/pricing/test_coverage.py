"""Models of the two public tables that have no price here, of providers that we have: each has its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from sessiontap.pricing import PriceTable
from sessiontap.pricing.public.differences import report
from sessiontap.pricing.public.reading import read_public_table
from sessiontap.pricing.public.services import genai_provider

_NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)


class _LeftOut(NamedTuple):
    """Models of a provider's that we have no price for, as a shell's pattern, and why."""

    provider: str
    models: str
    reason: str


_FAMILY = "a name for many models in the other table, which is nobody's own"
_MOVING = "a name that moves from model to model: the reply says which one it was"
_VERTEX = "Vertex AI's, and has its price there"
_NO_PRICE = "no price there either: it is not said to be free"
_GONE = "was free while it was an experiment, and is gone"

_NOT_OF_GENAI_PRICES = (
    _LeftOut("aws.bedrock", "regional.*", "regions are factors of the model's entry"),
    _LeftOut("azure.ai.openai", "*:free", "OpenRouter's name"),
    _LeftOut("cerebras", "qwen-3-coder-480b", _NO_PRICE),
    _LeftOut("gcp.gemini", "claude-4-*", "its own spelling of claude-opus-4 and claude-sonnet-4"),
    _LeftOut("gcp.gemini", "claude-*", _VERTEX),
    _LeftOut("gcp.gemini", "gemini-2.5-flash-preview", "two previews with two prices, both gone"),
    _LeftOut("gcp.gemini", "gemini-flash-1.5*", "OpenRouter's name of gemini-1.5-flash"),
    _LeftOut("gcp.gemini", "gemini-pro-1.5", "OpenRouter's name of gemini-1.5-pro"),
    _LeftOut("gcp.gemini", "gemma-2-27b-it", "a reseller's price; Google never had one"),
    _LeftOut("gcp.gemini", "gemma-3n", _NO_PRICE),
    _LeftOut("gcp.gemini", "gemma-4-26b-a4b-it-maas", "Vertex AI's, priced there by its whole name"),
    _LeftOut("github.copilot", "gpt-*", "comes with the subscription; calls say what they cost"),
    _LeftOut("huggingface", "*:together", _NO_PRICE),
    _LeftOut("mistral_ai", "*:free", "OpenRouter's name"),
    _LeftOut("openai", "computer-use", _FAMILY),
    _LeftOut("openai", "ft:gpt-3.5-turbo-", _FAMILY),
    _LeftOut("openai", "gpt-4o-mini-2024-07-18.ft-", "Azure's name of what is fine-tuned, without its end"),
    _LeftOut("openai", "gpt-4o:extended", "OpenRouter's name"),
    _LeftOut("openai", "gpt-5*-image*", "OpenRouter's name"),
    _LeftOut("openai", "gpt-live-1", "by the second of a session, which nothing in the traffic says"),
    _LeftOut("openai", "gpt-realtime-translate", "by the second of sound, which nothing in the traffic says"),
    _LeftOut("openai", "gpt-oss-*", "open weights, which OpenAI does not serve: a reseller's price"),
    _LeftOut("openai", "moderation", _FAMILY),
    _LeftOut("openrouter", "*-exp*", _GONE),
    _LeftOut("openrouter", "google/lyria-3-*", "music, by the piece"),
    _LeftOut("openrouter", "stealth/*", _NO_PRICE),
    _LeftOut("openrouter", "~*", _MOVING),
)

_NOT_OF_LITELLM = (
    _LeftOut("azure.ai.openai", "model_router", _MOVING),
    _LeftOut("deepseek", "search", "a tool of LiteLLM's own, not a model"),
    _LeftOut("fireworks", "fireworks-ai-*", "a price by size, for models that nobody names"),
    _LeftOut("gcp.gemini", "gemini-2.0-flash-exp-image-generation", _GONE),
    _LeftOut("gcp.gemini", "gemini-exp-1206", _GONE),
    _LeftOut("gcp.gemini", "gemini-gemma-2-*", "a reseller's price; Google never had one"),
    _LeftOut("gcp.gemini", "imagen-3.0-*", "pictures, by the piece, which are gone"),
    _LeftOut("openai", "ft:gpt-4-0613", "could never be fine-tuned but by invitation"),
    _LeftOut("together", "together-ai-*", "a price by size, for models that nobody names"),
)


class _Unknown(NamedTuple):
    """What a public table has and we have not."""

    counted: Counter[str]
    """Models by reason."""
    wrong: tuple[str, ...]
    """Models without a reason, and reasons without a model."""


def _sorted_out(unknown: Iterable[tuple[str, str]], reasons: Iterable[_LeftOut]) -> _Unknown:
    listed, met = tuple(reasons), set()
    counted: Counter[str] = Counter()
    wrong = []
    for provider, model in unknown:
        found = next(
            (each for each in listed if each.provider == provider and fnmatchcase(model, each.models)), None
        )
        if found is None:
            wrong.append(f"no reason: {provider} {model}")
        else:
            met.add(found)
            counted[f"{provider} {found.models}: {found.reason}"] += 1
    idle = [f"idle: {each.provider} {each.models}" for each in listed if each not in met]
    return _Unknown(counted, (*wrong, *idle))


def _shown(name: str, priced: int, others: Counter[str], unknown: _Unknown) -> str:
    lines = [f"{number:5}  {text}" for text, number in unknown.counted.items()]
    head = (
        f"{name}: {priced} models of our providers have a price here, {unknown.counted.total()} have none "
        f"({others.total()} models of {len(others)} providers that we do not have):"
    )
    return "\n".join([head, *lines])


def test_every_model_of_litellms_has_a_price_or_a_reason(
    ours: PriceTable, print_table: Callable[[str], None]
) -> None:
    """All that it prices by tokens or pieces; nothing is left out without a reason, and no reason is idle."""
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        pytest.skip("LiteLLM is not installed")
    public = read_public_table(Path(spec.origin).with_name("model_prices_and_context_window_backup.json"))
    found = report(ours, public, int(_NOW.timestamp() * 1000))
    unknown = _sorted_out(
        ((each.quote.provider, each.quote.model) for each in found.missing), _NOT_OF_LITELLM
    )
    priced = len(found.agreeing) + len(found.differing)
    print_table(_shown("LiteLLM", priced, public.other_providers, unknown))
    assert unknown.wrong == ()


def test_every_model_of_genai_prices_has_a_price_or_a_reason(
    ours: PriceTable, print_table: Callable[[str], None]
) -> None:
    """All that it lists; nothing is left out without a reason, and no reason is idle."""
    pytest.importorskip("genai_prices")
    snapshot = pytest.importorskip("genai_prices.data_snapshot").get_snapshot()
    others: Counter[str] = Counter()
    unknown: list[tuple[str, str]] = []
    priced = 0
    for service in snapshot.providers:
        provider, ending = genai_provider(service.id)
        if provider is None:
            others[service.id] += len(service.models)
            continue
        names = [f"{model.id}{ending}" for model in service.models]
        unpriced = [name for name in names if ours.match(provider, name) is None]
        priced += len(names) - len(unpriced)
        unknown.extend((provider, name) for name in unpriced)
    found = _sorted_out(unknown, _NOT_OF_GENAI_PRICES)
    print_table(_shown("genai-prices", priced, others, found))
    assert found.wrong == ()
