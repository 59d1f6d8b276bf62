"""A bench for the agents: the providers' double, a home for each, and the one way to start them."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

from sessiontap.call import Call
from sessiontap.demo import reroute
from sessiontap.demo.double import Double
from sessiontap.demo.proxy_process import ProxyProcess
from sessiontap.store import Ledger
from sessiontap.usage import Usage
from tests.agents.model import Model
from tests.agents.programs import Program

AGENTS_VARIABLE = "SESSIONTAP_AGENTS"
_ENDED_S = 60


class Ended(NamedTuple):
    """How an agent ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Bench:
    """Agents before the double. `store` is where they are recorded, `confdir` mitmproxy's own folder."""

    folder: Path
    confdir: Path
    double: Double
    model: Model
    _started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def store(self) -> Path:
        """Where all is recorded."""
        return self.folder / "store"

    def run(self, program: Program, prompt: str, *options: str) -> Ended:
        """Asks an agent one thing through `sessiontap run`, with options of its, and waits for the end."""
        return self.ended(self.start(program, prompt, *options))

    def start(self, program: Program, prompt: str, *options: str) -> subprocess.Popen[str]:
        """The same, without waiting."""
        command = [find(program), *program.question, prompt]
        run = [sys.executable, "-m", "sessiontap", "run", "--confdir", str(self.confdir), *options, "--"]
        return self._spawn([*run, *command], program)

    def start_in_shell(self, program: Program, prompt: str, proxy: ProxyProcess) -> subprocess.Popen[str]:
        """Starts an agent with nothing but the variables of a proxy, without waiting."""
        exports = {
            "HTTPS_PROXY": proxy.url,
            "NODE_EXTRA_CA_CERTS": str(proxy.ca_file),
            "SSL_CERT_FILE": str(proxy.ca_file),
        }
        return self._spawn([find(program), *program.question, prompt], program, exports)

    def proxy(self) -> ProxyProcess:
        """A proxy that several runs share, to be ended by the caller."""
        return ProxyProcess(home=self.store, confdir=self.confdir, double=self.double)

    def ended(self, process: subprocess.Popen[str]) -> Ended:
        """Waits for an agent's end."""
        out, err = process.communicate(timeout=_ENDED_S)
        return Ended(process.returncode, out, err)

    def sessions(self) -> dict[str | None, list[Call]]:
        """The calls of each session, in the order in which they were stored, once all have ended."""
        for _ in _tries():
            with Ledger(self.store) as ledger:
                found = {stored.session_id: ledger.calls(stored.session_id) for stored in ledger.sessions()}
            if all(call.status != "running" for calls in found.values() for call in calls):
                return found
        pytest.fail("a call did not end")

    def close(self) -> None:
        """Ends what has not ended by itself."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def _spawn(
        self, command: list[str], program: Program, exports: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        place = self.folder / f"{program.program}-{len(self._started)}"
        home, work = place / "home", place / "work"
        for made in (home, work, place / "tmp"):
            made.mkdir(parents=True)
        # The user's own settings and keys are nobody's affair here.
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "TMPDIR": str(place / "tmp"),
            # The user's own CA: hosts that are no provider keep their TLS, and here that is the double's.
            "SSL_CERT_FILE": str(self.double.ca_file),
            "NODE_EXTRA_CA_CERTS": str(self.double.ca_file),
            "SESSIONTAP_HOME": str(self.store),
            "SESSIONTAP_MITMDUMP": shlex.join(self._mitmdump()),
            reroute.PORT_VARIABLE: str(self.double.port),
            **program.settings(home),
            **(exports or {}),
        }
        process = subprocess.Popen(
            command,
            cwd=work,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def _mitmdump(self) -> tuple[str, ...]:
        trusted = f"ssl_verify_upstream_trusted_ca={self.double.ca_file}"
        return ("-s", reroute.__file__, "--set", trusted)


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


def _tries() -> Iterator[None]:
    pause = threading.Event()
    for _ in range(1_000):
        yield
        pause.wait(0.01)
