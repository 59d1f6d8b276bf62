"""The catalogue: what each session comes to, kept so that only what is new has to be read."""

from sessiontap.catalog.catalog import Catalog, CatalogSession
from sessiontap.catalog.grouped import costs_by_day, grouped
from sessiontap.catalog.live import LiveCatalog, Look
from sessiontap.catalog.watching import CallEvent, Watched, Watcher

__all__ = [
    "CallEvent",
    "Catalog",
    "CatalogSession",
    "LiveCatalog",
    "Look",
    "Watched",
    "Watcher",
    "costs_by_day",
    "grouped",
]
