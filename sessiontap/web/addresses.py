"""Where the pages are found."""

from __future__ import annotations

LOOPBACK = "127.0.0.1"
PROXY_HOST = "sessiontap.local"
"""The host by which a proxy's own pages are asked for. `.local` is never a public name (RFC 6762)."""


def address(port: int, token: str) -> str:
    """The address that opens the pages of `sessiontap serve` at a port."""
    return f"http://{LOOPBACK}:{port}/?token={token}"


def address_in_proxy(token: str) -> str:
    """The address that opens the pages inside a proxy."""
    return f"http://{PROXY_HOST}/?token={token}"
