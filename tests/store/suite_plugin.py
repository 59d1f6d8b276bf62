"""A pytest plugin for TinyDB's own tests: puts our storage, or also our table, in the place of TinyDB's.

`SUITE_RUN` is `theirs`, `storage` or `table`; what became of each test goes to the file `SUITE_REPORT`, as
`{"<test>": ["passed" | "failed" | "skipped", "<the error's first line>"]}`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import tinydb
import tinydb.database
import tinydb.storages
from tinydb.storages import Storage
from tinydb.table import Table

from sessiontap.store.tinydb_storage import AppendStorage, AppendTable

_outcomes: dict[str, tuple[str, str]] = {}


class OurStorage(AppendStorage):
    """Takes `ensure_ascii` as well: TinyDB's tests ask for text that is not escaped, and ours never is."""

    def __init__(self, path: str | os.PathLike[str], *, ensure_ascii: bool = False, **options: Any) -> None:
        assert not ensure_ascii
        super().__init__(path, **options)


def our_table(storage: Storage, name: str, **options: Any) -> Table:
    """Our table where the storage is ours, with a cache of queries as TinyDB's has one."""
    if isinstance(storage, AppendStorage):
        return AppendTable(
            storage, name, **{"cache_size": AppendTable.default_query_cache_capacity, **options}
        )
    return Table(storage, name, **options)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Before a module of the tests imports a name of TinyDB."""
    if os.environ["SUITE_RUN"] != "theirs":
        for module in (tinydb, tinydb.database, tinydb.storages):
            module.JSONStorage = OurStorage  # type: ignore[attr-defined]
        tinydb.TinyDB.default_storage_class = OurStorage  # type: ignore[assignment]
    if os.environ["SUITE_RUN"] == "table":
        tinydb.TinyDB.table_class = staticmethod(our_table)  # type: ignore[assignment]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keeps the first outcome that is no pass, of a test's start, body and end."""
    if report.when == "call" or report.outcome != "passed":
        crash = getattr(report.longrepr, "reprcrash", None)
        error = "" if crash is None else crash.message.partition("\n")[0]
        if _outcomes.get(report.nodeid, ("passed",))[0] == "passed":
            _outcomes[report.nodeid] = (report.outcome, error)


def pytest_sessionfinish() -> None:
    """Writes the outcomes."""
    Path(os.environ["SUITE_REPORT"]).write_text(json.dumps(_outcomes), "utf-8")
