"""The types of the fixtures that run commands."""

from __future__ import annotations

import subprocess
from typing import Protocol

from click.testing import Result


class Run(Protocol):
    """Runs a command in this process, with the fixture's home."""

    def __call__(self, *args: str, **environ: str) -> Result:
        """What it printed and how it ended."""


class Start(Protocol):
    """Starts `python -m sessiontap` with pipes, and the fixture's home."""

    def __call__(self, *args: str, **environ: str) -> subprocess.Popen[bytes]:
        """The process; the test waits for its end."""
