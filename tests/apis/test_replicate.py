from __future__ import annotations

import msgspec

from sessiontap.apis import APIS
from sessiontap.background import BackgroundCalls
from sessiontap.call import Call
from sessiontap.providers import DIRECTORY
from sessiontap.usage import Usage
from tests.conformance.metering import Fixture, finish, fixture, meter

FILE = "replicate.predictions"


def _metered(each: Fixture) -> Call:
    return finish(
        meter(each.match(), each.request_body), each.status, each.response_headers(), [each.response_body]
    )


def test_a_prediction_and_its_polls_are_one_call() -> None:
    """Of a start, a poll too early, the poll that ends it and one more, one ended call is recorded."""
    start = _metered(fixture(FILE, "a prediction is made and not yet begun"))
    early = _metered(fixture(FILE, "the prediction is polled and still runs"))
    last = _metered(fixture(FILE, "the prediction is polled and has succeeded: it took time, and no tokens"))
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(start)
    assert background.polled(early) is None
    ended = background.polled(last)
    assert ended is not None
    assert (ended.status, ended.url_path, ended.response_model) == (
        "ok",
        "/v1/predictions",
        last.response_model,
    )
    assert ended.request_model == start.request_model
    assert background.polled(last) is None


def test_a_cancelled_prediction_ends_its_call() -> None:
    """What answers the cancelling ends the call that it is about, and no other's."""
    start = _metered(fixture(FILE, "a prediction is made and not yet begun"))
    cancelled = _metered(fixture(FILE, "a prediction is canceled"))
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(start)
    assert background.polled(cancelled) is None
    ended = background.polled(msgspec.structs.replace(cancelled, response_id=start.response_id))
    assert ended is not None
    assert ended.finish_reasons == ("canceled",)


def test_tokens_are_known_where_the_metrics_count_them() -> None:
    """Time alone is no usage that is known here."""
    reader = APIS[FILE].reader()
    reader.feed({"status": "succeeded", "metrics": {"predict_time": 2.8}})
    assert not reader.facts().usage
    reader.feed({"status": "succeeded", "metrics": {"predict_time": 2.8, "input_token_count": 4}})
    assert reader.facts().usage == Usage(input_tokens=4)


def test_a_stream_is_fetched_elsewhere() -> None:
    """`stream` asks for the address of a stream: the reply itself is a plain one."""
    assert APIS[FILE].read_request({"version": "v", "stream": True}).stream is False
