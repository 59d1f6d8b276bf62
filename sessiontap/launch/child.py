"""Runs a command in our own place: its terminal, its signals, its exit code.

The command is in our process group, and has our descriptors, all of them. What a terminal sends to the
group reaches it without us, so we only have to outlive it; what somebody sends to us alone is handed on.
Where it is stopped we stop too, so that the shell has its prompt back, and `fg` wakes both.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from sessiontap.errors import SessiontapError

NOT_FOUND = 127
NOT_EXECUTABLE = 126

_KILLED = 128
# What a key of the terminal sends to its whole foreground group.
_KEYS = ("SIGINT", "SIGQUIT", "SIGTSTP")
_HANDED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")


class CommandError(SessiontapError):
    """A command that cannot be run; `code` is what a shell would end with."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def find(name: str, environ: Mapping[str, str]) -> str:
    """The path of a program, as a shell finds it. Raises CommandError."""
    path = environ.get("PATH", os.defpath)
    found = shutil.which(name, path=path)
    if found is not None:
        return found
    there = shutil.which(name, mode=os.F_OK, path=path)
    if there is not None or os.path.isdir(name):  # noqa: PTH112 -- a name from outside
        what = "is a folder" if os.path.isdir(there or name) else "is not executable"  # noqa: PTH112
        message = f"{name}: {what}; name a program, or make it executable"
        raise CommandError(message, NOT_EXECUTABLE)
    message = f"{name}: no such command; a shell's function or alias is none (see sessiontap env)"
    raise CommandError(message, NOT_FOUND)


def run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Runs a command to its end; its exit code, 128+n where signal n has killed it. Raises CommandError.

    Signals that come afterwards do nothing: see `undisturbed`.
    """
    program = find(command[0], environ)
    signals = _Signals()
    with signals.handled():
        try:
            # The name stays as it was typed: programs look at it.
            child = subprocess.Popen(  # noqa: S603 -- what the user asks for
                list(command), executable=program, env=dict(environ), close_fds=False
            )
        except OSError as error:
            reason = error.strerror or str(error)
            code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
            message = f"{command[0]}: cannot be run: {reason}"
            raise CommandError(message, code) from error
        signals.send_to(child)
        return _wait(child)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Nothing that a terminal or a supervisor sends ends what is done within."""
    with _Signals().handled():
        yield


def _wait(child: subprocess.Popen[bytes]) -> int:
    if sys.platform == "win32":
        return child.wait()
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    while True:
        if os.WIFSTOPPED(status):
            # This very thread (another one reads mitmdump's log): it must not go on before it is woken.
            signal.raise_signal(signal.SIGSTOP)
            # `fg` wakes both, and the command may have stopped anew before we come to run: that stop holds.
            changed, status = os.waitpid(child.pid, os.WUNTRACED | os.WCONTINUED | os.WNOHANG)
            if not changed:
                # Whoever wakes us alone means the command as well.
                os.kill(child.pid, signal.SIGCONT)
                _, status = os.waitpid(child.pid, os.WUNTRACED)
        elif os.WIFCONTINUED(status):
            _, status = os.waitpid(child.pid, os.WUNTRACED)
        elif os.WIFSIGNALED(status):
            child.returncode = -os.WTERMSIG(status)
            return _KILLED + os.WTERMSIG(status)
        else:
            child.returncode = os.WEXITSTATUS(status)
            return child.returncode


@dataclass(slots=True)
class _Signals:
    _child: subprocess.Popen[bytes] | None = None
    _early: list[int] = field(default_factory=list)

    @contextlib.contextmanager
    def handled(self) -> Iterator[None]:
        """Handlers, not SIG_IGN, which the command would inherit. What is ignored stays so, for it too."""
        before = {}
        for name in (*_KEYS, *_HANDED_ON):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) not in {signal.SIG_IGN, None}:
                before[number] = signal.signal(number, self._receive)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def send_to(self, child: subprocess.Popen[bytes]) -> None:
        """From now on signals go to the child; also those that came while it was started."""
        self._child = child
        while self._early:
            self._hand_on(self._early.pop(0), child)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self._child is None:
            self._early.append(number)
        else:
            self._hand_on(number, self._child)

    def _hand_on(self, number: int, child: subprocess.Popen[bytes]) -> None:
        if child.returncode is not None or (signal.Signals(number).name in _KEYS and _in_foreground()):
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, number)


def _in_foreground() -> bool:
    """Whether a terminal's keys reach our process group, and the command in it."""
    if sys.platform == "win32":
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False  # there is none
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
