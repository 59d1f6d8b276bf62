"""BaseUrls: makes one base URL of Anthropic's do for the SDKs that disagree about it.

`ANTHROPIC_BASE_URL` is without `/v1` for Anthropic's own SDK, and with it for Vercel's AI SDK, which so asks
for `/messages`. Nothing of the API is there.
"""

from __future__ import annotations

from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.mode_specs import ReverseMode

_HOST = "api.anthropic.com"
_PATHS = ("/messages", "/messages?", "/messages/")


class BaseUrls:
    """The addon of `scripts/base_urls.py`. It stands before the recorder, which is to see the real path."""

    def requestheaders(self, flow: HTTPFlow) -> None:
        """Gives such a request the path that it means."""
        request = flow.request
        if (
            isinstance(flow.client_conn.proxy_mode, ReverseMode)
            and request.host == _HOST
            and (request.path == _PATHS[0] or request.path.startswith(_PATHS[1:]))
        ):
            request.path = "/v1" + request.path
