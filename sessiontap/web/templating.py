"""What every template may use, in the server's pages and in the report."""

from __future__ import annotations

from jinja2 import Environment

from sessiontap.views import numbers
from sessiontap.web.shown import cache_share, shown_as, shown_by, visible


def prepare(environment: Environment) -> None:
    """Adds the filters, and has blocks leave no empty lines."""
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters.update(
        money=numbers.money,
        cost=numbers.cost,
        tokens=numbers.tokens,
        duration=numbers.duration,
        moment=numbers.moment,
        size=numbers.size,
        counted=numbers.counted,
        visible=visible,
        cache_share=cache_share,
        shown_as=shown_as,
        shown_by=shown_by,
    )
