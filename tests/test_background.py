from __future__ import annotations

import msgspec
import pytest

from sessiontap.background import BackgroundCalls
from sessiontap.call import Call, Status
from sessiontap.providers import DIRECTORY
from sessiontap.usage import Usage

USAGE = Usage(input_tokens=15, output_tokens=2210)


def _call(call_id: str, status: Status, **fields: object) -> Call:
    call = Call(
        call_id=call_id,
        provider="openai",
        api="openai.responses",
        operation="chat",
        host="api.openai.com",
        url_path="/v1/responses",
        status=status,
        response_id="resp_1",
        started_at="2026-01-01T00:00:00.000Z",
    )
    return msgspec.structs.replace(call, **fields)


def _start(**fields: object) -> Call:
    return msgspec.structs.replace(_call("start", "running", session_id="s", request_model="o3"), **fields)


def _poll(**fields: object) -> Call:
    whole = _call(
        "poll",
        "ok",
        started_at="2026-01-01T00:20:00.000Z",
        ended_at="2026-01-01T00:20:01.500Z",
        usage=USAGE,
        usage_source="reported",
        finish_reasons=("completed",),
    )
    return msgspec.structs.replace(whole, **fields)


def test_the_poll_that_brings_the_result_ends_the_call() -> None:
    """The call keeps its id, session and start, and takes result, usage and end from the poll."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_start())
    ended = background.polled(_poll(response_model="o3-2025", service_tier="flex", tools=("search",)))
    assert ended is not None
    assert (ended.call_id, ended.session_id, ended.request_model) == ("start", "s", "o3")
    assert (ended.status, ended.usage, ended.usage_source) == ("ok", USAGE, "reported")
    assert (ended.response_model, ended.service_tier, ended.tools) == ("o3-2025", "flex", ("search",))
    assert (ended.started_at, ended.ended_at) == ("2026-01-01T00:00:00.000Z", "2026-01-01T00:20:01.500Z")
    assert ended.duration_ms == 1_201_500


def test_what_the_poll_leaves_out_stays_from_the_start() -> None:
    """Model and tier that only the start's reply named are kept."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_start(response_model="o3-2025", service_tier="flex"))
    ended = background.polled(_poll())
    assert ended is not None
    assert (ended.response_model, ended.service_tier) == ("o3-2025", "flex")


def test_a_call_is_ended_once() -> None:
    """A second poll with the same usage brings nothing new."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_start())
    assert background.polled(_poll()) is not None
    assert background.polled(_poll()) is None


def test_a_poll_of_a_reply_that_was_counted_brings_nothing() -> None:
    """Reading a stored response again, which had its usage from the start, is no second call."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_call("start", "ok", usage=USAGE, usage_source="reported"))
    assert background.polled(_poll()) is None


def test_a_poll_of_a_call_that_failed_at_once_brings_nothing() -> None:
    """A call that ended in an error is settled without usage."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_call("start", "error", error_type="server_error"))
    assert background.polled(_poll()) is None


@pytest.mark.parametrize(
    "poll",
    [
        _call("poll", "running"),
        _poll(response_id=None),
        _call("poll", "error", response_id=None, http_status=404, error_type="invalid_request_error"),
    ],
    ids=["still running", "no id", "a 404 that names no reply"],
)
def test_a_poll_without_a_result_brings_nothing_and_the_next_one_does(poll: Call) -> None:
    """A poll that came too early or failed leaves the call awaited."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_start())
    assert background.polled(poll) is None
    assert background.polled(_poll()) is not None


def test_a_poll_that_tells_of_a_failure_ends_the_call_in_an_error() -> None:
    """A response that failed in the background is an error, with the type and words of the poll."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_start())
    ended = background.polled(
        _poll(
            status="error", usage=Usage(), usage_source="none", error_type="server_error", error_message="No."
        )
    )
    assert ended is not None
    assert (ended.call_id, ended.status, ended.error_type, ended.error_message) == (
        "start",
        "error",
        "server_error",
        "No.",
    )


def test_a_call_that_started_unseen_is_recorded_once_as_it_was_polled() -> None:
    """A result whose start nobody saw is a call of its own; asking again adds none."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    poll = _poll()
    assert background.polled(poll) is poll
    assert background.polled(poll) is None


def test_ids_of_two_hosts_are_two_calls() -> None:
    """The same id at another host is another call."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_start())
    ended = background.polled(_poll(host="eu.api.openai.com"))
    assert ended is not None
    assert ended.call_id == "poll"


def test_a_start_that_already_has_a_duration_keeps_it() -> None:
    """Where the start's own reply ended with its stream, its measured duration stands."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_start(status="cancelled", duration_ms=40))
    ended = background.polled(_poll())
    assert ended is not None
    assert ended.duration_ms == 40


def test_a_clock_set_back_makes_no_negative_duration() -> None:
    """A poll whose clock is before the start's gives a duration of zero."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_start())
    ended = background.polled(_poll(ended_at="2025-12-31T23:59:59.000Z"))
    assert ended is not None
    assert ended.duration_ms == 0


def test_a_background_call_that_was_cancelled_ends() -> None:
    """A response cancelled before it made anything ends, without usage."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_start())
    ended = background.polled(_poll(usage=Usage(), usage_source="none", finish_reasons=("cancelled",)))
    assert ended is not None
    assert ended.ended_at is not None


@pytest.mark.parametrize("status", ["cancelled", "interrupted"])
def test_a_poll_that_was_cut_leaves_the_call_awaited(status: str) -> None:
    """A streamed poll that the client left, or that broke, ends nothing: the next poll brings the usage."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_start())
    cut = _poll(status=status, usage=Usage(), usage_source="none", error_type=status, finish_reasons=())
    assert background.polled(cut) is None
    ended = background.polled(_poll())
    assert ended is not None
    assert ended.usage == _poll().usage


def test_a_start_that_was_cut_after_an_interim_figure_is_still_awaited() -> None:
    """Usage of a stream that did not end is not the last word: the poll brings that."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_call("start", "interrupted", usage=Usage(input_tokens=1), usage_source="partial"))
    ended = background.polled(_poll())
    assert ended is not None
    assert (ended.call_id, ended.usage, ended.usage_source) == ("start", USAGE, "reported")


def test_a_poll_before_the_start_ends_the_call_as_it_started() -> None:
    """By the clock on the wall, which may have been set back in between."""
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(_start())
    ended = background.polled(_poll(ended_at="2025-12-31T23:00:00.000Z"))
    assert ended is not None
    assert (ended.ended_at, ended.duration_ms) == (ended.started_at, 0)
