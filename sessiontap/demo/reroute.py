"""A second `-s` script for mitmdump: sends every upstream connection to the providers' double.

Flows keep their real hosts and server names, so certificates are verified and providers recognised as ever;
and since *every* host is rerouted, nothing behind such a proxy reaches the network.
The double's port is in the environment variable `SESSIONTAP_DOUBLE_PORT`; an address in
`SESSIONTAP_DOUBLE_SPARES`, such as `127.0.0.1`, is not rerouted.
"""

import os
from typing import Any

PORT_VARIABLE = "SESSIONTAP_DOUBLE_PORT"
SPARED_VARIABLE = "SESSIONTAP_DOUBLE_SPARES"


class Reroute:
    """Sends connections to the double."""

    def __init__(self, port: int, spared: str | None = None) -> None:
        self._double = ("127.0.0.1", port)
        self._spared = spared
        self._real: dict[str, Any] = {}

    def server_connect(self, data: Any) -> None:
        """Called before a connection is made: its address is still open to change."""
        if data.server.address[0] != self._spared:
            self._real[data.server.id] = data.server.address
            data.server.address = self._double

    def server_connected(self, data: Any) -> None:
        """Called when it is made: gives it its real address back, or every flow would show the double's.

        mitmproxy refuses that through the attribute, rightly: who else could know that it is the same socket?
        """
        if (real := self._real.pop(data.server.id, None)) is not None:
            vars(data.server)["address"] = real

    def server_connect_error(self, data: Any) -> None:
        """Called when it could not be made: forgets it."""
        self._real.pop(data.server.id, None)


if PORT_VARIABLE in os.environ:
    addons = [Reroute(int(os.environ[PORT_VARIABLE]), os.environ.get(SPARED_VARIABLE))]
