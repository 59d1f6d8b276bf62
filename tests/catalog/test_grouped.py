"""Groups out of the catalogue: the same as by reading every call."""

from __future__ import annotations

from pathlib import Path

import pytest

from sessiontap.call import Call
from sessiontap.catalog import Catalog, costs_by_day, grouped
from sessiontap.sessions.filters import CallFilter
from sessiontap.sessions.fold import folded
from sessiontap.sessions.grouping import Grouping
from sessiontap.store.ledger import Ledger
from tests.sessions.samples import fill, make_call, plain, triage

_NIGHT = "2026-11-24T03:00:00.000Z"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Sessions of one day and of two, with a call under way."""
    night = [
        make_call(1, "/", session_id="night", session_name="night", user_id="bob"),
        make_call(2, "/", session_id="night", session_name=None, started_at=_NIGHT, properties={"env": "x"}),
    ]
    fill(tmp_path, triage(), plain(), night)
    return tmp_path


def by_reading(home: Path, by: str, wanted: CallFilter) -> Grouping:
    """The same by every call of every session."""
    grouping = Grouping(by)
    for session in Ledger(home).sessions():
        calls = wanted.matching(session.calls)
        if grouping.reads_calls:
            grouping.add_calls(calls)
        else:
            named = [call.session_name for call in session.calls if call.session_name]
            grouping.add(named[-1] if named else None, folded(calls))
    return grouping


@pytest.mark.parametrize("by", ["day", "model", "user", "agent", "name", "property:env"])
@pytest.mark.parametrize(
    "wanted",
    [
        CallFilter(),
        CallFilter(models=("gpt*",)),
        CallFilter(since="2026-11-23T20:00:02.000Z"),
        CallFilter(since="2026-11-24", until="2026-11-25"),
        CallFilter(names=("night",), statuses=("ok",)),
        CallFilter(properties=(("env", "prod"),)),
        CallFilter(statuses=("interrupted", "error")),
        CallFilter(users=("nobody",)),
    ],
)
def test_groups_are_those_of_the_calls(home: Path, by: str, wanted: CallFilter) -> None:
    """Whatever the filter; calls of a dead proxy count as interrupted."""
    ledger = Ledger(home)
    found = grouped(Catalog(home).sessions, by, ledger.calls, wanted)
    expected = by_reading(home, by, wanted)
    assert found.groups() == expected.groups()
    assert found.whole() == expected.whole()


@pytest.mark.parametrize("by", ["day", "model", "user", "agent", "name"])
def test_the_catalogue_alone_tells_all_but_properties(home: Path, by: str) -> None:
    """No call is read without a filter, nor with one that takes in all of those that are alike."""

    def calls_of(_session_id: str | None) -> list[Call]:
        raise AssertionError

    for wanted in (None, CallFilter(models=("gpt*",), until="2026-11-25", paths=("/triage",))):
        assert grouped(Catalog(home).sessions, by, calls_of, wanted).whole().totals.calls


def test_a_sessions_one_day(home: Path) -> None:
    """None where its calls started on several."""
    days = {session.session_id: session.day for session in Catalog(home).sessions}
    assert (days["night"], days["b-2"]) == (None, "2026-11-23")


def test_the_cost_of_each_day(home: Path) -> None:
    """Of a session of several days, each call on its own; what is no day is left out."""
    fill(home, [make_call(9, "/", session_id="odd", started_at="not a time", ended_at=None)])
    costs = costs_by_day(Catalog(home).sessions)
    by_day = grouped(Catalog(home).sessions, "day", Ledger(home).calls).groups()
    assert list(costs) == ["2026-11-23", "2026-11-24"]
    assert costs == {each.name: each.totals.cost_usd for each in by_day if each.name != "not a time"}
