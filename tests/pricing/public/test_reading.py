from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sessiontap.errors import PricingError
from sessiontap.pricing.public import PublicTable, read_public_table

Read = Callable[[object], PublicTable]

PROVIDER = {"id": "groq", "models": [{"id": "m", "match": {"equals": "m"}, "prices": {"input_mtok": 1}}]}


@pytest.mark.parametrize("document", [[PROVIDER], {"units": {}, "providers": [PROVIDER]}])
def test_either_form_of_genai_prices_is_told_from_its_content(read: Read, document: object) -> None:
    """A list of providers, and the newer object that has one, are the same table."""
    found = read(document)
    assert (found.kind, [quote.model for quote in found.quotes]) == ("genai-prices", ["m"])


def test_litellms_map_is_told_from_its_content(read: Read) -> None:
    """An object whose rows name a provider; its sample row is no model."""
    row = {"litellm_provider": "groq", "input_cost_per_token": 1e-6}
    found = read({"sample_spec": row, "groq/m": row})
    assert (found.kind, [quote.model for quote in found.quotes]) == ("LiteLLM", ["m"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", ":1: not JSON: "),
        ("{}", ": JSON, but neither of the two public price tables; "),
        ("[]", ": JSON, but neither of the two public price tables; "),
        ("7", ": JSON, but neither of the two public price tables; "),
        ('{"providers": [1], "m": {"mode": "chat"}}', ": JSON, but neither "),
        ("[" * 100_000, ": not JSON"),
        ("1" * 10_000, ": not JSON that can be read "),
    ],
)
def test_any_other_file_is_one_clear_line(read: Read, tmp_path: Path, text: str, said: str) -> None:
    """The line names the file and says what is allowed."""
    with pytest.raises(PricingError) as caught:
        read(text)
    assert str(caught.value).startswith(f"{tmp_path / 'table.json'}{said}")
    assert "allowed is LiteLLM's" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(PricingError, match=r"none\.json: cannot be read: No such file"):
        read_public_table(tmp_path / "none.json")


@pytest.mark.parametrize("model", [None, 1, "text", [], {"id": 1, "prices": 2}, {"id": "m", "match": 3}])
def test_rows_that_are_no_models_are_passed_over(read: Read, model: object) -> None:
    """What others write wrongly never stops the rest."""
    found = read([{"id": "groq", "models": [model, *PROVIDER["models"]]}])
    assert [quote.model for quote in found.quotes] == ["m"]


def test_a_model_that_says_the_same_twice_is_one(read: Read) -> None:
    """Tables have rows under several keys; those that differ all count."""
    row = {"litellm_provider": "groq", "input_cost_per_token": 1e-6}
    other = {**row, "input_cost_per_token": 2e-6}
    assert len(read({"groq/m": row, "m": {**row, "source": "https://example.com"}}).quotes) == 1
    assert len(read({"groq/m": row, "m": other}).quotes) == 2
