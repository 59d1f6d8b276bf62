"""Sessions that are chosen by the catalogue are those that reading everything chooses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.cli.stored import choose, find_session, open_store, select
from sessiontap.sessions.filters import CallFilter
from sessiontap.store import Ledger, session_key
from tests.sessions.samples import fill, make_call

_STARTS = st.none() | st.integers(0, 20).map(lambda second: f"2026-11-23T20:00:{second:02}.000Z")
_FILTERS = st.builds(
    CallFilter,
    since=_STARTS,
    until=_STARTS,
    names=st.just(()) | st.sampled_from([("n*",), ("name 1",), ("x",)]),
    users=st.just(()) | st.sampled_from([("u0",), ("u1", "u2"), ("",), ("x",)]),
    models=st.just(()) | st.sampled_from([("m0",), ("m*",), ("x",)]),
    properties=st.just(()) | st.sampled_from([(("env", "0"),), (("ENV", "1"),), (("env", "x"),)]),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight sessions of calls that differ in all that a filter looks at."""
    folder = tmp_path_factory.mktemp("home")
    for number in range(8):
        calls = [
            make_call(
                (7 * number + 3 * each) % 20,
                "/",
                f"m{(number + each) % 3}",
                call_id=f"c{each}",
                session_id=f"s{number}" if number else None,
                session_name=[None, "name 1", "name 2"][(number + each) % 3],
                user_id=[None, "u0", "u1", "u2"][number * each % 4],
                properties={"Env": str(each % 2)},
                status="running" if number % 4 == 3 and each == 2 else "ok",
            )
            for each in range(number % 5 + 1)
        ]
        fill(folder, calls)
    return folder


@given(wanted=_FILTERS)
def test_the_catalogue_chooses_as_the_calls_do(home: Path, wanted: CallFilter) -> None:
    """Whatever the filter: the same sessions, and of each the same calls."""
    truth = [
        (session.session_id, matching)
        for session in Ledger(home).sessions()
        if (matching := wanted.matching(session.calls))
    ]
    assert [session.session_id for session in choose(open_store(home), wanted)] == [key for key, _ in truth]
    assert [(session.session_id, calls) for session, calls in select(open_store(home), wanted)] == truth


def test_named_sessions_are_given_once(home: Path) -> None:
    """Two texts for one session are one session, and the filter counts as well."""
    store, texts = open_store(home), ["s1", session_key("s1"), "-1", "s2"]
    named = [session.session_id for session in choose(store, CallFilter(), texts)]
    assert named == [session.session_id for session, _ in select(store, CallFilter(), texts)]
    assert named.count("s1") == 1
    assert list(choose(store, CallFilter(models=("x",)), texts)) == []


def test_a_whole_id_is_found_without_the_catalogue(home: Path, tmp_path: Path) -> None:
    """Only the one session is read: what is wrong with another one is not told either."""
    fill(tmp_path, [make_call(1, "/", session_id="one")])
    (tmp_path / "sessions" / "other" / "calls.jsonl").mkdir(parents=True)
    store = open_store(tmp_path)
    assert [call.session_id for call in find_session(store, "one").calls] == ["one"]
    assert store.problems == []
    assert not (tmp_path / "catalog.json").exists()
    assert find_session(open_store(home), "unassigned").session_id is None


def test_a_problem_is_told_once(tmp_path: Path) -> None:
    """Though the catalogue and the ledger both came upon it."""
    fill(tmp_path, [make_call(1, "/", properties={"a": "b"})])
    (path,) = tmp_path.glob("sessions/*/calls.jsonl")
    with path.open("ab") as file:
        file.write(b"oops\n")
    store = open_store(tmp_path)
    assert len(list(choose(store, CallFilter(properties=(("a", "b"),))))) == 1
    assert len(store.problems) == 1
