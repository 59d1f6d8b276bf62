from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.running import Run

OWN = """\
providers:
  heroku:
    source: s
    checked: 2026-11-23
    models:
      alpha: {input: 3, cache_read: 0.3, output: 15, service: {batch: {x: 0.5}}, tools: {web_search: 10}}
      beta: {input: 1, output: 2}
      gamma: {input: 1}
"""

ALPHA = {
    "litellm_provider": "heroku",
    "input_cost_per_token": 3e-6,
    "input_cost_per_token_batches": 1e-6,
    "cache_read_input_token_cost": 6e-7,
    "output_cost_per_token": 1.5e-5,
    "search_context_cost_per_query": {"search_context_size_medium": 0.014},
}
BETA = {"litellm_provider": "heroku", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}

TABLE = {
    "heroku/alpha": ALPHA,
    "heroku/beta": BETA,
    "heroku/evil\u001b[31m": {**BETA, "output_cost_per_token": 1e-8},
    "heroku/free": {"litellm_provider": "heroku", "input_cost_per_token": 0.0},
    "heroku/pixels": {**BETA, "input_cost_per_pixel": 1e-9, "input_cost_per_query": 0.003},
    "fal_ai/x": {"litellm_provider": "fal_ai", "output_cost_per_image": 1},
}

SHOWN = """\
heroku
Model   Price              Ours     Theirs    Ratio
alpha   cache_read         0.30       0.60       ×2
alpha   input batch        1.50       1.00  ×0.6667
alpha   web_search        10.00      14.00     ×1.4
evil    not in our table      -  1.00/0.01        -
pixels  not in our table      -  1.00/2.00        -

1 model with 3 differences · 2 models missing in ours · 1 model the same · 7 prices compared
1 model only in ours
LiteLLM has also 1 model without a price, or at zero
prices of a kind that is not here: input_cost_per_pixel 1 · providers that are not here: fal_ai 1
"""

NARROW = """\
heroku
Model   Price              Ours     Theirs
alpha   cache_read         0.30       0.60
"""


@pytest.fixture(autouse=True)
def own(home: Path) -> Path:
    """The user's own price file: the only one with models of this provider."""
    path = home / "pricing.yaml"
    path.write_text(OWN, "utf-8")
    return path


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The public table."""
    path = tmp_path / "table.json"
    path.write_text(json.dumps(TABLE), "utf-8")
    return str(path)


def test_every_difference_is_a_line(run: Run, file: str) -> None:
    """By provider and model; then what is the same and what could not be compared. Exit code 1, like diff."""
    result = run("prices", "check", "--against", file, COLUMNS="100")
    assert result.stdout == SHOWN
    assert result.stderr == ""
    assert result.exit_code == 1


def test_a_narrow_terminal_has_no_ratio(run: Run, file: str) -> None:
    """It says nothing that ours and theirs do not."""
    result = run("prices", "check", "--against", file, COLUMNS="45")
    assert result.stdout.startswith(NARROW)


def test_models_of_ours_alone_are_listed_on_request(run: Run, file: str) -> None:
    """Elsewhere they are only counted."""
    assert "gamma" not in run("prices", "check", "--against", file).stdout
    assert "gamma   only in our table\n" in run("prices", "check", "--against", file, "--all").stdout


def test_the_document_is_stable(run: Run, file: str) -> None:
    """Names and exact numbers, for programs."""
    result = run("prices", "check", "--against", file, "--json")
    assert result.exit_code == 1
    of = {"provider": "heroku", "region": None}
    alpha = {**of, "model": "alpha", "price_id": "heroku/alpha", "above": 0, "hours": None}
    assert json.loads(result.stdout, parse_float=Decimal) == {
        "against": "LiteLLM",
        "models_same": 1,
        "prices_compared": 7,
        "missing": [
            {
                **of,
                "model": "evil\x1b[31m",
                "price_id": None,
                "rates": {"input": 1, "output": Decimal("0.01")},
                "tools": {},
            },
            {
                **of,
                "model": "pixels",
                "price_id": None,
                "rates": {"input": 1, "output": 2},
                "tools": {"search_unit": 3},
            },
        ],
        "differences": [
            {
                **alpha,
                "price": price,
                "service_tier": tier,
                "ours": Decimal(ours),
                "theirs": Decimal(theirs),
                "ratio": Decimal(ratio),
            }
            for price, tier, ours, theirs, ratio in (
                ("cache_read", "standard", "0.3", "0.6", "2"),
                ("input", "batch", "1.5", "1", "0.666666666667"),
                ("web_search", "standard", "10", "14", "1.4"),
            )
        ],
        "only_ours": [{"provider": "heroku", "model": "gamma"}],
        "without_price": 1,
        "left_out": {"input_cost_per_pixel": 1},
        "other_providers": {"fal_ai": 1},
    }


def test_without_a_difference_the_exit_code_is_zero(run: Run, tmp_path: Path) -> None:
    """Models that are ours alone are none."""
    path = tmp_path / "same.json"
    path.write_text(json.dumps({"heroku/beta": BETA}), "utf-8")
    result = run("prices", "check", "--against", str(path))
    assert result.exit_code == 0
    assert "1 model the same" in result.stdout


def test_only_the_providers_that_are_asked_for(run: Run, file: str) -> None:
    """Any of them, where there are several."""
    assert run("prices", "check", "--against", file, "--provider", "groq").exit_code == 0
    assert (
        run("prices", "check", "--against", file, "--provider", "groq", "--provider", "heroku").exit_code == 1
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ["--against", "{file}", "--provider", "herocu"],
            "sessiontap: no provider 'herocu' in the price table; ",
        ),
        (["--against", "{own}"], "sessiontap: {own}:1: not JSON: "),
        (["--against", "{own}.none"], "does not exist"),
        ([], "Missing option '--against'"),
    ],
)
def test_trouble_is_no_difference(run: Run, file: str, own: Path, args: list[str], said: str) -> None:
    """Exit code 2, and the reason."""
    result = run("prices", "check", *(arg.format(file=file, own=own) for arg in args))
    assert result.exit_code == 2
    assert said.format(own=own) in result.stderr
    assert result.stdout == ""


def test_a_map_of_thousands_of_models_is_checked_quickly(run: Run, tmp_path: Path) -> None:
    """A guard against what grows with the square of the models; the real map has 4,500."""
    path = tmp_path / "large.json"
    path.write_text(json.dumps({f"heroku/m{number}": ALPHA for number in range(4500)}), "utf-8")
    before = time.process_time()
    assert run("prices", "check", "--against", str(path), "--json").exit_code == 1
    assert time.process_time() - before < 10
