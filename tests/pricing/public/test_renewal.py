from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sessiontap.errors import PricingError
from sessiontap.pricing import PriceTable, load_prices
from sessiontap.pricing.public import PublicTable
from sessiontap.pricing.public.differences import Report, report
from sessiontap.pricing.public.renewal import Renewal, renewed
from sessiontap.pricing.public.takeover import Choice
from sessiontap.times import epoch_ms

NOW = epoch_ms("2026-11-23T12:00:00Z")

OURS = """\
providers:
  openai: {source: s, checked: 2026-01-01, models: {m: {input: 1}}}
  azure.ai.openai: {source: s, checked: 2026-01-01, models_of: [openai], models: {other: {input: 9}}}
"""
"""The snapshot `m-2026-01-01`, and Azure's `m`, have their price of OpenAI's `m`."""


@pytest.fixture
def load(write: Callable[..., Path]) -> Callable[[Path], PriceTable]:
    """Gives our prices with those of a file over them."""
    ours = write(OURS, "ours.yaml")
    return lambda path: load_prices(ours, *([path] if path.exists() else []))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The user's own price file, which is not there yet."""
    return tmp_path / "own.yaml"


@pytest.fixture
def public(read: Callable[[object], PublicTable]) -> PublicTable:
    """A table in which OpenAI's `m` has another price, and whatever has its price of it has not."""
    return read(
        {
            "m": {"litellm_provider": "openai", "input_cost_per_token": 2e-6},
            "m-2026-01-01": {"litellm_provider": "openai", "input_cost_per_token": 1e-6},
            "azure/m": {"litellm_provider": "azure", "input_cost_per_token": 1e-6},
            "new": {"litellm_provider": "openai", "input_cost_per_token": 3e-6},
        }
    )


def renew(
    path: Path, load: Callable[[Path], PriceTable], public: PublicTable, choice: Choice
) -> tuple[Renewal, Report]:
    """What comes of a choice, and what differs then."""
    found = report(load(path), public, NOW, choice.providers)
    done = renewed(path, load, public, found, choice, at_ms=NOW, starts=None, overwrite=False)
    path.write_text(done.changed.text, "utf-8")
    return done, report(load(path), public, NOW)


def names(done: Renewal) -> set[tuple[str, str]]:
    """Provider and model of what was put in."""
    return {(each.provider, each.model) for each in done.changed.put_in}


def test_prices_that_follow_from_a_changed_one_stay_right(
    path: Path, load: Callable[[Path], PriceTable], public: PublicTable
) -> None:
    """They get an entry of their own, though they were not asked for; then nothing differs any more."""
    done, then = renew(path, load, public, Choice(models=("m", "new")))
    assert names(done) == {
        ("openai", "m"),
        ("openai", "new"),
        ("openai", "m-2026-01-01"),
        ("azure.ai.openai", "m"),
    }
    assert (then.missing, then.differing, len(then.agreeing)) == ((), (), 4)
    assert done.left_out == 0


def test_other_providers_are_left_alone(
    path: Path, load: Callable[[Path], PriceTable], public: PublicTable
) -> None:
    """Where only some are asked for."""
    done, then = renew(path, load, public, Choice(providers=("openai",)))
    assert names(done) == {("openai", "m"), ("openai", "new"), ("openai", "m-2026-01-01")}
    assert [each.quote.provider for each in then.differing] == ["azure.ai.openai"]


def test_nothing_that_is_missing_shakes_anything(
    path: Path, load: Callable[[Path], PriceTable], public: PublicTable
) -> None:
    """A model that is new is put in alone."""
    done, then = renew(path, load, public, Choice(missing_only=True))
    assert names(done) == {("openai", "new")}
    assert len(then.differing) == 1


def test_a_text_that_would_not_load_is_refused(
    path: Path, load: Callable[[Path], PriceTable], read: Callable[[object], PublicTable]
) -> None:
    """With the line that it would have had, and what to do."""
    path.write_text("providers:\n  openai:\n    service: {flex: {input: 1}}\n", "utf-8")
    rates = {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6}
    sizes = {**rates, "input_cost_per_token_above_200k_tokens": 2e-6}
    table = read({"t": {"litellm_provider": "openai", **sizes}})
    with pytest.raises(PricingError, match=r"own\.yaml: nothing was put in, .* line \d+: .*--model$"):
        renew(path, load, table, Choice())
