"""Other processes, as the store's tests run them."""

from __future__ import annotations

from tests.store.conftest import run_together

__all__ = ["run_together"]
