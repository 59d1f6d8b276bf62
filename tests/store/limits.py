"""The type of the fixture that lets a disk run full."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeAlias

LargestFile: TypeAlias = Callable[[int], AbstractContextManager[None]]
"""Lets no file of this process grow above a size: writes come short, then fail."""
