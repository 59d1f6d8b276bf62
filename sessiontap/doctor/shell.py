"""Shell: the environment that a check looks at, and the proxy to which its variables lead.

Each thing is looked up once, however many checks ask: a proxy that does not answer is waited for once.
"""

from __future__ import annotations

import base64
import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sessiontap.launch.heartbeat import Heartbeat, Silence, listen
from sessiontap.launch.shared import SharedProxy, shared_proxy
from sessiontap.settings import Settings, home_folder

PROXY_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""Where clients look for the proxy of https, most of them in this order."""

_ANSWER_S = 0.7
_PORTS: Mapping[str, int] = {"http": 80, "https": 443}
_LOOPBACK = {"localhost", "::1", "0.0.0.0"}  # noqa: S104 -- what a variable may say


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointed:
    """The proxy that a variable names."""

    variable: str
    shown: str
    """Without user and password."""
    host: str
    port: int | None
    """None where the value is no URL of a proxy."""
    authorization: str | None

    @property
    def is_here(self) -> bool:
        """True for one on this machine."""
        return self.host in _LOOPBACK or self.host.startswith("127.")


class Shell:
    """What the checks see of the shell that asks."""

    def __init__(self, environ: Mapping[str, str], home: Path) -> None:
        self.environ = environ
        self._home = home

    @cached_property
    def pointed(self) -> Pointed | None:
        """The proxy of the first variable that names one; None where none does."""
        named = next((name for name in PROXY_VARIABLES if self.environ.get(name)), None)
        return None if named is None else point(named, self.environ[named])

    @cached_property
    def answer(self) -> Heartbeat | Silence | None:
        """What that proxy says of itself; None where there is none on this machine."""
        where = self.pointed
        if where is None or where.port is None or not where.is_here:
            return None
        return listen(where.port, _ANSWER_S, host=where.host, authorization=where.authorization)

    @property
    def records(self) -> bool:
        """True where what is started here goes through a proxy of ours."""
        return isinstance(self.answer, Heartbeat)

    @cached_property
    def shared(self) -> SharedProxy | None:
        """The background proxy of the home."""
        return shared_proxy(self._home)

    def ca_file(self, settings: Settings) -> Path:
        """The certificate that clients here must trust: the one of the proxy they go through."""
        return Path(self.answer.ca_file) if isinstance(self.answer, Heartbeat) else settings.ca_file

    def which(self, program: str) -> str | None:
        """The path of a program that can be started here."""
        return shutil.which(program, path=self.environ.get("PATH", os.defpath))

    @property
    def fix(self) -> str:
        """The command after which programs that are started here are recorded."""
        if self.shared is None:
            return with_home("sessiontap run", self._home) + " -- COMMAND"
        command = with_home("sessiontap env", self._home)
        return f"{command} | Out-String | Invoke-Expression" if os.name == "nt" else f'eval "$({command})"'


def with_home(command: str, home: Path) -> str:
    """A command of ours for a home; which one need not be said where it is the usual one."""
    return command if home == home_folder("") else f"{command} --home {shlex.quote(str(home))}"


def point(variable: str, value: str) -> Pointed:
    """What a variable's value says; its user and password are for the proxy alone."""
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        parts, host, port = None, "", None
    if parts is None or not host or port is None:
        return Pointed(
            variable=variable, shown=value.rpartition("@")[2], host="", port=None, authorization=None
        )
    authorization = None
    if parts.username is not None:
        text = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()
    shown = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    return Pointed(variable=variable, shown=shown, host=host, port=port, authorization=authorization)
