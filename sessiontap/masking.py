r"""Masker: takes whole credentials out of texts before they are stored.

It knows keys by their shape, and by the place where they stand (a query string, an Authorization header
that somebody pasted). Bodies hold code and prose, so a shape is exact here: `sk-learn` stays. Partial keys,
as providers quote them in errors, are `redact`'s.

The texts are mostly JSON, and JSON within JSON: a key may stand behind an escape (`\nsk-…`), whose letter
would pass for a part of it. A mask holds no quote and no backslash, so JSON stays JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from sessiontap.errors import SettingsError

MASK = "[masked]"

# Where a key may begin: behind no letter of a word, or behind an escape's last one.
_START = r"(?:(?<![A-Za-z0-9_\-])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))"
# Between a name and its value: `: "`, `=`, `\": \"`.
_IS = r"(?:[\"'\\]{0,4}\s{0,4}[:=]\s{0,4}[\"'\\]{0,4})"


class Rule(NamedTuple):
    """One kind of credential."""

    signs: tuple[str, ...]
    """One of these is in every text that the pattern fits; looking for them is much faster."""
    pattern: re.Pattern[str]
    """What is replaced; a group named `kept` at its start stays."""
    folded: bool = False
    """True where upper and lower case are the same; the signs are lower case."""


def _shape(signs: str, pattern: str) -> Rule:
    return Rule(tuple(signs.split()), re.compile(_START + pattern))


def _place(signs: str, pattern: str) -> Rule:
    return Rule(tuple(signs.split()), re.compile(pattern, re.IGNORECASE), folded=True)


RULES: tuple[Rule, ...] = (
    # OpenAI, Anthropic, OpenRouter, Helicone, Langfuse, DeepSeek, Moonshot, DashScope and many others.
    _shape("sk- pk- rk-", r"[spr]k-(?=[A-Za-z_\-]*\d)[A-Za-z0-9_\-]{20,}"),
    _shape("sess-", r"sess-[A-Za-z0-9]{40}"),
    # Google: API keys, OAuth tokens and client secrets.
    _shape("AIza", r"AIza[0-9A-Za-z_\-]{35}"),
    _shape("ya29.", r"ya29\.[A-Za-z0-9_\-.]{20,}"),
    _shape("GOCSPX-", r"GOCSPX-[A-Za-z0-9_\-]{20,}"),
    # Groq, xAI, Perplexity, Replicate, Hugging Face, NVIDIA, Cerebras, Fireworks, Together, Databricks.
    _shape("gsk_ xai- pplx- csk-", r"(?:gsk_|xai-|pplx-|csk-)[A-Za-z0-9]{32,}"),
    _shape("r8_ hf_ fw_", r"(?:r8_[A-Za-z0-9]{37}|hf_[A-Za-z0-9]{30,}|fw_(?=[A-Za-z]*\d)[A-Za-z0-9]{20,})"),
    _shape("nvapi- tgp_v1_", r"(?:nvapi-|tgp_v1_)[A-Za-z0-9_\-]{32,}"),
    _shape("dapi", r"dapi[0-9a-f]{32}"),
    # AWS: access key ids, and the API keys of Bedrock.
    _shape("AKIA ASIA", r"(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])"),
    _shape("ABSK bedrock-api-key-", r"(?:ABSK|bedrock-api-key-)[A-Za-z0-9+/=]{40,}"),
    # GitHub, GitLab, npm, PyPI.
    _shape("ghp_ gho_ ghu_ ghs_ ghr_", r"gh[opusr]_[A-Za-z0-9]{36,}"),
    _shape("github_pat_", r"github_pat_[A-Za-z0-9_]{22,}"),
    _shape("glpat- npm_", r"(?:glpat-[A-Za-z0-9_\-]{20,}|npm_[A-Za-z0-9]{36})"),
    _shape("pypi-AgE", r"pypi-AgE[A-Za-z0-9_\-]{50,}"),
    # Slack: tokens, and the addresses of webhooks.
    _shape("xox xapp-", r"(?:xox[abeoprs]|xapp)-[A-Za-z0-9\-]{10,}"),
    _shape("hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_\-]{20,}"),
    # Stripe, SendGrid.
    _shape("_live_ _test_", r"(?:sk|rk|whsec)_(?:live|test)_[A-Za-z0-9]{16,}"),
    _shape("SG.", r"SG\.[A-Za-z0-9_\-]{20,}\.[A-Za-z0-9_\-]{40,}"),
    # JWTs (https://www.rfc-editor.org/rfc/rfc7519): header and payload are JSON objects.
    _shape("eyJ", r"eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}"),
    # Private keys (https://www.rfc-editor.org/rfc/rfc7468), whole or cut short, their lines escaped or not.
    Rule(
        ("PRIVATE KEY",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\:,.\-()]*?"
            r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|(?![A-Za-z0-9+/=\s\\:,.\-()])|\Z)"
        ),
    ),
    # By their place.
    _place("bearer basic", r"(?P<kept>\b(?:bearer|basic)\s+)(?=[^\s\"'\\]*[0-9=])[A-Za-z0-9_\-.=+/~]{16,}"),
    _place(
        "key= token= sig= signature= secret= credential=",
        r"(?P<kept>[?&](?:[a-z0-9]+[_\-])*(?:key|token|sig|signature|secret|credential)=)[^&\s\"'\\#<>]{8,}",
    ),
    _place(
        "api_key api-key apikey secret_key secret-key secretkey access_key accesskey"
        " client_secret clientsecret account_key accountkey session_token sessiontoken",
        r"(?P<kept>(?:api[_\-]?key|(?:secret|account)[_\-]?(?:access[_\-]?)?key|client[_\-]?secret"
        r"|session[_\-]?token)" + _IS + r")(?=[A-Za-z_\-./+=]*\d)[A-Za-z0-9_\-./+=]{16,}",
    ),
)
"""In the order in which they are applied. A new kind: its line here, and its example in the tests."""


class Masker:
    """Masks what looks like a credential, and what the user's own patterns fit."""

    __slots__ = ("_own",)

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        """`patterns` are regular expressions; raises SettingsError for one that is none, or fits nothing."""
        self._own = tuple(_compiled(pattern) for pattern in patterns)

    def mask(self, text: str) -> str:
        """The text with each credential replaced by `[masked]`; the very same where there is none."""
        folded: str | None = None
        for rule in RULES:
            if rule.folded:
                folded = text.lower() if folded is None else folded
            if any(sign in (folded if rule.folded and folded is not None else text) for sign in rule.signs):
                text = rule.pattern.sub(_masked, text)
        for pattern in self._own:
            text = pattern.sub(MASK, text)
        return text

    def mask_bytes(self, data: bytes) -> bytes:
        """The same for bytes, which may hold anything."""
        if data.isascii():
            text = data.decode("ascii")
            masked = self.mask(text)
            return data if masked is text else masked.encode("utf-8")
        text = data.decode("utf-8", "surrogateescape")
        masked = self.mask(text)
        return data if masked == text else masked.encode("utf-8", "surrogateescape")


def _masked(found: re.Match[str]) -> str:
    return (found.groupdict().get("kept") or "") + MASK


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        message = f"sessiontap_mask: {pattern[:80]!r} is no regular expression ({error}); mend it"
        raise SettingsError(message) from error
    if compiled.fullmatch(""):
        message = f"sessiontap_mask: {pattern[:80]!r} fits the empty text; make it fit a secret only"
        raise SettingsError(message)
    return compiled
