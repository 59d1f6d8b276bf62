"""Finds one call in all sessions by what its provider called the reply, without reading them all."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sessiontap.store import journal

# OpenAI keeps a response for 30 days (https://platform.openai.com/docs/guides/your-data).
_LONGEST_S = 31 * 24 * 3600


def sessions_with(folder: Path, file: str, response_id: str) -> Iterator[Path]:
    """The session files that may hold a call with this reply id, the newest first; old ones are left out.

    Only bytes are compared, so a file may be given for nothing. Raises OSError for none of them: what cannot
    be read holds nothing that could be found.
    """
    wanted = b'"response_id":' + msgspec.json.encode(response_id)
    for path in _by_age(folder, file):
        try:
            if any(wanted in block.data for block in journal.blocks(path)):
                yield path
        except OSError:
            continue


def _by_age(folder: Path, file: str) -> list[Path]:
    since = time.time() - _LONGEST_S
    found: list[tuple[float, Path]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                path = Path(entry.path) / file
                try:
                    changed = path.stat().st_mtime
                except OSError:
                    continue
                if changed >= since:
                    found.append((changed, path))
    except OSError:
        return []
    return [path for _, path in sorted(found, reverse=True)]
