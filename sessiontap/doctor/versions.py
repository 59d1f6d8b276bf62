"""Whether this Python and this mitmproxy are ones that sessiontap is made for."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from sessiontap import __version__
from sessiontap.doctor.findings import Finding
from sessiontap.settings import Settings

_INSTALL = "pip install mitmproxy"


def check_versions(settings: Settings) -> Iterator[Finding]:
    """The versions, for a report; a problem where mitmproxy is missing."""
    del settings
    python = f"sessiontap {__version__}, Python {platform.python_version()}, {platform.system()}"
    try:
        yield Finding("ok", "versions", f"{python}, mitmproxy {version('mitmproxy')}")
    except PackageNotFoundError:
        yield Finding("problem", "versions", f"{python}; mitmproxy is not installed", _INSTALL)
