"""TinyDB's own test suite on our storage and on our table; its tests come with its source distribution."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import pytest

import sessiontap

HERE = Path(__file__).parent
CHECKOUT = Path(sessiontap.__file__).parents[1]

Outcomes = dict[str, tuple[str, str]]
NotOurs = dict[str, tuple[str, str]]
"""Test -> the pattern of its error's first line, and why it cannot pass."""

_NO_OPTION = ".*unexpected keyword argument '(sort_keys|access_mode|encoding)'"
_OPTIONS = "our lines have one form, UTF-8 without blanks, and the operating system says who may write"
_LATE = "nothing is opened or made before the first write; that one raises the OSError"
# A text was given, or no document has the number.
_OTHER_ID = "(AssertionError: )?assert .* == |AssertionError: assert False$|.* type.* for -: 'str' and 'int'"
_IDS = "counts on numbers as ids, those of our table are text"

STORAGE: NotOurs = {
    "test_middlewares.py::test_caching_json_write": (
        ".*no attribute '_handle'",
        "looks into JSONStorage for its open file",
    ),
    "test_storages.py::test_json": ("TypeError: table 'none'", "writes what are no tables of documents"),
    "test_storages.py::test_json_kwargs": (_NO_OPTION, _OPTIONS),
    "test_storages.py::test_json_read": (_NO_OPTION, _OPTIONS),
    "test_storages.py::test_encoding": (_NO_OPTION, _OPTIONS),
    "test_storages.py::test_json_invalid_mode_warning": ("Failed: DID NOT WARN", _OPTIONS),
    "test_storages.py::test_create_dirs": ("Failed: DID NOT RAISE", _LATE),
    "test_storages.py::test_json_invalid_directory": ("Failed: DID NOT RAISE", _LATE),
    "test_tables.py::test_table_repr[json]": ("assert None", "knows the names of TinyDB's storages only"),
}
TABLE: NotOurs = STORAGE | dict.fromkeys(
    (
        "test_tables.py::test_next_id[json]",
        "test_tables.py::test_truncate_table[json]",
        "test_tinydb.py::test_insert_ids[json]",
        "test_tinydb.py::test_insert_with_doc_id[json]",
        "test_tinydb.py::test_insert_with_duplicate_doc_id[json]",
        "test_tinydb.py::test_insert_multiple_with_ids[json]",
        "test_tinydb.py::test_insert_multiple_with_doc_ids[json]",
        "test_tinydb.py::test_remove_ids[json]",
        "test_tinydb.py::test_remove_returns_ids[json]",
        "test_tinydb.py::test_remove_ids_mixed[json]",
        "test_tinydb.py::test_update_returns_ids[json]",
        "test_tinydb.py::test_update_ids[json]",
        "test_tinydb.py::test_update_ids_mixed[json]",
        "test_tinydb.py::test_upsert[json]",
        "test_tinydb.py::test_upsert_by_id[json]",
        "test_tinydb.py::test_contains_ids[json]",
        "test_tinydb.py::test_lastid_after_open",
        "test_tinydb.py::test_doc_ids_json",
    ),
    (_OTHER_ID, _IDS),
)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tests of the TinyDB that is installed."""
    folder = tmp_path_factory.mktemp("tinydb")
    wanted = f"tinydb=={version('tinydb')}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*command, "--no-binary", "tinydb", "--dest", str(folder), wanted],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    archives = list(folder.glob("*.tar.gz"))
    if done.returncode or not archives:
        reason = f"pip cannot get the source of {wanted}: {done.stderr.strip()[-300:]}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    (tests,) = folder.glob("tinydb-*/tests")
    # Their settings ask for plugins of their own.
    tests.with_name("pytest.ini").write_text("[pytest]\n", "utf-8")
    return tests


def run(suite: Path, report: Path, what: Literal["theirs", "storage", "table"]) -> Outcomes:
    """What became of each test."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE), str(CHECKOUT)]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "SUITE_RUN": what,
        "SUITE_REPORT": str(report),
    }
    # The installed TinyDB is meant, not the one beside the tests.
    options = ["-q", "-p", "suite_plugin", "-p", "no:cacheprovider", "--import-mode=importlib"]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", *options, "-c", "pytest.ini", suite.name],
        cwd=suite.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert report.exists(), done.stdout + done.stderr
    outcomes = json.loads(report.read_text("utf-8"))
    return {name.removeprefix("tests/"): tuple(outcome) for name, outcome in outcomes.items()}


def not_passed(outcomes: Outcomes) -> dict[str, str]:
    """The error of each test that did not pass."""
    return {name: f"{outcome}: {error}" for name, (outcome, error) in outcomes.items() if outcome != "passed"}


def test_their_suite_passes_on_their_storage(suite: Path, tmp_path: Path) -> None:
    """With this Python and pytest TinyDB's tests pass as they are, so a failure on ours is ours."""
    outcomes = run(suite, tmp_path / "report.json", "theirs")
    assert not_passed(outcomes) == {}
    assert len(outcomes) > 200


@pytest.mark.parametrize(("what", "named"), [("storage", STORAGE), ("table", TABLE)])
def test_their_suite_passes_on_ours(
    suite: Path, tmp_path: Path, what: Literal["storage", "table"], named: NotOurs
) -> None:
    """Every test passes, but those that are named, and each of those fails for the reason named."""
    outcomes = run(suite, tmp_path / "report.json", what)
    errors = not_passed(outcomes)
    assert set(errors) == set(named), errors
    for name, (pattern, _) in named.items():
        assert re.match(f"failed: ({pattern})", errors[name]), f"{name}: {errors[name]}"
    assert len(outcomes) - len(named) > 190
