"""Finding: one thing that a check found, good or bad."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from sessiontap.doctor.shell import Shell
from sessiontap.settings import Settings

Verdict = Literal["ok", "info", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, and what is to be said of it, each in one line."""

    verdict: Verdict
    """`problem`: something does not work. `warning`: it works, but not as somebody meant it to. `info`: it is
    not set up, which may be as meant."""
    topic: str
    message: str
    fix: str | None = None
    """The command that mends it."""


class Check(Protocol):
    """Looks at one thing of the home, and never raises for what it finds.

    Leaves the disk as it was: a file that is written to see whether it can be is removed again.
    """

    def __call__(self, settings: Settings) -> Iterable[Finding]:
        """What was found; nothing only where there is nothing to look at."""


class ShellCheck(Protocol):
    """Looks at one thing of the shell that asks: of what is started there, and how it gets to a proxy."""

    def __call__(self, settings: Settings, shell: Shell) -> Iterable[Finding]:
        """As a `Check` does."""
