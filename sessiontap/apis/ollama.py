"""ollama.chat, ollama.generate, ollama.embed: Ollama's own API, plain and as lines of JSON.

https://docs.ollama.com/api/introduction and https://docs.ollama.com/api/usage
"""

from __future__ import annotations

from dataclasses import replace

from sessiontap.apis.reading import (
    Api,
    ErrorFacts,
    Names,
    ReplyFacts,
    RequestFacts,
    plain_request,
    read_error,
)
from sessiontap.untrusted import JsonObject, count, flag, obj, objects, text
from sessiontap.usage import Usage

# An empty prompt loads or unloads a model, which then says nothing.
_NO_CALL = frozenset({"load", "unload"})
_OUTPUT_KEYS = ("content", "thinking", "response", "tool_calls", "embedding", "embeddings", "image")


class OllamaReader:
    """Folds the lines of a reply, of which the last says `done`; a plain reply is one line.

    Older servers leave `prompt_eval_count` out where the whole prompt was in their cache: it is not known
    then, not zero. A reply that only loaded or unloaded a model names none here, for none was called.
    """

    __slots__ = ("_complete", "_done_reason", "_error", "_model", "_tools", "_usage")

    def __init__(self) -> None:
        self._model: str | None = None
        self._done_reason: str | None = None
        self._error: ErrorFacts | None = None
        self._usage = Usage()
        self._tools = Names()
        self._complete = False

    def feed(self, event: JsonObject) -> bool:
        message = obj(event, "message")
        self._model = text(event, "model") or self._model
        self._done_reason = text(event, "done_reason") or self._done_reason
        # A stream that fails in its middle ends with a line that has nothing but the error.
        self._error = read_error(event) or self._error
        for call in objects(message, "tool_calls"):
            self._tools.add(text(obj(call, "function"), "name"))
        output = any(part.get(key) for part in (event, message) for key in _OUTPUT_KEYS)
        done = flag(event, "done") or "embeddings" in event or "embedding" in event
        if done:
            self._complete = True
            self._usage = Usage(
                input_tokens=count(event, "prompt_eval_count"),
                cache_read_input_tokens=count(event, "prompt_eval_cached_count"),
                output_tokens=count(event, "eval_count"),
            )
        return output

    def facts(self) -> ReplyFacts:
        called = self._done_reason not in _NO_CALL
        return ReplyFacts(
            model=self._model if called else None,
            finish_reasons=(self._done_reason,) if self._done_reason else (),
            tools=self._tools.all(),
            usage=self._usage,
            error=self._error,
            complete=self._complete,
        )


def read_request(body: JsonObject) -> RequestFacts:
    """The request's facts: chat and generate stream unless they are told not to."""
    return replace(plain_request(body), stream=body.get("stream") is not False)


OLLAMA_CHAT = Api(name="ollama.chat", operation="chat", reader=OllamaReader, read_request=read_request)
OLLAMA_GENERATE = Api(
    name="ollama.generate", operation="text_completion", reader=OllamaReader, read_request=read_request
)
OLLAMA_EMBED = Api(
    name="ollama.embed", operation="embeddings", reader=OllamaReader, read_request=plain_request
)
