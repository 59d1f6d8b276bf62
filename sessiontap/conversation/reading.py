"""call_messages: what was said in a call, out of its stored bodies.

Nothing makes it raise: what no rule knows is `Unknown`, and what is not there is said in `missing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sessiontap.apis import APIS
from sessiontap.bodies import Body, CallBodies
from sessiontap.call import Call
from sessiontap.conversation.comparing import key_of
from sessiontap.conversation.heard import replies_of
from sessiontap.conversation.parts import CallMessages, Message
from sessiontap.conversation.requests import Asked, Read, Requests

_LEFT_OUT = {
    "asked": "was left out: the client asked for that",
    "media": "was left out: it is media, and only text is kept",
    "unreadable": "could not be read: its content-encoding could not be undone",
}
# Their messages are items, and what a model says in one go is several of them.
_ITEMS = frozenset({"openai.responses", "openai.realtime", "gemini.interactions", "mistral.conversations"})


@dataclass(frozen=True, slots=True)
class Said:
    """What was said in a call, message by message, with what it is compared by."""

    messages: CallMessages
    asked: Asked
    replies: tuple[tuple[Read, ...], ...]


def call_messages(call: Call, bodies: CallBodies | None) -> CallMessages:
    """The messages of a call; `bodies` is what the store has of it, None where it has nothing."""
    return said_in(call, bodies, Requests()).messages


def said_in(call: Call, bodies: CallBodies | None, requests: Requests) -> Said:
    """The same, with `requests` that remembers what it has read."""
    request = None if bodies is None else bodies.request
    reply = None if bodies is None else bodies.reply
    asked = Asked() if request is None or not request.content else requests.read(call.api, request)
    rows = [] if reply is None or not reply.content or call.api not in APIS else replies_of(call.api, reply)
    heard: list[Read] = []
    if rows:
        # What the provider heard the user say came with its reply.
        heard = [_read(message) for message in rows[0] if message.role == "user"]
        rows[0] = [message for message in rows[0] if message.role != "user"]
    asked = Asked((*asked.messages, *heard), asked.tools, asked.tools_key, asked.continues, asked.unreadable)
    replies = tuple(tuple(map(_read, row)) for row in rows if row)
    messages = CallMessages(
        request=joined(call.api, [read.message for read in asked.messages]),
        replies=tuple(joined(call.api, [read.message for read in row]) for row in replies),
        tools=asked.tools,
        missing=tuple(_missing(call, request, reply, asked)),
    )
    return Said(messages, asked, replies)


def joined(api: str, messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages; of a dialect of items, those that the model says in one go are one."""
    if api not in _ITEMS:
        return tuple(messages)
    found: list[Message] = []
    for message in messages:
        if found and message.role == found[-1].role == "assistant":
            found[-1] = Message("assistant", found[-1].parts + message.parts, found[-1].name)
        else:
            found.append(message)
    return tuple(found)


def _read(message: Message) -> Read:
    return Read(message, key_of(message))


def _missing(call: Call, request: Body | None, reply: Body | None, asked: Asked) -> Iterable[str]:
    if request is None and reply is None and call.status != "running":
        yield "request and reply are not stored"
        return
    yield from _missing_of("request", request, stored=True)
    yield from _missing_of("reply", reply, stored=call.status != "running")
    if asked.unreadable:
        yield "the request cannot be read as its kind; it is shown as it is"
    if asked.continues:
        yield "the provider keeps what was said before; the request does not repeat it"


def _missing_of(name: str, body: Body | None, *, stored: bool) -> Iterable[str]:
    if body is None:
        if stored:
            yield f"the {name} is not stored"
        return
    if body.left_out is not None:
        yield f"the {name} {_LEFT_OUT[body.left_out]}"
    elif body.cut:
        kept = len(body.content or b"")
        yield f"the {name} was cut at the limit: {kept:,} of {body.size:,} bytes are stored"
    if body.masked:
        yield f"credentials in the {name} are masked"
    if body.content and b"[media left out]" in body.content:
        yield f"media in the {name} were left out"
