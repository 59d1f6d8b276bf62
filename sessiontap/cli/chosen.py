"""The folders of the sessions that an upkeep command was told to look after."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sessiontap.cli.stored import find_session, open_store
from sessiontap.store.folders import folder_key, session_folders


def chosen_folders(home: Path, texts: Sequence[str]) -> list[Path]:
    """The folders of the sessions that the texts name, as `sessiontap show` takes them; of all for none.

    A whole id, or the name of a folder, also finds a session of which nothing can be read. Raises
    StoreError where there is none, and OSError.
    """
    folders = session_folders(home)
    if not texts:
        return folders
    by_key = {folder.name: folder for folder in folders}
    chosen: dict[str, Path] = {}
    for text in texts:
        for key in (folder_key(text), text):
            if key in by_key:
                break
        else:
            key = folder_key(find_session(open_store(home), text).session_id)
        chosen[key] = by_key[key] if key in by_key else home / "sessions" / key
    return list(chosen.values())


def path_text(path: Path) -> str:
    """A path as JSON can hold it: with numbers in the place of bytes that are no text."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
