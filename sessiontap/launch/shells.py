"""What a shell evaluates to set variables and to take them back, exact for any value."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

Shell = Literal["sh", "fish", "powershell"]

SHELLS: tuple[Shell, ...] = ("sh", "fish", "powershell")
# PowerShell takes each of these for a single quote.
# https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
_POWERSHELL_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")
_PROC = Path("/proc")


def statements(shell: Shell, variables: Mapping[str, str | None]) -> str:
    """One statement a variable, each in a line that ends; None takes a variable away."""
    write, remove = _SYNTAX[shell]
    return "".join(
        (remove(name) if value is None else write(name, value)) + "\n" for name, value in variables.items()
    )


def detected(environ: Mapping[str, str], parent: int | None = None, proc: Path = _PROC) -> Shell:
    """The user's shell: the one that has started us, else the one of `SHELL`; `sh` for all that are alike."""
    names = []
    with contextlib.suppress(OSError, ValueError):  # a system without it
        names.append((proc / str(os.getppid() if parent is None else parent) / "comm").read_text().strip())
    names.append(re.split(r"[/\\]", environ.get("SHELL", ""))[-1])
    for name in names:
        plain = name.removesuffix(".exe").lower()
        if plain == "fish":
            return "fish"
        if plain in {"pwsh", "powershell"}:
            return "powershell"
        if plain in {"sh", "bash", "zsh", "dash", "ksh", "ash", "mksh", "yash"}:
            return "sh"
    return "powershell" if os.name == "nt" else "sh"


def _sh(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _fish(value: str) -> str:
    # https://fishshell.com/docs/current/language.html#quotes
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(value: str) -> str:
    return "'" + _POWERSHELL_QUOTES.sub(r"\1\1", value) + "'"


_SYNTAX: Mapping[Shell, tuple[Callable[[str, str], str], Callable[[str], str]]] = MappingProxyType(
    {
        "sh": (lambda name, value: f"export {name}={_sh(value)}", lambda name: f"unset {name}"),
        "fish": (lambda name, value: f"set -gx {name} {_fish(value)}", lambda name: f"set -e {name}"),
        "powershell": (
            lambda name, value: f"$env:{name} = {_powershell(value)}",
            lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
        ),
    }
)
