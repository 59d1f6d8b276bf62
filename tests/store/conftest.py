"""Calls to store, a database on each storage, and other processes that append."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from tinydb import TinyDB
from tinydb.storages import JSONStorage, MemoryStorage

from sessiontap.call import Call, Status
from sessiontap.store.appender import Appender
from sessiontap.store.tinydb_storage import AppendStorage
from sessiontap.usage import Usage
from tests.store.limits import LargestFile

STAMP = "2026-11-23T20:00:00.000Z"


@pytest.fixture
def new_call() -> Callable[..., Call]:
    """Makes a plausible call; the keywords are those that the store looks at."""

    def make(
        call_id: str,
        session_id: str | None = "run-1",
        *,
        name: str | None = None,
        status: Status = "ok",
        started_at: str = STAMP,
        schema: int = 1,
        url_path: str = "/v1/messages",
    ) -> Call:
        return Call(
            schema=schema,
            call_id=call_id,
            session_id=session_id,
            session_name=name,
            provider="anthropic",
            api="anthropic.messages",
            operation="chat",
            host="api.anthropic.com",
            url_path=url_path,
            status=status,
            started_at=started_at,
            usage=Usage(input_tokens=100, output_tokens=20),
            cost_usd=Decimal("0.00123456789012345678901"),
        )

    return make


@pytest.fixture(params=["memory", "json", "append"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TinyDB]:
    """An empty database on TinyDB's own storages and on ours: each must behave the same."""
    match request.param:
        case "memory":
            database = TinyDB(storage=MemoryStorage)
        case "json":
            database = TinyDB(tmp_path / "db.json", storage=JSONStorage)
        case _:
            database = TinyDB(tmp_path / "db.jsonl", storage=AppendStorage)
    with database:
        yield database


@pytest.fixture
def umask() -> Iterator[Callable[[int], None]]:
    """Sets the umask of this process for one test."""
    before = os.umask(0o077)

    def set_umask(mask: int) -> None:
        os.umask(mask)

    yield set_umask
    os.umask(before)


@pytest.fixture
def largest_file() -> LargestFile:
    """See LargestFile."""

    @contextmanager
    def limit(size: int) -> Iterator[None]:
        resource = pytest.importorskip("resource")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit


@pytest.fixture
def run_together() -> Callable[[str, list[list[str]]], None]:
    """Runs a script in one process for each list of arguments; all start its work at the same moment."""

    def run(script: str, arguments: list[list[str]]) -> None:
        gate = "import sys; print('ready', flush=True); sys.stdin.readline()\n"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", gate + script, *args],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for args in arguments
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            process.communicate(timeout=60)
        # Only now: one that failed leaves no pipe of the others open.
        assert [process.returncode for process in processes] == [0] * len(processes)

    return run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal of a test stands: in a folder that is not there yet."""
    return tmp_path / "home" / "db.jsonl"


@pytest.fixture
def appender(path: Path) -> Iterator[Appender]:
    """An appender that makes folders and waits shortly."""
    with closing(Appender(path, create_folders=True, lock_timeout_s=0.05)) as made:
        yield made
