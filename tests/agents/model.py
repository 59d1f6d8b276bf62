"""What the providers' double answers to the agents: one model that they all ask, in each provider's shape.

It says the answer, or, asked by `HELPERS`, has the agent start two sub-agents first: red and blue.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from sessiontap.demo import replies
from sessiontap.demo.answer import Answer, ReceivedCall
from sessiontap.usage import Usage
from tests.agents import turns, websocket
from tests.agents.turns import Json, Tool, Turn

QUESTION = "What is the answer?"
ANSWER = "The answer is 42."
HELPERS = "Ask both helpers, red and blue."
HELPED = "Both helpers have answered: 42."
COLOURS = ("red", "blue")

# Each kind of turn costs other tokens, so that none can be taken for another. No provider reports all
# classes: Anthropic counts what it writes to the cache, the others what they thought.
_WROTE = Usage(
    input_tokens=5_230, cache_read_input_tokens=4_000, cache_creation_input_tokens=811, output_tokens=88
)
_THOUGHT = Usage(
    input_tokens=5_230, cache_read_input_tokens=4_000, output_tokens=88, reasoning_output_tokens=20
)
_WROTE_LESS = Usage(
    input_tokens=1_207, cache_read_input_tokens=900, cache_creation_input_tokens=101, output_tokens=31
)
_THOUGHT_LESS = Usage(
    input_tokens=1_207, cache_read_input_tokens=900, output_tokens=31, reasoning_output_tokens=9
)
SHORT = {"anthropic": _WROTE_LESS, "openai": _THOUGHT_LESS, "gcp.gemini": _THOUGHT_LESS}
"""What a sub-agent is billed, by provider."""
_TITLE = Usage(input_tokens=620, cache_read_input_tokens=0, cache_creation_input_tokens=0, output_tokens=12)
_NOTHING = Usage(input_tokens=0, cache_read_input_tokens=0, output_tokens=0, reasoning_output_tokens=0)


@dataclass(slots=True)
class Model:
    """Answers the agents' calls; all else that they ask gets a 404."""

    answered: list[Usage] = field(default_factory=list)
    """What was billed, in the order of the answers."""
    _finished: dict[str, set[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, call: ReceivedCall) -> Answer:
        """The double's handler."""
        path = call.path.partition("?")[0]
        if path == "/v1/messages":
            return self._anthropic(call.body)
        if path == "/v1/responses" and websocket.wanted(call):
            return websocket.opened(call, self._socket_message)
        if path.endswith(":streamGenerateContent"):
            return self._gemini(path, call.body.decode())
        return replies.not_found(path)

    def _anthropic(self, body: bytes) -> Answer:
        asked, text = json.loads(body), body.decode()
        if "You are a title generator" in text:
            return turns.anthropic(asked["model"], self._billed(Turn(_TITLE, "The answer")))
        claude = any(tool["name"] == "Agent" for tool in asked["tools"])
        start = [_claude_helper(name) if claude else _opencode_helper(name) for name in COLOURS]
        turn = _turn(text, start, done='"tool_result"' in text, long=_WROTE, short=_WROTE_LESS)
        return turns.anthropic(asked["model"], self._billed(turn))

    def _gemini(self, path: str, text: str) -> Answer:
        start = [
            Tool("invoke_agent", {"agent_name": "generalist", "prompt": _task(name)}) for name in COLOURS
        ]
        turn = _turn(text, start, done='"functionResponse"' in text, long=_THOUGHT, short=_THOUGHT_LESS)
        if '"complete_task"' in text:  # a sub-agent of Gemini's ends by this tool alone
            turn = Turn(turn.usage, tools=(Tool("complete_task", {"result": {"response": turn.text}}),))
        model = path.rpartition("/")[2].partition(":")[0]
        return turns.gemini(model, self._billed(turn))

    def _socket_message(self, text: str) -> Iterator[str]:
        asked = json.loads(text)
        for event in turns.responses(asked["model"], self._billed(self._codex(asked, text))):
            yield json.dumps(event)

    def _codex(self, asked: Json, text: str) -> Turn:
        if asked.get("generate") is False:
            return Turn(_NOTHING)
        metadata = asked["client_metadata"]
        assert isinstance(metadata, dict)
        with self._lock:
            # A socket's later messages say only what is new: who has answered so far is for us to remember.
            finished = self._finished.setdefault(metadata["thread_id"], set())
            finished |= {name for name in COLOURS if f"Sender: /root/{name}\\n" in text}
            waiting = '"function_call_output"' in text and len(finished) < len(COLOURS)
        if waiting:
            return Turn(_THOUGHT, tools=(Tool("wait_agent", {"timeout_ms": 10_000}, "collaboration"),))
        start = [_codex_helper(name) for name in COLOURS]
        return _turn(text, start, done=bool(finished), long=_THOUGHT, short=_THOUGHT_LESS)

    def _billed(self, turn: Turn) -> Turn:
        self.answered.append(turn.usage)
        return turn


def _turn(text: str, start: list[Tool], *, done: bool, long: Usage, short: Usage) -> Turn:
    if done:
        return Turn(long, HELPED)
    if HELPERS in text:
        return Turn(long, tools=tuple(start))
    for name in COLOURS:
        if _task(name) in text:
            return Turn(short, f"There are 21 {name} things.")
    return Turn(long, ANSWER)


def _task(name: str) -> str:
    return f"Count the {name} things."


def _claude_helper(name: str) -> Tool:
    task: Json = {"description": f"Count {name}", "prompt": _task(name)}
    return Tool("Agent", {**task, "subagent_type": "general-purpose", "run_in_background": False})


def _opencode_helper(name: str) -> Tool:
    return Tool("task", {"description": f"Count {name}", "prompt": _task(name), "subagent_type": "general"})


def _codex_helper(name: str) -> Tool:
    task: Json = {"task_name": name, "message": _task(name), "fork_turns": "none"}
    return Tool("spawn_agent", task, "collaboration")
