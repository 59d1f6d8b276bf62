"""Whether the price files can be read: ours, and the user's over it."""

from __future__ import annotations

from collections.abc import Iterator

from sessiontap.doctor.findings import Finding
from sessiontap.errors import PricingError
from sessiontap.pricing import load_prices
from sessiontap.resources import find
from sessiontap.settings import Settings


def check_prices(settings: Settings) -> Iterator[Finding]:
    """How many prices there are; a mistake in the user's own file, with its line, is a warning."""
    try:
        table = load_prices(find("pricing.yaml"))
    except PricingError as error:
        yield Finding("problem", "prices", f"the prices that sessiontap brings cannot be read: {error}")
        return
    models = sum(len(rows.models) for rows in table.providers.values())
    yield Finding("ok", "prices", f"{models} models of {len(table.providers)} providers")
    theirs = settings.user_pricing
    if theirs is None:
        return
    try:
        own = load_prices(theirs)
        load_prices(find("pricing.yaml"), theirs)
    except PricingError as error:
        yield Finding("warning", "your prices", f"not used, sessiontap's own are: {error}")
        return
    count = sum(len(rows.models) for rows in own.providers.values())
    yield Finding("ok", "your prices", f"{count} models in {theirs}")
