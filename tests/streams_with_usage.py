"""A chat completions stream as OpenAI sends it, with and without the usage that was asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_HEAD = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "gpt-4.1-mini-2025-04-14",
}
_USAGE = {
    "prompt_tokens": 9,
    "completion_tokens": 4,
    "total_tokens": 13,
    "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream; `places` says for each chunk where its `usage` stands: OpenAI uses several."""

    words: tuple[str, ...] = ('Hello "usage":null', " there,", ' {"usage":null}', " friend\n\n")
    line_end: str = "\n"
    places: tuple[int, ...] = (4, 5, 0, 9)
    spaced: bool = False

    def body(self, *, with_usage: bool) -> bytes:
        """The stream's bytes, as they are where the client asked for usage, or where it did not."""
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        deltas += [{"content": word} for word in self.words]
        chunks = [self._chunk(number, delta, None, with_usage) for number, delta in enumerate(deltas)]
        chunks.append(self._chunk(len(deltas), {}, "stop", with_usage))
        if with_usage:
            chunks.append(self._text({**_HEAD, "choices": [], "usage": _USAGE, "obfuscation": "x"}))
        events = [f"data: {chunk}" for chunk in [*chunks, "[DONE]"]]
        return "".join(event + 2 * self.line_end for event in events).encode()

    def _chunk(self, number: int, delta: dict[str, Any], reason: str | None, with_usage: bool) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        members = list({**_HEAD, "choices": [choice], "obfuscation": "ab" * number}.items())
        if with_usage:
            members.insert(self.places[number % len(self.places)], ("usage", None))
        return self._text(dict(members))

    def _text(self, chunk: dict[str, Any]) -> str:
        return json.dumps(chunk, separators=(", ", ": ") if self.spaced else (",", ":"))
