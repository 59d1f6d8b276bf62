"""What the tests of public tables are made with: tables of a few models, written as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sessiontap.pricing.public import PublicTable, read_public_table


@pytest.fixture
def read(tmp_path: Path) -> Callable[[object], PublicTable]:
    """Writes a document as JSON, and reads it."""

    def read_document(document: object) -> PublicTable:
        path = tmp_path / "table.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        return read_public_table(path)

    return read_document


@pytest.fixture
def litellm(read: Callable[[object], PublicTable]) -> Callable[..., PublicTable]:
    """A map with one model, `groq/m`, of the given fields; others say more."""

    def make(**fields: object) -> PublicTable:
        return read({"groq/m": {"litellm_provider": "groq", "mode": "chat", **fields}})

    return make


@pytest.fixture
def genai(read: Callable[[object], PublicTable]) -> Callable[..., PublicTable]:
    """A list with one model, `m` of Groq, with the given prices and whatever stands beside them."""

    def make(prices: object, **beside: object) -> PublicTable:
        model = {"id": "m", "match": {"equals": "m"}, "prices": prices, **beside}
        return read([{"id": "groq", "pricing_urls": ["https://groq.com/pricing"], "models": [model]}])

    return make
