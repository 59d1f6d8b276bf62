from __future__ import annotations

from typing import Any

import pytest

from sessiontap.apis import APIS
from sessiontap.apis.reading import ReplyFacts
from sessiontap.background import BackgroundCalls
from sessiontap.providers import DIRECTORY
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage
from tests.conformance.metering import finish, fixture, meter

_API = APIS["gemini.interactions"]


def _facts(*events: JsonObject) -> ReplyFacts:
    reader = _API.reader()
    for event in events:
        reader.feed(event)
    return reader.facts()


def _event(kind: str, **more: Any) -> JsonObject:
    return {"event_type": kind, **more}


@pytest.mark.parametrize(
    "interim",
    [
        _event("step.delta", metadata={"total_usage": {"total_output_tokens": 37}}),
        _event("step.delta", metadata={"usage": {"total_output_tokens": 37}}),
        _event("step.stop", usage={"total_output_tokens": 37}),
        _event("interaction.status_update", status="in_progress", usage={"total_output_tokens": 37}),
    ],
    ids=["total", "metadata", "step", "status"],
)
def test_an_interim_figure_is_replaced_by_the_last(interim: JsonObject) -> None:
    """Every kind of interim usage is known until the end states its own, which may be smaller."""
    reader = _API.reader()
    reader.feed(interim)
    assert reader.facts().usage == Usage(output_tokens=37)
    assert not reader.facts().complete
    end = {"id": "i", "status": "completed", "usage": {"total_output_tokens": 13}}
    reader.feed(_event("interaction.completed", interaction=end))
    assert reader.facts().usage == Usage(output_tokens=13)
    assert reader.facts().complete


def test_the_end_of_a_stream_may_leave_out_what_its_beginning_said() -> None:
    """Model and tier of the first event stand where the last one has none."""
    first = {"id": "i", "model": "m", "service_tier": "flex", "status": "in_progress"}
    facts = _facts(
        _event("interaction.created", interaction=first),
        _event("interaction.completed", interaction={"id": "i", "status": "incomplete"}),
    )
    assert (facts.model, facts.service_tier, facts.finish_reasons) == ("m", "flex", ("incomplete",))


def test_a_stream_that_was_cut_is_not_awaited() -> None:
    """Only a plain reply that says so is pending: nobody may ever ask for the rest of a stream."""
    begun: JsonObject = {"id": "i", "status": "in_progress"}
    assert _facts(begun).pending
    assert not _facts(_event("interaction.created", interaction=begun)).pending


def test_the_first_version_of_the_api_is_read() -> None:
    """`interaction.complete` and `outputs` are what they were called before."""
    usage = {"total_input_tokens": 2, "total_output_tokens": 1}
    ended = {"id": "i", "model": "m", "status": "completed", "usage": usage}
    assert _facts(_event("interaction.complete", interaction=ended)).complete
    facts = _facts({**ended, "outputs": [{"type": "function_call", "name": "f"}]})
    assert (facts.tools, facts.usage) == (("f",), Usage(input_tokens=2, output_tokens=1))


def test_tools_are_named_as_they_are_called() -> None:
    """A function by its name, Google's own tools by theirs; results are no calls."""
    steps: tuple[JsonObject, ...] = (
        {"type": "google_search_call"},
        {"type": "google_search_result"},
        {"type": "mcp_server_tool_call", "name": "grep"},
        {"type": "model_output"},
    )
    started = [_event("step.start", index=i, step=step) for i, step in enumerate(steps)]
    assert _facts(*started).tools == ("google_search", "grep")
    assert _facts({"id": "i", "status": "completed", "steps": list(steps)}).tools == ("google_search", "grep")


def test_a_failure_without_words_is_an_error() -> None:
    """An interaction that failed is an error, also where it does not say why."""
    assert _facts({"id": "i", "status": "failed"}).error_type == "failed"


@pytest.mark.parametrize(
    ("body", "model"), [({"model": "m"}, "m"), ({"agent": "a"}, "a"), ({"model": 3}, None)], ids=repr
)
def test_an_agent_stands_for_the_model(body: JsonObject, model: str | None) -> None:
    """A request names a model or an agent."""
    assert _API.read_request(body).model == model


def test_an_agent_in_the_background_and_its_polls_are_one_call() -> None:
    """Of a start, the poll that brings the result and one more, one call is recorded, with its usage."""
    start, poll = (
        finish(
            meter(each.match(), each.request_body), each.status, each.response_headers(), [each.response_body]
        )
        for each in (
            fixture("gemini.interactions", "an agent is sent into the background"),
            fixture("gemini.interactions", "the agent is polled and has ended"),
        )
    )
    background = BackgroundCalls(DIRECTORY.polled_apis)
    background.started(start)
    ended = background.polled(poll)
    assert ended is not None
    assert (ended.status, ended.url_path, ended.usage) == ("ok", "/v1beta/interactions", poll.usage)
    assert background.polled(poll) is None
