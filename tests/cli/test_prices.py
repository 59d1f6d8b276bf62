from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from click.testing import Result

from sessiontap.call import Call
from sessiontap.errors import PricingError
from sessiontap.pricing import load_prices
from sessiontap.resources import find
from sessiontap.usage import Usage
from tests.cli.running import Run
from tests.sessions.samples import fill, make_call
from tests.views.price_samples import AT, PRICES, without_prices, write_prices

EXPECTED = Path(__file__).parent.parent / "views" / "expected"


@pytest.fixture
def prices(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a subcommand of `prices` with the sample file over ours."""
    write_prices(tmp_path)
    monkeypatch.chdir(tmp_path)

    def invoke(*args: str, **environ: str) -> Result:
        return run("prices", args[0], "--pricing", "prices.yaml", *args[1:], **environ)

    return invoke


def printed(result: Result) -> str:
    """What a command that went well printed, and nothing on stderr."""
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    # The day on which a person fills the block in.
    return re.sub(r"checked: \d{4}-\d\d-\d\d$", "checked: 2026-11-24", result.stdout, flags=re.MULTILINE)


@pytest.mark.parametrize("width", ["80", "200"])
@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("list", ["list", "--provider", "acme", "--at", AT]),
        ("show", ["show", "anvil-1-07", "--at", AT]),
        ("show-hours", ["show", "anvil-hours", "--at", AT]),
        ("show-old", ["show", "anvil-old", "--provider", "acme", "--at", AT]),
        (
            "estimate",
            [
                *("estimate", "--model", "anvil-1", "--at", AT, "--region", "EU", "--service-tier", "batch"),
                *("--input", "250000", "--cache-read", "100000", "--cache-write-1h", "20000"),
                *("--output", "4000", "--reasoning", "1500", "--web-search", "3"),
            ],
        ),
    ],
)
def test_what_is_printed(prices: Run, name: str, args: list[str], width: str) -> None:
    """Each table as a person has looked at it and found it right, at two widths."""
    assert printed(prices(*args, COLUMNS=width)) == (EXPECTED / f"prices-{name}-{width}.txt").read_text(
        "utf-8"
    )


def listed(result: Result) -> dict[str, dict[str, object]]:
    """The rows of `prices list --json`, by model."""
    return {row["model"]: row for row in json.loads(printed(result))}


def test_a_row_of_the_list_has_the_rates_that_calls_are_billed_at(prices: Run) -> None:
    """A class without a rate of its own has that of its parent, and rates are exact."""
    rows = listed(prices("list", "--provider", "acme", "--at", AT, "--json"))
    assert list(rows) == ["anvil-1", "anvil-1-mini", "anvil-hours", "embed"]
    row = rows["anvil-1-mini"]
    rates = row.pop("rates")
    assert isinstance(rates, dict)
    assert (rates["input"], rates["cache_read"], rates["reasoning"]) == (0.01875, 0.01875, 0.075)
    assert row == {
        "provider": "acme",
        "model": "anvil-1-mini",
        "price_id": "acme/anvil-1-mini",
        "source": "https://acme.example/prices",
        "checked": "2026-11-01",
    }


@pytest.mark.parametrize(
    ("args", "models"),
    [
        (["--model", "ANVIL-1*"], ["anvil-1", "anvil-1-mini"]),
        (["--model", "embed", "--model", "*-hours"], ["anvil-hours", "embed"]),
        (["--model", "none"], []),
        (["--at", "2026-05-01", "--model", "anvil-[1o]*"], ["anvil-1", "anvil-1-mini", "anvil-old"]),
        (["--at", "2025-05-01", "--model", "anvil-1*"], ["anvil-1-mini"]),
    ],
)
def test_the_list_keeps_what_is_asked_for(prices: Run, args: list[str], models: list[str]) -> None:
    """Patterns of models, and the prices of another time."""
    assert list(listed(prices("list", "--provider", "acme", "--at", AT, "--json", *args))) == models


def test_the_whole_table_is_listed(run: Run) -> None:
    """Without a file of the user's own: every model of ours that has a price now."""
    rows = json.loads(printed(run("prices", "list", "--json", "--at", AT)))
    ours = {(name, model) for name, model, entry in load_prices(find("pricing.yaml")).entries() if entry}
    assert {(row["provider"], row["model"]) for row in rows} <= ours
    assert len(rows) > len(ours) / 2


def test_a_list_of_nothing_says_so(prices: Run) -> None:
    """An empty table is no answer."""
    assert printed(prices("list", "--model", "none")) == "No price in the table meets that.\n"


def test_show_as_json(prices: Run) -> None:
    """Everything of the entry, and who knows the name by what."""
    (shown,) = json.loads(printed(prices("show", "anvil-1-07", "--at", AT, "--json")))
    assert (shown["provider"], shown["model"]) == ("acme", "anvil-1")
    assert shown["known_to"] == [
        {"provider": "acme", "why": "the pattern 'anvil-1-##'"},
        {"provider": "reseller", "why": "the pattern 'anvil-1-##'"},
    ]
    assert [(each["from"], each.get("until")) for each in shown["entries"]] == [
        ("2026-01-01", "2026-10-01"),
        ("2026-10-01", None),
    ]
    price = shown["price"]
    assert (price["price_id"], price["file"], price["line"]) == ("acme/anvil-1@2026-10-01", "prices.yaml", 17)
    assert [(card["service_tier"], card["above"], card["rates"]["input"]) for card in price["cards"]] == [
        ("standard", 0, 3),
        ("standard", 200000, 6),
        ("batch", 0, 1.5),
        ("batch", 200000, 3),
    ]
    assert price["regions"] == {"eu": {"factors": {"input": 1.1, "output": 1.1}, "rates": {}}, "global": None}
    assert price["tools"] == {"web_search": {"usd_per_thousand": 10, "per_call": False}}


def test_a_model_without_a_price_at_that_time_says_so_as_json(prices: Run) -> None:
    """The entries are there, the price is null."""
    (shown,) = json.loads(printed(prices("show", "anvil-old", "--at", AT, "--json")))
    assert (shown["price"], shown["entries"][0]["until"]) == (None, "2026-06-01")


def test_a_provider_that_takes_any_name_is_shown_when_it_is_asked_for(prices: Run) -> None:
    """Else it would stand under every model."""
    assert "anything/any" not in printed(prices("show", "anvil-1", "--at", AT))
    assert printed(prices("show", "anvil-1", "--provider", "anything")).startswith("anything/any\n")


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (
            ["show", "anvil1"],
            "no price for model 'anvil1'; near names: anvil-1, anvil-old, anvil-1-mini",
        ),
        (
            ["show", "vil-h", "--provider", "reseller"],
            "no price for model 'vil-h' of provider 'reseller'; near names: anvil-hours",
        ),
        (
            ["estimate", "--model", "shake", "--provider", "by-hand", "--input", "1"],
            "no price for model 'shake' of provider 'by-hand'; BY-HAND bills by the handshake",
        ),
        (["show", "§§§"], "no price for model '§§§'; `sessiontap prices list` shows all"),
        (["show", "m", "--provider", "acmee"], "no provider 'acmee' in the price table; near names: acme"),
        (["list", "--provider", "ACME"], "no provider 'ACME' in the price table; allowed: anthropic, "),
    ],
)
def test_an_unknown_name_is_one_line_with_near_ones(prices: Run, args: list[str], line: str) -> None:
    """Exit code 1; nothing on stdout."""
    result = prices(*args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"sessiontap: {line}")
    assert result.stderr.count("\n") == 1


def test_a_hostile_name_is_printed_harmlessly(prices: Run) -> None:
    """What was typed, or pasted, comes back without its controls."""
    result = prices("show", "\x1b[2Jx\u202e\n")
    assert result.stderr.rstrip("\n").isprintable()


def test_an_estimate_is_what_a_call_would_be_priced_at(prices: Run, tmp_path: Path) -> None:
    """The same cost, class by class, as the table gives a recorded call."""
    result = prices(
        *("estimate", "--model", "anvil-1", "--provider", "reseller", "--at", AT, "--json"),
        *("--input", "1000", "--cache-read", "600", "--cache-write-1h", "100", "--output", "50"),
        *("--service-tier", "economy"),
    )
    (found,) = json.loads(printed(result), parse_float=Decimal)
    usage = Usage(
        input_tokens=1000,
        cache_read_input_tokens=600,
        cache_creation_input_tokens=100,
        cache_creation_1h_input_tokens=100,
        output_tokens=50,
    )
    call: Call = make_call(
        0, "/", "anvil-1", provider="reseller", usage=usage, service_tier="economy", started_at=AT
    )
    priced = load_prices(find("pricing.yaml"), tmp_path / "prices.yaml").price(call)
    assert (found["cost_usd"], found["cost_breakdown"]) == (priced.cost_usd, priced.cost_breakdown)
    assert (found["providers"], found["price_id"]) == (["reseller"], "acme/anvil-1@2026-10-01")


def test_an_estimate_without_a_price_tells_why(prices: Run) -> None:
    """The reason is printed, and the exit code is 1."""
    result = prices(
        "estimate", "--model", "anvil-1", "--at", "2025-01-01", "--input", "1", "--provider", "acme"
    )
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == (
        "no price for model 'anvil-1' of provider 'acme' at '2025-01-01T00:00:00.000Z'"
    )
    assert result.stderr == "sessiontap: nothing here has a price for that call\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "nothing to price: give a count, such as --input 12000 --output 800"),
        (["--cache-read", "5"], "--cache-read 5 is more than --input 0, which they are parts of"),
        (
            ["--input", "9", "--cache-read", "5", "--cache-write-1h", "5"],
            "--cache-read 5 + --cache-write 5 is more than --input 9, which they are parts of",
        ),
        (
            ["--input", "9", "--cache-write", "1", "--cache-write-12h", "5"],
            "--cache-write-12h 5 is more than --cache-write 1, which they are parts of",
        ),
        (
            ["--output", "1", "--reasoning", "2"],
            "--reasoning 2 is more than --output 1, which they are parts of",
        ),
    ],
)
def test_counts_that_cannot_be_are_wrong_usage(prices: Run, args: list[str], message: str) -> None:
    """A part that is larger than its whole would be priced at something nobody meant."""
    result = prices("estimate", "--model", "anvil-1", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(f"Error: {message}\n")


@pytest.mark.parametrize("number", ["-1", "1000000000001", "1.5", "many"])
def test_what_is_no_count_is_wrong_usage(prices: Run, number: str) -> None:
    """The option is named."""
    result = prices("estimate", "--model", "anvil-1", "--output", number)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Invalid value for '--output': " in result.stderr
    assert number in result.stderr


def test_a_tool_that_is_charged_by_the_call_is_shown_so(prices: Run) -> None:
    """Its rate is not divided by the uses."""
    args = ("estimate", "--model", "anvil-hours", "--provider", "acme", "--at", AT, "--web-search", "7")
    assert "web_search     7  1,000 calls  35.00  $0.035" in printed(prices(*args)).splitlines()


@pytest.mark.parametrize("width", ["80", "200"])
def test_the_models_without_a_price(prices: Run, tmp_path: Path, width: str) -> None:
    """Calls, tokens and the reason; the block; and how many can have a price by now."""
    fill(tmp_path / "h", without_prices())
    text = printed(prices("unpriced", "--home", "h", COLUMNS=width)).replace(str(tmp_path), "")
    assert text == (EXPECTED / f"prices-unpriced-{width}.txt").read_text("utf-8")


def test_the_block_is_a_price_file_once_it_is_filled_in(prices: Run, tmp_path: Path) -> None:
    """As it is, its first blank is told; with rates and a source, the models have their price."""
    fill(tmp_path / "h", without_prices())
    found = json.loads(printed(prices("unpriced", "--home", "h", "--json")))
    block = write_prices(tmp_path, found["yaml"])
    with pytest.raises(PricingError, match=r"prices\.yaml:8: acme > anvil-2 > input: nothing; allowed is "):
        load_prices(block)
    filled = re.sub(r":  # USD.*", ": 2.5", found["yaml"]).replace(":  # the URL", ": https://p.example")
    table = load_prices(find("pricing.yaml"), write_prices(tmp_path, filled))
    costs = {call.call_id: table.price(call).cost_usd for call in without_prices()}
    assert {name for name, usd in costs.items() if usd is not None} == {"u1", "u2", "u9"}
    assert list(yaml.safe_load(found["yaml"])["providers"]["unheard"]["models"]) == ['\x1b[2jmodel": {é}']
    assert found["priced_now"] == 1
    assert [gap["calls"] for gap in found["unpriced"]] == [2, 1, 1, 1, 1, 1, 1, 1]


def test_a_filter_narrows_what_is_unpriced(prices: Run, tmp_path: Path) -> None:
    """The same filters as those of `list`."""
    fill(tmp_path / "h", without_prices())
    found = json.loads(printed(prices("unpriced", "--home", "h", "--json", "--model", "shake")))
    assert [gap["model"] for gap in found["unpriced"]] == ["shake"]
    assert found["yaml"] == ""


def test_nothing_unpriced_is_said(prices: Run, tmp_path: Path) -> None:
    """An empty store has no gap, and is not made."""
    assert printed(prices("unpriced", "--home", "none")) == "No call is without a price.\n"
    assert not (tmp_path / "none").exists()


def test_the_users_own_file_is_found_in_the_home(run: Run, home: Path) -> None:
    """Without --pricing it is pricing.yaml there."""
    (home / "pricing.yaml").write_text(PRICES, "utf-8")
    assert printed(run("prices", "show", "anvil-hours")).startswith("acme/anvil-hours\n")


@pytest.mark.parametrize(
    "args", [["list"], ["show", "m"], ["unpriced"], ["estimate", "--model", "m", "--input", "1"]]
)
def test_a_broken_file_of_the_users_is_one_line(run: Run, home: Path, args: list[str]) -> None:
    """What is asked about prices is not answered by half of them."""
    path = home / "pricing.yaml"
    path.write_text("providers: {acme: {modles: {}}}\n", "utf-8")
    result = run("prices", *args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"sessiontap: {path}:1: acme > modles: unknown key; allowed: ")
    assert result.stderr.count("\n") == 1


def test_the_groups_help_imports_no_subcommand() -> None:
    """Listing them loads neither them nor the price table."""
    code = "import sys; sys.argv[1:] = ['prices', '--help']; from sessiontap.cli.main import cli\n"
    code += "try: cli()\nexcept SystemExit: print([n for n in sys.modules if n.startswith('sessiontap.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(ast.literal_eval(done.stdout.splitlines()[-1])) <= {
        "sessiontap.cli",
        "sessiontap.cli.main",
        "sessiontap.cli.prices",
        "sessiontap.errors",
        "sessiontap.views",
        "sessiontap.views.safe_text",
    }
