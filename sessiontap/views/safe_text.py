"""safe: text from outside, made harmless for a terminal.

Models, providers and clients choose names, paths, agents and error messages. A terminal would
obey escape sequences in them, and bidi overrides would show them in another order than they are.
"""

from __future__ import annotations

import re

# The kept joiners change no order and no cursor; emoji and several scripts need them.
_JOINERS = frozenset("\u200c\u200d")

# ECMA-48, sections 5.4 and 5.6: control sequences, control strings, other escapes; 7 and 8 bits.
# https://ecma-international.org/publications-and-standards/standards/ecma-48/
# A control string that never ends hides nothing after it: only its introducer goes. No class
# takes in an introducer, so that a text full of them is still read once.
_ESCAPES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?"
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d\x9e\x9f])(?:[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\\\|\x9c))?"
    "|\x1b[ -/]*[0-~]?"
)


# What ends a line, besides LF; a lone CR would have what follows written over it.
_LINE_ENDS = re.compile("\r\n|\r|\n")


def safe(text: str, limit: int = 1000) -> str:
    """The text on one line, without anything that a terminal would obey or a reader cannot see.

    Escape sequences, controls, bidi marks, private and unassigned characters and lone surrogates
    are dropped; each white space becomes a space. Cut at `limit` characters, with an ellipsis.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPES.sub("", text)
    spaced = (" " if char.isspace() else char for char in text)
    return "".join(char for char in spaced if char.isprintable() or char in _JOINERS)


def safe_lines(text: str, tab: int = 4) -> list[str]:
    """The lines of a text of several, each as harmless as `safe` makes it; tabs become spaces.

    CR, LF and both end a line. Nothing is cut.
    """
    lines = _LINE_ENDS.split(_ESCAPES.sub("", text)) if not _is_plain(text) else text.split("\n")
    return [safe(line.expandtabs(tab), len(line) * tab + 1) for line in lines]


def _is_plain(text: str) -> bool:
    return text.isascii() and "\x1b" not in text and "\r" not in text
