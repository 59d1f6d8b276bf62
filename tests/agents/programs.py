"""The agents' command lines: how each is asked one thing, and what it needs in a home of its own.

Each gets a key that nobody accepts, and the settings that keep it from all that is not its model. What it
asks of other hosts all the same, the double answers with a 404.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

NO_KEY = "sk-nobody-accepts-this"
OTHER_HOSTS = (
    *("chatgpt.com", "ab.chatgpt.com", "api.github.com", "github.com"),  # Codex
    *("registry.npmjs.org", "models.opencode.ai"),  # opencode
    *("play.googleapis.com", "raw.githubusercontent.com"),  # Gemini
)
"""What they ask beside their model's provider, for models, plugins and news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An agent's command line.

    `question` are its arguments up to the prompt, which comes last. `settings` writes what it reads in its
    home, and gives the environment variables that it needs. `agent` is how its name begins in a record.
    One question makes so many `calls`, and costs `cost_usd` at the published prices of its models.
    """

    program: str
    question: tuple[str, ...]
    settings: Callable[[Path], dict[str, str]]
    provider: str
    agent: str
    calls: int
    cost_usd: Decimal


def _claude(_: Path) -> dict[str, str]:
    return {
        "ANTHROPIC_API_KEY": NO_KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
        "DISABLE_AUTOUPDATER": "1",
    }


def _codex(home: Path) -> dict[str, str]:
    _write(
        home / ".codex" / "config.toml", '[analytics]\nenabled = false\n\n[otel]\nmetrics_exporter = "none"\n'
    )
    return {"CODEX_API_KEY": NO_KEY}


def _gemini(home: Path) -> dict[str, str]:
    settings = {
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
        "privacy": {"usageStatisticsEnabled": False},
        "security": {"auth": {"selectedType": "gemini-api-key"}},
    }
    _write(home / ".gemini" / "settings.json", json.dumps(settings))
    return {"GEMINI_API_KEY": NO_KEY, "GEMINI_CLI_TRUST_WORKSPACE": "true"}


def _opencode(home: Path) -> dict[str, str]:
    settings = {"autoupdate": False, "share": "disabled", "small_model": "anthropic/claude-haiku-4-5"}
    _write(home / ".config" / "opencode" / "opencode.json", json.dumps(settings))
    return {"ANTHROPIC_API_KEY": NO_KEY, "OPENCODE_DISABLE_MODELS_FETCH": "1"}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(text)


CLAUDE = Program(
    program="claude",
    question=("--model", "claude-sonnet-4-6", "--allowedTools=Agent", "-p"),
    settings=_claude,
    provider="anthropic",
    agent="claude-cli/",
    calls=1,
    # 419 at $3, 4,000 read at $0.30, 811 written at $3.75, 88 at $15, a million each.
    cost_usd=Decimal("0.00681825"),
)
CODEX = Program(
    program="codex",
    question=("exec", "--skip-git-repo-check", "--model", "gpt-6.1-sol"),
    settings=_codex,
    provider="openai",
    agent="codex_exec/",
    calls=2,  # it has its socket warmed up first
    # 1,230 at $2, 4,000 read at $0.10, 88 at $10.
    cost_usd=Decimal("0.00374"),
)
GEMINI = Program(
    program="gemini",
    question=("--model", "gemini-2.5-pro", "--yolo", "--prompt"),
    settings=_gemini,
    provider="gcp.gemini",
    agent="GeminiCLI",
    calls=1,
    # 1,230 at $1.25, 4,000 read at $0.125, 88 at $10.
    cost_usd=Decimal("0.0029175"),
)
OPENCODE = Program(
    program="opencode",
    question=("run", "--model", "anthropic/claude-sonnet-4-6"),
    settings=_opencode,
    provider="anthropic",
    agent="opencode/",
    calls=2,  # it asks a small model for a title
    # Claude's cost, and 620 at $1 and 12 at $5.
    cost_usd=Decimal("0.00749825"),
)
PROGRAMS = (CLAUDE, CODEX, GEMINI, OPENCODE)
