"""Asks whose a call is, in a line, for the tests here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sessiontap.identity import Follower, Identifier, Identity

TODAY = "2026-11-23"
CLAUDE_CODE = "claude-cli/2.1.332 (external, cli)"
CODEX = "codex_cli_rs/0.169.0 (Ubuntu 24.4.0; x86_64) xterm-256color"


def whose(
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
    *,
    identifier: Identifier | None = None,
    follower: Follower | None = None,
    **more: Any,
) -> Identity:
    """The identity of a call with these headers and this body; `more` are keywords of `Identifier.claims`."""
    keywords = {"proxy_user": None, "today": TODAY, "follow": lambda: follower, **more}
    claims = (identifier or Identifier()).claims((headers or {}).items(), **keywords)
    return claims.settled(dict(body or {}), json.dumps(body or {}).encode())


def session(
    headers: Mapping[str, str] | None = None, body: Mapping[str, object] | None = None, **more: Any
) -> str:
    """The session's id of such a call."""
    return whose(headers, body, **more).session_id
