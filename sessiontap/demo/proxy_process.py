"""ProxyProcess: a real mitmdump with our addon, whose every upstream is a `Double`.

It is ready when the constructor returns: mitmdump is up and has named its port.
It ends with `stop`, with `with`, or when this process dies, however that happens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from sessiontap.demo import reroute
from sessiontap.demo.double import Double
from sessiontap.launch.started import start_proxy


class ProxyProcess:
    """A running mitmdump on 127.0.0.1, on a port of its own choice.

    `home` is where the addon records; `confdir` is mitmproxy's own folder, where its CA is made; `options`
    are mitmproxy's, as for `--set`; `addon=False` starts without our addon; `scripts` are more `-s` scripts;
    `within` is a command that starts mitmdump in its own place, such as `setpriv` with its options.
    Raises SessiontapError, in one line, where mitmdump does not start.
    """

    def __init__(
        self,
        *,
        home: Path,
        confdir: Path,
        double: Double,
        options: Mapping[str, str] | None = None,
        addon: bool = True,
        scripts: Sequence[Path] = (),
        within: Sequence[str] = (),
    ) -> None:
        self._started = start_proxy(
            home=home,
            confdir=confdir,
            options={"ssl_verify_upstream_trusted_ca": str(double.ca_file), **(options or {})},
            arguments=[part for script in (Path(reroute.__file__), *scripts) for part in ("-s", str(script))],
            environ={reroute.PORT_VARIABLE: str(double.port)},
            addon=addon,
            within=within,
        )
        self.home = self._started.home
        self.ca_file = self._started.ca_file
        self.port = self._started.port
        self.url = self._started.url

    @property
    def pid(self) -> int:
        """The process id of mitmdump."""
        return self._started.pid

    @property
    def log(self) -> str:
        """All that mitmdump has printed so far (the last 10,000 lines), warnings and errors included."""
        return self._started.log

    def stop(self) -> int:
        """Ends mitmdump with SIGTERM, waits until it is gone and its log is read, and gives its exit status.

        A mitmdump that does not heed it is killed after ten seconds. Again is harmless.
        """
        return self._started.stop()

    def kill(self) -> None:
        """Ends mitmdump with SIGKILL, as a crash does, and waits until it is gone."""
        self._started.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
