"""An `-s` script for mitmdump that lets no connection leave the machine, and says which would have.

The addresses go into the file that `SESSIONTAP_TEST_NOWHERE` names, one a line.
"""

import os
from pathlib import Path
from typing import Any

VARIABLE = "SESSIONTAP_TEST_NOWHERE"


class Nowhere:
    """Refuses connections."""

    def __init__(self, told: Path) -> None:
        self._told = told

    def server_connect(self, data: Any) -> None:
        """Called before a connection is made."""
        host, port = data.server.address[:2]
        if host != "127.0.0.1":
            data.server.error = "the test lets nothing out"
            with self._told.open("a") as told:
                told.write(f"{host}:{port}\n")


if VARIABLE in os.environ:
    addons = [Nowhere(Path(os.environ[VARIABLE]))]
