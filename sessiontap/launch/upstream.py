"""The proxy that a user had before ours, such as a company's: our own goes on through it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

AUTHORIZATION_VARIABLE = "SESSIONTAP_UPSTREAM_AUTHORIZATION"
"""What our proxy says to that one, where its URL has a user. No argument: everybody can read those."""

SCRIPT = Path(__file__).parent.parent / "proxy" / "scripts" / "upstream.py"

# In the order in which most clients look, for https.
_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_PORTS: Mapping[str, int] = MappingProxyType({"http": 80, "https": 443})


@dataclass(frozen=True, slots=True)
class Upstream:
    """A proxy that mitmproxy can go on through, or, without a `mode`, one that it cannot."""

    variable: str
    """Which variable names it."""
    shown: str
    """It without user and password."""
    mode: str | None
    """The mode for mitmproxy: `upstream:http://proxy.corp.example:3128`."""
    authorization: str | None = None
    """The value of its header Proxy-Authorization."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments for mitmdump."""
        if self.mode is None:
            return ()
        script = ("-s", str(SCRIPT)) if self.authorization else ()
        return ("--mode", self.mode, *script)

    @property
    def environ(self) -> dict[str, str]:
        """The variables for mitmdump."""
        return {AUTHORIZATION_VARIABLE: self.authorization} if self.mode and self.authorization else {}


def upstream(environ: Mapping[str, str]) -> Upstream | None:
    """The proxy for https that an environment names; None where it names none."""
    found = next(
        ((name, environ[name].strip()) for name in _VARIABLES if environ.get(name, "").strip()), None
    )
    if found is None:
        return None
    name, stated = found
    try:
        url = urlsplit(stated if "://" in stated else f"http://{stated}")
        host, port = url.hostname or "", url.port
    except ValueError:
        return Upstream(name, "(not a URL)", None)
    shown = f"{url.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
    if url.scheme not in _PORTS or not _HOST.fullmatch(host):
        return Upstream(name, shown, None)
    authorization = None
    if url.username:
        credential = f"{unquote(url.username)}:{unquote(url.password or '')}".encode()
        authorization = "Basic " + base64.b64encode(credential).decode()
    where = f"{url.scheme}://{f'[{host}]' if ':' in host else host}:{port or _PORTS[url.scheme]}"
    return Upstream(name, shown, f"upstream:{where}", authorization)
