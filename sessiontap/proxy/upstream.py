"""UpstreamUser: says the user and password of the proxy that ours goes on through.

mitmproxy's own option for it stands where everybody on the machine can read it, and in reverse mode goes to
the provider, in the place of the API key.
"""

from __future__ import annotations

import os

from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.mode_specs import UpstreamMode

from sessiontap.launch.upstream import AUTHORIZATION_VARIABLE

_HEADER = "Proxy-Authorization"


class UpstreamUser:
    """The addon of `scripts/upstream.py`. Raises KeyError where nobody has left the words."""

    def __init__(self) -> None:
        # Taken away, so that nothing that this process starts has them.
        self._authorization = os.environ.pop(AUTHORIZATION_VARIABLE)

    def http_connect_upstream(self, flow: HTTPFlow) -> None:
        """Called for the CONNECT that goes to that proxy."""
        flow.request.headers[_HEADER] = self._authorization

    def requestheaders(self, flow: HTTPFlow) -> None:
        """Plain http goes there without a CONNECT."""
        if flow.request.scheme == "http" and isinstance(flow.client_conn.proxy_mode, UpstreamMode):
            flow.request.headers[_HEADER] = self._authorization
