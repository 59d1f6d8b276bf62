"""Scripts for Helicone's session calls get the documented shapes, with the store's figures."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from sessiontap.store import Ledger
from sessiontap.times import epoch_ms
from sessiontap.usage import Usage
from sessiontap.web.access import Access
from sessiontap.web.app import make_app
from sessiontap.web.source import source_of
from tests.sessions.samples import TRIAGE_ID, make_call
from tests.web.conftest import HOST, TOKEN
from tests.web.helicone import schemas
from tests.web.helicone.conftest import HEADERS, Ask

QUERY = "/v1/session/query"
NAMES = "/v1/session/name/query"
METRICS = "/v1/session/metrics/query"
START, END = epoch_ms("2026-11-23T00:00:00Z"), epoch_ms("2026-11-24T00:00:00Z")
PLAIN = {
    "search": "",
    "timeFilter": {"startTimeUnixMs": START, "endTimeUnixMs": END},
    "timezoneDifference": 0,
    "filter": "all",
}


@pytest.mark.parametrize(
    "body",
    [
        PLAIN,
        # As the documentation has it, as Helicone's own pages ask, and as its command line does.
        {**PLAIN, "nameEquals": "triage ticket 4711", "offset": 0, "limit": 123},
        {**PLAIN, "nameEquals": "", "filter": {}, "offset": 0, "limit": 50},
        {**PLAIN, "filter": {"request_response_rmt": {}}},
        {**PLAIN, "filter": {"request_response_rmt": {"properties": {"Env": {"equals": "prod"}}}}},
        {**PLAIN, "filter": {"sessions_request_response_rmt": {"session_total_cost": {"gte": 0.01}}}},
        {
            **PLAIN,
            "timezoneDifference": -120,
            "limit": 1,
            "filter": {
                "sessions_request_response_rmt": {
                    "properties": {"Helicone-Session-Id": {"equals": TRIAGE_ID}}
                }
            },
        },
        {
            **PLAIN,
            "filter": {
                "left": {"request_response_rmt": {"model": {"contains": "gpt"}}},
                "operator": "and",
                "right": {"request_response_rmt": {"user_id": {"equals": "ann"}}},
            },
        },
    ],
)
def test_a_documented_query_is_answered(ask: Ask, body: object) -> None:
    """Each finds the one session that was recorded with a name, with a price or with that property."""
    assert TRIAGE_ID in [row["session_id"] for row in ask(QUERY, body, schemas.SESSIONS)]


def test_the_figures_are_those_of_the_store(ask: Ask) -> None:
    """The newest session first; unpriced calls are counted beside the cost, running ones have no latency."""
    newest, triage = ask(QUERY, PLAIN, schemas.SESSIONS)
    assert (newest["session_id"], newest["session_name"], newest["total_cost"]) == ("b-2", "", 0.000123)
    assert triage == {
        "created_at": "2026-11-23T20:00:00.000Z",
        "latest_request_created_at": "2026-11-23T20:00:09.000Z",
        "session_id": TRIAGE_ID,
        "session_name": "triage ticket 4711",
        "avg_latency": 2300.0,
        "total_cost": 0.012546,
        "total_requests": 6,
        "prompt_tokens": 3 * 1234 + 12345,
        "completion_tokens": 3 * 56 + 777,
        "total_tokens": 3 * 1234 + 12345 + 3 * 56 + 777,
        "user_ids": ["ann"],
        "unpriced_requests": 1,
    }


def test_only_calls_within_the_times_count(ask: Ask) -> None:
    """Both ends are left out, and a session stays with what is between them."""
    times: dict[str, float] = {"startTimeUnixMs": START, "endTimeUnixMs": epoch_ms("2026-11-23T20:00:01Z")}
    (row,) = ask(QUERY, {**PLAIN, "timeFilter": times}, schemas.SESSIONS)
    assert (row["total_requests"], row["total_cost"], row["unpriced_requests"]) == (1, 0.000123, 0)
    times = {"startTimeUnixMs": epoch_ms("2026-11-23T20:00:50Z"), "endTimeUnixMs": 1e300}
    assert ask(QUERY, {**PLAIN, "timeFilter": times}, schemas.SESSIONS) == []


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"search": "TICKET"}, [TRIAGE_ID]),
        ({"search": "B-"}, ["b-2"]),
        ({"search": "%"}, []),
        ({"nameEquals": "triage ticket"}, []),
        ({"limit": 1}, ["b-2"]),
        ({"offset": 1, "limit": 1}, [TRIAGE_ID]),
        ({"offset": 2}, []),
        ({"limit": 0}, []),
    ],
)
def test_a_query_narrows_and_pages(ask: Ask, more: dict[str, object], found: list[str]) -> None:
    """By a part of id or name, by a whole name; pages are counted from the newest session."""
    rows = ask(QUERY, {**PLAIN, **more}, schemas.SESSIONS)
    assert [row["session_id"] for row in rows] == found


def test_what_is_missing_has_a_default(ask: Ask) -> None:
    """Also where Helicone would want it."""
    assert ask(QUERY, {}, schemas.SESSIONS) == ask(QUERY, PLAIN, schemas.SESSIONS)


@pytest.mark.parametrize(
    ("path", "key", "minutes", "told"),
    [
        (QUERY, "created_at", 120, "2026-11-23T22:00:50.000+02:00"),
        (QUERY, "created_at", -330, "2026-11-23T14:30:50.000-05:30"),
        (QUERY, "created_at", 1440, "2026-11-23T20:00:50.000Z"),
        # There it is what JavaScript's getTimezoneOffset() says: minutes behind UTC.
        (NAMES, "last_used", -120, "2026-11-23T22:00:50.000+02:00"),
    ],
)
def test_times_are_told_in_a_zone(ask: Ask, path: str, key: str, minutes: int, told: str) -> None:
    """With its offset, so that whoever reads them has the same instant."""
    schema = schemas.SESSIONS if path == QUERY else schemas.NAMES
    assert ask(path, {"timezoneDifference": minutes}, schema)[0][key] == told


def _alone(home: Path, session_id: str, **fields: object) -> None:
    with Ledger(home) as ledger:
        ledger.append(make_call(30, "/", "gpt-5", session_id=session_id, **fields))


def _row(ask: Ask, session_id: str) -> Any:
    (row,) = ask(QUERY, {"search": session_id}, schemas.SESSIONS)
    return row


def test_a_cost_that_is_not_known_is_null(home: Path, ask: Ask) -> None:
    """Never 0: there is nothing that a script could take for a price."""
    _alone(home, "unpriced", cost_usd=None)
    _alone(home, "silent", cost_usd=None, usage=Usage(), usage_source="none")
    row = _row(ask, "unpriced")
    assert (row["total_cost"], row["unpriced_requests"], row["prompt_tokens"]) == (None, 1, 1234)
    row = _row(ask, "silent")
    assert (row["total_cost"], row["unpriced_requests"]) == (None, 1)
    assert (row["prompt_tokens"], row["completion_tokens"], row["total_tokens"]) == (None, None, None)


def test_nothing_billed_is_a_cost_of_nothing(home: Path, ask: Ask) -> None:
    """A call that failed before the provider answered, and one of a model on this machine."""
    _alone(home, "failed", status="error", http_status=429, cost_usd=None, usage=Usage(), duration_ms=None)
    _alone(home, "local", billing="free", cost_usd=None)
    row = _row(ask, "failed")
    assert (row["total_cost"], row["total_tokens"], row["unpriced_requests"]) == (0, 0, 0)
    assert row["avg_latency"] is None
    assert _row(ask, "local")["total_cost"] == 0


def test_money_is_told_exactly(home: Path, stranger: FlaskClient) -> None:
    """The digits are those of the record, not of a float."""
    _alone(home, "exact", cost_usd=Decimal("0.1000000000000000055511151231257827"))
    answer = stranger.post(QUERY, json={"search": "exact"}, headers=HEADERS)
    assert '"total_cost":0.1000000000000000055511151231257827' in answer.text


def test_calls_without_a_session_are_no_session(home: Path, ask: Ask) -> None:
    """As with Helicone."""
    with Ledger(home) as ledger:
        ledger.append(make_call(30, "/", session_id=None, session_source="none"))
    assert len(ask(QUERY, {}, schemas.SESSIONS)) == 2


def test_names_are_summed(home: Path, ask: Ask) -> None:
    """A session that was renamed counts for each name with its calls; one without a name is under none."""
    with Ledger(home) as ledger:
        for second, name in ((30, "old"), (40, None), (50, "new triage")):
            call = make_call(second, "/", session_id="r", session_name=name, duration_ms=second * 100)
            ledger.append(call)
    rows = ask(NAMES, {"nameContains": "", "timezoneDifference": 0}, schemas.NAMES)
    assert [(row["name"], row["session_count"], row["avg_latency"]) for row in rows] == [
        ("new triage", 1, 4500.0),
        ("", 1, 2300.0),
        ("old", 1, 3000.0),
        ("triage ticket 4711", 1, 2300.0),
    ]
    assert rows[0]["first_used"] == rows[0]["created_at"] == "2026-11-23T20:00:40.000Z"
    rows = ask(NAMES, {"nameContains": "TRIAGE", "timezoneDifference": 0}, schemas.NAMES)
    assert [row["name"] for row in rows] == ["new triage", "triage ticket 4711"]


def test_names_take_times_and_a_filter(ask: Ask) -> None:
    """As a query does."""
    body = {"nameContains": "", "timezoneDifference": 0, "timeFilter": PLAIN["timeFilter"]}
    assert len(ask(NAMES, body, schemas.NAMES)) == 2
    body["filter"] = {"request_response_rmt": {"model": {"equals": "o3"}}}
    assert [row["name"] for row in ask(NAMES, body, schemas.NAMES)] == [""]


def test_metrics_have_the_store_s_figures(home: Path, ask: Ask) -> None:
    """Sessions whose cost is not known are left out of it and counted; those under way have no duration."""
    for number in range(1, 5):
        _alone(home, f"s{number}", cost_usd=Decimal(number) / 10, session_name="load")
    everything = {"nameContains": "", "timezoneDifference": 0, "pSize": "p99.9"}
    metrics = ask(METRICS, everything, schemas.METRICS)
    assert metrics["unpriced_sessions"] == 1
    assert metrics["average"]["session_count"] == [{"average": 11 / 6}]
    assert metrics["average"]["session_duration"] == [{"average": 2.3}]
    assert metrics["session_duration"] == [{"range_start": "2.3", "range_end": "2.3", "value": 5}]
    metrics = ask(METRICS, {**everything, "nameContains": "LOA", "pSize": "p50"}, schemas.METRICS)
    assert metrics["average"]["session_cost"] == [{"average": pytest.approx(0.25)}]
    assert [bar["value"] for bar in metrics["session_cost"]] == [1, 1]
    assert metrics["session_cost"][0]["range_start"] == "0.1"
    assert metrics["session_cost"][-1]["range_end"] == "0.2"
    within = ask(METRICS, {**everything, "nameContains": "load", "useInterquartile": True}, schemas.METRICS)
    assert sum(bar["value"] for bar in within["session_cost"]) == 2


def test_metrics_of_nothing_are_not_known(ask: Ask) -> None:
    """No bars, and averages that are null."""
    metrics = ask(METRICS, {"nameContains": "nobody", "timezoneDifference": 0}, schemas.METRICS)
    assert metrics["session_count"] == metrics["session_cost"] == metrics["session_duration"] == []
    assert metrics["average"]["session_cost"] == [{"average": None}]


def test_has_session_says_whether_there_is_one(ask: Ask) -> None:
    """As a bool."""
    assert ask("/v1/session/has-session", None, schemas.HAS_SESSION) is True


def test_an_empty_home_has_no_session(tmp_path: Path) -> None:
    """It is said as data, where Helicone answers with an error."""
    client = make_app(source_of(tmp_path / "new"), Access(TOKEN, {HOST})).test_client()
    assert client.get("/v1/session/has-session", headers=HEADERS).json == {"data": False, "error": None}
