"""ProxyProcess: a real mitmdump with our addon, whose every upstream is a `Double`.

It is ready when the constructor returns: mitmdump has named its port and has answered a CONNECT there.
It ends with `stop`, with `with`, or when this process dies, however that happens.
"""

from __future__ import annotations

import collections
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from sessiontap import resources
from sessiontap.demo import reroute
from sessiontap.demo.double import Double
from sessiontap.errors import SessiontapError

_LISTENING = re.compile(r"proxy listening at .*:(\d+)")
_TIMESTAMP = re.compile(r"^\[[\d:.]+\] ?")
# Lines that are not why mitmdump ended: the usual ones, and what it says after the reason.
_NO_REASON = re.compile(
    r"logged during startup|proxy listening at|^Try specifying |^Loading script "
    r"|^\[[^\]]+\] (client|server) (dis)?connect"
)
_START_S = 60.0  # mitmproxy takes a second to import, and many times that on a machine that is busy
_STOP_S = 10.0
_KEPT_LINES = 10_000


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
        self.home = home
        self.ca_file = confdir / "mitmproxy-ca-cert.pem"
        self._lines: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
        self._named_port: int | None = None
        self._ended = False
        self._heard = threading.Condition()
        settings = {
            "confdir": str(confdir),
            "listen_host": "127.0.0.1",
            "listen_port": "0",
            "ssl_verify_upstream_trusted_ca": str(double.ca_file),
            **({"sessiontap_home": str(home)} if addon else {}),
            **(options or {}),
        }
        loaded = [*([resources.find("addon.py")] if addon else []), Path(reroute.__file__), *scripts]
        self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            [
                *within,
                *_mitmdump(),
                *(part for script in loaded for part in ("-s", str(script))),
                *(part for name, value in settings.items() for part in ("--set", f"{name}={value}")),
            ],
            env={**os.environ, "PYTHONUNBUFFERED": "1", reroute.PORT_VARIABLE: str(double.port)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A Ctrl-C in the terminal is for us alone: mitmdump ends when we have done with it.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="mitmdump-log", daemon=True)
        try:
            self._reader.start()
            self.port = self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of mitmdump."""
        return self._process.pid

    @property
    def log(self) -> str:
        """All that mitmdump has printed so far (the last 10,000 lines), warnings and errors included."""
        return "\n".join(tuple(self._lines))

    def stop(self) -> int:
        """Ends mitmdump with SIGTERM, waits until it is gone and its log is read, and gives its exit status.

        A mitmdump that does not heed it is killed after ten seconds. Again is harmless.
        """
        self._process.terminate()
        try:
            status = self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        if self._reader.ident is not None:
            self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        return status

    def kill(self) -> None:
        """Ends mitmdump with SIGKILL, as a crash does, and waits until it is gone."""
        self._process.kill()
        self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _read(self) -> None:
        """Takes mitmdump's output line by line until it ends; a pipe that nobody reads would stop it."""
        assert self._process.stdout is not None
        rest = b""
        # Straight from the descriptor: a daemon thread that holds a file's lock would abort our own exit.
        while data := os.read(self._process.stdout.fileno(), 65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._hear(line)
        self._hear(rest)
        with self._heard:
            self._ended = True
            self._heard.notify_all()

    def _hear(self, raw: bytes) -> None:
        line = _TIMESTAMP.sub("", raw.decode("utf-8", "replace").rstrip())
        with self._heard:
            self._lines.append(line)
            if self._named_port is None and (found := _LISTENING.search(line)):
                self._named_port = int(found[1])
                self._heard.notify_all()

    def _wait_until_ready(self) -> int:
        with self._heard:
            self._heard.wait_for(lambda: self._named_port is not None or self._ended, _START_S)
        # mitmdump names its port even where a script failed, and exits right after: only an answer is proof.
        if self._named_port is None or not _answers(self._named_port):
            raise SessiontapError(self._why_not_started())
        return self._named_port

    def _why_not_started(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_S)  # its own exit status, where it is about to exit
        status = self.stop()
        reason = _reason([line for line in self._lines if line and not _NO_REASON.search(line)])
        return f"mitmdump did not start (exit status {status}): {reason}"


def _reason(lines: list[str]) -> str:
    """The line that says why: the first, or for a script that failed its exception's.

    What follows may be the traceback of mitmdump's own hasty exit.
    """
    if not lines:
        return "it printed nothing"
    if not lines[0].startswith("error in script"):
        return lines[0].strip()
    return next((line for line in lines[2:] if not line.startswith(" ")), lines[0])


def _mitmdump() -> list[str]:
    """The command that starts the mitmdump of this very environment."""
    beside = shutil.which("mitmdump", path=str(Path(sys.executable).parent))
    if beside:
        return [beside]
    return [sys.executable, "-c", "from mitmproxy.tools.main import mitmdump; mitmdump()"]


def _answers(port: int) -> bool:
    """True where a CONNECT is answered there; it goes no further than the double's door."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), _START_S) as connection:
        connection.sendall(b"CONNECT double.invalid:443 HTTP/1.1\r\nHost: double.invalid:443\r\n\r\n")
        # 407: it wants a user and a password first (--proxyauth).
        return connection.recv(12) in {b"HTTP/1.1 200", b"HTTP/1.1 407"}
    return False
