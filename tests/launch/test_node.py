from __future__ import annotations

import os
from pathlib import Path

import pytest

from sessiontap.launch.node import (
    BASE_URLS,
    base_url_environment,
    base_urls,
    knows_proxies,
    modes,
    node_version,
    old_node,
)
from sessiontap.providers import DIRECTORY

OLD, NEW = "v20.20.2", "v24.1.0"


def program(path: Path, text: str) -> Path:
    """A file that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder whose `bin` has a Node of an old version and what is installed with it."""
    program(tmp_path / "bin" / "node", f"#!/bin/sh\necho {OLD}\n")
    npm = program(tmp_path / "lib" / "npm" / "npm-cli.js", "#!/usr/bin/env node\n")
    (tmp_path / "bin" / "npm").symlink_to(npm)
    program(tmp_path / "bin" / "tsx", "#!/usr/bin/env -S node --no-warnings\n")
    program(tmp_path / "bin" / "direct", f"#!{tmp_path}/bin/node\n")
    program(tmp_path / "bin" / "script.ts", "#!/usr/bin/env tsx\n")
    program(tmp_path / "bin" / "shim", '#!/bin/sh\nbasedir=$(dirname "$0")\nexec node "$basedir/x.js" "$@"\n')
    program(tmp_path / "bin" / "pnpm", "\x7fELF")
    program(tmp_path / "bin" / "agent.py", "#!/usr/bin/env python3\n# exec node x\n")
    program(tmp_path / "bin" / "script.sh", "#!/bin/sh\necho node\n")
    claude = program(
        tmp_path / "lib" / "node_modules" / "@anthropic-ai" / "claude-code" / "cli.js",
        "#!/usr/bin/env node\n",
    )
    (tmp_path / "bin" / "my-claude").symlink_to(claude)
    program(tmp_path / "bin" / "codex", "#!/usr/bin/env node\n")
    return tmp_path


def old(place: Path, *command: str) -> str | None:
    """The old Node of a command there."""
    return old_node(command, {"PATH": f"{place}/bin:{os.environ['PATH']}"})


@pytest.mark.parametrize(
    "command",
    [
        ["node", "agent.js"],
        ["npm", "run", "agent"],
        ["tsx", "agent.ts"],
        ["direct"],
        ["script.ts"],
        ["shim"],
        ["pnpm", "start"],
        ["env", "A=1", "B=2", "node", "x.js"],
        ["{place}/bin/node"],
        ["{place}/bin/direct", "x"],
    ],
)
def test_programs_of_node(place: Path, command: list[str]) -> None:
    """By its name, through links, first lines and shims."""
    assert old(place, *(word.format(place=place) for word in command)) == OLD


@pytest.mark.parametrize(
    "command",
    [["agent.py"], ["script.sh"], ["sh", "-c", "true"], ["no-such-program"], ["env"], ["/etc/passwd"]],
)
def test_others(place: Path, command: list[str]) -> None:
    """Whatever runs on something else, or not at all, has nothing to do with Node."""
    assert old(place, *command) is None


@pytest.mark.parametrize(
    "command",
    [
        ["my-claude", "-p", "hi"],
        ["codex"],
        ["npx", "-y", "@google/gemini-cli", "-p", "hi"],
        ["npx", "@openai/codex@0.169.0"],
        ["pnpm", "dlx", "opencode-ai"],
        ["node", "{place}/lib/node_modules/@anthropic-ai/claude-code/cli.js"],
        ["node", "{place}/bin/my-claude"],
    ],
)
def test_agents_that_find_the_proxy_themselves(place: Path, command: list[str]) -> None:
    """Claude Code, Codex, Gemini CLI and OpenCode need no base URL on any Node."""
    if "pnpm" in command:
        program(place / "bin" / "pnpm", "#!/usr/bin/env node\n")
    if "npx" in command:
        (place / "bin" / "npx").symlink_to(place / "lib" / "npm" / "npm-cli.js")
    assert old(place, *(word.format(place=place) for word in command)) is None


@pytest.mark.parametrize(
    ("version", "knows"),
    [
        ("v18.20.0", False),
        ("v20.20.2", False),
        ("v22.20.9", False),
        ("v22.21.0", True),
        ("v22.100.1", True),
        ("v23.11.1", False),
        ("v24.0.0", True),
        ("v25.1.0-nightly", True),
        ("v100.0.0", True),
        ("20", False),
    ],
)
def test_which_versions_know_proxies(version: str, knows: bool) -> None:
    """22.21 and what follows it, and everything from 24 on."""
    assert knows_proxies(version) is knows


def test_a_newer_node_needs_nothing(place: Path) -> None:
    """It is sent through the proxy by its variables."""
    program(place / "bin" / "node", f"#!/bin/sh\necho {NEW}\n")
    assert old(place, "node", "x.js") is None


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho hello\n", "\x00"])
def test_a_node_that_does_not_say(place: Path, text: str) -> None:
    """What gives no version is left alone."""
    program(place / "bin" / "node", text)
    assert node_version(str(place / "bin" / "node"), {"PATH": "/bin:/usr/bin"}) is None
    assert old(place, "node", "x.js") is None


def test_base_urls_stand_for_providers() -> None:
    """Each leads to a host that the table knows, and a variable of the user's stays."""
    for each in BASE_URLS:
        assert DIRECTORY.known_host(each.origin.removeprefix("https://")), each
    urls = base_urls({"OPENAI_BASE_URL": "https://corp.example/v1", "GROQ_BASE_URL": ""})
    assert [each.variable for each in urls] == [
        "ANTHROPIC_BASE_URL",
        "GOOGLE_GEMINI_BASE_URL",
        "GROQ_BASE_URL",
        "TOGETHER_BASE_URL",
    ]
    ports = {mode: 4000 + number for number, mode in enumerate(modes(BASE_URLS))}
    assert base_url_environment(BASE_URLS[:2], ports) == {
        "OPENAI_BASE_URL": "http://127.0.0.1:4000/v1",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:4001",
    }
    assert modes(BASE_URLS)[1] == "reverse:https://api.anthropic.com"
