"""Finds one call in all sessions by what its provider called the reply, without reading them all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sessiontap.errors import StoreError
from sessiontap.store import journal
from sessiontap.store.folders import CALLS_FILE
from sessiontap.store.stamps import session_stamps

# OpenAI keeps a response for 30 days (https://platform.openai.com/docs/guides/your-data).
_LONGEST_S = 31 * 24 * 3600


def sessions_with(home: Path, response_id: str) -> Iterator[Path]:
    """The session files that may hold a call with this reply id, the newest first; old ones are left out.

    Only bytes are compared, so a file may be given for nothing. Raises OSError for none of them: what cannot
    be read holds nothing that could be found.
    """
    wanted = b'"response_id":' + msgspec.json.encode(response_id)
    for path in _by_age(home):
        try:
            if any(wanted in block.data for block in journal.blocks(path, patient=False)):
                yield path
        except OSError:
            continue


def _by_age(home: Path) -> list[Path]:
    since = (time.time() - _LONGEST_S) * 1e9
    try:
        stamps = session_stamps(home)
    except StoreError:
        return []
    found = [
        (stamp.mtime_ns, key)
        for key, stamp in stamps.items()
        if not isinstance(stamp, OSError) and stamp.mtime_ns >= since
    ]
    return [home / "sessions" / key / CALLS_FILE for _, key in sorted(found, reverse=True)]
