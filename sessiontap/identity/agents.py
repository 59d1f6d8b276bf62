"""Which agent sent a call: the name in the record, and the one by which the rules know it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sessiontap.untrusted import label


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An agent that the rules know: by its product's name, or by a header that only it sends."""

    name: str
    product: re.Pattern[str]
    """The whole of the product's name, in lower case."""
    headers: tuple[str, ...] = ()


def _known(name: str, product: str, *headers: str) -> Known:
    return Known(name=name, product=re.compile(product), headers=headers)


AGENTS = (
    _known("claude-code", r"claude-cli|claude-code", "x-claude-code-session-id"),
    _known("codex", r"codex.*", "x-codex-turn-metadata", "x-codex-window-id"),
    _known("opencode", r"opencode", "x-opencode-session"),
    _known("gemini-cli", r"geminicli.*"),
    _known("copilot", r"githubcopilot.*|copilot.*", "copilot-integration-id"),
    _known("cline", r"cline.*"),
    _known("kilo", r"kilo.*", "x-kilocode-taskid"),
    _known("roo", r"roo-?code.*", "x-roo-task-id"),
    _known("kimi", r"kimi.*", "x-msh-platform"),
    _known("grok", r"grok.*", "x-grok-session-id"),
    _known("pi", r"pi|pi-coding-agent"),
    _known("amp", r"amp", "x-amp-thread-id"),
)
_CLOUD_CODE = re.compile(r"CloudCodeVSCode/(\S+).*proxy_client=geminicli")


def known_agent(headers: Mapping[str, str]) -> str | None:
    """The name by which the rules know the agent; None where they do not know it.

    What Codex's own clients call `originator` goes before the User-Agent, and both before other headers:
    one agent sends what a provider asks of another's.
    """
    for stated in (headers.get("originator", ""), headers.get("user-agent", "")):
        product = stated.partition("/")[0].partition(" ")[0].lower()
        for agent in AGENTS:
            if product and agent.product.fullmatch(product):
                return agent.name
    if _CLOUD_CODE.match(headers.get("user-agent", "")):
        return "gemini-cli"
    return next((agent.name for agent in AGENTS if not headers.keys().isdisjoint(agent.headers)), None)


def agent_of(headers: Mapping[str, str]) -> str | None:
    """The agent as the record has it, product and version; None where no header says it.

    It is the first product of the User-Agent, but for those who say it better elsewhere.
    """
    said = headers.get("user-agent", "")
    if gemini := _CLOUD_CODE.match(said):
        return label(f"GeminiCLI/{gemini[1]}")
    originator = headers.get("originator", "")
    if originator:
        return label(_of_originator(originator, said, headers.get("version", "")))
    product = "/".join(said.partition(" ")[0].split("/")[:2])
    if "copilot-integration-id" in headers and known_agent({"user-agent": said}) is None:
        # An SDK's User-Agent: the client stands beside it.
        return label(headers.get("editor-plugin-version") or headers["copilot-integration-id"])
    return label(product or None)


def _of_originator(originator: str, said: str, version: str) -> str:
    """`Codex Desktop/0.169.0`: a name may have a space, which a product of a User-Agent cannot have."""
    if said.lower().startswith(f"{originator.lower()}/"):
        return said[: len(originator)] + said[len(originator) :].partition(" ")[0]
    return f"{originator}/{version}" if version else originator
