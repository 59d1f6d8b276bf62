"""SessionEnds: runs a command of the user's for each session that has ended, with its summary on stdin.

Promises: the event loop waits for nothing but, at the proxy's end, some seconds; one command runs at a time;
what becomes of it changes no record. A session has ended once it has been idle for a while, or with the
proxy; one that goes on afterwards ends again.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from sessiontap.call import Call
from sessiontap.sessions.rollup import encode_summary, summarize
from sessiontap.settings import Settings
from sessiontap.store import Ledger
from sessiontap.store.journal import printable

logger = logging.getLogger(__name__)

LONGEST_S = 60.0
"""How long a command may run; then it is killed, with all that it has started."""

_CLOSE_S = 5.0
_MOST_SAID = 4096


@dataclass(slots=True)
class _Active:
    running: set[str] = field(default_factory=set)
    last: float = 0.0


class SessionEnds:
    """Knows which sessions this proxy has had a call of, and when the last one was."""

    def __init__(
        self,
        settings: Settings,
        *,
        on_fault: Callable[[Exception], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._on_fault = on_fault
        self._clock = clock
        self._active: dict[str, _Active] = {}
        self._ended: SimpleQueue[tuple[str, Settings] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def use(self, settings: Settings) -> None:
        """Goes on with other settings."""
        self._settings = settings

    def started(self, call: Call) -> None:
        """Takes a call that begins."""
        if self._settings.on_session_end and call.session_id is not None:
            active = self._active.setdefault(call.session_id, _Active())
            active.running.add(call.call_id)
            active.last = self._clock()

    def ended(self, call: Call) -> None:
        """Takes a call that has ended."""
        if self._settings.on_session_end and call.session_id is not None:
            active = self._active.setdefault(call.session_id, _Active())
            active.running.discard(call.call_id)
            active.last = self._clock()

    def tick(self) -> None:
        """Ends the sessions that have been idle for long enough."""
        before = self._clock() - self._settings.session_idle_s
        idle = [key for key, active in self._active.items() if not active.running and active.last <= before]
        for session_id in idle:
            self._end(session_id)

    def close(self) -> None:
        """Ends all sessions, and waits for their commands as long as a user would."""
        for session_id in list(self._active):
            self._end(session_id)
        if self._thread is not None:
            self._ended.put(None)
            self._thread.join(_CLOSE_S)

    def _end(self, session_id: str) -> None:
        del self._active[session_id]
        self._ended.put((session_id, self._settings))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="sessiontap-session-end", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (ended := self._ended.get()) is not None:
            try:
                run_command(ended[1].on_session_end, ended[1].home, ended[0])
            except Exception as error:  # noqa: BLE001 -- the boundary of the thread
                self._on_fault(error)


def run_command(command: str, home: Path, session_id: str) -> None:
    """Runs a shell's command with the session's summary as one line of JSON on stdin. Raises StoreError.

    What it prints is left out; where it fails, the log says so, with the last line of its stderr.
    """
    summary = encode_summary(summarize(session_id, Ledger(home).calls(session_id))) + b"\n"
    environ = {**os.environ, "SESSIONTAP_HOME": str(home), "SESSIONTAP_SESSION_ID": session_id}
    shown = printable(session_id, 80)
    # In a file: a pipe would be read for as long as anything holds it that the command left running.
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(  # noqa: S602 -- a command of the user's own, in which nothing is put
            command,
            shell=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=environ,
            start_new_session=True,
        )
        with process:
            try:
                process.communicate(summary, LONGEST_S)
            except subprocess.TimeoutExpired:
                _kill(process)
                logger.warning(
                    "sessiontap: sessiontap_on_session_end ran longer than %.0f s for session %s",
                    LONGEST_S,
                    shown,
                )
                return
        said = _last_line(stderr) if process.returncode else ""
    if process.returncode:
        logger.warning(
            "sessiontap: sessiontap_on_session_end ended with %d for session %s%s",
            process.returncode,
            shown,
            f": {printable(said, 200)}" if said else "",
        )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With what the shell has started: it leads a group of its own, where there are groups."""
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


def _last_line(file: IO[bytes]) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - _MOST_SAID))
    return file.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
