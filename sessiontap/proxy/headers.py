"""Headers that belong to the proxy, read from a request and taken off it."""

from __future__ import annotations

import re

from mitmproxy.http import Headers, HTTPFlow, Response

from sessiontap.identity import basic_user
from sessiontap.providers.helicone import has_key, without_key

_SESSION_PREFIXES = ("helicone-", "sessiontap-")
# Where a key may stand, and Helicone's beside it.
_KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
_FIRST_FAILED = 400
_AWS_SCHEME = "AWS4-"
_SIGNED = re.compile(r"SignedHeaders=([^,\s]*)")


def remove_session_headers(headers: Headers) -> None:
    """Removes the headers whose name begins with `helicone-` or `sessiontap-`, in any case.

    But for those that a signature covers: AWS would refuse a request that lacks one which its client signed.
    Helicone's keys go from the other headers too.
    """
    signed = _signed_headers(headers)
    # Not `del headers[name]` for all names at once: untouched headers must keep their bytes and order.
    for name in {key for key in headers if key.lower().startswith(_SESSION_PREFIXES)}:
        if name.lower() not in signed:
            del headers[name]
    remove_helicone_keys(headers)


def tell_id(response: Response, call_id: str) -> None:
    """Adds to a reply what Helicone adds: the call's id, and whether the provider took the call."""
    response.headers["Helicone-Id"] = call_id
    response.headers["Helicone-Status"] = "failed" if response.status_code >= _FIRST_FAILED else "success"


def remove_helicone_keys(headers: Headers) -> None:
    """Takes Helicone's own key out of the headers that hold a provider's; without another key they go."""
    for name in _KEY_HEADERS:
        values: list[str] = headers.get_all(name)
        if any(map(has_key, values)):
            headers.set_all(name, list(filter(None, map(without_key, values))))


def _signed_headers(headers: Headers) -> frozenset[str]:
    """The names, in lower case, that an AWS signature covers; none where there is no such signature.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    stated = headers.get("authorization", "")
    found = _SIGNED.search(stated) if stated.startswith(_AWS_SCHEME) else None
    return frozenset(found[1].lower().split(";")) if found else frozenset()


def proxy_user(flow: HTTPFlow) -> str | None:
    """The `ID` or `ID:NAME` that the client sent to the proxy; None where it sent none that can be read.

    With `--proxyauth` mitmproxy has moved it from the header into the flow's metadata; what stands behind
    the colon is a password then, and stays there.
    """
    moved = flow.metadata.get("proxyauth")
    # A tuple, which a flow that was stored has as a list.
    if isinstance(moved, tuple | list) and moved:
        return str(moved[0])
    return basic_user(flow.request.headers.get("proxy-authorization", ""))
