"""What the commands about prices share: the table, its options, and how a wrong name is answered."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import click

from sessiontap.cli.main import Failure
from sessiontap.cli.when import when
from sessiontap.pricing import PriceTable, load_prices
from sessiontap.pricing.table import Match
from sessiontap.resources import find
from sessiontap.settings import Settings
from sessiontap.times import epoch_ms

R = TypeVar("R")

_MOST_NEAR = 5


def pricing_option(command: Callable[..., R]) -> Callable[..., R]:
    """Adds `--pricing`; the command gets `pricing`, a file that is there, or None."""
    return click.option(
        "--pricing",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Your own prices.  [default: pricing.yaml in the home, where there is one]",
    )(command)


def provider_option(command: Callable[..., R]) -> Callable[..., R]:
    """Adds `--provider`; the command gets `provider`, or None."""
    return click.option("--provider", metavar="NAME", help="Only this provider, as records name it.")(command)


def at_option(command: Callable[..., R]) -> Callable[..., R]:
    """Adds `--at`; the command gets `at_ms`, milliseconds since the epoch: that time, else now."""
    return click.option(
        "--at",
        "at_ms",
        metavar="TIME",
        callback=_at_ms,
        help="The prices of that time: a day such as 2026-11-01 (midnight UTC), 7d ago, or RFC 3339."
        "  [default: now]",
    )(command)


def _at_ms(ctx: click.Context, param: click.Parameter, value: str | None) -> int:
    stamp = when(ctx, param, value)
    return time.time_ns() // 1_000_000 if stamp is None else epoch_ms(stamp)


def open_prices(home: Path, pricing: Path | None) -> PriceTable:
    """Our prices with the user's over them.

    Raises PricingError for a mistake in either: what a person asks about prices must not be answered by
    half of them.
    """
    theirs = Settings(home=home, pricing=pricing).user_pricing
    return load_prices(find("pricing.yaml"), *([] if theirs is None else [theirs]))


def known_provider(table: PriceTable, provider: str) -> str:
    """The provider; Failure, with the near names, where the table has none of that name."""
    if provider in table.providers:
        return provider
    near = near_names(provider, table.providers)
    hint = f"near names: {', '.join(near)}" if near else f"allowed: {', '.join(table.providers)}"
    message = f"no provider {provider!r} in the price table; {hint}"
    raise Failure(message)


def knowing(table: PriceTable, model: str, provider: str | None) -> list[tuple[str, Match]]:
    """The providers that know a name, with what it means to them; or the one that is given, if it does.

    Left out, unless it is given, is a provider to whom every name means the same model. Failure for a
    provider that the table does not have.
    """
    asked = table.providers if provider is None else [known_provider(table, provider)]
    found = ((name, match) for name in asked if (match := table.match(name, model)) is not None)
    return [
        (name, match) for name, match in found if provider is not None or not _means_anything(table, match)
    ]


def _means_anything(table: PriceTable, match: Match) -> bool:
    patterns = table.providers[match.provider].names.patterns
    return any(pattern.text == "*" and model == match.model for pattern, model in patterns)


def unknown_model(table: PriceTable, model: str, provider: str | None) -> Failure:
    """The fault of a model that no provider knows, or not this one; with the near names."""
    rows = table.providers.get(provider or "")
    if rows is not None:
        asked = {name: table.providers[name] for name in (provider or "", *rows.models_of)}
    else:
        asked = dict(table.providers)
    of_provider = "" if provider is None else f" of provider {provider!r}"
    near = near_names(model.strip().lower(), (name for each in asked.values() for name in each.names.models))
    if near:
        hint = f"near names: {', '.join(near)}"
    elif rows is not None and rows.unpriced is not None:
        hint = rows.unpriced
    else:
        hint = "`sessiontap prices list` shows all"
    return Failure(f"no price for model {model!r}{of_provider}; {hint}")


def near_names(text: str, names: Iterable[str]) -> list[str]:
    """A few names that may have been meant: those that hold the text, the shortest first, then alike ones."""
    choices = list(dict.fromkeys(names))
    holding = sorted((name for name in choices if text and text in name), key=lambda name: (len(name), name))
    alike = difflib.get_close_matches(text, choices, n=_MOST_NEAR, cutoff=0.6)
    return list(dict.fromkeys([*holding[:_MOST_NEAR], *alike]))[:_MOST_NEAR]
