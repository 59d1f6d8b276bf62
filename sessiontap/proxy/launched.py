"""Launched: what a mitmdump does because sessiontap has started it.

It listens on loopback only, unless it was told otherwise; says where it listens when it is up; and ends with
its starter, however that ends. A detached one is from then on the shared proxy of its home, and has its log
there. It looks at no traffic.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import logging
import os
import threading
from pathlib import Path
from typing import Any

import msgspec
from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.proxy.mode_specs import ProxyMode

from sessiontap.errors import SessiontapError
from sessiontap.launch.logfile import LogFile
from sessiontap.launch.state import Published
from sessiontap.launch.told import VARIABLE, Listening, Report, read_order, report_line
from sessiontap.settings import home_folder

_EVERYWHERE = "0.0.0.0"  # noqa: S104 -- named, not used

logger = logging.getLogger(__name__)


@functools.cache
def launched() -> Launched:
    """The one of this process: mitmproxy runs a script anew when its file changes, as in an upgrade."""
    return Launched()


class Launched:
    """The addon of `scripts/launched.py`. Raises KeyError where nobody has left an order."""

    def __init__(self) -> None:
        # Taken away, so that nothing that this process starts believes it is meant.
        self._order = read_order(os.environ.pop(VARIABLE))
        self._running = False
        self._starter_is_gone = False
        self._starter_may_go = False
        self._log: LogFile | None = None
        self._shared: Published | None = None
        self._follower: threading.Thread | None = None
        self._reporting: asyncio.Task[None] | None = None

    def load(self, loader: Loader) -> None:
        """Begins to follow the starter: a mitmdump whose starter dies meanwhile must not come up."""
        del loader
        if self._follower is None:
            self._follower = threading.Thread(target=self._follow_starter, daemon=True, name="follow-starter")
            self._follower.start()

    def configure(self, updated: set[str]) -> None:
        """Refuses to listen where nobody has asked for it; also mitmproxy's config.yaml may say so.

        At the start that is one line and the end; later, the option keeps its old value (OptionsError).
        """
        del updated
        wrong = self._wrong_home() or self._wrong_host()
        if wrong is None:
            return
        if self._running:
            raise exceptions.OptionsError(wrong)  # type: ignore[no-untyped-call]
        logger.error("sessiontap: %s", wrong)

    def running(self) -> None:
        """Reports, as soon as mitmproxy has looked whether any script failed."""
        if self._running:
            return
        self._running = True
        if self._starter_is_gone:
            ctx.master.shutdown()  # type: ignore[no-untyped-call]
        self._reporting = asyncio.get_running_loop().create_task(self._report())

    async def _report(self) -> None:
        # mitmproxy ends now, where an error was logged while it started; until it knows, nothing is said.
        check = _addon("errorcheck")
        while check is not None and check.logger in logging.getLogger().handlers:  # noqa: ASYNC110
            await asyncio.sleep(0)
        listening = tuple(
            Listening(mode=server.mode.full_spec, kind=server.mode.type_name, host=host, port=port)
            for server in _addon("proxyserver").servers
            for host, port, *_ in server.listen_addrs[:1]
        )
        report = Report(pid=os.getpid(), listening=listening, confdir=_confdir())
        if self._order.detached and self._order.home is not None:
            report = self._share(Path(self._order.home), report)
        # Before it can read the report, for it may go right after.
        self._starter_may_go = self._shared is not None
        print(report_line(self._order, report), flush=True)  # noqa: T201 -- for the starter
        if report.trouble is not None:
            ctx.master.shutdown()  # type: ignore[no-untyped-call]
        elif self._log is not None:
            self._log.take_over()

    def _share(self, home: Path, report: Report) -> Report:
        """Becomes the shared proxy of the home; the report, with what was in the way."""
        try:
            self._log = LogFile(home)
            self._shared = Published(home, report)
        except SessiontapError as error:
            return msgspec.structs.replace(report, trouble=str(error))
        except OSError as error:
            reason = f"{error.filename or home}: {error.strerror or error}"
            return msgspec.structs.replace(report, trouble=f"the proxy cannot be shared: {reason}")
        return report

    def done(self) -> None:
        """Takes the shared proxy's state away; its sign of life stays until the process is gone."""
        if self._shared is not None and ctx.master.should_exit.is_set():
            self._shared.withdraw()

    def _wrong_home(self) -> str | None:
        home = self._order.home
        if home is None or "sessiontap_home" not in ctx.options:
            return None
        stated = str(home_folder(ctx.options.sessiontap_home))
        if stated == home:
            return None
        return (
            f"{ctx.options.confdir}/config.yaml has records go to {stated}, and this proxy was started for"
            f" {home}; take sessiontap_home out of that file, or start it with --home {stated}"
        )

    def _wrong_host(self) -> str | None:
        if self._order.anywhere:
            return None
        for mode in map(ProxyMode.parse, ctx.options.mode):
            host = mode.listen_host(ctx.options.listen_host)
            if mode.listen_port(ctx.options.listen_port) is not None and not _is_loopback(host):
                return (
                    f"mode {mode.full_spec} would listen on {host or 'every address'}, where others can reach"
                    f" it; where you want that, give mitmdump --listen-host {host or _EVERYWHERE}"
                )
        return None

    def _follow_starter(self) -> None:
        # Not through sys.stdin: a daemon thread that holds its lock would abort the interpreter's exit.
        os.read(0, 1)
        if self._starter_may_go:
            return
        self._starter_is_gone = True
        # Where it is ending already, its loop may be closed.
        with contextlib.suppress(RuntimeError):
            ctx.master.shutdown()  # type: ignore[no-untyped-call]


def _addon(name: str) -> Any:
    """One of mitmproxy's own addons."""
    return ctx.master.addons.get(name)  # type: ignore[no-untyped-call]


def _confdir() -> str:
    return str(Path(ctx.options.confdir).expanduser().absolute())


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
