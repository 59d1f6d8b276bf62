"""Prices: `load_prices` reads price files, `PriceTable.price` gives a call its cost."""

from sessiontap.pricing.entry import Entry
from sessiontap.pricing.table import PriceTable, load_prices

__all__ = ["Entry", "PriceTable", "load_prices"]
