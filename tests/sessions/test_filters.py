from __future__ import annotations

import pytest

from sessiontap.sessions.filters import CallFilter
from tests.sessions.samples import make_call, triage

NOTHING = CallFilter()


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (NOTHING, ["c00", "c01", "c02", "c04", "c05", "c09"]),
        (CallFilter(since="2026-11-23T20:00:04.000Z"), ["c04", "c05", "c09"]),
        (CallFilter(until="2026-11-23T20:00:04.000Z"), ["c00", "c01", "c02"]),
        (CallFilter(models=("claude-*",)), ["c02", "c04"]),
        (CallFilter(models=("CLAUDE-sonnet-4-5-20250929", "gemini-2.5-pro")), ["c02", "c04", "c09"]),
        (CallFilter(users=("ann",)), ["c01"]),
        (CallFilter(properties=(("env", "prod"),)), ["c04"]),
        (CallFilter(properties=(("env", "prod"), ("team", "x"))), []),
        (CallFilter(properties=(("env", "PROD"),)), []),
        (CallFilter(names=("triage*",), models=("gpt-5*",)), ["c00", "c01"]),
        (CallFilter(names=("other",)), []),
        (CallFilter(agents=("demo",)), ["c00", "c01", "c02", "c04", "c05", "c09"]),
        (CallFilter(agents=("DEMO/0.1",), users=("ann",)), ["c01"]),
        (CallFilter(agents=("demo/0.2", "dem")), []),
        (CallFilter(paths=("/triage/research",)), ["c02", "c04", "c05"]),
        (CallFilter(paths=("triage/*/search/", "/triage/respond")), ["c02", "c04", "c09"]),
        (CallFilter(paths=("/",)), ["c00", "c01", "c02", "c04", "c05", "c09"]),
        (CallFilter(paths=("/triage/re",)), []),
        (CallFilter(statuses=("error",)), ["c02"]),
        (CallFilter(statuses=("running", "error")), ["c02", "c09"]),
        (CallFilter(statuses=("cancelled",)), []),
    ],
)
def test_a_filter_lets_through(wanted: CallFilter, ids: list[str]) -> None:
    """Kinds narrow, values of one kind widen; since is included and until is not."""
    assert [call.call_id for call in wanted.matching(triage())] == ids


def test_a_name_is_the_sessions() -> None:
    """A call that came without the name is of the named session all the same."""
    calls = [make_call(1, "/"), make_call(2, "/", session_name=None)]
    assert len(CallFilter(names=("triage ticket 4711",)).matching(calls)) == 2


def test_a_name_with_the_signs_of_a_pattern_is_found_as_it_is() -> None:
    """Brackets in a name need no quoting."""
    calls = [make_call(1, "/", session_name="triage [prod]")]
    assert CallFilter(names=("triage [prod]",)).matching(calls) == calls


def test_a_model_matches_as_asked_for_and_as_answered() -> None:
    """An alias finds the calls that asked for it."""
    calls = [make_call(1, "/", request_model="gpt-5", response_model="gpt-5-2025-08-07")]
    assert CallFilter(models=("gpt-5",)).matching(calls) == calls
    assert CallFilter(models=("gpt-5-2025-08-07",)).matching(calls) == calls
