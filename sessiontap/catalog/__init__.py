"""The catalogue: what each session comes to, kept so that only what is new has to be read."""

from sessiontap.catalog.catalog import Catalog, CatalogSession
from sessiontap.catalog.grouped import costs_by_day, grouped
from sessiontap.catalog.live import LiveCatalog, Look

__all__ = ["Catalog", "CatalogSession", "LiveCatalog", "Look", "costs_by_day", "grouped"]
