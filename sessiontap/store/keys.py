"""Session keys: the folder name of a session, made from its id.

The id came from a client's header, so it may be a path, an escape sequence, empty or huge. The key
keeps a readable part of it for people who look into the folder; the digest alone tells sessions apart.
"""

from __future__ import annotations

import base64
import hashlib
import re

UNASSIGNED = "unassigned"
"""The key of the calls that belong to no session; no id has it, because every other key ends in a digest."""

_SLUG_LENGTH = 40
_DIGEST_BYTES = 16
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def session_key(session_id: str) -> str:
    """The folder name of a session: at most 67 characters of `a-z`, `0-9` and `-`, never a path.

    Two ids have the same key only where 128 bits of SHA-256 are the same, also on file systems that
    ignore case: `Run` and `run` have the same readable part and different digests. Without dots, and
    ending in a digest, a key is no device name of Windows (`con`, `nul`, `com1.txt`).
    """
    # surrogatepass: an id that is no valid Unicode still has a key, and one of its own.
    digest = hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).digest()[:_DIGEST_BYTES]
    tail = base64.b32encode(digest).decode("ascii").rstrip("=").lower()
    # Cut before lower(): one character may become several, and a huge id need not be walked whole.
    slug = _NOT_PLAIN.sub("-", session_id[:_SLUG_LENGTH].lower())[:_SLUG_LENGTH].strip("-")
    return f"{slug}-{tail}" if slug else tail
