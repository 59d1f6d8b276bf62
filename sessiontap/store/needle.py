r"""Needle: whether stored bytes may hold a text, however JSON writes it and a stream cuts it.

Never says no where the text is there; may say yes where it is not: who asks looks at the messages then.
What is looked for is the longest run of the text that every writer of JSON leaves as it is, or else its
letters beyond ASCII, each raw or as `\uXXXX`.
"""

from __future__ import annotations

import re

# No writer escapes these, and none puts blanks around them.
_PLAIN = re.compile(r"[A-Za-z0-9 _.;()!?*#@$%^~|-]+")
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_TELLING = 4
# The members that a stream's texts grow in, and where several grow at once.
_GROWING = re.compile(
    rb'"(text|content|thinking|partial_json|arguments|delta|input|reasoning|reasoning_content|refusal'
    rb"|response|transcript|value|tool_plan|completion|outputText|generation|code|output|summary|token"
    rb'|partial_arguments|message)"\s*:\s*"((?:[^"\\]++|\\.)*+)"',
    re.DOTALL,
)
_SEVERAL = re.compile(rb'"index"\s*:\s*[1-9]')
_PACKED = b'"bytes":"'


class Needle:
    """One text to look for."""

    __slots__ = ("_case", "_foreign", "_plain")

    def __init__(self, text: str, *, case: bool = False) -> None:
        """Without `case`, upper and lower case are the same."""
        self._case = case
        runs = [run.strip() for run in _PLAIN.findall(text)]
        plain = max(runs, key=len, default="")
        foreign = max(_FOREIGN.findall(text), key=len, default="")
        self._plain = (plain if case else plain.lower()).encode("ascii")
        self._foreign = re.compile(b"".join(_written(sign, case=case) for sign in foreign))
        if len(plain) >= _TELLING or not foreign:
            self._foreign = re.compile(b"")

    def may_be_in(self, content: bytes) -> bool:
        """Whether a text of JSON may hold it."""
        if not self._foreign.search(content):
            return False
        return self._plain in (content if self._case else content.lower())

    def may_be_in_stream(self, content: bytes) -> bool:
        """The same of a reply, whose texts may come in pieces."""
        if self.may_be_in(content) or _PACKED in content:
            return True
        if b'"choices"' in content and _SEVERAL.search(content):
            return True
        joined: dict[bytes, list[bytes]] = {}
        for member, words in _GROWING.findall(content):
            joined.setdefault(member, []).append(words)
        return any(self.may_be_in(b"".join(words)) for words in joined.values())


def _written(sign: str, *, case: bool) -> bytes:
    """A letter as it may stand in JSON; in JSON that is itself within a string, its mark is escaped."""
    signs = {sign} if case else {sign, sign.lower(), sign.upper()}
    forms: list[bytes] = []
    for each in sorted(signs):
        forms.append(re.escape(each.encode("utf-8", "surrogatepass")))
        units = each.encode("utf-16-be", "surrogatepass").hex()
        codes = (units[at : at + 4] for at in range(0, len(units), 4))
        forms.append(b"".join(rb"\\+u(?i:%b)" % code.encode("ascii") for code in codes))
    return b"(?:%b)" % b"|".join(forms)
