"""The live catalogue says at each look what a fresh one says, and what has changed since the last."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sessiontap.catalog import Catalog, LiveCatalog
from sessiontap.catalog.catalog import CATALOG_FILE
from sessiontap.store import Ledger, session_key
from tests.sessions.samples import fill, make_call, plain, triage


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A store with two sessions, one with a call under way."""
    folder = tmp_path / "home"
    fill(folder, triage(), plain())
    return folder


def test_the_first_look_sees_all_as_new(home: Path) -> None:
    """At first everything has changed, and nothing is gone."""
    look = LiveCatalog(home).look()
    assert look.changed == {session.key for session in look.sessions}
    assert len(look.sessions) == 2
    assert look.gone == frozenset()


def test_a_look_names_what_is_new(home: Path) -> None:
    """A session that has grown is named, one that stayed as it was is not."""
    live = LiveCatalog(home)
    live.look()
    with Ledger(home) as ledger:
        ledger.append(make_call(1, "/", session_id="new"))
    look = live.look()
    key = session_key("new")
    settled = {session.key for session in look.sessions if not session.totals.running}
    assert look.changed & settled == {key}
    assert live.look().changed & settled == frozenset()
    with Ledger(home) as ledger:
        ledger.append(make_call(2, "/", session_id="new"))
    look = live.look()
    assert look.changed & settled == {key}
    assert next(each for each in look.sessions if each.key == key).totals.calls == 2


def test_a_look_is_what_a_fresh_catalogue_says(home: Path) -> None:
    """After any change a look and a new catalogue agree, and so do their problems."""
    live = LiveCatalog(home)
    for number in range(4):
        with Ledger(home) as ledger:
            ledger.append(make_call(number, "/", session_id=f"s{number % 2}"))
        if number == 2:
            with (home / "sessions" / session_key("s0") / "calls.jsonl").open("ab") as file:
                file.write(b"torn\n")
        look = live.look()
        fresh = Catalog(home)
        assert [each.summary() for each in look.sessions] == list(fresh.summaries())
        assert sorted(map(str, look.problems)) == sorted(
            str(problem) for of_file in fresh.problems.values() for problem in of_file
        )


def test_a_removed_session_is_gone_once(home: Path) -> None:
    """A session whose folder was removed is named as gone at the next look only."""
    live = LiveCatalog(home)
    key = live.look().sessions[0].key
    shutil.rmtree(home / "sessions" / key)
    look = live.look()
    assert look.gone == {key}
    assert key not in {session.key for session in look.sessions}
    assert live.look().gone == frozenset()


def test_later_looks_leave_the_cache_alone(home: Path) -> None:
    """Only the first look writes the cache."""
    live = LiveCatalog(home)
    live.look()
    cache = home / CATALOG_FILE
    written = cache.read_bytes()
    with Ledger(home) as ledger:
        ledger.append(make_call(1, "/", session_id="new"))
    assert len(live.look().sessions) == 3
    assert cache.read_bytes() == written


def test_calls_under_way_are_told(home: Path) -> None:
    """A session gives its calls that have not ended; once they have, there are none."""
    with Ledger(home) as ledger:
        ledger.append(make_call(1, "/", session_id="open", status="running", ended_at=None))
        live = LiveCatalog(home)
        key = session_key("open")

        def under_way() -> list[tuple[str, str]]:
            session = next(each for each in live.look().sessions if each.key == key)
            return [(call.call_id, call.status) for call in session.under_way]

        assert under_way() == [("c01", "running")]
        ledger.append(make_call(1, "/", session_id="open"))
        assert under_way() == []
