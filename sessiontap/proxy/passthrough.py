"""Passthrough: whose TLS is opened, and whose goes through as it is.

Promises: a host that is no model provider sees its client's own handshake, and the client sees that host's
own certificate: git, npm, pip, pinned applications and MCP servers work as without a proxy. What would be
recorded is opened: whatever `Directory.provider_host` knows.

Servers on this machine keep their TLS, for a certificate of theirs is one that mitmproxy does not trust;
`sessiontap_hosts` names one that is to be read. Without TLS they are read as ever.
"""

from __future__ import annotations

from mitmproxy.proxy.mode_specs import ReverseMode
from mitmproxy.tls import ClientHelloData

from sessiontap.providers import Directory


def leave_strangers_alone(data: ClientHelloData, directory: Directory) -> None:
    """Decides on a connection by its first message; what another addon has let through stays so.

    A host is known by its address (of a CONNECT, or in the other modes of the upstream) or by the name
    in the handshake: either may be a mere number, or the public name before an encrypted one (ECH).
    """
    address = data.context.server.address
    # Without an address it is the TLS of the proxy's own URL; and a reverse mode's user has chosen the host.
    if address is None or isinstance(data.context.client.proxy_mode, ReverseMode):
        return
    if directory.provider_host(address[0], data.client_hello.sni or "") is None:
        data.ignore_connection = True
