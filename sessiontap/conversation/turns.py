"""Turns: what is new in each call of a session.

A thread is named by the first message of its requests that is no instruction. A message was seen where an
earlier call of the thread had an equal one (see `comparing`), in its request or as its reply, at the same
count: the second "Go on." is new where there was one before. Instructions and tools are compared over the
whole session. To begin in the middle, feed some calls from before it first.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sessiontap.bodies import CallBodies
from sessiontap.call import Call
from sessiontap.conversation.parts import CallMessages, Message
from sessiontap.conversation.reading import joined, said_in
from sessiontap.conversation.requests import Read, Requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One call, and what is new in it."""

    call: Call
    messages: CallMessages
    """All that was said in it."""
    new: tuple[Message, ...]
    """The messages of the request that no earlier call had, instructions first."""
    folded: int
    """How many messages of the request an earlier call had; instructions do not count."""
    new_system: bool
    """It has instructions that no earlier call had."""
    new_tools: bool
    """It offers tools, and no earlier call offered the same list."""


class Turns:
    """Feed it the calls of one session in the order in which they started."""

    def __init__(self) -> None:
        self._requests = Requests()
        self._seen: dict[bytes, set[tuple[bytes, int]]] = {}
        self._system: set[bytes] = set()
        self._tools: set[bytes] = set()

    def feed(self, call: Call, bodies: CallBodies | None) -> Turn:
        """The next call's turn; costs about as much as its bodies are long."""
        said = said_in(call, bodies, self._requests)
        asked = said.asked
        system = [read for read in asked.messages if read.message.role == "system"]
        others = [read for read in asked.messages if read.message.role != "system"]
        new_system = [read for read in system if read.key not in self._system]
        self._system.update(read.key for read in system)
        seen = self._seen.setdefault(others[0].key, set()) if others else set()
        counts: Counter[bytes] = Counter()
        new: list[Read] = []
        for read in others:
            counts[read.key] += 1
            place = (read.key, counts[read.key])
            if place not in seen or asked.continues:
                new.append(read)
            seen.add(place)
        for row in said.replies:
            more = Counter(counts)
            for read in row:
                more[read.key] += 1
                seen.add((read.key, more[read.key]))
        new_tools = bool(asked.tools_key) and asked.tools_key not in self._tools
        self._tools.add(asked.tools_key)
        return Turn(
            call=call,
            messages=said.messages,
            new=joined(call.api, [read.message for read in (*new_system, *new)]),
            folded=len(others) - len(new),
            new_system=bool(new_system),
            new_tools=new_tools,
        )
