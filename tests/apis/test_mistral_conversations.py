from __future__ import annotations

from sessiontap.apis import APIS
from sessiontap.untrusted import JsonObject
from sessiontap.usage import Usage


def test_a_conversations_id_is_no_replys() -> None:
    """All turns of a conversation bear its id: a record that took it for the reply's would be one for all."""
    reader = APIS["mistral.conversations"].reader()
    reader.feed({"object": "conversation.response", "conversation_id": "c", "outputs": [], "usage": {}})
    facts = reader.facts()
    assert facts.response_id is None
    assert facts.complete


def test_a_function_is_named_once_a_call() -> None:
    """Each delta of a call has its name; two calls of one function are two."""
    reader = APIS["mistral.conversations"].reader()
    for call in ("a", "a", "b"):
        event: JsonObject = {
            "type": "function.call.delta",
            "tool_call_id": call,
            "name": "grep",
            "arguments": "{",
        }
        assert reader.feed(event)
    assert reader.facts().tools == ("grep", "grep")


def test_a_turn_that_was_cut_is_not_whole() -> None:
    """Before its last event a turn has no usage and is not whole; the last one ends it."""
    reader = APIS["mistral.conversations"].reader()
    assert not reader.feed({"type": "conversation.response.started", "conversation_id": "c"})
    assert reader.feed({"type": "message.output.delta", "model": "m", "content": "a"})
    facts = reader.facts()
    assert (facts.model, facts.complete, bool(facts.usage)) == ("m", False, False)
    reader.feed({"type": "conversation.response.done", "usage": {"prompt_tokens": 2, "completion_tokens": 1}})
    assert reader.facts().complete
    assert reader.facts().usage == Usage(input_tokens=2, output_tokens=1)
