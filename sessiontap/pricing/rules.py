"""Rules: what holds for all models of a provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sessiontap.pricing.rates import Derived
from sessiontap.pricing.terms import Terms


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all models of a provider."""

    terms: Terms = field(default_factory=Terms)
    derived: tuple[Derived, ...] = ()
    service_aliases: Mapping[str, str] = field(default_factory=dict)
    models_of: tuple[str, ...] = ()
    """Other providers whose prices hold for the models that this one does not list, the first one's first."""
    unpriced: str | None = None
    """Why no price per token can say what a call costs."""
