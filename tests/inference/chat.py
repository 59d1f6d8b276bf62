"""A client's chat with a model, for the tests here: what it sends and hears, and which session that is."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sessiontap.inference import Asking, Client, Inference, Ticket, heard_by, listener

CLIENT = Client("127.0.0.1", "python-httpx/0.28")
LONG = "The first test fails because the clock is read twice, and the two readings are not the same moment."


def user(text: str) -> dict[str, Any]:
    """What the user says."""
    return {"role": "user", "content": text}


def model(text: str) -> dict[str, Any]:
    """What the model says."""
    return {"role": "assistant", "content": text}


def calling(call_id: str, name: str = "read", **arguments: object) -> dict[str, Any]:
    """The model calls a tool."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"role": "assistant", "content": None, "tool_calls": [{"id": call_id, "function": function}]}


def result(call_id: str, text: str) -> dict[str, Any]:
    """What a tool answers."""
    return {"role": "tool", "tool_call_id": call_id, "content": text}


@dataclass
class Proxy:
    """Calls that come one after the other, a second apart."""

    inference: Inference = field(default_factory=Inference)
    asking: Asking = field(default_factory=Asking)
    now: float = 1_800_000_000.0

    def begin(
        self, *messages: dict[str, Any], client: Client = CLIENT, attempt: int | None = None, **body: Any
    ) -> Ticket:
        """Begins a chat completion."""
        sent = {"model": "small", "messages": list(messages), **body}
        return self.begin_any("openai.chat", sent, client=client, attempt=attempt)

    def begin_any(
        self,
        api: str,
        body: dict[str, Any],
        *,
        client: Client = CLIENT,
        attempt: int | None = None,
        named: str | None = None,
    ) -> Ticket:
        """Begins a call of any kind."""
        self.now += 1
        asked = self.asking.read(api, json.dumps(body).encode())
        session_id = (
            named
            or self.inference.continued(asked)
            or self.inference.inferred(asked, client, self.now, attempt=attempt).session_id
        )
        return self.inference.begun(asked, client, self.now, session_id)

    def end(self, ticket: Ticket, *choices: dict[str, Any], ok: bool = True) -> str:
        """The model answers; the session."""
        event = {"choices": [{"index": n, "message": message} for n, message in enumerate(choices)]}
        return self.end_any(ticket, "openai.chat", event, ok=ok)

    def end_any(
        self,
        ticket: Ticket,
        api: str,
        *events: dict[str, Any],
        ok: bool = True,
        response_id: str | None = None,
    ) -> str:
        """A call of any kind ends."""
        self.now += 1
        ears = listener(api)
        for event in events:
            if ears is not None:
                ears.feed(event)
        heard = None if ears is None else heard_by(ears, ticket.prefill)
        self.inference.ended(ticket, self.now, heard=heard, answered=ok, response_id=response_id)
        return ticket.session_id

    def say(self, *messages: dict[str, Any], reply: dict[str, Any], **more: Any) -> str:
        """A whole chat completion; its session."""
        return self.end(self.begin(*messages, **more), reply)
