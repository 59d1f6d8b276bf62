"""The catalogue: what each session comes to, kept so that only what is new has to be read."""

from sessiontap.catalog.catalog import Catalog, CatalogSession

__all__ = ["Catalog", "CatalogSession"]
