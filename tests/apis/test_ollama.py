from __future__ import annotations

import pytest

from sessiontap.apis import APIS
from sessiontap.untrusted import JsonObject


@pytest.mark.parametrize(
    ("api", "body", "stream"),
    [
        ("ollama.chat", {}, True),
        ("ollama.chat", {"stream": None}, True),
        ("ollama.generate", {"stream": True}, True),
        ("ollama.generate", {"stream": False}, False),
        ("ollama.embed", {}, False),
    ],
)
def test_chat_and_generate_stream_by_default(api: str, body: JsonObject, stream: bool) -> None:
    """Ollama streams what can be streamed unless `stream` is false."""
    assert APIS[api].read_request(body).stream is stream


def test_a_cut_stream_has_no_usage_and_is_not_whole() -> None:
    """Only the line that says `done` counts tokens."""
    reader = APIS["ollama.chat"].reader()
    assert reader.feed({"model": "llama3.2", "message": {"content": "Hel"}, "done": False})
    facts = reader.facts()
    assert (facts.model, facts.complete, bool(facts.usage)) == ("llama3.2", False, False)


def test_tools_of_several_lines_are_named_in_order() -> None:
    """Each line of a stream may call tools, and the same one again."""
    reader = APIS["ollama.chat"].reader()
    for name in ("look", "go", "look"):
        reader.feed({"message": {"tool_calls": [{"function": {"name": name, "arguments": {}}}]}})
    assert reader.facts().tools == ("look", "go", "look")


@pytest.mark.parametrize("reason", ["load", "unload"])
def test_loading_a_model_is_not_calling_it(reason: str) -> None:
    """An empty prompt loads or unloads a model: the reply is whole, names no model and has no output."""
    reader = APIS["ollama.generate"].reader()
    assert not reader.feed({"model": "llama3.2", "response": "", "done": True, "done_reason": reason})
    facts = reader.facts()
    assert (facts.model, facts.complete, facts.finish_reasons) == (None, True, (reason,))
