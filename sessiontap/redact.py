"""Takes credentials out of text before it is written.

Providers quote parts of keys in their error messages; nothing here needs to know whose key it was.
"""

from __future__ import annotations

import re

_KEYS = re.compile(
    r"""(?x)
    \b(?:sk|pk|rk)-[A-Za-z0-9_*.\-]{8,}             # OpenAI, Anthropic, OpenRouter, Helicone, Langfuse
    | \bAIza[0-9A-Za-z_\-*]{10,}                    # Google
    | \b(?:gsk|xai|pplx|r8|hf|nvapi|csk|fw)[_-][A-Za-z0-9_*\-]{8,}
    | \b(?:AKIA|ASIA)[0-9A-Z*]{8,}                  # AWS
    | \b(?:ghp|gho|ghu|ghs|ghr|github_pat)_[A-Za-z0-9_]{8,}
    | \bxox[abprs]-[A-Za-z0-9\-]{8,}                # Slack
    | \bya29\.[A-Za-z0-9_\-.]{8,}                   # Google OAuth
    # JWT; it never begins within a token, or a hostile text would take quadratic time.
    | (?<![A-Za-z0-9_\-])eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-.]+
    | \bsess-[A-Za-z0-9_\-]{8,}
    | (?i:\b(?:bearer|basic)\s+)[A-Za-z0-9_\-.=+/]{8,}
    | (?i:\b(?:x-)?api[_\-]key["':\s=]{1,4})[A-Za-z0-9_\-.=+/]{8,}
    | (?i:(?<=[?&]key=)|(?<=api_key=)|(?<=api-key=)|(?<=access_token=))[^&\s"']+
    | (?<=://)[^\s/@:"']*:[^\s/@"']+(?=@)            # user and password of an address
    """
)


def redact(text: str) -> str:
    """The text with everything that looks like a credential replaced by `[redacted]`."""
    return _KEYS.sub("[redacted]", text)
