from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sessiontap.cli.main import cli
from sessiontap.store import Ledger
from tests.cli.running import Run, Start
from tests.sessions.samples import plain, triage


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A store with two sessions, and the proxy that holds the call under way."""
    folder = tmp_path / "home"
    with Ledger(folder) as proxy:
        for call in triage() + plain():
            proxy.append(call)
        yield folder


@pytest.fixture
def run(home: Path) -> Run:
    """See Run."""

    def invoke(*args: str, **environ: str) -> Result:
        return CliRunner().invoke(
            cli, list(args), env={"SESSIONTAP_HOME": str(home), **environ}, prog_name="sessiontap"
        )

    return invoke


@pytest.fixture
def process(home: Path) -> Start:
    """See Start."""

    def start(*args: str, **environ: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "sessiontap", *args],
            env={**os.environ, "SESSIONTAP_HOME": str(home), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )

    return start
