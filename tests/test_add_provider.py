"""README's "Add a provider", done as it says: its row, its prices and its fixture become a priced call."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from sessiontap.call import encode
from sessiontap.pricing import load_prices
from sessiontap.providers import DIRECTORY, PROVIDERS, Directory, Provider
from sessiontap.providers.route import route
from sessiontap.resources import find
from tests.conformance.metering import Fixture, finish, meter

_README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(scope="module")
def section() -> str:
    """The text between README's heading and the next."""
    return _README.read_text("utf-8").partition("\n## Add a provider\n")[2].partition("\n## ")[0]


def _snippet(section: str, language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return str(found)


def _row(section: str) -> Provider:
    code = _snippet(section, "python").strip().removesuffix(",")
    row = eval(code, {"Provider": Provider, "route": route})
    assert isinstance(row, Provider)
    return row


def _fixture(section: str) -> Fixture:
    named = re.search(r"tests/conformance/fixtures/([\w.@]+)\.json", section)
    assert named is not None
    (only,) = json.loads(_snippet(section, "json"))
    return Fixture(file=named[1], **only)


def test_a_row_makes_its_calls_known(section: str) -> None:
    """The provider is nobody today, and with the row its host and path are a call in the named wire shape."""
    row, each = _row(section), _fixture(section)
    assert DIRECTORY.match(each.method, each.host, each.path) is None
    found = Directory([*PROVIDERS, row]).match(each.method, each.host, each.path)
    assert found is not None
    assert (found.provider, found.api.name, found.kind) == (row.name, each.api, "call")


def test_the_fixture_becomes_its_record_and_costs_what_is_written(section: str, tmp_path: Path) -> None:
    """With row and price block the fixture's call is recorded as it says, at the cost that README names."""
    row, each = _row(section), _fixture(section)
    found = Directory([*PROVIDERS, row]).match(each.method, each.host, each.path)
    assert found is not None
    started = meter(found, each.request_body, each.request_headers())
    call = finish(started, each.status, each.response_headers(), [each.response_body])
    assert started.problem is None
    assert each.expect.items() <= json.loads(encode(call)).items()

    block = tmp_path / "pricing.yaml"
    block.write_text(_snippet(section, "yaml"), "utf-8")
    priced = load_prices(find("pricing.yaml"), block).price(call)
    (written,) = re.findall(r"costs \$([\d.]+)", section)
    assert priced.cost_usd == Decimal(written)
    assert priced.cost_source == "table"
    assert load_prices(find("pricing.yaml")).price(call).cost_usd is None
