"""A filter lets through what its words say, told by the catalogue or by the calls; none is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.call import Call
from sessiontap.errors import SessiontapError
from sessiontap.sessions.fold import folded
from sessiontap.usage import Usage
from sessiontap.web.helicone import chosen as room
from sessiontap.web.helicone.asked import session_query
from sessiontap.web.helicone.chosen import choose
from sessiontap.web.helicone.figures import Figures
from sessiontap.web.helicone.filters import read_filter
from sessiontap.web.source import Source, source_of
from tests.sessions.samples import TRIAGE_ID, fill, make_call
from tests.web.helicone import schemas
from tests.web.helicone.conftest import Ask, Refuse

QUERY = "/v1/session/query"


def _calls(**column: object) -> dict[str, object]:
    return {"request_response_rmt": column}


def _sums(**column: object) -> dict[str, object]:
    return {"sessions_request_response_rmt": column}


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        (_calls(model={"equals": "o3"}), {"b-2": 1}),
        (_calls(model={"not-equals": "o3"}), {TRIAGE_ID: 6}),
        (_calls(model={"like": "gpt-5%"}), {TRIAGE_ID: 2}),
        (_calls(model={"ilike": "GPT-_-MINI%"}), {TRIAGE_ID: 2}),
        (_calls(model={"contains": "GPT", "not-contains": "mini"}), {TRIAGE_ID: 1}),
        (_calls(user_id={"equals": "ann"}), {TRIAGE_ID: 1}),
        (_calls(user_id={"equals": ""}), {TRIAGE_ID: 5, "b-2": 1}),
        (_calls(status={"gte": 400}), {TRIAGE_ID: 1}),
        (_calls(cost={"equals": 0.0123}), {TRIAGE_ID: 1}),
        (_calls(cost={"lt": 1}), {TRIAGE_ID: 3, "b-2": 1}),
        (_calls(latency={"gt": 2300}), {}),
        (_calls(time_to_first_token={"lte": 340}), {TRIAGE_ID: 4, "b-2": 1}),
        (_calls(prompt_cache_read_tokens={"gt": 0}), {TRIAGE_ID: 1}),
        (_calls(total_tokens={"equals": 1290}), {TRIAGE_ID: 3, "b-2": 1}),
        (_calls(provider={"equals": "OPENAI"}), {TRIAGE_ID: 6, "b-2": 1}),
        (
            _calls(target_url={"equals": "https://api.openai.com/v1/chat/completions"}),
            {TRIAGE_ID: 6, "b-2": 1},
        ),
        (_calls(request_id={"equals": "p1"}), {"b-2": 1}),
        (_calls(request_created_at={"gte": "2026-11-23T20:00:50Z"}), {"b-2": 1}),
        (_calls(request_created_at={"lt": "2026-11-23 20:00:02"}), {TRIAGE_ID: 2}),
        (_calls(request_created_at={"equals": "2026-11-23T20:00:05.000Z"}), {TRIAGE_ID: 1}),
        (_calls(response_created_at={"lte": "2026-11-23T20:00:02.300Z"}), {TRIAGE_ID: 1}),
        (_calls(properties={"env": {"equals": "prod"}}), {TRIAGE_ID: 1}),
        (_calls(properties={"Env": {"not-equals": "prod"}}), {TRIAGE_ID: 5, "b-2": 1}),
        (_calls(property_key={"equals": "ENV"}), {TRIAGE_ID: 1}),
        ({"properties": {"Helicone-Session-Path": {"like": "/triage/research/%"}}}, {TRIAGE_ID: 3}),
        ({"properties": {"Helicone-Session-Name": {"equals": "triage ticket 4711"}}}, {TRIAGE_ID: 6}),
        ({"properties": {"Helicone-Session-Name": {"not-equals": "triage ticket 4711"}}}, {"b-2": 1}),
        ({"request": {"model": {"equals": "o3"}}, "response": {"status": {"equals": 200}}}, {"b-2": 1}),
        (_sums(session_session_id={"equals": "b-2"}), {"b-2": 1}),
        (_sums(session_session_name={"contains": "TICKET"}), {TRIAGE_ID: 6}),
        (_sums(session_total_cost={"gt": 0.001}), {TRIAGE_ID: 6}),
        (_sums(session_total_requests={"equals": 1}), {"b-2": 1}),
        (_sums(session_prompt_tokens={"lt": 2000}), {"b-2": 1}),
        (_sums(session_completion_tokens={"gt": 100}), {TRIAGE_ID: 6}),
        (_sums(session_total_tokens={"gt": 2000}), {TRIAGE_ID: 6}),
        (_sums(session_created_at={"gt": "2026-11-23T20:00:49Z"}), {"b-2": 1}),
        (_sums(session_latest_request_created_at={"lt": "2026-11-23T20:00:49Z"}), {TRIAGE_ID: 6}),
    ],
)
def test_each_column_can_be_asked(ask: Ask, tree: object, found: dict[str, int]) -> None:
    """The sessions found, with as many of their calls as meet the condition."""
    rows = ask(QUERY, {"filter": tree}, schemas.SESSIONS)
    assert {row["session_id"]: row["total_requests"] for row in rows} == found


def test_a_tag_can_be_asked(home: Path, ask: Ask) -> None:
    """It is what was noted last."""
    source_of(home).notes.set_tag("b-2", "done")
    rows = ask(QUERY, {"filter": {"sessions": {"session_tag": {"equals": "done"}}}}, schemas.SESSIONS)
    assert [row["session_id"] for row in rows] == ["b-2"]


def test_branches_join_conditions(ask: Ask) -> None:
    """`and` and `or`, in each other; what a session comes to is asked of those calls that count."""
    gpt, o3 = _calls(model={"contains": "gpt"}), _calls(model={"equals": "o3"})
    both = {"left": gpt, "operator": "or", "right": o3}
    few = _sums(session_total_requests={"lt": 4})
    rows = ask(QUERY, {"filter": {"left": both, "operator": "and", "right": few}}, schemas.SESSIONS)
    assert [row["total_requests"] for row in rows] == [1, 3]
    neither = {"left": gpt, "operator": "and", "right": o3}
    assert ask(QUERY, {"filter": neither}, schemas.SESSIONS) == []
    anything = {"left": neither, "operator": "or", "right": "all"}
    assert len(ask(QUERY, {"filter": anything}, schemas.SESSIONS)) == 2


_DEEP: dict[str, object] = {"left": "all", "operator": "and", "right": "all"}
for _ in range(150):
    _DEEP = {"left": _DEEP, "operator": "and", "right": "all"}


@pytest.mark.parametrize(
    ("tree", "named"),
    [
        (_calls(country_code={"equals": "DE"}), "country_code"),
        (_calls(request_body={"contains": "x"}), "request_body"),
        (_calls(scores={"a": {"equals": "1"}}), "scores"),
        (_calls(model={"regex": "x"}), "regex"),
        (_calls(model={"equals": 3}), "text"),
        (_calls(model="o3"), "object"),
        (_calls(cost={"contains": 1}), "contains"),
        (_calls(cost={"gt": "1"}), "number"),
        (_calls(cost={"gt": True}), "number"),
        (_calls(request_created_at={"gt": "soon"}), "soon"),
        (_calls(request_created_at={"gt": 1}), "time"),
        (_calls(properties={"a": "b"}), "object"),
        (_sums(session_user={"equals": "x"}), "session_user"),
        ({"users_view": {"user_id": {"equals": "x"}}}, "users_view"),
        ({"left": "all", "operator": "xor", "right": "all"}, "operator"),
        ({"left": "all", "right": "all"}, "operator"),
        ({"left": "all", "operator": "and", "right": "all", "not": "all"}, "nothing else"),
        (
            {"left": _sums(session_total_cost={"gt": 1}), "operator": "or", "right": _calls(cost={"gt": 1})},
            "or",
        ),
        ([], "filter"),
        ("none", "none"),
        (_DEEP, "100"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(refuse: Refuse, tree: object, named: str) -> None:
    """A condition that is passed over would let everything through."""
    reason = refuse(QUERY, {"filter": tree})
    assert named in reason
    assert "\n" not in reason


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        (QUERY, b"{", "JSON"),
        (QUERY, b"[" * 60_000, "JSON"),
        (QUERY, b'"all"', "object"),
        (QUERY, b"\xff", "JSON"),
        (QUERY, {"sessionIdContains": "x"}, "sessionIdContains"),
        (QUERY, {"search": 1}, "search"),
        (QUERY, {"limit": -1}, "limit"),
        (QUERY, {"offset": 0.5}, "offset"),
        (QUERY, {"limit": True}, "limit"),
        (QUERY, {"timezoneDifference": 1441}, "timezoneDifference"),
        (QUERY, {"timezoneDifference": "0"}, "timezoneDifference"),
        (QUERY, {"timeFilter": []}, "timeFilter"),
        (QUERY, {"timeFilter": {"start": 1}}, "start"),
        (QUERY, {"timeFilter": {"startTimeUnixMs": "1"}}, "startTimeUnixMs"),
        ("/v1/session/name/query", {"nameContains": None, "search": "x"}, "search"),
        ("/v1/session/metrics/query", {"pSize": "p42"}, "p99.9"),
        ("/v1/session/metrics/query", {"useInterquartile": "yes"}, "useInterquartile"),
    ],
)
def test_a_body_that_means_nothing_is_refused(refuse: Refuse, path: str, body: object, named: str) -> None:
    """What was sent is never guessed at."""
    assert named in refuse(path, body)


def test_the_catalogue_alone_tells_most(home: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """No session's calls are read for what all of a list's calls are alike in."""
    monkeypatch.delattr(room, "Ledger")
    for tree in (
        "all",
        _calls(model={"contains": "gpt"}, user_id={"equals": ""}),
        _calls(request_created_at={"gt": "2026-11-23T20:00:49Z"}),
        _sums(session_total_cost={"gt": 0}),
    ):
        ask(QUERY, {"filter": tree}, schemas.SESSIONS)
    ask("/v1/session/name/query", {"nameContains": "t"}, schemas.NAMES)
    ask("/v1/session/metrics/query", {"nameContains": "t"}, schemas.METRICS)
    assert home.is_dir()


_numbers = count()


def _some_call(draw: st.DrawFn) -> Call:
    return make_call(
        draw(st.integers(0, 57)),
        draw(st.sampled_from(["/", "/a", "/a/b"])),
        draw(st.sampled_from(["m1", "m2", None])),
        call_id=f"g{next(_numbers)}",
        session_id=draw(st.sampled_from(["one", "two"])),
        session_name=draw(st.sampled_from(["x", "y", None])),
        user_id=draw(st.sampled_from(["ann", "bob", None])),
        status=draw(st.sampled_from(["ok", "error"])),
        properties=draw(st.sampled_from([{}, {"Env": "prod"}])),
        usage=Usage(input_tokens=draw(st.integers(0, 3)), output_tokens=1),
    )


_text = st.sampled_from(["m1", "ann", "/a", "x", "prod", ""])
_texts = st.dictionaries(
    st.sampled_from(["equals", "not-equals", "like", "contains", "not-contains"]),
    _text,
    min_size=1,
    max_size=2,
)
_moments = st.dictionaries(
    st.sampled_from(["gt", "gte", "lt", "lte", "equals"]),
    st.integers(0, 59).map(lambda second: f"2026-11-23T20:00:{second:02}Z"),
    min_size=1,
    max_size=2,
)
_leaves = st.one_of(
    st.builds(
        lambda key, test: {"properties": {key: test}},
        st.sampled_from(["Env", "Helicone-Session-Path"]),
        _texts,
    ),
    st.builds(lambda test: _calls(model=test), _texts),
    st.builds(lambda test: _calls(user_id=test), _texts),
    st.builds(lambda test: _calls(request_created_at=test), _moments),
    st.builds(lambda least: _calls(prompt_tokens={"gte": least}), st.integers(0, 3)),
)
_trees = st.recursive(
    _leaves,
    lambda parts: st.builds(
        lambda left, operator, right: {"left": left, "operator": operator, "right": right},
        parts,
        st.sampled_from(["and", "or"]),
        parts,
    ),
    max_leaves=5,
)


@st.composite
def _stores(draw: st.DrawFn) -> list[Call]:
    return [_some_call(draw) for _ in range(draw(st.integers(1, 8)))]


@settings(max_examples=60, deadline=None)
@given(_stores(), _trees)
def test_the_catalogue_and_the_calls_tell_the_same(calls: list[Call], tree: object) -> None:
    """Whatever is asked: a session's figures are those of its calls that meet the condition by themselves."""
    with TemporaryDirectory() as folder:
        fill(Path(folder), calls)
        source = source_of(Path(folder))
        asked = session_query({"filter": tree})
        expected = dict(_by_calls(source, calls, tree))
        assert {each.session.session_id: each.figures() for each in choose(source, asked)} == expected


def _by_calls(source: Source, calls: list[Call], tree: object) -> Iterator[tuple[str, Figures]]:
    wanted = read_filter(tree)
    for session in source.looks.now().look.sessions:
        mine = [call for call in calls if call.session_id == session.session_id]
        counting = [call for call in mine if wanted.of_call(session, call)]
        if counting:
            session_id = session.session_id or ""
            yield session_id, Figures(session_id, session.totals.name or "").add(folded(counting).groups)


def test_a_fault_of_the_store_is_said(home: Path, refuse: Refuse, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the shape of the other replies."""

    def broken(*_: object) -> None:
        message = "the folder cannot be read"
        raise SessiontapError(message)

    monkeypatch.setattr("sessiontap.web.looks.Looks.now", broken)
    assert refuse(QUERY, {}, 500) == "the folder cannot be read"
    assert home.is_dir()
