"""start_proxy: a mitmdump with the addon, on loopback, that ends with the process that started it.

It is ready when `start_proxy` returns: mitmdump is up, has named its ports, and its CA is there. It ends with
`stop`, with `with`, or when this process dies, however that happens.
"""

from __future__ import annotations

import collections
import contextlib
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from sessiontap.errors import SessiontapError
from sessiontap.launch import command
from sessiontap.launch.failure import taken_port, why_not_started
from sessiontap.launch.told import CA_NAME, Order, Report, environment, proxy_address, read_report

_TIMESTAMP = re.compile(r"^\[[\d:.]+\] ?")
_START_S = 60.0  # mitmproxy takes a second to import, and many times that on a machine that is busy
_STOP_S = 10.0
_KEPT_LINES = 10_000
_TRIES = 3
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})


def start_proxy(
    *,
    home: Path,
    port: int = 0,
    confdir: Path | None = None,
    options: Mapping[str, str] = NO_OPTIONS,
    modes: Sequence[str] = (),
    arguments: Sequence[str] = (),
    log: Callable[[str], None] | None = None,
    environ: Mapping[str, str] = NO_OPTIONS,
    addon: bool = True,
    within: Sequence[str] = (),
    detached: bool = False,
    before: Sequence[Path] = (),
) -> StartedProxy:
    """A mitmdump of this environment on 127.0.0.1, recording to `home`.

    `port` 0 is one of its own choice; `confdir` is mitmproxy's own folder, where its CA is made (its default:
    ~/.mitmproxy); `options` are mitmproxy's, as for `--set`; `modes` are more of its modes, such as
    `reverse:https://api.anthropic.com`, each with a port of its own on loopback; `arguments` are the user's
    for mitmdump, and win. It listens elsewhere than on loopback only where they have `--listen-host`.

    `log` gets each line that mitmdump prints, in a thread of its own; it must not raise. Lines about flows
    have addresses with all their parameters: `arguments` of `--flow-detail 0` keep them out of a file.

    `environ` goes over this process's environment; `addon=False` starts without our addon; `within` is a
    command that starts mitmdump in its own place, such as `setpriv` with its options; `detached` is for
    `launch.shared`: this one outlives its starter; `before` are scripts that see each flow before the addon.
    Raises SessiontapError, in one line, where mitmdump does not start.
    """
    command.check(arguments)
    home = home.absolute()
    order = Order(
        home=str(home) if addon else None,
        anywhere=command.states(arguments, "--listen-host"),
        detached=detached,
    )
    settings = {
        **({"confdir": str(confdir.expanduser().absolute())} if confdir else {}),
        **({"sessiontap_home": str(home)} if addon else {}),
        **options,
    }
    for left in reversed(range(_TRIES)):
        # Ports that were free may be taken before mitmdump has them: then others are.
        placed = command.placed(modes, port, arguments)
        line = [
            *within,
            *command.mitmdump(),
            *command.flags(
                port=port,
                options=settings,
                modes=[*placed.values()],
                arguments=arguments,
                addon=addon,
                before=before,
            ),
        ]
        try:
            return StartedProxy(home=home, order=order, line=line, placed=placed, environ=environ, log=log)
        except PortTakenError as error:
            if error.port == port or not placed or not left:
                raise
    raise AssertionError


class StartedProxy:
    """A running mitmdump that `start_proxy` has started."""

    def __init__(
        self,
        *,
        home: Path,
        order: Order,
        line: Sequence[str],
        placed: Mapping[str, str],
        environ: Mapping[str, str],
        log: Callable[[str], None] | None,
    ) -> None:
        self.home = home
        self._order = order
        self._log = log
        self._lines: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
        self._count = 0
        self._report: Report | None = None
        self._ended = False
        self._heard = threading.Condition()
        self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            line,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment(order), **environ},
            # What ends with us, and so tells mitmdump that we have.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A Ctrl-C in the terminal is for us alone: mitmdump ends when we have done with it.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._reader = threading.Thread(target=self._read, name="mitmdump-log", daemon=True)
        try:
            self._reader.start()
            report = self._wait_until_ready()
            by_mode = {each.mode: each.port for each in report.listening}
            self.url, self.port = proxy_address(report)
            self.ports = {mode: by_mode[full] for mode, full in placed.items() if full in by_mode}
        except BaseException:
            self.stop()
            raise
        self.ca_file = Path(report.confdir, CA_NAME)

    @property
    def pid(self) -> int:
        """The process id of mitmdump."""
        return self._process.pid

    @property
    def log(self) -> str:
        """All that mitmdump has printed so far (the last 10,000 lines), warnings and errors included."""
        return "\n".join(self._printed())

    def follow(self) -> Iterator[str]:
        """Each line that mitmdump prints, from its first, as it comes; ends when mitmdump has ended.

        A reader who is 10,000 lines late misses the oldest: mitmdump never waits for one.
        """
        seen = 0
        while True:
            with self._heard:
                while self._count == seen and not self._ended:
                    self._heard.wait()
                fresh = min(self._count - seen, len(self._lines))
                lines = [self._lines[place] for place in range(-fresh, 0)]
                seen = self._count
            if not lines:
                return
            yield from lines

    def wait(self) -> int:
        """Waits until mitmdump has ended by itself and its log is read; its exit status."""
        status = self._process.wait()
        if self._reader.ident is not None:
            self._reader.join()
        return status

    def stop(self) -> int:
        """Ends mitmdump with SIGTERM, waits until it is gone and its log is read, and gives its exit status.

        A mitmdump that does not heed it is killed after ten seconds. Again is harmless.
        """
        if os.name == "nt":
            # To terminate is to kill there; the end of its standard input ends mitmdump in order.
            self._end_input()
        else:
            self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        status = self.wait()
        self._close_pipes()
        return status

    def kill(self) -> None:
        """Ends mitmdump with SIGKILL, as a crash does, and waits until it is gone."""
        self._process.kill()
        self.stop()

    def let_go(self) -> None:
        """Leaves a detached one alone: it has standard streams of its own by now."""
        self._reader.join()
        self._close_pipes()
        # Waited for, lest it stay a zombie where it ends before this process.
        threading.Thread(target=self._process.wait, name="mitmdump-end", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _end_input(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _close_pipes(self) -> None:
        self._end_input()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        """Takes mitmdump's output line by line until it ends; a pipe that nobody reads would stop it."""
        assert self._process.stdout is not None
        rest = b""
        # Straight from the descriptor: a daemon thread that holds a file's lock would abort our own exit.
        while data := os.read(self._process.stdout.fileno(), 65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._hear(line)
        if rest:
            self._hear(rest)
        with self._heard:
            self._ended = True
            self._heard.notify_all()

    def _hear(self, raw: bytes) -> None:
        line = raw.decode("utf-8", "replace").rstrip()
        if self._report is None and (report := read_report(self._order, line)) is not None:
            with self._heard:
                self._report = report
                self._heard.notify_all()
            return
        with self._heard:
            self._lines.append(line)
            self._count += 1
            self._heard.notify_all()
        if self._log is not None:
            self._log(line)

    def _printed(self) -> tuple[str, ...]:
        """The lines without their times."""
        return tuple(_TIMESTAMP.sub("", line) for line in tuple(self._lines))

    def _wait_until_ready(self) -> Report:
        with self._heard:
            self._heard.wait_for(lambda: self._report is not None or self._ended, _START_S)
        if self._report is not None:
            if self._report.trouble is not None:
                raise SessiontapError(self._report.trouble)
            return self._report
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_S)  # its own exit status, where it is about to exit
        status = self.stop()
        lines = self._printed()
        if (port := taken_port(lines)) is not None:
            raise PortTakenError(why_not_started(status, lines), port)
        raise SessiontapError(why_not_started(status, lines))


class PortTakenError(SessiontapError):
    """A port that somebody else listens on."""

    def __init__(self, message: str, port: int) -> None:
        super().__init__(message)
        self.port = port
