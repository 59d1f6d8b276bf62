from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sessiontap.pricing import load_prices
from sessiontap.pricing.entry import Entry, day_ms
from sessiontap.resources import find
from tests.cli.running import Run

SONNET = "claude-sonnet-4-5"

TABLE = [
    {
        "id": "anthropic",
        "pricing_urls": ["https://www.anthropic.com/pricing"],
        "models": [
            {"id": SONNET, "match": {"equals": SONNET}, "prices": {"input_mtok": 7, "output_mtok": 15}},
            {
                "id": "claude-new",
                "match": {"equals": "claude-new-1"},
                "prices": {"input_mtok": 1, "output_mtok": 2},
            },
        ],
    },
    {"id": "groq", "models": [{"id": "new", "match": {"equals": "new"}, "prices": {"input_mtok": 1}}]},
]

OWN = """\
providers:
  anthropic:
    # mine
    source: s
    checked: 2026-11-23
    models:
      claude-new: {input: 9}  # kept
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The public table."""
    path = tmp_path / "table.json"
    path.write_text(json.dumps(TABLE), "utf-8")
    return str(path)


@pytest.fixture
def own(home: Path) -> Path:
    """Where the user's own price file is, or will be."""
    return home / "pricing.yaml"


def entry(own: Path, model: str, at: datetime, provider: str = "anthropic") -> Entry:
    """What prices a model's calls with the user's own file."""
    found = load_prices(find("pricing.yaml"), own).find(provider, model, day_ms(at.date()))
    assert found is not None
    return found


def test_what_is_missing_or_differs_is_put_into_a_private_file(run: Run, file: str, own: Path) -> None:
    """One line says what was done; a second time there is nothing to do."""
    result = run("prices", "import", file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"Put 3 models of genai-prices into {own}.\n"
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    assert entry(own, "claude-new-1", datetime.now(UTC)).terms.rates["output"] == 2
    assert entry(own, "new", datetime.now(UTC), "groq").source == "https://github.com/pydantic/genai-prices"
    before = own.read_bytes()
    again = run("prices", "import", file)
    assert again.exit_code == 0
    assert again.stderr == "Nothing taken from genai-prices: no other model that is missing or differs.\n"
    assert own.read_bytes() == before


def test_older_calls_keep_their_price(run: Run, file: str, own: Path) -> None:
    """The new one begins today, or on the day that is given."""
    run("prices", "import", file, "--model", SONNET)
    last_year = datetime(2025, 12, 1, tzinfo=UTC)
    assert entry(own, SONNET, datetime.now(UTC)).terms.rates["input"] == 7
    assert entry(own, SONNET, last_year).terms.rates["input"] == 3
    run("prices", "import", file, "--model", SONNET, "--overwrite", "--from", "2025-11-01")
    own.unlink()
    run("prices", "import", file, "--model", SONNET, "--from", "2025-11-01")
    assert entry(own, SONNET, last_year).terms.rates["input"] == 7


@pytest.mark.parametrize(
    ("args", "models"),
    [
        (["--provider", "groq"], ["new"]),
        (["--provider", "groq", "--provider", "anthropic", "--missing-only"], ["claude-new", "new"]),
        (["--model", "claude-*"], ["claude-new", SONNET]),
        (["--model", "NEW", "--model", "claude-s*"], ["new", SONNET]),
    ],
)
def test_only_what_is_asked_for(run: Run, file: str, own: Path, args: list[str], models: list[str]) -> None:
    """By provider, name, and whether it is missing."""
    assert run("prices", "import", file, *args).exit_code == 0
    text = own.read_text("utf-8")
    assert [name for name in ("claude-new", "new", SONNET) if f"      {name}:" in text] == models


def test_a_file_that_is_there_keeps_what_it_has(run: Run, file: str, own: Path) -> None:
    """Models and comments; what stayed is said."""
    own.write_text(OWN, "utf-8")
    result = run("prices", "import", file, "--provider", "anthropic")
    assert result.stdout == (
        f"Put 1 model of genai-prices into {own}; 1 model stayed as the file had it (--overwrite replaces).\n"
    )
    kept = [line for line in own.read_text("utf-8").splitlines() if line in OWN.splitlines()]
    assert kept == OWN.splitlines()
    assert entry(own, "claude-new", datetime.now(UTC)).terms.rates["input"] == 9


def test_overwriting_is_asked_for(run: Run, file: str, own: Path) -> None:
    """Then the model is the table's from today on."""
    own.write_text(OWN, "utf-8")
    assert run("prices", "import", file, "--model", "claude-new", "--overwrite").exit_code == 0
    assert "# kept" not in own.read_text("utf-8")
    assert entry(own, "claude-new", datetime.now(UTC)).terms.rates["input"] == 1
    assert entry(own, "claude-new", datetime(2025, 1, 1, tzinfo=UTC)).terms.rates["input"] == 9


def test_another_file_and_none_at_all(run: Run, file: str, own: Path, tmp_path: Path) -> None:
    """`-o -` prints it, and says what it did beside it."""
    other = tmp_path / "deep" / "mine.yaml"
    assert run("prices", "import", file, "-o", str(other)).exit_code == 0
    printed = run("prices", "import", file, "-o", "-")
    assert printed.stdout == other.read_text("utf-8")
    assert printed.stderr == "Printed 3 models of genai-prices.\n"
    assert not own.exists()


def test_what_is_no_file_is_written_to_and_never_read(run: Run, file: str, tmp_path: Path) -> None:
    """A pipe would be waited for; a folder is told."""
    assert run("prices", "import", file, "-o", "/dev/null").exit_code == 0
    folder = run("prices", "import", file, "-o", str(tmp_path))
    assert (folder.exit_code, folder.stderr) == (1, f"sessiontap: {tmp_path}: Is a directory\n")


@pytest.mark.parametrize("text", ["providers: {anthropic: {models: {}}}", "providers:\n\tp:\n"])
def test_a_file_that_nothing_can_be_put_into_stays(run: Run, file: str, own: Path, text: str) -> None:
    """One line says why."""
    own.write_text(text, "utf-8")
    result = run("prices", "import", file)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"sessiontap: {own}:")
    assert result.stderr.count("\n") == 1
    assert own.read_text("utf-8") == text


def test_what_would_not_load_is_not_written(run: Run, tmp_path: Path, own: Path) -> None:
    """A tier of the provider that writes rates out contradicts the sizes of the new model."""
    text = "providers:\n  groq:\n    service: {flex: {input: 1}}\n"
    own.write_text(text, "utf-8")
    tiered = {"input_mtok": {"base": 1, "tiers": [{"start": 1000, "price": 2}]}, "output_mtok": 1}
    table = tmp_path / "tiered.json"
    table.write_text(json.dumps([{"id": "groq", "models": [{"id": "t", "prices": tiered}]}]), "utf-8")
    result = run("prices", "import", str(table))
    assert result.exit_code == 1
    assert result.stderr.startswith(
        f"sessiontap: {own}: nothing was put in, for it would have, in line 4: groq > t: "
    )
    assert own.read_text("utf-8") == text


def test_wrong_usage_is_told(run: Run, file: str) -> None:
    """Exit code 2, like every command."""
    assert run("prices", "import").exit_code == 2
    assert run("prices", "import", file, "--from", "soon").exit_code == 2
    assert run("prices", "import", file, "--provider", "nobody").exit_code == 2
