r"""Masker: takes whole credentials out of texts before they are stored.

It knows keys by their shape, and by the place where they stand (a query string, the field `api_key`, an
address with a password). Bodies hold code and prose, so shapes are exact: `sk-learn` stays. Partial keys,
as providers quote them in errors, are `redact`'s.

The texts are mostly JSON, and JSON within JSON: a key may stand behind an escape (`\nsk-…`), whose letter
would pass for a part of it. What is taken out never holds a quote or half an escape, and a mask holds
neither, so JSON stays JSON.

Keys are long, and few words are: shapes are looked for only where a long word starts, places only behind
the word that names them. So a megabyte takes milliseconds, whatever stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from sessiontap.errors import SettingsError

MASK = "[masked]"

_Span: TypeAlias = tuple[int, int]

_MASK = MASK.encode()
# The characters of keys become `x`, all others a blank: a long word is then found at the speed of C.
_WORD_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_WORDS = bytes(ord("x") if char in _WORD_CHARACTERS else ord(" ") for char in range(256))
_LONG = b"x" * 20

# At the start of a word of 20 characters or more. A new kind: its line here, and its example in the tests.
_SHAPES = re.compile(
    rb"""(?x)
    # What belongs to an escape, or to the text's own marks, and not to the key behind it.
    (?: (?<=\\)(?:u[0-9A-Fa-f]{4}|[bfnrt]) | (?<=%)[0-9A-Fa-f]{2} | [_\-]++ )?+
    (
    # OpenAI, Anthropic, OpenRouter, Helicone, Langfuse, DeepSeek, Moonshot, DashScope and many others.
    [spr]k-(?=(?:[A-Za-z_\-]*+\d){2})[A-Za-z0-9_\-]{17,}
    | sess-[A-Za-z0-9]{40}
    | ek_[0-9a-f]{24,}
    # Google: API keys, OAuth tokens and client secrets.
    | AIza[0-9A-Za-z_\-]{35}(?![0-9A-Za-z_\-])
    | (?<=ya29\.)[A-Za-z0-9_\-.]{20,}
    | (?<=1//)0[A-Za-z0-9_\-]{40,}
    | GOCSPX-[A-Za-z0-9_\-]{20,}
    # Groq, xAI, Perplexity, Cerebras, Replicate, Hugging Face, Fireworks, NVIDIA, Together, ElevenLabs,
    # Databricks, Tavily, LangSmith.
    | (?:gsk_|xai-|pplx-|csk-)[A-Za-z0-9]{32,}
    | r8_[A-Za-z0-9]{37} | hf_[A-Za-z0-9]{30,} | fw_(?=[A-Za-z]*+\d)[A-Za-z0-9]{20,}
    | (?:nvapi-|tgp_v1_)[A-Za-z0-9_\-]{32,}
    | sk_[0-9a-f]{48} | dapi[0-9a-f]{32}
    | tvly-(?=[A-Za-z\-]*+\d)[A-Za-z0-9\-]{20,} | lsv2_[a-z]{2}_[0-9a-f]{32}
    # AWS: access key ids, session tokens, and the API keys of Bedrock.
    | (?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])
    | (?:IQoJb3JpZ2lu|FwoGZXIvYXdz)[A-Za-z0-9+/=%]{80,}
    | (?:ABSK|bedrock-api-key-)[A-Za-z0-9+/=]{40,}
    # GitHub, GitLab, npm, PyPI.
    | gh[opusr]_[A-Za-z0-9]{36,} | github_pat_[A-Za-z0-9_]{22,}
    | glpat-[A-Za-z0-9_\-]{20,} | npm_[A-Za-z0-9]{36} | pypi-AgE[A-Za-z0-9_\-]{50,}
    # Slack, Stripe, SendGrid.
    | (?:xox[abeoprs]|xapp)-(?=[A-Za-z\-]*+\d)[A-Za-z0-9\-]{10,}
    | (?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}
    | (?<=SG\.)[A-Za-z0-9_\-]{20,}\.[A-Za-z0-9_\-]{40,}
    # JWTs (https://www.rfc-editor.org/rfc/rfc7519): header and payload are JSON objects.
    | eyJ[A-Za-z0-9_\-]{10,}+\.eyJ[A-Za-z0-9_\-]{10,}+\.[A-Za-z0-9_\-]{10,}
    # Anything that is said to be a token.
    | (?<=[Bb]earer\ )(?=[A-Za-z_\-.=+/~]*+\d)[A-Za-z0-9_\-.=+/~]{20,}
    )
    """
)

# Between a name and its value: `: "`, `=`, `\": \"`.
_IS = rb"[\"'\\]{0,8}\s{0,4}[:=]\s{0,4}[\"'\\]{0,8}"
# A value has a digit, and is neither a name in code (`self.key1`, `get_key_2(`) nor one of the environment.
# No `=` stands in it, so no value starts within another.
_CODE = rb"(?![a-z_]++[.(\[]|[a-z0-9]{1,12}(?:_[a-z0-9]{1,12}){2,}+(?![a-z0-9_\-./+=]))"
_CHARACTER = rb"(?:[a-z0-9_\-./+~%]|\\/|\\u00(?:2[bdf]|3d))"
_DIGIT = rb"(?=(?:[a-z_\-./+~%]|\\/)*+(?:\d|\\u))"
_VALUE = _CODE + _DIGIT + rb"(" + _CHARACTER + rb"{16,}+={0,2}+)(?![(\[])"
_SHORT_VALUE = _CODE + _DIGIT + rb"(" + _CHARACTER + rb"{8,}+={0,2}+)(?![(\[])"


def _behind(*texts: bytes) -> bytes:
    return rb"(?:" + rb"|".join(rb"(?<=" + text + rb")" for text in texts) + rb")"


def _field(*names: bytes) -> bytes:
    """The value of a field of one of these names, whose words `_` parts."""
    spelled = [name.replace(b"_", mark) for name in names for mark in (b"", rb"[_\-]")]
    return _behind(*spelled) + _IS + _VALUE


def _parameter(name: bytes) -> bytes:
    """The value of a parameter in a query string, or of its relatives in signed ones; `&&key=` is code."""
    starts = (rb"[^&\s][?&]", rb"\\u0026", rb"&amp;", rb"[?&]x-amz-", rb"[?&]x-goog-")
    return _behind(*(start + name for start in starts)) + rb"=" + _SHORT_VALUE


# On the text in lower case; the one group that fits is the value. Each starts with a character, rare where
# that is possible, which is found at the speed of C; what must stand before it is looked at then.
_PLACES = tuple(
    re.compile(pattern)
    for pattern in (
        rb"key(?:"
        + _field(b"api_key", b"secret_key", b"access_key", b"account_key", b"subscription_key")
        + rb"|"
        + _parameter(b"key")
        + rb")",
        rb"ken(?:"
        + _field(b"access_token", b"refresh_token", b"session_token", b"auth_token", b"security_token")
        + rb"|"
        + _parameter(b"token")
        + rb")",
        rb"cret" + _field(b"client_secret"),
        rb"sig(?:" + _parameter(b"sig") + rb"|nature" + _parameter(b"signature") + rb")",
        rb"zation"
        + _behind(b"authorization")
        + _IS
        + rb"(?:basic|bearer|token)\s{1,4}("
        + _CHARACTER
        + rb"{8,}+={0,2}+)(?![(\[])",
        # The address of a Slack webhook, and the password in any other; `${PASSWORD}`, `<password>` and `%s`
        # are none.
        rb"/" + _behind(rb"://", rb":\\/\\/") + rb"(?:"
        rb"hooks\.slack\.com\\?/(?:services|workflows|triggers)((?:[a-z0-9_\-/]|\\/){20,}+)"
        rb"|[^\s:/@\"'\\<>?#]{0,64}+:(?![${<\[*]|%(?![0-9a-f]{2}))([^\s/\"'\\<>?#]{1,200})@(?=\w))",
    )
)

# Private keys (https://www.rfc-editor.org/rfc/rfc7468), whole or cut short: some headers, then lines of
# base64, however they are parted and quoted. Prose and code behind a first line have no such words.
_PARTING = rb"(?:[\s\"'`,;.|>#*()]|\\++(?:u[0-9A-Fa-f]{4}|.)| \+){0,24}?"
_BASE64 = rb"(?:[A-Za-z0-9+/=]|\\/)"
_PRIVATE_KEY = re.compile(
    rb"BEGIN(?<=-----BEGIN) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:" + _PARTING + rb"[A-Z][A-Za-z\-]{2,20}: ?[^\\\n\"]{0,80}+){0,4}"
    rb"((?:" + _PARTING + _BASE64 + rb"{24,}+)+(?:" + _PARTING + _BASE64 + rb"{1,80}+)?)"
)
_LINE = re.compile(rb"\\+(?:u[0-9A-Fa-f]{4}|.)|([A-Za-z0-9+/=]{2,})")


class Masker:
    """Masks what looks like a credential, and what the user's own patterns fit."""

    __slots__ = ("_own",)

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        """`patterns` are regular expressions; raises SettingsError for one that is none, or fits nothing."""
        self._own = tuple(_compiled(pattern) for pattern in patterns)

    def mask(self, text: str) -> str:
        """The text with each credential replaced by `[masked]`; the very same where there is none."""
        data = text.encode("utf-8", "surrogatepass")
        masked = _mask(data)
        return self._mask_own(text if masked is data else masked.decode("utf-8", "surrogatepass"))

    def mask_bytes(self, data: bytes) -> bytes:
        """The same for bytes, which may hold anything."""
        masked = _mask(data)
        if not self._own:
            return masked
        text = masked.decode("utf-8", "surrogateescape")
        own = self._mask_own(text)
        return masked if own is text else own.encode("utf-8", "surrogateescape")

    def _mask_own(self, text: str) -> str:
        for pattern in self._own:
            # A place that fits without a character is left as it is.
            masked, count = pattern.subn(lambda found: MASK if found[0] else "", text)
            text = masked if count else text
        return text


def _mask(data: bytes) -> bytes:
    pieces = []
    pos = 0
    for start, end in sorted([*_by_shape(data), *_by_place(data), *_private_keys(data)]):
        if start >= pos:
            pieces += [data[pos:start], _MASK]
        pos = max(pos, end)
    return b"".join([*pieces, data[pos:]]) if pieces else data


def _by_shape(data: bytes) -> Iterator[_Span]:
    words = data.translate(_WORDS)
    start = words.find(_LONG)
    while start >= 0:
        found = _SHAPES.match(data, start)
        if found:
            yield found.span(1)
        end = words.find(b" ", start)
        start = words.find(_LONG, end) if end >= 0 else -1


def _by_place(data: bytes) -> Iterator[_Span]:
    folded = data.lower()
    for place in _PLACES:
        for found in place.finditer(folded):
            yield found.span(found.lastindex or 0)


def _private_keys(data: bytes) -> Iterator[_Span]:
    for key in _PRIVATE_KEY.finditer(data):
        for line in _LINE.finditer(data, *key.span(1)):
            if line[1]:
                yield line.span(1)


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
