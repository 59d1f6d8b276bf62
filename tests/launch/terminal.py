"""A pseudo terminal with a program in it, as a test types at it and reads it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

WAIT_S = 60.0


@dataclass(slots=True)
class Terminal:
    """The side of the terminal that a person is on."""

    descriptor: int
    pid: int
    seen: str = ""
    _read_to: int = field(default=0)

    def type(self, keys: str) -> None:
        """Presses keys; Ctrl-C is character 3, Ctrl-Z is 26."""
        os.write(self.descriptor, keys.encode())

    def wait_for(self, text: str) -> str:
        """Reads on until a text has come; what stood before it. Fails where it does not come."""
        deadline = time.monotonic() + WAIT_S
        while (place := self.seen.find(text, self._read_to)) < 0:
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} did not come; there was {self.seen!r}"
            assert self._read(left), f"ended before {text!r}; there was {self.seen!r}"
        before = self.seen[self._read_to : place]
        self._read_to = place + len(text)
        return before

    def ended(self) -> int:
        """Reads to the end; the exit status, negative for a signal."""
        while self._read(WAIT_S):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self, seconds: float) -> bool:
        """Takes what is there; False at the end."""
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        assert ready, f"nothing came; there was {self.seen!r}"
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # how Linux says that nobody is on the other side
            return False
        self.seen += data.decode("utf-8", "replace")
        return bool(data)


@contextlib.contextmanager
def in_terminal(command: Sequence[str], environ: Mapping[str, str]) -> Iterator[Terminal]:
    """Starts a program on a terminal of its own, as the leader of its session."""
    # Not in this process: its threads make forking unsafe.
    pid, descriptor = _spawn(command, environ)
    try:
        yield Terminal(descriptor, pid)
    finally:
        os.close(descriptor)
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, 9)
            os.waitpid(pid, 0)


def _spawn(command: Sequence[str], environ: Mapping[str, str]) -> tuple[int, int]:
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)
    # The first terminal that a session leader opens becomes its own.
    pid = os.posix_spawnp(
        command[0],
        list(command),
        dict(environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, name, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ],
        setsid=True,
    )
    os.close(theirs)
    return pid, ours
