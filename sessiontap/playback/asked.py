"""What a call was asked, as keys that calls have in common that were asked the same.

The keys of a call, the strictest first:

- `request`: the whole body as JSON, whatever its white space and the order of its members, and without what
  clients draw anew for each run (ids of users and sessions, cache marks, `stream_options`);
- `messages`: the words of all its messages, as `conversation.comparing` compares them;
- `conversation`: the same without instructions, in which clients write the day and their own version. The
  `role` of a call tells those apart that are asked the same by different parts of an agent.

Credentials are masked before, as they are in the store.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from sessiontap.bodies import Body
from sessiontap.call import Call
from sessiontap.conversation.comparing import plain_value
from sessiontap.conversation.parts import Text
from sessiontap.conversation.requests import Read, Requests
from sessiontap.errors import WireError
from sessiontap.masking import Masker
from sessiontap.recent import Recent
from sessiontap.wire.jsontext import decode_json

How = Literal["request", "messages", "conversation", "order"]
"""By which key a call was found in the recording; `order` is the next of its path, whatever it was asked."""

_DIGEST = 16
_MOST_INSTRUCTIONS = 1_000
_MOST_LINES = 2_000
_OF_A_RUN = frozenset(
    {
        "metadata",
        "user",
        "safety_identifier",
        "prompt_cache_key",
        "client_metadata",
        "stream_options",
        # Of Gemini CLI.
        "user_prompt_id",
        "session_id",
        "project",
    }
)
_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,200})', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a call has to share with the one that answers it."""

    api: str
    model: str | None
    """The one that it asks for."""
    stream: bool
    on_socket: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """What a call is in its agent: a titler has no tools, and other instructions than the agent itself."""

    tools: bytes
    """A digest of the tools that it may use."""
    instructions: frozenset[int]
    """Hashes of the lines of its instructions, good in this process."""

    def likeness(self, other: Role) -> float:
        """How much of the instructions both have, from 0 to 1."""
        either = len(self.instructions | other.instructions)
        return len(self.instructions & other.instructions) / either if either else 1.0


_NO_ROLE = Role(b"", frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What matters of a call for finding it again."""

    kind: Kind
    path: str
    keys: Mapping[How, bytes] = field(default_factory=dict)
    """Only those that can be made of its body."""
    role: Role = _NO_ROLE


class Reading:
    """What is known of requests that were read before: many repeat each other."""

    def __init__(self) -> None:
        self.requests = Requests()
        self.instructions: Recent[bytes, frozenset[int]] = Recent(_MOST_INSTRUCTIONS)


def asked(
    kind: Kind, path: str, body: Body | None, masker: Masker | None, reading: Reading | None = None
) -> Asked:
    """What a call is asked; `masker` is None for a body out of the store. Never raises.

    `reading` is handed in for many calls. A body that is not there, or not whole, has no keys.
    """
    if body is None or body.content is None or body.cut:
        return Asked(kind=kind, path=path)
    reading = reading or Reading()
    content = body.content if masker is None else masker.mask_bytes(body.content)
    masked = Body(content=content, size=len(content), content_type=body.content_type)
    said = reading.requests.read(kind.api, masked)
    others = [each for each in said.messages if each.message.role != "system"]
    keys: dict[How, bytes] = {"request": _of_body(content, body.content_type or "")}
    if others:
        keys |= {"messages": _of_messages(said.messages), "conversation": _of_messages(others)}
    instructions = [each for each in said.messages if each.message.role == "system"]
    return Asked(kind=kind, path=path, keys=keys, role=Role(said.tools_key, _lines_of(instructions, reading)))


def kind_of(call: Call, *, on_socket: bool = False) -> Kind:
    """The kind of a call."""
    return Kind(api=call.api, model=call.request_model, stream=call.stream, on_socket=on_socket)


def _lines_of(instructions: Sequence[Read], reading: Reading) -> frozenset[int]:
    key = _of_messages(instructions)
    lines = reading.instructions.get(key)
    if lines is None:
        texts = (part.text for each in instructions for part in each.message.parts if isinstance(part, Text))
        lines = frozenset(hash(line) for text in texts for line in text.splitlines()[:_MOST_LINES])
        reading.instructions.put(key, lines)
    return lines


def _of_messages(read: Iterable[Read]) -> bytes:
    return blake2b(b"".join(each.key for each in read), digest_size=_DIGEST).digest()


def _of_body(content: bytes, content_type: str) -> bytes:
    if (boundary := _BOUNDARY.search(content_type)) is not None:
        # Drawn anew for each form.
        content = content.replace(boundary[1].encode(), b"boundary")
    with contextlib.suppress(WireError, RecursionError, ValueError):
        # Where it is no JSON, it is what its bytes are.
        content = _canonical(decode_json(content))
    return blake2b(content, digest_size=_DIGEST).digest()


def _canonical(value: object) -> bytes:
    if isinstance(value, dict):
        value = _without(value)
        if isinstance(inner := value.get("request"), dict):
            # Code Assist has the request proper in a member.
            value["request"] = _without(inner)
    text = json.dumps(plain_value(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _without(value: dict[str, object]) -> dict[str, object]:
    return {key: each for key, each in value.items() if key not in _OF_A_RUN}
