"""What the tests of prices are made with: a call, and tables out of a few lines of YAML."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sessiontap.call import Call
from sessiontap.pricing import PriceTable, load_prices
from sessiontap.resources import find
from sessiontap.usage import Usage


@pytest.fixture
def make_call() -> Callable[..., Call]:
    """Makes an ended call of model `m` of provider `p`, with 1,000 input and 100 output tokens."""

    def make(**fields: Any) -> Call:
        known: dict[str, Any] = {
            "call_id": "00000000-0000-4000-8000-000000000001",
            "provider": "p",
            "api": "openai.chat",
            "operation": "chat",
            "host": "api.example.com",
            "url_path": "/v1/chat/completions",
            "response_model": "m",
            "status": "ok",
            "started_at": "2026-11-23T20:00:00.000Z",
            "usage": Usage(input_tokens=1000, output_tokens=100),
            "usage_source": "reported",
        }
        return Call(**(known | fields))

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a price file."""

    def write_file(text: str, name: str = "prices.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write_file


@pytest.fixture
def table(write: Callable[..., Path]) -> Callable[[str], PriceTable]:
    """Makes the table of provider `p`, whose block is given; source and checked are added."""

    def make(block: str) -> PriceTable:
        lines = "\n".join(f"    {line}" for line in block.splitlines())
        head = "version: 1\nproviders:\n  p:\n    source: https://example.com\n    checked: 2026-11-23\n"
        return load_prices(write(head + lines + "\n"))

    return make


@pytest.fixture(scope="session")
def ours() -> PriceTable:
    """The project's own prices."""
    return load_prices(find("pricing.yaml"))
