"""The catalogue says what reading everything says, and reads only what is new."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.call import Call, encode
from sessiontap.catalog import Catalog
from sessiontap.catalog.catalog import CATALOG_FILE
from sessiontap.errors import StoreError
from sessiontap.sessions.rollup import SessionSummary, summarize
from sessiontap.store import Ledger, session_key
from sessiontap.store.journal import documents_line
from tests.sessions.samples import fill, make_call, plain, triage

linux_only = pytest.mark.skipif(
    not Path("/proc/self/io").exists(), reason="Linux counts the bytes that were read"
)


def by_reading(home: Path) -> tuple[list[SessionSummary], list[str]]:
    """Every summary and every problem, from all calls of all sessions."""
    ledger = Ledger(home)
    summaries = [summarize(session.session_id, session.calls) for session in ledger.sessions()]
    return summaries, sorted(map(str, ledger.problems))


def by_catalog(home: Path) -> tuple[list[SessionSummary], list[str]]:
    """The same from the catalogue."""
    catalog = Catalog(home)
    summaries = list(catalog.summaries())
    for session, summary in zip(catalog.sessions, summaries, strict=True):
        assert session.totals == msgspec.structs.replace(summary, models=(), paths=())
    return summaries, sorted(str(each) for of_file in catalog.problems.values() for each in of_file)


def journal(home: Path, session_id: str) -> Path:
    """The calls of a session."""
    return home / "sessions" / session_key(session_id) / "calls.jsonl"


def bytes_read() -> int:
    """What this process has read from files so far."""
    return int(Path("/proc/self/io").read_text().split()[1])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A store with two sessions, one with a call under way."""
    folder = tmp_path / "home"
    fill(folder, triage(), plain())
    return folder


_IDS = ["one", "two", None]
_RAW = [
    b"oops\n",
    b'{"calls":{"c03":null}}\n',
    b'{"calls":null}\n',
    b'{"calls":{"n":{"schema":9}}}\n',
    b'{"calls":{"torn":{"call',
    b'{"calls":{"c04":{"call_id":"c04"}}}\n',
]


def _do(home: Path, session_id: str | None, draw: Callable[[st.SearchStrategy[object]], object]) -> None:
    """One thing that may happen to a session between two looks."""
    path = Ledger(home).path(session_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    match draw(st.sampled_from(["calls", "calls", "calls", "raw", "cut", "compact", "remove", "same size"])):
        case "calls":
            seconds = draw(st.lists(st.integers(0, 9), min_size=1, max_size=4))
            assert isinstance(seconds, list)
            calls = [
                make_call(
                    second,
                    f"/{second % 3}",
                    session_id=session_id,
                    session_name=str(draw(st.sampled_from([None, "a", "b"]))),
                    status=draw(st.sampled_from(["running", "ok", "error"])),
                )
                for second in seconds
            ]
            with path.open("ab") as file:
                file.writelines(documents_line("calls", {call.call_id: encode(call)}) for call in calls)
        case "raw":
            raw = draw(st.sampled_from(_RAW))
            assert isinstance(raw, bytes)
            with path.open("ab") as file:
                file.write(raw)
        case "cut" if path.exists():
            size = draw(st.integers(0, path.stat().st_size))
            assert isinstance(size, int)
            os.truncate(path, size)
        case "compact" if path.exists():
            Ledger(home).compact(session_id)
        case "same size" if path.exists():
            path.write_bytes(path.read_bytes().replace(b'"input_tokens":1', b'"input_tokens":7'))
        case "remove":
            shutil.rmtree(path.parent)
        case _:
            pass


@given(data=st.data())
def test_whatever_happens_the_catalogue_says_what_reading_says(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Appends, new versions, deletions, torn lines, compactions, other files: looked at in between or not."""
    home = tmp_path_factory.mktemp("home")
    for _ in range(data.draw(st.integers(1, 8))):
        _do(home, data.draw(st.sampled_from(_IDS)), data.draw)
        if data.draw(st.booleans()):
            assert by_catalog(home) == by_reading(home)
    assert by_catalog(home) == by_reading(home)
    assert by_catalog(home) == by_reading(home)


def test_a_catalogue_that_is_deleted_or_damaged_is_made_anew(home: Path) -> None:
    """It is a cache: nothing but time is lost with it."""
    truth, path = by_reading(home), home / CATALOG_FILE
    assert by_catalog(home) == truth
    whole = path.read_bytes()
    for damaged in (
        None,
        b"",
        b"{}",
        b'{"version":0}\n',
        whole[:-20],
        whole.replace(b"6", b"7"),
        bytes(9999),
    ):
        path.unlink() if damaged is None else path.write_bytes(damaged)
        assert by_catalog(home) == truth
        assert by_catalog(home) == truth


@linux_only
def test_what_has_not_changed_is_not_read(home: Path) -> None:
    """A second look reads the catalogue alone, a third one also the call that is new."""
    line = documents_line("calls", {"x": encode(make_call(9, "/", call_id="x"))})
    path = journal(home, "b-2")
    with path.open("ab") as file:
        for number in range(3000):
            call = make_call(9, "/", call_id=f"x{number}", session_id="b-2")
            file.write(documents_line("calls", {call.call_id: encode(call)}))
    assert sum(session.totals.calls for session in Catalog(home).sessions) == 3007
    size = (home / CATALOG_FILE).stat().st_size
    before = bytes_read()
    assert len(Catalog(home).sessions) == 2
    assert bytes_read() - before < size + 1000
    fill(home, [make_call(9, "/", session_id="b-2")])
    before = bytes_read()
    assert sum(session.totals.calls for session in Catalog(home).sessions) == 3008
    # The catalogue, the new line, and twice the bytes before it.
    assert bytes_read() - before < size + 2 * 2048 + 2 * len(line) < path.stat().st_size // 10


def test_a_call_under_way_is_settled_at_every_look(home: Path) -> None:
    """What it is shown as may change while nothing is written."""

    def settle(call: Call) -> Call:
        return msgspec.structs.replace(call, status="interrupted")

    def running(catalog: Catalog) -> int:
        return sum(session.totals.running for session in catalog.sessions)

    with Ledger(home) as ledger:
        ledger.append(make_call(9, "/", call_id="now", status="running", ended_at=None))
        for _ in range(2):
            assert running(Catalog(home)) == 1
            assert running(Catalog(home, settle=settle)) == 0
    # The ledger was the call's proxy, and it is closed.
    assert running(Catalog(home)) == 0
    assert by_catalog(home) == by_reading(home)


def test_reading_makes_no_home(tmp_path: Path) -> None:
    """Where nothing is recorded, nothing is written."""
    assert Catalog(tmp_path / "home").sessions == []
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StoreError, match="no session fits"):
        Catalog(tmp_path / "home").find("a")


def test_a_catalogue_that_cannot_be_written_is_done_without(home: Path) -> None:
    """No error, and the same answer: here there is a folder in its place."""
    (home / CATALOG_FILE).mkdir()
    assert by_catalog(home) == by_reading(home)
    assert sorted(each.name for each in home.iterdir() if each.name.startswith("catalog")) == [CATALOG_FILE]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_home_that_may_not_be_written_is_read(home: Path) -> None:
    """As another user's, mounted for reading only."""
    home.chmod(0o500)
    try:
        assert by_catalog(home) == by_reading(home)
    finally:
        home.chmod(0o700)


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_it_is_private(home: Path) -> None:
    """Names of sessions are nobody else's business."""
    by_catalog(home)
    assert (home / CATALOG_FILE).stat().st_mode & 0o777 == 0o600


def test_a_removed_session_leaves_the_catalogue(home: Path) -> None:
    """Nothing of it stays in the file: it was removed for a reason."""
    by_catalog(home)
    key = session_key("b-2")
    assert key.encode() in (home / CATALOG_FILE).read_bytes()
    shutil.rmtree(home / "sessions" / key)
    assert len(Catalog(home).sessions) == 1
    assert key.encode() not in (home / CATALOG_FILE).read_bytes()


def test_the_file_does_not_grow_for_ever(home: Path) -> None:
    """What is out of date goes when it is more than what is not, and 64 KiB."""
    path = home / CATALOG_FILE
    sizes = []
    for number in range(400):
        fill(home, [make_call(1, "/", call_id=f"x{number}", session_id="b-2")])
        assert len(Catalog(home).sessions) == 2
        sizes.append(path.stat().st_size)
    assert max(sizes) < 100_000
    assert by_catalog(home) == by_reading(home)


def test_what_is_no_session_is_reported(home: Path) -> None:
    """A copy, a file that cannot be read, a stray folder: as reading everything reports them."""
    shutil.copytree(journal(home, "b-2").parent, home / "sessions" / "backup")
    journal(home, "bad").mkdir(parents=True)
    (home / "sessions" / "empty").mkdir()
    (home / "sessions" / ".DS_Store").write_text("stray")
    summaries, problems = by_catalog(home)
    assert (summaries, problems) == by_reading(home)
    assert len(problems) == 2
    assert by_catalog(home) == (summaries, problems)


def test_a_folder_whose_name_is_no_text_is_left_out(home: Path) -> None:
    """A name of bytes that are not UTF-8 ends no command."""
    strange = os.fsdecode(os.fsencode(home / "sessions") + b"/\xff\xfe")
    try:
        shutil.copytree(journal(home, "b-2").parent, strange)
    except OSError:
        pytest.skip("this file system has no such names")
    _, problems = by_catalog(home)
    assert len(problems) == 1


def test_problems_are_named_up_to_a_hundred(home: Path) -> None:
    """A file of garbage is not read out to the user line by line; nor is it kept so."""
    with journal(home, "b-2").open("ab") as file:
        file.write(b"oops\n" * 150)
    by_catalog(home)
    with journal(home, "b-2").open("ab") as file:
        file.write(b"oops\n" * 20)
    _, problems = by_catalog(home)
    assert len(problems) == 101
    assert any("70 more lines or records cannot be read; left out" in each for each in problems)


def test_sessions_that_cannot_be_listed_are_an_error(tmp_path: Path) -> None:
    """Not an empty list."""
    (tmp_path / "sessions").write_text("a file")
    with pytest.raises(StoreError, match="sessions cannot be read: Not a directory; make it accessible"):
        Catalog(tmp_path).summaries()


LOOKS = """
from pathlib import Path
from sessiontap.catalog import Catalog
from sessiontap.store import Ledger
from tests.sessions.samples import make_call
home, name = Path(sys.argv[1]), sys.argv[2]
with Ledger(home) as ledger:
    for number in range(60):
        ledger.append(make_call(1, "/", call_id=f"{name}-{number}", session_id=f"s{number % 3}"))
        found = sum(session.totals.calls for session in Catalog(home).sessions)
        assert found > number, (found, number)
"""


def test_commands_look_at_once(home: Path, run_together: Callable[[str, list[list[str]]], None]) -> None:
    """Two processes that record and look spoil nothing for each other, nor for who looks later."""
    run_together(LOOKS, [[str(home), name] for name in ("one", "two")])
    assert by_catalog(home) == by_reading(home)
    assert sum(summary.calls for summary in by_catalog(home)[0]) == 127
