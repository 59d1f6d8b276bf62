"""What a reader says in the middle of a stream, when the next event may never come."""

from __future__ import annotations

from typing import Any

import pytest

from sessiontap.apis import APIS
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage


def _chunk(index: int, reason: str | None = None, **delta: object) -> JsonObject:
    return {"id": "c", "choices": [{"index": index, "delta": delta, "finish_reason": reason}]}


def test_a_chat_is_whole_when_every_choice_has_ended() -> None:
    """With two choices under way the end of one does not end the reply."""
    reader = APIS["openai.chat"].reader()
    for event in (_chunk(0, content="a"), _chunk(1, content="b"), _chunk(0, "stop")):
        reader.feed(event)
    assert not reader.facts().complete
    reader.feed(_chunk(1, "stop"))
    assert reader.facts().complete


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x"},
        {"refusal": "x"},
        {"reasoning_content": "x"},
        {"reasoning": "x"},
        {"tool_calls": [{"function": {"name": "f"}}]},
        {"function_call": {"name": "f"}},
        {"audio": {"data": "AAAA"}},
    ],
    ids=lambda delta: next(iter(delta)),
)
def test_every_kind_of_a_chats_output_counts_as_output(delta: dict[str, Any]) -> None:
    """Text, refusals, reasoning, tool calls and audio are output; the role alone is none."""
    reader = APIS["openai.chat"].reader()
    assert not reader.feed(_chunk(0, role="assistant", content=""))
    assert reader.feed(_chunk(0, **delta))


def test_a_running_figure_is_replaced_by_a_later_one() -> None:
    """Some providers send usage in every chunk: the last one counts, and none is added to another."""
    reader = APIS["openai.chat"].reader()
    for produced in (1, 5, 9):
        reader.feed({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": produced}})
    assert reader.facts().usage == Usage(input_tokens=3, output_tokens=9)


def test_a_response_under_way_has_neither_usage_nor_an_end() -> None:
    """Before its terminal event a response is not whole and has no finish reason."""
    reader = APIS["openai.responses"].reader()
    response = {"id": "r", "object": "response", "model": "m", "status": "in_progress", "usage": None}
    reader.feed({"type": "response.created", "response": response})
    facts = reader.facts()
    assert (facts.response_id, facts.model, facts.complete, facts.pending) == ("r", "m", False, False)
    assert facts.finish_reasons == ()


def test_tools_of_a_response_that_was_cut_are_those_that_were_done() -> None:
    """Where the terminal event never came, the calls that the stream showed are the tools."""
    reader = APIS["openai.responses"].reader()
    reader.feed({"type": "response.output_item.done", "item": {"type": "function_call", "name": "grep"}})
    reader.feed({"type": "response.output_item.done", "item": {"type": "web_search_call"}})
    reader.feed({"type": "response.output_item.done", "item": {"type": "message"}})
    assert reader.facts().tools == ("grep", "web_search")


def test_a_message_is_whole_at_message_stop() -> None:
    """A stop reason alone does not end a streamed message."""
    reader = APIS["anthropic.messages"].reader()
    reader.feed({"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 1}}})
    reader.feed(
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}
    )
    assert not reader.facts().complete
    reader.feed({"type": "message_stop"})
    assert reader.facts().complete
    assert reader.facts().usage == Usage(input_tokens=1, output_tokens=2)


def test_null_in_message_delta_replaces_nothing() -> None:
    """A null of message_delta leaves what message_start reported."""
    reader = APIS["anthropic.messages"].reader()
    first = {"input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 1}
    reader.feed({"type": "message_start", "message": {"usage": first}})
    reader.feed({"type": "message_delta", "usage": {"cache_read_input_tokens": None, "output_tokens": 3}})
    assert reader.facts().usage == Usage(input_tokens=12, cache_read_input_tokens=7, output_tokens=3)


def test_a_thought_signature_alone_is_no_output() -> None:
    """A part that only carries a signature is nothing that the model said."""
    reader = APIS["gemini.generate_content"].reader()
    empty: JsonObject = {"candidates": [{"content": {"parts": [{"text": "", "thoughtSignature": "x"}]}}]}
    assert not reader.feed(empty)
    assert reader.feed({"candidates": [{"content": {"parts": [{"text": "x"}]}}]})


def test_a_step_of_a_run_is_not_the_run() -> None:
    """The usage of a run's steps is not added to that of the run."""
    reader = APIS["openai.assistants"].reader()
    usage = {"prompt_tokens": 20, "completion_tokens": 11}
    reader.feed({"object": "thread.run.step", "id": "step", "status": "completed", "usage": usage})
    assert not reader.facts().usage
    reader.feed({"object": "thread.run", "id": "run", "status": "completed", "usage": usage})
    assert reader.facts().usage == Usage(input_tokens=20, output_tokens=11)


@pytest.mark.parametrize("status", ["queued", "in_progress", "requires_action", "cancelling"])
def test_a_run_that_goes_on_is_pending(status: str) -> None:
    """A run whose status is not final is awaited."""
    reader = APIS["openai.assistants"].reader()
    reader.feed({"object": "thread.run", "id": "run", "status": status, "usage": None})
    facts = reader.facts()
    assert (facts.pending, facts.complete, facts.finish_reasons) == (True, False, ())


@pytest.mark.parametrize("status", ["completed", "cancelled", "expired", "incomplete", "failed"])
def test_a_run_that_has_ended_says_how(status: str) -> None:
    """A final status is the reason why the run finished."""
    reader = APIS["openai.assistants"].reader()
    reader.feed({"object": "thread.run", "id": "run", "status": status, "usage": None})
    facts = reader.facts()
    assert (facts.pending, facts.complete, facts.finish_reasons) == (False, True, (status,))
