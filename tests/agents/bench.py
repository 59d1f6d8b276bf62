"""A bench for the agents: the providers' double, a home for each, and the one way to start them."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

from sessiontap.call import Call
from sessiontap.demo import reroute
from sessiontap.demo.double import Double
from sessiontap.store import Ledger
from sessiontap.usage import Usage
from tests import nowhere
from tests.agents.model import Model
from tests.agents.programs import Program

AGENTS_VARIABLE = "SESSIONTAP_AGENTS"
_SESSIONTAP = (sys.executable, "-m", "sessiontap")
_ENDED_S = 60


class Ended(NamedTuple):
    """How an agent ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Bench:
    """Agents before the double. `confdir` is mitmproxy's own folder."""

    folder: Path
    confdir: Path
    double: Double
    model: Model
    _places: int = 0
    _started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def store(self) -> Path:
        """Where all is recorded."""
        return self.folder / "store"

    def run(self, program: Program, prompt: str, *options: str) -> Ended:
        """Asks an agent one thing through `sessiontap run`, with options of its, and waits for the end."""
        return self.ended(self.start(program, prompt, *options))

    def start(
        self, program: Program, prompt: str, *options: str, joins: bool = False, arguments: Sequence[str] = ()
    ) -> subprocess.Popen[str]:
        """The same, without waiting; with `joins` through the background proxy.

        `arguments` are mitmdump's, in the place of those that send it to the double.
        """
        command = [find(program), *program.question, prompt]
        words = shlex.join(arguments or self._arguments())
        own = () if joins else ("--confdir", str(self.confdir), "--mitmdump", words)
        place = self._place()
        environ = {**self._environ(place), **program.settings(place / "home")}
        return self._spawn([*_SESSIONTAP, "run", *own, *options, "--", *command], place, environ)

    def play(self, program: Program, prompt: str, session: str) -> tuple[Ended, list[str]]:
        """Asks an agent behind a proxy that plays a session and reaches nobody; whom it would have."""
        told = self.folder / "told"
        told.write_text("")
        started = self.start(program, prompt, "--playback", session, arguments=("-s", nowhere.__file__))
        ended = self.ended(started)
        return ended, told.read_text().splitlines()

    def in_one_shell(self, *asked: tuple[Program, str]) -> list[Ended]:
        """Asks agents at the same time, in one shell that `sessiontap env` points at the background proxy."""
        places = [self._place() for _ in asked]
        lines = [f'eval "$({shlex.join(_SESSIONTAP)} env)"']
        for number, (place, (program, prompt)) in enumerate(zip(places, asked, strict=True)):
            command = [find(program), *program.question, prompt]
            own = {"HOME": str(place / "home"), **program.settings(place / "home")}
            words = ["env", *(f"{name}={value}" for name, value in own.items()), *command]
            lines.append(
                f"(cd {place}/work; exec {shlex.join(words)} >{place}/out 2>{place}/err) & p{number}=$!"
            )
        lines += [f"wait $p{number}; echo $?" for number in range(len(asked))]
        shell = self._place()
        codes = self.ended(self._spawn(["bash", "-c", "\n".join(lines)], shell, self._environ(shell)))
        return [
            Ended(int(code), (place / "out").read_text(), (place / "err").read_text())
            for code, place in zip(codes.out.split(), places, strict=True)
        ]

    @contextlib.contextmanager
    def background(self) -> Iterator[None]:
        """A background proxy of the store's: `sessiontap proxy --detach`, and at the end its `stop`."""
        options = ("--detach", "--port", "0", "--confdir", str(self.confdir))
        self._sessiontap("proxy", *options, "--", *self._arguments())
        try:
            yield
        finally:
            self._sessiontap("proxy", "stop")

    def ended(self, process: subprocess.Popen[str]) -> Ended:
        """Waits for an end."""
        out, err = process.communicate(timeout=_ENDED_S)
        return Ended(process.returncode, out, err)

    def sessions(self) -> dict[str | None, list[Call]]:
        """The calls of each session, in the order in which they were stored; all have ended."""
        with Ledger(self.store) as ledger:
            found = {stored.session_id: ledger.calls(stored.session_id) for stored in ledger.sessions()}
        assert all(call.status != "running" for calls in found.values() for call in calls)
        return found

    def close(self) -> None:
        """Ends what has not ended by itself."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def _sessiontap(self, *arguments: str) -> None:
        place = self._place()
        ended = self.ended(self._spawn([*_SESSIONTAP, *arguments], place, self._environ(place)))
        assert ended.code == 0, ended.err

    def _arguments(self) -> tuple[str, ...]:
        """Mitmdump's, so that every host is the double."""
        return ("-s", reroute.__file__, "--set", f"ssl_verify_upstream_trusted_ca={self.double.ca_file}")

    def _place(self) -> Path:
        """Folders of their own for one program."""
        place = self.folder / f"place-{self._places}"
        self._places += 1
        for name in ("home", "work", "tmp"):
            (place / name).mkdir(parents=True)
        return place

    def _environ(self, place: Path) -> dict[str, str]:
        """An environment without the user's own settings and keys."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "LANG": "C.UTF-8",
            "HOME": str(place / "home"),
            "TMPDIR": str(place / "tmp"),
            "SESSIONTAP_HOME": str(self.store),
            # The user's own CA: hosts that are no provider keep their TLS, and here that is the double's.
            "SSL_CERT_FILE": str(self.double.ca_file),
            "NODE_EXTRA_CA_CERTS": str(self.double.ca_file),
            reroute.PORT_VARIABLE: str(self.double.port),
            nowhere.VARIABLE: str(self.folder / "told"),
        }

    def _spawn(self, command: list[str], place: Path, environ: dict[str, str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            cwd=place / "work",
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process


def find(program: Program) -> str:
    """The path of an agent's program; skips the test where it is not installed."""
    prefix = os.environ.get(AGENTS_VARIABLE)
    path = str(Path(prefix) / "node_modules" / ".bin") if prefix else None
    found = shutil.which(program.program, path=path)
    if found is None and prefix:
        pytest.fail(f"{AGENTS_VARIABLE} names {prefix}, where {program.program} is not installed")
    if found is None:
        pytest.skip(f"{program.program} is not installed")
    return found


def total(usages: Iterable[Usage]) -> dict[str, int]:
    """The sum of the classes that are not zero: not to know a class and to count none in it is one."""
    return {name: count for name, count in sum(usages, Usage()).known().items() if count}
