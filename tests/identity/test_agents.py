"""The agent's name in the record, and the one by which the rules know it."""

from __future__ import annotations

import pytest

from sessiontap.identity.agents import agent_of, known_agent


@pytest.mark.parametrize(
    ("headers", "agent", "known"),
    [
        ({"user-agent": "claude-cli/2.1.332 (external, cli)"}, "claude-cli/2.1.332", "claude-code"),
        (
            {"user-agent": "claude-cli/2.1.332 (external, sdk-py, agent-sdk/0.2)"},
            "claude-cli/2.1.332",
            "claude-code",
        ),
        ({"x-claude-code-session-id": "s"}, None, "claude-code"),
        ({"user-agent": "codex_cli_rs/0.169.0 (Ubuntu 24) xterm"}, "codex_cli_rs/0.169.0", "codex"),
        (
            {"user-agent": "Codex Desktop/0.169.0 (Mac OS 26; arm64)", "originator": "Codex Desktop"},
            "Codex Desktop/0.169.0",
            "codex",
        ),
        ({"originator": "codex_exec", "version": "0.116.0"}, "codex_exec/0.116.0", "codex"),
        ({"originator": "codex_exec", "user-agent": "reqwest/0.12"}, "codex_exec", "codex"),
        ({"x-codex-window-id": "t:0", "user-agent": "fork/1"}, "fork/1", "codex"),
        ({"originator": "cline", "user-agent": "Cline/3.0.65"}, "Cline/3.0.65", "cline"),
        ({"originator": "pi", "user-agent": "pi (linux 6.1.0; x64)"}, "pi", "pi"),
        (
            {"user-agent": "opencode/1.18.33 ai-sdk/provider-utils/4.0.23 runtime/bun/1.3.14"},
            "opencode/1.18.33",
            "opencode",
        ),
        (
            {"user-agent": "opencode/1.18.33", "originator": "opencode", "x-codex-window-id": "t"},
            "opencode/1.18.33",
            "opencode",
        ),
        ({"user-agent": "GeminiCLI/0.61.0/gemini-2.5-pro (linux; x64; t)"}, "GeminiCLI/0.61.0", "gemini-cli"),
        ({"user-agent": "GeminiCLI-zed/0.61.0/gemini-3 (linux)"}, "GeminiCLI-zed/0.61.0", "gemini-cli"),
        (
            {"user-agent": "CloudCodeVSCode/0.61.0 (aidev_client; proxy_client=geminicli)"},
            "GeminiCLI/0.61.0",
            "gemini-cli",
        ),
        ({"user-agent": "GitHubCopilotChat/0.26.7"}, "GitHubCopilotChat/0.26.7", "copilot"),
        (
            {
                "user-agent": "OpenAI/JS 5.0.0",
                "copilot-integration-id": "vscode-chat",
                "editor-plugin-version": "copilot-chat/0.26.7",
            },
            "copilot-chat/0.26.7",
            "copilot",
        ),
        ({"copilot-integration-id": "copilot-developer-cli"}, "copilot-developer-cli", "copilot"),
        ({"user-agent": "Kilo-Code/5.1.0"}, "Kilo-Code/5.1.0", "kilo"),
        ({"user-agent": "RooCode/3.30.0"}, "RooCode/3.30.0", "roo"),
        ({"user-agent": "kimi-code/2.1.0"}, "kimi-code/2.1.0", "kimi"),
        ({"user-agent": "OpenAI/Python 3.54.0"}, "OpenAI/Python", None),
        ({"user-agent": "python-httpx/0.28.1"}, "python-httpx/0.28.1", None),
        ({"user-agent": "piper/1.0"}, "piper/1.0", None),
        ({"user-agent": "/"}, "/", None),
        ({"user-agent": "a" * 400}, "a" * 256, None),
        ({}, None, None),
    ],
)
def test_the_agent_is_known_by_what_it_sends(
    headers: dict[str, str], agent: str | None, known: str | None
) -> None:
    """Product and version as the agent states them, and never the model that some add."""
    assert (agent_of(headers), known_agent(headers)) == (agent, known)
