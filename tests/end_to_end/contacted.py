"""A script for mitmdump that says whom it connects with: behind `reroute`, which leads all to the double."""

import logging
from typing import Any

logger = logging.getLogger(__name__)


class Contacted:
    """Logs the real address of each connection, and the name in its TLS handshake."""

    def server_connected(self, data: Any) -> None:
        """Called when a connection is made."""
        logger.warning("contacted %s %s", *data.server.address)

    def tls_established_server(self, data: Any) -> None:
        """Called when its TLS is."""
        logger.warning("contacted name %s", data.conn.sni)


addons = [Contacted()]
