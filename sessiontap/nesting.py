"""nests_deeply: JSON that is nested deeper than anybody needs it, told before it is built.

Whoever walks such a value would run out of stack somewhere; told here, it is shown as the text that it is.
"""

from __future__ import annotations

import re

DEEPEST = 200

# A string, or a bracket.
_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def nests_deeply(text: bytes) -> bool:
    """True for a JSON text with more than 200 brackets open at one place."""
    if text.count(b"[") + text.count(b"{") <= DEEPEST:
        return False
    depth = 0
    for token in _TOKENS.finditer(text):
        sign = token[0]
        if sign in (b"[", b"{"):
            depth += 1
            if depth > DEEPEST:
                return True
        elif sign in (b"]", b"}"):
            depth -= 1
    return False
