"""Finds the two files that live at the project's top level, in a wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def find(name: str) -> Path:
    """The path of `addon.py` or `pricing.yaml`.

    A wheel carries both inside the package (pyproject's force-include); a checkout has them beside it.
    Raises FileNotFoundError where neither place has the file.
    """
    for folder in (_PACKAGE / "data", _PACKAGE.parent):
        if (folder / name).is_file():
            return folder / name
    message = f"{name} is neither in {_PACKAGE / 'data'} nor in {_PACKAGE.parent}; reinstall sessiontap"
    raise FileNotFoundError(message)
