from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sessiontap.call import Call
from sessiontap.sessions.fold import folded
from sessiontap.sessions.grouping import Grouping
from sessiontap.sessions.rollup import summarize
from sessiontap.sessions.tally import Tally
from sessiontap.usage import Usage
from tests.sessions.samples import make_call
from tests.sessions.test_fold import sessions

_KEYS = {
    "day": lambda call: call.started_at[:10],
    "user": lambda call: call.user_id,
    "agent": lambda call: call.agent,
}


def _two_days() -> list[Call]:
    """A session over midnight, of two agents' versions."""
    return [
        make_call(1, "/", cost_usd=Decimal("0.1"), agent="claude-cli/2.0.0"),
        make_call(
            2,
            "/",
            cost_usd=Decimal("0.2"),
            agent="claude-cli/2.0.1",
            started_at="2026-11-24T00:00:00.000Z",
            usage=Usage(input_tokens=100, cache_read_input_tokens=25),
            properties={"Env": "prod"},
        ),
        make_call(3, "/", cost_usd=None, agent=None, started_at="2026-11-24T00:00:01.000Z", status="error"),
    ]


def test_each_call_counts_on_its_own_day() -> None:
    """A session over midnight is of two days, and of one in all."""
    grouping = Grouping("day")
    grouping.add("n", folded(_two_days()))
    first, second = grouping.groups()
    assert (first.name, first.sessions, first.totals.calls, first.totals.cost_usd) == (
        "2026-11-23",
        1,
        1,
        Decimal("0.1"),
    )
    assert (second.name, second.totals.calls, second.totals.cost_usd) == ("2026-11-24", 2, Decimal("0.2"))
    assert (second.totals.unpriced_calls, second.totals.errors) == (1, 1)
    whole = grouping.whole()
    assert (whole.name, whole.sessions, whole.totals.calls, whole.totals.cost_usd) == (
        None,
        1,
        3,
        Decimal("0.3"),
    )


def test_an_agents_versions_are_one_agent() -> None:
    """Calls without an agent come last."""
    grouping = Grouping("agent")
    grouping.add("n", folded(_two_days()))
    assert [(group.name, group.totals.calls) for group in grouping.groups()] == [("claude-cli", 2), (None, 1)]


def test_a_property_is_told_by_the_calls() -> None:
    """Keys compare without case; calls that lack it come last."""
    grouping = Grouping("property:ENV")
    grouping.add_calls(_two_days())
    grouping.add_calls([])
    found = [(group.name, group.totals.calls, group.sessions) for group in grouping.groups()]
    assert found == [("prod", 1, 1), (None, 2, 1)]


def test_a_session_of_one_group_is_added_as_it_is() -> None:
    """Its summary says the same as its fold."""
    calls = _two_days()
    by_fold, by_summary = Grouping("name"), Grouping("name")
    by_fold.add("n", folded(calls))
    by_summary.add_alike("n", summarize("s", calls))
    assert by_fold.groups() == by_summary.groups()
    assert by_fold.whole() == by_summary.whole()


@given(several=st.lists(sessions(), max_size=3), kind=st.sampled_from(["day", "user", "agent"]))
def test_groups_are_what_their_calls_come_to(several: list[list[Call]], kind: str) -> None:
    """Nothing is lost, nothing counts twice."""
    grouping = Grouping(kind)
    expected: dict[str | None, Tally] = {}
    for calls in several:
        grouping.add(None, folded(calls))
        for call in calls:
            expected.setdefault(_KEYS[kind](call), Tally()).add(call)
    found = {group.name: group.totals for group in grouping.groups()}
    assert found.keys() == expected.keys()
    for key, tally in expected.items():
        for name in ("calls", "running", "errors", "unpriced_calls", "cost_usd", "notional_cost_usd"):
            assert getattr(found[key], name) == getattr(tally, name), name
        assert found[key].usage == tally.usage()
    assert grouping.whole().totals.calls == sum(map(len, several))


@given(calls=sessions())
def test_models_are_those_of_the_summary(calls: list[Call]) -> None:
    """Calls that billed several models count in each."""
    grouping = Grouping("model")
    grouping.add(None, folded(calls))
    found = {
        (group.name, group.totals.calls, group.totals.unpriced_calls, group.totals.cost_usd)
        for group in grouping.groups()
    }
    models = summarize("s", calls).models
    assert found == {(model.model, model.calls, model.unpriced_calls, model.cost_usd) for model in models}
    assert grouping.whole().totals.calls == len(calls)


def test_groups_are_json() -> None:
    """As `list --by --json` prints them: what is not known is left out."""
    grouping = Grouping("day")
    grouping.add("n", folded([make_call(1, "/", usage=Usage(), cost_usd=None, usage_source="none")]))
    (group,) = msgspec.json.decode(msgspec.json.encode(grouping.groups()))
    assert (group["name"], group["sessions"], group["totals"]["calls"]) == ("2026-11-23", 1, 1)
    assert "cost_usd" not in group["totals"]
